//! Words, counts and durations of a record that stand for something else.

use super::Refusal;
use crate::ingest::reject::Reason;
use crate::ingest::scalar::Scalar;
use crate::ingest::time::ReadTime;
use crate::model::{Executor, Time};

/// A time and the duration behind it; `None` if the record has no duration.
pub(super) fn added(
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

/// A number of units, or `h:mm` or `h:mm:ss` (of which systems that keep durations as times show the date before it). At
/// most a year: what is longer is no hands-on time.
pub(super) fn hands_on_seconds(text: &str, unit: f64) -> Option<u32> {
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

pub(super) fn short(text: &str) -> String {
    const MOST: usize = 60;
    match text.char_indices().nth(MOST) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}...", &text[..at]),
    }
}
