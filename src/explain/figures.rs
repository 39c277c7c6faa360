//! Every figure of a score with its formula and what it rests on.
//!
//! A table: a new figure is a new row.

use super::analyses::{analyses, arrivals};
use super::figure::{
    CATALOG, CLASS, DEVIATION, ENDED, EXECUTORS, FREQUENCY, Figure, Ground, SIZE, STARTED, STATUS,
    TABLE, TIME, counted, figure, interval, share, span, status_word,
};
use super::outlook::{pace, too_much_lost, unobserved};
use super::sides::{directions, disagreement, executor, exercise, outcomes, shadow};
use super::{percent, short};
use crate::model::Status;
use crate::model::humanize::{counted as plural, format_days, significant};
use crate::score::{DirectionScore, ProcessScore, SizeSource, Terms, as_independent};

/// What every interval of a deviation assumes.
const DAYS_ASSUMED: &str = "assumes that days (UTC) are independent of each other given the past; cases of a day may depend on each other";

/// The same if the clusters of the mapping decide.
const CLUSTERS_ASSUMED: &str = "assumes that clusters are independent of each other given the past; cases of a cluster may depend on each other";

/// A row of the table; no value, no row.
struct Row {
    section: &'static str,
    name: &'static str,
    value: fn(&Ground) -> Option<String>,
    formula: fn(&Ground) -> String,
    rests_on: fn(&Ground) -> &'static str,
}

