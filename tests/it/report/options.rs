//! Periods and settings that are refused.

use super::{filled, reporting};
use crate::support::texts;
use serde_json::Value;

#[test]
fn periods_that_are_none_are_refused() {
    let home = filled();
    for wrong in ["year", "2026-03-01..2026-03-01", "2026-03-01..2999-01-01"] {
        let out = home.run(&["report", "--period", wrong]);
        assert_eq!(out.status.code(), Some(2), "{wrong}: {out:?}");
    }
    // A period before everything is a report without processes.
    let out = home.run(&[
        "report",
        "--period",
        "2020-01-01..2020-02-01",
        "--format",
        "json",
    ]);
    let json: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(
        json["standing"][0]["undetermined"],
        json["standing"][0]["processes"]
    );
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
        let home = reporting(wrong);
        let out = home.run(&["check"]);
        let (out_text, errors) = texts(&out);
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
    let home = reporting("");
    let out = home.run(&["report", "--send"]);
    assert_eq!(out.status.code(), Some(2), "{out:?}");
}
