//! Reads and checks a tolerance file.

use super::span::SpanText;
use super::yaml::read_yaml;
use crate::model::{Class, HOUR_US, Level, Span, ppm};
use crate::rules::{At, Problem, Problems, RawWeights, Rule, Source, Tolerance, When};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// The built-in default, as it stands in `config/tolerance.yaml`.
pub const DEFAULT: &str = include_str!("../../config/tolerance.yaml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    kappa: At<f64>,
    alpha: At<f64>,
    classes: At<BTreeMap<Level, Class>>,
    table: At<RawTable>,
    complexity: At<RawComplexity>,
    frequency: At<RawFrequency>,
    tolerance: At<RawLevels>,
    weights: At<RawWeights>,
    #[serde(default)]
    outcome_severity: BTreeMap<String, At<f64>>,
    baseline: Option<At<RawBaseline>>,
    loss: Option<At<RawLoss>>,
    confirmation: Option<RawConfirmation>,
    value: Option<At<RawValue>>,
    recommendations: At<Vec<Rule>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBaseline {
    cases: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLoss {
    most: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawConfirmation {
    stands_after: SpanText,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawValue {
    horizon_months: f64,
}

/// What holds where a tolerance file does not say: files of older versions stay valid.
const BASELINE_CASES: i64 = 300;
const MOST_LOSS: f64 = 0.05;
const STANDS_AFTER: Span = 14 * 24 * HOUR_US;
const HORIZON_MONTHS: f64 = 24.0;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTable {
    lower: f64,
    upper: Vec<f64>,
    f: Vec<Option<f64>>,
    m: Vec<Option<f64>>,
    c: Vec<Option<f64>>,
    v: Vec<Option<f64>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawComplexity {
    low: f64,
    medium: f64,
    high: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFrequency {
    high: f64,
    medium: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLevels {
    low: f64,
    high: f64,
}

impl Tolerance {
    /// The built-in default.
    ///
    /// # Panics
    /// Never in a build that passed its tests: the text is part of the program.
    pub fn builtin() -> Tolerance {
        match Tolerance::parse(DEFAULT, Path::new("tolerance.yaml")) {
            Ok(tolerance) => tolerance,
            Err(problems) => {
                unreachable!("the built-in tolerance table is checked by tests: {problems}")
            }
        }
    }

    /// Parses and checks the text of a tolerance file.
    pub fn parse(text: &str, file: &Path) -> Result<Tolerance, Problems> {
        let raw: Raw = read_yaml(text, file)?;
        let problems = check(&raw, &Source::new(file));
        let severity = |(name, at): (String, At<f64>)| (name.to_lowercase(), ppm(at.value));
        let table = raw.table.value;
        problems.into_result(Tolerance {
            kappa: raw.kappa.value,
            alpha: raw.alpha.value,
            classes: raw.classes.value,
            lower: table.lower,
            upper: table.upper,
            rows: BTreeMap::from([
                (Class::F, table.f),
                (Class::M, table.m),
                (Class::C, table.c),
                (Class::V, table.v),
            ]),
            complexity: [
                raw.complexity.value.low,
                raw.complexity.value.medium,
                raw.complexity.value.high,
            ],
            frequency: [raw.frequency.value.high, raw.frequency.value.medium],
            tolerance: [raw.tolerance.value.low, raw.tolerance.value.high],
            weights: raw.weights.value,
            outcome_severity: raw.outcome_severity.into_iter().map(severity).collect(),
            baseline_cases: raw
                .baseline
                .map_or(BASELINE_CASES, |baseline| baseline.value.cases),
            most_loss: raw.loss.map_or(MOST_LOSS, |loss| loss.value.most),
            stands_after: raw
                .confirmation
                .map_or(STANDS_AFTER, |confirmation| confirmation.stands_after.0),
            horizon_months: raw
                .value
                .map_or(HORIZON_MONTHS, |value| value.value.horizon_months),
            recommendations: raw.recommendations.value,
        })
    }
}

fn check(raw: &Raw, source: &Source) -> Problems {
    let mut problems = Problems::default();
    let mut need = |holds: bool, problem: Problem| {
        if !holds {
            problems.0.push(problem);
        }
    };
    let ascending = |values: &[f64]| {
        values.windows(2).all(|pair| pair[0] < pair[1]) && values.iter().all(|v| v.is_finite())
    };
    let kappa = raw.kappa.value;
    need(
        kappa > 0.0 && kappa <= 1.0,
        source.problem(&raw.kappa, "`kappa` lies above 0 and up to 1"),
    );
    let alpha = raw.alpha.value;
    need(
        alpha > 0.0 && alpha < 1.0,
        source.problem(&raw.alpha, "`alpha` lies between 0 and 1, for example 0.05"),
    );
    for level in [Level::Negligible, Level::Low, Level::Medium, Level::High] {
        need(
            raw.classes.value.contains_key(&level),
            source.problem(
                &raw.classes,
                format!("`classes` needs a class for criticality `{level}`"),
            ),
        );
    }
    let table = &raw.table.value;
    let bounds: Vec<f64> = std::iter::once(table.lower)
        .chain(table.upper.iter().copied())
        .collect();
    need(
        !table.upper.is_empty() && table.lower >= 0.0 && ascending(&bounds),
        source.problem(
            &raw.table,
            "`table.upper` needs ascending sizes above `table.lower`",
        ),
    );
    for (name, row) in [
        ("f", &table.f),
        ("m", &table.m),
        ("c", &table.c),
        ("v", &table.v),
    ] {
        need(
            row.len() == table.upper.len(),
            source.problem(
                &raw.table,
                format!(
                    "`table.{name}` has {} values for {} ranges",
                    row.len(),
                    table.upper.len()
                ),
            ),
        );
        need(
            row.iter().flatten().all(|t| t.is_finite() && *t > 0.0),
            source.problem(
                &raw.table,
                format!("`table.{name}`: a tolerance is above 0, or null"),
            ),
        );
    }
    let c = &raw.complexity;
    need(
        ascending(&[c.value.low, c.value.medium, c.value.high]),
        source.problem(c, "`complexity`: low < medium < high"),
    );
    let f = &raw.frequency;
    need(
        ascending(&[f.value.medium, f.value.high]),
        source.problem(f, "`frequency`: medium < high, in cases per week"),
    );
    let t = &raw.tolerance;
    need(
        ascending(&[t.value.low, t.value.high]),
        source.problem(t, "`tolerance`: low < high"),
    );
    let w = &raw.weights;
    for (name, weight) in [
        ("rework", w.value.rework),
        ("lateness", w.value.lateness),
        ("path_step", w.value.path_step),
    ] {
        need(
            (0.0..=1.0).contains(&weight),
            source.problem(w, format!("`weights.{name}` lies between 0 and 1")),
        );
    }
    if let Some(at) = &raw.baseline {
        need(
            at.value.cases >= 1,
            source.problem(at, "`baseline.cases` must be at least 1"),
        );
    }
    if let Some(at) = &raw.loss {
        need(
            (0.0..=1.0).contains(&at.value.most),
            source.problem(at, "`loss.most` is a share between 0 and 1"),
        );
    }
    if let Some(at) = &raw.value {
        let months = at.value.horizon_months;
        need(
            months > 0.0 && months <= 1200.0,
            source.problem(at, "`value.horizon_months` lies above 0 and up to 1200"),
        );
    }
    for (name, at) in &raw.outcome_severity {
        need(
            (0.0..=1.0).contains(&at.value),
            source.problem(
                at,
                format!("`outcome_severity.{name}` lies between 0 and 1"),
            ),
        );
    }
    let rules = &raw.recommendations;
    need(
        rules.value.last().is_some_and(|rule| rule.when == When::default()),
        source.problem(
            rules,
            "`recommendations`: the last rule must have no `when`, so that every process gets an answer",
        ),
    );
    problems
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Recommendation;

    #[test]
    fn the_built_in_default_is_valid() {
        let tolerance = Tolerance::builtin();
        assert_eq!(tolerance.upper.len(), 8);
        assert_eq!(tolerance.classes[&Level::High], Class::F);
    }

    #[test]
    fn words_are_those_of_the_file() {
        for recommendation in Recommendation::ALL {
            let json = serde_json::to_string(&recommendation).unwrap();
            assert_eq!(json, format!("\"{}\"", recommendation.word()));
        }
    }

    #[test]
    fn mistakes_are_named() {
        let fail = |from: &str, to: &str| {
            let text = DEFAULT.replacen(from, to, 1);
            assert_ne!(text, DEFAULT);
            Tolerance::parse(&text, Path::new("t.yaml"))
                .unwrap_err()
                .to_string()
        };
        assert!(fail("kappa: 0.1", "kappa: -1").contains("`kappa`"));
        assert!(fail("alpha: 0.05", "alpha: 5").contains("`alpha`"));
        assert!(fail("cases: 300", "cases: 0").contains("`baseline.cases`"));
        assert!(fail("most: 0.05", "most: 5").contains("`loss.most`"));
        assert!(fail("months: 24", "months: 0").contains("`value.horizon_months`"));
        assert!(fail("f: [0.05, 0.05,", "f: [0.05,").contains("7 values for 8 ranges"));
        assert!(fail("upper: [3, 6,", "upper: [6, 3,").contains("ascending"));
        assert!(fail("failed: 1", "failed: 7").contains("outcome_severity.failed"));
        assert!(
            fail(
                "then: keep with people\n    because: no rule",
                "when: {frequency: low}\n    then: keep with people\n    because: no rule"
            )
            .contains("last rule")
        );
        assert!(fail("executor: code", "exekutor: code").contains("did you mean `executor`"));
    }
}
