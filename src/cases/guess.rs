//! Which activities resolve a case, when nobody says so.

use super::case::Case;
use crate::model::{NameId, Names};
use rustc_hash::{FxHashMap, FxHashSet};

/// Words in the name of an activity that speak for a resolved state.
const WORDS: &[&str] = &[
    "closed",
    "close",
    "resolved",
    "resolve",
    "done",
    "completed",
    "cancelled",
    "canceled",
    "solved",
    "verified",
];

/// A candidate is believed if at least this share of its occurrences is followed by the end or by another candidate.
const FINAL_SHARE: f64 = 0.8;

/// Whether a name has a word in it that speaks for a resolved state.
pub(crate) fn is_resolution_word(name: &str) -> bool {
    let lower = name.to_lowercase();
    lower
        .split(|c: char| !c.is_alphanumeric())
        .any(|word| WORDS.contains(&word))
}

/// The activities of each process that resolve a case: their names say so, and nearly nothing but the end or another one
/// of them follows. Sorted by name, so it does not depend on the order of cases.
pub fn resolved_states<'a>(
    cases: impl Iterator<Item = &'a Case> + Clone,
    names: &Names,
) -> Vec<(NameId, Vec<NameId>)> {
    let mut candidates: FxHashMap<NameId, FxHashSet<NameId>> = FxHashMap::default();
    for case in cases.clone() {
        let process = case.process();
        for event in case.events() {
            candidates
                .entry(process)
                .or_default()
                .insert(event.activity);
        }
    }
    for activities in candidates.values_mut() {
        activities.retain(|id| is_resolution_word(names.text(*id)));
    }
    loop {
        let refuted = refuted(cases.clone(), &candidates);
        if refuted.is_empty() {
            break;
        }
        for (process, activity) in refuted {
            candidates.entry(process).or_default().remove(&activity);
        }
    }
    let mut found: Vec<(NameId, Vec<NameId>)> = candidates
        .into_iter()
        .filter(|(_, activities)| !activities.is_empty())
        .map(|(process, activities)| {
            let mut activities: Vec<NameId> = activities.into_iter().collect();
            activities.sort_by_key(|id| names.text(*id));
            (process, activities)
        })
        .collect();
    found.sort_by_key(|(process, _)| names.text(*process));
    found
}

/// Candidates that too often are followed by something else.
fn refuted<'a>(
    cases: impl Iterator<Item = &'a Case>,
    candidates: &FxHashMap<NameId, FxHashSet<NameId>>,
) -> Vec<(NameId, NameId)> {
    // (process, activity) -> (occurrences, of these final)
    let mut counts: FxHashMap<(NameId, NameId), (u64, u64)> = FxHashMap::default();
    for case in cases {
        let process = case.process();
        let Some(activities) = candidates.get(&process).filter(|set| !set.is_empty()) else {
            continue;
        };
        let events = case.ordered();
        for (nth, event) in events.iter().enumerate() {
            if activities.contains(&event.activity) {
                let next = events.get(nth + 1);
                let last = next.is_none_or(|next| activities.contains(&next.activity));
                let count = counts.entry((process, event.activity)).or_default();
                count.0 += 1;
                count.1 += u64::from(last);
            }
        }
    }
    counts
        .into_iter()
        .filter(|(_, (all, last))| (*last as f64) < FINAL_SHARE * *all as f64)
        .map(|(key, _)| key)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::{CaseEvent, EventFlags, EventIn};
    use crate::model::Time;

    fn case(names: &mut Names, path: &str) -> Case {
        let mut case = Case::new();
        for (nth, activity) in path.split(',').enumerate() {
            let event = CaseEvent {
                time: Time(nth as i64),
                sequence: 0,
                place: nth as u64,
                identity: nth as u64,
                activity: names.intern(activity),
                outcome: NameId::NONE,
                process: NameId(1),
                flags: EventFlags::default(),
            };
            case.insert(
                EventIn {
                    event,
                    input: 0,
                    hands_on: 0,
                    version: NameId::NONE,
                },
                100,
            );
        }
        case
    }

    #[test]
    fn names_propose_and_the_data_dispose() {
        let mut names = Names::new();
        names.intern("desk");
        let mut cases: Vec<Case> = (0..20)
            .map(|_| {
                case(
                    &mut names,
                    "Open,Resolve anomaly,Work,Resolve ticket,Closed",
                )
            })
            .collect();
        cases.push(case(&mut names, "Open,Resolve ticket,Work,Closed"));
        let found = resolved_states(cases.iter(), &names);
        assert_eq!(found.len(), 1);
        let texts: Vec<&str> = found[0].1.iter().map(|id| names.text(*id)).collect();
        assert_eq!(texts, ["Closed", "Resolve ticket"]);
    }

    #[test]
    fn words_are_whole_words() {
        assert!(is_resolution_word("Completed-Closed"));
        assert!(is_resolution_word("status: RESOLVED"));
        assert!(!is_resolution_word("Disclosed"));
    }
}
