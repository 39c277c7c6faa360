//! Figures of what is measured beside class and tolerance: agreement, kinds against each other, arrivals, value, parts.

mod arrivals;
mod breakup;
mod value;

pub(super) use arrivals::arrivals;

use super::figure::{ENDED, Figure, figure};
use super::{LEAST_CASES, percent_points, too_few};
use crate::model::Executor;
use crate::score::{
    Agreement, Comparison, Components, Estimate, ExecutorScore, Incomparable, KindAgreement,
    KindDifference, PassHat, ProcessScore, Unknown, is_unresolved,
};
use breakup::break_up;
use value::value;

const AGREEMENT: &str = "agreement";
const COMPARED: &str = "kinds compared";

const RUNS: &str = "runs with an input";
const SHARED: &str = "inputs that both ran";

/// Agreement, comparisons, value and parts of a score, where it has them.
pub(super) fn analyses(score: &ProcessScore) -> Vec<Figure> {
    let mut figures: Vec<Figure> = score
        .consistency
        .agreement
        .iter()
        .flat_map(agreement)
        .collect();
    // Kinds with too few cases are named among the executors, and nothing more is said of them.
    let enough = |kind: Executor| {
        let side = score.executor_of(kind);
        side.is_none_or(|side| side.cases >= LEAST_CASES)
    };
    let compared = score
        .consistency
        .comparisons
        .iter()
        .filter(|pair| enough(pair.first) && enough(pair.second));
    figures.extend(compared.map(comparison));
    figures.extend(spread_test(score));
    figures.extend(score.value.iter().flat_map(value));
    figures.extend(score.break_up.iter().flat_map(break_up));
    figures
}

fn spread_test(score: &ProcessScore) -> Option<Figure> {
    let name = (COMPARED, "spread of durations");
    if let Some(test) = score.consistency.duration_spread_test {
        let formula =
            "Brown-Forsythe on logarithms: the chance of kinds so different where they are alike";
        return Some(row(name, format!("p {:.4}", test.p_value), formula, ENDED));
    }
    let known = |side: &&ExecutorScore| side.executor != Executor::Unknown;
    let kinds = score.run_by.executors.iter().filter(known);
    let unresolved = kinds
        .clone()
        .find(|side| side.duration_spread.is_some_and(is_unresolved))?;
    let formula = format!(
        "the durations of {} hardly differ: below the resolution, in bins 1 % wide",
        unresolved.executor
    );
    (kinds.count() > 1).then(|| row(name, "withheld", formula, ENDED))
}

fn row(
    (section, name): (&str, impl Into<String>),
    value: impl Into<String>,
    formula: impl Into<String>,
    rests_on: &str,
) -> Figure {
    let said = (formula.into(), rests_on);
    figure((section, name.into()), value.into(), said)
}

fn agreement(found: &Agreement) -> Vec<Figure> {
    let of =
        |name: &str, value: String, formula: &str| row((AGREEMENT, name), value, formula, RUNS);
    let mut figures = vec![of(
        "repeated inputs",
        format!("{} of {}", found.repeated_inputs, found.inputs),
        &format!("inputs with at least two of the {} runs", found.runs),
    )];
    let total = found.total_variance.map(|variance| {
        let formula = "chance that any two runs end differently";
        of("total variance", format!("{variance:.4}"), formula)
    });
    figures.extend(total);
    figures.push(of(
        "repeatability",
        estimate(&found.repeatability_variance),
        "chance that two runs of one kind on the same input end differently; 0 for code that is deterministic",
    ));
    figures.push(of(
        "between kinds",
        estimate(&found.between_kinds_variance),
        "the same of two kinds; it holds repeatability, too",
    ));
    figures.extend(found.components.as_ref().map(|parts| {
        let between = parts
            .reproducibility
            .map_or(String::new(), |r| format!(" + {r:.4} reproducibility"));
        let formula = format!(
            "{:.4} repeatability{between} + {:.4} between inputs{}",
            parts.repeatability,
            parts.inputs,
            cut(found, parts)
        );
        of(
            "parts of the variance",
            format!("{:.4}", parts.total),
            &formula,
        )
    }));
    figures.push(of(
        "kappa between kinds",
        estimate(&found.kappa_between_kinds),
        "Fleiss: 1 where kinds always end alike on the same input, 0 where by chance only",
    ));
    for kind in &found.kinds {
        match kind.runs < LEAST_CASES as u64 {
            true => {
                let name = (AGREEMENT, kind.executor.to_string());
                figures.push(row(name, too_few(kind.runs, "run"), "", RUNS));
            }
            false => figures.extend(kind_agreement(kind)),
        }
    }
    figures
}

