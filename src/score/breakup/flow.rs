//! The transitions of a process as a graph: which of them are structure, and which are noise.

use crate::measure::END;
use crate::model::{NameId, Names};
use crate::stats::entropy_bits;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

/// A place in the graph: [`START`], an activity from 1 on in the order of the names, or the end after the last one.
pub(super) type Node = usize;
/// Where cases begin.
pub(super) const START: Node = 0;

/// At most this share of the transitions is left out as noise.
const NOISE_SHARE: f64 = 0.05;
/// What happens at least once in so many cases is no noise, and more often than that no rare exception.
pub(super) const USUAL_CASES: i64 = 5;

/// All transitions of the ended cases of a process. Activities are numbered by their names: the numbers of names depend on
/// the order of events, and nothing here may.
pub(super) struct Flow {
    /// Ended cases.
    pub cases: i64,
    /// How often each activity was visited; 0 for start and end.
    pub visits: Vec<i64>,
    /// What each activity adds to D, summed over its visits: visits times `2^h - 1`.
    pub decisions: Vec<f64>,
    /// From, to, how often; ascending, each pair once.
    pub edges: Vec<(Node, Node, i64)>,
    by_text: BTreeMap<String, Node>,
}

impl Flow {
    /// From directly-follows counts; a case that ends has [`END`] as its last follower. Counts below 1 are passed over,
    /// and so is what repeats an activity: that is no step.
    pub(super) fn new(cases: i64, follows: &[((NameId, NameId), i64)], names: &Names) -> Flow {
        let seen = || {
            follows
                .iter()
                .copied()
                .filter(|((from, to), count)| *from != END && from != to && *count > 0)
        };
        let activities = seen()
            .flat_map(|((from, to), _)| [from, to])
            .filter(|id| *id != END);
        let mut by_text: BTreeMap<String, Node> = activities
            .map(|id| (names.text(id).to_owned(), START))
            .collect();
        for (node, (_, slot)) in (1..).zip(by_text.iter_mut()) {
            *slot = node;
        }
        let end = by_text.len() + 1;
        let node = |id: NameId| match id {
            END => end,
            id => by_text.get(names.text(id)).copied().unwrap_or(end),
        };
        let mut counts: BTreeMap<(Node, Node), i64> = BTreeMap::new();
        for ((from, to), count) in seen() {
            *counts.entry((node(from), node(to))).or_default() += count;
        }
        let (mut visits, mut arrivals) = (vec![0; end + 1], vec![0; end + 1]);
        for ((from, to), count) in &counts {
            visits[*from] += count;
            arrivals[*to] += count;
        }
        for activity in 1..end {
            let starts = visits[activity] - arrivals[activity];
            if starts > 0 {
                counts.insert((START, activity), starts);
            }
        }
        let decisions = decisions(&visits, &counts);
        let edges = counts
            .into_iter()
            .map(|((from, to), n)| (from, to, n))
            .collect();
        Flow {
            cases,
            visits,
            decisions,
            edges,
            by_text,
        }
    }

    /// Where cases end.
    pub(super) fn end(&self) -> Node {
        self.visits.len() - 1
    }

    /// The place of an activity, if it was visited.
    pub(super) fn find(&self, name: &str) -> Option<Node> {
        self.by_text.get(name).copied()
    }

