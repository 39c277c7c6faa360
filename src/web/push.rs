//! `POST /ingest/{source}`: events from whoever can't write a file where the daemon reads.
//!
//! A body is on the disk before it is answered for, and is read like any other export from there: what was accepted
//! survives a crash, and what is sent twice counts once.

use super::state::Daemon;
use crate::config::daemon::Config;
use crate::config::sources::{SourceConfig, SourceKind};
use crate::query::SourceStatus;
use axum::body::{Body, Bytes, HttpBody as _};
use axum::extract::{Path as InPath, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// A body may be so long; who has more sends it in parts, or compressed.
const MOST_BYTES: u64 = 64 << 20;
/// So much may wait to be read, with what is on its way; nothing more is accepted.
const MOST_WAITING: u64 = 1 << 30;

/// Tells bodies of the same microsecond apart.
static NUMBER: AtomicU32 = AtomicU32::new(0);

/// Why a body is not accepted.
enum Refused {
    Unknown(String),
    Kind(String),
    TooLong,
    Busy,
    Empty,
    BrokenOff(String),
    Disk(std::io::Error),
}

impl From<std::io::Error> for Refused {
    fn from(error: std::io::Error) -> Refused {
        Refused::Disk(error)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        // The rest of a body that is not read must not be taken for the next request.
        let close = [(header::CONNECTION, "close")];
        let said = |status, message: String| (status, close, message + "\n").into_response();
        match self {
            Refused::Unknown(message) => said(StatusCode::NOT_FOUND, message),
            Refused::Kind(message) => said(StatusCode::UNSUPPORTED_MEDIA_TYPE, message),
            Refused::TooLong => said(
                StatusCode::PAYLOAD_TOO_LARGE,
                format!(
                    "a body has at most {} MiB: send it in parts, or compressed",
                    MOST_BYTES >> 20
                ),
            ),
            Refused::Busy => {
                let retry = [(header::RETRY_AFTER, "30")];
                let message = "what was sent before is not read yet: try again later".to_owned();
                (retry, said(StatusCode::SERVICE_UNAVAILABLE, message)).into_response()
            }
            Refused::Empty => said(
                StatusCode::BAD_REQUEST,
                "there is nothing in the body".to_owned(),
            ),
            Refused::BrokenOff(error) => said(
                StatusCode::BAD_REQUEST,
                format!("the body broke off: {error}"),
            ),
            Refused::Disk(error) => {
                tracing::error!(%error, "what was sent can't be kept");
                said(
                    StatusCode::INSUFFICIENT_STORAGE,
                    // Where it would have been kept is nobody's business who sends it; the log says so.
                    format!("it can't be kept, so it was not accepted: {}", error.kind()),
                )
            }
        }
    }
}

/// Takes a body in. The answer comes when it is safely on the disk, and says how much it was.
pub(super) async fn push(
    State(daemon): Daemon,
    InPath(source): InPath<String>,
    request: Request,
) -> Response {
    let taken = async {
        let folder = folder_of(&daemon.config(), &source)?;
        let ending = ending_of(request.headers())?;
        let sources = daemon.shared.sources();
        let status = sources.iter().find(|status| status.name == source).cloned();
        // A source that is just being added: nobody reads it yet.
        let status = status.ok_or(Refused::Busy)?;
        let body = request.into_body();
        // What is said of its length is known before it comes, so that many at once do not fill the room and all fail.
        let room = Room::new(status, body.size_hint().lower().min(MOST_BYTES))?;
        keep(body, room, folder, ending).await
    };
    match taken.await {
        Ok(bytes) => {
            let said = serde_json::json!({"version": 1, "source": source, "bytes": bytes});
            (StatusCode::ACCEPTED, axum::Json(said)).into_response()
        }
        Err(refused) => refused.into_response(),
    }
}

/// Where what is sent to a source is kept.
fn folder_of(config: &Config, name: &str) -> Result<PathBuf, Refused> {
    let known = |source: &&SourceConfig| source.kind == SourceKind::Push;
    let mut pushed = config.sources.iter().filter(known);
    let source = pushed.find(|source| source.name == name);
    source
        .and_then(|source| source.paths.first().map(PathBuf::from))
        .ok_or_else(|| {
            Refused::Unknown(
                "there is no source of this name with `type: push` in toleranced.yaml".to_owned(),
            )
        })
}

/// The ending of the file by its media type: only CSV can't always be told by its content.
fn ending_of(headers: &HeaderMap) -> Result<&'static str, Refused> {
    let value = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let encoding = value(header::CONTENT_ENCODING).unwrap_or("identity");
    if !["identity", "gzip", "zstd"].contains(&encoding.trim()) {
        return Err(Refused::Kind(
            "`Content-Encoding` is gzip, zstd or nothing".to_owned(),
        ));
    }
    let media = value(header::CONTENT_TYPE).unwrap_or_default();
    let media = media.split(';').next().unwrap_or_default().trim();
    Ok(match media.to_ascii_lowercase().as_str() {
        "text/csv" => "csv",
        "application/x-ndjson" | "application/ndjson" | "application/jsonl" => "ndjson",
        "application/json" => "json",
        "application/xml" | "text/xml" => "xes",
        // What tools send that were not told: the content says what it is.
        _ => "log",
    })
}

