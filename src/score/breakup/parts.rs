//! Where a process can be cut, and which of the cuts to make.

use super::chain::{Around, Chain, Place, Return, Stretch, is_single};
use super::flow::{Node, Usual};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// A part has at least so many steps. Up to three, a tolerance gets no smaller (classes f and m), or there is none (v); and
/// two steps with a decision between them are a task rather than a process.
pub(super) const LEAST_STEPS: f64 = 4.0;
/// One chain of parts has at most so many; more nobody keeps in mind. Then the least size grows.
const MOST_PARTS: usize = 12;

/// A process taken apart.
pub(super) struct Cut {
    /// The parts; one for a process that can't be cut.
    pub parts: Vec<Stretch>,
    /// Activities that every usual case passes.
    pub passed_by_all: Vec<Node>,
    /// Places between two activities where it could be cut if not too many cases came back over them.
    pub returned_over: usize,
    /// Places where it could be cut if nothing was in the way.
    pub places: usize,
    /// The transition back that does most to take places away.
    pub worst: Option<Return>,
}

/// Takes the process apart. `is_too_large` says whether a size in steps is too large for one part.
///
/// A cut lies before or after an activity that every usual case passes: one that dominates the end, which for a graph with
/// one start and one end is the same as to post-dominate the start. What lies between two cuts is entered at one place and
/// left at one place: between `a` and `b` of the chain, `a` dominates `b` and `b` post-dominates `a` (single-entry
/// single-exit regions: Johnson, Pearson, Pingali 1994, "The program structure tree"; of processes: Vanhatalo, Voelzer,
/// Koehler 2009, "The refined process structure tree"). A loop may lie inside of a part. A cut over which more than
/// one case in five comes back, or which more than one in five goes around, is none: of this all transitions count, those
/// too that are left out of the graph.
pub(super) fn cut(usual: &Usual, cases: i64, is_too_large: &impl Fn(f64) -> bool) -> Cut {
    let end = usual.next.len() - 1;
    let all: Vec<Node> = (1..end)
        .filter(|node| usual.owner[*node] == Some(*node))
        .collect();
    let cutter = Cutter {
        usual,
        is_too_large,
        around: Around::new(usual),
    };
    let chain = Chain::new(usual, &all, &cutter.around, cases);
    let parts = cutter.parts_of(&chain);
    // Parts that are too small are the price for taking apart what is too large, and no gain otherwise.
    let too_small = parts.iter().any(|part| cutter.size(part) < LEAST_STEPS);
    let pays = !too_small || is_too_large(cutter.size(&all));
    Cut {
        parts: if pays { parts } else { vec![all] },
        passed_by_all: chain.passed_by_all.clone(),
        returned_over: chain
            .places
            .iter()
            .filter(|place| place.is_returned_over)
            .count(),
        places: chain.places.len(),
        worst: chain.worst_return(&cutter.around),
    }
}

/// The smallest stretch between two cuts.
struct Atom {
    nodes: Stretch,
    /// The cut before it; none before the first.
    cut: Option<Place>,
    /// What it can be taken apart into, if it is too large.
    inner: Vec<Stretch>,
}

/// How good a choice of cuts is: fewer parts that are too large, then fewer that are too small, then more parts, then fewer
/// cuts over which several ways lead, then more even sizes.
#[derive(Clone, Copy, Default)]
struct Choice {
    too_large: usize,
    too_small: usize,
    parts: usize,
    with_branches: usize,
    squares: f64,
    /// Where the last part begins.
    from: usize,
}

impl Choice {
    fn order(&self, other: &Choice) -> Ordering {
        let fewer = |choice: &Choice| (choice.too_large, choice.too_small);
        fewer(self)
            .cmp(&fewer(other))
            .then(other.parts.cmp(&self.parts))
            .then(self.with_branches.cmp(&other.with_branches))
            .then(self.squares.total_cmp(&other.squares))
    }
}

struct Cutter<'a, F: Fn(f64) -> bool> {
    usual: &'a Usual,
    is_too_large: &'a F,
    around: Around,
}

