//! The order in a process: what every case passes, what lies between, and where that can be cut.

use super::dominators::Dominators;
use super::flow::{Node, START, USUAL_CASES, Usual};
use std::collections::BTreeMap;

/// What came back this rarely may be chance, however few the cases are.
const FEW_RETURNS: i64 = 2;

/// The transitions at each node, those left out of the graph included.
pub(super) struct Around {
    /// From where, how often.
    pub incoming: Vec<Vec<(Node, i64)>>,
    /// To where, how often.
    pub outgoing: Vec<Vec<(Node, i64)>>,
}

impl Around {
    /// Of every node.
    pub(super) fn new(usual: &Usual) -> Around {
        let nothing: Vec<Vec<(Node, i64)>> = vec![Vec::new(); usual.next.len()];
        let mut around = Around {
            incoming: nothing.clone(),
            outgoing: nothing,
        };
        for (from, to, count) in &usual.edges {
            around.incoming[*to].push((*from, *count));
            around.outgoing[*from].push((*to, *count));
        }
        around
    }
}

/// Between two neighbouring positions of a chain.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// The position before it.
    pub after: usize,
    /// Usual transitions that lead over it.
    pub ways: usize,
    /// Whether so few cases come back over it or go around it that it can be a cut.
    pub holds: bool,
    /// Whether those that come back are too many already.
    pub is_returned_over: bool,
}

/// A transition that leads back.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Return {
    /// From this activity.
    pub from: Node,
    /// To that one.
    pub to: Node,
    /// So often.
    pub count: i64,
    /// Over so many places that can't be cut.
    pub places: usize,
}

impl Return {
    fn weight(self) -> i64 {
        self.count.saturating_mul(self.places as i64)
    }
}

/// The nodes of a stretch along the activities that every case passes: the n-th of these has position 2n, and what can
/// happen between it and the next one 2n + 1.
pub(super) struct Chain {
    /// By node.
    pub position: BTreeMap<Node, usize>,
    /// Activities that every usual case passes.
    pub passed_by_all: Vec<Node>,
    /// In the order of the way.
    pub nodes: Vec<Node>,
    /// Where it could be cut if not too many cases came back.
    pub places: Vec<Place>,
}

impl Chain {
    /// Of a stretch that is entered so often.
    pub(super) fn new(usual: &Usual, stretch: &[Node], around: &Around, entries: i64) -> Chain {
        let local = Local::new(usual, stretch);
        let dominators = Dominators::new(&local.next);
        let passed = dominators.chain(local.end());
        let mut at: Vec<Option<usize>> = vec![None; local.next.len()];
        for (nth, node) in passed.iter().enumerate() {
            at[*node] = Some(2 * nth);
        }
        for node in &dominators.order {
            if at[*node].is_none() {
                // Its dominator comes before it in this order, and has its position.
                at[*node] = dominators.of[*node]
                    .and_then(|above| at[above])
                    .map(|position| position | 1);
            }
        }
        let mut nodes: Vec<(usize, Node)> = dominators
            .order
            .iter()
            .filter_map(|node| Some((at[*node]?, local.global(*node)?)))
            .collect();
        nodes.sort_by_key(|(position, _)| *position);
        let mut chain = Chain {
            position: nodes.iter().map(|(at, node)| (*node, *at)).collect(),
            passed_by_all: passed
                .iter()
                .filter_map(|node| local.global(*node))
                .collect(),
            nodes: nodes.into_iter().map(|(_, node)| node).collect(),
            places: Vec::new(),
        };
        let few = (entries / USUAL_CASES).max(FEW_RETURNS);
        let ways = local.ways_over(&at);
        chain.places = chain.find_places(&ways, &chain.traffic(around), few);
        chain
    }

    /// After every position that has activities, but the last.
    fn find_places(&self, ways: &[i64], traffic: &Traffic, few: i64) -> Vec<Place> {
        let mut occupied: Vec<usize> = self.position.values().copied().collect();
        occupied.sort_unstable();
        occupied.dedup();
        let between = occupied.windows(2).map(|pair| {
            let (after, before) = (pair[0], pair[1]);
            let returns = traffic.returns[after];
            Place {
                after,
                ways: ways[after].unsigned_abs() as usize,
                holds: returns + traffic.around(after, before) <= few,
                is_returned_over: returns > few,
            }
        });
        between.collect()
    }

    /// All transitions from or to the stretch along its positions, those left out of the graph included.
    fn traffic(&self, around: &Around) -> Traffic {
        let last = 2 * (self.passed_by_all.len() + 1);
        let mut traffic = Traffic::new(last);
        for (node, here) in &self.position {
            for (to, count) in &around.outgoing[*node] {
                traffic.add(*here, *self.position.get(to).unwrap_or(&last), *count);
            }
            for (from, count) in &around.incoming[*node] {
                if !self.position.contains_key(from) {
                    traffic.add(0, *here, *count);
                }
            }
        }
        traffic.returns = sums(traffic.returns);
        traffic.forth = sums(traffic.forth);
        traffic
    }

