//! The decision table, rule by rule: which fired, and what the ones before it failed on.

use super::{percent, short};
use crate::model::humanize::significant;
use crate::model::{Executor, Status};
use crate::rules::{Recommendation, Rule};
use crate::score::{Condition, ProcessScore, Verdict, conditions, recommend};
use serde::{Deserialize, Serialize};

/// A rule that was tried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct RuleTrace {
    /// Its name.
    pub rule: String,
    /// What it says.
    pub recommendation: Recommendation,
    /// Why, in its own words.
    pub because: String,
    /// Whether it is the one that decided.
    pub fired: bool,
    /// Its conditions; a rule without any always holds.
    pub conditions: Vec<ConditionTrace>,
}

/// A condition, with the figures behind it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ConditionTrace {
    /// The condition.
    #[serde(flatten)]
    pub condition: Condition,
    /// The measured figures that the attribute comes from; empty where there are none.
    pub measured: String,
}

/// The rules in their order, up to the one that decided. Empty where nothing could be decided.
pub(crate) fn trace(rules: &[Rule], score: &ProcessScore) -> Vec<RuleTrace> {
    let Some(attributes) = score.attributes() else {
        return Vec::new();
    };
    let verdict = recommend(rules, &attributes);
    let mut tried = Vec::new();
    for rule in rules {
        let conditions = conditions(&rule.when, &attributes);
        let fired = conditions.iter().all(|condition| condition.holds);
        // What it comes to in the end may be guarded.
        let said = match &verdict {
            Some(verdict) if fired => verdict.clone(),
            _ => Verdict::of(rule),
        };
        let traced = conditions.into_iter().map(|condition| ConditionTrace {
            measured: measured(&condition.attribute, score),
            condition,
        });
        tried.push(RuleTrace {
            rule: said.rule_text(),
            recommendation: said.recommendation,
            because: said.because_text(),
            fired,
            conditions: traced.collect(),
        });
        if fired {
            break;
        }
    }
    tried
}

/// The figures that an attribute comes from.
fn measured(attribute: &str, score: &ProcessScore) -> String {
    let found = match attribute {
        "complexity" => score
            .size
            .nominal_size_steps
            .map(|size| format!("{} steps", short(size, 2))),
        "frequency" => score
            .rate
            .cases_per_week
            .map(|rate| format!("{} cases a week", significant(rate, 2))),
        "criticality" => score
            .levels
            .criticality_assumed
            .then(|| "assumed, not declared".to_owned()),
        "tolerance" => score
            .rating
            .permissible_deviation
            .map(|t| format!("T {}", percent(t))),
        "status" => score.rating.deviation.map(|d| {
            let t = score
                .rating
                .permissible_deviation
                .map_or("none".to_owned(), percent);
            format!("[{:.2}, {:.2}] %, T {t}", d.lower * 100.0, d.upper * 100.0)
        }),
        "ai_status" => Some(side(score, Executor::Ai)),
        "code_status" => Some(side(score, Executor::Code)),
        "ai_shadow" => Some(shadow(score, Executor::Ai)),
        "code_shadow" => Some(shadow(score, Executor::Code)),
        "pays_back" => score.value.as_ref().map(|value| value.reason.to_string()),
        "judgement" => Some("as the catalog says".to_owned()),
        "determinism" => Some(determinism(score)),
        "precision" => Some(format!(
            "holds {}, needs {}",
            score.rating.achieved_class, score.rating.required_class
        )),
        _ => None,
    };
    found.unwrap_or_default()
}

/// What shows whether the same input always has the same outcome.
fn determinism(score: &ProcessScore) -> String {
    let found = score.constraints.determinism;
    if found.declared.is_some() {
        return "as the catalog says".to_owned();
    }
    let agreement = score.consistency.agreement.as_ref();
    let Some(agreement) = agreement else {
        return "no input is mapped".to_owned();
    };
    let differing = agreement.repeatability_variance;
    let differing = match differing.lower.zip(differing.upper) {
        None => "too few runs on the same input".to_owned(),
        Some((lower, upper)) => format!(
            "[{:.2}, {:.2}] % of runs on the same input end differently",
            lower * 100.0,
            upper * 100.0
        ),
    };
    match found.other_variants {
        None => differing,
        Some(others) => format!(
            "{differing}; [{:.2}, {:.2}] % of cases are outside of the main variants",
            others.lower * 100.0,
            others.upper * 100.0
        ),
    }
}

/// What one kind of executor did alone.
fn side(score: &ProcessScore, kind: Executor) -> String {
    let side = score.executor_of(kind);
    match side.map(|side| (side.cases, side.deviation)) {
        None if score.run_by.executor == kind && score.status_of(kind) == Status::Outside => {
            "it runs the process, whose cases are outside as a whole".to_owned()
        }
        None => format!("no case that {kind} decided without approval"),
        Some((cases, None)) => format!("{cases} cases alone, not observed"),
        Some((cases, Some(d))) => {
            let (lower, upper) = (d.lower * 100.0, d.upper * 100.0);
            format!("{cases} cases alone, [{lower:.2}, {upper:.2}] %")
        }
    }
}

/// What one kind did beside those who run it.
fn shadow(score: &ProcessScore, kind: Executor) -> String {
    let shadow = score.shadow_of(kind);
    let runs = match shadow.map(|shadow| (shadow, shadow.deviation)) {
        None => format!("no shadow run of {kind}"),
        Some((shadow, None)) => format!("{} shadow runs, none compared", shadow.runs),
        Some((shadow, Some(d))) => {
            let (lower, upper) = (d.lower * 100.0, d.upper * 100.0);
            format!("{}, [{lower:.2}, {upper:.2}] %", shadow.counted())
        }
    };
    match score
        .leaning_of(kind)
        .zip(score.rating.permissible_deviation)
    {
        Some((own, t)) => format!(
            "{runs}; what {kind} runs has a mean of {}, above T {}",
            percent(own.mean),
            percent(t)
        ),
        None => runs,
    }
}
