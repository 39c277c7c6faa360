//! Reports by webhook: sent again after a failure, and never in the way of ingestion.

use super::{deliveries, reporting};
use crate::support::tickets::case;
use crate::support::{TAILED, wait_until};
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// Something that answers requests with one status after the other (the last one for ever), and keeps their bodies.
struct Webhook {
    address: String,
    bodies: Arc<Mutex<Vec<Value>>>,
}

impl Webhook {
    fn new(statuses: &'static [u16]) -> Webhook {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let bodies = Arc::new(Mutex::new(Vec::new()));
        let kept = bodies.clone();
        std::thread::spawn(move || {
            for (nth, stream) in listener.incoming().enumerate() {
                let status = statuses[nth.min(statuses.len() - 1)];
                kept.lock().unwrap().push(answer(stream.unwrap(), status));
            }
        });
        Webhook { address, bodies }
    }

    fn bodies(&self) -> Vec<Value> {
        self.bodies.lock().unwrap().clone()
    }
}

/// Reads a request, answers it, gives its body.
fn answer(stream: TcpStream, status: u16) -> Value {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    // Longer than what is told of it.
    let said = "no, because of this and that".to_owned() + &" and so on".repeat(200);
    let head = format!(
        "HTTP/1.1 {status} x\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{said}",
        said.len()
    );
    (&stream).write_all(head.as_bytes()).unwrap();
    serde_json::from_slice(&body).unwrap()
}

#[test]
fn webhooks_have_it_once_each_in_its_own_words_and_one_that_fails_is_tried_again() {
    let (json, slack, teams) = (
        Webhook::new(&[503, 200]),
        Webhook::new(&[200]),
        Webhook::new(&[202]),
    );
    let home = reporting(&format!(
        "  url: https://soc.example/t/\n  webhooks:\n  - {{name: program, url: 'http://{}/in'}}\n  \
         - {{name: chat, kind: slack, url_file: chat.secret}}\n  - {{name: team, kind: teams, url: 'http://{}/x?sig=y'}}\n",
        json.address, teams.address
    ));
    home.write(
        "chat.secret",
        format!("http://{}/services/T0/B0/secret\n", slack.address),
    );
    let daemon = home.start();
    wait_until("all to have it", || {
        let sent = ["program", "chat", "team"].map(|name| deliveries(&daemon, name, "sent"));
        (sent == [1.0; 3]).then_some(())
    });
    assert_eq!(deliveries(&daemon, "program", "failed"), 1.0);
    daemon.wait_for_metric("toleranced_report_overdue", 0.0);
    let log = daemon.log();
    assert!(log.contains("no, because of this and that"), "{log}");
    assert!(
        !log.contains("services/T0") && !log.contains("sig=y"),
        "a secret is in the log: {log}"
    );
    // The same, whole, both times.
    let [first, second] = &json.bodies()[..] else {
        panic!("{:?}", json.bodies());
    };
    assert_eq!(first, second);
    assert_eq!(first["event"], "report");
    assert_eq!(first["report"]["version"], 1);
    let url = first["url"].as_str().unwrap();
    assert!(
        url.starts_with("https://soc.example/t/reports/tolerance-"),
        "{url}"
    );
    let text = slack.bodies()[0]["text"].as_str().unwrap().to_owned();
    assert!(
        text.starts_with("*Tolerance report, ") && text.contains(url),
        "{text}"
    );
    let card = &teams.bodies()[0]["attachments"][0];
    assert_eq!(
        card["contentType"],
        "application/vnd.microsoft.card.adaptive"
    );
    assert_eq!(card["content"]["actions"][0]["url"], url);
    // Nor again after a restart: the next one that arrives is the report of a week, which is due from then on.
    daemon.stop();
    let config = std::fs::read_to_string(home.path("toleranced.yaml")).unwrap();
    let weekly = config.replace("every: month", "every: week");
    home.write("toleranced.yaml", weekly);
    let daemon = home.start();
    let counts = || [&json, &slack, &teams].map(|webhook| webhook.bodies().len());
    wait_until("the report of a week", || {
        let more = counts()
            .iter()
            .zip([2, 1, 1])
            .all(|(now, before)| *now > before);
        more.then_some(())
    });
    daemon.stop();
    assert_eq!(counts(), [3, 2, 2]);
    let id = json.bodies()[2]["report"]["period"]["id"].to_string();
    assert!(id.contains('W'), "{id}");
}

#[test]
fn a_recipient_that_never_answers_stops_nothing() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let home = reporting(&format!(
        "  webhooks: [{{name: silent, url: 'http://{}/'}}]\n",
        silent.local_addr().unwrap()
    ));
    let daemon = home.start();
    silent.set_nonblocking(true).unwrap();
    let (stream, _) = wait_until("a delivery", || silent.accept().ok());
    // It hangs: cases are read and scored, and pages are shown, all the same.
    home.append("log.ndjson", case("later", 50, "good"));
    let events = 41.0 * case("later", 50, "good").lines().count() as f64;
    daemon.wait_for_metric(r#"toleranced_ingest_events_total{source="log"}"#, events);
    assert_eq!(daemon.get("/reports/").0, 200);
    drop(stream);
    wait_until("the failure", || {
        (deliveries(&daemon, "silent", "failed") >= 1.0).then_some(())
    });
    daemon.wait_for_metric("toleranced_report_overdue", 1.0);
    daemon.stop();
}

#[test]
fn who_could_not_be_sent_a_report_has_it_later_even_when_the_next_is_due() {
    let program = Webhook::new(&[503, 503, 200]);
    let terms = |every: &str| {
        format!(
            "reports:\n  every: {every}\n  webhooks: [{{name: program, url: 'http://{}/in'}}]\n",
            program.address
        )
    };
    let source = TAILED;
    let home = reporting("");
    home.configure(source, &terms("month"));
    let daemon = home.start();
    wait_until("a failure", || {
        (deliveries(&daemon, "program", "failed") >= 1.0).then_some(())
    });
    daemon.stop();
    // Another report is due now.
    home.configure(source, &terms("week"));
    let daemon = home.start();
    let ids = wait_until("both", || {
        let bodies = program.bodies();
        let taken = bodies.iter().skip(2);
        let ids: Vec<String> = taken
            .map(|body| body["report"]["period"]["id"].as_str().unwrap().to_owned())
            .collect();
        (ids.len() == 2).then_some(ids)
    });
    assert!(ids.iter().any(|id| id.contains('W')), "{ids:?}");
    assert!(ids.iter().any(|id| !id.contains('W')), "{ids:?}");
    daemon.stop();
}
