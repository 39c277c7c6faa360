//! Dominators: what every way from the start to a node passes.

use super::flow::{Node, START};

/// The nodes that can be reached from [`START`], each after what its ways on go back to (reverse post-order of a depth-first
/// search that leaves the last of the ways on for last, so that it comes first), and their immediate dominators.
pub(super) struct Dominators {
    /// Reverse post-order.
    pub order: Vec<Node>,
    /// Immediate dominator; of the start itself; `None` for what can't be reached.
    pub of: Vec<Option<Node>>,
}

impl Dominators {
    /// Cooper, Harvey, Kennedy (2001), "A simple, fast dominance algorithm".
    pub(super) fn new(next: &[Vec<Node>]) -> Dominators {
        let order = reverse_post_order(next);
        let mut rank = vec![usize::MAX; next.len()];
        let mut before: Vec<Vec<Node>> = vec![Vec::new(); next.len()];
        for (at, node) in order.iter().enumerate() {
            rank[*node] = at;
            for to in &next[*node] {
                before[*to].push(*node);
            }
        }
        let mut of: Vec<Option<Node>> = vec![None; next.len()];
        of[START] = Some(START);
        let mut changed = true;
        while changed {
            changed = false;
            for node in order.iter().skip(1) {
                let known = before[*node].iter().filter(|from| of[**from].is_some());
                let joined = known.copied().reduce(|a, b| meet(a, b, &of, &rank));
                if of[*node] != joined {
                    of[*node] = joined;
                    changed = true;
                }
            }
        }
        Dominators { order, of }
    }

    /// What every way to a node passes, from the start to the node itself; empty if it can't be reached.
    pub(super) fn chain(&self, node: Node) -> Vec<Node> {
        let mut chain = Vec::new();
        let mut at = node;
        while let Some(above) = self.of[at] {
            chain.push(at);
            if above == at {
                break;
            }
            at = above;
        }
        chain.reverse();
        chain
    }
}

/// The nearest common dominator of two nodes whose dominators are known.
fn meet(mut a: Node, mut b: Node, of: &[Option<Node>], rank: &[usize]) -> Node {
    while a != b {
        // The one further from the start goes up.
        if rank[a] < rank[b] {
            std::mem::swap(&mut a, &mut b);
        }
        a = of[a].unwrap_or(START);
    }
    a
}

fn reverse_post_order(next: &[Vec<Node>]) -> Vec<Node> {
    let mut order = Vec::new();
    let mut seen = vec![false; next.len()];
    seen[START] = true;
    let mut way = vec![(START, 0)];
    while let Some((node, tried)) = way.pop() {
        match next[node].get(tried) {
            None => order.push(node),
            Some(to) => {
                way.push((node, tried + 1));
                if !std::mem::replace(&mut seen[*to], true) {
                    way.push((*to, 0));
                }
            }
        }
    }
    order.reverse();
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The irreducible graph of figure 4 of the paper: every node but the root is dominated by the root alone.
    #[test]
    fn the_figure_of_the_paper() {
        let next = vec![
            vec![1, 2],
            vec![3],
            vec![4, 5],
            vec![4],
            vec![3, 5],
            vec![4],
        ];
        let dominators = Dominators::new(&next);
        assert_eq!(dominators.of, [Some(0); 6]);
    }

    /// By the definition: a node is dominated by what it can't be reached without.
    fn is_reached_without(next: &[Vec<Node>], node: Node, without: Node) -> bool {
        let mut seen = vec![false; next.len()];
        let mut waiting = vec![START];
        while let Some(at) = waiting.pop() {
            if at != without && !std::mem::replace(&mut seen[at], true) {
                waiting.extend(&next[at]);
            }
        }
        seen[node]
    }

    proptest! {
        #[test]
        fn as_by_the_definition(edges in proptest::collection::vec((0usize..9, 0usize..9), 0..25)) {
            let mut next = vec![Vec::new(); 9];
            for (from, to) in edges {
                next[from].push(to);
            }
            let dominators = Dominators::new(&next);
            for node in 0..9 {
                let chain = dominators.chain(node);
                prop_assert_eq!(chain.is_empty(), !is_reached_without(&next, node, usize::MAX));
                for other in (0..9).filter(|_| !chain.is_empty()) {
                    let dominates = !is_reached_without(&next, node, other);
                    prop_assert_eq!(chain.contains(&other), dominates, "{} over {}", other, node);
                }
            }
        }
    }
}
