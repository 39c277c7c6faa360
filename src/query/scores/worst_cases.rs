//! The cases behind a score: those that deviate most.

use crate::cases::{Cause, Facts, RuleBook, causes, split_key};
use crate::measure::BucketKey;
use crate::model::{Executor, NameId, Names, Origin, Ppm, Time};
use crate::rules::Process;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;

/// One case of those that a score rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CaseBehind {
    /// Its id, as its log has it.
    pub id: String,
    /// The namespace that its id belongs to (the name of its source); empty where there is none.
    pub namespace: String,
    /// First event, RFC 3339; empty if the log has no times.
    pub start: String,
    /// Its end, or its last event where it has none, RFC 3339; empty if the log has no times.
    pub end: String,
    /// How it ended.
    pub outcome: String,
    /// The kind that ran it.
    pub executor: Executor,
    /// Live, or an exercise where those count.
    pub origin: Origin,
    /// Its deviation, 0 (as designed) to 1 (wrong).
    pub deviation: f64,
    /// What makes it deviate, the greatest part first; empty for none.
    pub causes: Vec<Cause>,
}

/// Largest deviation first, then the latest end; ids decide the rest, so that the order of reading does not.
type Rank = (Reverse<Ppm>, Reverse<Time>, String);

/// Which ended cases a score rests on, as the catalog has it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counting {
    /// Exercises as well as live cases.
    exercises: bool,
    /// Only cases whose outcome is confirmed.
    confirmed_only: bool,
}

impl Counting {
    /// Of a process.
    pub(super) fn of(process: &Process) -> Counting {
        Counting {
            exercises: process.exercises_count,
            confirmed_only: process.require_confirmed,
        }
    }

    /// Whether a case is evidence.
    fn counts(self, facts: &Facts) -> bool {
        self.counts_origin(facts.origin)
            && (facts.complete && facts.confirmed || !self.confirmed_only)
    }

    fn counts_origin(self, origin: Origin) -> bool {
        match origin {
            Origin::Live => true,
            Origin::Exercise => self.exercises,
            Origin::Shadow => false,
        }
    }
}

/// Keeps the cases of one process that deviate most, at most so many.
#[derive(Debug)]
pub(super) struct Worst {
    process: NameId,
    counting: Counting,
    most: usize,
    kept: Vec<(Rank, CaseBehind)>,
}

impl Worst {
    /// Of a process, at most so many.
    pub(super) fn new(process: NameId, counting: Counting, most: usize) -> Worst {
        Worst {
            process,
            counting,
            most,
            kept: Vec::new(),
        }
    }

    /// Whether the sums of a bucket are of the process, and of cases that may be evidence.
    pub(super) fn counts_sums(&self, key: &BucketKey) -> bool {
        key.process == self.process && self.counting.counts_origin(key.origin)
    }

    /// Looks at a case that counts ([`crate::measure::Tally::counts`]), by its key.
    pub(super) fn offer(&mut self, key: &str, facts: &Facts, rules: &RuleBook, names: &Names) {
        if facts.process != self.process || !self.counting.counts(facts) {
            return;
        }
        let rank = (Reverse(facts.deviation), Reverse(facts.end), key.to_owned());
        let at = self.kept.partition_point(|(known, _)| *known < rank);
        if at >= self.most {
            return;
        }
        let (namespace, id) = split_key(key);
        let case = CaseBehind {
            id: id.to_owned(),
            namespace: namespace.to_owned(),
            start: known(facts.start),
            end: known(facts.end),
            outcome: names.text(facts.outcome).to_owned(),
            executor: facts.executor,
            origin: facts.origin,
            deviation: facts.deviation.share(),
            causes: causes(facts, rules, names),
        };
        self.kept.insert(at, (rank, case));
        self.kept.truncate(self.most);
    }

    /// The cases, largest deviation first.
    pub(super) fn cases(self) -> Vec<CaseBehind> {
        self.kept.into_iter().map(|(_, case)| case).collect()
    }
}

