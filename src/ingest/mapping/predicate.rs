//! Predicates of a mapping: CEL expressions over a record.

use super::computed::{Computed, Sizes};
use super::row::Row;
use super::work::{Shown, Weight, absent, shown_text};
use crate::ingest::scalar::Scalar;
use crate::model::printable;
use cel::common::ast::{EntryExpr, Expr};
use cel::common::value::CowVal;
use cel::context::VariableResolver;
use cel::{Context, Env, ParseErrors, Program, Value as CelValue};
use std::fmt;
use std::sync::{Arc, LazyLock};

/// A predicate goes through its lists in at most so many steps if loops stand inside of each other.
const MAX_STEPS: u64 = 10_000_000;
/// So many bytes that a predicate computes or searches count as one step.
const BYTES_PER_STEP: u64 = 16;
/// A value that a predicate computes may be so many times larger than what the predicate sees,
const MAX_GROWTH: u64 = 4;
/// and always so large, in bytes.
const ALWAYS_COMPUTED: u64 = 1 << 20;
/// And so many of the reason.
const MOST_DETAIL: usize = 500;
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
        /// Macros such as `exists` inside of each other.
        loops: u32,
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
        let loops = loops(&program.expression().expr);
        Ok(Predicate {
            source: source.to_owned(),
            test: Test::Cel {
                program,
                variables,
                loops,
            },
        })
    }

    /// A field against a literal, as [`plain_equality`] found them in `source`.
    pub(super) fn equals(source: &str, slot: usize, literal: Literal) -> Predicate {
        Predicate {
            source: source.to_owned(),
            test: Test::Equals { slot, literal },
        }
    }

    /// The fields at the top of a record that it names, beside its slot.
    pub(super) fn variables(&self) -> &[String] {
        match &self.test {
            Test::Cel { variables, .. } => variables,
            Test::Equals { .. } => &[],
        }
    }

    /// Whether it holds for a record. An error says what could not be evaluated.
    pub(super) fn holds(&self, row: &impl Row) -> Result<bool, String> {
        let (program, variables, loops) = match &self.test {
            Test::Cel {
                program,
                variables,
                loops,
            } => (program, variables, *loops),
            Test::Equals { slot, literal } => {
                return Ok(match (row.scalar(*slot), literal) {
                    (Scalar::Text(text), Literal::Text(wanted)) => text == wanted.as_str(),
                    (Scalar::Bool(yes), Literal::Bool(wanted)) => yes == *wanted,
                    _ => false,
                });
            }
        };
        let fail = |why: String| format!("`{}`: {}", self.source, printable(&why, MOST_DETAIL));
        let mut seen = Variables(Vec::with_capacity(variables.len()));
        let mut weights = Vec::with_capacity(variables.len());
        let mut whole = Weight::default();
        for name in variables {
            let (value, weight) = variable(name, row).map_err(fail)?;
            whole.add(weight);
            weights.push((name.as_str(), weight));
            seen.0.push((name, value));
        }
        let steps = whole.longest.saturating_pow(loops);
        if loops > 1 && steps > MAX_STEPS {
            return Err(fail(format!(
                "takes too long: it goes through a list of {} elements {loops} times inside of each other",
                whole.longest
            )));
        }
        let computed = Sizes::new(weights, whole.longest).of(&program.expression().expr);
        let steps = steps.saturating_add(computed.work / BYTES_PER_STEP);
        check_computed(computed, whole, steps).map_err(fail)?;
        if let Some(record) = row.record() {
            record.add_steps(steps);
        }
        let mut context = Context::with_env(Arc::clone(&STANDARD));
        context.set_variable_resolver(&seen);
        match program.execute(&context) {
            Ok(CelValue::Bool(yes)) => Ok(yes),
            Ok(other) => {
                let shown = printable(&format!("{other:?}"), MOST_SHOWN);
                Err(fail(format!("gives {shown}, not true or false")))
            }
            Err(error) => Err(fail(error.to_string())),
        }
    }
}

/// A value that is too large, or too much work, is an error before it is computed.
fn check_computed(computed: Computed, seen: Weight, steps: u64) -> Result<(), String> {
    let most = seen.work.saturating_mul(MAX_GROWTH).max(ALWAYS_COMPUTED);
    if computed.largest > most {
        return Err(format!(
            "computes a value of up to {} bytes, and {most} are allowed for this record. \
             Do not put long texts together for each element",
            computed.largest
        ));
    }
    if steps > MAX_STEPS {
        return Err(format!(
            "takes too long: it computes or searches up to {} bytes. Do not search long texts for each element",
            computed.work
        ));
    }
    Ok(())
}

/// What a predicate sees, by name.
struct Variables<'n>(Vec<(&'n str, Shown)>);

impl VariableResolver for Variables<'_> {
    fn resolve<'b>(&'b self, name: &str) -> Option<CowVal<'b, 'b>> {
        let (_, value) = self.0.iter().find(|(known, _)| *known == name)?;
        Some(CowVal::Borrowed(&***value))
    }
}