#[rustfmt::skip]
const ROWS: &[Row] = &[
    Row { section: CLASS, name: "criticality", value: |g| Some(g.score.levels.criticality.to_string()),
        formula: |g| if g.score.levels.criticality_assumed { "assumed, because none is declared".to_owned() } else { "the higher of outcome and system".to_owned() },
        rests_on: |g| if g.score.levels.criticality_assumed { "nothing" } else { CATALOG } },
    Row { section: CLASS, name: "required class", value: |g| Some(g.score.rating.required_class.to_string()),
        formula: |g| if g.declared.class.is_some() { "declared".to_owned() } else { format!("class of criticality {}", g.score.levels.criticality) },
        rests_on: |g| if g.declared.class.is_some() { CATALOG } else { TABLE } },
    Row { section: CLASS, name: "nominal size", value: |g| g.score.size.nominal_size_steps.map(steps),
        formula: |g| nominal(g.score.size.nominal_size_source).0.to_owned(), rests_on: |g| nominal(g.score.size.nominal_size_source).1 },
    Row { section: CLASS, name: "size range", value: size_range,
        formula: |_| "one step read as one millimetre of ISO 2768-1".to_owned(), rests_on: |_| TABLE },
    Row { section: CLASS, name: "permissible T", value: |g| g.score.size.nominal_size_steps.map(|_| g.score.rating.permissible_deviation.map_or("none".to_owned(), percent)),
        formula: permissible, rests_on: |_| TABLE },
    Row { section: CLASS, name: "tolerance level", value: |g| g.score.levels.tolerance.map(|level| level.to_string()),
        formula: |g| { let [low, high] = g.terms.tolerance.tolerance; format!("low up to {}, high from {} on", percent(low), percent(high)) },
        rests_on: |_| TABLE },

    Row { section: DEVIATION, name: "cases n", value: |g| Some(g.score.scored_cases.count.to_string()),
        formula: evidence, rests_on: |_| ENDED },
    Row { section: DEVIATION, name: "deviations s", value: |g| g.score.rating.deviation.map(|d| short(d.mean * g.score.scored_cases.count as f64, 2)),
        formula: weights, rests_on: |_| ENDED },
    Row { section: DEVIATION, name: "observed mean", value: |g| g.score.rating.deviation.map(|d| percent(d.mean)),
        formula: |_| "s / n".to_owned(), rests_on: |_| ENDED },
    Row { section: DEVIATION, name: "interval", value: |g| g.score.rating.deviation.map(interval),
        formula: |g| format!("{} %, may be looked at after every case: the p with B(1/2+s, 1/2+n-s) / B(1/2, 1/2) / (p^s (1-p)^(n-s)) < 1/{}{}",
            short((1.0 - g.terms.tolerance.alpha) * 100.0, 2), short(g.terms.tolerance.alpha, 6), if g.score.rating.independence.factor() > 1.0 { ", n and s divided by the design effect" } else { "" }),
        rests_on: |_| "n and s" },
    Row { section: DEVIATION, name: "independence", value: |g| g.score.rating.deviation.and(independence(g)),
        formula: independence_formula, rests_on: |_| "ended cases by day" },
    Row { section: DEVIATION, name: "lost records", value: |g| Some(&g.score.loss).filter(|loss| loss.lost > 0).map(|loss| format!("{}, {} of all", loss.lost, percent(loss.share))),
        formula: |g| format!("{} gaps; widens the interval to lower * (1 - lost), upper * (1 - lost) + lost; above {} nothing is called within or outside",
            g.score.loss.gaps, percent(g.terms.tolerance.most_loss)), rests_on: |_| "sources and quarantine" },
    Row { section: DEVIATION, name: "confirmed", value: |g| counted(g, g.score.scored_cases.provenance.confirmed),
        formula: |_| "somebody else than who set the outcome vouches for it".to_owned(), rests_on: |_| ENDED },
    Row { section: DEVIATION, name: "stood", value: |g| counted(g, g.score.scored_cases.provenance.stood),
        formula: |g| format!("not confirmed, and not reopened for {}", format_days(g.terms.tolerance.stands_after)), rests_on: |_| ENDED },
    Row { section: DEVIATION, name: "self-declared", value: |g| counted(g, g.score.scored_cases.provenance.self_declared),
        formula: |_| "set by who ran the case; neither confirmed nor old enough".to_owned(), rests_on: |_| ENDED },
    Row { section: DEVIATION, name: "reopened", value: |g| counted(g, g.score.conformance.reopened),
        formula: |g| format!("went on after a state that resolves it; each weighs {}", short(g.terms.tolerance.weights.rework, 6)), rests_on: |_| ENDED },
    Row { section: DEVIATION, name: "late", value: |g| g.declared.duration_limit.and_then(|_| counted(g, g.score.conformance.late)),
        formula: |g| format!("over {}; each weighs {}", g.declared.duration_limit.map_or(String::new(), format_days), short(g.terms.tolerance.weights.lateness, 6)),
        rests_on: |_| ENDED },
    Row { section: DEVIATION, name: "off path", value: |g| if g.declared.path.is_empty() { None } else { counted(g, g.score.conformance.off_path) },
        formula: |g| format!("each step off weighs {}, at most 1", short(g.terms.tolerance.weights.path_step, 6)), rests_on: |_| ENDED },
    Row { section: DEVIATION, name: "variance of outcomes", value: |g| g.score.outcome.outcome_variance.map(|v| format!("{v:.4}")),
        formula: |_| "1 - sum(p^2): the chance that two cases end differently".to_owned(), rests_on: |_| ENDED },

    Row { section: SIZE, name: "steps L", value: |g| g.score.size.size_parts.map(|p| short(p.steps, 2)),
        formula: |_| "steps / cases".to_owned(), rests_on: |_| ENDED },
    Row { section: SIZE, name: "decisions D", value: |g| g.score.size.size_parts.map(|p| short(p.decisions, 2)),
        formula: |_| "sum over activities of visits per case * (2^h - 1), h the entropy of what comes next".to_owned(), rests_on: |_| ENDED },
    Row { section: SIZE, name: "hand-offs H", value: |g| g.score.size.size_parts.map(|p| short(p.handoffs, 2)),
        formula: |_| "changes between executor kinds / cases".to_owned(), rests_on: |_| ENDED },
    Row { section: SIZE, name: "sub-processes", value: |g| g.score.size.size_parts.map(|p| short(p.sub_processes, 2)),
        formula: |_| "sum of calls per case * size".to_owned(), rests_on: |_| "cases that name a parent" },
    Row { section: SIZE, name: "measured size N", value: |g| g.score.size.size_steps.map(steps),
        formula: |_| "L + D + H + sub-processes".to_owned(), rests_on: |_| ENDED },
    Row { section: SIZE, name: "baseline", value: |g| g.score.size.baseline.as_ref().map(|b| format!("{} from {} cases", steps(b.size_steps), b.cases)),
        formula: baseline, rests_on: |_| "the first ended cases" },
    Row { section: SIZE, name: "straight through", value: |g| g.score.conformance.straight_through.map(share),
        formula: |_| "no person, no rework, no step twice".to_owned(), rests_on: |_| ENDED },
    Row { section: SIZE, name: "complexity", value: |g| g.score.levels.complexity.map(|level| level.to_string()),
        formula: |g| { let [low, medium, high] = g.terms.tolerance.complexity;
            format!("nominal size: low up to {}, medium up to {}, high up to {}", short(low, 2), short(medium, 2), short(high, 2)) },
        rests_on: |_| TABLE },

    Row { section: FREQUENCY, name: "cases a week", value: |g| g.score.rate.cases_per_week.map(|rate| significant(rate, 2)),
        formula: |_| "started / weeks that its sources cover, at least a day".to_owned(), rests_on: |_| STARTED },
    Row { section: FREQUENCY, name: "interval", value: |g| g.score.rate.cases_per_week_interval.map(|[lower, upper]| format!("[{}, {}]", significant(lower, 2), significant(upper, 2))),
        formula: rate_interval, rests_on: |_| STARTED },
    Row { section: FREQUENCY, name: "level", value: |g| g.score.levels.frequency.map(|level| level.to_string()),
        formula: |g| { let [high, medium] = g.terms.tolerance.frequency; format!("high from {} on, medium from {} on", short(high, 2), short(medium, 2)) },
        rests_on: |_| TABLE },

    Row { section: STATUS, name: "status", value: |g| Some(status_word(g.score.rating.status).to_owned()),
        formula: status, rests_on: |_| "interval and T" },
    Row { section: STATUS, name: "achieved class", value: |g| Some(g.score.rating.achieved_class.to_string()),
        formula: |_| "the finest class whose T the upper bound does not exceed".to_owned(), rests_on: |_| "upper bound and size" },
    Row { section: STATUS, name: "precision", value: |g| g.score.attributes().map(|is| is.precision().to_string()),
        formula: |g| format!("achieved {} against required {}", g.score.rating.achieved_class, g.score.rating.required_class), rests_on: |_| "both classes" },
    Row { section: STATUS, name: "capability", value: |g| g.score.rating.capability.map(|c| format!("{c:.2}")),
        formula: |_| "T / upper bound; 1, 1.33 and 1.67 read as for Cp".to_owned(), rests_on: |_| "interval and T" },
    Row { section: STATUS, name: "capability of the mean", value: |g| g.score.rating.capability_of_mean.map(|c| format!("{c:.2}")),
        formula: |_| "T / mean".to_owned(), rests_on: |_| "mean and T" },
    Row { section: STATUS, name: "clean runs missing", value: clean_runs,
        formula: clean_runs_formula, rests_on: |_| "n, s and T" },

    Row { section: TIME, name: "mean", value: |g| g.score.outcome.duration_seconds.map(|d| span(d.mean)),
        formula: |_| "first event to the end, exact".to_owned(), rests_on: |_| ENDED },
    Row { section: TIME, name: "median", value: |g| g.score.outcome.duration_seconds.map(|d| span(d.p50)),
        formula: |_| "at most 0.5 % off".to_owned(), rests_on: |_| ENDED },
    Row { section: TIME, name: "95th percentile", value: |g| g.score.outcome.duration_seconds.map(|d| span(d.p95)),
        formula: |_| "at most 0.5 % off".to_owned(), rests_on: |_| ENDED },

    Row { section: EXECUTORS, name: "run by", value: |g| Some(g.score.run_by.executor.to_string()),
        formula: |g| run_by(g).0, rests_on: |g| run_by(g).1 },
    Row { section: EXECUTORS, name: AUTOMATION, value: |g| g.score.run_by.automation.map(|of| percent(of.share)),
        formula: automation, rests_on: |_| ENDED },
];

