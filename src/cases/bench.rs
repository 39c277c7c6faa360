//! Cases in a line of text, for tests.

use super::{Case, CaseEvent, EventFlags, EventIn, Facts, RuleBook, facts};
use crate::model::{NameId, Names, Origin, Time, Transition};
use crate::rules::{Catalog, Tolerance};
use std::path::Path;

/// Names and rules that cases of a test are judged by.
pub(super) struct Bench {
    pub(super) names: Names,
    pub(super) rules: RuleBook,
    /// What the mapping adds to every event.
    pub(super) flags: fn(EventFlags) -> EventFlags,
}

pub(super) fn bench(catalog: &str) -> Bench {
    let mut names = Names::new();
    let catalog = Catalog::parse(catalog, Path::new("c.yaml")).unwrap();
    let rules = RuleBook::new(&catalog, &Tolerance::builtin(), &mut names);
    Bench {
        names,
        rules,
        flags: |flags| flags,
    }
}

impl Bench {
    /// A case of process `p` from "second activity[~start|~complete|~other][!end|!reopen][=outcome][@executor][*]";
    /// a star says that it was reviewed.
    pub(super) fn case(&mut self, script: &[&str]) -> Case {
        let mut case = Case::new();
        for (nth, line) in script.iter().enumerate() {
            let (second, rest) = line.split_once(' ').unwrap();
            let reviewed = rest.ends_with('*');
            let rest = rest.trim_end_matches('*');
            let (rest, executor) = rest.split_once('@').unwrap_or((rest, "unknown"));
            let (rest, outcome) = rest.split_once('=').unwrap_or((rest, ""));
            let (rest, lifecycle) = rest.split_once('!').unwrap_or((rest, "step"));
            let (activity, transition) = rest.split_once('~').unwrap_or((rest, ""));
            let flags = EventFlags::new(
                executor.parse().unwrap(),
                lifecycle.parse().unwrap(),
                Origin::Live,
            )
            .with_review(reviewed)
            .with_transition(Transition::of_word(transition));
            let event = CaseEvent {
                time: Time(second.parse::<i64>().unwrap() * 1_000_000),
                sequence: 0,
                place: nth as u64,
                identity: nth as u64 + 1,
                activity: self.names.intern(activity),
                outcome: self.names.intern(outcome),
                process: self.names.intern("p"),
                flags: (self.flags)(flags),
            };
            case.insert(
                EventIn {
                    event,
                    input: 0,
                    cluster: 0,
                    hands_on: 0,
                    version: NameId::NONE,
                },
                100,
            );
        }
        case
    }

    pub(super) fn facts(&mut self, script: &[&str], as_of: Option<i64>) -> Facts {
        let case = self.case(script);
        let as_of = as_of.map(|second| Time(second * 1_000_000));
        facts(&case, &self.rules, &self.names, as_of).unwrap()
    }
}
