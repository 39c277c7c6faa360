//! Reports by mail, through a real server that asks for TLS and a password.

use super::{deliveries, reporting};
use crate::support::project::project;
use crate::support::{Home, TAILED, wait_until};
use rcgen::{CertificateParams, CertifiedIssuer, KeyPair};
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

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
    let python = project("target/python/bin/python");
    let has = Command::new(&python)
        .args(["-c", "import aiosmtpd"])
        .status();
    if !has.is_ok_and(|status| status.success()) {
        println!("skipped: needs aiosmtpd in target/python; `./test` installs it");
        return None;
    }
    std::fs::create_dir(home.path("mails")).unwrap();
    let mut child = Command::new(python)
        .arg(project("tests/mail_server.py"))
        .args(["mails", "mail.pem", "mail.key"].map(|name| home.text_path(name)))
        .stdout(Stdio::piped())
        // It reports each client that does not trust its certificate.
        .stderr(File::create(home.path("mail.log")).unwrap())
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
    let home = reporting("");
    certificates(&home);
    let Some(server) = mail_server(&home) else {
        return;
    };
    let configure = |more: &str| {
        home.configure(
            TAILED,
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
    wait_until("a failure", || {
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
    let mail = wait_until("the second mail", || {
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
    wait_until("the count", || {
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
