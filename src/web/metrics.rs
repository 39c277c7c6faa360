//! What a request asks for, and the count of requests.

use super::state::Daemon;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName};
use axum::middleware::Next;
use axum::response::Response;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;

pub(super) fn asked<'a>(headers: &'a HeaderMap, name: &HeaderName) -> &'a str {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default()
}

pub(super) fn accepts_gzip(accept: &str) -> bool {
    accept.split(',').any(|part| {
        let mut words = part.split(';').map(str::trim);
        let known = words
            .next()
            .is_some_and(|word| word.eq_ignore_ascii_case("gzip"));
        known && !words.any(|word| matches!(word, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

pub(super) fn packed(text: &[u8]) -> std::io::Result<Vec<u8>> {
    let room = Vec::with_capacity(text.len() / 8);
    let mut encoder = GzEncoder::new(room, Compression::fast());
    encoder.write_all(text)?;
    encoder.finish()
}

/// Counts every request by route and status code. Paths that are no route share one name: their number has no bound.
pub(super) async fn count(State(daemon): Daemon, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or("other", |path| path.as_str()).to_owned();
    let response = next.run(request).await;
    let code = response.status().as_u16();
    daemon.shared.own.answered(&route, code);
    response
}

#[cfg(test)]
mod tests {
    use super::accepts_gzip;

    #[test]
    fn gzip_where_it_is_accepted() {
        for yes in ["gzip", "br, gzip;q=0.5", "GZIP"] {
            assert!(accepts_gzip(yes), "{yes}");
        }
        for no in ["", "identity", "gzip;q=0", "br, gzip; q=0.0"] {
            assert!(!accepts_gzip(no), "{no}");
        }
    }
}
