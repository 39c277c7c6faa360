//! What there is to say of an alarm: one sentence, and what else changed about then.

use super::common_alarms::is_part;
use super::snapshot::DriftView;
use crate::drift::{Budget, OutcomeNames, ProcessDrift, StreamChart};
use crate::model::{Day, Names, printable};
use crate::store::AlarmRow;
use serde::Serialize;
use std::collections::BTreeMap;

/// Changes at most so many days from the onset of an alarm are listed with it: an onset is an estimate.
pub(crate) const NEAR_DAYS: i32 = 7;
/// A line names so many other changes; JSON has all.
const MOST_IN_A_LINE: usize = 5;
/// Names from logs are cut at so many characters.
const NAME_CHARS: usize = 60;

/// An alarm, in one sentence, with what else changed about then.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct AlarmStory {
    /// The alarm.
    #[serde(flatten)]
    pub alarm: AlarmRow,
    /// What changed, by how much, since when, and how rare such evidence is by chance.
    pub sentence: String,
    /// Other changes about its onset, the nearest first.
    pub also: Vec<AlsoChanged>,
}

/// Another change about the onset of an alarm.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct AlsoChanged {
    /// From this day on; the estimated onset of an alarm.
    pub day: Day,
    /// The process; empty if it concerns several.
    pub process: String,
    /// What changed.
    pub what: String,
    /// The number of its alarm; `None` for a known change, such as a mark or a version.
    pub alarm: Option<i64>,
}

impl AlsoChanged {
    fn words(&self, of: &str) -> String {
        let what = printable(&self.what, NAME_CHARS);
        let whose = match self.process.as_str() {
            "" => String::new(),
            process if process == of => String::new(),
            process => format!("{}: ", printable(process, NAME_CHARS)),
        };
        match self.alarm {
            Some(alarm) => format!("{whose}{what} (about {}, alarm {alarm})", self.day),
            None => format!("{whose}{what} ({})", self.day),
        }
    }
}

impl AlarmStory {
    /// The other changes as one sentence; `None` if there is none.
    pub(crate) fn also_words(&self) -> Option<String> {
        let shown = self.also.iter().take(MOST_IN_A_LINE);
        let shown: Vec<String> = shown.map(|one| one.words(&self.alarm.process)).collect();
        let more = match self.also.len() - shown.len() {
            0 => String::new(),
            more => format!("; and {more} more"),
        };
        let told = shown.join("; ");
        (!shown.is_empty()).then(|| format!("Other changes within {NEAR_DAYS} days: {told}{more}."))
    }
}

/// What alarms are told from.
#[derive(Clone, Debug)]
pub(crate) struct AlarmStories<'a> {
    alarms: &'a [AlarmRow],
    /// Known changes by process, each with the day from which on it holds; and days on which far more cases started or ended
    /// than usual.
    changes: BTreeMap<&'a str, Vec<(Day, String)>>,
    budget: Option<&'a Budget>,
}

impl<'a> AlarmStories<'a> {
    /// From every alarm, and the drift of those processes that are told of.
    pub(crate) fn new(
        alarms: &'a [AlarmRow],
        drifts: impl Iterator<Item = (&'a str, &'a ProcessDrift)>,
        budget: Option<&'a Budget>,
    ) -> AlarmStories<'a> {
        AlarmStories {
            alarms,
            changes: drifts
                .map(|(process, drift)| {
                    let unusual = drift.unusual_days.iter();
                    let unusual = unusual.map(|unusual| (unusual.day, unusual.words()));
                    (
                        process,
                        drift.changes.iter().cloned().chain(unusual).collect(),
                    )
                })
                .collect(),
            budget,
        }
    }

    /// From all that the daemon knows.
    pub(crate) fn of_view(view: &'a DriftView) -> AlarmStories<'a> {
        let drifts = view.processes.iter();
        let drifts = drifts.map(|(process, drift)| (process.as_str(), drift.as_ref()));
        AlarmStories::new(&view.alarms, drifts, view.budget.as_ref())
    }

    /// The story of an alarm.
    pub(crate) fn tell(&self, alarm: &AlarmRow) -> AlarmStory {
        AlarmStory {
            sentence: alarm.sentence(self.years(alarm)),
            also: self.also(alarm),
            alarm: alarm.clone(),
        }
    }

    /// In how many years a process that has not changed gives such evidence once.
    pub(crate) fn years(&self, alarm: &AlarmRow) -> Option<f64> {
        let stream = alarm.stream.parse().ok()?;
        let years =
            |budget: &Budget| budget.years_of_evidence(stream, alarm.raised, alarm.evidence);
        self.budget.map(years)
    }

    /// Other changes about its onset, the nearest first.
    pub(crate) fn also(&self, alarm: &AlarmRow) -> Vec<AlsoChanged> {
        let mut all = self.known_changes(alarm);
        let others = self
            .alarms
            .iter()
            .filter(|other| self.is_news(other, alarm));
        all.extend(others.map(|other| AlsoChanged {
            day: other.onset,
            process: other.process.clone(),
            what: other.what(),
            alarm: Some(other.id),
        }));
        all.sort_by_key(|one| ((one.day - alarm.onset).abs(), one.clone()));
        all
    }

    /// Marks and versions of its processes.
    fn known_changes(&self, alarm: &AlarmRow) -> Vec<AlsoChanged> {
        let mut found: BTreeMap<(Day, &str), Vec<&str>> = BTreeMap::new();
        let about = self.changes.iter();
        for (process, changes) in about.filter(|(process, _)| alarm.is_about(process)) {
            for (day, what) in changes {
                found.entry((*day, what)).or_default().push(process);
            }
        }
        let near = found
            .into_iter()
            .filter(|((day, _), _)| is_near(*day, alarm));
        let told = near.map(|((day, what), processes)| AlsoChanged {
            day,
            process: match processes[..] {
                [process] => process.to_owned(),
                _ => String::new(),
            },
            what: what.to_owned(),
            alarm: None,
        });
        told.collect()
    }

    /// Whether another alarm says something that `alarm` does not: that many processes changed together is said once.
    fn is_news(&self, other: &AlarmRow, alarm: &AlarmRow) -> bool {
        let same = |a: &AlarmRow, b: &AlarmRow| a.id == b.id;
        // The alarm about several processes that it is part of explains it.
        if same(other, alarm)
            || is_part(alarm, other)
            || other.is_withdrawn()
            || !is_near(other.onset, alarm)
        {
            return false;
        }
        let mut causes = self.alarms.iter().filter(|row| !row.processes.is_empty());
        let of_same_process = !other.process.is_empty() && other.process == alarm.process;
        !causes.any(|cause| is_part(other, cause) && (same(cause, alarm) || !of_same_process))
    }
}

