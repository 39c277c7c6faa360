//! Actions of administrators in the log and in the database.

use crate::support::access::{ADMIN, PASSWORD, READ, audit_rows, basic, bearer, guarded};
use crate::support::http::ask;
use crate::support::wait_until;

#[test]
fn each_admin_action_is_in_the_log_and_in_the_database_without_the_secret() {
    let home = guarded();
    let daemon = home.start();
    let address = daemon.address();
    let forged = "x\n2026-01-01T00:00:00Z  INFO audit who=\"user oncall\"";
    ask(&address, "POST", "/-/reload", &basic("oncall", PASSWORD));
    ask(&address, "POST", "/api/v1/marks", &bearer(ADMIN));
    ask(&address, "POST", "/no/such/route", &bearer(ADMIN));
    ask(&address, "GET", "/metrics", &basic("oncall", PASSWORD));
    ask(&address, "POST", "/-/reload", &basic(forged, PASSWORD));
    wait_until("a refusal that is logged", || {
        let refused = ask(&address, "POST", "/-/reload", &bearer(READ));
        assert_eq!(refused.status, 403);
        daemon
            .log()
            .contains("the role is not enough")
            .then_some(())
    });
    let rows = wait_until("two rows", || {
        let rows = audit_rows(&home);
        (rows.len() >= 2).then_some(rows)
    });
    let row = |who: &str, what: &str, status| {
        (
            who.to_owned(),
            "admin".to_owned(),
            "127.0.0.1".to_owned(),
            what.to_owned(),
            status,
        )
    };
    let expected = [
        row("user oncall", "POST /-/reload", 200),
        row("token admin", "POST /api/v1/marks", 415),
    ];
    assert_eq!(rows, expected);
    let log = daemon.stop();
    for part in [
        r#"who="user oncall" role="admin" from="127.0.0.1" what="POST /-/reload" status=200"#,
        r#"who="token read""#,
    ] {
        assert!(log.contains(part), "{part} is not in\n{log}");
    }
    assert!(
        !log.lines().any(|line| line.starts_with("2026-01-01")),
        "{log}"
    );
    assert!(!log.contains(PASSWORD) && !log.contains(ADMIN), "{log}");
}