/// Comes after the modes.
const AUTOMATION: &str = "automation share";

/// The figures of a score, in order of their sections.
pub(crate) fn figures(score: &ProcessScore, terms: Terms) -> Vec<Figure> {
    let ground = Ground {
        score,
        terms,
        declared: terms.catalog.process(&score.id),
    };
    let mut figures: Vec<Figure> = Vec::new();
    for row in ROWS {
        if let Some(value) = (row.value)(&ground) {
            figures.push(figure(
                (row.section, row.name.to_owned()),
                value,
                ((row.formula)(&ground), (row.rests_on)(&ground)),
            ));
        }
        // Of these there are as many as the log has.
        match (row.section, row.name) {
            (DEVIATION, "interval") => figures.extend(outcomes(&ground)),
            (STATUS, "status") => figures.extend(directions(score)),
            (FREQUENCY, "level") => figures.extend(score.arrivals.iter().flat_map(arrivals)),
            (EXECUTORS, "run by") => {
                let confirmed = score.scored_cases.requires_confirmed;
                figures.extend(
                    score
                        .run_by
                        .executors
                        .iter()
                        .map(|side| executor(side, confirmed)),
                );
                figures.extend(score.trials.exercise.iter().map(exercise));
                figures.extend(score.trials.shadow.iter().map(shadow));
            }
            _ => {}
        }
    }
    figures.extend(analyses(score));
    figures.extend(score.disagreements.iter().map(disagreement));
    figures
}

