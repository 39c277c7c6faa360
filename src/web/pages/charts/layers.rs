//! Places for the nodes of a directed graph in layers (Sugiyama, Tagawa, Toda 1981): cycles broken, layers by longest path,
//! long edges led through places of their own, crossings reduced by medians, then everything drawn as straight as room allows.

use std::collections::BTreeMap;

/// Sweeps that reduce crossings; more change little.
const SWEEPS: usize = 12;
/// Rounds that straighten; each moves everything a little nearer.
const ROUNDS: usize = 80;

/// Where everything is. Units are those of `apart`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Layout {
    /// Layer and place across it, by node.
    pub nodes: Vec<(usize, f64)>,
    /// For each edge the points it goes through, from its first node to its second, ends among them.
    pub edges: Vec<Vec<(usize, f64)>>,
    /// Whether an edge leads back.
    pub back: Vec<bool>,
    pub layers: usize,
    pub width: f64,
}

/// Lays out the edges between nodes `0..count`, each with its weight, heaviest first: the heavier, the more they decide what is
/// forward, and the straighter they are. An edge from a node to itself has no points. `apart` is how far neighbours in a layer
/// are apart: nodes among each other, and where an edge passes.
pub(super) fn layout(count: usize, edges: &[(usize, usize, i64)], apart: (f64, f64)) -> Layout {
    let back = back_edges(count, edges);
    let forward: Vec<(usize, usize, i64)> = edges
        .iter()
        .zip(&back)
        .map(|(&(a, b, weight), back)| {
            if *back {
                (b, a, weight)
            } else {
                (a, b, weight)
            }
        })
        .collect();
    let layer = longest_paths(count, &forward);
    let mut graph = Graph::new(count, &layer);
    let chains: Vec<Vec<usize>> = forward.iter().map(|edge| graph.chain(*edge)).collect();
    graph.reduce_crossings();
    graph.place(apart);
    let point = |node: &usize| (graph.layer[*node], graph.x[*node]);
    let routes = chains.iter().zip(&back).map(|(chain, back)| {
        let mut points: Vec<(usize, f64)> = chain.iter().map(point).collect();
        if *back {
            points.reverse();
        }
        points
    });
    Layout {
        nodes: (0..count).map(|node| point(&node)).collect(),
        edges: routes.collect(),
        back,
        layers: graph.order.len(),
        width: graph.x.iter().copied().fold(0.0, f64::max),
    }
}

/// Those that would close a cycle. First the start is led to every node along the heaviest edges (Prim), so that what comes
/// later in a case stands below; then the others are taken, the heavier before the lighter.
fn back_edges(count: usize, edges: &[(usize, usize, i64)]) -> Vec<bool> {
    let mut after: Vec<Vec<usize>> = vec![Vec::new(); count];
    let mut back = vec![None; edges.len()];
    let mut reached = vec![false; count];
    reached[0] = true;
    let leads_on = |reached: &[bool], (a, b, _): &(usize, usize, i64)| reached[*a] && !reached[*b];
    while let Some(nth) = edges.iter().position(|edge| leads_on(&reached, edge)) {
        let (a, b, _) = edges[nth];
        after[a].push(b);
        reached[b] = true;
        back[nth] = Some(false);
    }
    for (&(a, b, _), back) in edges
        .iter()
        .zip(&mut back)
        .filter(|(_, back)| back.is_none())
    {
        let closes = a != b && reaches(&after, b, a);
        if !closes && a != b {
            after[a].push(b);
        }
        *back = Some(closes);
    }
    back.into_iter().map(|back| back == Some(true)).collect()
}

fn reaches(after: &[Vec<usize>], from: usize, to: usize) -> bool {
    let mut seen = vec![false; after.len()];
    let mut left = vec![from];
    while let Some(node) = left.pop() {
        if node == to {
            return true;
        }
        if !std::mem::replace(&mut seen[node], true) {
            left.extend(&after[node]);
        }
    }
    false
}

/// The layer of each node: behind all that lead to it.
fn longest_paths(count: usize, edges: &[(usize, usize, i64)]) -> Vec<usize> {
    let mut layer = vec![0; count];
    // Without cycles this settles after as many rounds as there are nodes.
    for _ in 0..count {
        for &(a, b, _) in edges.iter().filter(|(a, b, _)| a != b) {
            layer[b] = layer[b].max(layer[a] + 1);
        }
    }
    layer
}

