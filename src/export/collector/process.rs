//! What the scores say.

use super::families::Families;
use crate::model::{Class, SECOND_US, Span, Status, TolClass, metrics};
use crate::score::{Bounds, ProcessScore};

/// 365.25 days.
const YEAR_SECONDS: f64 = 31_557_600.0;

pub(super) fn process(families: &mut Families, score: &ProcessScore) {
    let id = score.id.as_str();
    let one = &[id][..];
    let word = |level: Option<crate::model::Level>| level.map_or("", |level| level.word());
    let labels = [
        id,
        score.name.as_str(),
        score.levels.criticality.word(),
        word(score.levels.complexity),
        word(score.levels.frequency),
        score.levels.tolerance.map_or("", |level| level.word()),
        score.run_by.executor.word(),
        score
            .advice
            .recommendation
            .map_or("", |recommendation| recommendation.word()),
        score.advice.rule.as_deref().unwrap_or(""),
    ];
    families.gauge(&metrics::INFO, &labels, 1.0);
    families.maybe(&metrics::RATE, one, score.rate.cases_per_week);
    if let Some([lower, upper]) = score.rate.cases_per_week_interval {
        families.gauge(&metrics::RATE_LOWER, one, lower);
        families.gauge(&metrics::RATE_UPPER, one, upper);
    }
    families.maybe(&metrics::SIZE, one, score.size.size_steps);
    families.maybe(&metrics::NOMINAL_SIZE, one, score.size.nominal_size_steps);
    if let Some(deviation) = score.rating.deviation {
        families.gauge(&metrics::DEVIATION, one, deviation.mean);
        families.gauge(&metrics::DEVIATION_LOWER, one, deviation.lower);
        families.gauge(&metrics::DEVIATION_UPPER, one, deviation.upper);
    }
    for executor in &score.run_by.executors {
        let labels = [id, executor.executor.word()];
        if let Some(deviation) = executor.deviation {
            families.gauge(&metrics::EXECUTOR_DEVIATION, &labels, deviation.mean);
            families.gauge(&metrics::EXECUTOR_DEVIATION_LOWER, &labels, deviation.lower);
            families.gauge(&metrics::EXECUTOR_DEVIATION_UPPER, &labels, deviation.upper);
        }
    }
    families.maybe(
        &metrics::PERMISSIBLE,
        one,
        score.rating.permissible_deviation,
    );
    families.maybe(&metrics::CAPABILITY, one, score.rating.capability);
    families.maybe(
        &metrics::VARIANCE,
        &[id, "total"],
        score.outcome.outcome_variance,
    );
    for class in Class::ALL {
        let holds = f64::from(u8::from(class == score.rating.required_class));
        families.gauge(&metrics::CLASS, &[id, "required", class.word()], holds);
    }
    for class in TolClass::ALL {
        let holds = f64::from(u8::from(class == score.rating.achieved_class));
        families.gauge(&metrics::CLASS, &[id, "achieved", class.word()], holds);
    }
    for status in Status::ALL {
        let holds = f64::from(u8::from(status == score.rating.status));
        families.gauge(&metrics::STATUS, &[id, status.word()], holds);
    }
    families.maybe(
        &metrics::CLEAN_RUNS,
        one,
        score.clean_cases.needed.map(|runs| runs as f64),
    );
    families.maybe(
        &metrics::CLEAN_RUNS_SECONDS,
        one,
        score
            .clean_cases
            .weeks
            .map(|weeks| weeks * Span::WEEK.0 as f64 / SECOND_US as f64),
    );
    directions(families, score);
    stages(families, score);
    evidence(families, score);
}

/// Misses apart from false alarms.
fn directions(families: &mut Families, score: &ProcessScore) {
    let id = score.id.as_str();
    for of in &score.directions {
        let labels = [id, of.direction.word()];
        if let Some(share) = of.share {
            families.gauge(&metrics::DIRECTION, &labels, share.mean);
            families.gauge(&metrics::DIRECTION_LOWER, &labels, share.lower);
            families.gauge(&metrics::DIRECTION_UPPER, &labels, share.upper);
        }
        families.maybe(&metrics::DIRECTION_TOLERANCE, &labels, of.tolerance);
        // A share always has a tolerance to hold, or none is declared.
        let states = [Status::Within, Status::Outside, Status::Undetermined];
        for (status, held) in states.into_iter().zip(of.status.into_iter().cycle()) {
            let holds = f64::from(u8::from(status == held));
            let labels = [id, of.direction.word(), status.word()];
            families.gauge(&metrics::DIRECTION_STATUS, &labels, holds);
        }
    }
}