fn steps(size: f64) -> String {
    format!("{} steps", short(size, 2))
}

fn nominal(source: Option<SizeSource>) -> (&'static str, &'static str) {
    match source {
        Some(SizeSource::Declared) => ("the declared size", CATALOG),
        Some(SizeSource::DesignedPath) => ("steps of the designed path", CATALOG),
        Some(SizeSource::Baseline) => ("the size measured over the baseline, frozen", "baseline"),
        Some(SizeSource::Unfrozen) => ("the size measured so far, not frozen yet", "baseline"),
        None => ("not known", "nothing"),
    }
}

/// Who runs it, by the log where that says so, and what the catalog says.
fn run_by(ground: &Ground) -> (String, &'static str) {
    let measured = "the operating mode of at least four fifths of the cases, else mixed";
    match ground.declared.executor {
        Some(declared) if declared != ground.score.run_by.executor => {
            (format!("{measured}; the catalog says {declared}"), STARTED)
        }
        Some(_) => ("declared".to_owned(), CATALOG),
        None => (measured.to_owned(), STARTED),
    }
}

fn automation(ground: &Ground) -> String {
    ground.score.run_by.automation.map_or(String::new(), |of| {
        let [human, ai, code] = [of.human, of.ai, of.code].map(percent);
        let steps = plural(of.steps, "step");
        format!("of {steps} that name an executor: AI {ai}, code {code}, people {human}")
    })
}

fn baseline(ground: &Ground) -> String {
    let needed = ground.terms.tolerance.baseline_cases;
    let until = ground
        .score
        .size
        .baseline
        .as_ref()
        .and_then(|found| found.until.as_ref());
    match until {
        Some(until) => format!("N of the first {needed} cases, whole hours, frozen as of {until}"),
        None => format!("N of the first cases; frozen when there are {needed}"),
    }
}

fn evidence(ground: &Ground) -> String {
    let confirmed = if ground.score.scored_cases.requires_confirmed {
        "confirmed "
    } else {
        ""
    };
    let exercises = match &ground.score.trials.exercise {
        Some(exercise) if exercise.counted => " and exercises",
        _ => "",
    };
    format!("{confirmed}cases{exercises} that ended in the window, each once")
}

fn size_range(ground: &Ground) -> Option<String> {
    let size = ground.score.size.nominal_size_steps?;
    let table = ground.terms.tolerance;
    if size < table.lower {
        return Some(format!("below {}: none", short(table.lower, 2)));
    }
    let at = table.upper.iter().position(|upper| size <= *upper);
    let (lower, upper) = match at {
        None => return Some(format!("above {}: none", short(*table.upper.last()?, 2))),
        Some(0) => (table.lower, table.upper[0]),
        Some(at) => (table.upper[at - 1], table.upper[at]),
    };
    let above = if at == Some(0) { "" } else { "above " };
    Some(format!(
        "{above}{} to {} steps",
        short(lower, 2),
        short(upper, 2)
    ))
}

fn rate_interval(ground: &Ground) -> String {
    let arrivals = ground.score.arrivals.as_ref();
    let dispersion = arrivals.and_then(|arrivals| arrivals.dispersion);
    let counts = match dispersion {
        Some(d) if d > 1.0 => format!(", as if only cases / {d:.2} (dispersion) had been counted"),
        Some(_) => String::new(),
        None => ", for cases that start independently: the dispersion is not known".to_owned(),
    };
    let lost = match ground.score.loss.lost {
        0 => "",
        _ => "; upper / (1 - lost)",
    };
    format!("Gamma-Poisson, Jeffreys' prior{counts}{lost}")
}

fn permissible(ground: &Ground) -> String {
    let kappa = ground.terms.tolerance.kappa;
    match ground.score.rating.permissible_deviation {
        Some(t) => format!(
            "kappa * t(class, size) = {} * {}",
            short(kappa, 6),
            short(t / kappa, 6)
        ),
        None => "the table has no value for this class and size".to_owned(),
    }
}

fn weights(_: &Ground) -> String {
    "sum over cases of the greatest of: severity of the outcome, reopened, late, off path"
        .to_owned()
}

