//! `/processes/{id}`: everything about one process, and the tables behind it.

mod overview;
mod read;
mod sections;
mod tables;
mod why;

use super::shell::{self, Page, State};
use super::words;
use crate::config::daemon::Config;
use crate::daemon::Running;
use crate::drift::{ProcessDrift, said};
use crate::explain::{Figure, Lever, RuleTrace, figures, levers, trace};
use crate::export::label;
use crate::model::{Names, Time};
use crate::query::{AlarmStories, AlarmStory, Snapshot};
use crate::score::{ProcessScore, Terms};
use crate::store::{AlarmRow, Store, StoreError};
use crate::web::blocking::respond;
use crate::web::state::Daemon;
use axum::Json;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use read::Kept;
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

/// Everything there is to show of a process.
struct Told {
    snapshot: Arc<Snapshot>,
    /// Its place in the snapshot.
    at: usize,
    config: Arc<Config>,
    state: State,
    figures: Vec<Figure>,
    rules: Vec<RuleTrace>,
    levers: Vec<Lever>,
    kept: Kept,
}

impl Told {
    fn score(&self) -> &ProcessScore {
        &self.snapshot.scores[self.at]
    }

    fn drift(&self) -> Option<&ProcessDrift> {
        let drift = self.snapshot.drift.processes.get(&self.score().id);
        drift.map(Arc::as_ref)
    }

    /// Its alarms, the newest first, those that it shares with other processes among them.
    fn alarms(&self) -> impl Iterator<Item = &AlarmRow> {
        let all = self.snapshot.drift.alarms.iter().rev();
        all.filter(|alarm| alarm.is_about(&self.score().id))
    }

    /// The same in sentences.
    fn stories(&self) -> Vec<AlarmStory> {
        let stories = AlarmStories::of_view(&self.snapshot.drift);
        self.alarms().map(|alarm| stories.tell(alarm)).collect()
    }

    /// Where a table of it is for programs.
    fn csv(&self, table: &str) -> String {
        format!(
            "/api/v1/processes/{}/{table}.csv",
            words::encoded(&self.score().id)
        )
    }
}

/// Why there is nothing to show.
enum Missing {
    Process(String),
    Scores,
    Store(StoreError),
}

impl Missing {
    fn words(&self) -> String {
        match self {
            Missing::Process(id) => format!("There is no process `{}`.", words::name(id)),
            Missing::Scores => "No score has been made yet.".to_owned(),
            Missing::Store(error) => format!("The database does not answer: {error}."),
        }
    }

    fn page(&self) -> Response {
        match self {
            Missing::Process(_) => shell::not_found(&self.words()),
            _ => shell::unavailable(&self.words()),
        }
    }

    fn text(&self) -> Response {
        let status = match self {
            Missing::Process(_) => StatusCode::NOT_FOUND,
            _ => StatusCode::SERVICE_UNAVAILABLE,
        };
        (status, format!("{}\n", self.words())).into_response()
    }
}

/// By its id, or by the label that metrics and alerts have of a long one.
fn find(snapshot: &Snapshot, id: &str) -> Option<usize> {
    let scores = snapshot.scores.iter();
    let exact = scores.clone().position(|score| score.id == id);
    exact.or_else(|| scores.clone().position(|score| label(&score.id) == id))
}

/// Collects the content of the page. Reads the database, so it blocks.
fn tell(daemon: &Running, id: String) -> Result<Told, Missing> {
    let snapshot = daemon.shared.snapshot();
    let as_of = snapshot.scored_at.ok_or(Missing::Scores)?;
    let at = find(&snapshot, &id).ok_or(Missing::Process(id))?;
    let config = daemon.config();
    let score = &snapshot.scores[at];
    let store = Store::open_to_read(&config.data_dir).map_err(Missing::Store)?;
    let kept = read::kept(&store, &config, &score.id, as_of).map_err(Missing::Store)?;
    Ok(Told {
        state: State::of(daemon, &snapshot),
        kept,
        at,
        ..explained(snapshot.clone(), at, config, as_of)
    })
}

fn explained(snapshot: Arc<Snapshot>, at: usize, config: Arc<Config>, as_of: Time) -> Told {
    let names = Names::new();
    let terms = Terms {
        catalog: &config.catalog,
        tolerance: &config.tolerance,
        names: &names,
    };
    let score = &snapshot.scores[at];
    Told {
        figures: figures(score, terms),
        rules: trace(&config.tolerance.recommendations, score),
        levers: levers(score, terms, as_of),
        kept: Kept::default(),
        state: State::default(),
        at,
        snapshot,
        config,
    }
}

/// `GET /processes/{id}`.
pub(super) async fn page(daemon: Daemon, Path(id): Path<String>) -> Response {
    shell::respond(move || match tell(&daemon, id) {
        Ok(told) => {
            let page = Page {
                title: &words::name(&told.score().name),
                at: "",
                state: State::default(),
                body: sections::body(&told),
            };
            Page {
                state: told.state,
                ..page
            }
            .response()
        }
        Err(missing) => missing.page(),
    })
    .await
}

/// Which process, where its id can't stand in a path.
#[derive(Deserialize)]
pub(super) struct Asked {
    id: Option<String>,
}

/// `GET /processes?id=ID`.
pub(super) async fn by_query(daemon: Daemon, Query(asked): Query<Asked>) -> Response {
    match asked.id {
        Some(id) => page(daemon, Path(id)).await,
        None => axum::response::Redirect::to("/").into_response(),
    }
}

/// `GET /api/v1/processes/{id}`.
pub(super) async fn json(daemon: Daemon, Path(id): Path<String>) -> Response {
    respond(move || match tell(&daemon, id) {
        Ok(told) => document(&told),
        Err(missing) => missing.text(),
    })
    .await
}

fn document(told: &Told) -> Response {
    let score = told.score();
    Json(json!({
        "version": 1,
        "as_of": told.snapshot.scored_at.map(|at| at.to_string()),
        "process": score,
        "figures": told.figures,
        "rules_tried": told.rules,
        "would_change": told.levers,
        "drift": told.drift().map(|drift| said(&score.id, drift, &told.snapshot.drift.outcomes)),
        "alarms": told.stories(),
        "durations": tables::durations(told).objects(),
        "outcomes_by_week": tables::outcomes(told).objects(),
        "ledger": tables::ledger(told).objects(),
    }))
    .into_response()
}

/// `GET /api/v1/processes/{id}/{table}`, such as `days.csv`.
pub(super) async fn csv(daemon: Daemon, Path((id, file)): Path<(String, String)>) -> Response {
    respond(move || match tell(&daemon, id) {
        Ok(told) => table(&told, &file),
        Err(missing) => missing.text(),
    })
    .await
}

fn table(told: &Told, file: &str) -> Response {
    let name = file.strip_suffix(".csv").unwrap_or_default();
    match tables::named(told, name) {
        Some(table) => table.csv(),
        None => {
            let known: Vec<String> = tables::NAMES
                .iter()
                .map(|name| format!("{name}.csv"))
                .collect();
            let why = format!(
                "there is no table `{}`; there are {}\n",
                words::name(file),
                known.join(", ")
            );
            (StatusCode::NOT_FOUND, why).into_response()
        }
    }
}