/// What was measured above the total and counts as all of it, in words: else two figures of one name would differ.
fn cut(found: &Agreement, parts: &Components) -> String {
    let measured = [
        ("repeatability", &found.repeatability_variance),
        ("between kinds", &found.between_kinds_variance),
    ];
    let above = |estimate: &Estimate| estimate.value.filter(|value| *value > parts.total);
    let said = measured.iter().filter_map(|(name, estimate)| {
        let value = above(estimate)?;
        Some(format!(
            "; {name} was measured as {value:.4}, above the total, which is chance: no part exceeds it"
        ))
    });
    said.collect()
}

fn kind_agreement(kind: &KindAgreement) -> Vec<Figure> {
    let of = |name: &str, value: String, formula: String| {
        row(
            (AGREEMENT, format!("{}: {name}", kind.executor)),
            value,
            formula,
            RUNS,
        )
    };
    let mut figures = vec![
        of(
            "repeatability",
            estimate(&kind.repeatability_variance),
            format!(
                "{} of its {} inputs run more than once",
                kind.repeated_inputs, kind.inputs
            ),
        ),
        of(
            "kappa",
            estimate(&kind.kappa),
            "Fleiss, its runs as raters".to_owned(),
        ),
    ];
    figures.extend(pass_hat(kind));
    figures
}

/// pass^k for each k that is known, and in one line those that are not.
fn pass_hat(kind: &KindAgreement) -> Vec<Figure> {
    let name = |ks: String| (AGREEMENT, format!("{}: pass^{ks}", kind.executor));
    let (known, thin): (Vec<&PassHat>, Vec<&PassHat>) = kind
        .pass_hat
        .iter()
        .partition(|pass| pass.chance.value.is_some());
    let mut figures: Vec<Figure> = known
        .into_iter()
        .map(|pass| {
            let runs = match pass.k {
                1 => "a run ends".to_owned(),
                k => format!("{k} runs on one input all end"),
            };
            let formula = format!(
                "chance that {runs} without deviation: mean of C(c,k) / C(n,k) over {} inputs",
                pass.inputs
            );
            row(
                name(pass.k.to_string()),
                estimate(&pass.chance),
                formula,
                RUNS,
            )
        })
        .collect();
    if let (Some(first), Some(last)) = (thin.first(), thin.last()) {
        let ks = match first.k == last.k {
            true => first.k.to_string(),
            false => format!("{} to {}", first.k, last.k),
        };
        let (inputs, were) = match first.inputs {
            1 => ("1 input".to_owned(), "was"),
            more => (format!("{more} inputs"), "were"),
        };
        let formula = format!("{inputs} {were} run {} or more", times(first.k));
        figures.push(row(name(ks), missing_runs(&thin), formula, RUNS));
    }
    figures
}

/// Why there is no figure for any of these k, and how many runs it would take: from the one that takes fewest to the one that
/// takes most.
fn missing_runs(thin: &[&PassHat]) -> String {
    let needed = |pass: &&PassHat| pass.chance.more_runs_needed;
    let least = thin.iter().filter_map(needed).min();
    let most = thin.iter().filter_map(needed).max();
    match (least.zip(most), thin.first()) {
        (Some((least, most)), _) if least < most => {
            format!("not enough repeats: about {least} to {most} more runs needed")
        }
        (_, Some(first)) => estimate(&first.chance),
        (_, None) => String::new(),
    }
}

