//! Style, script and mark, served from the binary under names that hold a hash of what they say: a browser may keep them
//! for a year, and takes new ones the moment a new version of the program runs.

use crate::model::hash_text;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use std::sync::LazyLock;

struct Asset {
    /// With the hash, as it is asked for.
    name: String,
    kind: &'static str,
    text: &'static str,
}

static ASSETS: LazyLock<[Asset; 3]> = LazyLock::new(|| {
    let css = "text/css; charset=utf-8";
    let js = "text/javascript; charset=utf-8";
    [
        asset("style", "css", css, include_str!("static/style.css")),
        asset("script", "js", js, include_str!("static/script.js")),
        asset(
            "mark",
            "svg",
            "image/svg+xml",
            include_str!("static/mark.svg"),
        ),
    ]
});

fn asset(stem: &str, ending: &str, kind: &'static str, text: &'static str) -> Asset {
    Asset {
        name: format!("{stem}.{:016x}.{ending}", hash_text(text)),
        kind,
        text,
    }
}

/// Where the style sheet is.
pub(super) fn style() -> String {
    format!("/static/{}", ASSETS[0].name)
}

/// Where the script is.
pub(super) fn script() -> String {
    format!("/static/{}", ASSETS[1].name)
}

/// Where the mark is.
pub(super) fn mark() -> String {
    format!("/static/{}", ASSETS[2].name)
}

/// The response with a file; `None` if there is no such file.
pub(super) fn file(name: &str) -> Option<Response> {
    let asset = ASSETS.iter().find(|asset| asset.name == name)?;
    let headers = [
        (header::CONTENT_TYPE, asset.kind),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    Some((headers, asset.text).into_response())
}

/// `GET /favicon.ico`, which browsers ask for unasked.
pub(super) async fn favicon() -> Response {
    let told = [
        (header::CONTENT_TYPE, ASSETS[2].kind),
        (header::CACHE_CONTROL, "public, max-age=86400"),
    ];
    (told, ASSETS[2].text).into_response()
}