/// What a predicate sees under a name.
fn variable(name: &str, row: &impl Row) -> Result<(Shown, Weight), String> {
    let Some(record) = row.record() else {
        return Ok((absent(), Weight::default()));
    };
    let value = match name {
        "record" => return record.field(None),
        "item" => match row.item() {
            Some(item) => return record.convert(item),
            None => absent(),
        },
        "outer" if let Some(outer) = row.outer() => return record.outer(outer),
        "key" if !record.has("key") => match row.key() {
            Some(key) => shown_text(key),
            None => absent(),
        },
        field => return record.field(Some(field)),
    };
    Ok((value, Weight::default()))
}

/// How deep loops stand inside of each other.
fn loops(expression: &Expr) -> u32 {
    let most = |parts: &mut dyn Iterator<Item = &Expr>| parts.map(loops).max().unwrap_or(0);
    match expression {
        Expr::Comprehension(all) => {
            let inner = [&all.loop_cond, &all.loop_step];
            let inside = 1 + most(&mut inner.into_iter().map(|part| &part.expr));
            let beside = [&all.iter_range, &all.accu_init, &all.result];
            inside.max(most(&mut beside.into_iter().map(|part| &part.expr)))
        }
        Expr::Call(call) => {
            let target = call.target.iter().map(|target| &target.expr);
            most(&mut target.chain(call.args.iter().map(|part| &part.expr)))
        }
        Expr::List(list) => most(&mut list.elements.iter().map(|part| &part.expr)),
        Expr::Select(select) => loops(&select.operand.expr),
        Expr::Map(map) => map
            .entries
            .iter()
            .map(|entry| entry_loops(&entry.expr))
            .max()
            .unwrap_or(0),
        Expr::Struct(of) => of
            .entries
            .iter()
            .map(|entry| entry_loops(&entry.expr))
            .max()
            .unwrap_or(0),
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => 0,
    }
}

fn entry_loops(entry: &EntryExpr) -> u32 {
    match entry {
        EntryExpr::MapEntry(entry) => loops(&entry.key.expr).max(loops(&entry.value.expr)),
        EntryExpr::StructField(field) => loops(&field.value.expr),
    }
}

#[cfg(test)]
mod tests {
    use super::super::row::ValueRow;
    use super::super::work::RecordWork;
    use super::*;

    fn holds(source: &str, json: &str) -> Result<bool, String> {
        let record = serde_json::from_str(json).unwrap();
        let item = serde_json::json!({"field": "status"});
        let record: serde_json::Value = record;
        let row = ValueRow {
            slots: &[],
            record: &RecordWork::new(&record, json.len(), 0),
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
            let record: serde_json::Value = record;
            let row = ValueRow {
                slots: &slots,
                record: &RecordWork::new(&record, json.len(), 0),
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
    fn loops_inside_of_each_other_over_a_long_list_are_an_error() {
        let list = |count: usize| format!("{{\"a\":[{}0]}}", "1,".repeat(count));
        let twice = "a.exists(x, a.exists(y, x + y < 0))";
        assert_eq!(holds(twice, &list(30)), Ok(false));
        let error = holds(twice, &list(4_000)).unwrap_err();
        assert!(error.contains("4001 elements 2 times"), "{error}");
        // One after the other is no square.
        let beside = "a.exists(x, x < 0) || a.exists(y, y == 0)";
        assert_eq!(holds(beside, &list(4_000)), Ok(true));
    }

    #[test]
    fn a_value_out_of_proportion_to_the_record_is_an_error_before_it_is_computed() {
        let record = |count: usize, text: usize| {
            let (list, text) = ("1,".repeat(count), "x".repeat(text));
            format!("{{\"a\":[{list}1],\"s\":\"{text}\"}}")
        };
        for large in [
            "a.map(x, s + 'y').size() == 0",
            "a.map(x, s).size() == 0",
            "a.map(x, a.map(y, s)).size() == 0",
            "a.map(x, {'k': s}).exists(m, m.k == '')",
        ] {
            let error = holds(large, &record(2_000, 100_000)).unwrap_err();
            assert!(error.contains("computes a value of up to"), "{error}");
            assert!(holds(large, &record(20, 100)).is_ok(), "{large}");
        }
        let searched = "a.exists(x, s.contains('y'))";
        let error = holds(searched, &record(20_000, 100_000)).unwrap_err();
        assert!(error.contains("searches up to"), "{error}");
        assert_eq!(holds(searched, &record(100, 1_000)), Ok(false));
        // What is in proportion to its record is computed, however large the record is.
        for ordinary in [
            "a.map(x, x + 1u).exists(x, x == 3u)",
            "a.filter(x, x == 1).size() > 1000",
            "(s + s).startsWith('y')",
            "a.exists(x, s == 'y')",
        ] {
            let result = holds(ordinary, &record(50_000, 500_000));
            assert!(result.is_ok(), "{ordinary}: {result:?}");
        }
    }

    #[test]
    fn a_long_result_does_not_make_a_long_error() {
        let error = holds("a + a", &format!("{{\"a\":\"{}\"}}", "x".repeat(100_000))).unwrap_err();
        let is_short = error.len() < 1_000 && error.contains("not true or false");
        assert!(is_short, "{error}");
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
