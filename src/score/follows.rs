//! What follows what: the most frequent pairs exactly, the rest in one sum.

use super::process_score::{DirectlyFollows, Edge};
use crate::measure::{END, Sums};
use crate::model::{NameId, Names};
use std::collections::BTreeMap;

/// Pairs that are told one by one.
const MOST_EDGES: usize = 200;

/// The directly-follows graph of the ended cases, starts and ends of cases among its edges.
pub(super) fn directly_follows(sums: &Sums, names: &Names) -> DirectlyFollows {
    let name = |id: NameId| (id != END).then(|| names.text(id).to_owned());
    let mut arrivals: BTreeMap<NameId, i64> = BTreeMap::new();
    for ((from, to), count) in sums.follows.iter() {
        *arrivals.entry(from).or_default() += count;
        if to != END {
            *arrivals.entry(to).or_default() -= count;
        }
    }
    // What is left of the visits after all arrivals from other steps: cases began there.
    let starts = arrivals
        .into_iter()
        .filter(|(_, starts)| *starts > 0)
        .map(|(activity, count)| Edge {
            from: None,
            to: name(activity),
            count,
        });
    let follows = sums.follows.iter().map(|((from, to), count)| Edge {
        from: name(from),
        to: name(to),
        count,
    });
    let mut edges: Vec<Edge> = starts.chain(follows).collect();
    edges.sort_unstable_by(|a, b| {
        let order = |edge: &Edge| (edge.from.clone(), edge.to.clone());
        b.count.cmp(&a.count).then_with(|| order(a).cmp(&order(b)))
    });
    let others = edges.split_off(edges.len().min(MOST_EDGES));
    DirectlyFollows {
        edges,
        other_edges: others.len(),
        other_count: others.iter().map(|edge| edge.count).sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_is_counted_and_nothing_is_lost() {
        let mut names = Names::new();
        let mut sums = Sums::default();
        let first = names.intern("first");
        let mut all = 0;
        for n in 0..300 {
            let id = names.intern(&format!("step {n}"));
            sums.follows.add((first, id), n + 1);
            sums.follows.add((id, END), n + 1);
            all += n + 1;
        }
        let graph = directly_follows(&sums, &names);
        assert_eq!(graph.edges.len(), MOST_EDGES);
        assert_eq!(graph.edges[0].count, all);
        assert_eq!(
            (graph.edges[0].from.as_deref(), graph.edges[0].to.as_deref()),
            (None, Some("first"))
        );
        let told: i64 = graph.edges.iter().map(|edge| edge.count).sum();
        assert_eq!(told + graph.other_count, 3 * all);
        assert_eq!(graph.other_edges, 601 - MOST_EDGES);
    }
}