/// `once`, `twice`, `3 times`.
fn times(count: impl Into<u64>) -> String {
    match count.into() {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        more => format!("{more} times"),
    }
}

/// A figure with its interval, or why there is none.
fn estimate(found: &Estimate) -> String {
    let needed = found.more_runs_needed.map_or(String::new(), |runs| {
        let s = if runs == 1 { "" } else { "s" };
        format!(": about {runs} more run{s} needed")
    });
    match (found.value, found.lower, found.upper) {
        (Some(value), Some(lower), Some(upper)) => format!("{value:.4} [{lower:.4}, {upper:.4}]"),
        (Some(value), _, _) => format!("{value:.4}"),
        _ => match found.unknown {
            Some(Unknown::OneKind) => "only one kind runs it".to_owned(),
            Some(Unknown::OneOutcome) => "all runs end alike".to_owned(),
            Some(Unknown::TooFewRepeats) | None => format!("not enough repeats{needed}"),
        },
    }
}

fn comparison(found: &Comparison) -> Figure {
    let formula = format!(
        "by how much {} deviates more, on the {} inputs that both ran (Mantel-Haenszel); raw: {}",
        found.first,
        found.shared_inputs,
        difference(&found.raw)
    );
    let name = format!("{} - {}", found.first, found.second);
    row(
        (COMPARED, name),
        difference(&found.adjusted),
        formula,
        SHARED,
    )
}

/// In percent with its sign; 0 has none, not even that of what was rounded.
fn signed(share: f64) -> String {
    let points = percent_points(share);
    match share > 0.0 && points != percent_points(0.0) {
        true => format!("+{points}"),
        false => points,
    }
}

fn difference(found: &KindDifference) -> String {
    match (found.value, found.lower, found.upper) {
        (Some(value), Some(lower), Some(upper)) => {
            let [value, lower, upper] = [value, lower, upper].map(signed);
            format!("{value} % [{lower}, {upper}]")
        }
        _ => {
            let more = found.more_inputs_needed;
            let more = more.map_or(String::new(), |inputs| format!(": {inputs} more needed"));
            match found.unknown {
                Some(Incomparable::NoCases) | None => "no ended case".to_owned(),
                Some(Incomparable::NoSharedInputs) => format!("no shared input{more}"),
                Some(Incomparable::TooFewSharedInputs) => format!("too few shared inputs{more}"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_of_nothing_has_no_sign() {
        for (share, text) in [
            (0.0, "0.00"),
            (-0.0, "0.00"),
            (-0.000_01, "0.00"),
            (0.000_01, "0.00"),
            (0.0123, "+1.23"),
            (-0.0123, "-1.23"),
        ] {
            assert_eq!(signed(share), text, "{share}");
        }
        let found = KindDifference {
            value: Some(-0.0),
            lower: Some(-0.5),
            upper: Some(0.5),
            ..KindDifference::default()
        };
        assert_eq!(difference(&found), "0.00 % [-50.00, +50.00]");
    }

    fn thin(k: u32, more_runs_needed: u64) -> PassHat {
        PassHat {
            k,
            inputs: 40,
            chance: Estimate {
                value: None,
                lower: None,
                upper: None,
                more_runs_needed: Some(more_runs_needed),
                unknown: Some(Unknown::TooFewRepeats),
            },
        }
    }

    #[test]
    fn what_is_missing_for_several_k_reaches_from_the_least_to_the_most() {
        let passes = [thin(4, 5), thin(5, 10), thin(8, 25)];
        let passes: Vec<&PassHat> = passes.iter().collect();
        let missing = missing_runs(&passes);
        assert_eq!(
            missing,
            "not enough repeats: about 5 to 25 more runs needed"
        );
        let one = missing_runs(&passes[..1]);
        assert_eq!(one, "not enough repeats: about 5 more runs needed");
        let one = thin(2, 1);
        let one = missing_runs(&[&one]);
        assert_eq!(one, "not enough repeats: about 1 more run needed");
        assert_eq!([1u32, 2, 3].map(times), ["once", "twice", "3 times"]);
    }
}
