//! Aligned columns of text whose cells are wrapped, and addresses that can be followed.

use super::text::printable;
use console::{Term, measure_text_width};
use std::io::IsTerminal;

/// Text that is not printed on a terminal is as wide as this.
const WIDTH: usize = 100;
/// A column other than the last is at most so wide.
const WIDEST: usize = 34;
/// The last column is never narrower than this, however narrow the terminal.
const NARROWEST: usize = 24;
/// Between two columns.
const GAP: usize = 2;
/// No cell is longer than this.
const MOST: usize = 600;

/// How wide to print: as the terminal, but not wider than is easily read.
pub(super) fn width() -> usize {
    let term = Term::stdout();
    if term.is_term() {
        usize::from(term.size().1).clamp(60, WIDTH)
    } else {
        WIDTH
    }
}

/// Rows of cells as aligned columns, each behind `indent` spaces; cells that are too long are wrapped. Whatever would move
/// a cursor is taken out of them. Every line ends with a line break.
pub(super) fn columns(rows: &[Vec<String>], indent: usize, width: usize) -> String {
    columns_by_row(rows, indent, width).concat()
}

/// The same, each row for itself.
pub(super) fn columns_by_row(rows: &[Vec<String>], indent: usize, width: usize) -> Vec<String> {
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| row.iter().map(|cell| printable(cell, MOST)).collect())
        .collect();
    let widths = widths(&rows, indent, width);
    rows.iter().map(|row| lines(row, &widths, indent)).collect()
}

fn lines(row: &[String], widths: &[usize], indent: usize) -> String {
    let cells: Vec<Vec<String>> = row
        .iter()
        .zip(widths)
        .map(|(cell, width)| wrapped(cell, *width))
        .collect();
    let height = cells.iter().map(Vec::len).max().unwrap_or(0);
    let mut out = String::new();
    for line in 0..height {
        let mut text = " ".repeat(indent);
        for (cell, width) in cells.iter().zip(widths) {
            let part = cell.get(line).map_or("", String::as_str);
            text.push_str(part);
            let rest = (width + GAP).saturating_sub(measure_text_width(part));
            text.push_str(&" ".repeat(rest));
        }
        out.push_str(text.trim_end());
        out.push('\n');
    }
    out
}

/// A text of one paragraph, wrapped behind `indent` spaces.
pub(super) fn paragraph(text: &str, indent: usize, width: usize) -> String {
    columns(&[vec![text.to_owned()]], indent, width)
}

fn widths(rows: &[Vec<String>], indent: usize, width: usize) -> Vec<usize> {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let natural = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells
            .map(|cell| measure_text_width(cell))
            .max()
            .unwrap_or(0)
    };
    let mut widths: Vec<usize> = (0..count)
        .map(|column| natural(column).min(WIDEST))
        .collect();
    if let Some((last, before)) = widths.split_last_mut() {
        let taken = |before: &[usize]| indent + before.iter().map(|w| w + GAP).sum::<usize>();
        // Where they leave too little, the widest give way.
        while taken(before) + NARROWEST > width {
            match before
                .iter_mut()
                .max()
                .filter(|widest| **widest > NARROWEST)
            {
                Some(widest) => *widest -= 1,
                None => break,
            }
        }
        let taken = taken(before);
        *last = width.saturating_sub(taken).max(NARROWEST);
    }
    widths
}

