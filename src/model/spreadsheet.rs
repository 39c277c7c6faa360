//! Cells of CSV files that a spreadsheet opens.

/// What begins a formula. Spreadsheets take the full-width forms for the same characters.
const FORMULA: &[char] = &[
    '=', '+', '-', '@', '|', '%', '＝', '＋', '－', '＠', '｜', '％',
];

/// A cell that no spreadsheet computes (OWASP, "CSV injection").
///
/// A text that begins like a formula gets an apostrophe before it, also after spaces, byte-order marks and other characters
/// that are not seen. Where `;` or a tab divides the cells, a text with one is two cells, so the same holds for what follows
/// it.
pub(crate) fn spreadsheet_cell(text: &str) -> String {
    let mut cell = String::with_capacity(text.len() + 1);
    let (mut part_begins, mut is_begin) = (0, true);
    // Some programs take these controls for the beginning of a formula.
    if text.starts_with(['\t', '\r']) {
        cell.push('\'');
    }
    for c in text.chars() {
        match c {
            ';' | '\t' => {
                cell.push(c);
                (part_begins, is_begin) = (cell.len(), true);
                continue;
            }
            c if is_begin && is_unseen(c) => {}
            c => {
                if is_begin && FORMULA.contains(&c) {
                    cell.insert(part_begins, '\'');
                }
                is_begin = false;
            }
        }
        cell.push(c);
    }
    cell
}

/// White space, controls, marks of direction and byte order, and what else has no width. Quotes count as well: a program that
/// divides a cell takes them off its parts.
fn is_unseen(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '"' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn formulas_become_text() {
        for (text, cell) in [
            ("plain", "plain"),
            ("a=1", "a=1"),
            ("a;b", "a;b"),
            ("", ""),
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            (" +1", "' +1"),
            ("\t=1", "'\t'=1"),
            ("\r=1", "''\r=1"),
            ("\rx", "'\rx"),
            (";=1+1", ";'=1+1"),
            ("a; =1;b;-2", "a;' =1;b;'-2"),
            ("a;\"=1\"", "a;'\"=1\""),
            ("＝1+1", "'＝1+1"),
            ("\u{feff}=1", "'\u{feff}=1"),
            ("\u{200b}\u{2060}=1", "'\u{200b}\u{2060}=1"),
        ] {
            assert_eq!(spreadsheet_cell(text), cell, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_part_begins_like_a_formula(text in "[ab;=＝+@\"\t\r\u{feff} -]{0,12}") {
            let cell = spreadsheet_cell(&text);
            for part in cell.split([';', '\t']) {
                let begins = part.trim_start_matches(is_unseen);
                prop_assert!(!begins.starts_with(FORMULA), "{cell:?}");
            }
            prop_assert_eq!(cell.replace('\'', ""), text);
        }
    }
}
