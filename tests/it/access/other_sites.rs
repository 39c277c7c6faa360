//! Pages of other sites in a browser on this machine, by forged requests or by DNS rebinding, read and change nothing.

use crate::support::access::{PASSWORD, READ, audit_rows, basic, bearer, guarded};
use crate::support::http::{Answer, ask, send};
use crate::support::{BINARY, Daemon, Home, TAILED, texts, toleranced, wait_until};
use std::process::Command;

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
        wait_until("two rows", || {
            let rows = audit_rows(&home);
            (rows.len() >= 2).then_some(rows.len())
        }),
        2
    );
    daemon.stop();
}

/// One request under a name.
fn asked_as(address: &str, host: &str, request: &str, headers: &str) -> Answer {
    let length = if request.starts_with("POST") {
        "Content-Length: 0\r\n"
    } else {
        ""
    };
    let text =
        format!("{request} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{length}{headers}\r\n");
    send(address, text.as_bytes()).unwrap_or_else(|| panic!("no answer to {request} as {host}"))
}

fn port(address: &str) -> &str {
    address.rsplit(':').next().unwrap()
}

#[test]
fn a_site_that_lets_its_name_stand_for_this_machine_reads_nothing_and_changes_nothing() {
    let home = Home::tailing();
    let daemon = home.start();
    let address = daemon.address();
    let evil = format!("evil.example:{}", port(&address));
    // For the browser it is the site itself that asks.
    let own = format!("Origin: http://{evil}\r\nSec-Fetch-Site: same-origin\r\n");
    for request in [
        "GET /",
        "HEAD /metrics",
        "GET /metrics",
        "GET /api/v1/processes",
        "GET /api/v1/openapi.json",
        "GET /no/such/route",
        "POST /api/v1/marks",
        "POST /api/v1/alarms/1/acknowledge",
        "POST /ingest/log",
        "POST /-/reload",
    ] {
        for headers in ["", own.as_str()] {
            let answer = asked_as(&address, &evil, request, headers);
            assert_eq!(answer.status, 421, "{request} {headers:?}");
            if !request.starts_with("HEAD") {
                assert!(answer.body.contains("`access.hosts`"), "{}", answer.body);
            }
        }
    }
    // Probes learn nothing but whether it lives.
    assert_eq!(asked_as(&address, &evil, "GET /-/healthy", "").status, 200);
    for host in [
        address.clone(),
        format!("localhost:{}", port(&address)),
        format!("[::1]:{}", port(&address)),
        "192.0.2.1".to_owned(),
    ] {
        let read = asked_as(&address, &host, "GET /api/v1/processes", "");
        assert_eq!(read.status, 200, "{host}");
        assert_eq!(
            asked_as(&address, &host, "POST /-/reload", "").status,
            200,
            "{host}"
        );
    }
    let without = send(&address, b"GET /metrics HTTP/1.0\r\n\r\n").unwrap();
    assert_eq!(without.status, 200);
    let log = daemon.stop();
    assert!(log.contains("unknown host name"), "{log}");
}

#[test]
fn names_of_the_configuration_are_taken_while_running() {
    let home = Home::tailing();
    let daemon = home.start();
    let address = daemon.address();
    let get = |host: &str| asked_as(&address, host, "GET /api/v1/sources", "").status;
    assert_eq!(get("soc.example"), 421);
    home.configure(TAILED, "access: {hosts: [soc.example]}\n");
    wait_until("the new name", || (get("soc.example") == 200).then_some(()));
    assert_eq!(get("SOC.example:8443"), 200);
    assert_eq!(get("evil.example"), 421);
    daemon.wait_for_log("access: hosts changed");
    daemon.stop();
}

/// As the containers do it: the scraper asks under the name of the service, the health check under an address.
#[test]
fn who_lets_everyone_in_is_reached_under_any_name_unless_names_are_given() {
    let home = Home::tailing();
    let listening = |more: &str| {
        home.configure(TAILED, more);
        let text = std::fs::read_to_string(home.path("toleranced.yaml")).unwrap();
        home.write("toleranced.yaml", text.replace("127.0.0.1:0", "0.0.0.0:0"));
        let mut command = Command::new(BINARY);
        let config = home.text_path("toleranced.yaml");
        command.args(["run", "--web.allow-anonymous", "--config", &config]);
        let daemon = Daemon::spawn(&mut command);
        let address = daemon.address().replace("0.0.0.0", "127.0.0.1");
        (daemon, address)
    };
    for (more, others) in [("", 200), ("access: {hosts: [toleranced]}\n", 421)] {
        let (daemon, address) = listening(more);
        let get = |host: &str| asked_as(&address, host, "GET /metrics", "").status;
        assert_eq!(get("toleranced:9753"), 200, "{more}");
        assert_eq!(get("other.example:9753"), others, "{more}");
        wait_until("a healthy daemon", || {
            let health = toleranced(&["health", "--address", &address]);
            let (said, errors) = texts(&health);
            assert!(!errors.contains("no daemon"), "{said}{errors}");
            health.status.success().then_some(())
        });
        daemon.stop();
    }
}

#[test]
fn where_somebody_is_asked_who_they_are_the_name_does_not_matter() {
    let home = guarded();
    let daemon = home.start();
    let address = daemon.address();
    let with = asked_as(&address, "any.example", "GET /metrics", &bearer(READ));
    assert_eq!(with.status, 200);
    let without = asked_as(&address, "any.example", "GET /metrics", "");
    assert_eq!(without.status, 401);
    assert_eq!(ask(&address, "GET", "/metrics", &bearer(READ)).status, 200);
    daemon.stop();
}
