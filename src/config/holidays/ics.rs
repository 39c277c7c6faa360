//! Calendar files in ICS (RFC 5545): events that last whole days, once or every year.
//!
//! Crates for ICS do not say in which line a mistake is, and do not expand repetitions.

mod event;
mod yearly;

use crate::model::Day;
use crate::rules::{Problem, Source};
use event::Event;
use std::collections::BTreeSet;

/// One property: its name in capitals and its value, without parameters.
struct Property {
    /// The first of its lines, counted from 1.
    line: u64,
    name: String,
    value: String,
}

pub(super) fn is_ics(text: &str) -> bool {
    let begin = text.trim_start().get(.."BEGIN:VCALENDAR".len());
    begin.is_some_and(|begin| begin.eq_ignore_ascii_case("BEGIN:VCALENDAR"))
}

/// The days of all events that last whole days. Events with a time of the day are meetings, and are left out.
pub(super) fn days(text: &str, source: &Source) -> Result<BTreeSet<Day>, Problem> {
    if !is_ics(text) {
        let problem = source.problem_at(1, 0, "does not begin with BEGIN:VCALENDAR");
        return Err(problem.hint("export the calendar as ICS, or rename a list of dates to .txt"));
    }
    let problem = |(line, message): (u64, String)| source.problem_at(line, 0, message);
    let mut days = BTreeSet::new();
    for event in events(text).map_err(problem)? {
        days.extend(event.days().map_err(problem)?);
    }
    if days.is_empty() {
        let problem = source.whole("has no event that lasts a whole day");
        return Err(problem.hint(
            "holidays are VEVENTs with a date as DTSTART, such as DTSTART;VALUE=DATE:20260319",
        ));
    }
    Ok(days)
}

/// What is wrong, and in which line.
type Wrong = (u64, String);

fn events(text: &str) -> Result<Vec<Event>, Wrong> {
    let mut events = Vec::new();
    // Components that have begun. Alarms within events have properties with the same names.
    let mut open: Vec<(u64, String)> = Vec::new();
    for property in properties(text)? {
        let inner = open.last().map(|(_, name)| name.as_str());
        match property.name.as_str() {
            "BEGIN" => {
                let component = property.value.to_uppercase();
                if component == "VEVENT" {
                    events.push(Event::new(property.line));
                }
                open.push((property.line, component));
            }
            "END" => {
                let ended = property.value.to_uppercase();
                if inner != Some(&ended) {
                    return Err((
                        property.line,
                        format!("END:{ended} ends nothing that has begun"),
                    ));
                }
                open.pop();
            }
            _ if inner == Some("VEVENT") => {
                if let Some(event) = events.last_mut() {
                    event.take(property)?;
                }
            }
            _ => {}
        }
    }
    match open.pop() {
        Some((line, component)) => Err((
            line,
            format!("BEGIN:{component} has no end: the file is cut off, so export it again"),
        )),
        None => Ok(events),
    }
}

/// Folded lines are put together: a line that begins with a blank goes on with the one before it.
fn properties(text: &str) -> Result<Vec<Property>, Wrong> {
    let mut lines: Vec<(u64, String)> = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(more), Some((_, before))) => before.push_str(more),
            _ if line.trim().is_empty() => {}
            _ => lines.push((number, line.to_owned())),
        }
    }
    lines.into_iter().map(property).collect()
}

fn property((line, text): (u64, String)) -> Result<Property, Wrong> {
    let mut is_quoted = false;
    let colon = text.find(|c: char| {
        is_quoted ^= c == '"';
        c == ':' && !is_quoted
    });
    let Some(colon) = colon else {
        let start: String = text.chars().take(40).collect();
        return Err((
            line,
            format!("`{start}` is not a property such as DTSTART:20260319"),
        ));
    };
    let (head, value) = (&text[..colon], &text[colon + 1..]);
    let name = head.split(';').next().unwrap_or_default();
    Ok(Property {
        line,
        name: name.trim().to_uppercase(),
        value: value.trim().to_owned(),
    })
}
