//! Reports that are sent: by mail to a real server, to webhooks that fail first, and never in the way of reading.

mod common;

use common::{Daemon, Home, case, wait_for};
use rcgen::{CertificateParams, CertifiedIssuer, KeyPair};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A daemon that writes a report of the last month at once.
fn home(reports: &str) -> Home {
    let home = Home::tailing();
    home.configure(
        "[{name: log, paths: [log.ndjson], mapping: map.yaml, flush_after: 100ms}]",
        &format!("reports:\n  every: month\n{reports}"),
    );
    let cases: Vec<String> = (0..40)
        .map(|nth| case(&format!("C{nth}"), nth, "good"))
        .collect();
    home.write("log.ndjson", cases.concat());
    home
}

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

fn deliveries(daemon: &Daemon, recipient: &str, result: &str) -> f64 {
    let metrics = daemon.metrics();
    metrics.get(&format!(
        r#"toleranced_report_deliveries_total{{recipient="{recipient}",result="{result}"}}"#
    ))
}

#[test]
fn webhooks_have_it_once_each_in_its_own_words_and_one_that_fails_is_tried_again() {
    let (json, slack, teams) = (
        Webhook::new(&[503, 200]),
        Webhook::new(&[200]),
        Webhook::new(&[202]),
    );
    let home = home(&format!(
        "  url: https://soc.example/t/\n  webhooks:\n  - {{name: program, url: 'http://{}/in'}}\n  \
         - {{name: chat, kind: slack, url_file: chat.secret}}\n  - {{name: team, kind: teams, url: 'http://{}/x?sig=y'}}\n",
        json.address, teams.address
    ));
    home.write(
        "chat.secret",
        format!("http://{}/services/T0/B0/secret\n", slack.address),
    );
    let daemon = home.start();
    wait_for("all to have it", || {
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
    // Nor again after a restart.
    daemon.stop();
    let daemon = home.start();
    daemon.wait_for_metric("toleranced_ready", 1.0);
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(
        (
            json.bodies().len(),
            slack.bodies().len(),
            teams.bodies().len()
        ),
        (2, 1, 1)
    );
    daemon.stop();
}

#[test]
fn a_recipient_that_never_answers_stops_nothing() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let home = home(&format!(
        "  webhooks: [{{name: silent, url: 'http://{}/'}}]\n",
        silent.local_addr().unwrap()
    ));
    let daemon = home.start();
    let (stream, _) = silent.accept().unwrap();
    // It hangs: cases are read and scored, and pages are shown, all the same.
    home.append("log.ndjson", case("later", 50, "good"));
    let events = 41.0 * case("later", 50, "good").lines().count() as f64;
    daemon.wait_for_metric(r#"toleranced_ingest_events_total{source="log"}"#, events);
    assert_eq!(daemon.get("/reports/").0, 200);
    drop(stream);
    wait_for("the failure", || {
        (deliveries(&daemon, "silent", "failed") >= 1.0).then_some(())
    });
    daemon.wait_for_metric("toleranced_report_overdue", 1.0);
    daemon.stop();
}

/// The mail server of tests/mail_server.py.
struct MailServer(Child, u16);

impl Drop for MailServer {
    fn drop(&mut self) {
        // It may have ended already; what matters is that it is gone.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn mail_server(home: &Home) -> Option<MailServer> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = root.join("target/python/bin/python");
    let has = Command::new(&python)
        .args(["-c", "import aiosmtpd"])
        .status();
    if !has.is_ok_and(|status| status.success()) {
        println!("skipped: needs aiosmtpd in target/python; `./test` installs it");
        return None;
    }
    std::fs::create_dir(home.path("mails")).unwrap();
    let mut child = Command::new(python)
        .arg(root.join("tests/mail_server.py"))
        .args(["mails", "mail.pem", "mail.key"].map(|name| home.text_path(name)))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut port = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut port)
        .unwrap();
    Some(MailServer(child, port.trim().parse().unwrap()))
}

fn certificates(home: &Home) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let own = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    home.write("ca.pem", ca.pem());
    home.write("mail.pem", own.signed_by(&key, &ca).unwrap().pem());
    home.write("mail.key", key.serialize_pem());
}

#[test]
fn mail_reaches_a_server_that_asks_for_tls_and_a_password() {
    let home = home("");
    certificates(&home);
    let Some(server) = mail_server(&home) else {
        return;
    };
    let configure = |more: &str| {
        home.configure(
            "[{name: log, paths: [log.ndjson], mapping: map.yaml, flush_after: 100ms}]",
            &format!(
                "reports:\n  every: month\n  mail:\n    server: smtp://localhost:{}?tls=required\n    user: reporter\n    \
                 password_file: password\n    from: toleranced <toleranced@soc.example>\n    \
                 to: [left-long-ago@soc.example, lead@soc.example, 'SOC <soc@soc.example>']\n{more}",
                server.1
            ),
        );
    };
    // Who signs its certificate is not known, and then the password is wrong.
    configure("");
    home.write("password", "wrong\n");
    let daemon = home.start();
    wait_for("a failure", || {
        (deliveries(&daemon, "mail", "failed") >= 1.0).then_some(())
    });
    let log = daemon.log();
    assert!(log.to_lowercase().contains("certificate"), "{log}");
    configure("    ca_file: ca.pem\n");
    let out = home.run(&["report", "--send"]);
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert_eq!(out.status.code(), Some(2), "{said}");
    assert!(
        said.contains("mail to lead@soc.example: the mail server does not take it")
            && said.contains("535"),
        "{said}"
    );
    // The right one: the daemon sees that the file has changed, and tries at once.
    home.write("password", "secret\n");
    daemon.reload();
    // That one of them is not known there is nothing to the others.
    let mail = wait_for("the second mail", || {
        std::fs::read_to_string(home.path("mails/2.eml")).ok()
    });
    let first = std::fs::read_to_string(home.path("mails/1.eml")).unwrap();
    let to = [&first, &mail].map(|mail| mail.lines().next().unwrap().to_owned());
    assert_eq!(to, ["lead@soc.example", "soc@soc.example"]);
    let id = regex::Regex::new(r"Message-ID: (<tolerance-\S+@toleranced>)").unwrap();
    let ids = [&first, &mail].map(|mail| id.captures(mail).expect(mail)[1].to_owned());
    assert_ne!(ids[0], ids[1]);
    for part in [
        "Subject: Tolerance report, ",
        "From: ",
        "text/plain",
        "text/html",
        "filename=\"tolerance-",
        "multipart/alternative",
    ] {
        assert!(mail.contains(part), "{part}: {mail}");
    }
    wait_for("the count", || {
        (deliveries(&daemon, "mail", "sent") == 2.0).then_some(())
    });
    daemon.wait_for_metric("toleranced_report_overdue", 1.0);
    let log = daemon.log();
    assert!(
        log.contains("mail to left-long-ago@soc.example") && log.contains("550"),
        "{log}"
    );
    daemon.stop();
}

#[test]
fn a_report_waits_for_what_is_still_to_be_read() {
    const CASES: u32 = 5_000;
    let home = home("");
    let cases = (0..CASES).map(|nth| case(&format!("D{nth}"), nth % 1_400, "good"));
    home.append("log.ndjson", cases.collect::<String>());
    let daemon = home.start();
    let report = wait_for("the report", || {
        let entries = std::fs::read_dir(home.path("data/reports")).ok()?;
        let mut files = entries.filter_map(|entry| Some(entry.ok()?.path()));
        let file = files.find(|file| file.extension().is_some_and(|ending| ending == "json"))?;
        Some(std::fs::read_to_string(file).unwrap())
    });
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(
        report["board"][0]["cases"],
        40 + CASES,
        "{}",
        report["board"]
    );
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
    let source = "[{name: log, paths: [log.ndjson], mapping: map.yaml, flush_after: 100ms}]";
    let home = home("");
    home.configure(source, &terms("month"));
    let daemon = home.start();
    wait_for("a failure", || {
        (deliveries(&daemon, "program", "failed") >= 1.0).then_some(())
    });
    daemon.stop();
    // Another report is due now.
    home.configure(source, &terms("week"));
    let daemon = home.start();
    let ids = wait_for("both", || {
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

#[test]
fn mistakes_in_the_configuration_are_named() {
    for (wrong, said) in [
        ("  at: every monday\n", "`reports.at`"),
        (
            "  at: '0 7 1 * *'\n  time_zone: Mars/Olympus\n",
            "`reports.time_zone`: `Mars/Olympus` is not known",
        ),
        ("  webhooks: [{name: a}]\n", "either `url` or `url_file`"),
        (
            "  webhooks: [{name: a, url: 'ftp://x'}]\n",
            "begins with http:// or https://",
        ),
        (
            "  webhooks: [{name: mail, url: 'http://x'}]\n",
            "this name is taken",
        ),
        (
            "  webhooks: [{name: a, url: 'http://x', kind: irc}]\n",
            "is not one of json, slack, teams",
        ),
        (
            "  mail: {server: 'smtp://x', from: nobody, to: [a@b.example]}\n",
            "`nobody` is no mail address",
        ),
        (
            "  mail: {server: 'http://x', from: a@b.example, to: [a@b.example]}\n",
            "`reports.mail.server`",
        ),
        (
            "  mail: {server: 'smtp://x', user: a, from: a@b.example, to: [a@b.example]}\n",
            "needs a `password_file`",
        ),
        (
            "  mail: {server: 'smtp://x', user: a, password_file: map.yaml, from: a@b.example, to: [a@b.example]}\n",
            "would cross the network unencrypted",
        ),
        (
            "  mail: {server: 'smtp://x', from: a@b.example, to: []}\n",
            "names nobody",
        ),
    ] {
        let home = home(wrong);
        let out = home.run(&["check"]);
        let (out_text, errors) = common::texts(&out);
        assert_eq!(out.status.code(), Some(1), "{wrong}: {out_text}{errors}");
        assert!(
            (out_text.clone() + &errors).contains(said),
            "{wrong}: {out_text}{errors}"
        );
        assert!(
            (out_text + &errors).contains("toleranced.yaml:"),
            "where: {wrong}"
        );
    }
    let home = home("");
    let out = home.run(&["report", "--send"]);
    assert_eq!(out.status.code(), Some(2), "{out:?}");
}

#[test]
fn the_feed_and_the_index_name_what_was_written() {
    let home = home("  formats: [html, pdf-ready, md, csv, json]\n  url: https://soc.example\n");
    let daemon = home.start();
    let feed = wait_for("a report", || {
        let (status, feed) = daemon.get("/reports/feed.xml");
        assert_eq!(status, 200);
        feed.contains(".csv").then_some(feed)
    });
    let document = feed.as_bytes();
    let mut reader = quick_xml::Reader::from_reader(document);
    while reader.read_event().unwrap() != quick_xml::events::Event::Eof {}
    assert!(
        feed.contains(r#"xmlns="http://www.w3.org/2005/Atom""#),
        "{feed}"
    );
    assert_eq!(feed.matches("<entry>").count(), 1);
    let link =
        regex::Regex::new(r#"href="https://soc.example(/reports/tolerance-[^"]+)""#).unwrap();
    let links: Vec<&str> = link
        .captures_iter(&feed)
        .map(|found| found.get(1).unwrap().as_str())
        .collect();
    assert_eq!(links.len(), 5, "{feed}");
    let (_, index) = daemon.get("/reports/");
    for path in links {
        assert_eq!(daemon.get(path).0, 200, "{path}");
        assert!(index.contains(path), "{path}: {index}");
    }
    daemon.stop();
}