/// A text in lines of at most `width`, broken between words; longer words are broken anywhere.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let mut word = word;
        let space = usize::from(!line.is_empty());
        if measure_text_width(&line) + space + measure_text_width(word) > width && !line.is_empty()
        {
            lines.push(std::mem::take(&mut line));
        }
        while measure_text_width(word) > width {
            let end = fitting(word, width);
            lines.push(word[..end].to_owned());
            word = &word[end..];
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

/// How many bytes of a word fit into `width`; at least one character.
fn fitting(word: &str, width: usize) -> usize {
    let ends = word.char_indices().map(|(at, c)| at + c.len_utf8());
    let fits = |end: &usize| measure_text_width(&word[..*end]) <= width;
    let first = word.chars().next().map_or(0, char::len_utf8);
    ends.take_while(fits).last().unwrap_or(first)
}

/// The address of a case: `{id}` in the template is its id, percent-encoded (RFC 3986, section 2.1).
pub(super) fn case_address(template: &str, id: &str) -> String {
    let mut encoded = String::new();
    for byte in id.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    template.replace("{id}", &encoded)
}

/// A text that leads to an address where the terminal can follow it (OSC 8).
pub(super) fn hyperlink(text: &str, address: &str) -> String {
    format!("\u{1b}]8;;{address}\u{1b}\\{text}\u{1b}]8;;\u{1b}\\")
}

/// Whether standard output is a terminal that follows hyperlinks.
pub(super) fn follows_hyperlinks() -> bool {
    let variable = |name: &str| std::env::var(name).ok();
    match variable("FORCE_HYPERLINK") {
        Some(told) => told != "0",
        None => std::io::stdout().is_terminal() && is_known_to_follow(&variable),
    }
}

/// Terminals say it by who they are, there is no query: those that are known to, by the variables that they set.
fn is_known_to_follow(variable: &dyn Fn(&str) -> Option<String>) -> bool {
    let is = |name: &str, known: &[&str]| variable(name).is_some_and(|v| known.contains(&&*v));
    let least = |name: &str, least: u32| {
        variable(name).is_some_and(|v| v.parse().is_ok_and(|version: u32| version >= least))
    };
    let programs = ["iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper", "rio"];
    is("TERM_PROGRAM", &programs)
        || is("TERM", &["xterm-kitty", "xterm-ghostty", "alacritty", "foot"])
        // Of VTE (GNOME Terminal and its kin) since 0.50.
        || least("VTE_VERSION", 5000)
        || ["WT_SESSION", "KONSOLE_VERSION", "DOMTERM"].iter().any(|name| variable(name).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn row(cells: &[&str]) -> Vec<String> {
        cells.iter().map(|cell| (*cell).to_owned()).collect()
    }

    #[test]
    fn columns_are_aligned_and_the_last_is_wrapped() {
        let rows = [
            row(&["a", "one", "what is too long for one line stands on two"]),
            row(&["longer", "", "short"]),
        ];
        let expected = "  a       one  what is too long for one\n               line stands on two\n  longer       short\n";
        assert_eq!(columns(&rows, 2, 40), expected);
    }

    #[test]
    fn what_moves_a_cursor_is_taken_out_and_wide_characters_count_double() {
        let text = columns(&[row(&["日本", "x\u{1b}[2Jy"]), row(&["abcd", "z"])], 0, 60);
        assert_eq!(text, "日本  x\u{fffd}[2Jy\nabcd  z\n");
    }

    #[test]
    fn an_id_can_not_leave_its_address() {
        let address = case_address("https://t.example/{id}?q=1", "INC 1/../\u{1b}ü");
        assert_eq!(address, "https://t.example/INC%201%2F..%2F%1B%C3%BC?q=1");
        assert_eq!(case_address("x://{id}", "INC-1_a.b~"), "x://INC-1_a.b~");
    }

    #[test]
    fn terminals_that_follow_links() {
        let with = |name: &'static str, value: &'static str| {
            is_known_to_follow(&move |asked: &str| (asked == name).then(|| value.to_owned()))
        };
        assert!(with("VTE_VERSION", "7603") && !with("VTE_VERSION", "4205"));
        assert!(with("TERM", "xterm-kitty") && !with("TERM", "dumb"));
        assert!(with("WT_SESSION", "x") && !with("TERM_PROGRAM", "Apple_Terminal"));
    }

    proptest! {
        #[test]
        fn no_line_is_too_wide_and_no_word_is_lost(
            words in proptest::collection::vec("[a-zé漢]{1,50}", 0..30),
            width in 30usize..100,
        ) {
            let text = words.join(" ");
            let printed = paragraph(&text, 4, width);
            for line in printed.lines() {
                prop_assert!(measure_text_width(line) <= width, "{line}");
            }
            let squeezed = |text: &str| text.split_whitespace().collect::<String>();
            let kept: String = text.chars().take(MOST).collect();
            prop_assert!(squeezed(&printed).starts_with(&squeezed(&kept)));
        }
    }
}
