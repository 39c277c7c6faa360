//! Scores of log files. Logs that have nothing to do with each other are scored each on its own period.

use super::super::case_table::CaseTable;
use super::super::log_parts::LogPart;
use super::cases::Summing;
use super::rules::PreparedRules;
use super::{Measurement, ScoreRequest, ScoreSource, ScoresAsOf, score_at};
use crate::cases::Case;
use crate::measure::{Evidence, Loss, Period};
use crate::model::{NameId, Names, Time};
use rustc_hash::FxHashSet;
use std::collections::BTreeMap;
use std::convert::Infallible;

/// The cases of log files.
pub struct LogCases<'a> {
    /// The cases.
    pub table: &'a CaseTable,
    /// Which of them; all if not given.
    pub part: Option<&'a LogPart>,
    /// What was lost within the time that evidence covers. It counts against each of these processes.
    pub loss: &'a dyn Fn(&Evidence) -> Loss,
}

impl ScoreSource for LogCases<'_> {
    type Error = Infallible;

    fn names(&self) -> &Names {
        &self.table.names
    }

    fn measure(&mut self, requests: &[ScoreRequest]) -> Result<Vec<Measurement>, Infallible> {
        let mut summing = Summing::new(requests, &self.table.names);
        let is_asked_for = |case: &Case| {
            self.part
                .is_none_or(|part| part.processes.contains(&case.process()))
        };
        let cases = self.table.by_key();
        for (key, case) in cases.filter(|(_, case)| is_asked_for(case)) {
            summing.add(self.table, key, case)?;
        }
        Ok(summing.finish())
    }

    fn losses(&self, evidence: &Evidence) -> Result<BTreeMap<NameId, Loss>, Infallible> {
        let loss = (self.loss)(evidence);
        let processes = evidence.processes.keys();
        Ok(processes.map(|process| (*process, loss)).collect())
    }
}

/// All that was read, in its parts.
pub(crate) struct PartedLogs<'a> {
    /// The cases.
    pub table: &'a CaseTable,
    /// The parts.
    pub parts: &'a [LogPart],
    /// What a part lost within the time that evidence covers.
    pub loss: &'a dyn Fn(&LogPart, &Evidence) -> Loss,
}

impl PartedLogs<'_> {
    /// The scores as of an instant, or of each part as of its last event. `cases_of` as in [`ScoreRequest`].
    pub(crate) fn scores(
        &self,
        rules: &PreparedRules,
        as_of: Option<Time>,
        cases_of: Option<(&str, usize)>,
    ) -> ScoresAsOf {
        let seen = self.parts.iter().flat_map(|part| &part.processes);
        let seen: FxHashSet<NameId> = seen.copied().collect();
        let of_parts = self.parts.iter().map(|part| {
            let as_of = as_of
                .filter(|_| !part.last.is_undated())
                .unwrap_or(part.last);
            let mut found = self.part_scores(rules, Some(part), as_of, cases_of);
            found
                .scores
                .retain(|score| match self.table.names.find(&score.id) {
                    // One that is declared and was never seen is in the scores of every part.
                    Some(process) => part.processes.contains(&process) || !seen.contains(&process),
                    None => true,
                });
            found
        });
        let nothing = || self.part_scores(rules, None, as_of.unwrap_or_default(), cases_of);
        of_parts.reduce(both).unwrap_or_else(nothing)
    }

    fn part_scores(
        &self,
        rules: &PreparedRules,
        part: Option<&LogPart>,
        as_of: Time,
        cases_of: Option<(&str, usize)>,
    ) -> ScoresAsOf {
        let mut cases = LogCases {
            table: self.table,
            part,
            loss: &|evidence| part.map_or_else(Loss::default, |part| (self.loss)(part, evidence)),
        };
        let request = ScoreRequest {
            cases_of,
            ..ScoreRequest::new(rules, Period::until(as_of))
        };
        let Ok(found) = score_at(&mut cases, &request);
        found
    }
}

/// The scores of two parts in one.
fn both(one: ScoresAsOf, other: ScoresAsOf) -> ScoresAsOf {
    let mut scores = [one.scores, other.scores].concat();
    scores.sort_by(|a, b| a.id.cmp(&b.id));
    scores.dedup_by(|a, b| a.id == b.id);
    ScoresAsOf {
        scores,
        begun: one.begun.min(other.begun),
        from: one.from.min(other.from),
        as_of: one.as_of.max(other.as_of),
        cases: one.cases + other.cases,
        behind: [one.behind, other.behind].concat(),
        removed: one.removed,
    }
}
