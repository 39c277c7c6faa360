//! The same events give the same figures, however they are written down.

mod score_common;

use score_common::{Scratch, csv, gz, json, latin1, ndjson, only, rows, utf16, xes, zst};
use serde_json::Value;

const NAME: [&str; 2] = ["--process-name", "tickets"];

fn named(scratch: &Scratch, file: &str) -> Value {
    scratch.score(&[&NAME[..], &[file]].concat())
}

/// The figures of the events, read from the plainest file.
fn want(scratch: &Scratch) -> Value {
    let file = scratch.write("want.ndjson", ndjson(&rows()));
    let scores = named(scratch, &file);
    assert_eq!(scores["events"], 53);
    assert_eq!(only(&scores)["variants"], 2);
    only(&scores).clone()
}

#[test]
fn formats_compressions_and_encodings() {
    let scratch = Scratch::new();
    let want = want(&scratch);
    let comma = csv(&rows(), ',');
    let semicolon = csv(&rows(), ';');
    let files: Vec<(&str, Vec<u8>)> = vec![
        ("comma.csv", comma.clone().into()),
        ("semicolon.csv", semicolon.clone().into()),
        ("tab.tsv", csv(&rows(), '\t').into()),
        ("bar.txt", csv(&rows(), '|').into()),
        ("unix.csv", comma.replace("\r\n", "\n").into()),
        ("no end.csv", comma.trim_end().into()),
        ("mark.csv", format!("\u{feff}{comma}").into()),
        ("latin1.csv", latin1(&comma)),
        ("le.csv", utf16(&semicolon, false, true)),
        ("be.csv", utf16(&semicolon, true, true)),
        ("le without mark.csv", utf16(&comma, false, false)),
        ("be without mark.csv", utf16(&comma, true, false)),
        ("le.ndjson", utf16(&ndjson(&rows()), false, true)),
        ("log.json", json(&rows()).into()),
        (
            "wrapped.json",
            format!(
                "{{\"version\": 2, \"data\": {{\"items\": {}}}}}",
                json(&rows())
            )
            .into(),
        ),
        ("mark.json", format!("\u{feff}{}", json(&rows())).into()),
        ("log.xes", xes(&rows()).into()),
        ("log.csv.gz", gz(&comma)),
        ("log.ndjson.zst", zst(ndjson(&rows()))),
        ("log.xes.gz", gz(xes(&rows()))),
        ("log.json.gz", gz(json(&rows()))),
        (
            "two members.gz",
            [gz(&comma[..700]), gz(&comma[700..])].concat(),
        ),
        ("le.csv.gz", gz(utf16(&comma, false, true))),
        ("name says nothing", comma.clone().into()),
    ];
    for (name, bytes) in files {
        let file = scratch.write(name, bytes);
        let scores = named(&scratch, &file);
        assert_eq!(scores["quarantined"], 0, "{name}: {}", scores["quarantine"]);
        assert_eq!(only(&scores), &want, "{name}");
    }
}

#[test]
fn standard_input() {
    let scratch = Scratch::new();
    let want = want(&scratch);
    for bytes in [
        ndjson(&rows()).into_bytes(),
        csv(&rows(), ';').into(),
        gz(xes(&rows())),
        zst(json(&rows())),
    ] {
        let args = [
            "score",
            "-",
            "--format",
            "json",
            "--process-name",
            "tickets",
        ];
        let scores = scratch.run_with(&args, &bytes).ends_with(0).json();
        assert_eq!(only(&scores), &want);
    }
    let table = scratch.run_with(&["score", "-"], ndjson(&rows()).as_bytes());
    table
        .ends_with(0)
        .says("standard input: guessed case = case")
        .does_not_say("--write");
}

#[test]
fn several_files_in_several_formats_are_one_log() {
    let scratch = Scratch::new();
    let want = want(&scratch);
    // Cut in the middle of a case.
    let rows = rows();
    let (first, rest) = rows.split_at(21);
    let (second, third) = rest.split_at(13);
    let files = [
        scratch.write("3.json", json(third)),
        scratch.write("1.csv", csv(first, ';')),
        scratch.write("2.ndjson.gz", gz(ndjson(second))),
    ];
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    assert_eq!(only(&scratch.score(&[&NAME[..], &files].concat())), &want);
}

/// A log with three cases of two steps, with the times as given.
fn timed(times: [&str; 6]) -> String {
    let line = |(at, time): (usize, &&str)| {
        format!("C{},{},\"{time}\"\n", at / 2, ["open", "shut"][at % 2])
    };
    let lines: String = times.iter().enumerate().map(line).collect();
    format!("case,activity,time\n{lines}")
}

