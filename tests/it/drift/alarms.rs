//! Drift through the daemon: an alarm and its life, late data, known changes, restarts.

use crate::support::own_format::CATALOG;
use crate::support::{Daemon, Home, wait_until};
use serde_json::{Value, json};
use std::fmt::Write as _;

pub(super) fn home() -> Home {
    Home::with_catalog(
        CATALOG,
        ", window: all",
        "drift: {false_alarms_per_year: 12}\n",
    )
}

const ALARM: &str = r#"toleranced_drift_alarm{process="p",stream="deviation"}"#;

/// The cases of a day of 2026, the first of which is 0: 40, of which a share is bad.
fn day(nth: u32, bad: f64) -> String {
    let mut lines = String::new();
    // A small generator of its own, so that the log never changes.
    let mut state = u64::from(nth).wrapping_mul(0x9E37_79B9_7F4A_7C15) + 1;
    let mut random = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / (1u64 << 31) as f64
    };
    let (month, date) = match nth {
        0..31 => (1, 1 + nth),
        31..59 => (2, nth - 30),
        _ => (3, nth - 58),
    };
    for case in 0..40 {
        let outcome = if random() < bad { "bad" } else { "good" };
        let (hour, minute) = (case / 2, 5 + (50.0 * random()) as u32);
        for (minute, rest) in [
            (0, r#""activity":"open""#.to_owned()),
            (
                minute,
                format!(r#""activity":"close","lifecycle":"end","outcome":"{outcome}""#),
            ),
        ] {
            writeln!(
                lines,
                r#"{{"time":"2026-{month:02}-{date:02}T{hour:02}:{minute:02}:00Z","process":"p","case":"{nth}-{case}","executor":"human",{rest}}}"#
            )
            .unwrap();
        }
    }
    lines
}

/// From the 2nd of March on it is otherwise.
fn share(nth: u32) -> f64 {
    if nth < 60 { 0.05 } else { 0.35 }
}

pub(super) fn log(days: impl IntoIterator<Item = u32>) -> String {
    days.into_iter().map(|nth| day(nth, share(nth))).collect()
}

fn alarms(daemon: &Daemon) -> Vec<Value> {
    let mut all = daemon.json("/api/v1/alarms")["alarms"]
        .as_array()
        .unwrap()
        .clone();
    for alarm in &mut all {
        // When it was found depends on the clock.
        alarm.as_object_mut().unwrap().remove("noted_at");
    }
    all
}

pub(super) fn deviation_alarm(daemon: &Daemon) -> Value {
    wait_until("the alarm", || {
        alarms(daemon)
            .into_iter()
            .find(|alarm| alarm["stream"] == "deviation")
    })
}

pub(super) fn until(daemon: &Daemon, date: &str) -> Value {
    wait_until(date, || {
        let drift = daemon.json("/api/v1/drift")["processes"][0].clone();
        (drift["until"] == date).then_some(drift)
    })
}

#[test]
fn a_drift_is_raised_acknowledged_and_made_the_new_baseline() {
    let home = home();
    home.write("log.ndjson", log(0..84));
    let daemon = home.start();
    let alarm = deviation_alarm(&daemon);
    assert_eq!(alarm["direction"], "up");
    assert!(
        alarm["onset"].as_str().unwrap().starts_with("2026-03-0"),
        "{alarm}"
    );
    assert!(
        alarm["was"].as_f64().unwrap() < 0.1 && alarm["became"].as_f64().unwrap() > 0.25,
        "{alarm}"
    );
    assert_eq!(daemon.wait_for_metric(ALARM, 1.0).get(ALARM), 1.0);
    // The cases behind it.
    let id = alarm["id"].as_i64().unwrap();
    let shown = daemon.json(&format!("/api/v1/alarms/{id}"));
    let cases = shown["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 10);
    for case in cases {
        assert_eq!(case["outcome"], "bad");
        assert!(case["ended"].as_str() >= alarm["onset"].as_str(), "{case}");
    }
    assert_eq!(daemon.get("/api/v1/alarms/999").0, 404);
    let out = home.run(&["drift", "show", &id.to_string()]);
    let text = String::from_utf8(out.stdout).unwrap();
    let key = cases[0]["case"].as_str().unwrap();
    assert!(text.contains(key), "{text}");
    assert_acknowledged_by_command_and_http(&home, &daemon, id);
    assert_made_the_new_baseline(&home, &daemon);
    daemon.stop();
}

/// People take note of an alarm, by command and by HTTP.
fn assert_acknowledged_by_command_and_http(home: &Home, daemon: &Daemon, id: i64) {
    let out = home.run(&[
        "drift",
        "ack",
        &id.to_string(),
        "--by",
        "SOC lead",
        "--why",
        "known <wave>",
    ]);
    assert!(out.status.success(), "{out:?}");
    wait_until("the acknowledgement", || {
        (deviation_alarm(daemon)["acknowledged_why"] == "known <wave>").then_some(())
    });
    let path = format!("/api/v1/alarms/{id}/acknowledge");
    assert_eq!(
        daemon
            .post_json(&path, &json!({"by": "shift", "why": "still"}))
            .0,
        204
    );
    assert_eq!(
        daemon.post_json(&path, &json!({"by": "", "why": "x"})).0,
        422
    );
    assert_eq!(
        daemon
            .post_json(
                "/api/v1/alarms/999/acknowledge",
                &json!({"by": "a", "why": "b"})
            )
            .0,
        404
    );
    wait_until("the other one", || {
        (deviation_alarm(daemon)["acknowledged_by"] == "shift").then_some(())
    });
    let listed = home.run(&["drift"]);
    assert_eq!(listed.status.code(), Some(1), "an alarm stands");
    let text = String::from_utf8(listed.stdout).unwrap();
    assert!(
        text.contains("more deviation") && text.contains("shift: still"),
        "{text}"
    );
}

/// The present behaviour becomes the baseline: the alarm ends.
fn assert_made_the_new_baseline(home: &Home, daemon: &Daemon) {
    let out = home.run(&[
        "drift",
        "rebaseline",
        "p",
        "--from",
        "2026-03-05",
        "--by",
        "SOC lead",
        "--why",
        "agreed",
    ]);
    assert!(out.status.success(), "{out:?}");
    wait_until("its end", || {
        (deviation_alarm(daemon)["how"] == "rebaselined").then_some(())
    });
    assert_eq!(daemon.metrics().get(ALARM), 0.0);
    // While the new baseline is being learned, the command knows as well as the daemon that the old one is over.
    let out = home.run(&["drift", "--format", "json"]);
    let said: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(said["processes"], daemon.json("/api/v1/drift")["processes"]);
    assert_eq!(
        daemon
            .metrics()
            .get(r#"toleranced_drift_alarms_total{process="p",stream="deviation"}"#),
        1.0
    );
}

#[test]
fn a_known_change_explains_what_is_found() {
    let home = home();
    home.write("log.ndjson", log(0..84));
    let daemon = home.start();
    deviation_alarm(&daemon);
    let mark = json!({"process": "p", "date": "2026-03-05", "text": "prompt 7", "by": "team"});
    assert_eq!(daemon.post_json("/api/v1/marks", &mark).0, 201);
    wait_until("the explanation", || {
        (deviation_alarm(&daemon)["explained_by"] == "prompt 7").then_some(())
    });
    // An alarm that is explained alarms nobody.
    wait_until("silence", || {
        (daemon.metrics().get(ALARM) == 0.0).then_some(())
    });
    for bad in [
        json!({"date": "soon", "text": "x", "by": "team"}),
        json!({"date": "9999-01-01", "text": "x", "by": "team"}),
        json!({"process": "nobody", "text": "x", "by": "team"}),
        json!({"text": "\u{1b}[31m", "by": "team"}),
    ] {
        assert_eq!(daemon.post_json("/api/v1/marks", &bad).0, 422, "{bad}");
    }
    daemon.stop();
    let out = home.run(&["mark", "x", "--by", "team", "--process", "nobody"]);
    assert_eq!(out.status.code(), Some(1), "{out:?}");
}

#[test]
fn a_new_version_in_the_log_is_a_known_change() {
    let home = home();
    let versioned = |nth: u32| {
        let version = if nth < 59 { "playbook 1" } else { "playbook 2" };
        let with = format!(r#""executor":"code","version":"{version}""#);
        day(nth, share(nth)).replace(r#""executor":"human""#, &with)
    };
    home.write("log.ndjson", (0..70).map(versioned).collect::<String>());
    let daemon = home.start();
    let alarm = deviation_alarm(&daemon);
    assert_eq!(alarm["explained_by"], "version playbook 2", "{alarm}");
    assert_eq!(daemon.metrics().get(ALARM), 0.0, "explained");
    let drift = until(&daemon, "2026-03-10");
    let change = json!([{"day": "2026-03-01", "what": "version playbook 2"}]);
    assert_eq!(drift["changes"], change);
    // Four weeks later the new version has a baseline of its own.
    home.append("log.ndjson", (70..90).map(versioned).collect::<String>());
    let drift = until(&daemon, "2026-03-30");
    assert_eq!(
        drift["baseline"]["from"], "2026-03-01",
        "{}",
        drift["baseline"]
    );
    assert_eq!(drift["baseline"]["to"], "2026-03-28");
    let ended = wait_until("the end", || {
        let alarm = deviation_alarm(&daemon);
        alarm["ended"].is_string().then_some(alarm)
    });
    assert_eq!(ended["how"], "rebaselined", "{ended}");
    daemon.stop();
    // A file read at once says the same.
    let (log, catalog) = (home.text_path("log.ndjson"), home.text_path("catalog.yaml"));
    let flags = [
        "--map",
        "toleranced",
        "--catalog",
        &catalog,
        "--format",
        "json",
    ];
    let out = home.run(&[&["drift", &log, "--cases"], &flags[..]].concat());
    let said: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(said["processes"][0], drift);
}

#[test]
fn late_data_and_restarts_leave_no_trace() {
    let in_time = home();
    in_time.write("log.ndjson", log(0..84));
    let daemon = in_time.start();
    let want = (until(&daemon, "2026-03-24"), alarms(&daemon));
    daemon.stop();
    // The same in three deliveries, with a restart between them: a day of the baseline and a day of the drift come last.
    let late = home();
    let missing = [11, 66];
    late.write(
        "log.ndjson",
        log((0..70).filter(|nth| !missing.contains(nth))),
    );
    let daemon = late.start();
    until(&daemon, "2026-03-10");
    daemon.stop();
    late.append("log.ndjson", log(70..84));
    let daemon = late.start();
    until(&daemon, "2026-03-24");
    late.append("log.ndjson", log(missing));
    wait_until("the same drift", || {
        let drift = daemon.json("/api/v1/drift")["processes"][0].clone();
        (drift == want.0).then_some(())
    });
    let without_numbers = |alarms: &[Value]| -> Vec<Value> {
        let standing = alarms
            .iter()
            .filter(|alarm| alarm["how"] != "withdrawn")
            .cloned();
        standing
            .map(|mut alarm| {
                alarm.as_object_mut().unwrap().remove("id");
                for other in alarm["also"].as_array_mut().unwrap() {
                    other.as_object_mut().unwrap().remove("alarm");
                }
                alarm
            })
            .collect()
    };
    assert_eq!(without_numbers(&alarms(&daemon)), without_numbers(&want.1));
    daemon.stop();
    let daemon = late.start();
    assert_eq!(until(&daemon, "2026-03-24"), want.0);
    daemon.stop();
}

/// The same cases once more, of another process.
fn of_another(log: &str) -> String {
    log.replace(r#""process":"p","case":""#, r#""process":"q","case":"q"#)
}

#[test]
fn log_files_say_the_same_as_the_daemon() {
    let home = home();
    let history = log(0..84);
    home.write("log.ndjson", history.clone() + &of_another(&history));
    let (log, catalog) = (home.text_path("log.ndjson"), home.text_path("catalog.yaml"));
    let flags = [
        "--map",
        "toleranced",
        "--catalog",
        &catalog,
        "--format",
        "json",
    ];
    let out = home.run(&[&["drift", &log], &flags[..]].concat());
    assert_eq!(out.status.code(), Some(1), "{out:?}");
    let said: Value = serde_json::from_slice(&out.stdout).unwrap();
    let want = &said["processes"];
    assert_eq!(
        (&want[0]["until"], &want[1]["until"]),
        (&json!("2026-03-24"), &json!("2026-03-24"))
    );
    // The daemon scores while it reads: what it says of a part of the log is another thing.
    let daemon = home.start();
    wait_until("the same of both", || {
        (daemon.json("/api/v1/drift")["processes"] == *want).then_some(())
    });
    daemon.stop();
    // Two processes do not get the whole budget of a fleet: each of their streams may give a false alarm in 40 years.
    let threshold = want[0]["threshold"].as_f64().unwrap();
    assert!((6.0..7.0).contains(&threshold), "{threshold}");
    // A figure over all processes does not change with what is listed of them.
    let of = |more: &[&str]| -> Value {
        let out = home.run(&[&["drift", "--format", "json"], more].concat());
        serde_json::from_slice(&out.stdout).unwrap()
    };
    let (all, only) = (of(&[]), of(&["--only", "p"]));
    assert_eq!(only["processes"].as_array().unwrap().len(), 1);
    let expected = "expected_false_alarms_per_year";
    assert_eq!(all[expected].as_f64().unwrap(), 2.0 * 9.0 / 40.0);
    assert_eq!(only[expected], all[expected]);
    let out = home.run(&["drift", "--simulate", "deviation=6"]);
    let text = String::from_utf8(out.stdout).unwrap();
    assert!(
        text.contains("deviation times 6") && text.contains("100 %"),
        "{text}"
    );
    let estimated = of(&["--simulate", "deviation=6", "--only", "p"]);
    assert_eq!(
        estimated["change"],
        json!({"what": "deviation", "factor": 6.0})
    );
    let found = &estimated["processes"][0];
    assert_eq!(
        (&found["process"], &found["years"], &found["found"]),
        (&json!("p"), &json!(200), &json!(200))
    );
    assert!(
        found["median_days"].as_i64().is_some() && found["withheld"].is_null(),
        "{found}"
    );
    // What can't be read is no all-clear.
    home.write("junk.ndjson", "{}\n");
    let out = home.run(&[
        "drift",
        &home.text_path("junk.ndjson"),
        "--map",
        "toleranced",
    ]);
    assert_eq!(out.status.code(), Some(1), "{out:?}");
}

#[test]
fn the_last_days_of_a_log_wait_for_cases_that_end_by_being_idle() {
    let home = home();
    // Every fifth case is left as it is.
    let is_left = |line: &&str| {
        let id = line.split_once(r#""case":""#).unwrap().1;
        let case = id.split_once('"').unwrap().0.split_once('-').unwrap().1;
        line.contains(r#""activity":"close""#) && case.parse::<u32>().unwrap() % 5 == 0
    };
    let whole: String = (0..84).map(|nth| day(nth, 0.05)).collect();
    let kept: Vec<&str> = whole.lines().filter(|line| !is_left(line)).collect();
    home.write("log.ndjson", kept.join("\n") + "\n");
    home.write(
        "catalog.yaml",
        "processes:\n- id: p\n  criticality: low\n  ends: { idle: 7d }\n  outcomes: { good: 0, bad: 1, open: 0 }\n",
    );
    let (log, catalog) = (home.text_path("log.ndjson"), home.text_path("catalog.yaml"));
    let flags = [
        "--map",
        "toleranced",
        "--catalog",
        &catalog,
        "--format",
        "json",
    ];
    let out = home.run(&[&["drift", &log], &flags[..]].concat());
    let said: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(said["alarms"], json!([]));
    assert_eq!(out.status.code(), Some(0), "{out:?}");
    // The last event is of the 25th of March.
    assert_eq!(said["processes"][0]["until"], "2026-03-17");
    // The daemon judges the same days.
    let daemon = home.start();
    assert_eq!(until(&daemon, "2026-03-17"), said["processes"][0]);
    assert_eq!(alarms(&daemon), Vec::<Value>::new());
    daemon.stop();
}
