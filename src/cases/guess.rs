//! Which activities resolve a case, when nobody says so.

use super::case::Case;
use super::executions::with_executions;
use crate::model::{NameId, Names};
use rustc_hash::{FxHashMap, FxHashSet};
use std::borrow::Cow;

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
    // German.
    "geschlossen",
    "gelöst",
    "erledigt",
    "abgeschlossen",
    "behoben",
    "storniert",
    "abgebrochen",
    // French.
    "clos",
    "clôturé",
    "clôturée",
    "résolu",
    "résolue",
    "fermé",
    "fermée",
    "terminé",
    "terminée",
    "annulé",
    // Spanish.
    "cerrado",
    "cerrada",
    "resuelto",
    "resuelta",
    "solucionado",
    "finalizado",
    "finalizada",
    "completado",
    "cancelado",
    "cancelada",
    // Italian.
    "chiuso",
    "chiusa",
    "risolto",
    "risolta",
    "completato",
    "annullato",
    // Portuguese.
    "fechado",
    "fechada",
    "resolvido",
    "resolvida",
    "encerrado",
    "concluído",
    "concluída",
    // Dutch.
    "gesloten",
    "opgelost",
    "afgehandeld",
    "afgesloten",
    "geannuleerd",
    // Polish.
    "zamknięte",
    "zamknięty",
    "zamknięta",
    "rozwiązane",
    "rozwiązany",
    "zakończone",
    "anulowane",
    // Japanese.
    "完了",
    "対応完了",
    "解決",
    "解決済み",
    "解決済",
    "クローズ",
    "終了",
];

/// A candidate is believed if after its last occurrence nothing but the end or another candidate follows, in at least this
/// share of its cases. How often a case goes on after an earlier occurrence does not matter: that is the rework to be found.
const FINAL_SHARE: f64 = 0.8;

/// Whether a name has a word in it that speaks for a resolved state.
pub(crate) fn is_resolution_word(name: &str) -> bool {
    let lower = name.to_lowercase();
    lower
        .split(|c: char| !c.is_alphanumeric())
        .any(|word| WORDS.contains(&word))
}

/// The activities of each process that resolve a case: their names say so, and most of their cases end with one of them.
/// Sorted by name, so it does not depend on the order of cases.
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

/// Candidates after which most cases go on for good.
fn refuted<'a>(
    cases: impl Iterator<Item = &'a Case>,
    candidates: &FxHashMap<NameId, FxHashSet<NameId>>,
) -> Vec<(NameId, NameId)> {
    // (process, activity) -> (cases that have it, of these the ones that end with candidates from its last occurrence on)
    let mut counts: FxHashMap<(NameId, NameId), (u64, u64)> = FxHashMap::default();
    let mut seen: FxHashSet<NameId> = FxHashSet::default();
    for case in cases {
        let process = case.process();
        let Some(activities) = candidates.get(&process).filter(|set| !set.is_empty()) else {
            continue;
        };
        let events = with_executions(Cow::Owned(case.ordered()));
        let mut is_final = true;
        seen.clear();
        for event in events.iter().rev().filter(|event| event.flags.is_step()) {
            is_final &= activities.contains(&event.activity);
            if activities.contains(&event.activity) && seen.insert(event.activity) {
                let count = counts.entry((process, event.activity)).or_default();
                count.0 += 1;
                count.1 += u64::from(is_final);
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
                    cluster: 0,
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
    fn a_resolved_state_that_is_often_left_again_is_one_all_the_same() {
        let mut names = Names::new();
        names.intern("desk");
        let cases: Vec<Case> = (0..20)
            .map(|nth| match nth % 2 {
                0 => case(&mut names, "New,Work,Done,Reopened,Work,Done"),
                _ => case(&mut names, "New,Work,Done"),
            })
            .collect();
        let found = resolved_states(cases.iter(), &names);
        let texts: Vec<&str> = found[0].1.iter().map(|id| names.text(*id)).collect();
        assert_eq!(texts, ["Done"]);
    }

    #[test]
    fn words_are_whole_words() {
        assert!(is_resolution_word("Completed-Closed"));
        assert!(is_resolution_word("status: RESOLVED"));
        assert!(!is_resolution_word("Disclosed"));
    }
}