    /// The smallest stretches between cuts, and the cut before each but the first.
    pub(super) fn atoms(&self) -> Vec<(Stretch, Option<Place>)> {
        let mut cuts = self.places.iter().filter(|place| place.holds).peekable();
        let mut atoms: Vec<(Stretch, Option<Place>)> = Vec::new();
        for node in &self.nodes {
            let position = self.position[node];
            let mut crossed = None;
            while let Some(cut) = cuts.next_if(|cut| cut.after < position) {
                crossed = Some(*cut);
            }
            match atoms.last_mut() {
                Some((atom, _)) if crossed.is_none() => atom.push(*node),
                _ => atoms.push((vec![*node], crossed)),
            }
        }
        atoms
    }

    /// The transition back that does most to take places to cut away: by its count times the places.
    pub(super) fn worst_return(&self, around: &Around) -> Option<Return> {
        let removed = |here: usize, there: usize| {
            let over =
                |place: &&Place| place.is_returned_over && (there..here).contains(&place.after);
            self.places.iter().filter(over).count()
        };
        let mut worst: Option<Return> = None;
        for (from, here) in &self.position {
            for (to, count) in &around.outgoing[*from] {
                let Some(there) = self.position.get(to).filter(|there| *there < here) else {
                    continue;
                };
                let back = Return {
                    from: *from,
                    to: *to,
                    count: *count,
                    places: removed(*here, *there),
                };
                if back.weight() > worst.map_or(0, |known| known.weight()) {
                    worst = Some(back);
                }
            }
        }
        worst
    }
}

/// How often cases go along the positions of a chain.
struct Traffic {
    /// Backwards over the place after each position.
    returns: Vec<i64>,
    /// Forwards over it.
    forth: Vec<i64>,
    /// Forwards from each position.
    leaving: Vec<i64>,
    /// Forwards to it.
    arriving: Vec<i64>,
}

impl Traffic {
    fn new(last: usize) -> Traffic {
        let nothing = vec![0; last + 1];
        Traffic {
            returns: nothing.clone(),
            forth: nothing.clone(),
            leaving: nothing.clone(),
            arriving: nothing,
        }
    }

    /// Counts changes at first; running sums make them what the fields say.
    fn add(&mut self, here: usize, there: usize, count: i64) {
        if here < there {
            self.forth[here] += count;
            self.forth[there] -= count;
            self.leaving[here] += count;
            self.arriving[there] += count;
        } else {
            self.returns[there] += count;
            self.returns[here] -= count;
        }
    }

    /// How often cases went on over the place between two positions without the one activity that should see them all:
    /// that before it, which is left, or that behind it, which is arrived at.
    fn around(&self, after: usize, before: usize) -> i64 {
        let without = |seen: i64| self.forth[after] - seen;
        let left = is_single(after).then(|| without(self.leaving[after]));
        let arrived_at = is_single(before).then(|| without(self.arriving[before]));
        let least = left.into_iter().chain(arrived_at).min();
        least.unwrap_or(self.forth[after])
    }
}

/// Whether a position has one activity, which every case passes.
pub(super) fn is_single(position: usize) -> bool {
    position.is_multiple_of(2)
}

/// Running sums.
fn sums(changes: Vec<i64>) -> Vec<i64> {
    changes
        .into_iter()
        .scan(0, |sum, change| {
            *sum += change;
            Some(*sum)
        })
        .collect()
}

/// A stretch of the graph that is entered at one place and left at one place, in the order of the way.
pub(super) type Stretch = Vec<Node>;

/// A stretch as a graph of its own: what lies outside is its start and its end.
struct Local {
    next: Vec<Vec<Node>>,
    members: Stretch,
}

impl Local {
    fn new(usual: &Usual, stretch: &[Node]) -> Local {
        let number: BTreeMap<Node, Node> = stretch.iter().copied().zip(1..).collect();
        let end = stretch.len() + 1;
        let mut next: Vec<Vec<Node>> = vec![Vec::new(); end + 1];
        for (from, ways) in usual.next.iter().enumerate() {
            let inside = number.get(&from).copied();
            for to in ways {
                match (inside, number.get(to).copied()) {
                    (Some(from), to) => next[from].push(to.unwrap_or(end)),
                    (None, Some(to)) => next[START].push(to),
                    (None, None) => {}
                }
            }
        }
        Local {
            next,
            members: stretch.to_vec(),
        }
    }

    fn end(&self) -> Node {
        self.next.len() - 1
    }

    /// The number of a node in the whole graph; `None` for start and end.
    fn global(&self, node: Node) -> Option<Node> {
        self.members.get(node.checked_sub(1)?).copied()
    }

    /// How many transitions lead on over the place after each position.
    fn ways_over(&self, at: &[Option<usize>]) -> Vec<i64> {
        let last = at[self.end()].unwrap_or(0);
        let mut changes = vec![0; last + 1];
        for (from, ways) in self.next.iter().enumerate() {
            for to in ways {
                if let (Some(here), Some(there)) = (at[from], at[*to])
                    && here < there
                {
                    changes[here] += 1;
                    changes[there] -= 1;
                }
            }
        }
        sums(changes)
    }
}
