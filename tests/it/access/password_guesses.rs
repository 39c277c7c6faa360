//! Guesses of passwords do not stop ingestion.

use crate::support::access::{ADMIN, basic, bearer, guarded};
use crate::support::http::ask;
use crate::support::tickets::case;
use crate::support::wait_until;

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
                assert!([401, 429, 503].contains(&status), "{status}");
            });
        }
        let lines: String = (0..200)
            .map(|n| case(&format!("C{n}"), n, "done"))
            .collect();
        home.append("log.ndjson", lines);
        wait_until("600 records", || {
            let body = metrics(&bearer(ADMIN)).body;
            let expected = r#"toleranced_ingest_records_total{source="log"} 600"#;
            body.contains(expected).then_some(())
        });
    });
    wait_until("the end of the delay", || {
        (metrics(&basic("oncall", "unguessable")).status == 200).then_some(())
    });
    daemon.stop();
}
