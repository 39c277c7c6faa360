//! Predicates of a mapping: CEL expressions over a record.

use super::row::Row;
use crate::ingest::scalar::Scalar;
use crate::model::printable;
use cel::{Context, Env, ParseErrors, Program, Value as CelValue};
use std::fmt;
use std::sync::{Arc, LazyLock};

/// So many characters of an expression stand in an error.
const MOST_SHOWN: usize = 200;

/// The standard functions. Building them takes longer than evaluating most predicates, so they are built once.
static STANDARD: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));

/// A compiled CEL expression that says yes or no of a record.
///
/// It sees each top-level field of the record by its name (null where the record does not have it), the whole as
/// `record`, and inside `each` the element as `item`, its `key`, and the element around it as `outer`.
pub(super) struct Predicate {
    source: String,
    test: Test,
}

enum Test {
    Cel {
        program: Program,
        variables: Vec<String>,
    },
    /// A field of the record against a literal: what most predicates are, and a hundred times as fast.
    Equals { slot: usize, literal: Literal },
}

/// What a field is held against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Literal {
    /// `'text'`
    Text(String),
    /// `true` or `false`
    Bool(bool),
}

/// The field and the literal of an expression such as `origin == 'drill'` or `reviewed == true`; `None` for any other.
pub(super) fn plain_equality(source: &str) -> Option<(&str, Literal)> {
    let (name, literal) = source.split_once("==")?;
    let (name, literal) = (name.trim(), literal.trim());
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let other_meaning = [
        "record", "item", "outer", "key", "true", "false", "null", "in",
    ];
    let is_name = name.chars().all(plain)
        && name.starts_with(|c: char| !c.is_ascii_digit())
        && !other_meaning.contains(&name);
    let quoted = |mark: char| literal.strip_prefix(mark)?.strip_suffix(mark);
    let literal = match literal {
        "true" => Literal::Bool(true),
        "false" => Literal::Bool(false),
        _ => {
            let text = quoted('\'').or_else(|| quoted('"'))?;
            let simple = !text.contains(['\'', '"', '\\']);
            Literal::Text(simple.then(|| text.to_owned())?)
        }
    };
    is_name.then_some((name, literal))
}

/// The first mistake, by its place in the expression. The library's own text would be of several lines, and panics if the
/// column has more than 16 bits.
fn first_error(errors: &ParseErrors) -> String {
    match errors.errors.first() {
        Some(error) => {
            let ((line, column), what) = (error.pos, printable(&error.msg, MOST_SHOWN));
            format!("ERROR: <input>:{line}:{column}: {what}")
        }
        None => "it can't be read".to_owned(),
    }
}

impl fmt::Debug for Predicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Predicate({})", self.source)
    }
}

impl Predicate {
    /// Compiles an expression.
    pub(super) fn new(source: &str) -> Result<Predicate, String> {
        let program = Program::compile(source).map_err(|errors| {
            let source = printable(source, MOST_SHOWN);
            format!("`{source}` is no CEL expression: {}", first_error(&errors))
        })?;
        let variables = program
            .references()
            .variables()
            .into_iter()
            .map(str::to_owned)
            .collect();
        Ok(Predicate {
            source: source.to_owned(),
            test: Test::Cel { program, variables },
        })
    }

    /// A field against a literal, as [`plain_equality`] found them in `source`.
    pub(super) fn equals(source: &str, slot: usize, literal: Literal) -> Predicate {
        Predicate {
            source: source.to_owned(),
            test: Test::Equals { slot, literal },
        }
    }

