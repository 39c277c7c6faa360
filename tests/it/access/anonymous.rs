//! Access without credentials: open on loopback, and beyond it only if the operator allows it.

use crate::support::access::{ADMIN, bearer};
use crate::support::http::ask;
use crate::support::{BINARY, Daemon, Home, TAILED, texts};
use std::process::Command;

fn listening_everywhere(more: &str) -> Home {
    let home = Home::tailing();
    home.configure(TAILED, more);
    let text = std::fs::read_to_string(home.path("toleranced.yaml")).unwrap();
    home.write("toleranced.yaml", text.replace("127.0.0.1:0", "0.0.0.0:0"));
    home
}

#[test]
fn without_users_and_tokens_everything_is_open_on_loopback() {
    let home = Home::tailing();
    let daemon = home.start();
    let address = daemon.address();
    assert_eq!(ask(&address, "GET", "/metrics", "").status, 200);
    assert_eq!(ask(&address, "POST", "/-/reload", "").status, 200);
    // A proxy in front may pass on what it has asked for.
    assert_eq!(
        ask(&address, "GET", "/", &bearer("of the proxy")).status,
        200
    );
    daemon.stop();
}

#[test]
fn beyond_loopback_it_starts_only_with_authentication_or_when_told_so() {
    let home = listening_everywhere("");
    let (code, said) = home.spawn().failed();
    assert_eq!(code, Some(1), "{said}");
    for part in [
        "toleranced.yaml: `listen`: 0.0.0.0:0",
        "--web.allow-anonymous",
        "toleranced token",
    ] {
        assert!(said.contains(part), "{said}");
    }
    assert!(!home.path("data").exists(), "nothing may be begun");
    let checked = home.run(&["check"]);
    assert_eq!(checked.status.code(), Some(1));
    assert!(texts(&checked).1.contains("--web.allow-anonymous"));
    let token = format!("{{name: a, role: read, sha256: {}}}", "0".repeat(64));
    for more in [
        "access: {allow_anonymous: true}\n".to_owned(),
        format!("access: {{tokens: [{token}]}}\n"),
    ] {
        let home = listening_everywhere(&more);
        home.start().stop();
        assert_eq!(home.run(&["check"]).status.code(), Some(0), "{more}");
    }
    let mut told = Command::new(BINARY);
    let config = home.text_path("toleranced.yaml");
    told.args(["run", "--web.allow-anonymous", "--config", &config]);
    let told = Daemon::spawn(&mut told);
    let port = told.address().rsplit(':').next().unwrap().to_owned();
    let reload = ask(&format!("127.0.0.1:{port}"), "POST", "/-/reload", "");
    assert_eq!(
        (reload.status, reload.body.as_str()),
        (200, "nothing has changed\n")
    );
    told.stop();
}

#[test]
fn a_reload_that_would_open_the_daemon_to_the_world_is_refused() {
    let token = toleranced::internals::hash_of(ADMIN);
    let home = listening_everywhere(&format!(
        "access: {{tokens: [{{name: a, role: admin, sha256: {token}}}]}}\n"
    ));
    let daemon = home.start();
    let address = daemon.address().replace("0.0.0.0", "127.0.0.1");
    let text = std::fs::read_to_string(home.path("toleranced.yaml")).unwrap();
    let (open, _) = text.split_once("access:").unwrap();
    home.write("toleranced.yaml", open);
    let refused = ask(&address, "POST", "/-/reload", &bearer(ADMIN));
    assert_eq!(refused.status, 400, "{}", refused.body);
    assert!(refused.body.contains("allow-anonymous"), "{}", refused.body);
    assert_eq!(ask(&address, "GET", "/", "").status, 401);
    assert_eq!(ask(&address, "GET", "/ingest", &bearer(ADMIN)).status, 200);
    daemon.stop();
}
