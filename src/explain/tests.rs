mod directions;
mod leaning;
mod levers;
mod limits;
mod turning;

use super::*;
use crate::cases::{Directed, Facts, StepsBy};
use crate::measure::{BaselineFinder, Evidence, Loss, bucket_parts};
use crate::model::{
    Direction, Executor, HOUR_US, Hour, NameId, Names, Origin, Ppm, Span, Status, Time,
};
use crate::rules::{Catalog, Recommendation, Tolerance};
use crate::score::{ProcessScore, RunCount, Terms, agreement, score_all};
use proptest::prelude::*;
use std::path::Path;

/// What a score is made from, and the score.
struct Scored {
    names: Names,
    catalog: Catalog,
    tolerance: Tolerance,
    score: ProcessScore,
}

const WEEK: i64 = 168 * HOUR_US;
const WEEKS: i64 = 20;

fn scored(catalog: &str, deviations: &[Ppm], steps: u32) -> Scored {
    scored_by(catalog, deviations, steps, Executor::Human)
}

/// Cases of process `p` with these deviations and so many steps each, evenly over 20 weeks, all run by one kind. Those that
/// stand side by side are far from each other in time, so that they don't come in clusters.
fn scored_by(catalog: &str, deviations: &[Ppm], steps: u32, executor: Executor) -> Scored {
    let ran = (0..)
        .zip(scattered(deviations))
        .map(|(nth, deviation)| Ran {
            start: Time(nth * WEEKS * WEEK / deviations.len() as i64),
            deviation,
            executor,
        });
    let ran: Vec<Ran> = ran.collect();
    scored_log(catalog, &ran, steps, Loss::default())
}

impl Scored {
    /// Whether its cases depend on each other as those of another do.
    fn depends_as(&self, other: &Scored) -> bool {
        let factor = |scored: &Scored| scored.score.rating.independence.factor();
        factor(self) == factor(other)
    }
}

/// In the order of the multiples of the golden ratio, modulo 1: any that stand side by side come as evenly as can be.
fn scattered(deviations: &[Ppm]) -> Vec<Ppm> {
    let mut places: Vec<(f64, Ppm)> = (0..)
        .zip(deviations)
        .map(|(nth, deviation)| {
            (
                (f64::from(nth) * 0.618_033_988_749_894_9).fract(),
                *deviation,
            )
        })
        .collect();
    places.sort_by(|a, b| a.0.total_cmp(&b.0));
    places.into_iter().map(|(_, deviation)| deviation).collect()
}

/// A case.
#[derive(Clone, Copy)]
struct Ran {
    start: Time,
    deviation: Ppm,
    executor: Executor,
}

/// As if it were known of any case that it depends on no other: what forecasts say holds to the case then.
fn independent() -> Tolerance {
    Tolerance {
        assumed_cluster: 1.0,
        ..Tolerance::builtin()
    }
}

/// Cases that deviate have missed something, if the catalog says what is tolerated of it.
fn directed(catalog: &Catalog, deviation: Ppm) -> Directed {
    let tolerances = catalog.process("p").tolerances;
    match deviation > Ppm::ZERO && tolerances.contains_key(&Direction::Missed) {
        true => Directed::Wrong(Direction::Missed),
        false => Directed::Neither,
    }
}

/// Cases of process `p` with so many steps each within 20 weeks, and what was lost beside them.
fn scored_log(catalog: &str, ran: &[Ran], steps: u32, loss: Loss) -> Scored {
    let mut names = Names::new();
    let catalog = Catalog::parse(catalog, Path::new("c.yaml")).unwrap();
    let process = names.intern("p");
    let outcomes = ["fine", "wrong"].map(|name| names.intern(name));
    let path: Vec<NameId> = (0..steps)
        .map(|nth| names.intern(&format!("step {nth}")))
        .collect();
    let mut evidence = Evidence {
        to: Time(WEEKS * WEEK),
        ..Evidence::default()
    };
    evidence.processes.entry(process).or_default();
    evidence.losses.insert(process, loss);
    let tolerance = independent();
    let first = catalog.process("p").epoch.map_or(Hour::MIN, Time::hour);
    let mut baseline = BaselineFinder::new(tolerance.baseline_cases, first);
    for case in ran {
        let (start, deviation, executor) = (&case.start, &case.deviation, &case.executor);
        let facts = Facts {
            process,
            executor: *executor,
            steps_by: StepsBy::default(),
            origin: Origin::Live,
            start: *start,
            end: start.plus(Span::HOUR),
            complete: true,
            ended: true,
            outcome: outcomes[usize::from(*deviation > Ppm::ZERO)],
            unknown: false,
            mapped_severity: None,
            directed: directed(&catalog, *deviation),
            outcome_is_activity: false,
            settled: true,
            reopened: 0,
            late: false,
            ends_before_start: false,
            passes_limit: None,
            resolution: None,
            overdue_from: None,
            off_path: 0,
            handoffs: 0,
            deviation: *deviation,
            blamed: path[0],
            input: 0,
            cluster: 0,
            hands_on: None,
            version: NameId::NONE,
            straight: Some(false),
            without_people: matches!(executor, Executor::Ai | Executor::Code),
            confirmed: false,
            evident: true,
            twin: None,
            parent_process: NameId::NONE,
            stages: Vec::new(),
            path: path.clone(),
        };
        baseline.add_case(&facts, 1);
        let sums = evidence.processes.get_mut(&process).unwrap();
        for (key, part) in bucket_parts(&facts) {
            sums.part(&key).add_part(part, &facts, &names, 1);
        }
    }
    let baseline = baseline.baseline();
    if baseline.sums.cases > 0 {
        evidence.baselines.insert(process, baseline);
    }
    let terms = Terms {
        catalog: &catalog,
        tolerance: &tolerance,
        names: &names,
    };
    let score = score_all(&evidence, terms).remove(0);
    Scored {
        names,
        catalog,
        tolerance,
        score,
    }
}

