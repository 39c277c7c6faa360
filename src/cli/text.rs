//! Texts and numbers as a terminal shows them.

pub(super) use crate::model::printable;

/// A text of several lines with names from a log in it, made harmless line by line.
pub(super) fn harmless(text: &str) -> String {
    const MOST: usize = 900;
    let lines = text
        .split('\n')
        .map(|line| printable(&line.replace('\t', " "), MOST));
    lines.collect::<Vec<_>>().join("\n")
}

/// 1234567 as `1,234,567`.
pub(super) fn grouped(number: i128) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if number < 0 { format!("-{out}") } else { out }
}
