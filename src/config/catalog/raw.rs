//! The catalog as it is written.

use super::super::span::SpanText;
use super::node::{Node, present};
use crate::rules::At;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCatalog {
    #[serde(default, deserialize_with = "present")]
    pub(super) processes: Option<At<RawProcesses>>,
    pub(super) case_link: Option<At<String>>,
}

/// A list of mappings, if it is as it should be.
pub(super) type RawProcesses = Node<IgnoredAny, At<Node<RawProcess>>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawProcess {
    pub(super) id: At<String>,
    pub(super) name: Option<String>,
    pub(super) description: Option<String>,
    pub(super) criticality: Option<At<Node<RawCriticality>>>,
    pub(super) executor: Option<At<Node>>,
    #[serde(default)]
    pub(super) outcomes: BTreeMap<String, At<Node<RawOutcome>>>,
    pub(super) tolerances: Option<RawTolerances>,
    pub(super) other_outcomes: Option<At<Node>>,
    #[serde(default)]
    pub(super) path: Vec<At<String>>,
    pub(super) size: Option<At<f64>>,
    pub(super) duration_limit: Option<At<SpanText>>,
    pub(super) hands_on_minutes: Option<At<f64>>,
    pub(super) automation: Option<RawAutomation>,
    pub(super) wrong_outcome_hours: Option<At<f64>>,
    #[serde(default)]
    pub(super) irreversible: bool,
    pub(super) judgement: Option<At<Node>>,
    pub(super) deterministic: Option<bool>,
    #[serde(default)]
    pub(super) exercises_count: bool,
    #[serde(default)]
    pub(super) require_confirmed: bool,
    pub(super) critical_outcome: Option<At<RawCritical>>,
    pub(super) epoch: Option<At<String>>,
    pub(super) class: Option<At<Node>>,
    pub(super) parent: Option<At<String>>,
    #[serde(default)]
    pub(super) ends: RawEnds,
    #[serde(default)]
    pub(super) resolved: BTreeSet<String>,
    #[serde(default)]
    pub(super) decides: Vec<At<String>>,
    pub(super) approves: Option<Vec<At<String>>>,
    pub(super) milestones: Option<At<BTreeMap<String, BTreeSet<String>>>>,
    pub(super) complexity: Option<At<Node>>,
    pub(super) frequency: Option<At<Node>>,
    pub(super) drivers: Option<At<PathBuf>>,
    pub(super) window: Option<At<SpanText>>,
    pub(super) case_link: Option<At<String>>,
    pub(super) duration_buckets: Option<At<Vec<SpanText>>>,
}

/// An id as it is compared with others, wherever it stands: white space around it is cut off, as it is in logs.
pub(super) fn id_of(at: &At<String>) -> &str {
    at.value.trim()
}

impl RawProcess {
    pub(super) fn id(&self) -> &str {
        id_of(&self.id)
    }
}

/// An outcome by its parts; else it is its severity.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawOutcome {
    pub(super) severity: At<Node>,
    #[serde(default, deserialize_with = "present")]
    pub(super) direction: Option<At<Node>>,
}

/// Shares of the cases that may go wrong in each direction.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTolerances {
    #[serde(default, deserialize_with = "present")]
    pub(super) missed: Option<At<Node>>,
    #[serde(default, deserialize_with = "present")]
    pub(super) false_alarm: Option<At<Node>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAutomation {
    pub(super) build_hours: At<f64>,
    pub(super) upkeep_hours_per_year: Option<At<f64>>,
    pub(super) share: Option<At<f64>>,
}

/// The criticality by its parts; else it is one word.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCriticality {
    pub(super) outcome: At<Node>,
    pub(super) system: At<Node>,
}

#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCritical {
    pub(super) outcome: String,
    pub(super) acceptable: f64,
    pub(super) unacceptable: f64,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RawEnds {
    #[serde(default)]
    pub(super) activities: BTreeSet<String>,
    pub(super) idle: Option<At<SpanText>>,
}
