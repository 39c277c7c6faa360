//! Which route needs which role: the one table.

use crate::config::access::Role;
use axum::http::Method;

/// What a request needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// Nothing: probes have no credentials, and learn nothing but whether the daemon lives.
    Nothing,
    /// A caller with this role, or an admin.
    Role(Role),
}

#[derive(Clone, Copy)]
enum Methods {
    Any,
    /// Those that change nothing.
    Safe,
    Post,
}

/// The first row that fits counts. Whatever a route is added later for, the last two rows judge it.
const TABLE: [(Methods, &str, Need); 5] = [
    (Methods::Any, "/-/healthy", Need::Nothing),
    (Methods::Any, "/-/ready", Need::Nothing),
    (Methods::Post, "/ingest/*", Need::Role(Role::Ingest)),
    (Methods::Safe, "/*", Need::Role(Role::Read)),
    (Methods::Any, "/*", Need::Role(Role::Admin)),
];

/// Whether a path is that of a health check. Its request needs no ordinary connection slot.
pub(super) fn is_health_check(path: &str) -> bool {
    matches!(path, "/-/healthy" | "/-/ready")
}

/// What a request needs. `route` is the route that will answer it, as the router has it: the path itself could be written
/// in ways that the router reads otherwise. A path that no route answers is judged as `/`.
pub(super) fn need(method: &Method, route: Option<&str>) -> Need {
    let fits = |methods: Methods, pattern: &str| {
        let method_fits = match methods {
            Methods::Any => true,
            Methods::Safe => is_safe(method),
            Methods::Post => method == Method::POST,
        };
        let route = route.unwrap_or("/");
        let route_fits = match pattern.strip_suffix('*') {
            Some(head) => route.starts_with(head),
            None => route == pattern,
        };
        method_fits && route_fits
    };
    let row = TABLE
        .iter()
        .find(|(methods, pattern, _)| fits(*methods, pattern));
    row.map_or(Need::Role(Role::Admin), |(_, _, need)| *need)
}

/// Whether a method changes nothing.
pub(super) fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// Whether a role is enough.
pub(super) fn suffices(role: Role, need: Need) -> bool {
    match need {
        Need::Nothing => true,
        Need::Role(needed) => role == Role::Admin || role == needed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_row_that_fits_counts_and_what_nobody_thought_of_needs_an_admin() {
        for (method, route, needed) in [
            (Method::GET, Some("/-/healthy"), Need::Nothing),
            (Method::GET, Some("/metrics"), Need::Role(Role::Read)),
            (Method::HEAD, Some("/"), Need::Role(Role::Read)),
            (Method::GET, None, Need::Role(Role::Read)),
            (Method::POST, None, Need::Role(Role::Admin)),
            (Method::POST, Some("/-/reload"), Need::Role(Role::Admin)),
            (
                Method::DELETE,
                Some("/api/v1/anything"),
                Need::Role(Role::Admin),
            ),
            (
                Method::POST,
                Some("/ingest/{source}"),
                Need::Role(Role::Ingest),
            ),
            (
                Method::PUT,
                Some("/ingest/{source}"),
                Need::Role(Role::Admin),
            ),
            (Method::GET, Some("/ingest"), Need::Role(Role::Read)),
            (Method::POST, Some("/ingest"), Need::Role(Role::Admin)),
        ] {
            assert_eq!(need(&method, route), needed, "{method} {route:?}");
        }
    }

    /// The role by which each way to authenticate is described, for each operation.
    #[test]
    fn description_of_the_api_names_the_role_that_each_operation_needs() {
        let description = include_str!("../../../docs/openapi.json");
        let description: serde_json::Value = serde_json::from_str(description).unwrap();
        let paths = description["paths"].as_object().unwrap();
        assert!(paths.len() > 20);
        for (path, item) in paths {
            for (method, operation) in item.as_object().unwrap() {
                let asked: Method = method.to_uppercase().parse().unwrap();
                let expected = match need(&asked, Some(path)) {
                    Need::Nothing => serde_json::json!([]),
                    Need::Role(role) => {
                        let ways = ["basic", "bearer", "certificate"];
                        let ways = ways.map(|way| serde_json::json!({way: [role.word()]}));
                        serde_json::json!(ways)
                    }
                };
                assert_eq!(operation["security"], expected, "{method} {path}");
            }
        }
        let schemes = description["components"]["securitySchemes"].as_object();
        let schemes: Vec<&String> = schemes.unwrap().keys().collect();
        assert_eq!(schemes, ["basic", "bearer", "certificate"]);
    }

    #[test]
    fn an_admin_may_do_everything_and_the_others_their_own_only() {
        use Role::{Admin, Ingest, Read};
        for (role, needed, enough) in [
            (Admin, Read, true),
            (Admin, Ingest, true),
            (Read, Read, true),
            (Read, Ingest, false),
            (Read, Admin, false),
            (Ingest, Ingest, true),
            (Ingest, Read, false),
            (Ingest, Admin, false),
        ] {
            assert_eq!(
                suffices(role, Need::Role(needed)),
                enough,
                "{role:?} {needed:?}"
            );
        }
    }
}
