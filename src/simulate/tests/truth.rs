//! What is true of the synthetic SOC because it was made that way: reckoned from its tables instead of counted.

use crate::model::Level;
use crate::simulate::Soc;
use crate::simulate::arrivals::Arrivals;
use crate::simulate::event::Executor;
use crate::simulate::flow::Process;
use crate::simulate::spec::Who;

/// What is known of the shadow runs of a process.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct ShadowTruth {
    /// Share of the live cases that have one: those that people lead.
    pub share_ratio: f64,
    /// Mean deviation of a shadow run, in [0, 1].
    pub deviation: f64,
    /// Probability that it ends like its live twin does in the end.
    pub agreement_ratio: f64,
}

/// What is known of one process.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Truth {
    /// Id, as in events and catalog.
    pub id: &'static str,
    /// Declared importance of the outcome.
    pub outcome_criticality: Level,
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
    /// Whether the process drifts.
    pub drifts: bool,
    /// Declared limit, hours from first event to last end, where there is one.
    pub limit_hours: Option<u32>,
    /// Share of the cases that exceed that limit, to about half a percentage point.
    pub late_ratio: f64,
    /// Every outcome with its severity, 0 as designed to 1 wrong.
    pub severities: &'static [(&'static str, f64)],
    /// Mean hands-on minutes of a case in which people did something (sum over its steps, drills included); none where
    /// people do nothing.
    pub hands_on_minutes: Option<f64>,
    /// Share of the closed cases that somebody reviewed (shadow runs never).
    pub reviewed_ratio: f64,
}

impl Soc {
    /// The truth about each process, in catalog order.
    pub(super) fn truth(&self) -> Vec<Truth> {
        let truth = |process: &Process| {
            let spec = process.spec;
            let before = process.true_deviation(false);
            let after = process.true_deviation(true);
            let leads: f64 = spec.lead.iter().map(|(_, weight)| weight).sum();
            let people = spec
                .lead
                .iter()
                .filter(|(kind, _)| *kind == Executor::Human);
            let led_by_people: f64 = people.map(|(_, weight)| weight).sum();
            Truth {
                id: spec.id,
                outcome_criticality: spec.criticality.0,
                cases_per_week: self.rate(spec.id),
                exercises_per_week: spec.exercises.as_ref().map_or(0.0, per_week),
                shadow: spec.shadowed.then(|| ShadowTruth {
                    share_ratio: led_by_people / leads,
                    deviation: process.true_severity(Executor::Ai, false),
                    agreement_ratio: process.true_agreement(),
                }),
                deviation_before: before,
                deviation_after: after,
                drifts: before != after,
                limit_hours: spec.limit_hours,
                late_ratio: late_ratio(spec.id),
                severities: spec.outcomes,
                hands_on_minutes: process
                    .has_people()
                    .then(|| f64::from(spec.hands_on_minutes)),
                reviewed_ratio: spec.reviewed,
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
                    per_week(&spec.arrivals)
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
}

/// Measured, since no formula says how long cases take.
fn late_ratio(process: &str) -> f64 {
    match process {
        "malware-detonation" => 0.011,
        "dlp-review" => 0.0025,
        _ => 0.0,
    }
}

/// True mean number of cases a week, without those that other processes call.
const fn per_week(arrivals: &Arrivals) -> f64 {
    match arrivals {
        Arrivals::Poisson { per_week, .. } | Arrivals::Slotted { per_week, .. } => *per_week,
        Arrivals::Batch { mean, .. } => *mean,
    }
}

impl Process {
    /// Whether people do anything in it. (Only people reopen a case.)
    fn has_people(&self) -> bool {
        let leads = self
            .spec
            .lead
            .iter()
            .any(|(kind, _)| *kind == Executor::Human);
        let does = |who: Who| match who {
            Who::Lead => leads,
            Who::By(kind) => kind == Executor::Human,
            Who::CodeElsePeople(code) => code < 1.0,
        };
        self.spec.reopen > 0.0 || self.spec.steps.iter().any(|step| does(step.who))
    }

    /// The probability of each outcome of the spec, in its order, before any reopening.
    fn outcomes(&self, lead: Executor, input: usize, drifted: bool) -> Vec<f64> {
        let position = |outcome: &str| {
            let mut outcomes = self.spec.outcomes.iter();
            outcomes.position(|(name, _)| *name == outcome)
        };
        let mut odds = vec![0.0; self.spec.outcomes.len()];
        let mut right = 1.0;
        for wrong in self.spec.wrong.iter().filter(|wrong| wrong.by == lead) {
            let p = self.wrong_probability(wrong.probability, wrong.after_drift, input, drifted);
            right -= p;
            if let Some(at) = position(wrong.outcome) {
                odds[at] += p;
            }
        }
        for (at, designed) in self.designed(input).into_iter().enumerate() {
            odds[at] += right * designed;
        }
        odds
    }

    /// The same when all goes as designed.
    fn designed(&self, input: usize) -> Vec<f64> {
        let designed = self.spec.inputs[input].designed;
        let total: f64 = designed.iter().map(|(_, weight)| weight).sum();
        let share = |outcome: &str| {
            let of_it = designed.iter().filter(|(name, _)| *name == outcome);
            of_it.map(|(_, weight)| weight / total).sum()
        };
        let outcomes = self.spec.outcomes.iter();
        outcomes.map(|(name, _)| share(name)).collect()
    }

    /// Mean over the inputs, by their weights.
    fn mean_over_inputs(&self, of: impl Fn(usize) -> f64) -> f64 {
        let weighted = |(input, weight): (usize, &f64)| weight * of(input);
        let sum: f64 = self.inputs.iter().enumerate().map(weighted).sum();
        sum / self.inputs.iter().sum::<f64>()
    }

    /// Exact mean severity of the outcome of cases with one kind of lead, before any reopening.
    fn true_severity(&self, lead: Executor, drifted: bool) -> f64 {
        self.mean_over_inputs(|input| {
            let odds = self.outcomes(lead, input, drifted);
            let severities = self.spec.outcomes.iter().map(|(_, severity)| severity);
            odds.iter().zip(severities).map(|(p, s)| p * s).sum()
        })
    }

    /// Exact mean deviation of a case: the severity of its outcome, or 1 when it is reopened. Without lateness.
    fn true_deviation(&self, drifted: bool) -> f64 {
        let by_lead = self.spec.lead.iter();
        let sum: f64 = by_lead
            .map(|(lead, weight)| weight * self.true_severity(*lead, drifted))
            .sum();
        let mean = sum / self.leads.iter().sum::<f64>();
        self.spec.reopen + (1.0 - self.spec.reopen) * mean
    }

    /// Exact probability that a shadow run by AI ends like the case of people that it shadows does in the end (a case
    /// that is reopened ends as designed).
    fn true_agreement(&self) -> f64 {
        let reopen = self.spec.reopen;
        self.mean_over_inputs(|input| {
            let people = self.outcomes(Executor::Human, input, false);
            let ai = self.outcomes(Executor::Ai, input, false);
            let both = people.iter().zip(self.designed(input)).zip(ai);
            both.map(|((first, designed), ai)| ((1.0 - reopen) * first + reopen * designed) * ai)
                .sum()
        })
    }
}
