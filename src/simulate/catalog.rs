//! What is true of the synthetic SOC: as figures for tests, and as the catalog a SOC would write of itself.

use super::Soc;
use super::event::Executor;
use crate::model::Level;
use crate::rules::Recommendation;
use std::fmt::Write;

/// What is known of the shadow runs of a process.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ShadowTruth {
    /// Cases that begin before this have none (Unix microseconds).
    pub from_us: i64,
    /// Share of the live cases that have one from then on: those that people lead.
    pub share_ratio: f64,
    /// Mean deviation of a shadow run, in [0, 1].
    pub deviation: f64,
    /// Probability that it ends like its live twin does in the end.
    pub agreement_ratio: f64,
}

/// What is known of one process because it was made that way.
#[derive(Debug, Clone, PartialEq)]
pub struct Truth {
    /// Id, as in events and catalog.
    pub id: &'static str,
    /// Name for people.
    pub name: &'static str,
    /// Declared importance of the outcome.
    pub outcome_criticality: Level,
    /// Declared importance of the system touched.
    pub system_criticality: Level,
    /// Mean cases a week by start time, those called by other processes included.
    pub cases_per_week: f64,
    /// Mean number of drills a week; they are in no other figure here.
    pub exercises_per_week: f64,
    /// Its shadow runs, which are in no other figure here either; none where there are none.
    pub shadow: Option<ShadowTruth>,
    /// Mean deviation of a case, in [0, 1], for cases that begin before the drift: the severity of the
    /// last outcome, or 1 if reopened. Lateness is not in it.
    pub deviation_before: f64,
    /// The same for cases that begin after the drift; equal where nothing drifts.
    pub deviation_after: f64,
    /// When the process drifts (Unix microseconds); none where nothing drifts.
    pub drift_at_us: Option<i64>,
    /// Declared limit, hours from first event to last end, where there is one.
    pub limit_hours: Option<u32>,
    /// Share of the cases that exceed that limit, to about half a percentage point.
    pub late_ratio: f64,
    /// Probability that a case is reopened.
    pub reopen_ratio: f64,
    /// Who leads cases (and so decides their outcome), with shares that sum to 1.
    pub leads: Vec<(Executor, f64)>,
    /// Every outcome with its severity, 0 as designed to 1 wrong.
    pub severities: &'static [(&'static str, f64)],
    /// Mean hands-on minutes of a case in which people did something (sum over its steps, drills included); none where
    /// people do nothing.
    pub hands_on_minutes: Option<f64>,
    /// Share of the closed cases that somebody reviewed (shadow runs never).
    pub reviewed_ratio: f64,
    /// Sub-processes with their mean calls a case.
    pub calls: Vec<(&'static str, f64)>,
    /// What a sound judgement would say.
    pub expected: Recommendation,
    /// What it would say after the drift.
    pub expected_after_drift: Recommendation,
}

impl Soc {
    /// The truth about each process, in catalog order.
    pub fn truth(&self) -> Vec<Truth> {
        let truth = |process: &super::flow::Process| {
            let spec = process.spec;
            let before = process.true_deviation(false);
            let after = process.true_deviation(true);
            let leads: f64 = spec.lead.iter().map(|(_, weight)| weight).sum();
            let people = spec
                .lead
                .iter()
                .filter(|(kind, _)| *kind == Executor::Human);
            let led_by_people: f64 = people.map(|(_, weight)| weight).sum();
            let calls = spec.steps.iter().filter_map(|step| step.call);
            Truth {
                id: spec.id,
                name: spec.name,
                outcome_criticality: spec.criticality.0,
                system_criticality: spec.criticality.1,
                cases_per_week: self.rate(spec.id),
                exercises_per_week: spec.exercises.map_or(0.0, |drills| drills.per_week()),
                shadow: spec.shadowed.then(|| ShadowTruth {
                    from_us: self.shadows_from_us,
                    share_ratio: led_by_people / leads,
                    deviation: process.true_severity(Executor::Ai, false),
                    agreement_ratio: process.true_agreement(),
                }),
                deviation_before: before,
                deviation_after: after,
                drift_at_us: (before != after).then_some(self.drift_at_us),
                limit_hours: spec.limit_hours,
                late_ratio: spec.late,
                reopen_ratio: spec.reopen,
                leads: spec
                    .lead
                    .iter()
                    .map(|(kind, weight)| (*kind, weight / leads))
                    .collect(),
                severities: spec.outcomes,
                hands_on_minutes: process
                    .has_people()
                    .then(|| f64::from(spec.hands_on_minutes)),
                reviewed_ratio: spec.reviewed,
                calls: calls.map(|call| (call.process, call.probability)).collect(),
                expected: spec.expected,
                expected_after_drift: spec.expected_after_drift.unwrap_or(spec.expected),
            }
        };
        self.processes.iter().map(truth).collect()
    }

    /// Own arrivals and calls from elsewhere, cases a week. The call graph has no cycle.
    fn rate(&self, id: &str) -> f64 {
        self.processes
            .iter()
            .map(|process| {
                let spec = process.spec;
                let own = if spec.id == id {
                    spec.arrivals.per_week()
                } else {
                    0.0
                };
                let calls = spec.steps.iter().filter_map(|step| step.call);
                let called: f64 = calls
                    .filter(|call| call.process == id)
                    .map(|call| call.probability * self.rate(spec.id))
                    .sum();
                own + called
            })
            .sum()
    }

    /// The catalog of this SOC in YAML. It declares; what the declarations hide is in [`Soc::truth`].
    pub fn catalog_yaml(&self) -> String {
        let mut yaml = String::from("processes:\n");
        for process in &*self.processes {
            // Writing to a String can't fail.
            let _ = write_process(&mut yaml, process.spec);
        }
        yaml
    }
}

fn write_process(yaml: &mut String, spec: &super::spec::Spec) -> std::fmt::Result {
    let (outcome, system) = (spec.criticality.0.word(), spec.criticality.1.word());
    writeln!(yaml, "  - id: {}", spec.id)?;
    writeln!(yaml, "    name: {}", spec.name)?;
    writeln!(
        yaml,
        "    criticality: {{ outcome: {outcome}, system: {system} }}"
    )?;
    writeln!(yaml, "    executor: {}", spec.executor)?;
    let outcomes: Vec<String> = spec
        .outcomes
        .iter()
        .map(|(name, severity)| format!("{name}: {severity}"))
        .collect();
    writeln!(yaml, "    outcomes: {{ {} }}", outcomes.join(", "))?;
    match spec.limit_hours {
        Some(hours) if hours % 24 == 0 => writeln!(yaml, "    duration_limit: {}d", hours / 24)?,
        Some(hours) => writeln!(yaml, "    duration_limit: {hours}h")?,
        None => {}
    }
    writeln!(yaml, "    hands_on_minutes: {}", spec.hands_on_minutes)?;
    if let Some((build, upkeep)) = spec.automation {
        writeln!(
            yaml,
            "    automation: {{ build_hours: {build}, upkeep_hours_per_year: {upkeep} }}"
        )?;
    }
    if let Some(parent) = spec.parent {
        writeln!(yaml, "    parent: {parent}")?;
    }
    Ok(())
}
