//! Applying a mapping to a record.

use super::each::Element;
use super::field::Field;
use super::milestones::keep_reached;
use super::row::{Row, ValueRow};
use super::work::{EVENT, KEPT_BYTE, REJECT, RecordWork, TOO_MUCH, VISIT};
use super::{EARLIEST, EventMapping, Mapping};
use crate::cases::EventFlags;
use crate::ingest::batch::{EventBatch, MappedEvent, TextRef};
use crate::ingest::reject::{Reason, Reject};
use crate::ingest::scalar::Scalar;
use crate::ingest::time::ReadTime;
use crate::ingest::time_written::is_no_time;
use crate::model::{Executor, Lifecycle, NameId, Origin, Time, hash_pair, hash_text};
use crate::rules::mapping::Identity;
use crate::rules::plain_name;
use serde_json::Value;
use std::borrow::Cow;
use std::sync::atomic::Ordering;

/// Where a record comes from.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The same for every reading of the same stream of records.
    pub stream: u64,
    /// Position in that stream, in bytes.
    pub offset: u64,
    /// Hash of the record's bytes.
    pub record: u64,
}

/// What one record became, for people.
#[derive(Clone, Debug)]
pub struct Preview {
    /// Each event, field by field.
    pub events: Vec<Vec<(&'static str, String)>>,
    /// Why it became none.
    pub problem: Option<(Reason, String)>,
    /// Whether the mapping's `where` passed it over.
    pub filtered: bool,
}

/// Why a record, or one element of it, did not become an event.
pub(super) type Refusal = (Reason, String);

/// A case, an activity and other names may have so many bytes.
const MAX_NAME_BYTES: usize = 4 << 10;
/// The rejects of one record keep its text so often that it takes so many bytes in all.
const RAW_BYTES: usize = 1 << 20;
/// The others keep its start.
const RAW_START: usize = 64;

impl Mapping {
    /// Maps a record of which the decoder has found the fields.
    pub fn apply_slots(&self, row: &impl Row, place: Place, raw: &[u8], out: &mut EventBatch) {
        out.records += 1;
        for event in &self.events {
            match self.one(event, row, place, 0, out) {
                Ok(true) => {}
                Ok(false) => out.filtered += 1,
                Err((Reason::MissingTime, _)) if event.optional => out.filtered += 1,
                Err((reason, detail)) => {
                    out.rejects
                        .push(Reject::new(place.offset, reason, detail, raw))
                }
            }
        }
    }

    /// Maps a whole record.
    pub fn apply_value(&self, record: &Value, place: Place, raw: &[u8], out: &mut EventBatch) {
        out.records += 1;
        let before = out.events.len();
        let mut refusals: Vec<Refusal> = Vec::new();
        let mut nth = 0u64;
        let is_mapped_often =
            self.events.len() > 1 || self.events.iter().any(|event| event.each.is_some());
        let shared_slots = if is_mapped_often { self.slots.len() } else { 0 };
        let work = RecordWork::new(record, raw.len(), shared_slots);
        let mut is_cut = false;
        let mut map = |event: &EventMapping, element: Option<Element>| {
            work.add(VISIT);
            is_cut |= work.is_too_much();
            if is_cut {
                return;
            }
            let row = ValueRow {
                slots: &self.slots,
                record: &work,
                item: element.map(|element| element.item),
                outers: element.map_or(&[], |element| element.outers),
                key: element.and_then(|element| element.key),
            };
            // The place of an element: a record has at least as many bytes as elements, so places stay unique.
            let at = Place {
                offset: place.offset + nth,
                ..place
            };
            match self.one(event, &row, at, nth, out) {
                Ok(true) => work.add(EVENT + KEPT_BYTE * out.text_bytes_of_last() as u64),
                Ok(false) => {}
                Err((Reason::MissingTime, _)) if event.optional => {}
                Err(refusal) => {
                    work.add(REJECT);
                    refusals.push(refusal);
                }
            }
            nth += 1;
        };
        for event in &self.events {
            match &event.each {
                None => map(event, None),
                Some(each) => each.visit(record, &mut |element| map(event, Some(element))),
            }
        }
        // A record is passed over only if nothing at all came of it and nothing was wrong with it.
        if refusals.is_empty() && out.events.len() == before {
            out.filtered += 1;
        }
        if is_cut {
            refusals.push((Reason::TooLong, TOO_MUCH.to_owned()));
        }
        // The record stands in the first of its rejects, and in all if it is short.
        let mut left = RAW_BYTES.max(raw.len());
        for (reason, detail) in refusals {
            let kept = if raw.len() <= left {
                raw
            } else {
                &raw[..raw.len().min(RAW_START)]
            };
            left = left.saturating_sub(kept.len());
            out.rejects
                .push(Reject::new(place.offset, reason, detail, kept));
        }
    }