impl Scored {
    fn terms(&self) -> Terms<'_> {
        Terms {
            catalog: &self.catalog,
            tolerance: &self.tolerance,
            names: &self.names,
        }
    }

    fn lever(&self, name: &str) -> Lever {
        let mut levers = levers(&self.score, self.terms(), Time(WEEKS * WEEK));
        let at = levers.iter().position(|lever| lever.lever == name);
        // What changes nothing is not listed.
        at.map_or(
            Lever {
                lever: name.to_owned(),
                now: String::new(),
                turns: Vec::new(),
            },
            |at| levers.swap_remove(at),
        )
    }

    fn value(&self, section: &str, name: &str) -> Option<String> {
        let figures = figures(&self.score, self.terms());
        let found = figures
            .iter()
            .find(|figure| figure.section == section && figure.name == name)?;
        Some(format!("{} = {}", found.value, found.formula))
    }
}

fn desk(criticality: &str) -> String {
    format!("processes: [{{id: p, criticality: {criticality}, outcomes: {{wrong: 1, fine: 0}}}}]")
}

fn whens(lever: &Lever) -> Vec<(&str, Option<Recommendation>)> {
    lever
        .turns
        .iter()
        .map(|turn| (turn.when.as_str(), turn.recommendation))
        .collect()
}

#[test]
fn every_figure_has_its_formula() {
    // 400 cases in 20 weeks, 4 of them wrong; 5 steps and criticality low: class c, T = 0.1 * 0.3.
    let mut deviations = vec![Ppm::ZERO; 396];
    deviations.extend([Ppm::ONE; 4]);
    let scored = scored(&desk("low"), &deviations, 5);
    let is = |section: &str, name: &str, line: &str| {
        assert_eq!(scored.value(section, name).as_deref(), Some(line), "{name}");
    };
    is(
        "class and tolerance",
        "required class",
        "c = class of criticality low",
    );
    is(
        "class and tolerance",
        "nominal size",
        "5 steps = the size measured over the baseline, frozen",
    );
    is(
        "class and tolerance",
        "size range",
        "above 3 to 6 steps = one step read as one millimetre of ISO 2768-1",
    );
    is(
        "class and tolerance",
        "permissible T",
        "3.00 % = kappa * t(class, size) = 0.1 * 0.3",
    );
    is("deviation", "observed mean", "1.00 % = s / n");
    is(
        "deviation",
        "outcome wrong",
        "4 cases, 1.00 % = severity 1, declared",
    );
    is(
        "deviation",
        "outcome fine",
        "396 cases, 99.00 % = severity 0, declared",
    );
    is(
        "frequency",
        "cases a week",
        "20.00 = started / weeks that its sources cover, at least a day",
    );
    is(
        "executors",
        "human",
        "1.00 % [0.08, 3.87] %: undetermined = deviation of the 400 cases it decided; 20.0 a week; achieved class v; capability 0.78; median 1h; spread 1.0; 40 self-declared",
    );
    is(
        "status",
        "status",
        "undetermined = T 3.00 % lies between the bounds 0.08 % and 3.87 %",
    );
    assert_eq!(scored.value("deviation", "late"), None);
    let sections: Vec<String> = figures(&scored.score, scored.terms())
        .into_iter()
        .map(|figure| figure.section)
        .collect();
    let mut order = sections.clone();
    order.dedup();
    let different: std::collections::BTreeSet<&String> = order.iter().collect();
    assert_eq!(
        order.len(),
        different.len(),
        "sections stand together: {sections:?}"
    );
}

#[test]
fn two_figures_of_one_name_that_differ_say_why() {
    let mut scored = scored(&desk("low"), &[Ppm::ZERO; 40], 5);
    let run = |input, outcome| RunCount {
        input,
        executor: Executor::Ai,
        outcome,
        deviation: Ppm::ZERO,
        unknown: false,
        count: 1,
    };
    let all = (0..10).flat_map(|input| [run(input, NameId(1)), run(input, NameId(2))]);
    scored.score.consistency.agreement = Some(agreement(all));
    let parts = scored.value("agreement", "parts of the variance");
    assert_eq!(
        parts.as_deref(),
        Some(
            "0.5263 = 0.5263 repeatability + 0.0000 between inputs; repeatability was measured as 1.0000, above the total, which is chance: no part exceeds it"
        )
    );
}

