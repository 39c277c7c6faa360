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

/// The first of some names, and how many more there are.
pub(super) fn list_of(names: &[String], most: usize) -> String {
    let mut text = names[..names.len().min(most)].join(", ");
    if names.len() > most {
        text.push_str(&format!(" and {} more", names.len() - most));
    }
    text
}

/// A file name or column as a shell takes it.
pub(super) fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    if text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}