fn is_near(day: Day, alarm: &AlarmRow) -> bool {
    (day - alarm.onset).abs() <= NEAR_DAYS
}

/// The days of the stream of an alarm; `None` if its baseline is watched no longer.
pub(crate) fn chart_of<'a>(
    alarm: &AlarmRow,
    drift: &'a ProcessDrift,
    outcomes: &OutcomeNames,
) -> Option<&'a StreamChart> {
    let outcome = |chart: &StreamChart| {
        let name = chart.outcome.and_then(|outcome| outcomes.get(&outcome));
        name.map_or("", String::as_str)
    };
    drift.charts.iter().find(|chart| {
        let covers = chart
            .points
            .first()
            .is_some_and(|point| point.day <= alarm.onset);
        covers && chart.stream.word() == alarm.stream && outcome(chart) == alarm.outcome
    })
}

/// The names of the outcomes that charts are about.
pub(crate) fn outcome_names<'a>(
    drifts: impl Iterator<Item = &'a ProcessDrift>,
    names: &Names,
) -> OutcomeNames {
    let outcomes = drifts.flat_map(|drift| drift.charts.iter().filter_map(|chart| chart.outcome));
    outcomes
        .map(|outcome| (outcome, names.text(outcome).to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: i64, process: &str, onset: i32) -> AlarmRow {
        AlarmRow {
            id,
            process: process.to_owned(),
            stream: "deviation".to_owned(),
            direction: "up".to_owned(),
            onset: Day(onset),
            raised: Day(onset + 5),
            evidence: 1.0,
            ..AlarmRow::default()
        }
    }

    fn drift(changes: &[(i32, &str)]) -> ProcessDrift {
        let changes = changes.iter();
        ProcessDrift {
            changes: changes
                .map(|(day, what)| (Day(*day), (*what).to_owned()))
                .collect(),
            ..ProcessDrift::default()
        }
    }

    #[test]
    fn changes_about_the_onset_are_listed_the_nearest_first() {
        let withdrawn = AlarmRow {
            how: Some("withdrawn".to_owned()),
            ended: Some(Day(120)),
            ..row(5, "b", 100)
        };
        let alarms = [
            row(1, "a", 100),
            row(2, "a", 106),
            row(3, "b", 99),
            row(4, "b", 108),
            withdrawn,
        ];
        let (a, b) = (
            drift(&[(103, "version 2"), (90, "version 1")]),
            drift(&[(100, "of another process")]),
        );
        let drifts = [("a", &a), ("b", &b)];
        let story = AlarmStories::new(&alarms, drifts.into_iter(), None).tell(&alarms[0]);
        let told = story.also_words().unwrap();
        assert_eq!(
            told,
            "Other changes within 7 days: b: more deviation (about 1970-04-10, alarm 3); version 2 (1970-04-14); \
             more deviation (about 1970-04-17, alarm 2)."
        );
        assert_eq!(story.also.len(), 3);
    }

    #[test]
    fn processes_that_changed_together_are_one_other_change() {
        let common = AlarmRow {
            processes: ["a", "b", "c"].map(str::to_owned).to_vec(),
            ..row(9, "", 100)
        };
        let members = ["a", "b", "c"].map(|process| row(1, process, 101));
        let [a, b, c] = members;
        let (b, c) = (AlarmRow { id: 2, ..b }, AlarmRow { id: 3, ..c });
        let alarms = [common, a, b, c, row(4, "d", 103)];
        let stories = AlarmStories::new(&alarms, std::iter::empty(), None);
        let told = |of: &AlarmRow| stories.tell(of).also;
        let others: Vec<Option<i64>> = told(&alarms[0]).iter().map(|one| one.alarm).collect();
        assert_eq!(others, [Some(4)], "not its own processes");
        let others: Vec<Option<i64>> = told(&alarms[1]).iter().map(|one| one.alarm).collect();
        assert_eq!(others, [Some(4)], "what explains it is said beside");
        assert_eq!(told(&alarms[4])[0].what, "more deviation in 3 processes");
    }

    #[test]
    fn a_long_list_is_cut_in_the_line_and_whole_for_programs() {
        let alarms: Vec<AlarmRow> = (1..=9).map(|id| row(id, &format!("p{id}"), 100)).collect();
        let story = AlarmStories::new(&alarms, std::iter::empty(), None).tell(&alarms[0]);
        assert_eq!(story.also.len(), 8);
        let told = story.also_words().unwrap();
        assert!(told.ends_with("; and 3 more."), "{told}");
    }
}