    /// What a record would become.
    pub fn preview(&self, record: &Value) -> Preview {
        let mut batch = EventBatch::default();
        let place = Place {
            stream: 0,
            offset: 0,
            record: 0,
        };
        self.apply_value(record, place, record.to_string().as_bytes(), &mut batch);
        let events = batch.events.iter().map(|event| described(&batch, event));
        Preview {
            events: events.collect(),
            problem: batch
                .rejects
                .pop()
                .map(|reject| (reject.reason, reject.detail)),
            filtered: batch.filtered > 0,
        }
    }

    /// Maps one event; `Ok(false)` if a `where` passes it over.
    fn one(
        &self,
        event: &EventMapping,
        row: &impl Row,
        place: Place,
        nth: u64,
        out: &mut EventBatch,
    ) -> Result<bool, Refusal> {
        let failed = |detail: String| (Reason::PredicateFailed, detail);
        for filter in &event.filters {
            if !filter.holds(row).map_err(failed)? {
                return Ok(false);
            }
        }
        // An element that is no such event has no time, and often nothing else.
        let early = match event.optional {
            true => Some(self.time(event, row)?),
            false => None,
        };
        let case = self.needed(("case", Reason::MissingCase), &event.case, row)?;
        let activity = ("activity", Reason::MissingActivity);
        let activity = self.needed(activity, &event.activity, row)?;
        let read = match early {
            Some(read) => read,
            None => self.time(event, row)?,
        };
        let process = event.process.own_text(row).map_err(failed)?;
        let names_process = process.is_some();
        let process = process.or(event.process.default_text());
        let outcome = optional(&event.outcome, row)?;
        let severity = outcome
            .as_deref()
            .and_then(|outcome| self.severity_of(outcome));
        let parent = optional(&event.parent, row)?;
        let sequence = self.sequence(event, row)?;
        let flags = self.flags(event, row, &activity)?;
        let hands_on = self.hands_on(event, row, nth)?;
        let version = version(event, row)?;
        let reached = self.reached(event, row)?;
        let names = [
            ("case", Some(&*case)),
            ("activity", Some(&*activity)),
            ("process", process.as_deref()),
            ("outcome", outcome.as_deref()),
            ("parent", parent.as_deref()),
            ("version", version.as_deref()),
        ];
        check_lengths(names)?;
        let case_ref = out.keep_key(&self.namespace, &case);
        let case_hash = hash_text(out.text(case_ref));
        let identity = match self.identity {
            Identity::Content if event.event_id.is_none() => {
                let activity = hash_pair(hash_text(&activity), read.time.0 as u64);
                hash_pair(hash_pair(case_hash, activity), sequence as u64)
            }
            Identity::Content | Identity::Position => self.identity(event, row, place, nth)?,
        };
        let parent = match parent {
            Some(id) => out.keep_key(&self.parent_namespace, &id),
            None => TextRef::default(),
        };
        out.ambiguous_times += u64::from(read.ambiguous);
        let reached = keep_reached(event, &reached, out);
        let mapped = MappedEvent {
            case: case_ref,
            case_hash,
            parent,
            time: read.time,
            sequence,
            place: place.offset,
            identity,
            input: hash_of(&event.input, row)?,
            cluster: hash_of(&event.cluster, row)?,
            activity: out.names.intern(&activity),
            outcome: outcome.map_or(NameId::NONE, |outcome| out.names.intern(&outcome)),
            process: process.map_or(NameId::NONE, |process| out.names.intern(&process)),
            hands_on,
            reached,
            version: version.map_or(NameId::NONE, |version| out.names.intern(&version)),
            flags: flags
                .with_default_process(!names_process)
                .with_hands_on_of_case(hands_on != 0 && self.hands_on.of_case)
                .with_severity(severity),
        };
        out.events.push(mapped);
        Ok(true)
    }