/// An instant as a text; empty if the log has no times.
fn known(time: Time) -> String {
    if time.is_undated() {
        String::new()
    } else {
        time.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{Catalog, Tolerance};
    use proptest::prelude::*;

    fn some_facts(end: i64, deviation: Ppm) -> Facts {
        use crate::cases::{Case, CaseEvent, EventFlags, EventIn, facts};
        use crate::model::Lifecycle;
        let mut names = Names::new();
        let rules = RuleBook::new(&Catalog::default(), &Tolerance::builtin(), &mut names);
        let mut case = Case::new();
        let event = CaseEvent {
            time: Time(end),
            sequence: 0,
            place: 0,
            identity: 1,
            activity: names.intern("work"),
            outcome: NameId::NONE,
            process: names.intern("p"),
            flags: EventFlags::new(Executor::Ai, Lifecycle::Step, Origin::Live),
        };
        case.insert(
            EventIn {
                event,
                input: 0,
                cluster: 0,
                hands_on: 0,
                version: NameId::NONE,
            },
            10,
        );
        let facts = facts(&case, &rules, &names, None).unwrap();
        Facts { deviation, ..facts }
    }

    #[test]
    fn the_namespace_is_no_part_of_the_id() {
        assert_eq!(split_key("tickets\u{1f}INC-1"), ("tickets", "INC-1"));
        assert_eq!(split_key("INC-1"), ("", "INC-1"));
    }

    #[test]
    fn only_what_counts_as_evidence_is_listed() {
        let mut names = Names::new();
        let rules = RuleBook::new(&Catalog::default(), &Tolerance::builtin(), &mut names);
        let case = |origin, confirmed| Facts {
            process: NameId(2),
            origin,
            confirmed,
            ..some_facts(1, Ppm::ZERO)
        };
        let cases = [
            ("live", case(Origin::Live, false)),
            ("drill", case(Origin::Exercise, false)),
            ("shadow", case(Origin::Shadow, true)),
            ("reviewed", case(Origin::Live, true)),
        ];
        let listed = |exercises, confirmed_only| {
            let counting = Counting {
                exercises,
                confirmed_only,
            };
            let mut worst = Worst::new(NameId(2), counting, 10);
            for (id, facts) in &cases {
                worst.offer(id, facts, &rules, &names);
            }
            let ids: Vec<String> = worst.cases().into_iter().map(|case| case.id).collect();
            ids.join(" ")
        };
        assert_eq!(listed(false, false), "live reviewed");
        assert_eq!(listed(true, false), "drill live reviewed");
        assert_eq!(listed(true, true), "reviewed");
    }

    proptest! {
        #[test]
        fn the_worst_in_whatever_order_they_come(
            cases in proptest::collection::vec((0i64..9, 0u32..4, 0u32..40), 0..40),
            most in 0usize..12,
        ) {
            let mut names = Names::new();
            let rules = RuleBook::new(&Catalog::default(), &Tolerance::builtin(), &mut names);
            let live = Counting::default();
            let (mut forward, mut backward) = (Worst::new(NameId(2), live, most), Worst::new(NameId(2), live, most));
            let offer = |to: &mut Worst, (end, deviation, id): &(i64, u32, u32)| {
                let facts = Facts { process: NameId(2), ..some_facts(*end, Ppm(deviation * 1000)) };
                to.offer(&format!("s\u{1f}{id:02}"), &facts, &rules, &names);
            };
            cases.iter().for_each(|case| offer(&mut forward, case));
            cases.iter().rev().for_each(|case| offer(&mut backward, case));
            let kept = forward.cases();
            prop_assert_eq!(&kept, &backward.cases());
            let mut expected: Vec<_> = cases.iter().map(|(end, d, id)| (Reverse(*d), Reverse(*end), *id)).collect();
            expected.sort();
            expected.truncate(most);
            let ids: Vec<u32> = kept.iter().map(|case| case.id.parse().unwrap()).collect();
            prop_assert_eq!(ids, expected.iter().map(|rank| rank.2).collect::<Vec<_>>());
        }
    }
}