    /// The names of the activities, in order.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        self.by_text.keys().map(String::as_str)
    }

    /// The graph of what is usual.
    ///
    /// A transition is left out as noise if it lies among the rarest, which together make up at most 5 % of all
    /// transitions, and happened once only or in fewer than one of five cases. Equally frequent ones are left out
    /// together or not at all. An activity all of whose transitions are noise is left out with them. For every other one
    /// the widest way from the start and to the end is kept, noise or not, so that the graph stays connected. So filters
    /// Augusto, Conforti, Dumas, La Rosa, Polyvyanyy (2019), "Split miner: automated discovery of accurate and simple
    /// business process models from event logs", by the capacity of ways; the limits are this program's own.
    pub(super) fn usual(&self) -> Usual {
        let rarest = self.noise_limit();
        let end = self.end();
        let mut kept: Vec<bool> = self
            .edges
            .iter()
            .map(|(from, to, count)| from != to && *count > rarest)
            .collect();
        let (incoming, outgoing) = (self.widest(false), self.widest(true));
        let mut waiting: Vec<Node> = Vec::new();
        let mut inside = vec![false; end + 1];
        for (at, (from, to, _)) in self.edges.iter().enumerate() {
            if kept[at] {
                waiting.extend([*from, *to]);
            }
        }
        while let Some(node) = waiting.pop() {
            if std::mem::replace(&mut inside[node], true) {
                continue;
            }
            for at in [incoming[node], outgoing[node]].into_iter().flatten() {
                kept[at] = true;
                waiting.extend([self.edges[at].0, self.edges[at].1]);
            }
        }
        Usual::new(self, &kept)
    }

    /// Transitions of this count and rarer ones are noise.
    fn noise_limit(&self) -> i64 {
        let mut by_count: BTreeMap<i64, i64> = BTreeMap::new();
        let mut all = 0;
        for (from, to, count) in &self.edges {
            all += count;
            if from != to {
                *by_count.entry(*count).or_default() += count;
            }
        }
        let (mut sum, mut limit) = (0, 0);
        for (count, together) in by_count {
            sum += together;
            let is_usual = count > 1 && count.saturating_mul(USUAL_CASES) >= self.cases;
            if is_usual || sum as f64 > all as f64 * NOISE_SHARE {
                break;
            }
            limit = count;
        }
        limit
    }

    /// For each node the last transition of its widest way from the start (or, backwards, the first of its widest way to the
    /// end): the way whose rarest transition is the most frequent (Pollack 1960, "The maximum capacity through a
    /// network"). `None` where no way leads.
    fn widest(&self, backwards: bool) -> Vec<Option<usize>> {
        let turned = |at: usize| {
            let (from, to, _) = self.edges[at];
            if backwards { (to, from) } else { (from, to) }
        };
        let mut leaving: Vec<Vec<usize>> = vec![Vec::new(); self.visits.len()];
        for at in 0..self.edges.len() {
            leaving[turned(at).0].push(at);
        }
        let mut best: Vec<Option<usize>> = vec![None; self.visits.len()];
        let mut done = vec![false; self.visits.len()];
        let root = if backwards { self.end() } else { START };
        let mut reached = BinaryHeap::from([(i64::MAX, Reverse(root), None)]);
        while let Some((width, Reverse(node), by)) = reached.pop() {
            if std::mem::replace(&mut done[node], true) {
                continue;
            }
            best[node] = by.map(|Reverse(at)| at);
            for at in &leaving[node] {
                let next = turned(*at).1;
                if !done[next] {
                    let width = width.min(self.edges[*at].2);
                    reached.push((width, Reverse(next), Some(Reverse(*at))));
                }
            }
        }
        best
    }
}

fn decisions(visits: &[i64], counts: &BTreeMap<(Node, Node), i64>) -> Vec<f64> {
    let mut followers: Vec<Vec<i64>> = vec![Vec::new(); visits.len()];
    for ((from, _), count) in counts {
        followers[*from].push(*count);
    }
    followers[START].clear();
    let ways = |counts: Vec<i64>| entropy_bits(counts).exp2() - 1.0;
    visits
        .iter()
        .zip(followers)
        .map(|(visits, counts)| *visits as f64 * ways(counts))
        .collect()
}

/// The graph of what is usual, and where the rest belongs.
pub(super) struct Usual {
    /// Usual ways on, the most frequent last.
    pub next: Vec<Vec<Node>>,
    /// The activity that each one belongs to: itself if it is in the graph; for a rare one that in the graph with which it
    /// has most to do; `None` where there is none.
    pub owner: Vec<Option<Node>>,
    /// Steps of each activity with the rare ones that belong to it.
    pub steps: Vec<i64>,
    /// The same for decisions.
    pub decisions: Vec<f64>,
    /// All transitions between owners, also those that were left out of the graph; what has no owner is outside, at start
    /// or end.
    pub edges: Vec<(Node, Node, i64)>,
    /// Share of the transitions that were left out of the graph, in \[0, 1\].
    pub left_out: f64,
}

