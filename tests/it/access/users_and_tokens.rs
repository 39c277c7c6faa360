//! Users and tokens: changed at run time, and made by `toleranced token`.

use crate::support::access::{ADMIN, PASSWORD, READ, basic, bearer, guarded, users};
use crate::support::http::ask;
use crate::support::{Home, TAILED, texts, toleranced, wait_until};

#[test]
fn users_and_tokens_are_replaced_while_running_and_an_invalid_file_changes_nothing() {
    let home = guarded();
    let daemon = home.start();
    let address = daemon.address();
    let get = |headers: String| ask(&address, "GET", "/api/v1/sources", &headers).status;
    assert_eq!(get(basic("oncall", PASSWORD)), 200);
    home.write("web.yaml", users("another"));
    let reloaded = ask(&address, "POST", "/-/reload", &bearer(ADMIN));
    assert_eq!(reloaded.body, "access: users changed\n");
    assert_eq!(get(basic("oncall", PASSWORD)), 401);
    assert_eq!(get(basic("oncall", "another")), 200);
    home.write("web.yaml", "basic_auth_users: {oncall: another}\n");
    let refused = ask(&address, "POST", "/-/reload", &bearer(ADMIN));
    assert_eq!(refused.status, 400);
    assert!(refused.body.contains("web.yaml:1:") && refused.body.contains("`oncall`"));
    assert!(!refused.body.contains("another"), "{}", refused.body);
    assert_eq!(get(basic("oncall", "another")), 200);
    home.write("web.yaml", users("another"));
    // By itself, when the file changes.
    let line = format!(
        "{{name: new, role: read, sha256: {}}}",
        toleranced::internals::hash_of("new")
    );
    home.write("tokens.yaml", format!("tokens: [{line}]\n"));
    wait_until("the new token", || {
        (get(bearer("new")) == 200).then_some(())
    });
    assert_eq!(get(bearer(READ)), 401);
    assert_eq!(get(bearer(ADMIN)), 401);
    daemon.stop();
}

#[test]
fn a_token_that_was_made_opens_the_door_with_the_line_that_was_printed() {
    let home = Home::tailing();
    let made = toleranced(&["token", "--name", "grafana", "--role", "read"]);
    let (line, said) = texts(&made);
    let token = said.lines().next().unwrap().rsplit(' ').next().unwrap();
    assert!(!line.contains(token), "{line}");
    home.write("given", "0123456789abcdef0123456789abcdef\n");
    let given = toleranced(&[
        "token",
        "--name",
        "siem",
        "--role",
        "admin",
        "--from",
        &home.text_path("given"),
    ]);
    let lines = format!("access:\n  tokens:\n  {line}  {}", texts(&given).0);
    home.configure(TAILED, &lines);
    let daemon = home.start();
    let address = daemon.address();
    assert_eq!(ask(&address, "GET", "/metrics", &bearer(token)).status, 200);
    assert_eq!(
        ask(&address, "POST", "/-/reload", &bearer(token)).status,
        403
    );
    let given = bearer("0123456789abcdef0123456789abcdef");
    assert_eq!(ask(&address, "POST", "/-/reload", &given).status, 200);
    daemon.stop();
    home.write("given", "hunter2\n");
    let weak = toleranced(&[
        "token",
        "--name",
        "a",
        "--role",
        "read",
        "--from",
        &home.text_path("given"),
    ]);
    assert_eq!(weak.status.code(), Some(1));
    assert!(!texts(&weak).1.contains("hunter2"));
    assert_eq!(
        toleranced(&["token", "--name", "a b", "--role", "read"])
            .status
            .code(),
        Some(2)
    );
}