fn status(ground: &Ground) -> String {
    let score = ground.score;
    let (t, deviation) = (score.rating.permissible_deviation, score.rating.deviation);
    let (Some(t), Some(d)) = (t, deviation) else {
        return match (t, deviation) {
            (None, _) if score.size.nominal_size_steps.is_some() => {
                "there is no tolerance to hold".to_owned()
            }
            (None, Some(_)) => score.advice.reason.to_string(),
            _ => unobserved(score),
        };
    };
    let (lower, upper, t) = (percent(d.lower), percent(d.upper), percent(t));
    if let Some(of) = decides(score) {
        return format!("{of}, so the process is not within, whatever its deviation");
    }
    match score.rating.status {
        _ if score.loss.too_much => too_much_lost(score, ground.terms.tolerance),
        Status::Within => format!("upper bound {upper} is at most T {t}"),
        Status::Outside => format!("lower bound {lower} is above T {t}"),
        _ if days_decide(score, ground) => format!(
            "cases ended on {} days, and it takes {} to call it within",
            score.rating.independence.clusters, ground.terms.tolerance.least_days
        ),
        _ => format!("T {t} lies between the bounds {lower} and {upper}"),
    }
}

/// The direction that keeps the process from being within, if one does.
fn decides(score: &ProcessScore) -> Option<&DirectionScore> {
    let of = |status| {
        let mut each = score.directions.iter();
        each.find(|of| of.status == Some(status))
    };
    match score.rating.status {
        Status::Outside => of(Status::Outside),
        Status::Undetermined => of(Status::Undetermined),
        _ => None,
    }
}

/// As how many independent cases the cases count.
fn independence(ground: &Ground) -> Option<String> {
    let found = ground.score.rating.independence;
    let worth = as_independent(found.independent_cases?);
    let days = match found.clusters {
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    };
    let effect = short(found.factor(), 2);
    let by_cluster = found.design_effect_by_cluster.zip(found.mapped_clusters);
    let by_cluster = by_cluster.map_or(String::new(), |(effect, clusters)| {
        let effect = short(effect, 2);
        format!(", {} ({effect} by cluster)", plural(clusters, "cluster"))
    });
    Some(format!(
        "{worth}: design effect {effect}, {days}{by_cluster}"
    ))
}

/// The design effect, and what is assumed.
fn independence_formula(ground: &Ground) -> String {
    let found = ground.score.rating.independence;
    let decides = found
        .design_effect_by_cluster
        .is_some_and(|by| by > 1.0 && by >= found.factor());
    let how = match found.design_effect_assumed {
        true if decides => "fewer than 3 clusters have a deviation, so the cases of a cluster are taken to end alike".to_owned(),
        false if decides => "variance of the sums of deviations by cluster / that of independent cases; it is greater than that by day".to_owned(),
        true => format!(
            "fewer than 3 days have a deviation, so {} cases of a day are taken to have one cause, or all that it has",
            short(ground.terms.tolerance.assumed_cluster, 2)
        ),
        false => "variance of the daily sums of deviations / that of independent cases, at least 1"
            .to_owned(),
    };
    let assumed = match decides {
        true => CLUSTERS_ASSUMED,
        false => DAYS_ASSUMED,
    };
    format!("{how}; {assumed}")
}

/// Whether it is only for want of days that the status is open.
fn days_decide(score: &ProcessScore, ground: &Ground) -> bool {
    let (t, deviation) = (score.rating.permissible_deviation, score.rating.deviation);
    let decided = t.zip(deviation).is_some_and(|(t, d)| d.upper <= t);
    decided && score.rating.independence.clusters < ground.terms.tolerance.least_days
}

fn clean_runs(ground: &Ground) -> Option<String> {
    let score = ground.score;
    // Without a T there is nothing to wait for.
    score.rating.permissible_deviation?;
    let none = score
        .clean_cases
        .unreachable
        .as_ref()
        .map(|_| "no number".to_owned());
    score
        .clean_cases
        .needed
        .map(|runs| runs.to_string())
        .or(none)
}

fn clean_runs_formula(ground: &Ground) -> String {
    let score = ground.score;
    if let (None, Some(why)) = (score.clean_cases.needed, &score.clean_cases.unreachable) {
        return why.to_string();
    }
    let confirmed = if score.scored_cases.requires_confirmed {
        "confirmed "
    } else {
        ""
    };
    format!(
        "further {confirmed}cases without any deviation until the upper bound is at most T{}",
        pace(score)
    )
}
