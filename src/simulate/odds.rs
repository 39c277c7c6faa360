//! What a process comes to in the long run, reckoned from its table instead of counted.

use super::event::Executor;
use super::flow::Process;
use super::spec::Who;

impl Process {
    /// The averaged probability, moved by how difficult this input is among its peers.
    pub(super) fn wrong_probability(
        &self,
        before: f64,
        after: f64,
        input: usize,
        drifted: bool,
    ) -> f64 {
        let inputs = self.spec.inputs;
        let total: f64 = self.inputs.iter().sum();
        let mean: f64 = inputs.iter().map(|i| i.weight * i.difficulty).sum::<f64>() / total;
        (if drifted { after } else { before }) * inputs[input].difficulty / mean
    }

    /// Whether people do anything in it. (Only people reopen a case.)
    pub(crate) fn has_people(&self) -> bool {
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
    pub(crate) fn true_severity(&self, lead: Executor, drifted: bool) -> f64 {
        self.mean_over_inputs(|input| {
            let odds = self.outcomes(lead, input, drifted);
            let severities = self.spec.outcomes.iter().map(|(_, severity)| severity);
            odds.iter().zip(severities).map(|(p, s)| p * s).sum()
        })
    }

    /// Exact mean deviation of a case: the severity of its outcome, or 1 when it is reopened. Without lateness.
    pub(crate) fn true_deviation(&self, drifted: bool) -> f64 {
        let by_lead = self.spec.lead.iter();
        let sum: f64 = by_lead
            .map(|(lead, weight)| weight * self.true_severity(*lead, drifted))
            .sum();
        let mean = sum / self.leads.iter().sum::<f64>();
        self.spec.reopen + (1.0 - self.spec.reopen) * mean
    }

    /// Exact probability that a shadow run by AI ends like the case of people that it shadows does in the end (a case
    /// that is reopened ends as designed).
    pub(crate) fn true_agreement(&self) -> f64 {
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
