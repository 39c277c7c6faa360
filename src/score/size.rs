//! The nominal size of a process, in steps.

use crate::measure::{Baseline, Counts, Sums};
use crate::model::{NameId, Names};
use crate::stats::entropy_bits;
use std::collections::BTreeMap;

/// The parts of a size: `N = L + D + H + sum_sub(c_j * N_j)`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Sizes {
    /// L: mean number of steps per case.
    pub steps: f64,
    /// D: decisions, as the number of further ways that a case could have gone.
    pub decisions: f64,
    /// H: hand-offs between executor kinds per case.
    pub handoffs: f64,
    /// Sum over sub-processes of calls per case times their size.
    pub sub_processes: f64,
}

impl Sizes {
    /// N.
    pub(crate) fn total(&self) -> f64 {
        self.steps + self.decisions + self.handoffs + self.sub_processes
    }
}

/// A cycle among sub-processes: a process that calls itself, however far around, has no size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SizeError<P = NameId> {
    /// The processes on the way around, the first again at the end.
    pub cycle: Vec<P>,
}

/// Events that repeat the activity before them: an update of a ticket, or the second half of a start and a completion.
fn repeated(sums: &Sums) -> i64 {
    let pairs = sums.follows.iter();
    let repeated = pairs.filter(|((activity, next), _)| activity == next);
    repeated.map(|(_, count)| count).sum()
}

/// L, D and H of a process from its sums. `None` while no case has ended.
///
/// D is the sum over activities of visits per case times `2^h - 1`, h the entropy in bits of what comes next: 2^h is
/// the number of equally likely ways on (the perplexity), so an activity that always goes on the same way adds
/// nothing.
pub(crate) fn own_size(sums: &Sums) -> Option<Sizes> {
    if sums.cases <= 0 {
        return None;
    }
    let cases = sums.cases as f64;
    let mut decisions: Vec<f64> = Vec::new();
    let mut followers: Vec<i64> = Vec::new();
    let mut current = None;
    // Names are numbered as they come, and sums of floating-point numbers depend on their order: so by value, twice.
    let mut close = |counts: &mut Vec<i64>| {
        let visits: i64 = counts.iter().sum();
        counts.sort_unstable();
        decisions.push(visits as f64 / cases * (entropy_bits(counts.drain(..)).exp2() - 1.0));
    };
    for ((activity, next), count) in sums.follows.iter() {
        // A row that repeats the state is no step, and nothing was decided there.
        if activity == next {
            continue;
        }
        if current != Some(activity) {
            close(&mut followers);
            current = Some(activity);
        }
        followers.push(count);
    }
    close(&mut followers);
    decisions.sort_unstable_by(f64::total_cmp);
    Some(Sizes {
        steps: (sums.steps - repeated(sums)) as f64 / cases,
        decisions: decisions.iter().sum(),
        handoffs: sums.handoffs as f64 / cases,
        sub_processes: 0.0,
    })
}

/// The sizes of all processes, with those of their sub-processes.
///
/// `own` are the sizes without sub-processes, `calls` the calls per case by (caller, called). A cycle is an error that
/// names it for each process on it or leading to it; the rest have their size.
fn sizes<P: Copy + Ord>(
    own: &BTreeMap<P, Sizes>,
    calls: &BTreeMap<P, Vec<(P, f64)>>,
) -> BTreeMap<P, Result<Sizes, SizeError<P>>> {
    let mut known = BTreeMap::new();
    for process in own.keys() {
        resolve(*process, own, calls, &mut known, &mut Vec::new());
    }
    known
}

/// [`sizes`] in the order of the processes' names: which name has which number depends on the order of the events, and
/// neither the sums nor the way in which a cycle is told may.
pub(super) fn sizes_by_name(
    own: &BTreeMap<NameId, Sizes>,
    calls: &BTreeMap<NameId, Vec<(NameId, f64)>>,
    names: &Names,
) -> BTreeMap<NameId, Result<Sizes, SizeError>> {
    let mut by_name: Vec<NameId> = own.keys().copied().collect();
    by_name.sort_unstable_by_key(|id| names.text(*id));
    let ranks: BTreeMap<NameId, usize> = by_name.iter().copied().zip(0..).collect();
    let ranked = |(caller, called): (&NameId, &Vec<(NameId, f64)>)| {
        let rank = |(id, count): &(NameId, f64)| Some((*ranks.get(id)?, *count));
        let mut called: Vec<(usize, f64)> = called.iter().filter_map(rank).collect();
        called.sort_unstable_by_key(|(rank, _)| *rank);
        Some((*ranks.get(caller)?, called))
    };
    let own = own.iter().map(|(id, size)| (ranks[id], *size)).collect();
    let calls = calls.iter().filter_map(ranked).collect();
    let name = |rank: &usize| by_name[*rank];
    sizes(&own, &calls)
        .into_iter()
        .map(|(rank, size)| {
            let told = |error: SizeError<usize>| SizeError {
                cycle: error.cycle.iter().map(name).collect(),
            };
            (name(&rank), size.map_err(told))
        })
        .collect()
}

