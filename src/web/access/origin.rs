//! Whether a browser sends a request because another site told it to. Browsers add the password of basic authentication by
//! themselves, and reach a daemon on loopback that asks for none, so what changes something must come from our own pages.

use axum::http::{HeaderMap, HeaderName, Method, header};

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Whether a request that changes something was made by another site. Programs that are no browsers send neither header.
pub(super) fn is_foreign(method: &Method, headers: &HeaderMap) -> bool {
    if super::rights::is_safe(method) {
        return false;
    }
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    // What the browser itself says holds behind a proxy that renames the host, too.
    match text(FETCH_SITE) {
        Some(site) => site != "same-origin" && site != "none",
        None => match text(header::ORIGIN) {
            None => false,
            Some(origin) => match origin.split_once("://") {
                // `null`: a page that hides where it comes from.
                None => true,
                Some((_, host)) => text(header::HOST) != Some(host),
            },
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn foreign(method: Method, given: &[(&'static str, &str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in given {
            headers.insert(*name, value.parse().unwrap());
        }
        is_foreign(&method, &headers)
    }

    #[test]
    fn what_another_site_sends_is_foreign_where_it_changes_something() {
        let host = ("host", "soc.example:9753");
        for (given, expected) in [
            (vec![host], false),
            (vec![host, ("sec-fetch-site", "same-origin")], false),
            (vec![host, ("sec-fetch-site", "none")], false),
            (vec![host, ("sec-fetch-site", "cross-site")], true),
            (vec![host, ("sec-fetch-site", "same-site")], true),
            (vec![host, ("origin", "https://soc.example:9753")], false),
            (vec![host, ("origin", "http://evil.example")], true),
            (vec![host, ("origin", "null")], true),
            (vec![("origin", "null")], true),
            (
                vec![
                    host,
                    ("origin", "https://public.example"),
                    ("sec-fetch-site", "same-origin"),
                ],
                false,
            ),
        ] {
            assert_eq!(foreign(Method::POST, &given), expected, "{given:?}");
            assert!(!foreign(Method::GET, &given), "{given:?}");
        }
    }
}