/// Times to the milestones.
fn stages(families: &mut Families, score: &ProcessScore) {
    let id = score.id.as_str();
    for time in &score.stage_times {
        let milestone = time.milestone.as_str();
        let percentiles = [
            ("50", time.median_seconds, time.median_interval),
            ("90", time.p90_seconds, time.p90_interval),
        ];
        for (percentile, at, interval) in percentiles {
            let labels = [id, milestone, percentile];
            families.maybe(&metrics::STAGE_TIME, &labels, at);
            let lower = interval.map(|(lower, _)| lower);
            families.maybe(&metrics::STAGE_TIME_LOWER, &labels, lower);
            let upper = interval.and_then(|(_, upper)| upper);
            families.maybe(&metrics::STAGE_TIME_UPPER, &labels, upper);
        }
        let states = [
            ("reached", time.n),
            ("open", time.open),
            ("never_reached", time.never_reached),
        ];
        for (state, cases) in states {
            let labels = [id, milestone, state];
            families.gauge(&metrics::STAGE_CASES, &labels, cases as f64);
        }
    }
}

/// What the figures rest on, and who is ready to take over.
fn evidence(families: &mut Families, score: &ProcessScore) {
    let id = score.id.as_str();
    let one = &[id][..];
    let straight = score
        .conformance
        .straight_through
        .map(|straight| straight.share);
    families.maybe(&metrics::STRAIGHT, one, straight);
    for executor in &score.run_by.executors {
        for status in Status::ALL {
            let holds = f64::from(u8::from(status == executor.status));
            let labels = [id, executor.executor.word(), status.word()];
            families.gauge(&metrics::EXECUTOR_STATUS, &labels, holds);
        }
    }
    for shadow in &score.trials.shadow {
        let labels = [id, shadow.executor.word()];
        let ready = f64::from(u8::from(shadow.ready));
        families.gauge(&metrics::READY_TO_DELEGATE, &labels, ready);
    }
    if let Some(agreement) = &score.consistency.agreement {
        if let Some(parts) = agreement.components {
            let of = |part| [id, part];
            families.gauge(
                &metrics::VARIANCE,
                &of("repeatability"),
                parts.repeatability,
            );
            families.maybe(
                &metrics::VARIANCE,
                &of("reproducibility"),
                parts.reproducibility,
            );
            families.gauge(&metrics::VARIANCE, &of("inputs"), parts.inputs);
        }
        for kind in &agreement.kinds {
            let labels = [id, kind.executor.word()];
            let value = kind.repeatability_variance.value;
            families.maybe(&metrics::REPEATABILITY, &labels, value);
        }
    }
    if let Some(value) = &score.value {
        let mean = |bounds: &Option<Bounds>| bounds.map(|bounds| bounds.mean);
        let kinds = [
            ("spent", mean(&value.hours_spent_per_year)),
            ("saved_net", mean(&value.net_hours_per_year)),
            ("wrong_outcomes", mean(&value.error_hours_per_year)),
        ];
        for (kind, hours) in kinds {
            let seconds = hours.map(|hours| hours * Span::HOUR.0 as f64 / SECOND_US as f64);
            families.maybe(&metrics::WORK, &[id, kind], seconds);
        }
        let months = value.payback_months.and_then(|months| months.mean);
        let seconds = months.map(|months| months * YEAR_SECONDS / 12.0);
        families.maybe(&metrics::PAYBACK, one, seconds);
    }
    families.gauge(&metrics::LOST, one, score.loss.share);
    families.gauge(
        &metrics::SELF_DECLARED,
        one,
        score.scored_cases.provenance.self_declared as f64,
    );
}
