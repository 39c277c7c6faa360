//! What one should know about the figures of a process: what is assumed, missing, contradicted.

use super::process::{Scorer, Target};
use super::shape::Disagreement;
use super::size::Sizes;
use super::table::{complexity_level, frequency_level};
use crate::measure::UNKNOWN_LOSS;
use crate::model::{DAY_US, Executor};

impl Scorer<'_> {
    pub(super) fn note_assumptions(&mut self) {
        let live = self.live;
        let is_seen = live.started() > 0 || live.cases > 0;
        if self.declared.criticality_assumed && is_seen {
            self.notes
                .push("criticality medium is assumed: declare it in a catalog".to_owned());
        }
        if live.cases > 0 && live.started() == 0 {
            self.notes.push(
                "no case began within the window: all that ended in it had begun before, so the rate is 0"
                    .to_owned(),
            );
        }
        if live.cases > 0 && live.unnamed_outcomes == live.cases {
            self.notes
                .push("no outcome is mapped: the last activity of a case stands for it".to_owned());
        }
        if live.cases > 5 && live.steps == live.cases {
            self.notes.push(
                "every case has a single event: if the file has one row per case, a mapping with several events per record (or a preset) turns its dates into steps"
                    .to_owned(),
            );
        }
        let assumed: Vec<String> = live
            .outcomes
            .iter()
            .map(|(id, _)| self.terms.names.text(id))
            .filter(|name| self.declared.severity_of(name).is_none())
            .filter_map(|name| {
                let severity = self
                    .terms
                    .tolerance
                    .outcome_severity
                    .get(&name.to_lowercase())?;
                (*severity > 0).then(|| format!("{name} = {}", f64::from(*severity) / 1e6))
            })
            .collect();
        if !assumed.is_empty() {
            self.notes.push(format!(
                "severity of outcomes is assumed by their names: {}",
                assumed.join(", ")
            ));
        }
        self.notes.extend(self.undeclared_outcomes());
        if live.cases > 0 && !self.is_measurable(live) {
            self.notes.push(
                "nothing here could count as a deviation, so there is none to measure: map the outcome, name the states that resolve a case, or declare outcomes, a limit or a path in a catalog"
                    .to_owned(),
            );
        }
    }

    /// Outcomes that count as designed only because nobody says otherwise, where the catalog declares others.
    fn undeclared_outcomes(&self) -> Option<String> {
        let live = self.live;
        // Where no outcome is mapped, what stands for it is an activity.
        if self.declared.outcomes.is_empty() || live.unnamed_outcomes >= live.cases {
            return None;
        }
        let mut found: Vec<(i64, &str)> = live
            .outcomes
            .iter()
            .map(|(id, count)| (count, self.terms.names.text(id)))
            .filter(|(_, name)| {
                self.declared.severity_of(name).is_none() && !self.is_known_by_name(name)
            })
            .collect();
        if found.is_empty() {
            return None;
        }
        found.sort_by_key(|(count, name)| (std::cmp::Reverse(*count), *name));
        let cases: i64 = found.iter().map(|(count, _)| count).sum();
        let mut named: Vec<&str> = found.iter().map(|(_, name)| *name).take(3).collect();
        if found.len() > named.len() {
            named.push("...");
        }
        Some(format!(
            "{cases} of {} cases ended in outcomes that nobody declared ({}): they count as designed",
            live.cases,
            named.join(", ")
        ))
    }

    /// What the evidence leaves out or rests on.
    pub(super) fn note_evidence(&mut self, target: Target) {
        let live = self.live;
        self.notes.extend(self.lost_records());
        if let Some(since) = self.silent_since() {
            self.notes.push(format!(
                "its sources have told of nothing since {since}, {} days ago: rates are of the time until then",
                self.as_of.since(since) / DAY_US,
            ));
        }
        if self.declared.require_confirmed && live.cases > 0 {
            self.notes.push(format!(
                "only confirmed outcomes count as evidence: {} of {} cases",
                live.confirmed.total(),
                live.cases
            ));
        }
        self.notes.extend(self.hands_on().note);
        let [variants, inputs] = [live.variants.sample().level, live.runs.sample().level];
        if variants > 0 {
            self.notes.push(format!(
                "so many different paths that one in {} was kept: their number is an estimate",
                1u64 << variants
            ));
        }
        if inputs > 0 {
            self.notes.push(format!(
                "so many different inputs that one in {} was kept: agreement is measured on those",
                1u64 << inputs
            ));
        }
        if target.nominal.is_some() && target.permissible.is_none() {
            self.notes.push(
                "the table has no permissible deviation at this class and size: there is no tolerance to hold"
                    .to_owned(),
            );
        }
    }

    /// What was lost, and what that comes to.
    fn lost_records(&self) -> Option<String> {
        if self.loss.lost <= 0 {
            return None;
        }
        let much = match (self.loss.unknown > 0, self.lost_too_much()) {
            (true, _) => UNKNOWN_LOSS,
            (_, true) => "too much to call it within or outside",
            _ => "every interval of a deviation is widened by as much",
        };
        let count = |number: i64, one: &str, many: &str| match number {
            1 => format!("1 {one}"),
            number => format!("{number} {many}"),
        };
        let gaps = match self.loss.gaps {
            0 => String::new(),
            gaps => format!(", {} of a source among them", count(gaps, "gap", "gaps")),
        };
        Some(format!(
            "{} lost ({:.2} %{gaps}); {much}",
            count(self.loss.lost, "record was", "records were"),
            self.loss.share() * 100.0
        ))
    }

    /// Declared levels that the measurement contradicts.
    pub(super) fn disagreements(
        &self,
        size: Option<Sizes>,
        per_week: Option<f64>,
        rate_interval: Option<[f64; 2]>,
    ) -> Vec<Disagreement> {
        let tolerance = self.terms.tolerance;
        let mut found = Vec::new();
        let mut compare = |what: &str, declared: String, measured: String, sure: bool| {
            if declared != measured {
                found.push(Disagreement {
                    what: what.to_owned(),
                    declared,
                    measured,
                    sure,
                });
            }
        };
        if let (Some(declared), Some(size)) = (self.declared.complexity, size) {
            let measured = complexity_level(tolerance, size.total());
            // The size of many cases hardly varies; of a few it may.
            let sure = self.live.cases >= tolerance.baseline_cases;
            compare(
                "complexity",
                declared.to_string(),
                measured.to_string(),
                sure,
            );
        }
        if let (Some(declared), Some(rate), Some([lower, upper])) =
            (self.declared.frequency, per_week, rate_interval)
        {
            let measured = frequency_level(tolerance, rate);
            let ends = [lower, upper].map(|rate| frequency_level(tolerance, rate));
            let sure = !ends.contains(&declared);
            compare(
                "frequency",
                declared.to_string(),
                measured.to_string(),
                sure,
            );
        }
        let measured = self.measured_executor();
        if let Some(declared) = self.declared.executor
            && measured != Executor::Unknown
        {
            let sure = self.live.cases >= 30;
            compare("executor", declared.to_string(), measured.to_string(), sure);
        }
        if let (Some(declared), Some(size)) = (self.declared.size, size) {
            let far = size.total() > 2.0 * declared || size.total() < 0.5 * declared;
            if far {
                let steps = |size: f64| format!("{size:.1} steps");
                compare("size", steps(declared), steps(size.total()), true);
            }
        }
        found
    }
}