fn resolve<P: Copy + Ord>(
    process: P,
    own: &BTreeMap<P, Sizes>,
    calls: &BTreeMap<P, Vec<(P, f64)>>,
    known: &mut BTreeMap<P, Result<Sizes, SizeError<P>>>,
    way: &mut Vec<P>,
) -> Option<Result<Sizes, SizeError<P>>> {
    if let Some(result) = known.get(&process) {
        return Some(result.clone());
    }
    if let Some(from) = way.iter().position(|on_way| *on_way == process) {
        let mut cycle = way[from..].to_vec();
        cycle.push(process);
        return Some(Err(SizeError { cycle }));
    }
    let mut size = *own.get(&process)?;
    way.push(process);
    let mut error = None;
    for (called, per_case) in calls.get(&process).into_iter().flatten() {
        match resolve(*called, own, calls, known, way) {
            Some(Ok(sub)) => size.sub_processes += per_case * sub.total(),
            Some(Err(cycle)) => error = Some(cycle),
            None => {}
        }
    }
    way.pop();
    let result = error.map_or(Ok(size), Err);
    known.insert(process, result.clone());
    Some(result)
}

/// Calls per case by (caller, called): as the cases' links say; where no case of a declared sub-process has a link, all
/// its cases are taken as calls by the declared parent.
pub(super) fn calls_per_case(
    live: &BTreeMap<NameId, Sums>,
    declared_parent: impl Fn(NameId) -> Option<NameId>,
) -> BTreeMap<NameId, Vec<(NameId, f64)>> {
    let mut calls: BTreeMap<NameId, Vec<(NameId, f64)>> = BTreeMap::new();
    for (called, sums) in live {
        let mut linked: Counts<NameId> = sums.called_by.clone();
        if linked.is_empty()
            && let Some(parent) = declared_parent(*called)
        {
            linked.add(parent, sums.cases);
        }
        for (caller, count) in linked.iter() {
            let cases = live.get(&caller).map_or(0, |sums| sums.cases);
            if cases > 0 {
                let per_case = count as f64 / cases as f64;
                calls.entry(caller).or_default().push((*called, per_case));
            }
        }
    }
    calls
}

/// Calls per case over the baselines of the callers; where no case of a declared sub-process has a link, as
/// [`calls_per_case`] takes them.
pub(super) fn nominal_calls(
    baselines: &BTreeMap<NameId, Baseline>,
    live: &BTreeMap<NameId, Sums>,
    now: &BTreeMap<NameId, Vec<(NameId, f64)>>,
) -> BTreeMap<NameId, Vec<(NameId, f64)>> {
    let linked = |called: &NameId| {
        live.get(called)
            .is_some_and(|sums| !sums.called_by.is_empty())
    };
    baselines
        .iter()
        .filter(|(_, baseline)| baseline.sums.cases > 0)
        .map(|(caller, baseline)| {
            let cases = baseline.sums.cases as f64;
            let then = baseline.calls.iter();
            let mut calls: Vec<(NameId, f64)> = then
                .map(|(called, count)| (called, count as f64 / cases))
                .collect();
            let declared = now.get(caller).into_iter().flatten();
            calls.extend(declared.filter(|(called, _)| !linked(called)).copied());
            (*caller, calls)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::END;

    fn size(steps: f64) -> Sizes {
        Sizes {
            steps,
            ..Sizes::default()
        }
    }

    #[test]
    fn a_straight_process_is_as_large_as_its_steps() {
        let mut sums = Sums {
            cases: 10,
            steps: 30,
            ..Sums::default()
        };
        for (from, to) in [(1, NameId(2)), (2, NameId(3)), (3, END)] {
            sums.follows.add((NameId(from), to), 10);
        }
        assert_eq!(own_size(&sums).unwrap().total(), 3.0);
    }

    #[test]
    fn an_even_choice_of_two_adds_one_step() {
        let mut sums = Sums {
            cases: 1000,
            steps: 2000,
            handoffs: 500,
            ..Sums::default()
        };
        sums.follows.add((NameId(1), NameId(2)), 500);
        sums.follows.add((NameId(1), NameId(3)), 500);
        sums.follows.add((NameId(2), END), 500);
        sums.follows.add((NameId(3), END), 500);
        let size = own_size(&sums).unwrap();
        assert_eq!(size.decisions, 1.0);
        assert_eq!(size.total(), 3.5);
        assert!(own_size(&Sums::default()).is_none());
    }

    #[test]
    fn sub_processes_count_as_often_as_they_are_called() {
        let own = BTreeMap::from([(1, size(10.0)), (2, size(4.0)), (3, size(2.0))]);
        let calls = BTreeMap::from([(1, vec![(2, 0.5)]), (2, vec![(3, 2.0)])]);
        let all = sizes(&own, &calls);
        assert_eq!(all[&2].as_ref().unwrap().total(), 8.0);
        assert_eq!(all[&1].as_ref().unwrap().total(), 14.0);
    }

    #[test]
    fn a_cycle_is_named() {
        let own = BTreeMap::from([(1, size(1.0)), (2, size(1.0)), (3, size(1.0))]);
        let calls = BTreeMap::from([(1, vec![(2, 1.0)]), (2, vec![(1, 1.0)])]);
        let all = sizes(&own, &calls);
        assert_eq!(all[&1].clone().unwrap_err().cycle, [1, 2, 1]);
        assert!(all[&3].is_ok());
    }
}
