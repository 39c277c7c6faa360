//! `GET /metrics`, in the format that is asked for.
//!
//! A few processes are written out when they are asked for. Thousands take a tenth of a second and more: these are written out
//! beforehand, in the formats that are asked for, so that a scrape waits for nothing and what is scraped is seconds old.

use super::metrics::{accepts_gzip, asked, packed};
use super::state::Daemon;
use crate::daemon::Running;
use crate::export::{self, Exposition, SnapshotCollector};
use crate::query::Snapshot;
use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// What takes no longer than this is written out when it is asked for.
const QUICK: Duration = Duration::from_millis(20);
/// What was written out is looked at this often.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// It is written out anew when something has changed, but takes at most one part in so many of the time ...
const SHARE: u32 = 15;
/// ... and not more often than this.
const LEAST_AGE: Duration = Duration::from_secs(2);
/// It is written out anew after this in any case: time passes for the program itself, too.
const MOST_AGE: Duration = Duration::from_secs(15);
/// Nobody who asks comes less often than this.
const FORGOTTEN: Duration = Duration::from_secs(300);

/// Scrapes that write at the same time. The others wait, and use what was written meanwhile.
const MAX_WRITERS: usize = 2;

/// A format, and whether it is packed.
type Kind = (Exposition, bool);

/// What was written out.
#[derive(Clone)]
struct Kept {
    snapshot: Arc<Snapshot>,
    made: Instant,
    took: Duration,
    asked: Instant,
    body: Bytes,
}

/// What was written out, by format.
pub(super) struct Scrapes {
    kept: Mutex<BTreeMap<Kind, Kept>>,
    /// Scrapes that may write at the same time. Each of them can need several megabytes of memory.
    writers: Arc<Semaphore>,
}

impl Default for Scrapes {
    fn default() -> Scrapes {
        Scrapes {
            kept: Mutex::default(),
            writers: Arc::new(Semaphore::new(MAX_WRITERS)),
        }
    }
}

impl Scrapes {
    fn kept(&self) -> std::sync::MutexGuard<'_, BTreeMap<Kind, Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What another scrape has started to write since an instant. It is as recent as what a scrape of this instant would
    /// write itself.
    fn written_since(&self, kind: Kind, since: Instant) -> Option<Bytes> {
        let all = self.kept();
        let kept = all.get(&kind).filter(|kept| kept.made >= since)?;
        Some(kept.body.clone())
    }

    /// What was written out not long ago, of what is not quick.
    fn fresh(&self, kind: Kind) -> Option<Bytes> {
        let mut all = self.kept();
        let kept = all.get_mut(&kind)?;
        kept.asked = Instant::now();
        let young = kept.made.elapsed() <= MOST_AGE + 2 * kept.took + LOOK_EVERY;
        (kept.took > QUICK && young).then(|| kept.body.clone())
    }

    /// Writes out, and keeps it.
    fn write(&self, kind: Kind, daemon: &Running, asked: Instant) -> Result<Bytes, String> {
        let begun = Instant::now();
        let snapshot = daemon.shared.snapshot();
        let collector = SnapshotCollector::new(daemon.shared.clone());
        let (exposition, gzip) = kind;
        let text = export::text(&collector, exposition).map_err(|error| error.to_string())?;
        let body = match gzip {
            true => packed(text.as_bytes()).map_err(|error| error.to_string())?,
            false => text.into_bytes(),
        };
        let body = Bytes::from(body);
        let kept = Kept {
            snapshot,
            made: begun,
            took: begun.elapsed(),
            asked,
            body: body.clone(),
        };
        self.kept().insert(kind, kept);
        Ok(body)
    }

    /// What is to be written out anew, with when it was asked for last.
    fn stale(&self, daemon: &Running) -> Vec<(Kind, Instant)> {
        let now = daemon.shared.snapshot();
        let mut all = self.kept();
        all.retain(|_, kept| kept.asked.elapsed() < FORGOTTEN);
        let is_stale = |kept: &Kept| {
            let age = kept.made.elapsed();
            let changed = !Arc::ptr_eq(&kept.snapshot, &now);
            age >= MOST_AGE || changed && age >= LEAST_AGE.max(SHARE * kept.took)
        };
        let slow = all.iter().filter(|(_, kept)| kept.took > QUICK);
        let stale = slow.filter(|(_, kept)| is_stale(kept));
        stale.map(|(kind, kept)| (*kind, kept.asked)).collect()
    }
}

/// Keeps what is not quick written out, as long as somebody asks for it.
pub(super) async fn keep(daemon: Arc<Running>, scrapes: Arc<Scrapes>) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let (daemon, scrapes) = (daemon.clone(), scrapes.clone());
        let written = tokio::task::spawn_blocking(move || {
            for (kind, asked) in scrapes.stale(&daemon) {
                // The next scrape tries again, and says what is wrong.
                if let Err(error) = scrapes.write(kind, &daemon, asked) {
                    tracing::error!(error, "the metrics can't be written out");
                }
            }
        });
        if let Err(error) = written.await {
            tracing::error!(%error, "the metrics can't be written out");
        }
    }
}

/// Writes the metrics, or uses what another scrape has written meanwhile.
async fn write_once(
    scrapes: Arc<Scrapes>,
    kind: Kind,
    daemon: Arc<Running>,
) -> Result<Bytes, String> {
    let asked = Instant::now();
    let writer = scrapes.writers.clone().acquire_owned().await;
    if let Some(body) = scrapes.written_since(kind, asked) {
        return Ok(body);
    }
    // Other requests must not wait for that.
    let write = move || {
        // Held here, because writing continues after the client disconnects.
        let _writer = writer;
        scrapes.write(kind, &daemon, Instant::now())
    };
    let written = tokio::task::spawn_blocking(write).await;
    written.map_err(|error| error.to_string())?
}

/// `GET /metrics`.
pub(super) async fn scrape(
    State(daemon): Daemon,
    Extension(scrapes): Extension<Arc<Scrapes>>,
    headers: HeaderMap,
) -> Response {
    let exposition = export::exposition(asked(&headers, &header::ACCEPT));
    let gzip = accepts_gzip(asked(&headers, &header::ACCEPT_ENCODING));
    let kind = (exposition, gzip);
    let body = match scrapes.fresh(kind) {
        Some(body) => body,
        None => match write_once(scrapes, kind, daemon).await {
            Ok(body) => body,
            Err(error) => return (StatusCode::INTERNAL_SERVER_ERROR, error).into_response(),
        },
    };
    let kind = [
        (header::CONTENT_TYPE, exposition.content_type()),
        (header::VARY, "Accept, Accept-Encoding"),
    ];
    match gzip {
        true => (kind, [(header::CONTENT_ENCODING, "gzip")], body).into_response(),
        false => (kind, body).into_response(),
    }
}