fn span(scores: &Value) -> [&str; 2] {
    [
        scores["from"].as_str().unwrap_or("-"),
        scores["as_of"].as_str().unwrap_or("-"),
    ]
}

#[test]
fn ways_to_write_a_time() {
    let iso = [
        "2024-03-05T07:00:00Z",
        "2024-03-05T09:30:00Z",
        "2024-03-14T07:00:00Z",
        "2024-03-14T09:30:00Z",
        "2024-04-06T07:00:00Z",
        "2024-04-06T09:30:00Z",
    ];
    let ways = [
        iso,
        [
            "2024-03-05 07:00",
            "2024-03-05 09:30",
            "2024-03-14 07:00",
            "2024-03-14 09:30",
            "2024-04-06 07:00",
            "2024-04-06 09:30",
        ],
        [
            "2024-03-05T08:00:00+0100",
            "2024-03-05T10:30:00+01:00",
            "2024-03-14T08:00:00.000+01",
            "2024-03-14T09:30:00Z",
            "2024-04-06T09:00:00+02:00",
            "2024-04-06T11:30:00+0200",
        ],
        [
            "1709622000",
            "1709631000",
            "1710399600",
            "1710408600",
            "1712386800",
            "1712395800",
        ],
        [
            "1709622000000",
            "1709631000000",
            "1710399600000",
            "1710408600000",
            "1712386800000",
            "1712395800000",
        ],
        [
            "5/3/2024 7:00",
            "5/3/2024 9:30",
            "14/3/2024 7:00",
            "14/3/2024 9:30",
            "6/4/2024 7:00",
            "6/4/2024 9:30",
        ],
        [
            "05.03.2024 07:00:00",
            "05.03.2024 09:30:00",
            "14.03.2024 07:00:00",
            "14.03.2024 09:30:00",
            "06.04.2024 07:00:00",
            "06.04.2024 09:30:00",
        ],
        [
            "3/5/2024 7:00 AM",
            "3/5/2024 9:30 AM",
            "3/14/2024 7:00 AM",
            "3/14/2024 9:30 AM",
            "4/6/2024 7:00 AM",
            "4/6/2024 9:30 AM",
        ],
        [
            "05/Mar/2024:07:00:00 +0000",
            "05/Mar/2024:09:30:00 +0000",
            "14/Mar/2024:07:00:00 +0000",
            "14/Mar/2024:09:30:00 +0000",
            "06/Apr/2024:07:00:00 +0000",
            "06/Apr/2024:09:30:00 +0000",
        ],
        [
            "05/Mar/24 7:00 AM",
            "05/Mar/24 9:30 AM",
            "14/Mar/24 7:00 AM",
            "14/Mar/24 9:30 AM",
            "06/Apr/24 7:00 AM",
            "06/Apr/24 9:30 AM",
        ],
        [
            "Mar 5, 2024 7:00:00 AM",
            "Mar 5, 2024 9:30:00 AM",
            "Mar 14, 2024 7:00:00 AM",
            "Mar 14, 2024 9:30:00 AM",
            "Apr 6, 2024 7:00:00 AM",
            "Apr 6, 2024 9:30:00 AM",
        ],
        [
            "2024/03/05 07:00:00",
            "2024/03/05 09:30:00",
            "2024/03/14 07:00:00",
            "2024/03/14 09:30:00",
            "2024/04/06 07:00:00",
            "2024/04/06 09:30:00",
        ],
    ];
    let scratch = Scratch::new();
    for way in ways {
        let file = scratch.write("log.csv", timed(way));
        let scores = scratch.score(&[&file]);
        assert_eq!(
            span(&scores),
            ["2024-03-05T07:00:00Z", "2024-04-06T09:30:00Z"],
            "{way:?}"
        );
        assert_eq!(only(&scores)["duration_seconds"]["mean"], 9000.0, "{way:?}");
        assert_eq!(
            scores["mappings"][0]["day_or_month_unclear"], false,
            "{way:?}"
        );
    }
}

