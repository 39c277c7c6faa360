//! What is said of an alarm, by every output alike: a sentence, other changes, the days with their expected range.

use super::alarms::{deviation_alarm, home, log, until};
use crate::support::{Daemon, Home, wait_until};
use serde_json::{Value, json};

/// The same cases of further processes, which all change on the same day.
fn of_processes(log: &str, processes: &[&str]) -> String {
    let of = |process: &&str| {
        let named = format!(r#""process":"{process}","case":"{process}-"#);
        log.replace(r#""process":"p","case":""#, &named)
    };
    processes.iter().map(of).collect()
}

fn text(out: &std::process::Output) -> String {
    String::from_utf8(out.stdout.clone()).unwrap()
}

fn page_of(daemon: &Daemon, path: &str) -> String {
    let (status, text) = daemon.get(path);
    assert_eq!(status, 200, "{path}: {text}");
    text
}

#[test]
fn every_output_says_the_same_sentence_with_the_other_changes() {
    let home = home();
    home.write("log.ndjson", log(0..84));
    let daemon = home.start();
    deviation_alarm(&daemon);
    let onset = deviation_alarm(&daemon)["onset"]
        .as_str()
        .unwrap()
        .to_owned();
    let marked: chrono::NaiveDate = onset.parse().unwrap();
    let marked = (marked + chrono::Days::new(2)).to_string();
    let mark = json!({"date": marked, "text": "prompt 7", "by": "team"});
    assert_eq!(daemon.post_json("/api/v1/marks", &mark).0, 201);
    let alarm = wait_until("the mark", || {
        let alarm = deviation_alarm(&daemon);
        (alarm["explained_by"] == "prompt 7").then_some(alarm)
    });
    let also = json!({"day": marked, "process": "p", "what": "prompt 7", "alarm": null});
    let others = alarm["also"].as_array().unwrap();
    assert!(others.contains(&also), "{alarm}");
    let sentence = alarm["sentence"].as_str().unwrap();
    let start = format!("Since about {onset}, the deviation rate of p is ");
    assert!(sentence.starts_with(&start), "{sentence}");
    assert!(
        sentence.contains("A stable process raises such an alarm in this stream "),
        "{sentence}"
    );
    let id = alarm["id"].as_i64().unwrap();
    let detail = daemon.json(&format!("/api/v1/alarms/{id}"));
    assert_eq!(detail["alarm"]["sentence"], sentence);
    let line = format!("prompt 7 ({marked})");
    let page = page_of(&daemon, "/processes/p");
    assert!(page.contains(sentence) && page.contains(&line), "{page}");
    let show = text(&home.run(&["drift", "show", &id.to_string()]));
    let list = text(&home.run(&["drift", "--only", "p"]));
    for told in [&show, &list] {
        assert!(
            told.contains(sentence)
                && told.contains("Other changes within 7 days: ")
                && told.contains(&line),
            "{told}"
        );
    }
    daemon.stop();
}

#[test]
fn the_days_of_an_alarm_are_drawn_with_their_expected_range() {
    let home = home();
    home.write("log.ndjson", log((0..84).filter(|nth| *nth != 45)));
    let daemon = home.start();
    let alarm = deviation_alarm(&daemon);
    let drift = until(&daemon, "2026-03-24");
    let charts = drift["charts"].as_array().unwrap();
    let chart = charts.iter().find(|chart| chart["stream"] == "deviation");
    let chart = chart.unwrap();
    assert_eq!(
        (&chart["days_per_point"], &chart["outcome"]),
        (&json!(1), &Value::Null)
    );
    let on = |day: &str| {
        let points = chart["points"].as_array().unwrap();
        points.iter().find(|point| point["day"] == day).unwrap()
    };
    let empty = on("2026-02-15");
    assert_eq!(
        (&empty["value"], &empty["expected"]),
        (&Value::Null, &Value::Null)
    );
    let changed = on("2026-03-10");
    let figure = |key: &str| changed[key].as_f64().unwrap();
    assert!(figure("lower") < figure("expected") && figure("expected") < figure("upper"));
    assert!(figure("value") > figure("upper"), "{changed}");
    let page = page_of(&daemon, "/processes/p");
    let id = &alarm["id"];
    assert!(
        page.contains(&format!("Alarm {id}: more deviation")),
        "{page}"
    );
    assert!(
        page.contains("stream-days-0") && page.contains("expected range"),
        "{page}"
    );
    let (status, csv) = daemon.get("/api/v1/processes/p/stream_days.csv");
    assert_eq!(status, 200);
    assert!(
        csv.starts_with("stream,outcome,day,value,expected,lower,upper"),
        "{csv}"
    );
    assert!(csv.contains("deviation,,2026-02-15,,,,"), "{csv}");
    let show = text(&home.run(&["drift", "show", &id.to_string()]));
    let line = |name: &str| {
        let found = show
            .lines()
            .find(|line| line.trim_start().starts_with(name));
        found.unwrap_or_else(|| panic!("{name}: {show}")).to_owned()
    };
    let observed = line("observed");
    assert!(
        observed.contains('\u{2588}') && observed.contains('\u{2581}'),
        "{show}"
    );
    assert!(line("^ change about").contains(alarm["onset"].as_str().unwrap()));
    line("upper");
    daemon.stop();
}

fn common_alarm(daemon: &Daemon, processes: usize) -> Value {
    wait_until("the alarm about several processes", || {
        let all = daemon.json("/api/v1/alarms")["alarms"].clone();
        let mut all = all.as_array().unwrap().clone().into_iter();
        all.find(|alarm| {
            let of = alarm["processes"].as_array();
            alarm["stream"] == "deviation" && of.is_some_and(|of| of.len() == processes)
        })
    })
}

#[test]
fn processes_that_change_together_have_one_alarm_everywhere() {
    let processes = ["p", "q", "r", "s"];
    let declared =
        processes.map(|id| format!("- {{ id: {id}, outcomes: {{ good: 0, bad: 1 }} }}\n"));
    let catalog = format!("processes:\n{}", declared.concat());
    let home = Home::with_catalog(
        &catalog,
        ", window: all",
        "drift: {false_alarms_per_year: 12}\n",
    );
    home.write("log.ndjson", of_processes(&log(0..84), &processes));
    let daemon = home.start();
    let common = common_alarm(&daemon, 4);
    assert_eq!(
        (&common["process"], &common["processes"]),
        (&json!(""), &json!(processes))
    );
    let sentence = common["sentence"].as_str().unwrap();
    assert!(
        sentence.contains("on average, the deviation rate of 4 processes is "),
        "{sentence}"
    );
    let metric = r#"toleranced_drift_common_alarm_processes{stream="deviation"}"#;
    assert_eq!(daemon.wait_for_metric(metric, 4.0).get(metric), 4.0);
    let board = page_of(&daemon, "/");
    assert!(board.contains(sentence), "{board}");
    for process in processes {
        let link = format!(r#"<a href="/processes/{process}"><bdi>{process}</bdi></a>"#);
        assert!(board.contains(&link), "{board}");
    }
    // A cell each; another alarm about the same processes may name it as well.
    assert!(board.matches("more deviation in 4 processes").count() >= 4);
    let csv = page_of(&daemon, "/processes.csv");
    let standing = |line: &str| line.rsplit(',').next()?.parse::<u32>().ok();
    let standing: Vec<u32> = csv.lines().skip(1).filter_map(standing).collect();
    assert!(standing.len() == 4 && !standing.contains(&0), "{csv}");
    let page = page_of(&daemon, "/processes/q");
    assert!(
        page.contains(sentence) && page.contains("Together with "),
        "{page}"
    );
    let id = common["id"].as_i64().unwrap().to_string();
    let show = text(&home.run(&["drift", "show", &id]));
    assert!(show.contains(sentence), "{show}");
    let members = show
        .lines()
        .filter(|line| line.contains("explained by common cause"));
    assert_eq!(members.count(), 4, "{show}");
    let list = text(&home.run(&["drift", "--only", "r"]));
    assert!(
        list.contains("4 processes") && list.contains(sentence),
        "{list}"
    );
    let detail = daemon.json(&format!("/api/v1/alarms/{id}"));
    assert_eq!((&detail["alarm"], &detail["cases"]), (&common, &json!([])));
    daemon.stop();
    assert_report_tells_them_once(&home, &common);
}

fn assert_report_tells_them_once(home: &Home, common: &Value) {
    let report = |format: &str| {
        let period = ["--period", "2026-03-01..2026-03-25"];
        let out = home.run(&[&["report", "--format", format], &period[..]].concat());
        assert!(out.status.success(), "{out:?}");
        text(&out)
    };
    let told: Value = serde_json::from_str(&report("json")).unwrap();
    let alarms = told["alarms"].as_array().unwrap();
    let of_deviation = |alarm: &&Value| alarm["stream"] == "deviation";
    let (of_several, of_one): (Vec<&Value>, Vec<&Value>) = alarms
        .iter()
        .filter(of_deviation)
        .partition(|alarm| alarm["process"] == "");
    assert_eq!(of_several.len(), 1, "{told}");
    assert_eq!(of_several[0]["processes"].as_array().unwrap().len(), 4);
    assert_eq!(of_several[0]["onset"], common["onset"]);
    let said = of_several[0]["confidence"].as_str().unwrap();
    assert!(
        said.starts_with("A stable process raises an alarm as clear "),
        "{said}"
    );
    assert_eq!(of_one.len(), 4);
    for alarm in of_one {
        let explained = alarm["explained_by"].as_str().unwrap();
        assert!(
            explained.starts_with("common cause: 4 processes"),
            "{alarm}"
        );
    }
    let markdown = report("md");
    assert!(
        markdown.contains("**4 processes**: since about "),
        "{markdown}"
    );
    assert!(
        markdown.contains("Processes: ") && markdown.contains(said),
        "{markdown}"
    );
    let html = report("html");
    assert!(
        html.contains("<strong>4 processes</strong>") && html.contains(said),
        "{html}"
    );
}
