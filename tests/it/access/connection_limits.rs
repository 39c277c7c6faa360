//! Crowds of idle connections and requests that never end: memory stays bounded and ingestion goes on.

use crate::support::heavy::Turn;
use crate::support::http::{Answer, ask};
use crate::support::tickets::case;
use crate::support::{DEADLINE, Daemon, Home, TAILED, wait_until};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// The daemon takes in this many more cases, and says so over HTTP.
fn goes_on_ingesting(home: &Home, daemon: &Daemon, before: usize, cases: usize) -> usize {
    let lines: String = (before..before + cases)
        .map(|nth| case(&format!("C{nth}"), (nth % 1000) as u32, "done"))
        .collect();
    home.append("log.ndjson", lines);
    daemon.wait_for_records((before + cases) * 3);
    before + cases
}

/// Raises the limit of open files of this process, which no other test depends on; returns it.
fn raised_limit_of_files() -> usize {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).unwrap();
    hard as usize
}

#[test]
fn a_crowd_of_idle_connections_is_bounded_and_locks_nobody_out() {
    let _turn = Turn::take();
    let crowd = 10_000.min(raised_limit_of_files().saturating_sub(500));
    println!("{crowd} idle connections");
    let home = Home::tailing();
    let daemon = home.start();
    let address = daemon.address();
    let cases = goes_on_ingesting(&home, &daemon, 0, 100);
    let before = daemon.peak_memory();
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
    let grown = daemon.peak_memory().saturating_sub(before);
    println!("memory has grown by {grown} KiB");
    assert!(grown < 100 << 10, "{grown} KiB");
    drop(idle);
    goes_on_ingesting(&home, &daemon, cases, 10);
    daemon.stop();
}

#[test]
fn a_request_that_is_being_answered_keeps_its_place_in_a_crowd() {
    let home = Home::tailing();
    home.configure(TAILED, "limits: {http_connections: 5}\n");
    let daemon = home.start();
    let address = daemon.address();
    let mut slow = TcpStream::connect(&address).unwrap();
    let head = "POST /api/v1/marks HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{";
    slow.write_all(head.as_bytes()).unwrap();
    wait_until("its connection", || {
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
    while begun.elapsed() < DEADLINE {
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
            assert!((25..90).contains(&took.as_secs()), "{took:?}");
        }
        let (answer, took) = slow_body.join().unwrap();
        assert_eq!(answer.unwrap().status, 408);
        assert!((25..90).contains(&took.as_secs()), "{took:?}");
    });
    daemon.wait_for_metric(
        r#"toleranced_http_connections_closed_total{reason="timeout"}"#,
        40.0,
    );
    daemon.stop();
}
