//! Recording and alerting rules for Prometheus, generated from what a user has declared.
//!
//! Pure: the configuration goes in, a rule file comes out. Names of processes come from catalogs and stand in PromQL
//! only, quoted ([`promql`]); annotations are constant texts that take names from the labels of the alert, so that no
//! name can ever become a template.

mod annotations;
mod daemon;
mod processes;
pub(crate) mod promql;
mod recording;

#[cfg(test)]
mod tests;

use super::collector::label;
use crate::model::{Level, Span};
use crate::rules::{Catalog, Tolerance};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What rules are generated from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Basis {
    /// Criticality of each declared process, by its id.
    pub criticality: BTreeMap<String, Level>,
    /// Above this share of lost records nothing is called within its tolerance.
    pub most_loss: f64,
    /// Scores are recalculated this often, in microseconds.
    pub score_every: Span,
    /// Where the runbooks are: the page of an alert is `BASE/ALERT.md`.
    pub runbook_url: String,
    /// Where people reach the daemon; `None` for the address that Prometheus scrapes.
    pub daemon_url: Option<String>,
    /// The job that scrapes the daemon.
    pub job: String,
}

impl Basis {
    /// Where the runbooks are in the project itself.
    pub(crate) const RUNBOOKS: &str = "docs/runbooks";
    /// The job of every example in the documentation.
    pub(crate) const JOB: &str = "toleranced";

    /// From a catalog and a tolerance table.
    pub(crate) fn new(catalog: &Catalog, tolerance: &Tolerance, score_every: Span) -> Basis {
        let declared = catalog.processes.values();
        Basis {
            criticality: declared
                .map(|process| (process.id.clone(), process.criticality))
                .collect(),
            most_loss: tolerance.most_loss,
            score_every,
            runbook_url: Basis::RUNBOOKS.to_owned(),
            daemon_url: None,
            job: Basis::JOB.to_owned(),
        }
    }
}

/// How soon somebody must look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// At once.
    Critical,
    /// Within the working day.
    Warning,
    /// With the next review.
    Info,
}

impl Severity {
    const ALL: [Severity; 3] = [Severity::Critical, Severity::Warning, Severity::Info];

    /// What an alert on a process of this criticality deserves.
    pub fn of(criticality: Level) -> Severity {
        match criticality {
            Level::High | Level::ExtremelyHigh => Severity::Critical,
            Level::Medium => Severity::Warning,
            Level::Low | Level::Negligible => Severity::Info,
        }
    }
}

/// A rule file, as Prometheus reads it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleFile {
    /// Its groups.
    pub groups: Vec<Group>,
}

/// Rules that are evaluated one after the other at the same instant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Its name, unique in the file.
    pub name: String,
    /// The rules.
    pub rules: Vec<Rule>,
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Rule {
    /// Keeps the result of an expression as a series.
    Record(Record),
    /// Alerts on each series that an expression gives.
    Alert(Box<Alert>),
}

/// A recording rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The series, named `level:metric:operations`.
    pub record: String,
    /// PromQL.
    pub expr: String,
}

/// An alerting rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alert {
    /// Its name.
    pub alert: String,
    /// PromQL.
    pub expr: String,
    /// How long the expression must hold, as Prometheus writes spans.
    pub r#for: String,
    /// Labels beside those of the series.
    pub labels: Labels,
    /// For people.
    pub annotations: Annotations,
}

/// What an alerting rule adds to the labels of its series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Labels {
    /// How soon somebody must look.
    pub severity: Severity,
}

/// Texts of an alert, Go templates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Annotations {
    /// What happened, with the figures, in one line.
    pub summary: String,
    /// What it rests on, and what it means.
    pub description: String,
    /// What to do.
    pub runbook_url: String,
    /// The page of the daemon to look at. None for an alert that says that there is no daemon to ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dashboard_url: Option<String>,
}

/// The processes that one rule is for. Severity is a label of a rule, so there is a rule for each.
#[derive(Clone, Debug, PartialEq)]
struct Audience {
    severity: Severity,
    /// Matchers on `process`; empty for all.
    process: String,
    /// Matchers on the criticality in `toleranced_process_info`; empty where the catalog has said it.
    criticality: String,
}

/// Declared processes by the severity that the catalog gives them, then all others by what the daemon says of them.
fn audiences(basis: &Basis) -> Vec<Audience> {
    let mut all = Vec::new();
    let mut declared: Vec<String> = Vec::new();
    for severity in Severity::ALL {
        let of_severity = basis
            .criticality
            .iter()
            .filter(|(_, criticality)| Severity::of(**criticality) == severity);
        // Labels are cut where they are long, and the matcher must look for what is exported.
        let ids: Vec<String> = of_severity.map(|(id, _)| label(id)).collect();
        if !ids.is_empty() {
            all.push(Audience {
                severity,
                process: promql::one_of("process", &ids),
                criticality: String::new(),
            });
        }
        declared.extend(ids);
    }
    let process = promql::none_of("process", &declared);
    let by_label = [
        (Severity::Critical, r#"criticality="high""#),
        (Severity::Warning, r#"criticality="medium""#),
        (Severity::Info, r#"criticality!~"high|medium""#),
    ];
    all.extend(by_label.map(|(severity, criticality)| Audience {
        severity,
        process: process.clone(),
        criticality: criticality.to_owned(),
    }));
    all
}

/// The whole rule file.
pub(crate) fn generate(basis: &Basis) -> RuleFile {
    let group = |name: &str, rules| Group {
        name: name.to_owned(),
        rules,
    };
    RuleFile {
        groups: vec![
            group("toleranced-recording", recording::rules()),
            group(
                "toleranced-processes",
                processes::rules(basis, &audiences(basis)),
            ),
            group("toleranced-daemon", daemon::rules(basis)),
        ],
    }
}

impl RuleFile {
    /// All alerts, in their order.
    pub fn alerts(&self) -> impl Iterator<Item = &Alert> {
        let rules = self.groups.iter().flat_map(|group| &group.rules);
        rules.filter_map(|rule| match rule {
            Rule::Alert(alert) => Some(alert.as_ref()),
            Rule::Record(_) => None,
        })
    }

    /// As YAML, with a head that says where it comes from.
    pub fn to_yaml(&self) -> Result<String, serde_saphyr::ser::Error> {
        let rules = serde_saphyr::to_string(self)?;
        Ok(format!("{HEAD}{rules}"))
    }
}

const HEAD: &str = "\
# Recording and alerting rules for toleranced, written by `toleranced rules`: generate them anew rather than edit them.
# What each alert means and what to do: docs/runbooks. How to load and test them: docs/alerting.md.
";

/// A span in whole seconds as Prometheus writes it.
fn seconds(span: Span) -> i64 {
    span / Span::SECOND
}
