//! Milestones: what a case reaches once, such as `acknowledged`. The time until then is a stage time.

use regex::{RegexSet, RegexSetBuilder};
use std::sync::LazyLock;

/// So many milestones a process or a mapping can have: their times are kept by hour.
pub(crate) const MOST_MILESTONES: usize = 8;
/// The name of a milestone has at most so many bytes: it is a label of metrics.
const MOST_NAME_BYTES: usize = 64;

/// The milestones that are guessed, in the order in which cases reach them.
pub(crate) const GUESSED: [&str; 3] = ["acknowledged", "contained", "resolved"];

/// The words of each, as a step has them. Only words with one meaning: `assigned` or `in progress` may be what a tool does by itself.
const WORDS: [&str; 3] = [
    "acknowledged|acknowledge|acknowledgement|acknowledgment|acked|ack",
    "contained|contain|containment|isolated|isolate|isolation",
    "resolved|resolve|resolution|closed|close|closure|restored|restore",
];

/// What may stand beside such a word without changing what it says.
const BESIDE: &str = "alerts?|incidents?|tickets?|cases?|issues?|offenses?|threats?|hosts?|endpoints?|devices?|machines?|accounts?|services?|status|state|is|was|set|to|as|the|by|changed|marked|moved|analyst|soc|user|done|completed?|first";
/// The same in the name of a column with a time.
const BESIDE_TIME: &str = "at|on|time|date|datetime|timestamp|ts|utc";

static STEPS: LazyLock<RegexSet> = LazyLock::new(|| patterns(BESIDE));
static COLUMNS: LazyLock<RegexSet> = LazyLock::new(|| patterns(&format!("{BESIDE}|{BESIDE_TIME}")));

fn patterns(beside: &str) -> RegexSet {
    let beside = format!(r"(?:(?:{beside})[\W_]*)*");
    let whole = WORDS.map(|words| format!(r"^[\W_]*{beside}(?:{words})[\W_]*{beside}$"));
    let set = RegexSetBuilder::new(whole).case_insensitive(true).build();
    // The patterns are constant, and a test compiles them.
    set.unwrap_or_else(|_| RegexSet::empty())
}

/// Which of [`GUESSED`] a step reaches by its name.
pub(crate) fn milestone_of_step(activity: &str) -> Option<usize> {
    first_match(&STEPS, activity)
}

/// Which of [`GUESSED`] a column with times is that of, by its name.
pub(crate) fn milestone_of_column(name: &str) -> Option<usize> {
    first_match(&COLUMNS, name)
}

fn first_match(set: &RegexSet, text: &str) -> Option<usize> {
    let is_short = text.len() <= MOST_NAME_BYTES;
    is_short.then(|| set.matches(text).iter().next()).flatten()
}

/// What is wrong with the names of milestones.
pub(crate) fn milestone_problems<'a>(names: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut problems = Vec::new();
    let mut count = 0;
    for name in names {
        count += 1;
        if name.trim().is_empty() || name.len() > MOST_NAME_BYTES || name.trim() != name {
            let rule = "a name has 1 to 64 bytes, without space around it";
            problems.push(format!(
                "`milestones`: `{name}` is no name of a milestone: {rule}"
            ));
        }
    }
    if count > MOST_MILESTONES {
        let rule = "keep those that you look at";
        problems.push(format!(
            "`milestones`: {count} are more than {MOST_MILESTONES}: {rule}"
        ));
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_with_one_meaning() {
        for (activity, milestone) in [
            ("Acknowledged", Some("acknowledged")),
            ("ack", Some("acknowledged")),
            ("Incident acknowledged by analyst", Some("acknowledged")),
            ("alert_acknowledged", Some("acknowledged")),
            ("Containment completed", Some("contained")),
            ("isolate_host", Some("contained")),
            ("HostIsolated", Some("contained")),
            ("Status: Resolved", Some("resolved")),
            ("Close ticket", Some("resolved")),
            ("Service restored", Some("resolved")),
            ("In Progress", None),
            ("Assigned", None),
            ("Triage started", None),
            ("Not acknowledged", None),
            ("Containment started", None),
            ("Unresolved", None),
            ("Disclosed", None),
            ("Resolve anomaly", None),
            ("Reopened", None),
            ("Waiting for closure approval", None),
            ("", None),
        ] {
            let found = milestone_of_step(activity).map(|nth| GUESSED[nth]);
            assert_eq!(found, milestone, "{activity}");
        }
    }

    #[test]
    fn columns_with_a_time() {
        for (name, milestone) in [
            ("acknowledged_at", Some("acknowledged")),
            ("First Acknowledged Time", Some("acknowledged")),
            ("ackTime", Some("acknowledged")),
            ("contained_on", Some("contained")),
            ("resolved_at", Some("resolved")),
            ("resolvedDateTime", Some("resolved")),
            ("Date closed", Some("resolved")),
            ("opened_at", None),
            ("sla_closed_by_bot_x", None),
            ("updated_at", None),
        ] {
            let found = milestone_of_column(name).map(|nth| GUESSED[nth]);
            assert_eq!(found, milestone, "{name}");
        }
    }

    #[test]
    fn names_are_few_and_short() {
        let names = |count: usize| (0..count).map(|n| format!("m{n}")).collect::<Vec<_>>();
        assert!(milestone_problems(names(8).iter()).is_empty());
        assert_eq!(milestone_problems(names(9).iter()).len(), 1);
        let odd = [String::new(), " a".to_owned(), "x".repeat(65)];
        assert_eq!(milestone_problems(odd.iter()).len(), 3);
    }
}
