//! Clients that occupy connections, log-in checks or memory. Health checks and other clients are still answered.

use crate::support::access::{ADMIN, basic, bearer, guarded};
use crate::support::heavy::Turn;
use crate::support::http::{Answer, ask};
use crate::support::{Daemon, Home, TAILED, wait_until};
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};

/// A catalog whose scores take megabytes.
fn large_catalog() -> String {
    let ids = (0..1_000).map(|nth| format!("{{id: process-with-a-name-of-its-own-{nth}}}"));
    format!("processes: [{}]\n", ids.collect::<Vec<_>>().join(", "))
}

/// A request that asks for a document. The client does not read the response.
fn request_without_reading(address: &str, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    stream
}

/// A request whose body never ends.
fn unfinished_body(address: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = "POST /api/v1/marks HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{";
    stream.write_all(head.as_bytes()).unwrap();
    stream
}

/// Whether the daemon has closed a connection without a response.
fn is_closed_without_response(stream: &mut TcpStream) -> bool {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    Answer::parse(&bytes).is_none()
}

#[test]
fn unfinished_bodies_in_all_slots_lose_them_to_new_clients() {
    let home = Home::tailing();
    home.configure(TAILED, "limits: {http_connections: 20}\n");
    let daemon = home.start();
    let address = daemon.address();
    let mut stalled: Vec<TcpStream> = (0..60).map(|_| unfinished_body(&address)).collect();
    for _ in 0..20 {
        assert_eq!(ask(&address, "GET", "/-/healthy", "").status, 200);
        assert_eq!(ask(&address, "GET", "/-/ready", "").status, 200);
        assert_eq!(ask(&address, "GET", "/api/v1/sources", "").status, 200);
    }
    let closed = stalled
        .iter_mut()
        .take(30)
        .filter_map(|stream| is_closed_without_response(stream).then_some(()));
    assert_eq!(closed.count(), 30, "the oldest are closed first");
    daemon.stop();
}

#[test]
fn failed_logins_are_limited_for_an_address_and_other_requests_are_answered() {
    let home = guarded();
    let hash = bcrypt::hash("unguessable", 10).unwrap();
    home.write(
        "web.yaml",
        format!("basic_auth_users: {{oncall: {hash}, bob: {hash}}}\n"),
    );
    let daemon = home.start();
    let address = daemon.address();
    let status = |headers: &str| ask(&address, "GET", "/api/v1/sources", headers).status;
    // Cached before the attack, so that it needs no check.
    assert_eq!(status(&basic("bob", "unguessable")), 200);
    std::thread::scope(|scope| {
        let guess = |nth: usize| {
            let credentials = basic("oncall", &format!("guess {nth}"));
            let address = &address;
            scope.spawn(move || ask(address, "GET", "/", &credentials))
        };
        let guesses: Vec<_> = (0..40).map(guess).collect();
        for _ in 0..10 {
            assert_eq!(ask(&address, "GET", "/-/healthy", "").status, 200);
            assert_eq!(status(&bearer(ADMIN)), 200);
            assert_eq!(status(&basic("bob", "unguessable")), 200);
        }
        let answers: Vec<Answer> = guesses.into_iter().map(|one| one.join().unwrap()).collect();
        let checked = answers.iter().filter(|answer| answer.status == 401).count();
        let limited: Vec<_> = answers
            .iter()
            .filter(|answer| answer.status == 429)
            .collect();
        // Each check of a password takes long, so that at most one delay of a second or two can end meanwhile.
        assert!(checked + limited.len() == 40 && checked <= 10, "{checked}");
        for answer in limited {
            let wait: u64 = answer.all("retry-after")[0].parse().unwrap();
            assert!((1..=60).contains(&wait), "{wait}");
        }
    });
    let metrics = ask(&address, "GET", "/metrics", &bearer(ADMIN)).body;
    assert!(
        metrics.contains(r#"toleranced_http_login_failures_total{reason="delayed"} "#),
        "{metrics}"
    );
    wait_until("the end of the delay", || {
        (status(&basic("oncall", "unguessable")) == 200).then_some(())
    });
    daemon.stop();
}

/// Memory that the daemon holds now, in KiB.
fn present_memory(daemon: &Daemon) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", daemon.pid())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let words = line.unwrap().split_whitespace();
    words.filter_map(|word| word.parse().ok()).next().unwrap()
}

#[test]
fn clients_that_do_not_read_take_bounded_memory_which_is_freed_afterwards() {
    let _turn = Turn::take();
    let home = Home::with_catalog(&large_catalog(), "", "");
    let daemon = home.start();
    let address = daemon.address();
    daemon.wait_for_metric("toleranced_last_score_timestamp_seconds", 1.0);
    let (status, scores) = daemon.get("/api/v1/processes");
    assert!(status == 200 && scores.len() > 1 << 20, "{}", scores.len());
    daemon.get("/");
    let (before, peak) = (present_memory(&daemon), daemon.peak_memory());
    let answered = || {
        let metrics = daemon.metrics();
        let handlers = ["/", "/api/v1/processes"].iter();
        let codes = handlers.flat_map(|handler| [(handler, 200), (handler, 503)]);
        let counts = codes.map(|(handler, code)| {
            let labels = format!(r#"handler="{handler}",code="{code}""#);
            metrics.get(&format!("toleranced_http_requests_total{{{labels}}}"))
        });
        counts.sum::<f64>()
    };
    let first = answered();
    let clients: Vec<TcpStream> = (0..200)
        .map(|nth| match nth % 2 {
            0 => request_without_reading(&address, "/api/v1/processes"),
            // Each of these documents differs from the others.
            _ => request_without_reading(&address, &format!("/?q={nth}&sort=name&guide=off")),
        })
        .collect();
    wait_until("all responses", || {
        (answered() >= first + 200.0).then_some(())
    });
    // Some of these requests are sent by clients that read.
    assert_eq!(daemon.get("/api/v1/processes").0, 200);
    let grown = daemon.peak_memory().saturating_sub(peak);
    println!(
        "{} bytes of scores; memory has grown by {grown} KiB from {before} KiB",
        scores.len()
    );
    assert!(grown < 150 << 10, "{grown} KiB");
    for client in clients {
        // Closed with unread data, which resets the connection.
        let _ = client.shutdown(Shutdown::Both);
    }
    wait_until("memory as before", || {
        daemon.get("/-/healthy");
        (present_memory(&daemon) < before + (40 << 10)).then_some(())
    });
    println!("afterwards {} KiB", present_memory(&daemon));
    daemon.stop();
}
