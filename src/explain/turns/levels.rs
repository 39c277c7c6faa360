//! What another rate, another hands-on time or another size would change.

use super::super::short;
use super::super::standing::{Judged, Standing, hands_on_minutes};
use super::{Field, Lever, Turn};
use crate::model::Status;

impl Field<'_> {
    pub(super) fn frequency(&self) -> Lever {
        let rate = self.standing.per_week;
        let mut edges: Vec<f64> = self.tolerance.frequency.to_vec();
        let pays = self.standing.pays;
        edges.extend(pays.and_then(|pays| pays.from));
        edges.extend(pays.and_then(|pays| pays.not_below));
        edges.sort_by(f64::total_cmp);
        edges.dedup();
        let judged = |per_week: f64| {
            Standing {
                per_week,
                ..self.standing
            }
            .judge()
        };
        let (down, up): (Vec<f64>, Vec<f64>) = edges.into_iter().partition(|edge| rate >= *edge);
        let down = down.into_iter().rev().map(|edge| {
            // Just below the edge, and so at the level below it.
            let when = format!("below {} cases a week", short(edge, 2));
            (edge, when, judged(edge * (1.0 - 1e-9)))
        });
        let up = up.into_iter().map(|edge| {
            let when = format!("from {} cases a week on", short(edge, 2));
            (edge, when, judged(edge))
        });
        let mut turns = self.follow("cases_per_week", down);
        turns.extend(self.follow("cases_per_week", up));
        let now = format!("{rate:.2} cases a week ({})", self.now.attributes.frequency);
        self.lever("frequency", now, turns)
    }

    /// Goes away from what is, edge by edge: those at which the status or the recommendation is another one.
    fn follow(
        &self,
        unit: &'static str,
        edges: impl Iterator<Item = (f64, String, Judged)>,
    ) -> Vec<Turn> {
        let mut turns = Vec::new();
        let mut last = self.now.clone();
        for (edge, when, judged) in edges {
            if differs(&judged, &last) {
                turns.push(self.turn(when, Some((edge, unit)), &judged));
                last = judged;
            }
        }
        turns
    }

    /// More or less hands-on time of people: where automation begins to pay back, or stops. It saves in proportion to cases times
    /// minutes, so these are the rates at which it does, turned into minutes.
    pub(super) fn hands_on(&self) -> Option<Lever> {
        let (pays, rate) = (self.standing.pays?, self.standing.per_week);
        let minutes = hands_on_minutes(self.score, self.terms)?;
        if rate <= 0.0 {
            return None;
        }
        let edges = [pays.from, pays.not_below].into_iter().flatten();
        let edges: Vec<f64> = edges.collect();
        let (mut down, mut up): (Vec<f64>, Vec<f64>) =
            edges.into_iter().partition(|edge| rate >= *edge);
        down.sort_by(|a, b| b.total_cmp(a));
        up.sort_by(f64::total_cmp);
        let judged = |per_week: f64| {
            let mut standing = self.standing;
            standing.base.pays_back = pays.at(per_week);
            standing.pays = None;
            standing.judge()
        };
        let of = |edge: f64| minutes * edge / rate;
        let down = down.into_iter().map(|edge| {
            let when = format!("below {} minutes per case", short(of(edge), 1));
            (of(edge), when, judged(edge * (1.0 - 1e-9)))
        });
        let up = up.into_iter().map(|edge| {
            let when = format!("from {} minutes per case on", short(of(edge), 1));
            (of(edge), when, judged(edge))
        });
        let mut turns = self.follow("minutes", down);
        turns.extend(self.follow("minutes", up));
        let pays_back = self.now.attributes.pays_back;
        let now = format!(
            "{} minutes per case (pays back: {pays_back})",
            short(minutes, 1)
        );
        Some(self.lever("hands-on time", now, turns))
    }

    pub(super) fn size(&self) -> Lever {
        let size = self.standing.size;
        let lower = self.tolerance.lower;
        let mut edges: Vec<f64> = self.tolerance.upper.clone();
        edges.extend(self.tolerance.complexity);
        edges.push(lower);
        edges.sort_by(f64::total_cmp);
        edges.dedup();
        let judged = |size: f64| {
            Standing {
                size,
                ..self.standing
            }
            .judge()
        };
        // A range ends with its upper bound, and the first one begins with the lower one.
        let is_below = |edge: &&f64| **edge < size || **edge == lower && size >= lower;
        let down = edges.iter().rev().filter(is_below).map(|edge| {
            let (word, below) = if *edge == lower {
                ("below", edge * (1.0 - 1e-9))
            } else {
                ("up to", *edge)
            };
            (
                *edge,
                format!("{word} {} steps", short(*edge, 2)),
                judged(below),
            )
        });
        let is_above = |edge: &&f64| **edge >= size && **edge > lower;
        let up = edges.iter().filter(is_above).map(|edge| {
            let above = edge * (1.0 + 1e-9);
            (
                *edge,
                format!("above {} steps", short(*edge, 2)),
                judged(above),
            )
        });
        let mut turns = self.follow("steps", down);
        turns.extend(self.follow("steps", up));
        let complexity = self.now.attributes.complexity;
        let now = format!("{} steps ({complexity})", short(size, 2));
        self.lever("size", now, turns)
    }
}

/// Whether two verdicts differ in what people act on. That there is no tolerance at a size is no other status of the process.
fn differs(a: &Judged, b: &Judged) -> bool {
    let has_status = |judged: &Judged| judged.attributes.status != Status::NoTolerance;
    let status = a.attributes.status != b.attributes.status && has_status(a) && has_status(b);
    status || a.recommendation != b.recommendation
}