impl Usual {
    fn new(flow: &Flow, kept: &[bool]) -> Usual {
        let end = flow.end();
        let mut next: Vec<Vec<Node>> = vec![Vec::new(); end + 1];
        let mut by_count: Vec<&(Node, Node, i64)> = flow
            .edges
            .iter()
            .zip(kept)
            .filter(|(_, kept)| **kept)
            .map(|(edge, _)| edge)
            .collect();
        by_count.sort_by_key(|(from, to, count)| (*count, Reverse((*from, *to))));
        for (from, to, _) in by_count {
            next[*from].push(*to);
        }
        let owner = owners(flow, &mut next);
        let mut usual = Usual {
            steps: vec![0; end + 1],
            decisions: vec![0.0; end + 1],
            edges: Vec::new(),
            left_out: 0.0,
            owner,
            next,
        };
        usual.collapse(flow);
        usual
    }

    fn collapse(&mut self, flow: &Flow) {
        let end = flow.end();
        for node in 1..end {
            if let Some(owner) = self.owner[node] {
                self.steps[owner] += flow.visits[node];
                self.decisions[owner] += flow.decisions[node];
            }
        }
        let mut counts: BTreeMap<(Node, Node), i64> = BTreeMap::new();
        let (mut all, mut followed) = (0, 0);
        for (from, to, count) in &flow.edges {
            all += count;
            followed += if from == to || self.next[*from].contains(to) {
                *count
            } else {
                0
            };
            let from = self.owner[*from].unwrap_or(START);
            let to = self.owner[*to].unwrap_or(end);
            if from != to {
                *counts.entry((from, to)).or_default() += count;
            }
        }
        if all > 0 {
            self.left_out = (all - followed) as f64 / all as f64;
        }
        self.edges = counts
            .into_iter()
            .map(|((from, to), n)| (from, to, n))
            .collect();
    }
}

/// Who belongs to whom. Takes out of the graph what has no way from the start or to the end (which counts of whole cases do
/// not have).
fn owners(flow: &Flow, next: &mut [Vec<Node>]) -> Vec<Option<Node>> {
    let end = flow.end();
    let mut before: Vec<Vec<Node>> = vec![Vec::new(); end + 1];
    for (from, ways) in next.iter().enumerate() {
        for to in ways {
            before[*to].push(from);
        }
    }
    let (from_start, to_end) = (reached(START, next), reached(end, &before));
    let is_in = |node: Node| from_start[node] && to_end[node];
    for (from, ways) in next.iter_mut().enumerate() {
        ways.retain(|to| is_in(from) && is_in(*to));
    }
    let mut owner: Vec<Option<Node>> = (0..=end).map(|node| is_in(node).then_some(node)).collect();
    (owner[START], owner[end]) = (Some(START), Some(end));
    loop {
        let mut ties: Vec<BTreeMap<Node, i64>> = vec![BTreeMap::new(); end + 1];
        for (from, to, count) in &flow.edges {
            for (one, other) in [(*from, *to), (*to, *from)] {
                if let (None, Some(host)) = (owner[one], owner[other])
                    && host != START
                    && host != end
                {
                    *ties[one].entry(host).or_default() += count;
                }
            }
        }
        let mut found = false;
        for (node, hosts) in ties.into_iter().enumerate() {
            let closest = hosts
                .into_iter()
                .max_by_key(|(host, count)| (*count, Reverse(*host)));
            if let Some((host, _)) = closest {
                owner[node] = Some(host);
                found = true;
            }
        }
        if !found {
            return owner;
        }
    }
}

/// What can be reached from a node.
fn reached(root: Node, next: &[Vec<Node>]) -> Vec<bool> {
    let mut seen = vec![false; next.len()];
    let mut waiting = vec![root];
    while let Some(node) = waiting.pop() {
        if !std::mem::replace(&mut seen[node], true) {
            waiting.extend(&next[node]);
        }
    }
    seen
}
