//! Drift over HTTP: how streams stand, alarms and their life, known changes.

use super::blocking::{blocking, respond};
use super::state::Daemon;
use crate::daemon::Running;
use crate::drift::said;
use crate::model::{Day, Time};
use crate::query::{AlarmCases, AlarmStories, AlarmStory, alarm_cases, with_common_cause};
use crate::store::{MarkKind, MarkRow, Store, StoreError, check_mark_day, check_note};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use std::fmt::Display;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Places for requests that read many cases: the memory and the disk belong to those who ingest. Who finds none waits.
static PLACES: Semaphore = Semaphore::const_new(2);

/// `GET /api/v1/drift`: every process with its baseline, its streams and its days.
pub(super) async fn list(State(daemon): Daemon) -> Response {
    respond(move || {
        let snapshot = daemon.shared.snapshot();
        let view = &snapshot.drift;
        let processes: Vec<Value> = view
            .processes
            .iter()
            .map(|(id, drift)| said(id, drift, &view.outcomes))
            .collect();
        Json(json!({
            "version": 1,
            "expected_false_alarms_per_year": view.false_alarms_per_year,
            "processes": processes,
        }))
        .into_response()
    })
    .await
}

/// `GET /api/v1/alarms`: every alarm with its life, oldest first.
pub(super) async fn alarms(State(daemon): Daemon) -> Response {
    respond(move || {
        let snapshot = daemon.shared.snapshot();
        let stories = AlarmStories::of_view(&snapshot.drift);
        let alarms = snapshot.drift.alarms.iter();
        let alarms: Vec<AlarmStory> = alarms.map(|alarm| stories.tell(alarm)).collect();
        Json(json!({"version": 1, "alarms": alarms})).into_response()
    })
    .await
}

/// `GET /api/v1/alarms/{id}`: one alarm, with the cases that added most to its evidence.
pub(super) async fn alarm(State(daemon): Daemon, Path(id): Path<i64>) -> Response {
    let place = PLACES.acquire().await;
    let config = daemon.config();
    let snapshot = daemon.shared.snapshot();
    let found = in_store(daemon, move |store| {
        // Held by the reading, not by who waits for it: who hangs up does not end it.
        let _place = place;
        let Some(alarm) = store.alarm(id)? else {
            return Ok(None);
        };
        let AlarmCases { cases, removed } = alarm_cases(store, &config, &alarm)?;
        let alarm = with_common_cause(alarm, &snapshot.drift.alarms);
        let story = AlarmStories::of_view(&snapshot.drift).tell(&alarm);
        let said = Json(json!({
            "version": 1, "alarm": story, "cases": cases, "cases_removed": removed,
        }));
        Ok::<_, StoreError>(Some(said.into_response()))
    });
    match found.await {
        Ok(Some(said)) => said,
        Ok(None) => no_alarm(id),
        Err(response) => response,
    }
}

fn no_alarm(id: i64) -> Response {
    (StatusCode::NOT_FOUND, format!("there is no alarm {id}\n")).into_response()
}

/// Who takes note of an alarm, and why.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Acknowledgement {
    by: String,
    why: String,
}

/// `POST /api/v1/alarms/{id}/acknowledge` with `{"by": ..., "why": ...}`.
pub(super) async fn acknowledge(
    State(daemon): Daemon,
    Path(id): Path<i64>,
    Json(said): Json<Acknowledgement>,
) -> Response {
    if let Err(why) = plain("by", &said.by).and(plain("why", &said.why)) {
        return (StatusCode::UNPROCESSABLE_ENTITY, why).into_response();
    }
    let now = Time::from_utc(chrono::Utc::now());
    let done = in_store(daemon, move |store| {
        let found = store.acknowledge(id, said.by.trim(), said.why.trim(), now.0)?;
        if found {
            tracing::info!(id, by = said.by, why = said.why, "alarm acknowledged");
        }
        Ok::<_, StoreError>(found)
    });
    match done.await {
        Ok(true) => StatusCode::NO_CONTENT.into_response(),
        Ok(false) => no_alarm(id),
        Err(response) => response,
    }
}

