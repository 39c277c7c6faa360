//! A `match` for names that contain numbers, such as `block 10.0.0.1`: the numbers belong to the case and not to the name.

use regex::{Captures, Regex};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::LazyLock;

/// So many names must have the same shape.
const SAME_SHAPE: usize = 3;
/// Expressions that are suggested at most; the most frequent shapes.
const MOST_EXPRESSIONS: usize = 5;
/// A longer name gives no expression that somebody can read.
const LONGEST_NAME: usize = 200;

/// Kinds of numbers: the name of the group, its expression, and what stands for it. The first that fits counts.
const KINDS: [(&str, &str, &str); 4] = [
    (
        "uuid",
        r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
        "<id>",
    ),
    ("ip", r"\d{1,3}(?:\.\d{1,3}){3}", "<ip>"),
    ("hex", r"\b[0-9a-fA-F]{8,}\b", "<id>"),
    ("number", r"\d+", "<n>"),
];

static NUMBERS: LazyLock<Regex> = LazyLock::new(|| {
    let groups = KINDS.map(|(name, expression, _)| format!("(?P<{name}>{expression})"));
    Regex::new(&groups.join("|")).expect("a constant expression")
});

/// The lines of a `match` that gives names of the same shape one name, to put under a field of a mapping. `None` if there is no shape
/// that several names have.
pub(crate) fn suggested_match<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<String> {
    // By expression: the value, and how many names it fits.
    let mut shapes: BTreeMap<String, (String, usize)> = BTreeMap::new();
    for name in names {
        if let Some((expression, value)) = shape(name) {
            shapes.entry(expression).or_insert((value, 0)).1 += 1;
        }
    }
    let mut shapes: Vec<_> = shapes.into_iter().collect();
    shapes.retain(|(_, (_, count))| *count >= SAME_SHAPE);
    if shapes.is_empty() {
        return None;
    }
    shapes.sort_by(|(a, (_, many)), (b, (_, more))| more.cmp(many).then(a.cmp(b)));
    let mut lines = String::from("  match:\n");
    for (expression, (value, _)) in shapes.iter().take(MOST_EXPRESSIONS) {
        let [expression, value] = [expression, value].map(|text| text.replace('\'', "''"));
        let _ = writeln!(lines, "    - {{ regex: '{expression}', value: '{value}' }}");
    }
    // All other names stay as they are.
    lines.push_str("    - { regex: '(?s)^(.*)$', value: '$1' }");
    Some(lines)
}

/// The expression that all names of this shape match, and the name that stands for them. `None` for a name without a number.
fn shape(name: &str) -> Option<(String, String)> {
    if name.len() > LONGEST_NAME || name.contains(char::is_control) {
        return None;
    }
    let (mut expression, mut value) = (String::from("^"), String::new());
    let (mut end, mut has_number) = (0, false);
    for found in NUMBERS.captures_iter(name) {
        let Some(whole) = found.get(0).filter(|whole| is_number(whole.as_str())) else {
            continue;
        };
        let Some((_, kind, stands)) = kind_of(&found) else {
            continue;
        };
        has_number = true;
        push_text(&mut expression, &mut value, &name[end..whole.start()]);
        expression.push_str(kind);
        value.push_str(stands);
        end = whole.end();
    }
    push_text(&mut expression, &mut value, &name[end..]);
    expression.push('$');
    has_number.then_some((expression, value))
}

/// A word of the letters a to f is no number.
fn is_number(text: &str) -> bool {
    text.contains(|letter: char| letter.is_ascii_digit())
}

fn kind_of(found: &Captures) -> Option<(&'static str, &'static str, &'static str)> {
    let is_it = |kind: &&(&str, &str, &str)| found.name(kind.0).is_some();
    KINDS.iter().find(is_it).copied()
}

fn push_text(expression: &mut String, value: &mut String, text: &str) {
    expression.push_str(&regex::escape(text));
    // In a value `$` begins the name of a capture.
    value.push_str(&text.replace('$', "$$"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_shape_get_one_name() {
        for (name, expected) in [
            ("block 10.0.0.17", "block <ip>"),
            ("isolate ws-0042.corp", "isolate ws-<n>.corp"),
            ("close deadbeef01", "close <id>"),
            ("run 6f9619ff-8b86-d011-b42d-00cf4fc964ff", "run <id>"),
            ("pay $5", "pay $$<n>"),
            ("user's host 7", "user's host <n>"),
        ] {
            let (expression, value) = shape(name).unwrap();
            assert_eq!(value, expected);
            let mut expanded = String::new();
            let expression = Regex::new(&expression).unwrap();
            expression
                .captures(name)
                .unwrap()
                .expand(&value, &mut expanded);
            assert_eq!(expanded, expected.replace("$$", "$"));
        }
        for name in ["triage", "faceaced deadbeef", "a\n1"] {
            assert_eq!(shape(name), None, "{name}");
        }
    }

    #[test]
    fn suggestion_has_frequent_shapes_only_and_keeps_other_names() {
        let names = [
            "it's 1", "it's 2", "it's 3", "x 1", "x 2", "x 3", "x 4", "y 1", "plain",
        ];
        let lines = suggested_match(names).unwrap();
        let expected = "  match:\n    - { regex: '^x \\d+$', value: 'x <n>' }\n    \
            - { regex: '^it''s \\d+$', value: 'it''s <n>' }\n    - { regex: '(?s)^(.*)$', value: '$1' }";
        assert_eq!(lines, expected);
        assert_eq!(suggested_match(["a", "b", "c 1"]), None);
    }
}