/// Writes a body as it comes, so that a long one takes no memory, and gives it its name when it is whole.
async fn keep(
    mut body: Body,
    mut room: Room,
    folder: PathBuf,
    ending: &'static str,
) -> Result<u64, Refused> {
    let now = chrono::Utc::now().timestamp_micros();
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("{now:017}-{number:08}.{ending}");
    let file = folder.join(&name);
    let mut part = on_disk(move || Part::new(&folder, &name)).await?;
    let mut bytes = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Refused::BrokenOff(error.to_string()))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        bytes += data.len() as u64;
        if bytes > MOST_BYTES {
            return Err(Refused::TooLong);
        }
        room.widen(bytes)?;
        part = on_disk(move || part.with(&data)).await?;
    }
    if bytes == 0 {
        return Err(Refused::Empty);
    }
    // It is counted where it gets its name: whoever waits for the answer may have gone.
    on_disk(move || {
        part.finish(&file)?;
        room.fill(bytes);
        Ok(())
    })
    .await?;
    Ok(bytes)
}

/// The room that a body was promised among what waits to be read; given back in the end, however it ends.
struct Room {
    status: Arc<SourceStatus>,
    bytes: u64,
}

impl Room {
    fn new(status: Arc<SourceStatus>, bytes: u64) -> Result<Room, Refused> {
        let mut room = Room { status, bytes: 0 };
        room.widen(bytes)?;
        Ok(room)
    }

    /// Makes it so wide at least.
    fn widen(&mut self, bytes: u64) -> Result<(), Refused> {
        let more = bytes.saturating_sub(self.bytes);
        if !self.status.promise(more, MOST_WAITING) {
            return Err(Refused::Busy);
        }
        self.bytes += more;
        Ok(())
    }

    /// The body is whole, and waits in its place.
    fn fill(self, bytes: u64) {
        self.status.accept(bytes);
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.status.give_back(self.bytes);
    }
}

async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, Refused> {
    let done = tokio::task::spawn_blocking(work).await;
    Ok(done.unwrap_or_else(|error| Err(std::io::Error::other(error)))?)
}

/// A file that is not whole yet. Its name is hidden from who reads the folder, and it goes when it is dropped.
struct Part(Option<tempfile::NamedTempFile>);

impl Part {
    fn new(folder: &Path, name: &str) -> std::io::Result<Part> {
        std::fs::create_dir_all(folder)?;
        let prefix = format!(".{name}.");
        let file = tempfile::Builder::new()
            .prefix(&prefix)
            .tempfile_in(folder)?;
        Ok(Part(Some(file)))
    }

    fn with(mut self, data: &Bytes) -> std::io::Result<Part> {
        if let Some(part) = &mut self.0 {
            part.write_all(data)?;
        }
        Ok(self)
    }

    fn finish(mut self, file: &Path) -> std::io::Result<()> {
        if let Some(part) = self.0.take() {
            part.as_file().sync_all()?;
            part.persist(file).map_err(|error| error.error)?;
        }
        match file.parent() {
            Some(folder) => std::fs::File::open(folder)?.sync_all(),
            None => Ok(()),
        }
    }
}

impl Drop for Part {
    /// Removes the file on a thread that may block, because an aborted request drops this value on the async runtime.
    fn drop(&mut self) {
        let (Some(part), Ok(runtime)) = (self.0.take(), tokio::runtime::Handle::try_current())
        else {
            return;
        };
        runtime.spawn_blocking(move || drop(part));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ending(kind: &'static str, encoding: Option<&'static str>) -> Option<&'static str> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, kind.parse().unwrap());
        if let Some(encoding) = encoding {
            headers.insert(header::CONTENT_ENCODING, encoding.parse().unwrap());
        }
        ending_of(&headers).ok()
    }

    #[test]
    fn files_are_named_by_what_the_sender_says_that_they_are() {
        assert_eq!(ending("text/csv; charset=utf-8", None), Some("csv"));
        assert_eq!(ending("Application/JSON", Some("gzip")), Some("json"));
        assert_eq!(
            ending("application/x-www-form-urlencoded", None),
            Some("log")
        );
        assert_eq!(ending("text/csv", Some("br")), None);
    }
}
