//! The advice in words and figures.

use super::chain::{Return, Stretch};
use super::cut_reason::CutReason;
use super::flow::{Flow, Node, START, Usual};
use super::judge::Judged;
use super::parts::{Cut, LEAST_STEPS, cut};
use super::{BreakUp, BreakUpTerms, JumpBack, LargestDecision, LargestSource, Part, PathCounts};
use crate::model::{Level, NameId, Names, Ppm};
use crate::score::table::complexity_level;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// So many activities of a part are named.
const MOST_NAMED: usize = 30;

/// Deviations by the activity they are put down to.
struct Blame {
    /// Sums in parts per million, by node; those of activities that were never visited are under [`START`].
    ppm: Vec<i64>,
    /// Cases that deviate.
    cases: Vec<i64>,
    is_measurable: bool,
}

impl Blame {
    fn new(flow: &Flow, blamed: Option<&[((NameId, Ppm), i64)]>, names: &Names) -> Blame {
        let nothing = vec![0; flow.end() + 1];
        let mut blame = Blame {
            ppm: nothing.clone(),
            cases: nothing,
            is_measurable: blamed.is_some(),
        };
        for ((activity, deviation), count) in blamed.into_iter().flatten() {
            let node = flow.find(names.text(*activity)).unwrap_or(START);
            if *count > 0 && *deviation > Ppm::ZERO {
                blame.ppm[node] += i64::from(*deviation) * count;
                blame.cases[node] += count;
            }
        }
        blame
    }

    fn total(&self) -> i64 {
        self.ppm.iter().sum()
    }
}

/// What the advice is made from.
pub(super) struct Advice<'a> {
    terms: BreakUpTerms<'a>,
    flow: &'a Flow,
    blame: Blame,
    /// The names of the activities, from node 1 on.
    names: Vec<String>,
}