#[test]
fn a_day_that_could_be_a_month_is_said() {
    let scratch = Scratch::new();
    let times = [
        "5/3/2024 7:00",
        "5/3/2024 9:30",
        "4/3/2024 7:00",
        "4/3/2024 9:30",
        "6/4/2024 7:00",
        "6/4/2024 9:30",
    ];
    let file = scratch.write("log.csv", timed(times));
    let scores = scratch.score(&[&file]);
    assert_eq!(scores["mappings"][0]["day_or_month_unclear"], true);
    assert_eq!(scores["mappings"][0]["time_format"], "%d/%m/%Y %H:%M");
    assert_eq!(
        span(&scores),
        ["2024-03-04T07:00:00Z", "2024-04-06T09:30:00Z"]
    );
    scratch
        .run(&["score", &file])
        .ends_with(0)
        .says("Day and month could be the other way round");
    let told = ["score", &file, "--time-format", "%m/%d/%Y %H:%M"];
    scratch
        .run(&told)
        .ends_with(0)
        .does_not_say("the other way round")
        .says("2024-04-03T07:00:00Z to 2024-06-04T09:30:00Z");
}

#[test]
fn a_zone_is_applied_to_times_without_one_only() {
    let scratch = Scratch::new();
    let mixed = [
        "2024-07-01 10:00",
        "2024-07-01T08:30:00Z",
        "2024-07-02 10:00",
        "2024-07-02 11:00",
        "2024-10-27 02:30",
        "2024-10-27T01:30:00Z",
    ];
    let file = scratch.write("log.csv", timed(mixed));
    let scores = scratch.score(&[&file, "--time-zone", "Europe/Rome"]);
    assert_eq!(
        span(&scores),
        ["2024-07-01T08:00:00Z", "2024-10-27T01:30:00Z"]
    );
    assert_eq!(scores["ambiguous_times"], 1);
    scratch
        .run(&["score", &file, "--time-zone", "Europe/Roma"])
        .ends_with(1)
        .says("Europe/Rome");
}

#[test]
fn flags_say_which_column_is_what() {
    let scratch = Scratch::new();
    let text = "Nr;Was;Wann;Ende;Wer;Ablauf\n1;auf;24.12.2024 08.15;;Mensch;A\n1;zu;24.12.2024 09.15;gut;Mensch;A\n2;auf;25.12.2024 08.15;;code;B\n2;zu;25.12.2024 10.15;failed;code;B\n";
    let file = scratch.write("export.csv", text);
    scratch
        .run(&["score", &file])
        .ends_with(1)
        .says("--case COLUMN")
        .says("Nr, Was, Wann, Ende, Wer, Ablauf");
    let told = [
        "--case",
        "Nr",
        "--activity",
        "Was",
        "--time",
        "Wann",
        "--time-format",
        "%d.%m.%Y %H.%M",
        "--outcome",
        "Ende",
        "--executor",
        "Wer",
    ];
    let scores = scratch.score(&[&told[..], &["--process", "Ablauf", &file]].concat());
    let (a, b) = (
        score_common::process(&scores, "A"),
        score_common::process(&scores, "B"),
    );
    assert_eq!(a["outcomes"], serde_json::json!({"gut": 1}));
    assert_eq!(a["duration_seconds"]["mean"], 3600.0);
    assert_eq!(
        (&b["executor"], &b["deviation"]["mean"]),
        (&"code".into(), &1.0.into())
    );
    let scores = scratch.score(&[&told[..], &["--process-name", "Alles, was ist", &file]].concat());
    assert_eq!(
        (&only(&scores)["id"], &only(&scores)["cases"]),
        (&"Alles, was ist".into(), &2.into())
    );
    let both = ["score", &file, "--process", "A", "--process-name", "B"];
    scratch.run(&both).ends_with(2).says("cannot be used with");
}

#[test]
fn columns_with_dots_braces_and_spaces_can_be_named() {
    let scratch = Scratch::new();
    let text = "issue.key,my {step},time of day\n1,a,2024-01-01\n1,b,2024-01-02\n";
    let file = scratch.write("log.csv", text);
    let scores = scratch.score(&[
        "--case",
        "issue.key",
        "--activity",
        "my {step}",
        "--time",
        "time of day",
        &file,
    ]);
    assert_eq!(only(&scores)["activities"], 2);
}

