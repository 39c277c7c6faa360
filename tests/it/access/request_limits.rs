//! Requests that are too long, paths that lead elsewhere, headers that would be taken for something else.

use crate::support::access::{ADMIN, INGEST, bearer, guarded};
use crate::support::http::{ask, send};

#[test]
fn bodies_headers_and_paths_over_the_limit_are_refused() {
    let home = guarded();
    let daemon = home.start();
    let address = daemon.address();
    let before = daemon.peak_memory();
    let post = format!(
        "POST /api/v1/marks HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: application/json\r\n{}",
        bearer(ADMIN)
    );
    let megabytes = "x".repeat(20 << 20);
    let told = format!(
        "{post}Content-Length: {}\r\n\r\n{megabytes}",
        megabytes.len()
    );
    let chunk = format!("{:x}\r\n{megabytes}\r\n0\r\n\r\n", megabytes.len());
    let chunked = format!("{post}Transfer-Encoding: chunked\r\n\r\n{chunk}");
    let get = "GET /-/healthy HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n";
    let long = format!("{get}X-Long: {}\r\n\r\n", "x".repeat(1 << 20));
    let many: String = (0..1000).map(|nth| format!("X-{nth}: 1\r\n")).collect();
    let many = format!("{get}{many}\r\n");
    let path = format!(
        "GET /{} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        "x".repeat(1 << 20)
    );
    for (what, request, statuses) in [
        ("a body of told length", told, &[413][..]),
        ("a body of untold length", chunked, &[413]),
        ("a long header", long, &[431]),
        ("many headers", many, &[431]),
        ("a long path", path, &[414, 431]),
    ] {
        // Who is still sending when the connection is closed may lose the answer.
        if let Some(answer) = send(&address, request.as_bytes()) {
            assert!(statuses.contains(&answer.status), "{what}: {answer:?}");
        }
    }
    // A little over the limit, so that the answer can't be lost.
    let little = "x".repeat(70_000);
    let told = format!("{post}Content-Length: 70000\r\n\r\n{little}");
    let chunked = format!(
        "{post}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{little}\r\n0\r\n\r\n",
        70_000
    );
    for request in [told, chunked] {
        assert_eq!(send(&address, request.as_bytes()).unwrap().status, 413);
    }
    let many: String = (0..70).map(|nth| format!("X-{nth}: 1\r\n")).collect();
    assert_eq!(ask(&address, "GET", "/-/healthy", &many).status, 431);
    let grown = daemon.peak_memory().saturating_sub(before);
    assert!(grown < 15 << 10, "{grown} KiB");
    daemon.stop();
}

#[test]
fn paths_lead_nowhere_but_to_routes() {
    let home = guarded();
    let daemon = home.start();
    let address = daemon.address();
    for path in [
        "/../../../../etc/passwd",
        "/..%2f..%2f..%2f..%2fetc/passwd",
        "/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "//etc/passwd",
        "/api/v1/alarms/..%2f..%2f..%2fetc%2fpasswd",
        "/ingest/..%2f..%2ftoleranced.yaml",
        "/reports/../../toleranced.yaml",
        "/reports/..%2f..%2ftoleranced.yaml",
        "/static/..%5c..%5ctoleranced.yaml",
        "/metrics/%00",
    ] {
        let answer = ask(&address, "GET", path, &bearer(ADMIN));
        assert!((400..500).contains(&answer.status), "{path}: {answer:?}");
        assert!(
            !answer.body.contains("root:") && !answer.body.contains("data_dir"),
            "{path}"
        );
    }
    // The right to push is no way around the right to reload, however the path is written.
    for path in [
        "/ingest/../-/reload",
        "/ingest/%2e%2e/-/reload",
        "/ingest/x/../../-/reload",
        "//-/reload",
        "/-//reload",
        "/%2d/reload",
    ] {
        let answer = ask(&address, "POST", path, &bearer(INGEST));
        assert!([403, 404].contains(&answer.status), "{path}: {answer:?}");
    }
    let log = daemon.stop();
    assert!(!log.contains("reloaded"), "{log}");
}

#[test]
fn headers_can_t_be_injected_and_requests_have_one_meaning() {
    let home = guarded();
    let daemon = home.start();
    let address = daemon.address();
    let credentials = bearer(ADMIN);
    for path in [
        "/%0d%0aSet-Cookie:%20a=b",
        "/api/v1/alarms/%0d%0aSet-Cookie:%20a=b",
        "/metrics?x=%0d%0aSet-Cookie:%20a=b",
    ] {
        let answer = ask(&address, "GET", path, &credentials);
        assert!(answer.all("set-cookie").is_empty(), "{path}: {answer:?}");
        assert!(!answer.head.contains("a=b"), "{path}: {answer:?}");
    }
    let head = format!("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n{credentials}");
    for (what, request) in [
        (
            "a header folded",
            format!("{head}X-A: 1\r\n Set-Cookie: a=b\r\n\r\n"),
        ),
        ("a name with a space", format!("{head}X A: 1\r\n\r\n")),
        ("a zero byte", format!("{head}X-A: 1\0\r\n\r\n")),
        (
            "a bare carriage return",
            format!("{head}X-A: 1\rX-B: 2\r\n\r\n"),
        ),
        (
            "two lengths",
            format!("{head}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
        ),
        (
            "a length that is none",
            format!("{head}Content-Length: -1\r\n\r\n"),
        ),
        ("no version", "GET /\r\n\r\n".to_owned()),
        (
            "another protocol",
            "\x16\x03\x01\x02\x00\x01\x00\x01\r\n\r\n".to_owned(),
        ),
    ] {
        let status = send(&address, request.as_bytes()).map(|answer| answer.status);
        assert_eq!(status.unwrap_or(400), 400, "{what}");
    }
    daemon.stop();
}