    /// The value of a field that every event has.
    fn needed<'r>(
        &self,
        (name, reason): (&str, Reason),
        field: &'r super::Field,
        row: &'r impl Row,
    ) -> Result<Cow<'r, str>, Refusal> {
        let text = field.text(row).map_err(|e| (Reason::PredicateFailed, e))?;
        text.ok_or_else(|| {
            let detail = match field.only_slot() {
                Some(slot) => format!("`{name}`: no value in `{}`", self.slots[slot].path.text()),
                None => format!("`{name}`: no value"),
            };
            (reason, detail)
        })
    }

    fn time(&self, event: &EventMapping, row: &impl Row) -> Result<ReadTime, Refusal> {
        if self.undated {
            return Ok(ReadTime {
                time: Time::UNDATED,
                ambiguous: false,
            });
        }
        let read = self.time_in(&event.time, ("time", event.optional), row)?;
        read.ok_or_else(|| {
            let detail = match event.time.is_plain_slot() {
                Some(slot) => format!("`time`: no value in `{}`", self.slots[slot].path.text()),
                None => "`time`: no value".to_owned(),
            };
            (Reason::MissingTime, detail)
        })
    }

    /// The time that a field has; `None` if it has no value.
    pub(super) fn time_in(
        &self,
        field: &super::Field,
        (name, may_be_none): (&str, bool),
        row: &impl Row,
    ) -> Result<Option<ReadTime>, Refusal> {
        let scalar = field.is_plain_slot().map(|slot| row.scalar(slot));
        let times = field.times.as_ref().unwrap_or(&self.times);
        let (read, shown) = match scalar {
            Some(Scalar::Int(int)) => (times.int(int), int.to_string()),
            Some(Scalar::Float(float)) => (times.float(float), float.to_string()),
            other => {
                let text = match other {
                    Some(scalar) => scalar.into_text(),
                    None => field.text(row).map_err(|e| (Reason::PredicateFailed, e))?,
                };
                let Some(text) = text else { return Ok(None) };
                (times.text(&text), text.into_owned())
            }
        };
        let believed = match read {
            None => {
                let detail = format!("`{name}`: `{}` is not in a known format", short(&shown));
                Err((Reason::UnreadableTime, detail))
            }
            Some(read) => match field.plus {
                None => self.plausible(read, name, &shown),
                Some((slot, unit)) => match added(read, row.scalar(slot), unit, name)? {
                    Some(later) => self.plausible(later, name, &shown),
                    None => return Ok(None),
                },
            },
        };
        match believed {
            // An event that need not be there is not there. Where it must be, the reason says what stands instead of its time.
            Err(_) if may_be_none && is_no_time(&shown) => Ok(None),
            believed => believed.map(Some),
        }
    }

    fn plausible(&self, read: ReadTime, name: &str, shown: &str) -> Result<ReadTime, Refusal> {
        let latest = Time(self.latest.load(Ordering::Relaxed));
        if read.time < EARLIEST {
            let detail = format!("`{name}`: `{}` lies before 1980", short(shown));
            return Err((Reason::ImplausibleTime, detail));
        }
        if read.time > latest {
            let detail = format!(
                "`{name}`: `{}` lies in the future (later than {latest})",
                short(shown)
            );
            return Err((Reason::ImplausibleTime, detail));
        }
        Ok(read)
    }

    fn sequence(&self, event: &EventMapping, row: &impl Row) -> Result<i64, Refusal> {
        let Some(field) = &event.sequence else {
            return Ok(0);
        };
        if let Some(slot) = field.is_plain_slot()
            && let Scalar::Int(int) = row.scalar(slot)
        {
            return Ok(int);
        }
        let Some(text) = optional(&event.sequence, row)? else {
            return Ok(0);
        };
        // A sequence such as `001A5852941` counts by the number at its end.
        let digits = text.len() - text.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        text[text.len() - digits..].parse().map_err(|_| {
            let detail = format!("`sequence`: `{}` does not end in a number", short(&text));
            (Reason::InvalidValue, detail)
        })
    }

    /// Seconds of hands-on time; 0 where the event does not say. What a record as a whole says counts for the first of its
    /// events only.
    fn hands_on(&self, event: &EventMapping, row: &impl Row, nth: u64) -> Result<u32, Refusal> {
        let of_record = self.events.len() > 1 || event.each.is_some();
        if of_record && nth > 0 && !event.own_hands_on {
            return Ok(0);
        }
        let Some(text) = optional(&event.hands_on, row)? else {
            return Ok(0);
        };
        hands_on_seconds(&text, self.hands_on.unit_seconds).ok_or_else(|| {
            let detail = format!(
                "`hands_on`: `{}` is neither a number nor a time such as 1:30:00, from 0 to a year",
                short(&text)
            );
            (Reason::InvalidValue, detail)
        })
    }

    fn identity(
        &self,
        event: &EventMapping,
        row: &impl Row,
        place: Place,
        nth: u64,
    ) -> Result<u64, Refusal> {
        match optional(&event.event_id, row)? {
            Some(id) => {
                let id = hash_pair(hash_text(&self.namespace), hash_text(&id));
                let nth = if event.event_id_of_record { nth } else { 0 };
                Ok(hash_pair(id, nth))
            }
            None => {
                let at = hash_pair(place.stream, place.offset);
                let record = match self.stands_for {
                    0 => place.record,
                    whole => whole,
                };
                Ok(hash_pair(at, record))
            }
        }
    }

    /// How severe the mapping says that an outcome is, in percent.
    fn severity_of(&self, outcome: &str) -> Option<u8> {
        if self.severities.is_empty() {
            return None;
        }
        self.severities.get(&plain_name(outcome)).copied()
    }

    fn flags(
        &self,
        event: &EventMapping,
        row: &impl Row,
        activity: &str,
    ) -> Result<EventFlags, Refusal> {
        let executor = match optional(&event.executor, row)? {
            None => Executor::Unknown,
            Some(word) => executor_of(&word),
        };
        let lifecycle = match (optional(&event.lifecycle, row)?, &event.lifecycle) {
            (Some(word), Some(field)) => match word.to_ascii_lowercase().parse() {
                Ok(lifecycle) => lifecycle,
                Err(_) if field.translates() => Lifecycle::Step,
                Err(error) => return Err((Reason::InvalidValue, format!("`lifecycle`: {error}"))),
            },
            _ => Lifecycle::Step,
        };
        let lifecycle = match lifecycle {
            Lifecycle::Step if event.terminal.iter().any(|name| name == activity) => Lifecycle::End,
            Lifecycle::Step if event.resolved.iter().any(|name| name == activity) => {
                Lifecycle::Resolved
            }
            other => other,
        };
        let is_in = |listed: &[String]| listed.iter().any(|name| name == activity);
        let holds = |predicate: &Option<super::Predicate>| match predicate {
            None => Ok(false),
            Some(predicate) => predicate
                .holds(row)
                .map_err(|detail| (Reason::PredicateFailed, detail)),
        };
        let origin = if holds(&event.shadow)? {
            Origin::Shadow
        } else if holds(&event.exercise)? {
            Origin::Exercise
        } else {
            Origin::Live
        };
        let flags = EventFlags::new(executor, lifecycle, origin).deciding(is_in(&event.decides));
        let flags = match &event.approves {
            None => flags,
            Some(approves) => flags.approving(is_in(approves)),
        };
        Ok(flags
            .telling_reopened(reopened(event, row)?)
            .with_review(holds(&event.reviewed)?)
            .declaring_end(event.declares_end)
            .with_explicit_reopen(event.explicit_reopen)
            .never_reopening(event.never_reopens)
            .being_one_of_several(event.is_one_of_several))
    }
}

