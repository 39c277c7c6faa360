//! Predicates of a mapping: CEL expressions over a record.

use super::row::Row;
use cel::{Context, Env, Program, Value as CelValue};
use std::fmt;
use std::sync::{Arc, LazyLock};

/// The standard functions. Building them takes longer than evaluating most predicates, so they are built once.
static STANDARD: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));

/// A compiled CEL expression that says yes or no of a record.
///
/// It sees each top-level field of the record by its name (null where the record does not have it), the whole as
/// `record`, and inside `each` the element as `item`, its `key`, and the element around it as `outer`.
pub struct Predicate {
    source: String,
    program: Program,
    variables: Vec<String>,
}

impl fmt::Debug for Predicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Predicate({})", self.source)
    }
}

impl Predicate {
    /// Compiles an expression.
    pub fn new(source: &str) -> Result<Predicate, String> {
        let program = Program::compile(source).map_err(|error| {
            let text = error.to_string();
            let first = text.lines().next().unwrap_or_default();
            format!("`{source}` is no CEL expression: {first}")
        })?;
        let variables = program
            .references()
            .variables()
            .into_iter()
            .map(str::to_owned)
            .collect();
        Ok(Predicate {
            source: source.to_owned(),
            program,
            variables,
        })
    }

    /// Whether it holds for a record. An error says what could not be evaluated.
    pub fn holds(&self, row: &impl Row) -> Result<bool, String> {
        let fail = |why: String| format!("`{}`: {why}", self.source);
        let mut context = Context::with_env(Arc::clone(&STANDARD));
        for name in &self.variables {
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
        match self.program.execute(&context) {
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
