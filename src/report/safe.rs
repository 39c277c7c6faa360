//! Names from logs and catalogs, made harmless for each format.

use crate::model::spreadsheet_cell;

/// Longer names are cut.
const MOST_CHARS: usize = 120;
/// And so are longer sentences, which hold names.
const MOST_SENTENCE: usize = 600;

/// Marks that turn the direction of a line around: a name must not rearrange what stands beside it.
fn turns_around(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A name on one line, without control characters and marks of direction, not endless.
pub(super) fn plain(text: &str) -> String {
    cut(text, MOST_CHARS)
}

/// The same for a sentence.
pub(super) fn sentence(text: &str) -> String {
    cut(text, MOST_SENTENCE)
}

fn cut(text: &str, most: usize) -> String {
    let harmless = text.chars().filter(|c| !turns_around(*c));
    let mut line: String = harmless
        .map(|c| {
            if c.is_control() || c == '\u{2028}' || c == '\u{2029}' {
                ' '
            } else {
                c
            }
        })
        .take(most + 1)
        .collect();
    if line.chars().count() > most {
        line = line.chars().take(most - 1).collect();
        line.push('…');
    }
    line
}

/// In Markdown: nothing of it is taken for a sign (CommonMark, section 2.4), nor for a mention or a link.
pub(super) fn markdown(text: &str) -> String {
    escaped(&plain(text))
}

/// The same for a sentence.
pub(super) fn markdown_sentence(text: &str) -> String {
    escaped(&sentence(text))
}

/// Lines begin with words of the report, so signs that mean something at the beginning of a line only are left alone.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        let sign = "\\`*_[]<>|#~!@&$".contains(character);
        // What GitHub and chats make a link of by itself.
        let link = character == ':' && rest.as_str().starts_with("//")
            || character == '.' && out.to_ascii_lowercase().ends_with("www");
        if sign || link {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

/// In a field of CSV.
pub(super) fn csv(text: &str) -> String {
    spreadsheet_cell(&plain(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hostile_names_come_out_harmless() {
        assert_eq!(plain("a\u{202e}b\r\nc\u{2028}d"), "ab  c d");
        assert_eq!(plain(&"x".repeat(10_000)).chars().count(), 120);
        assert_eq!(
            markdown("[a](b) <c> *d* |e| #f @g http://h www.i 1.5"),
            "\\[a\\](b) \\<c\\> \\*d\\* \\|e\\| \\#f \\@g http\\://h www\\.i 1.5"
        );
        assert_eq!(csv("=HYPERLINK(\"x\")"), "'=HYPERLINK(\"x\")");
        assert_eq!(csv(" +1"), "' +1");
        assert_eq!(csv("plain"), "plain");
    }

    proptest! {
        #[test]
        fn always_one_line_of_bounded_length(text in any::<String>()) {
            for made in [plain(&text), csv(&text)] {
                prop_assert!(made.chars().count() <= MOST_CHARS + 1);
                prop_assert!(!made.chars().any(|c| c.is_control() || turns_around(c)));
            }
            prop_assert!(!markdown(&text).contains('\n'));
        }
    }
}