/// A time and the duration behind it; `None` if the record has no duration.
fn added(
    read: ReadTime,
    duration: Scalar,
    unit: f64,
    name: &str,
) -> Result<Option<ReadTime>, Refusal> {
    let Some(text) = duration.into_text() else {
        return Ok(None);
    };
    // 100 years: a longer one is no duration.
    let most = 100.0 * 365.25 * 86_400e6;
    let micros = text.trim().parse::<f64>().map(|number| number * unit);
    match micros {
        Ok(micros) if (0.0..=most).contains(&micros) => Ok(Some(ReadTime {
            time: Time(read.time.0.saturating_add(micros.round() as i64)),
            ..read
        })),
        _ => {
            let detail = format!(
                "`{name}`: `{}` is not a duration to add: a number from 0 on is needed",
                short(&text)
            );
            Err((Reason::InvalidValue, detail))
        }
    }
}

/// Keys and names are kept for long, in memory and in the database.
fn check_lengths(names: [(&str, Option<&str>); 6]) -> Result<(), Refusal> {
    let too_long =
        |(_, text): &(&str, Option<&str>)| text.is_some_and(|text| text.len() > MAX_NAME_BYTES);
    match names.into_iter().find(too_long) {
        None => Ok(()),
        Some((field, text)) => {
            let bytes = text.map_or(0, str::len);
            let detail =
                format!("`{field}`: {bytes} bytes, and a name or key may have {MAX_NAME_BYTES}");
            Err((Reason::TooLong, detail))
        }
    }
}

