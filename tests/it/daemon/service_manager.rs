//! What service managers and health checks are told.

use crate::support::{BINARY, DEADLINE, Daemon, Home, wait_until};
use std::os::unix::net::UnixDatagram;
use std::process::Command;

/// The next message to the service manager.
fn told(socket: &UnixDatagram) -> String {
    let mut message = [0; 256];
    let length = socket.recv(&mut message).expect("a message in time");
    String::from_utf8_lossy(&message[..length]).into_owned()
}

#[test]
fn a_service_manager_is_told_when_it_is_ready_that_it_lives_and_that_it_stops() {
    let home = Home::new("[]");
    let path = home.path("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut command = Command::new(BINARY);
    command
        .args(["run", "--config", &home.text_path("toleranced.yaml")])
        .env("NOTIFY_SOCKET", &path)
        .env("WATCHDOG_USEC", "600000");
    let daemon = Daemon::spawn(&mut command);
    assert!(told(&socket).contains("READY=1"));
    assert_eq!(daemon.get("/-/ready").0, 200, "ready when it says so");
    for _ in 0..3 {
        assert!(told(&socket).contains("WATCHDOG=1"));
    }
    daemon.stop();
    let mut last = told(&socket);
    while last.contains("WATCHDOG=1") {
        last = told(&socket);
    }
    assert!(last.contains("STOPPING=1"), "{last}");
}

#[test]
fn health_is_asked_of_the_daemon() {
    let home = Home::new("[]");
    let daemon = home.start();
    let address = daemon.address().to_string();
    wait_until("readiness", || {
        (daemon.get("/-/ready").0 == 200).then_some(())
    });
    let out = home.run(&["health", "--address", &address]);
    assert_eq!(out.status.code(), Some(0), "{out:?}");
    assert_eq!(out.stdout, b"toleranced is ready\n");
    daemon.stop();
    let out = home.run(&["health", "--address", &address, "--timeout", "1"]);
    assert_eq!(out.status.code(), Some(2), "{out:?}");
    let said = String::from_utf8(out.stderr).unwrap();
    assert!(said.contains("no daemon answers"), "{said}");
    // Where it listens is read from its configuration.
    home.write("toleranced.yaml", "listen: 127.0.0.1:1\n");
    let said = String::from_utf8(home.run(&["health"]).stderr).unwrap();
    assert!(said.contains("127.0.0.1:1"), "{said}");
}