impl<F: Fn(f64) -> bool> Cutter<'_, F> {
    fn parts_of(&self, chain: &Chain) -> Vec<Stretch> {
        let atom = |(nodes, cut): (Stretch, Option<Place>)| Atom {
            inner: self.taken_apart(&nodes, chain),
            nodes,
            cut,
        };
        let atoms: Vec<Atom> = chain.atoms().into_iter().map(atom).collect();
        let mut parts = Vec::new();
        for (from, to) in self.choose(&atoms) {
            match &atoms[from..to] {
                [atom] if !atom.inner.is_empty() => parts.extend(atom.inner.iter().cloned()),
                run => parts.push(run.iter().flat_map(|atom| &atom.nodes).copied().collect()),
            }
        }
        parts
    }

    /// The branches of an atom that is too large, each taken apart by itself if it has at least the least size; the small
    /// ones stay together. Empty where there is nothing to take apart.
    fn taken_apart(&self, atom: &[Node], chain: &Chain) -> Vec<Stretch> {
        let positions = || atom.iter().filter_map(|node| chain.position.get(node));
        // What lies between two activities that every case passes, and itself is passed by some only.
        let lies_between =
            positions().all(|at| !is_single(*at)) && positions().min() == positions().max();
        if !lies_between || !(self.is_too_large)(self.size(atom)) {
            return Vec::new();
        }
        let branches = self.branches(atom);
        if branches.len() == 1 && atom.len() == chain.nodes.len() {
            // The same graph again.
            return Vec::new();
        }
        let (mut parts, mut small) = (Vec::new(), Stretch::new());
        for branch in branches {
            if self.size(&branch) < LEAST_STEPS {
                small.extend(branch);
            } else {
                let inner = Chain::new(self.usual, &branch, &self.around, self.entries(&branch));
                parts.extend(self.parts_of(&inner));
            }
        }
        if !small.is_empty() {
            parts.push(small);
        }
        if parts.len() > 1 { parts } else { Vec::new() }
    }

    /// What hangs together within a stretch.
    fn branches(&self, stretch: &[Node]) -> Vec<Stretch> {
        let mut branch_of: BTreeMap<Node, Option<usize>> =
            stretch.iter().map(|node| (*node, None)).collect();
        let mut beside: BTreeMap<Node, Vec<Node>> = BTreeMap::new();
        for node in stretch {
            for to in &self.usual.next[*node] {
                if branch_of.contains_key(to) {
                    beside.entry(*node).or_default().push(*to);
                    beside.entry(*to).or_default().push(*node);
                }
            }
        }
        let mut count = 0;
        for node in stretch {
            if branch_of[node].is_some() {
                continue;
            }
            let mut waiting = vec![*node];
            while let Some(at) = waiting.pop() {
                if branch_of.insert(at, Some(count)) == Some(None) {
                    waiting.extend(beside.get(&at).into_iter().flatten());
                }
            }
            count += 1;
        }
        let mut branches: Vec<Stretch> = vec![Vec::new(); count];
        for node in stretch {
            if let Some(branch) = branch_of[node] {
                branches[branch].push(*node);
            }
        }
        branches
    }

    /// Times that a stretch is entered.
    fn entries(&self, stretch: &[Node]) -> i64 {
        let inside: std::collections::BTreeSet<Node> = stretch.iter().copied().collect();
        stretch
            .iter()
            .flat_map(|node| &self.around.incoming[*node])
            .filter(|(from, _)| !inside.contains(from))
            .map(|(_, count)| count)
            .sum()
    }

    fn size(&self, stretch: &[Node]) -> f64 {
        let work: f64 = stretch.iter().map(|node| self.work(*node)).sum();
        work / self.entries(stretch).max(1) as f64
    }

    /// Steps and decisions of a node, over all cases.
    fn work(&self, node: Node) -> f64 {
        self.usual.steps[node] as f64 + self.usual.decisions[node]
    }

    /// Which atoms to take together, as ranges: the best choice, and not more parts than one keeps in mind.
    fn choose(&self, atoms: &[Atom]) -> Vec<(usize, usize)> {
        let sizes = self.sizes(atoms);
        let whole = sizes.first().and_then(|from_first| from_first.last());
        let mut least = LEAST_STEPS;
        loop {
            let chosen = self.choose_from(atoms, &sizes, least);
            if chosen.len() <= MOST_PARTS || whole.is_none_or(|whole| least > *whole) {
                return chosen;
            }
            least *= 1.5;
        }
    }

    /// By dynamic programming over the cuts in their order.
    fn choose_from(&self, atoms: &[Atom], sizes: &[Vec<f64>], least: f64) -> Vec<(usize, usize)> {
        let mut best: Vec<Choice> = vec![Choice::default()];
        for to in 1..=atoms.len() {
            let choices = (0..to).map(|from| {
                let size = sizes[from][to - from - 1];
                self.with_part(&best[from], &atoms[from..to], from, size, least)
            });
            best.extend(choices.min_by(Choice::order));
        }
        let mut ranges = Vec::new();
        let mut to = atoms.len();
        while to > 0 {
            ranges.push((best[to].from, to));
            to = best[to].from;
        }
        ranges.reverse();
        ranges
    }

    /// A choice with one more part.
    fn with_part(
        &self,
        before: &Choice,
        run: &[Atom],
        from: usize,
        size: f64,
        least: f64,
    ) -> Choice {
        let several_ways = run
            .first()
            .and_then(|atom| atom.cut)
            .is_some_and(|cut| cut.ways > 1);
        let mut choice = Choice {
            with_branches: before.with_branches + usize::from(several_ways),
            from,
            ..*before
        };
        let mut add = |size: f64, is_too_small: bool| {
            choice.too_large += usize::from((self.is_too_large)(size));
            choice.too_small += usize::from(is_too_small);
            choice.parts += 1;
            choice.squares += size * size;
        };
        match run {
            [atom] if !atom.inner.is_empty() => {
                for part in &atom.inner {
                    add(self.size(part), false);
                }
            }
            _ => add(size, size < least),
        }
        choice
    }

    /// The sizes of all runs of atoms: by the first atom, then by how many more.
    fn sizes(&self, atoms: &[Atom]) -> Vec<Vec<f64>> {
        let mut atom_of: BTreeMap<Node, usize> = BTreeMap::new();
        for (nth, atom) in atoms.iter().enumerate() {
            atom_of.extend(atom.nodes.iter().map(|node| (*node, nth)));
        }
        // Transitions into and out of an atom by the atom at the other end.
        let count = |around: &[Vec<(Node, i64)>], atom: &Atom| {
            let mut counts: Vec<(Option<usize>, i64)> = Vec::new();
            for (other, n) in atom.nodes.iter().flat_map(|node| &around[*node]) {
                counts.push((atom_of.get(other).copied(), *n));
            }
            counts
        };
        let incoming: Vec<_> = atoms
            .iter()
            .map(|atom| count(&self.around.incoming, atom))
            .collect();
        let outgoing: Vec<_> = atoms
            .iter()
            .map(|atom| count(&self.around.outgoing, atom))
            .collect();
        let work: Vec<f64> = atoms
            .iter()
            .map(|atom| atom.nodes.iter().map(|node| self.work(*node)).sum())
            .collect();
        let from = |first: usize| {
            let (mut entries, mut sum) = (0, 0.0);
            let add = |nth: usize| {
                let within =
                    |other: &Option<usize>| other.is_some_and(|at| (first..=nth).contains(&at));
                let before =
                    |other: &Option<usize>| other.is_some_and(|at| (first..nth).contains(&at));
                let new = incoming[nth].iter().filter(|(other, _)| !within(other));
                let inner = outgoing[nth].iter().filter(|(other, _)| before(other));
                entries += new.map(|(_, n)| n).sum::<i64>() - inner.map(|(_, n)| n).sum::<i64>();
                sum += work[nth];
                sum / entries.max(1) as f64
            };
            (first..atoms.len()).map(add).collect()
        };
        (0..atoms.len()).map(from).collect()
    }
}
