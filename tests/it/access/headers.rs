//! Headers of every answer.

use crate::support::access::{ADMIN, PASSWORD, READ, bearer, guarded, users};
use crate::support::http::ask;

#[test]
fn every_answer_has_headers_of_protection_and_those_of_the_configuration() {
    let home = guarded();
    let daemon = home.start();
    let address = daemon.address();
    for (path, credentials, cached) in [
        ("/", bearer(READ), "no-cache"),
        ("/", String::new(), "no-store"),
        ("/metrics", bearer(READ), "no-store"),
        ("/api/v1/processes", bearer(READ), "no-store"),
        ("/api/v1/processes", String::new(), "no-store"),
        ("/-/healthy", String::new(), "no-store"),
        ("/no/such/route", bearer(READ), "no-cache"),
    ] {
        let answer = ask(&address, "GET", path, &credentials);
        assert_eq!(answer.all("x-content-type-options"), ["nosniff"], "{path}");
        assert_eq!(answer.all("x-frame-options"), ["DENY"], "{path}");
        assert_eq!(answer.all("content-security-policy").len(), 1, "{path}");
        assert_eq!(answer.all("cache-control"), [cached], "{path}");
    }
    let more = "http_server_config:\n  headers:\n    Strict-Transport-Security: max-age=60\n    X-Frame-Options: sameorigin\n";
    home.write("web.yaml", users(PASSWORD) + more);
    assert_eq!(
        ask(&address, "POST", "/-/reload", &bearer(ADMIN)).status,
        200
    );
    let answer = ask(&address, "GET", "/", "");
    assert_eq!(answer.all("strict-transport-security"), ["max-age=60"]);
    assert_eq!(answer.all("x-frame-options"), ["sameorigin"]);
    daemon.stop();
}
