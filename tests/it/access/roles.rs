//! Every route with every kind of credentials.

use crate::support::access::{ADMIN, INGEST, PASSWORD, READ, basic, bearer, guarded};
use crate::support::http::ask;
use crate::support::project::rust_files;
use std::collections::BTreeSet;

/// Every route that stands in the sources, with its parameters filled in: one that is added later is tested, too.
fn routes() -> BTreeSet<String> {
    let mut routes = BTreeSet::new();
    for file in rust_files("src/web") {
        let text = std::fs::read_to_string(file).unwrap();
        for part in text.split(".route(").skip(1) {
            let Some(route) = part.trim_start().strip_prefix('"') else {
                continue;
            };
            let (route, _) = route.split_once('"').unwrap();
            let parts = route.split('/').map(|part| match part.starts_with('{') {
                true => "1",
                false => part,
            });
            routes.insert(parts.collect::<Vec<_>>().join("/"));
        }
    }
    routes
}

/// The role that a request needs, written down a second time.
fn needed(method: &str, route: &str) -> &'static str {
    match (method, route) {
        (_, "/-/healthy" | "/-/ready") => "none",
        ("POST", route) if route.starts_with("/ingest/") => "ingest",
        ("GET" | "HEAD", _) => "read",
        _ => "admin",
    }
}

#[test]
fn each_route_with_each_kind_of_credentials() {
    let home = guarded();
    let daemon = home.start();
    let address = daemon.address();
    let routes = routes();
    for known in [
        "/",
        "/metrics",
        "/-/ready",
        "/api/v1/processes",
        "/api/v1/alarms/1/acknowledge",
    ] {
        assert!(routes.contains(known), "{known} is not among {routes:?}");
    }
    // With the role that they give; `none` for those that are nobody's.
    let credentials = [
        (String::new(), "none"),
        (basic("oncall", "wrong"), "none"),
        (basic("mallory", PASSWORD), "none"),
        (bearer("wrong"), "none"),
        (bearer(&toleranced::internals::hash_of(ADMIN)), "none"),
        ("Authorization: nonsense\r\n".to_owned(), "none"),
        (bearer(READ), "read"),
        (basic("bob", PASSWORD), "read"),
        (bearer(INGEST), "ingest"),
        (bearer(ADMIN), "admin"),
        (basic("oncall", PASSWORD), "admin"),
    ];
    let mut asked = 0;
    for route in routes.iter().map(String::as_str).chain(["/no/such/route"]) {
        for method in ["GET", "HEAD", "POST", "PUT", "DELETE"] {
            let needed = needed(method, route);
            for (headers, role) in &credentials {
                let status = ask(&address, method, route, headers).status;
                let enough = needed == "none" || *role == "admin" || *role == needed;
                let expected = match (*role, enough) {
                    (_, true) => "let through",
                    ("none", false) => "401",
                    (_, false) => "403",
                };
                let found = match status {
                    401 => "401",
                    403 => "403",
                    _ => "let through",
                };
                assert_eq!(found, expected, "{method} {route} {headers:?}: {status}");
                asked += 1;
            }
        }
    }
    assert!(asked > 500, "{asked}");
    let granted = [
        ("GET", "/metrics", bearer(READ), 200),
        ("GET", "/api/v1/processes", basic("bob", PASSWORD), 200),
        ("POST", "/-/reload", bearer(ADMIN), 200),
        ("GET", "/-/healthy", String::new(), 200),
        ("GET", "/no/such/route", bearer(READ), 404),
    ];
    for (method, route, headers, status) in granted {
        assert_eq!(
            ask(&address, method, route, &headers).status,
            status,
            "{route}"
        );
    }
    let challenges = ask(&address, "GET", "/", "");
    let challenges = challenges.all("www-authenticate");
    assert!(challenges[0].starts_with("Basic ") && challenges[1].starts_with("Bearer "));
    let log = daemon.stop();
    for secret in [READ, INGEST, ADMIN, PASSWORD] {
        assert!(!log.contains(secret), "{log}");
    }
}
