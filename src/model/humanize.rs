//! Numbers and spans of time as text for people: one place for formats and plurals.

use super::Span;

/// Returns a whole number with commas between thousands: `1,234,567`.
pub(crate) fn grouped(number: impl Into<i128>) -> String {
    let number = number.into();
    let digits = number.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if number < 0 {
        text.push('-');
    }
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Returns a number rounded to a whole one, with commas between thousands. A value that rounds to 0 has no sign.
pub(crate) fn rounded(value: f64) -> String {
    grouped(value.round_ties_even() as i128)
}

/// Returns the plural ending of a counted noun.
pub(crate) fn plural_ending(count: i128) -> &'static str {
    if count == 1 { "" } else { "s" }
}

/// Returns a count with its noun: `1 case`, `1,409 cases`.
pub(crate) fn counted(count: impl Into<i128>, noun: &str) -> String {
    let count = count.into();
    format!("{} {noun}{}", grouped(count), plural_ending(count))
}

/// Returns a share as a percentage with a fixed number of decimals, without the sign. What rounds to 0 is not negative.
pub(crate) fn percent_points(share: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", share * 100.0);
    match text.strip_prefix('-') {
        Some(zero) if zero.bytes().all(|byte| b"0.".contains(&byte)) => zero.to_owned(),
        _ => text,
    }
}

/// Returns a share as a percentage with a fixed number of decimals.
pub(crate) fn percent(share: f64, decimals: usize) -> String {
    format!("{} %", percent_points(share, decimals))
}

/// Returns the decimals of a percentage in a table, where small shares must stay apart.
pub(crate) fn fine_decimals(share: f64) -> usize {
    match share.abs() * 100.0 {
        0.0 => 0,
        x if x < 0.1 => 3,
        x if x < 10.0 => 2,
        x if x < 99.95 => 1,
        _ => 0,
    }
}

/// Returns the decimals of a percentage in a sentence: about two significant digits.
pub(crate) fn coarse_decimals(share: f64) -> usize {
    match share * 100.0 {
        x if x >= 9.95 => 0,
        x if x >= 0.995 => 1,
        _ => 2,
    }
}

/// Writes a span in the fewest words, `2h 30m`; negative spans with a minus sign.
pub(crate) fn format_span(span: Span) -> String {
    let sign = if span < Span::ZERO { "-" } else { "" };
    let duration = std::time::Duration::from_micros(span.0.unsigned_abs());
    format!("{sign}{}", humantime::format_duration(duration))
}

/// A span as people declare it: whole days as days, and not as months.
pub(crate) fn format_days(span: Span) -> String {
    match (span / Span::DAY, (span % Span::DAY).0) {
        (1, 0) => "1 day".to_owned(),
        (days, 0) if days > 1 => format!("{days} days"),
        _ => format_span(span),
    }
}

/// Units of a span in microseconds, largest first, as humantime has them, and whether they have a plural.
const UNITS: [(&str, i64, bool); 8] = [
    ("year", 31_557_600_000_000, true),
    ("month", 2_630_016_000_000, true),
    ("day", 86_400_000_000, true),
    ("h", 3_600_000_000, false),
    ("m", 60_000_000, false),
    ("s", 1_000_000, false),
    ("ms", 1_000, false),
    ("us", 1, false),
];

/// A span in its two largest units, rounded: `2 months 13 days`.
pub(crate) fn format_roughly(span: Span) -> String {
    let size = span.saturating_abs().0;
    let sign = if span < Span::ZERO { "-" } else { "" };
    let Some(at) = UNITS.iter().position(|(_, unit, _)| *unit <= size) else {
        return "0s".to_owned();
    };
    let unit = UNITS[at].1;
    let (whole, rest) = (size / unit, size % unit);
    let Some((_, next, _)) = UNITS.get(at + 1) else {
        return format!("{sign}{}", in_unit(whole, at));
    };
    let parts = (rest + next / 2) / next;
    if parts * next >= unit {
        // Rounded up to one more of the larger unit, which may make one of the unit above.
        let up = (whole + 1) * unit;
        return format_roughly(Span(if span < Span::ZERO { -up } else { up }));
    }
    match parts {
        0 => format!("{sign}{}", in_unit(whole, at)),
        _ => format!("{sign}{} {}", in_unit(whole, at), in_unit(parts, at + 1)),
    }
}

fn in_unit(count: i64, at: usize) -> String {
    let (word, _, has_plural) = UNITS[at];
    let plural = if has_plural && count > 1 { "s" } else { "" };
    // Signs stand at their number, words apart from it.
    let blank = if has_plural { " " } else { "" };
    format!("{count}{blank}{word}{plural}")
}

/// Less than this is rounding, not a measurement.
const NOTHING: f64 = 1e-9;

/// A number with so many decimals; below 0.1 with as many more as its first two digits take, so that what is not 0 is never
/// printed as 0.
pub(crate) fn significant(number: f64, decimals: usize) -> String {
    let size = number.abs();
    if size < NOTHING {
        return format!("{:.decimals$}", 0.0);
    }
    let zeros_behind_the_point = (-size.log10()).ceil() - 1.0;
    if zeros_behind_the_point < 1.0 {
        return format!("{number:.decimals$}");
    }
    let taken = decimals.max(zeros_behind_the_point as usize + 2);
    let mut text = format!("{number:.taken$}");
    let zeros_at_the_end = text.len() - text.trim_end_matches('0').len();
    text.truncate(text.len() - zeros_at_the_end.min(taken - decimals));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_days_stay_days() {
        for (days, said) in [
            (1, "1 day"),
            (7, "7 days"),
            (90, "90 days"),
            (365, "365 days"),
        ] {
            assert_eq!(format_days(Span::days(days)), said);
        }
        assert_eq!(format_days(Span::hours(12)), "12h");
    }

    #[test]
    fn roughly_is_in_two_units() {
        for (exact, rough) in [
            ("2months 12days 20h 30m 48s", "2 months 13 days"),
            ("10m 2s 300ms", "10m 2s"),
            ("59m 59s 700ms", "1h"),
            ("23h 59m 40s", "1 day"),
            ("1h 30s", "1h 1m"),
            ("1year 1month", "1 year 1 month"),
            ("2s 340ms 9us", "2s 340ms"),
            ("7us", "7us"),
            ("0s", "0s"),
        ] {
            let span = humantime::parse_duration(exact).unwrap().as_micros();
            assert_eq!(format_roughly(Span(i64::try_from(span).unwrap())), rough);
        }
        assert_eq!(format_roughly(Span(-5_400_000_000)), "-1h 30m");
        assert_eq!(format_roughly(Span::MAX), "292271 years");
    }

    #[test]
    fn what_is_not_0_is_not_printed_as_0() {
        for (number, decimals, text) in [
            (0.0, 1, "0.0"),
            (-0.0, 2, "0.00"),
            (1e-12, 1, "0.0"),
            (4.068, 2, "4.07"),
            (4.0, 2, "4.00"),
            (0.47, 1, "0.5"),
            (0.1, 1, "0.1"),
            (0.0416, 2, "0.042"),
            (0.0416, 1, "0.042"),
            (0.02, 1, "0.02"),
            (0.09996, 1, "0.1"),
            (0.09996, 2, "0.10"),
            (-0.00123, 1, "-0.0012"),
            (0.000_001_5, 2, "0.0000015"),
        ] {
            assert_eq!(significant(number, decimals), text, "{number}");
        }
    }
}
