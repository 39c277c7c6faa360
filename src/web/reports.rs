//! `/reports/`: the reports that were written.

use super::blocking::{blocking, respond};
use super::state::Daemon;
use crate::report::{Written, is_report, kept};
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, SecondsFormat, Utc};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

/// `GET /reports/feed.xml`: what there is, for feed readers (RFC 4287).
pub(super) async fn feed(State(daemon): Daemon) -> Response {
    respond(move || {
        let config = daemon.config();
        let base = config.reports.recipients.url.as_deref().unwrap_or_default();
        match kept(&config).and_then(|written| atom(&written, base)) {
            Ok(feed) => ([(header::CONTENT_TYPE, "application/atom+xml")], feed).into_response(),
            Err(error) => unreadable(&error),
        }
    })
    .await
}

fn atom(reports: &[Written], base: &str) -> std::io::Result<Vec<u8>> {
    let latest = reports.iter().map(|report| report.at).max();
    let instant = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let mut out = Writer::new_with_indent(Vec::new(), b' ', 1);
    let text = |out: &mut Writer<Vec<u8>>, tag: &str, text: &str| {
        let element = out.create_element(tag);
        element.write_text_content(BytesText::new(text)).map(|_| ())
    };
    out.write_event(Event::Decl(BytesDecl::new("1.0", Some("utf-8"), None)))?;
    let feed = out.create_element("feed");
    feed.with_attribute(("xmlns", "http://www.w3.org/2005/Atom"))
        .write_inner_content(|out| {
            text(out, "title", "Tolerance reports")?;
            text(out, "id", "urn:toleranced:reports")?;
            text(out, "updated", &instant(latest.unwrap_or_default()))?;
            out.create_element("author")
                .write_inner_content(|out| text(out, "name", "toleranced"))?;
            let link = out.create_element("link").with_attribute(("rel", "self"));
            link.with_attribute(("href", format!("{base}/reports/feed.xml").as_str()))
                .write_empty()?;
            for report in reports {
                out.create_element("entry").write_inner_content(|out| {
                    text(out, "title", &format!("Tolerance report, {}", report.title))?;
                    text(out, "id", &format!("urn:toleranced:report:{}", report.id))?;
                    text(out, "updated", &instant(report.at))?;
                    for name in &report.files {
                        let kind = media_type(name).split(';').next().unwrap_or_default();
                        out.create_element("link")
                            .with_attribute(("rel", "alternate"))
                            .with_attribute(("type", kind))
                            .with_attribute(("title", name.as_str()))
                            .with_attribute(("href", format!("{base}/reports/{name}").as_str()))
                            .write_empty()?;
                    }
                    Ok(())
                })?;
            }
            Ok(())
        })?;
    Ok(out.into_inner())
}

fn unreadable(error: &std::io::Error) -> Response {
    tracing::error!(%error, "the folder of reports can't be read");
    let said = format!("the folder of reports can't be read: {error}\n");
    (StatusCode::SERVICE_UNAVAILABLE, said).into_response()
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("json") => "application/json",
        Some("csv") => "text/csv; charset=utf-8",
        _ => "text/markdown; charset=utf-8",
    }
}

/// `GET /reports/{name}`: one of them.
pub(super) async fn one(State(daemon): Daemon, Path(name): Path<String>) -> Response {
    if !is_report(&name) {
        return (StatusCode::NOT_FOUND, "there is no such report\n").into_response();
    }
    let file = daemon.config().reports.folder.join(&name);
    let read = blocking(move || std::fs::read(file)).await;
    let bytes = match read.unwrap_or_else(|error| Err(std::io::Error::other(error))) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return (StatusCode::NOT_FOUND, "there is no such report\n").into_response();
        }
        Err(error) => {
            tracing::error!(%error, name, "a report can't be read");
            let said = format!("the report can't be read: {error}\n");
            return (StatusCode::SERVICE_UNAVAILABLE, said).into_response();
        }
    };
    let headers = [
        (header::CONTENT_TYPE, media_type(&name)),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, bytes).into_response()
}