/// A known change.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewMark {
    /// All processes if it is not given.
    #[serde(default)]
    process: String,
    /// `YYYY-MM-DD`; today if it is not given.
    date: Option<String>,
    text: String,
    by: String,
    /// Whether how it is from then on is how it shall be.
    #[serde(default)]
    rebaseline: bool,
}

/// `POST /api/v1/marks` with a known change.
pub(super) async fn mark(State(daemon): Daemon, Json(said): Json<NewMark>) -> Response {
    let now = Time::from_utc(chrono::Utc::now());
    let day = match said.date.as_deref().map(parse_day) {
        None => Ok(now.day()),
        Some(day) => day,
    };
    let checked = plain("by", &said.by)
        .and(plain("text", &said.text))
        .and(day);
    let checked = checked.and_then(|day| {
        let right = check_mark_day(day, now.day()).map_err(|why| format!("`date`: {why}\n"));
        right.map(|()| day)
    });
    let known = said.process.is_empty() || daemon.shared.knows_process(&said.process);
    let checked = match known {
        true => checked,
        false => Err(format!(
            "`process`: there is no process `{}`\n",
            said.process
        )),
    };
    let day = match checked {
        Ok(day) => day,
        Err(why) => return (StatusCode::UNPROCESSABLE_ENTITY, why).into_response(),
    };
    let row = MarkRow {
        day,
        process: said.process,
        kind: if said.rebaseline {
            MarkKind::Rebaseline
        } else {
            MarkKind::Change
        },
        text: said.text.trim().to_owned(),
        by: said.by.trim().to_owned(),
        noted_at: now.0,
    };
    let done = in_store(daemon, move |store| {
        store.add_mark(&row)?;
        tracing::info!(
            process = row.process,
            by = row.by,
            text = row.text,
            "change marked"
        );
        Ok::<_, StoreError>(())
    });
    match done.await {
        Ok(()) => StatusCode::CREATED.into_response(),
        Err(response) => response,
    }
}

fn parse_day(text: &str) -> Result<Day, String> {
    let date = chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d");
    let date = date.map_err(|_| format!("`date`: `{text}` is not a date (YYYY-MM-DD)\n"))?;
    Ok(Time::from_utc(date.and_time(chrono::NaiveTime::MIN).and_utc()).day())
}

fn plain(field: &str, text: &str) -> Result<(), String> {
    check_note(text)
        .map(|_| ())
        .map_err(|why| format!("`{field}` {why}\n"))
}

/// Reads, or writes a little, beside the engine, which takes it up with its next scoring.
async fn in_store<T: Send + 'static, E: From<StoreError> + Display + Send + 'static>(
    daemon: Arc<Running>,
    work: impl FnOnce(&Store) -> Result<T, E> + Send + 'static,
) -> Result<T, Response> {
    let done = blocking(move || work(&Store::open_to_read(&daemon.config().data_dir)?)).await;
    let trouble = |error: String| {
        tracing::error!(error, "the database does not answer a request");
        (
            StatusCode::SERVICE_UNAVAILABLE,
            format!("the database does not answer: {error}\n"),
        )
            .into_response()
    };
    match done {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(trouble(error.to_string())),
        Err(error) => Err(trouble(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::daemon::Config;
    use std::time::Duration;

    #[tokio::test]
    async fn two_alarms_are_looked_into_at_once_and_others_wait() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("toleranced.yaml");
        std::fs::write(&file, "").unwrap();
        let config = Config::load(&file).unwrap();
        let daemon = Arc::new(crate::daemon::run(config, &file).unwrap());
        let asked = || alarm(State(daemon.clone()), Path(1));
        assert_eq!(asked().await.status(), StatusCode::NOT_FOUND);
        let others = PLACES.acquire_many(2).await.unwrap();
        let waiting = tokio::time::timeout(Duration::from_millis(100), asked());
        assert!(waiting.await.is_err(), "a third one is answered at once");
        drop(others);
        assert_eq!(asked().await.status(), StatusCode::NOT_FOUND);
        daemon.shutdown().unwrap();
    }
}
