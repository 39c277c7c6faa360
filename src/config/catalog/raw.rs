//! The catalog as it is written.

use super::super::span::SpanText;
use super::super::yaml::At;
use crate::model::{Class, Executor, Level};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCatalog {
    #[serde(default)]
    pub(super) processes: Vec<RawProcess>,
    pub(super) case_link: Option<At<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawProcess {
    pub(super) id: At<String>,
    pub(super) name: Option<String>,
    pub(super) description: Option<String>,
    pub(super) criticality: Option<At<RawCriticality>>,
    pub(super) executor: Option<Executor>,
    #[serde(default)]
    pub(super) outcomes: BTreeMap<String, At<f64>>,
    #[serde(default)]
    pub(super) path: Vec<At<String>>,
    pub(super) size: Option<At<f64>>,
    pub(super) duration_limit: Option<SpanText>,
    pub(super) hands_on_minutes: Option<At<f64>>,
    pub(super) automation: Option<RawAutomation>,
    pub(super) wrong_outcome_hours: Option<At<f64>>,
    #[serde(default)]
    pub(super) irreversible: bool,
    #[serde(default)]
    pub(super) exercises_count: bool,
    #[serde(default)]
    pub(super) require_confirmed: bool,
    pub(super) critical_outcome: Option<At<RawCritical>>,
    pub(super) epoch: Option<At<String>>,
    pub(super) class: Option<Class>,
    pub(super) parent: Option<At<String>>,
    #[serde(default)]
    pub(super) ends: RawEnds,
    #[serde(default)]
    pub(super) resolved: BTreeSet<String>,
    pub(super) complexity: Option<At<Level>>,
    pub(super) frequency: Option<At<Level>>,
    pub(super) drivers: Option<At<PathBuf>>,
    pub(super) window: Option<SpanText>,
    pub(super) case_link: Option<At<String>>,
    pub(super) duration_buckets: Option<At<Vec<SpanText>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAutomation {
    pub(super) build_hours: At<f64>,
    pub(super) upkeep_hours_per_year: Option<At<f64>>,
    pub(super) share: Option<At<f64>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum RawCriticality {
    One(Level),
    Parts(RawCriticalityParts),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCriticalityParts {
    pub(super) outcome: Level,
    pub(super) system: Level,
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
    pub(super) idle: Option<SpanText>,
}
