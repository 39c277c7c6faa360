//! Numbers, times and names as pages show them.

use crate::model::humanize::{self, fine_decimals, format_roughly};
pub(super) use crate::model::humanize::{counted, grouped as count};
use crate::model::{Executor, SECOND_US, Span, Status, Time, TolClass};
use crate::score::Automation;
use crate::score::Bounds;

/// Names from logs are cut at so many characters where they stand in a line; their title has the whole.
const NAME_CHARS: usize = 80;

/// A name from a log, without what could turn the direction of the text around it.
pub(super) fn name(text: &str) -> String {
    crate::model::printable(text, NAME_CHARS)
}

/// The same, whole.
pub(super) fn whole(text: &str) -> String {
    crate::model::printable(text, 2_000)
}

/// A share as a percentage, with the digits that say something: small shares are what matters here.
pub(super) fn percent(share: f64) -> String {
    humanize::percent(share, fine_decimals(share))
}

/// An interval of shares.
pub(super) fn percent_range(bounds: Bounds) -> String {
    let [lower, upper] = [bounds.lower, bounds.upper].map(percent);
    format!("{} to {upper}", lower.trim_end_matches(" %"))
}

/// A number with as many digits as its size deserves.
pub(super) fn number(value: f64) -> String {
    match value.abs() {
        x if x >= 999.5 => count(value.round() as i64),
        x if x >= 99.5 => format!("{value:.0}"),
        x if x >= 9.95 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// Seconds in their two largest units.
pub(super) fn seconds(seconds: f64) -> String {
    if seconds < 1.0 {
        return format!("{:.0} ms", seconds * 1e3);
    }
    let span = (seconds.round() as i64).saturating_mul(SECOND_US);
    format_roughly(Span(span))
}

/// Bytes in the largest unit that leaves a number above 1.
pub(super) fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut value = count as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    let digits = usize::from(unit > 0);
    format!("{value:.digits$} {}", UNITS[unit])
}

/// An instant to the second.
pub(super) fn instant(at: Time) -> String {
    match at.to_utc() {
        Some(at) => at.format("%Y-%m-%d %H:%M:%S UTC").to_string(),
        None => at.to_string(),
    }
}

/// A status as people say it.
pub(super) fn status(status: Status) -> &'static str {
    match status {
        Status::NoTolerance => "no tolerance",
        other => other.word(),
    }
}

/// Who ran the steps of a process.
pub(super) fn automation(of: Automation) -> String {
    let [share, ai, code, human] = [of.share, of.ai, of.code, of.human].map(percent);
    format!(
        "{share} of {} (AI {ai}, code {code}, people {human})",
        counted(of.steps, "step")
    )
}

/// The class that is achieved, as it stands behind the required one.
pub(super) fn achieved(class: TolClass) -> &'static str {
    match class {
        TolClass::Undetermined => "?",
        TolClass::None => "none",
        class => class.word(),
    }
}

/// An executor kind as people say it.
pub(super) fn executor(kind: Executor) -> &'static str {
    match kind {
        Executor::Human => "people",
        Executor::Ai => "AI",
        Executor::Code => "code",
        Executor::Mixed => "mixed",
        Executor::Unknown => "unknown",
        Executor::AiApproved => "AI with human approval",
        Executor::CodeApproved => "code with human approval",
    }
}

/// A text as one segment of a path (RFC 3986, section 2.1).
pub(super) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Where the page of a process is. A browser takes the segments `.` and `..`, however they are written, as steps up, and an
/// empty one is none: these ids stand in the query.
pub(super) fn process_path(id: &str) -> String {
    match id {
        "" | "." | ".." => format!("/processes?id={}", encoded(id)),
        id => format!("/processes/{}", encoded(id)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_keep_the_digits_that_matter() {
        assert_eq!(percent(0.0), "0 %");
        assert_eq!(percent(0.000_42), "0.042 %");
        assert_eq!(percent(0.0336), "3.36 %");
        assert_eq!(percent(0.5), "50.0 %");
        assert_eq!(percent(1.0), "100 %");
    }

    #[test]
    fn counts_and_sizes() {
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(count(-12), "-12");
        assert_eq!(counted(1, "case"), "1 case");
        assert_eq!(bytes(0), "0 B");
        assert_eq!(bytes(1_572_864), "1.5 MiB");
        assert_eq!(seconds(0.25), "250 ms");
    }

    #[test]
    fn every_id_has_a_page() {
        assert_eq!(process_path("a/b c"), "/processes/a%2Fb%20c");
        assert_eq!(process_path(".."), "/processes?id=..");
        assert_eq!(process_path(""), "/processes?id=");
    }
}
