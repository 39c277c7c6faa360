//! Texts and numbers as a terminal shows them.

pub(super) use crate::model::humanize::grouped;
pub(super) use crate::model::printable;

/// A text of several lines with names from a log in it, made harmless line by line.
pub(super) fn harmless(text: &str) -> String {
    const MOST: usize = 900;
    let lines = text
        .split('\n')
        .map(|line| printable(&line.replace('\t', " "), MOST));
    lines.collect::<Vec<_>>().join("\n")
}