/// What ran it, in one text; `None` where no field says.
fn version(event: &EventMapping, row: &impl Row) -> Result<Option<String>, Refusal> {
    let mut whole: Option<String> = None;
    for field in &event.version {
        let text = field.text(row).map_err(|e| (Reason::PredicateFailed, e))?;
        let Some(text) = text else { continue };
        match &mut whole {
            None => whole = Some(text.into_owned()),
            Some(whole) => {
                whole.push_str(", ");
                whole.push_str(&text);
            }
        }
    }
    Ok(whole)
}

/// A number of units, or `h:mm` or `h:mm:ss` (of which systems that keep durations as times show the date before it). At
/// most a year: what is longer is no hands-on time.
fn hands_on_seconds(text: &str, unit: f64) -> Option<u32> {
    const YEAR: f64 = 365.0 * 86_400.0;
    let text = text.trim();
    let seconds = if text.contains(':') {
        let (before, clock) = text.rsplit_once(' ').unwrap_or(("", text));
        let seconds = clock_seconds(clock)?;
        (before.is_empty() || is_date(before)).then_some(seconds)?
    } else {
        text.parse::<f64>().ok()? * unit
    };
    (0.0..=YEAR)
        .contains(&seconds)
        .then(|| seconds.round() as u32)
}

/// Whether a record says that its case was reopened. Any text but a count, yes or no tells nothing, as an empty field does.
fn reopened(event: &EventMapping, row: &impl Row) -> Result<Option<bool>, Refusal> {
    let text = optional(&event.reopened, row)?;
    Ok(text.and_then(|text| is_reopened(&text)))
}

/// What a count or a word says; `None` for any other text.
pub(crate) fn is_reopened(text: &str) -> Option<bool> {
    let text = text.trim();
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "y" => Some(true),
        "false" | "no" | "n" => Some(false),
        _ => {
            let count = text.parse::<f64>().ok()?;
            (count.is_finite() && count >= 0.0).then_some(count > 0.0)
        }
    }
}

fn clock_seconds(clock: &str) -> Option<f64> {
    // The sign counts and not only the size: the hours of -0:10 are a zero below zero.
    let is_part = |part: &f64| *part >= 0.0 && part.is_sign_positive();
    let parts: Option<Vec<f64>> = clock
        .split(':')
        .map(|part| part.parse::<f64>().ok().filter(is_part))
        .collect();
    match parts?.as_slice() {
        [hours, minutes] => Some(hours * 3600.0 + minutes * 60.0),
        [hours, minutes, seconds] => Some(hours * 3600.0 + minutes * 60.0 + seconds),
        _ => None,
    }
}