    /// Whether it holds for a record. An error says what could not be evaluated.
    pub(super) fn holds(&self, row: &impl Row) -> Result<bool, String> {
        let (program, variables) = match &self.test {
            Test::Cel { program, variables } => (program, variables),
            Test::Equals { slot, literal } => {
                return Ok(match (row.scalar(*slot), literal) {
                    (Scalar::Text(text), Literal::Text(wanted)) => text == wanted.as_str(),
                    (Scalar::Bool(yes), Literal::Bool(wanted)) => yes == *wanted,
                    _ => false,
                });
            }
        };
        let fail = |why: String| format!("`{}`: {why}", self.source);
        let mut context = Context::with_env(Arc::clone(&STANDARD));
        for name in variables {
            let value = match name.as_str() {
                "record" => row.record(),
                "item" => row.item(),
                "outer" if row.outer().is_some() => row.outer(),
                field => row.record().and_then(|record| record.get(field)),
            };
            let value = match (name.as_str(), value) {
                ("key", None) => row.key().map_or(CelValue::Null, |key| key.into()),
                (_, Some(value)) => {
                    cel::to_value(value).map_err(|error| fail(error.to_string()))?
                }
                (_, None) => CelValue::Null,
            };
            context.add_variable_from_value(name.as_str(), value);
        }
        match program.execute(&context) {
            Ok(CelValue::Bool(yes)) => Ok(yes),
            Ok(other) => Err(fail(format!("gives {other:?}, not true or false"))),
            Err(error) => Err(fail(error.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::row::ValueRow;
    use super::*;

    fn holds(source: &str, json: &str) -> Result<bool, String> {
        let record = serde_json::from_str(json).unwrap();
        let item = serde_json::json!({"field": "status"});
        let row = ValueRow {
            slots: &[],
            record: &record,
            item: Some(&item),
            outers: &[],
            key: Some("k"),
        };
        Predicate::new(source)?.holds(&row)
    }

    #[test]
    fn a_mistake_is_told_by_its_place_however_far_right_it_is() {
        for blanks in [0, 70_000] {
            let error = Predicate::new(&format!("true{}(", " ".repeat(blanks))).unwrap_err();
            let column = format!("<input>:1:{}", blanks + 5);
            assert!(error.contains(&column) && error.len() < 1_000, "{error}");
        }
        let nested = Predicate::new(&"(".repeat(100_000)).unwrap_err();
        assert!(nested.len() < 1_000, "{nested}");
    }

    #[test]
    fn a_field_against_a_literal_is_told_from_anything_else() {
        let text = |text: &str| Literal::Text(text.to_owned());
        assert_eq!(
            plain_equality("origin == 'drill'"),
            Some(("origin", text("drill")))
        );
        assert_eq!(plain_equality("a_1==\"x y\""), Some(("a_1", text("x y"))));
        assert_eq!(
            plain_equality("reviewed == true"),
            Some(("reviewed", Literal::Bool(true)))
        );
        for other in [
            "a == b",
            "a.b == 'c'",
            "item == 'c'",
            "a == 'b' && c == 'd'",
            "'a' in b",
            "a != 'b'",
            "1a == 'b'",
            "a == 'it\\'s'",
            "a == 1",
            "== 'b'",
            "a == 'b' || true",
        ] {
            assert_eq!(plain_equality(other), None, "{other}");
        }
        // Both ways give the same.
        for json in [
            r#"{"a": "b"}"#,
            r#"{"a": "c"}"#,
            r#"{"a": true}"#,
            "{}",
            r#"{"a": null}"#,
            r#"{"a": " b"}"#,
        ] {
            let record = serde_json::from_str(json).unwrap();
            let path = crate::ingest::path::Path::new("a");
            let slots = [crate::ingest::mapping::Slot {
                scope: crate::ingest::mapping::Scope::of(&path),
                path,
            }];
            let row = ValueRow {
                slots: &slots,
                record: &record,
                item: None,
                outers: &[],
                key: None,
            };
            for source in ["a == 'b'", "a == true"] {
                let (_, literal) = plain_equality(source).unwrap();
                let fast = Predicate::equals(source, 0, literal).holds(&row);
                assert_eq!(
                    fast,
                    Predicate::new(source).unwrap().holds(&row),
                    "{source} of {json}"
                );
            }
        }
    }

    #[test]
    fn sees_fields_record_and_item() {
        assert_eq!(holds("status == 'open'", r#"{"status":"open"}"#), Ok(true));
        assert_eq!(holds("a.b > 3", r#"{"a":{"b":4}}"#), Ok(true));
        assert_eq!(
            holds("item.field == 'status' && key == 'k'", "{}"),
            Ok(true)
        );
        assert_eq!(
            holds("record['odd name'] == 1", r#"{"odd name":1}"#),
            Ok(true)
        );
        assert_eq!(holds("has(record.x)", "{}"), Ok(false));
        assert_eq!(holds("status != null", "{}"), Ok(false));
        assert_eq!(
            holds("tags.exists(t, t == 'drill')", r#"{"tags":["a","drill"]}"#),
            Ok(true)
        );
    }

    #[test]
    fn what_is_not_true_or_false_is_an_error() {
        assert!(
            holds("1 + 1", "{}")
                .unwrap_err()
                .contains("not true or false")
        );
        assert!(holds("a.b.c", r#"{"a":1}"#).is_err());
        assert!(
            Predicate::new("status ==")
                .unwrap_err()
                .contains("no CEL expression")
        );
    }
}