#[test]
fn an_instant_and_a_window_can_be_given() {
    let scratch = Scratch::new();
    let file = scratch.write("log.csv", csv(&rows(), ','));
    let catalog = scratch.write(
        "c.yaml",
        "processes:\n- { id: log, ends: { activities: [close] } }\n",
    );
    let all = scratch.score(&[&file, "--catalog", &catalog]);
    assert_eq!(
        (&only(&all)["cases"], &only(&all)["open_cases"]),
        (&21.into(), &0.into())
    );
    // Case 10 is in the middle on the 10th at 5 o'clock.
    let then = scratch.score(&[
        &file,
        "--catalog",
        &catalog,
        "--as-of",
        "2024-01-10T05:00:00Z",
    ]);
    assert_eq!(
        (&only(&then)["cases"], &only(&then)["open_cases"]),
        (&10.into(), &1.into())
    );
    assert_eq!(
        (&only(&then)["events"], &then["as_of"]),
        (&24.into(), &"2024-01-10T05:00:00Z".into())
    );
    let last = scratch.score(&[&file, "--catalog", &catalog, "--window", "7d"]);
    assert_eq!(last["window_seconds"], 604_800.0);
    // Cases 15 to 21 started in the seven days before the 21st at 21 o'clock; 14 ended on the 14th at 14 o'clock.
    assert_eq!(only(&last)["cases"], 7);
    scratch
        .run(&["score", &file, "--window", "soon"])
        .ends_with(2)
        .says("--window");
    scratch
        .run(&["score", &file, "--as-of", "soon"])
        .ends_with(2)
        .says("--as-of: `soon` is not a time");
}

#[test]
fn a_catalog_says_how_cases_end_and_what_is_late_or_off_the_path() {
    let scratch = Scratch::new();
    let text = "case,activity,time\n\
        a,open,2024-01-01T00:00:00Z\na,fix,2024-01-01T01:00:00Z\na,close,2024-01-01T02:00:00Z\n\
        b,open,2024-01-02T00:00:00Z\nb,close,2024-01-03T00:00:00Z\nb,fix,2024-01-03T01:00:00Z\nb,close,2024-01-03T02:00:00Z\n\
        c,open,2024-01-09T00:00:00Z\nc,fix,2024-01-09T01:00:00Z\n";
    let file = scratch.write("log.csv", text);
    let run = |process: &str| {
        let catalog = scratch.write(
            "c.yaml",
            format!("processes:\n- {{ id: log, {process} }}\n"),
        );
        scratch.score(&[&file, "--catalog", &catalog])["processes"][0].clone()
    };
    let counts = |score: &Value| {
        ["cases", "open_cases", "reopened", "late", "off_path"]
            .map(|key| score[key].as_i64().unwrap_or(-1))
    };
    assert_eq!(counts(&run("resolved: [close]")), [3, 0, 1, 0, 0]);
    let ends = run("ends: { activities: [close] }, duration_limit: 12h");
    assert_eq!(counts(&ends), [3, 1, 1, 1, 0]);
    // The worst of a case counts: b was reopened, so that it was late adds nothing.
    assert_eq!(ends["deviation"]["mean"], 0.5);
    assert_eq!(counts(&run("ends: { idle: 2d }")), [3, 1, 0, 0, 0]);
    let path = run("ends: { activities: [close] }, path: [open, fix, close]");
    assert_eq!(
        (&path["off_path"], &path["nominal_size_steps"]),
        (&1.into(), &3.0.into())
    );
}

#[test]
fn a_case_first_seen_in_the_middle_and_one_reopened_after_its_end() {
    let scratch = Scratch::new();
    let text = "{\"case\":\"1\",\"activity\":\"fix\",\"time\":\"2024-01-01T00:00:00Z\"}\n\
        {\"case\":\"1\",\"activity\":\"close\",\"time\":\"2024-01-01T01:00:00Z\",\"lifecycle\":\"end\"}\n\
        {\"case\":\"2\",\"activity\":\"close\",\"time\":\"2024-01-02T01:00:00Z\",\"lifecycle\":\"end\"}\n\
        {\"case\":\"2\",\"activity\":\"reopen\",\"time\":\"2024-01-02T02:00:00Z\",\"lifecycle\":\"reopen\"}\n\
        {\"case\":\"3\",\"activity\":\"close\",\"time\":\"2024-01-03T01:00:00Z\",\"lifecycle\":\"end\"}\n\
        {\"case\":\"3\",\"activity\":\"reopen\",\"time\":\"2024-01-03T02:00:00Z\",\"lifecycle\":\"reopen\"}\n\
        {\"case\":\"3\",\"activity\":\"close\",\"time\":\"2024-01-03T05:00:00Z\",\"lifecycle\":\"end\"}\n";
    let file = scratch.write("log.ndjson", text);
    let scores = scratch.score(&[&file]);
    let score = only(&scores);
    assert_eq!(
        (&score["cases"], &score["open_cases"], &score["reopened"]),
        (&3.into(), &1.into(), &1.into())
    );
    assert_eq!(score["deviation"]["mean"], 0.5);
}