#[test]
fn spreads_below_the_resolution_are_not_compared() {
    let mut scored = scored(&desk("low"), &[Ppm::ZERO; 40], 5);
    let mut other = scored.score.run_by.executors[0].clone();
    assert_eq!(scored.value("kinds compared", "spread of durations"), None);
    (other.executor, other.duration_spread) = (Executor::Code, Some(3.0));
    scored.score.run_by.executors.push(other);
    let line = scored.value("kinds compared", "spread of durations");
    assert_eq!(
        line.as_deref(),
        Some(
            "withheld = the durations of human hardly differ: below the resolution, in bins 1 % wide"
        )
    );
}

#[test]
fn the_rule_that_fired_and_why_the_others_did_not() {
    let scored = scored(&desk("low"), &[Ppm::ZERO; 500], 5);
    let tried = trace(&scored.tolerance.recommendations, &scored.score);
    let (last, before) = tried.split_last().unwrap();
    assert_eq!(Some(&last.rule), scored.score.advice.rule.as_ref());
    assert!(last.fired && last.conditions.iter().all(|c| c.condition.holds));
    assert_eq!(last.rule, "frequent-and-forgiving");
    let frequency = last
        .conditions
        .iter()
        .find(|c| c.condition.attribute == "frequency")
        .unwrap();
    assert_eq!(frequency.condition.allowed, "high or medium");
    assert_eq!(
        (frequency.condition.is.as_str(), frequency.measured.as_str()),
        ("high", "25.00 cases a week")
    );
    let rules = &scored.tolerance.recommendations;
    assert!(before.len() > 5 && rules[before.len()].name == last.rule);
    for rule in before {
        assert!(
            !rule.fired && rule.conditions.iter().any(|c| !c.condition.holds),
            "{rule:?}"
        );
    }
}

#[test]
fn a_stray_kind_is_one_line() {
    let mut scored = scored(&desk("low"), &[Ppm::ZERO; 40], 5);
    let mut stray = scored.score.run_by.executors[0].clone();
    stray.executor = Executor::Mixed;
    stray.cases = 1;
    scored.score.run_by.executors.push(stray);
    let line = scored.value("executors", "mixed");
    assert_eq!(line.as_deref(), Some("1 case, too few to say anything = "));
}

#[test]
fn every_k_has_its_interval_or_how_many_runs_are_missing() {
    use crate::score::{RunCount, agreement};
    let mut scored = scored(&desk("low"), &[Ppm::ZERO; 40], 5);
    let runs = (0..40).map(|input| RunCount {
        input,
        executor: Executor::Human,
        outcome: NameId(1),
        deviation: if input < 10 { Ppm::ONE } else { Ppm::ZERO },
        unknown: false,
        count: 3,
    });
    scored.score.consistency.agreement = Some(agreement(runs));
    let once = scored.value("agreement", "human: pass^1").unwrap();
    assert!(once.starts_with("0.7500 [0."), "{once}");
    let thin = scored.value("agreement", "human: pass^4 to 8").unwrap();
    assert!(thin.contains("more runs needed"), "{thin}");
}

#[test]
fn shadow_runs_that_fail_are_behind_the_verdict_and_what_would_change_it() {
    use crate::rules::Trial;
    use crate::score::{Bounds, ComparedBy, ShadowReason, ShadowScore};
    let mut scored = scored(&desk("low"), &[Ppm::ZERO; 400], 5);
    assert_eq!(scored.score.advice.recommendation, Some(Recommendation::Ai));
    scored.score.trials.shadow.push(ShadowScore {
        executor: Executor::Ai,
        runs: 400,
        compared_by: ComparedBy::Case,
        compared: 400,
        like_done: None,
        deviation: Some(Bounds {
            mean: 0.5,
            lower: 0.4,
            upper: 0.6,
        }),
        independence: scored.score.rating.independence,
        status: Status::Outside,
        ready: false,
        clean_runs_missing: None,
        reason: ShadowReason::NotWithin(Status::Outside),
    });
    assert_eq!(scored.score.attributes().unwrap().ai_shadow, Trial::Outside);
    let tried = trace(&scored.tolerance.recommendations, &scored.score);
    let fired = tried.last().unwrap();
    assert_eq!(fired.rule, "ai-failed-its-trial");
    assert!(fired.conditions[0].measured.contains("400 shadow runs"));
    // Whoever runs it: as long as its shadow runs fail, AI is not called.
    let levers = ["frequency", "size", "criticality"].map(|name| scored.lever(name));
    for turn in levers.iter().flat_map(|lever| &lever.turns) {
        assert_ne!(
            turn.recommendation,
            Some(Recommendation::Ai),
            "{}",
            turn.when
        );
    }
}
