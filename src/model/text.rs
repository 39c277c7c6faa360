//! Texts from logs, made safe to show to people.

/// A text from a log without anything that moves a terminal's cursor or turns its direction; cut at `most` characters.
pub(crate) fn printable(text: &str, most: usize) -> String {
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let shown = |c: char| {
        if c.is_control() || turns(c) {
            '\u{fffd}'
        } else {
            c
        }
    };
    let mut rest = text.chars();
    let mut clean: String = rest.by_ref().take(most).map(shown).collect();
    if rest.next().is_some() {
        clean.push_str("...");
    }
    clean
}
