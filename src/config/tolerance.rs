//! Reads and checks a tolerance file.

use super::span::SpanText;
use super::yaml::read_yaml;
use crate::model::{Class, Direction, Level, Ppm, Span};
use crate::rules::plain_name;
use crate::rules::{
    At, DeterminismLimits, Problems, RawWeights, Rule, Source, Tolerance, ToleranceLevel, When,
};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

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
    #[serde(default)]
    outcome_direction: BTreeMap<String, Direction>,
    baseline: Option<At<RawBaseline>>,
    loss: Option<At<RawLoss>>,
    unknown: Option<At<RawUnknown>>,
    withdrawal: Option<At<RawWithdrawal>>,
    evidence: Option<At<RawEvidence>>,
    determinism: Option<At<DeterminismLimits>>,
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
struct RawUnknown {
    most: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawEvidence {
    days: i64,
    cluster: f64,
    cases: i64,
    age: SpanText,
}

impl Default for RawEvidence {
    fn default() -> RawEvidence {
        RawEvidence {
            days: LEAST_DAYS,
            cluster: ASSUMED_CLUSTER,
            cases: LEAST_CASES,
            age: SpanText(OLDEST),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawWithdrawal {
    cases: i64,
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
const MOST_UNKNOWN: f64 = 0.05;
const WITHDRAWAL_CASES: i64 = 10;
const LEAST_DAYS: i64 = 7;
const ASSUMED_CLUSTER: f64 = 6.0;
const LEAST_CASES: i64 = 3;
const OLDEST: Span = Span::days(365);
const MOST_TOLERANT: [(Class, ToleranceLevel); 2] = [
    (Class::F, ToleranceLevel::Medium),
    (Class::M, ToleranceLevel::Medium),
];
const STANDS_AFTER: Span = Span::days(14);
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
    most: Option<BTreeMap<Class, ToleranceLevel>>,
}

impl Tolerance {
    /// The built-in default.
    ///
    /// # Panics
    /// Never in a build that passed its tests: the text is part of the program.
    pub fn builtin() -> Tolerance {
        static BUILTIN: LazyLock<Tolerance> =
            LazyLock::new(
                || match Tolerance::parse(DEFAULT, Path::new("tolerance.yaml")) {
                    Ok(tolerance) => tolerance,
                    Err(problems) => {
                        unreachable!("the built-in tolerance table is checked by tests: {problems}")
                    }
                },
            );
        BUILTIN.clone()
    }

    /// Parses and checks the text of a tolerance file.
    pub fn parse(text: &str, file: &Path) -> Result<Tolerance, Problems> {
        let raw: Raw = read_yaml(text, file)?;
        let problems = check(&raw, &Source::new(file));
        let severity = |(name, at): (String, At<f64>)| (plain_name(&name), Ppm::of(at.value));
        let direction = |(name, direction): (String, Direction)| (plain_name(&name), direction);
        let table = raw.table.value;
        let evidence = raw.evidence.map(|evidence| evidence.value);
        let evidence = evidence.unwrap_or_default();
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
            most_tolerant: raw
                .tolerance
                .value
                .most
                .unwrap_or_else(|| BTreeMap::from(MOST_TOLERANT)),
            weights: raw.weights.value,
            outcome_severity: raw.outcome_severity.into_iter().map(severity).collect(),
            outcome_direction: raw.outcome_direction.into_iter().map(direction).collect(),
            baseline_cases: raw
                .baseline
                .map_or(BASELINE_CASES, |baseline| baseline.value.cases),
            most_loss: raw.loss.map_or(MOST_LOSS, |loss| loss.value.most),
            most_unknown: raw
                .unknown
                .map_or(MOST_UNKNOWN, |unknown| unknown.value.most),
            withdrawal_cases: raw
                .withdrawal
                .map_or(WITHDRAWAL_CASES, |withdrawal| withdrawal.value.cases),
            least_days: evidence.days,
            assumed_cluster: evidence.cluster,
            least_cases: evidence.cases,
            oldest: evidence.age.0,
            determinism: raw
                .determinism
                .map_or_else(DeterminismLimits::default, |limits| limits.value),
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
    let mut check = Check {
        raw,
        source,
        problems: Problems::default(),
    };
    check.numbers();
    check.classes();
    check.table();
    check.levels();
    check.weights();
    check.sections();
    check.outcomes();
    check.rules();
    check.problems
}

fn ascending(values: &[f64]) -> bool {
    values.windows(2).all(|pair| pair[0] < pair[1]) && values.iter().all(|v| v.is_finite())
}

/// Looks through a tolerance file, section by section.
struct Check<'a> {
    raw: &'a Raw,
    source: &'a Source,
    problems: Problems,
}

impl Check<'_> {
    fn need<T>(&mut self, holds: bool, at: &At<T>, message: impl Into<String>) {
        if !holds {
            self.problems.0.push(self.source.problem(at, message));
        }
    }

    fn numbers(&mut self) {
        let (kappa, alpha) = (&self.raw.kappa, &self.raw.alpha);
        self.need(
            kappa.value > 0.0 && kappa.value <= 1.0,
            kappa,
            "`kappa` lies above 0 and up to 1",
        );
        self.need(
            alpha.value > 0.0 && alpha.value < 1.0,
            alpha,
            "`alpha` lies between 0 and 1, for example 0.05",
        );
    }

    fn classes(&mut self) {
        let classes = &self.raw.classes;
        for level in [Level::Negligible, Level::Low, Level::Medium, Level::High] {
            let message = format!("`classes` needs a class for criticality `{level}`");
            self.need(classes.value.contains_key(&level), classes, message);
        }
    }

    fn table(&mut self) {
        let at = &self.raw.table;
        let table = &at.value;
        let bounds: Vec<f64> = std::iter::once(table.lower)
            .chain(table.upper.iter().copied())
            .collect();
        self.need(
            !table.upper.is_empty() && table.lower >= 0.0 && ascending(&bounds),
            at,
            "`table.upper` needs ascending sizes above `table.lower`",
        );
        let ranges = table.upper.len();
        for (name, row) in [
            ("f", &table.f),
            ("m", &table.m),
            ("c", &table.c),
            ("v", &table.v),
        ] {
            let values = row.len();
            let message = format!("`table.{name}` has {values} values for {ranges} ranges");
            self.need(values == ranges, at, message);
            self.need(
                row.iter().flatten().all(|t| t.is_finite() && *t > 0.0),
                at,
                format!("`table.{name}`: a tolerance is above 0, or null"),
            );
        }
    }

    fn levels(&mut self) {
        let c = &self.raw.complexity;
        self.need(
            ascending(&[c.value.low, c.value.medium, c.value.high]),
            c,
            "`complexity`: low < medium < high",
        );
        let f = &self.raw.frequency;
        self.need(
            ascending(&[f.value.medium, f.value.high]),
            f,
            "`frequency`: medium < high, in cases per week",
        );
        let t = &self.raw.tolerance;
        self.need(
            ascending(&[t.value.low, t.value.high]),
            t,
            "`tolerance`: low < high",
        );
    }

    fn weights(&mut self) {
        let w = &self.raw.weights;
        for (name, weight) in [
            ("rework", w.value.rework),
            ("lateness", w.value.lateness),
            ("path_step", w.value.path_step),
        ] {
            let message = format!("`weights.{name}` lies between 0 and 1");
            self.need((0.0..=1.0).contains(&weight), w, message);
        }
    }

    /// The sections that may be left out.
    fn sections(&mut self) {
        let raw = self.raw;
        if let Some(at) = &raw.baseline {
            let holds = at.value.cases >= 1;
            self.need(holds, at, "`baseline.cases` must be at least 1");
        }
        if let Some(at) = &raw.loss {
            let holds = (0.0..=1.0).contains(&at.value.most);
            self.need(holds, at, "`loss.most` is a share between 0 and 1");
        }
        if let Some(at) = &raw.withdrawal {
            let holds = at.value.cases >= 1;
            self.need(holds, at, "`withdrawal.cases` must be at least 1");
        }
        if let Some(at) = &raw.unknown {
            let holds = (0.0..1.0).contains(&at.value.most);
            self.need(
                holds,
                at,
                "`unknown.most` is a share of at least 0 and below 1",
            );
        }
        if let Some(at) = &raw.evidence {
            let days = at.value.days >= 2;
            self.need(days, at, "`evidence.days` must be at least 2");
            let cluster = at.value.cluster >= 1.0 && at.value.cluster.is_finite();
            self.need(cluster, at, "`evidence.cluster` must be at least 1");
            let cases = at.value.cases >= 1;
            self.need(cases, at, "`evidence.cases` must be at least 1");
            let age = at.value.age.0 >= Span::DAY;
            self.need(age, at, "`evidence.age` must be at least 1d");
        }
        if let Some(at) = &raw.determinism {
            self.determinism(at);
        }
        if let Some(at) = &raw.value {
            let months = at.value.horizon_months;
            self.need(
                months > 0.0 && months <= 1200.0,
                at,
                "`value.horizon_months` lies above 0 and up to 1200",
            );
        }
    }

    fn determinism(&mut self, at: &At<DeterminismLimits>) {
        let limits = at.value;
        for (name, share) in [("differing", limits.differing), ("others", limits.others)] {
            let message = format!("`determinism.{name}` is a share between 0 and 1");
            self.need((0.0..=1.0).contains(&share), at, message);
        }
        let message = "`determinism.variants` must be at least 1";
        self.need(limits.variants >= 1, at, message);
    }

    fn outcomes(&mut self) {
        for (name, at) in &self.raw.outcome_severity {
            let message = format!("`outcome_severity.{name}` lies between 0 and 1");
            self.need((0.0..=1.0).contains(&at.value), at, message);
        }
    }

    fn rules(&mut self) {
        let rules = &self.raw.recommendations;
        self.need(
            rules.value.last().is_some_and(|rule| rule.when == When::default()),
            rules,
            "`recommendations`: the last rule must have no `when`, so that every process gets an answer",
        );
    }
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
        assert!(fail("days: 7, cluster", "days: 1, cluster").contains("`evidence.days`"));
        assert!(fail("cluster: 6", "cluster: 0").contains("`evidence.cluster`"));
        assert!(fail("cluster: 6, cases: 3", "cluster: 6, cases: 0").contains("`evidence.cases`"));
        assert!(fail("age: 365d", "age: 1h").contains("`evidence.age`"));
        assert!(fail("differing: 0.05", "differing: 5").contains("`determinism.differing`"));
        assert!(fail("variants: 3", "variants: 0").contains("`determinism.variants`"));
        assert!(fail("most: { f: medium", "most: { f: some").contains("some"));
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
