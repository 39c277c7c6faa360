//! What changed between two scores of a process: the rows of the ledger.

use super::process_score::ProcessScore;
use crate::model::{Class, Status, TolClass};
use crate::rules::Recommendation;
use serde::{Deserialize, Serialize};

/// One thing that changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Change {
    /// The process.
    pub process: String,
    /// `required_class`, `achieved_class`, `status` or `recommendation`.
    pub what: &'static str,
    /// What it was; empty for a process that had no score.
    pub from: String,
    /// What it is.
    pub to: String,
}

/// What the ledger follows of a score: kept from one score to the next, also over a restart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Held {
    /// The class it needs.
    pub required_class: Class,
    /// The class it is shown to hold.
    pub achieved_class: TolClass,
    /// Observed against permissible.
    pub status: Status,
    /// Who should run it.
    pub recommendation: Option<Recommendation>,
}

impl Held {
    /// That of a score.
    pub(crate) fn of(score: &ProcessScore) -> Held {
        Held {
            required_class: score.rating.required_class,
            achieved_class: score.rating.achieved_class,
            status: score.rating.status,
            recommendation: score.advice.recommendation,
        }
    }

    fn words(&self) -> [(&'static str, String); 4] {
        let recommendation = self.recommendation;
        [
            ("required_class", self.required_class.to_string()),
            ("achieved_class", self.achieved_class.to_string()),
            ("status", self.status.to_string()),
            (
                "recommendation",
                recommendation.map_or(String::new(), |r| r.to_string()),
            ),
        ]
    }
}

/// The changes from what was held before to a score. A first score is a change from nothing.
pub(crate) fn changes(before: Option<&Held>, after: &ProcessScore) -> Vec<Change> {
    let was = before.map(Held::words);
    let now = Held::of(after).words();
    (0..now.len())
        .zip(now)
        .filter_map(|(at, (what, to))| {
            let from = was.as_ref().map_or("", |was| was[at].1.as_str());
            (from != to).then(|| Change {
                process: after.id.clone(),
                what,
                from: from.to_owned(),
                to,
            })
        })
        .collect()
}