/// Whether what stands before a clock is a date, which says nothing of the duration. A sign or a number of days does.
fn is_date(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    text.starts_with(char::is_alphanumeric) && digits >= 4
}

/// The hash of what these fields say; 0 if none says anything.
fn hash_of(fields: &[Field], row: &impl Row) -> Result<u64, Refusal> {
    let mut hash = 0;
    let mut any = false;
    for field in fields {
        let text = field.text(row).map_err(|e| (Reason::PredicateFailed, e))?;
        any |= text.is_some();
        hash = hash_pair(hash, text.map_or(0, |text| hash_text(&text)));
    }
    Ok(if any { hash.max(1) } else { 0 })
}

fn optional<'r>(
    field: &'r Option<super::Field>,
    row: &'r impl Row,
) -> Result<Option<std::borrow::Cow<'r, str>>, Refusal> {
    match field {
        None => Ok(None),
        Some(field) => field.text(row).map_err(|e| (Reason::PredicateFailed, e)),
    }
}

/// The kind that a word means; words that teams use for the kinds are understood, any other is unknown.
pub(crate) fn executor_of(word: &str) -> Executor {
    let lower = word.to_ascii_lowercase();
    match lower.as_str() {
        "human" | "person" | "people" | "analyst" | "manual" | "user" => Executor::Human,
        "ai" | "agent" | "ai_agent" | "llm" | "model" | "copilot" => Executor::Ai,
        "code" | "script" | "playbook" | "automation" | "automated" | "soar" | "bot" | "system" => {
            Executor::Code
        }
        "ai_approved" => Executor::AiApproved,
        "code_approved" => Executor::CodeApproved,
        "mixed" => Executor::Mixed,
        _ => Executor::Unknown,
    }
}

fn short(text: &str) -> String {
    const MOST: usize = 60;
    match text.char_indices().nth(MOST) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}...", &text[..at]),
    }
}

fn described(batch: &EventBatch, event: &MappedEvent) -> Vec<(&'static str, String)> {
    let name = |id| batch.names.text(id).to_owned();
    let mut fields = vec![
        (
            "time",
            match event.time.is_undated() {
                true => "none".to_owned(),
                false => event.time.to_string(),
            },
        ),
        ("process", name(event.process)),
        (
            "case",
            batch
                .text(event.case)
                .replace(crate::cases::KEY_SEPARATOR, "/"),
        ),
        ("activity", name(event.activity)),
        ("executor", event.flags.executor().to_string()),
        ("lifecycle", event.flags.lifecycle().to_string()),
    ];
    if event.outcome.is_some() {
        fields.push(("outcome", name(event.outcome)));
    }
    if event.input != 0 {
        fields.push(("input", format!("{:016x}", event.input)));
    }
    if event.cluster != 0 {
        fields.push(("cluster", format!("{:016x}", event.cluster)));
    }
    if event.version.is_some() {
        fields.push(("version", name(event.version)));
    }
    if event.hands_on != 0 {
        fields.push(("hands_on", format!("{}s", event.hands_on)));
    }
    if let Some(reopened) = event.flags.tells_reopened() {
        let word = if reopened { "yes" } else { "no" };
        fields.push(("reopened", word.to_owned()));
    }
    if event.flags.reviewed() {
        fields.push(("reviewed", "yes".to_owned()));
    }
    if event.flags.decides() {
        fields.push(("decides", "yes".to_owned()));
    }
    if event.flags.approves() == Some(true) {
        fields.push(("approves", "yes".to_owned()));
    }
    if event.sequence != 0 {
        fields.push(("sequence", event.sequence.to_string()));
    }
    if event.flags.origin() != Origin::Live {
        fields.push(("origin", event.flags.origin().to_string()));
    }
    for (milestone, time) in batch.reached(event) {
        let time = time.map_or("-".to_owned(), |time| time.to_string());
        fields.push(("milestone", format!("{} {time}", name(*milestone))));
    }
    let parent = batch.text(event.parent);
    if !parent.is_empty() {
        fields.push(("parent", parent.replace(crate::cases::KEY_SEPARATOR, "/")));
    }
    fields
}

#[cfg(test)]
mod tests;
