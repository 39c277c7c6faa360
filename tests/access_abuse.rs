//! Clients that mean no good: crowds of idle connections, headers that never end, bodies that are too long, paths and
//! headers that are something else than they seem, guesses of passwords. They are refused, memory stays bounded, and the
//! daemon goes on ingesting.

mod access_common;
mod common;

use access_common::{ADMIN, Answer, INGEST, SOURCES, ask, basic, bearer, guarded, send};
use common::{Daemon, Home, case, wait_for};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// The most memory that the daemon ever had, in KiB.
fn peak_memory(daemon: &Daemon) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", daemon.pid())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let words = line.unwrap().split_whitespace();
    words.filter_map(|word| word.parse().ok()).next().unwrap()
}

/// The daemon takes in this many more cases, and says so over HTTP.
fn goes_on_ingesting(home: &Home, daemon: &Daemon, before: usize, cases: usize) -> usize {
    let lines: String = (before..before + cases)
        .map(|nth| case(&format!("C{nth}"), (nth % 1000) as u32, "done"))
        .collect();
    home.append("log.ndjson", lines);
    daemon.wait_for_records((before + cases) * 3);
    before + cases
}

fn raised_limit_of_files() -> usize {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).unwrap();
    hard as usize
}

#[test]
fn a_crowd_of_idle_connections_is_bounded_and_locks_nobody_out() {
    let crowd = 10_000.min(raised_limit_of_files().saturating_sub(500));
    println!("{crowd} idle connections");
    let home = Home::tailing();
    let daemon = home.start();
    let address = daemon.address();
    let cases = goes_on_ingesting(&home, &daemon, 0, 100);
    let before = peak_memory(&daemon);
    let mut idle = Vec::new();
    for nth in 0..crowd {
        let mut stream = TcpStream::connect(&address).unwrap();
        // Some say nothing at all, some begin a request.
        if nth % 2 == 0 {
            let _ = stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Padding: ");
        }
        idle.push(stream);
        if nth % 1000 == 999 {
            let begun = Instant::now();
            assert_eq!(daemon.get("/-/healthy").0, 200);
            let took = begun.elapsed();
            assert!(took < Duration::from_secs(5), "{took:?} after {nth}");
        }
    }
    let cases = goes_on_ingesting(&home, &daemon, cases, 100);
    let metrics = daemon.metrics();
    let open = metrics.get("toleranced_http_connections");
    assert!(open <= 1000.0, "{open}");
    let closed = metrics.get(r#"toleranced_http_connections_closed_total{reason="limit"}"#);
    let expected = crowd.saturating_sub(1000) as f64;
    assert!(closed >= expected, "{closed} of {expected}");
    let grown = peak_memory(&daemon).saturating_sub(before);
    println!("memory has grown by {grown} KiB");
    assert!(grown < 100 << 10, "{grown} KiB");
    drop(idle);
    goes_on_ingesting(&home, &daemon, cases, 10);
    daemon.stop();
}

#[test]
fn a_request_that_is_being_answered_keeps_its_place_in_a_crowd() {
    let home = Home::tailing();
    home.configure(SOURCES, "limits: {http_connections: 5}\n");
    let daemon = home.start();
    let address = daemon.address();
    let mut slow = TcpStream::connect(&address).unwrap();
    let head = "POST /api/v1/marks HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{";
    slow.write_all(head.as_bytes()).unwrap();
    wait_for("its connection", || {
        (daemon.metrics().get("toleranced_http_connections") >= 1.0).then_some(())
    });
    let mut crowd: Vec<TcpStream> = Vec::new();
    for _ in 0..50 {
        crowd.push(TcpStream::connect(&address).unwrap());
        assert_eq!(ask(&address, "GET", "/-/healthy", "").status, 200);
    }
    slow.write_all(b"}").unwrap();
    let mut bytes = [0; 1000];
    let read = slow.read(&mut bytes).unwrap();
    assert_eq!(Answer::parse(&bytes[..read]).unwrap().status, 422);
    daemon.stop();
}

/// Sends a byte now and then until the other end hangs up; gives what it said, and how long that took.
fn drip(address: &str, head: &str) -> (Option<Answer>, Duration) {
    let begun = Instant::now();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_millis(500)))
        .unwrap();
    let (mut answer, mut some) = (Vec::new(), [0; 1024]);
    while begun.elapsed() < common::DEADLINE {
        match stream.read(&mut some) {
            Ok(0) => break,
            Ok(read) => answer.extend(&some[..read]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                // It may hang up in this moment, which the next reading shows.
                let _ = stream.write_all(b"x");
            }
            Err(_) => break,
        }
    }
    (Answer::parse(&answer), begun.elapsed())
}

#[test]
fn headers_and_bodies_that_never_end_are_given_up() {
    let home = Home::tailing();
    let daemon = home.start();
    let address = daemon.address();
    let heads = "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ";
    let body = "POST /api/v1/marks HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n";
    std::thread::scope(|scope| {
        let slow: Vec<_> = (0..40)
            .map(|_| scope.spawn(|| drip(&address, heads)))
            .collect();
        let slow_body = scope.spawn(|| drip(&address, body));
        goes_on_ingesting(&home, &daemon, 0, 100);
        for slow in slow {
            let (answer, took) = slow.join().unwrap();
            assert!(answer.is_none_or(|answer| answer.status == 408));
            assert!((25..45).contains(&took.as_secs()), "{took:?}");
        }
        let (answer, took) = slow_body.join().unwrap();
        assert_eq!(answer.unwrap().status, 408);
        assert!((25..45).contains(&took.as_secs()), "{took:?}");
    });
    daemon.wait_for_metric(
        r#"toleranced_http_connections_closed_total{reason="timeout"}"#,
        40.0,
    );
    daemon.stop();
}

#[test]
fn bodies_headers_and_paths_over_the_limit_are_refused() {
    let home = guarded();
    let daemon = home.start();
    let address = daemon.address();
    let before = peak_memory(&daemon);
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
    let grown = peak_memory(&daemon).saturating_sub(before);
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

#[test]
fn guesses_of_passwords_do_not_stop_ingestion() {
    let home = guarded();
    let hash = bcrypt::hash("unguessable", 11).unwrap();
    home.write(
        "web.yaml",
        format!("basic_auth_users: {{oncall: {hash}, bob: {hash}}}\n"),
    );
    let daemon = home.start();
    let address = daemon.address();
    let metrics = |headers: &str| ask(&address, "GET", "/metrics", headers);
    std::thread::scope(|scope| {
        for guess in 0..30 {
            let address = &address;
            scope.spawn(move || {
                let guess = basic("oncall", &format!("guess {guess}"));
                let status = ask(address, "GET", "/", &guess).status;
                assert!([401, 503].contains(&status), "{status}");
            });
        }
        let lines: String = (0..200)
            .map(|n| case(&format!("C{n}"), n, "done"))
            .collect();
        home.append("log.ndjson", lines);
        wait_for("600 records", || {
            let body = metrics(&bearer(ADMIN)).body;
            let expected = r#"toleranced_ingest_records_total{source="log"} 600"#;
            body.contains(expected).then_some(())
        });
    });
    assert_eq!(metrics(&basic("oncall", "unguessable")).status, 200);
    daemon.stop();
}