impl<'a> Advice<'a> {
    pub(super) fn new(flow: &'a Flow, counts: &PathCounts, terms: BreakUpTerms<'a>) -> Advice<'a> {
        // Activities without a name are told as such.
        let shown = |text: &str| if text.is_empty() { "(unnamed)" } else { text }.to_owned();
        Advice {
            blame: Blame::new(flow, counts.blamed.as_deref(), terms.names),
            names: flow.texts().map(shown).collect(),
            flow,
            terms,
        }
    }

    /// Looks for the cuts.
    pub(super) fn propose(&self) -> BreakUp {
        let usual = self.flow.usual();
        let tolerance = self.terms.tolerance;
        let is_too_large = |size| complexity_level(tolerance, size) == Level::ExtremelyHigh;
        let cut = cut(&usual, self.flow.cases, &is_too_large);
        let mut advice = if cut.parts.len() < 2 {
            self.no_cut(self.why_not(&cut))
        } else {
            self.cut_into(&usual, &cut.parts)
        };
        advice.ignored_transitions_ratio = Some(usual.left_out);
        let is_done = advice
            .parts
            .iter()
            .all(|part| part.complexity != Level::ExtremelyHigh);
        if advice.parts.is_empty() || !is_done {
            advice.jump_back = cut.worst.map(|back| self.jump_back(back));
        }
        advice
    }

    /// The advice without parts.
    pub(super) fn no_cut(&self, reason: CutReason) -> BreakUp {
        BreakUp {
            parts: Vec::new(),
            reason,
            ignored_transitions_ratio: None,
            covers_all_activities: false,
            uncovered_activities: Vec::new(),
            jump_back: None,
            largest_source: self.largest_source(),
            largest_decision: self.largest_decision(),
        }
    }

    fn cut_into(&self, usual: &Usual, stretches: &[Stretch]) -> BreakUp {
        let mut part_of: Vec<Option<usize>> = vec![None; usual.next.len()];
        for (nth, stretch) in stretches.iter().enumerate() {
            for node in stretch {
                part_of[*node] = Some(nth);
            }
        }
        let is_covered =
            |node: Node| usual.owner[node].is_some_and(|owner| part_of[owner].is_some());
        let uncovered: Vec<String> = (1..self.flow.end())
            .filter(|node| !is_covered(*node))
            .map(|node| self.name(node))
            .collect();
        let parts = stretches
            .iter()
            .enumerate()
            .map(|(nth, stretch)| self.part(usual, stretch, &|node| part_of[node] == Some(nth)))
            .collect();
        BreakUp {
            parts,
            covers_all_activities: uncovered.is_empty(),
            uncovered_activities: uncovered,
            ..self.no_cut(CutReason::Cut {
                unconfirmed: self.terms.requires_confirmed,
            })
        }
    }

    fn name(&self, node: Node) -> String {
        self.names
            .get(node.wrapping_sub(1))
            .cloned()
            .unwrap_or_default()
    }

    fn jump_back(&self, back: Return) -> JumpBack {
        JumpBack {
            from: self.name(back.from),
            to: self.name(back.to),
            per_case: back.count as f64 / self.flow.cases as f64,
            places: back.places,
        }
    }

    fn why_not(&self, cut: &Cut) -> CutReason {
        if cut.passed_by_all.is_empty() {
            return CutReason::NoCommonActivity;
        }
        if let Some(back) = cut.worst {
            return CutReason::Returns {
                over: cut.returned_over,
                places: cut.places,
                most: self.jump_back(back),
            };
        }
        let first = cut.passed_by_all.iter().take(3);
        CutReason::NoTwoParts {
            passed: first.map(|node| self.name(*node)).collect(),
            in_all: cut.passed_by_all.len(),
            least_steps: LEAST_STEPS,
        }
    }

    fn largest_source(&self) -> Option<LargestSource> {
        let total = self.blame.total();
        let most =
            (1..self.flow.end()).max_by_key(|node| (self.blame.ppm[*node], Reverse(*node)))?;
        (self.blame.ppm[most] > 0).then(|| LargestSource {
            activity: self.name(most),
            share_ratio: self.blame.ppm[most] as f64 / total as f64,
            cases: self.blame.cases[most],
        })
    }

    fn largest_decision(&self) -> Option<LargestDecision> {
        let decisions = &self.flow.decisions;
        let total: f64 = decisions.iter().sum();
        let order = |a: &Node, b: &Node| decisions[*a].total_cmp(&decisions[*b]).then(b.cmp(a));
        let most = (1..self.flow.end()).max_by(order)?;
        (decisions[most] > 0.0 && self.flow.cases > 0).then(|| LargestDecision {
            activity: self.name(most),
            steps: decisions[most] / self.flow.cases as f64,
            share_ratio: decisions[most] / total,
        })
    }

    fn part(&self, usual: &Usual, stretch: &[Node], is_inside: &dyn Fn(Node) -> bool) -> Part {
        let crossing = Crossing::new(usual, is_inside);
        let entries = crossing.entries;
        let per_entry = |sum: f64| sum / entries.max(1) as f64;
        let steps = per_entry(stretch.iter().map(|node| usual.steps[*node]).sum::<i64>() as f64);
        let decisions = per_entry(stretch.iter().map(|node| usual.decisions[*node]).sum());
        let members = self.members(usual, stretch);
        let blamed: i64 = members.iter().map(|node| self.blame.ppm[*node]).sum();
        let entries_per_case = entries as f64 / self.flow.cases as f64;
        let rate = self.terms.cases_per_week.filter(|rate| rate.is_finite());
        let entries_per_week = rate.map(|rate| rate * entries_per_case);
        let blamed_sum = self
            .blame
            .is_measurable
            .then(|| blamed as f64 / f64::from(Ppm::ONE.0))
            .filter(|_| !self.terms.requires_confirmed);
        let judged = Judged::new(
            &self.terms,
            steps + decisions,
            entries_per_week,
            entries,
            blamed_sum,
        );
        let name_all = |nodes: &[Node]| nodes.iter().map(|node| self.name(*node)).collect();
        let total = self.blame.total();
        Part {
            entry: name_all(&crossing.entry),
            exit: name_all(&crossing.exit),
            activities: name_all(&members[..members.len().min(MOST_NAMED)]),
            activities_total: members.len(),
            entries,
            entries_elsewhere: entries - sum_at(&crossing.arrivals, &crossing.entry),
            exits_elsewhere: crossing.departures.values().sum::<i64>()
                - sum_at(&crossing.departures, &crossing.exit),
            entries_per_case,
            entries_per_week,
            cases: entries.min(self.flow.cases),
            size_steps: steps + decisions,
            steps,
            decisions,
            complexity: judged.complexity,
            frequency: judged.frequency,
            tolerance: judged.tolerance,
            permissible_deviation: judged.permissible_deviation,
            deviation: judged.deviation,
            deviation_share_ratio: (total > 0).then(|| blamed as f64 / total as f64),
            status: judged.status,
            achieved_class: judged.achieved_class,
            recommendation: judged
                .verdict
                .as_ref()
                .map(|verdict| verdict.recommendation),
            rule: judged.verdict.map(|verdict| verdict.rule_text()),
        }
    }

    /// The activities of a stretch in their order, each with the rare ones that belong to it.
    fn members(&self, usual: &Usual, stretch: &[Node]) -> Vec<Node> {
        let mut guests: Vec<Vec<Node>> = vec![Vec::new(); usual.next.len()];
        for node in 1..self.flow.end() {
            if let Some(owner) = usual.owner[node].filter(|owner| *owner != node) {
                guests[owner].push(node);
            }
        }
        stretch
            .iter()
            .flat_map(|node| std::iter::once(*node).chain(guests[*node].iter().copied()))
            .collect()
    }
}