/// Nodes and the places where long edges cross a layer.
struct Graph {
    layer: Vec<usize>,
    /// By layer, from left to right.
    order: Vec<Vec<usize>>,
    neighbours: Vec<(Vec<usize>, Vec<usize>)>,
    /// Of what leads to and from each: by neighbour and weight.
    pulls: Vec<Vec<(usize, f64)>>,
    x: Vec<f64>,
    /// From here on they are places of edges.
    nodes: usize,
}

impl Graph {
    fn new(count: usize, layer: &[usize]) -> Graph {
        let layers = layer.iter().max().map_or(0, |last| last + 1);
        let mut order = vec![Vec::new(); layers];
        for (node, layer) in layer.iter().enumerate() {
            order[*layer].push(node);
        }
        Graph {
            layer: layer.to_vec(),
            order,
            neighbours: vec![Default::default(); count],
            pulls: vec![Vec::new(); count],
            x: Vec::new(),
            nodes: count,
        }
    }

    /// Leads an edge from layer to layer; gives what it goes through.
    fn chain(&mut self, (from, to, weight): (usize, usize, i64)) -> Vec<usize> {
        if from == to {
            return Vec::new();
        }
        let mut chain = vec![from];
        for layer in self.layer[from] + 1..self.layer[to] {
            let place = self.layer.len();
            self.layer.push(layer);
            self.order[layer].push(place);
            self.neighbours.push(Default::default());
            self.pulls.push(Vec::new());
            chain.push(place);
        }
        chain.push(to);
        for pair in chain.windows(2) {
            self.neighbours[pair[0]].1.push(pair[1]);
            self.neighbours[pair[1]].0.push(pair[0]);
            let pull = weight.max(1) as f64;
            self.pulls[pair[0]].push((pair[1], pull));
            self.pulls[pair[1]].push((pair[0], pull));
        }
        chain
    }

    fn reduce_crossings(&mut self) {
        let mut best = (self.crossings(), self.order.clone());
        for sweep in 0..SWEEPS {
            let down = sweep % 2 == 0;
            let layers: Vec<usize> = match down {
                true => (1..self.order.len()).collect(),
                false => (0..self.order.len().saturating_sub(1)).rev().collect(),
            };
            for layer in layers {
                self.by_medians(layer, down);
            }
            let crossings = self.crossings();
            if crossings < best.0 {
                best = (crossings, self.order.clone());
            }
        }
        self.order = best.1;
    }

    fn by_medians(&mut self, layer: usize, down: bool) {
        let beside = if down { layer - 1 } else { layer + 1 };
        let place: BTreeMap<usize, usize> = self.places(beside);
        let median = |node: &usize, own: usize| {
            let (before, after) = &self.neighbours[*node];
            let beside = if down { before } else { after };
            let mut at: Vec<usize> = beside
                .iter()
                .filter_map(|node| place.get(node).copied())
                .collect();
            at.sort_unstable();
            match at.len() {
                0 => own as f64,
                n => (at[(n - 1) / 2] + at[n / 2]) as f64 / 2.0,
            }
        };
        let nodes = self.order[layer].iter().enumerate();
        let mut keyed: Vec<(f64, usize)> = nodes
            .map(|(own, node)| (median(node, own), *node))
            .collect();
        keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
        self.order[layer] = keyed.into_iter().map(|(_, node)| node).collect();
    }

    fn places(&self, layer: usize) -> BTreeMap<usize, usize> {
        let order = self.order[layer].iter().enumerate();
        order.map(|(place, node)| (*node, place)).collect()
    }

    fn crossings(&self) -> usize {
        let between = |layer: usize| {
            let below = self.places(layer + 1);
            let ends = self.order[layer].iter().flat_map(|node| {
                let mut ends: Vec<usize> = self.neighbours[*node]
                    .1
                    .iter()
                    .filter_map(|to| below.get(to).copied())
                    .collect();
                ends.sort_unstable();
                ends
            });
            let ends: Vec<usize> = ends.collect();
            let pairs = ends.iter().enumerate();
            pairs
                .map(|(at, end)| ends[at + 1..].iter().filter(|later| *later < end).count())
                .sum::<usize>()
        };
        (0..self.order.len().saturating_sub(1)).map(between).sum()
    }

