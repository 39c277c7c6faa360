//! Who may do what: every route with every kind of credentials; what is refused at the start; users and tokens that
//! change while the daemon runs; the audit log.

mod access_common;
mod common;

use access_common::{ADMIN, INGEST, PASSWORD, READ, SOURCES, ask, basic, bearer, guarded, users};
use common::{Daemon, Home, texts, toleranced, wait_for};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => sources(&path, found),
            false => found.push(path),
        }
    }
}

/// Every route that stands in the sources, with its parameters filled in: one that is added later is tested, too.
fn routes() -> BTreeSet<String> {
    let mut files = Vec::new();
    sources(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web"),
        &mut files,
    );
    let mut routes = BTreeSet::new();
    for file in files {
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
        (bearer(&toleranced::web::hash_of(ADMIN)), "none"),
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

fn listening_everywhere(more: &str) -> Home {
    let home = Home::tailing();
    home.configure(SOURCES, more);
    let text = std::fs::read_to_string(home.path("toleranced.yaml")).unwrap();
    home.write("toleranced.yaml", text.replace("127.0.0.1:0", "0.0.0.0:0"));
    home
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
    let mut told = Command::new(env!("CARGO_BIN_EXE_toleranced"));
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
    let token = toleranced::web::hash_of(ADMIN);
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
        toleranced::web::hash_of("new")
    );
    home.write("tokens.yaml", format!("tokens: [{line}]\n"));
    wait_for("the new token", || {
        (get(bearer("new")) == 200).then_some(())
    });
    assert_eq!(get(bearer(READ)), 401);
    assert_eq!(get(bearer(ADMIN)), 401);
    daemon.stop();
}

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
    wait_for("a refusal that is logged", || {
        let refused = ask(&address, "POST", "/-/reload", &bearer(READ));
        assert_eq!(refused.status, 403);
        daemon
            .log()
            .contains("the role is not enough")
            .then_some(())
    });
    let rows = wait_for("two rows", || {
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

fn audit_rows(home: &Home) -> Vec<(String, String, String, String, u16)> {
    let db = rusqlite::Connection::open(home.path("data/toleranced.db")).unwrap();
    let query = "SELECT who, role, from_where, what, status FROM audit ORDER BY what, id";
    let mut query = db.prepare(query).unwrap();
    let rows = query.query_map([], |row| {
        Ok((
            row.get(0)?,
            row.get(1)?,
            row.get(2)?,
            row.get(3)?,
            row.get(4)?,
        ))
    });
    rows.unwrap().map(Result::unwrap).collect()
}

#[test]
fn what_another_site_sends_through_a_browser_changes_nothing() {
    let home = guarded();
    let daemon = home.start();
    let address = daemon.address();
    for (headers, status) in [
        ("Origin: http://evil.example\r\n", 403),
        ("Origin: null\r\n", 403),
        ("Sec-Fetch-Site: cross-site\r\n", 403),
        ("Sec-Fetch-Site: same-origin\r\n", 200),
        ("", 200),
    ] {
        let headers = format!("{headers}{}", basic("oncall", PASSWORD));
        let answer = ask(&address, "POST", "/-/reload", &headers);
        assert_eq!(answer.status, status, "{headers}");
        let read = ask(&address, "GET", "/api/v1/sources", &headers);
        assert_eq!(read.status, 200, "{headers}");
    }
    assert_eq!(
        wait_for("two rows", || {
            let rows = audit_rows(&home);
            (rows.len() >= 2).then_some(rows.len())
        }),
        2
    );
    daemon.stop();
}

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
    home.configure(SOURCES, &lines);
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

/// Whether promtool accepts a file; `None` if there is no promtool.
fn promtool_accepts(file: &Path) -> Option<bool> {
    let promtool = Command::new("promtool")
        .args(["check", "web-config"])
        .arg(file)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    Some(promtool.ok()?.success())
}

#[test]
fn promtool_accepts_what_we_accept() {
    let home = Home::tailing();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    home.write("cert.pem", made.cert.pem());
    home.write("key.pem", made.signing_key.serialize_pem());
    let tls = "tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\n";
    let example = include_str!("../config/web-config.yaml");
    let commented_in = example
        .replace("\n#  ", "\n  ")
        .replace("\n#tls", "\ntls")
        .replace("\n#http", "\nhttp")
        .replace("\n#basic", "\nbasic");
    assert!(
        commented_in.contains("\n  cert_file: cert.pem"),
        "{commented_in}"
    );
    for (text, accepted) in [
        (String::new(), true),
        (users(PASSWORD), true),
        (tls.to_owned() + &users(PASSWORD), true),
        (
            format!(
                "{tls}  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: cert.pem\n"
            ),
            true,
        ),
        (
            format!("{tls}  min_version: TLS13\n  max_version: TLS13\n"),
            true,
        ),
        (
            format!(
                "{tls}  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]\n  curve_preferences: [X25519, CurveP256]\n"
            ),
            true,
        ),
        (
            format!(
                "{tls}  prefer_server_cipher_suites: true\nhttp_server_config:\n  http2: true\n  headers:\n    X-Frame-Options: deny\n"
            ),
            true,
        ),
        (example.to_owned(), true),
        (commented_in, true),
        ("basic_auth_users: {oncall: plain}\n".to_owned(), false),
        (
            "tls_server_config:\n  cert_file: cert.pem\n".to_owned(),
            false,
        ),
        (
            "tls_server_config:\n  cert_file: key.pem\n  key_file: key.pem\n".to_owned(),
            false,
        ),
        ("tls: {}\n".to_owned(), false),
    ] {
        home.write("web-config.yaml", &text);
        let file = home.path("web-config.yaml");
        let ours = home.run(&["check", "--web.config.file", file.to_str().unwrap()]);
        assert_eq!(ours.status.success(), accepted, "{text}{}", texts(&ours).1);
        match promtool_accepts(&file) {
            None => {
                println!("skipped: no promtool on the PATH (Debian: apt-get install prometheus)")
            }
            Some(theirs) => assert_eq!(theirs, accepted, "{text}"),
        }
    }
}