/// What leads into a part and out of it.
struct Crossing {
    entries: i64,
    /// By the activity that is entered.
    arrivals: BTreeMap<Node, i64>,
    /// By the activity that is left.
    departures: BTreeMap<Node, i64>,
    /// By which usual cases come in, the most frequent first.
    entry: Vec<Node>,
    /// From which they leave.
    exit: Vec<Node>,
}

impl Crossing {
    fn new(usual: &Usual, is_inside: &dyn Fn(Node) -> bool) -> Crossing {
        let mut arrivals: BTreeMap<Node, i64> = BTreeMap::new();
        let mut departures: BTreeMap<Node, i64> = BTreeMap::new();
        let (mut entry, mut exit) = (BTreeMap::new(), BTreeMap::new());
        for (from, to, count) in &usual.edges {
            let is_usual = usual.next[*from].contains(to);
            match (is_inside(*from), is_inside(*to)) {
                (false, true) => {
                    *arrivals.entry(*to).or_default() += count;
                    if is_usual {
                        *entry.entry(*to).or_default() += count;
                    }
                }
                (true, false) => {
                    *departures.entry(*from).or_default() += count;
                    if is_usual {
                        *exit.entry(*from).or_default() += count;
                    }
                }
                _ => {}
            }
        }
        Crossing {
            entries: arrivals.values().sum(),
            arrivals,
            departures,
            entry: most_first(entry),
            exit: most_first(exit),
        }
    }
}

fn sum_at(counts: &BTreeMap<Node, i64>, nodes: &[Node]) -> i64 {
    nodes.iter().filter_map(|node| counts.get(node)).sum()
}

fn most_first(counts: BTreeMap<Node, i64>) -> Vec<Node> {
    let mut nodes: Vec<(Node, i64)> = counts.into_iter().collect();
    nodes.sort_by_key(|(node, count)| (Reverse(*count), *node));
    nodes.into_iter().map(|(node, _)| node).collect()
}