    /// Everything as near to its neighbours as the order lets it.
    fn place(&mut self, apart: (f64, f64)) {
        self.x = vec![0.0; self.layer.len()];
        for layer in 0..self.order.len() {
            let wanted: Vec<f64> = (0..self.order[layer].len())
                .map(|nth| nth as f64 * apart.0)
                .collect();
            let middle = wanted.last().copied().unwrap_or(0.0) / 2.0;
            let centred: Vec<f64> = wanted.iter().map(|x| x - middle).collect();
            self.settle(layer, &centred, apart);
        }
        for round in 0..ROUNDS {
            let layers: Vec<usize> = match round % 2 {
                0 => (0..self.order.len()).collect(),
                _ => (0..self.order.len()).rev().collect(),
            };
            for layer in layers {
                let wanted: Vec<f64> = self.order[layer]
                    .iter()
                    .map(|node| self.wanted(*node))
                    .collect();
                self.settle(layer, &wanted, apart);
            }
        }
        let left = self.x.iter().copied().fold(f64::INFINITY, f64::min);
        self.x.iter_mut().for_each(|x| *x -= left);
    }

    /// The mean of its neighbours by weight.
    fn wanted(&self, node: usize) -> f64 {
        let pulls = self.pulls[node].iter();
        let (sum, weight) = pulls.fold((0.0, 0.0), |(sum, weight), (other, pull)| {
            (sum + self.x[*other] * pull, weight + pull)
        });
        if weight > 0.0 {
            sum / weight
        } else {
            self.x[node]
        }
    }

    /// The places nearest to those wanted (weighted least squares) that keep order and distance: without the distances an
    /// isotonic regression, solved by pooling adjacent violators (Barlow et al. 1972).
    fn settle(&mut self, layer: usize, wanted: &[f64], apart: (f64, f64)) {
        let order = self.order[layer].clone();
        let gap = |a: usize, b: usize| match (a < self.nodes, b < self.nodes) {
            (true, true) => apart.0,
            (false, false) => apart.1,
            _ => (apart.0 + apart.1) / 2.0,
        };
        let mut offsets = vec![0.0; order.len()];
        for nth in 1..order.len() {
            offsets[nth] = offsets[nth - 1] + gap(order[nth - 1], order[nth]);
        }
        // Mean, weight and number of members of each block.
        let mut blocks: Vec<(f64, f64, usize)> = Vec::new();
        for (nth, node) in order.iter().enumerate() {
            let pulls = self.pulls[*node].iter().map(|(_, pull)| pull);
            let mut block = (wanted[nth] - offsets[nth], pulls.sum::<f64>().max(1.0), 1);
            while let Some(before) = blocks.pop_if(|before| before.0 > block.0) {
                let weight = before.1 + block.1;
                let mean = (before.0 * before.1 + block.0 * block.1) / weight;
                block = (mean, weight, before.2 + block.2);
            }
            blocks.push(block);
        }
        let settled = blocks
            .iter()
            .flat_map(|(mean, _, members)| std::iter::repeat_n(*mean, *members));
        for ((node, mean), offset) in order.iter().zip(settled).zip(&offsets) {
            self.x[*node] = mean + offset;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_chain_with_a_jump_back_is_one_column() {
        let found = layout(3, &[(0, 1, 9), (1, 2, 9), (2, 1, 1)], (10.0, 4.0));
        assert_eq!(found.back, [false, false, true]);
        assert_eq!(found.nodes, [(0, 0.0), (1, 0.0), (2, 0.0)]);
        assert_eq!(found.edges[2], [(2, 0.0), (1, 0.0)]);
    }

    proptest! {
        #[test]
        fn no_two_nodes_touch_and_every_edge_goes_layer_by_layer(
            edges in proptest::collection::vec((0usize..12, 0usize..12, 1i64..100), 0..40),
        ) {
            let found = layout(12, &edges, (10.0, 4.0));
            for (a, one) in found.nodes.iter().enumerate() {
                for two in &found.nodes[a + 1..] {
                    prop_assert!(one.0 != two.0 || (one.1 - two.1).abs() > 9.99, "{found:?}");
                }
            }
            for ((&(a, b, _), route), back) in edges.iter().zip(&found.edges).zip(&found.back) {
                if a == b {
                    prop_assert!(route.is_empty());
                    continue;
                }
                prop_assert_eq!(route.first(), Some(&found.nodes[a]));
                prop_assert_eq!(route.last(), Some(&found.nodes[b]));
                for pair in route.windows(2) {
                    let step = pair[1].0 as i64 - pair[0].0 as i64;
                    prop_assert_eq!(step, if *back { -1 } else { 1 });
                }
            }
        }
    }
}
