//! Bad input: a clear message or a quarantined record with its reason; never a panic, and good records are counted.

mod score_common;

use score_common::{Ran, Scratch, gz, only, refused, xes};
use std::fmt::Write as _;

const GOOD: &str = "{\"case\":\"1\",\"activity\":\"a\",\"time\":\"2024-01-01T00:00:00Z\"}\n";
const GOOD_2: &str = "{\"case\":\"1\",\"activity\":\"b\",\"time\":\"2024-01-02T00:00:00Z\"}\n";

/// Bytes without any sense, the same in every run.
fn junk(count: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..count).map(|_| next()).collect()
}

fn score(name: &str, bytes: impl AsRef<[u8]>) -> Ran {
    let scratch = Scratch::new();
    scratch.write(name, bytes);
    scratch.run(&["score", "--format", "json", name])
}

#[test]
fn files_that_are_no_log_are_named_with_what_is_wrong() {
    let not = "neither NDJSON, JSON, CSV nor XES";
    score("junk", junk(100_000))
        .ends_with(1)
        .says("junk: ")
        .says(not);
    score("zeros", vec![0; 100_000]).ends_with(1).says(not);
    score("page.html", "<html><body>Log in first</body></html>")
        .ends_with(1)
        .says(not);
    score("words.txt", "just some words\nand more of them\n")
        .ends_with(1)
        .says(not);
    score("empty.csv", "")
        .ends_with(1)
        .says("empty.csv: the file is empty");
    score("blank.csv", " \n\n")
        .ends_with(1)
        .says("the file is empty");
    score("empty.gz", gz(""))
        .ends_with(1)
        .says("the file is empty");
    score("header.csv", "case,activity,time\n")
        .ends_with(1)
        .says("no event could be read");
    score("none.json", "[]").ends_with(1);
    score("number.json", "[1,2,3]").ends_with(1);
    score("log.xes", "<log></log>").ends_with(1);
}

#[test]
fn what_people_take_for_a_log_is_told_with_what_to_do() {
    let book = [b"PK\x03\x04".as_slice(), &junk(1000)].concat();
    score("tickets.xlsx", book)
        .ends_with(1)
        .says("save it as CSV");
    let titled = "Report of tickets\n\ncase,activity,time\n1,a,2024-01-01\n1,b,2024-01-02\n";
    score("titled.csv", titled)
        .ends_with(1)
        .says("lines above the header");
}

#[test]
fn words_for_no_value_are_neither_cases_nor_outcomes() {
    let scratch = Scratch::new();
    let log = "case,activity,time,outcome\n1,a,2024-01-01,good\n1,b,2024-01-02,?\n2,a,2024-01-01,N/A\n?,a,2024-01-03,NULL\n-100,a,2024-01-03,\n";
    scratch.write("log.csv", log);
    let scores = scratch.score(&["log.csv"]);
    assert_eq!(
        (&scores["cases"], refused(&scores, "missing_case")),
        (&2.into(), 2)
    );
    assert_eq!(
        only(&scores)["outcomes"],
        serde_json::json!({"a": 1, "good": 1})
    );
    scratch.run(&["inspect", "log.csv", "--write", "m.yaml"]);
    let saved = scratch.score(&["--map", "m.yaml", "log.csv"]);
    assert_eq!(saved["processes"], scores["processes"]);
}

#[test]
fn files_that_can_not_be_opened() {
    let scratch = Scratch::new();
    let missing = scratch.run(&["score", "missing.csv"]).ends_with(2);
    assert_eq!(
        missing.stderr.matches("No such file").count(),
        1,
        "{missing}"
    );
    let folder = scratch
        .run(&["score", "."])
        .ends_with(2)
        .says("is a folder");
    assert_eq!(folder.stderr.matches("is a folder").count(), 1, "{folder}");
    scratch.run(&["score"]).ends_with(2).says("FILE");
    scratch
        .run(&["score", "a", "--formt", "json"])
        .ends_with(2)
        .says("--format");
}

#[cfg(unix)]
#[test]
fn a_file_without_permission() {
    use std::os::unix::fs::PermissionsExt as _;
    let scratch = Scratch::new();
    let file = scratch.write("secret.ndjson", GOOD);
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o0)).unwrap();
    if std::fs::read(&file).is_ok() {
        println!("skipped: this user may read everything");
        return;
    }
    scratch
        .run(&["score", &file])
        .ends_with(2)
        .says("Permission denied");
}

#[test]
fn a_file_that_fails_does_not_lose_the_others() {
    let scratch = Scratch::new();
    scratch.write("good.ndjson", GOOD);
    scratch.write("junk", junk(1000));
    let ran = scratch
        .run(&[
            "score",
            "--format",
            "json",
            "missing",
            "good.ndjson",
            "junk",
        ])
        .ends_with(1);
    let (scores, failed) = (ran.json(), ran.json()["failed"].clone());
    assert_eq!(
        (&scores["events"], failed.as_array().map(Vec::len)),
        (&1.into(), Some(2))
    );
    ran.says("missing: No such file")
        .says("junk: neither NDJSON");
}

#[test]
fn bad_lines_between_good_ones() {
    let mut log = GOOD.as_bytes().to_vec();
    log.extend(b"\0\0\0\0\n{\"case\":\n[1]\n\"text\"\n\n");
    log.extend(b"{\"case\":\"2\",\"activity\":\"\xff\xfe\",\"time\":\"2024-01-01\"}\n");
    log.extend(b"{\"activity\":\"a\",\"time\":\"2024-01-01\"}\n{\"case\":\"3\",\"time\":\"2024-01-01\"}\n{\"case\":\"3\",\"activity\":\"a\"}\n");
    log.extend(b"{\"case\":\"3\",\"activity\":\"a\",\"time\":\"soon\"}\n{\"case\":\"3\",\"activity\":\"a\",\"time\":\"2999-01-01\"}\n");
    log.extend(b"{\"case\":\"3\",\"activity\":\"a\",\"time\":\"1970-01-01\"}\n");
    log.extend(GOOD_2.repeat(20).as_bytes());
    log.extend(b"{\"case\":\"4\",\"activity\":\"a\",\"ti");
    let scores = score("log.ndjson", log).ends_with(0).json();
    assert_eq!(
        (&scores["events"], &scores["cases"]),
        (&21.into(), &1.into())
    );
    let reasons = [
        "malformed",
        "invalid_utf8",
        "missing_case",
        "missing_activity",
        "missing_time",
        "unreadable_time",
        "implausible_time",
    ];
    assert_eq!(
        reasons.map(|reason| refused(&scores, reason)),
        [5, 1, 1, 1, 1, 1, 2]
    );
    assert_eq!(scores["quarantined"], 12);
    assert_eq!(scores["records"], 33);
}

#[test]
fn rows_of_another_width_and_times_that_are_none() {
    let mut text = String::from("case,activity,time\n");
    for row in 0..30 {
        let _ = writeln!(text, "{row},a,2024-01-{:02} 10:00", row % 28 + 1);
    }
    text += "1,a\n1,a,2024-01-01,more\n1,a,2024-01-01,\n1,a,?\n1,a,31.12.\n1,a,2024-02-30 10:00\n\"open quote,a,2024-01-01\n";
    let scores = score("log.csv", text).ends_with(0).json();
    assert_eq!(scores["events"], 31);
    assert_eq!(
        [
            refused(&scores, "malformed"),
            refused(&scores, "unreadable_time")
        ],
        [3, 3]
    );
}

#[test]
fn hands_on_time_below_zero_is_refused_as_a_number_and_as_a_clock() {
    let scratch = Scratch::new();
    scratch.write(
        "map.yaml",
        "process: { const: p }\ncase: case\nactivity: activity\ntime: time\nhands_on: spent\n",
    );
    let below = ["-5", "-1:00", "-0:10", "-0:10:30", "0:-0:10", "-1 day 0:10"];
    let fine = ["0", "0:10", "1899-12-30 0:10", "10", ""];
    let mut text = String::from("case,activity,time,spent\n");
    for (row, spent) in below.iter().chain(&fine).enumerate() {
        let _ = writeln!(text, "{row},a,2024-01-01,{spent}");
    }
    scratch.write("log.csv", text);
    let scores = scratch.score(&["--map", "map.yaml", "log.csv"]);
    assert_eq!(scores["cases"], fine.len());
    assert_eq!(refused(&scores, "invalid_value"), below.len() as u64);
    let first = &scores["quarantine"][0]["first"]["detail"];
    assert!(first.to_string().contains("`hands_on`: `-5`"), "{first}");
}

#[test]
fn damaged_archives_keep_what_comes_before_the_damage() {
    let log = (0..20_000).fold(String::new(), |mut log, row| {
        let _ = writeln!(
            log,
            "{{\"case\":\"{row}\",\"activity\":\"a{}\",\"time\":\"2024-01-01T00:00:00Z\"}}",
            row % 7
        );
        log
    });
    let packed = gz(&log);
    let cut = score("log.ndjson.gz", &packed[..packed.len() / 2])
        .ends_with(0)
        .json();
    assert!(cut["events"].as_u64() > Some(1000), "{cut}");
    assert!(refused(&cut, "truncated") >= 1, "{}", cut["quarantine"]);
    let mut flipped = packed;
    let middle = flipped.len() / 2;
    flipped[middle..middle + 64].copy_from_slice(&junk(64));
    let damaged = score("log.ndjson.gz", flipped).ends_with(0).json();
    assert!(damaged["quarantined"].as_u64() >= Some(1), "{damaged}");
    let zst = score_common::zst(&log);
    let cut = score("log.ndjson.zst", &zst[..zst.len() / 2])
        .ends_with(0)
        .json();
    assert!(refused(&cut, "truncated") >= 1, "{}", cut["quarantine"]);
    // Nothing readable at all.
    score("short.gz", &gz(&log)[..12]).ends_with(1);
}

#[test]
fn documents_that_break_off_keep_their_first_records() {
    let rows = score_common::rows();
    let document = score_common::json(&rows);
    let scores = score("log.json", &document[..document.len() - 100])
        .ends_with(0)
        .json();
    assert_eq!(
        (&scores["events"], &scores["quarantined"]),
        (&52.into(), &1.into())
    );
    let log = xes(&rows);
    let scores = score("log.xes", &log[..log.len() - 100])
        .ends_with(0)
        .json();
    assert!(scores["events"].as_u64() >= Some(50), "{scores}");
    assert_eq!(scores["quarantined"], 1);
}

#[test]
fn nesting_without_end() {
    let deep = format!(
        "{{\"x\":{}{},\"case\":\"1\",\"activity\":\"b\",\"time\":\"2024-01-02T00:00:00Z\"}}",
        "[".repeat(200_000),
        "]".repeat(200_000)
    );
    let scores = score("log.ndjson", format!("{GOOD}{deep}\n{GOOD_2}"))
        .ends_with(0)
        .json();
    assert_eq!(
        scores["events"].as_u64().unwrap() + scores["quarantined"].as_u64().unwrap(),
        3
    );
    let scores = score("log.json", format!("[{},{deep}]", GOOD.trim_end()))
        .ends_with(0)
        .json();
    assert_eq!(
        (&scores["events"], refused(&scores, "malformed")),
        (&1.into(), 1)
    );
}

#[test]
fn a_missing_column_is_told_with_the_nearest_one() {
    let scratch = Scratch::new();
    scratch.write("log.csv", "Incident,Step,Zeit\n1,a,2024-01-01\n");
    let args = [
        "score",
        "log.csv",
        "--case",
        "Incidnet",
        "--activity",
        "Step",
        "--time",
        "Zeit",
    ];
    scratch
        .run(&args)
        .ends_with(1)
        .says("no column `Incidnet` (did you mean `Incident`?)");
    let args = [
        "score",
        "log.csv",
        "--case",
        "Ticket",
        "--activity",
        "Step",
        "--time",
        "Zeit",
    ];
    scratch
        .run(&args)
        .ends_with(1)
        .says("its columns are Incident, Step, Zeit");
}

#[test]
fn presets_and_catalogs_that_are_not_valid() {
    let scratch = Scratch::new();
    scratch.write("log.ndjson", GOOD);
    let unknown = scratch.run(&["score", "--map", "jira-webhok", "log.ndjson"]);
    assert_ne!(unknown.code, Some(0));
    unknown.says("jira-webhook");
    scratch.write(
        "catalog.yaml",
        "processes:\n- id: log\n  critcality: high\n",
    );
    let ran = scratch.run(&["score", "--catalog", "catalog.yaml", "log.ndjson"]);
    ran.ends_with(1)
        .says("catalog.yaml")
        .says("3")
        .says("criticality");
    scratch.write(
        "words.yaml",
        "processes:\n- id: log\n  criticality: urgent\n  outcomes: { x: bad }\n",
    );
    scratch
        .run(&["check", "--catalog", "words.yaml"])
        .ends_with(1)
        .says(
            "words.yaml:3:16: `criticality`: `urgent` is not one of negligible, low, medium, high",
        )
        .says("words.yaml:4:18: `outcomes.x`: a severity lies between 0");
    scratch
        .run(&["score", "--catalog", "none.yaml", "log.ndjson"])
        .ends_with(2)
        .says("none.yaml");
    scratch.write("map.yaml", "case: [\n");
    scratch
        .run(&["score", "--map", "map.yaml", "log.ndjson"])
        .ends_with(1)
        .says("map.yaml");
    scratch
        .run(&["score", "--time-format", "soon", "log.ndjson"])
        .ends_with(1)
        .says("`soon` is no time format");
}

#[test]
fn a_header_of_a_million_columns() {
    let columns = (0..1_000_000).fold(String::new(), |mut text, at| {
        let _ = write!(text, "column{at},");
        text
    });
    let wide = format!(
        "{columns}case,activity,time\n{}1,a,2024-01-01\n",
        ",".repeat(1_000_000)
    );
    let scratch = Scratch::new();
    scratch.write("wide.csv", wide);
    scratch
        .run(&["score", "wide.csv"])
        .ends_with(1)
        .says("header");
    let told = [
        "score",
        "wide.csv",
        "--case",
        "case",
        "--activity",
        "activity",
        "--time",
        "time",
    ];
    scratch.run(&told).ends_with(1).says("header");
}

#[test]
fn thousands_of_processes() {
    let mut text = String::from("case,activity,time,process\n");
    for process in 0..3000 {
        let _ = writeln!(text, "{process},a,2024-01-01,p{process}");
    }
    let scratch = Scratch::new();
    scratch.write("log.csv", text);
    let scores = scratch.score(&["log.csv", "--process", "process"]);
    assert_eq!(scores["processes"].as_array().map(Vec::len), Some(3000));
    let table = scratch
        .run(&["score", "log.csv", "--process", "process"])
        .ends_with(0)
        .says("and 2,985 more");
    assert!(table.stdout.lines().count() < 3100, "{table}");
}

#[test]
fn nothing_in_a_log_moves_the_cursor_of_a_terminal() {
    let scratch = Scratch::new();
    let long = "x".repeat(10_000);
    let mut text = String::from("case,activity,time,process,outcome\n");
    for row in 0..40 {
        let _ = writeln!(
            text,
            "{},\"Closed\x1b[2J\",2024-01-01,\"\x1b[31mred\x07\",\"failed\x1b]0;x\x07\"",
            row / 2
        );
    }
    let _ = writeln!(text, "1,a,2024-01-01,{long},\n1,a,\x1b[2J,x,");
    scratch.write("log.csv", text);
    let catalog =
        "processes:\n- { id: \"\\e[31mred\\a\", outcomes: { \"failed\\e]0;x\\a\": 0.5 } }\n";
    scratch.write("catalog.yaml", catalog);
    for more in [&[][..], &["--catalog", "catalog.yaml"]] {
        let ran = scratch
            .run(&[&["score", "log.csv", "--process", "process"], more].concat())
            .ends_with(0);
        let control = |c: char| c.is_control() && c != '\n';
        assert!(!ran.stdout.contains(control), "{:?}", ran.stdout);
        assert!(!ran.stderr.contains(control), "{:?}", ran.stderr);
        let width = ran.stdout.lines().map(str::len).max();
        assert!(width < Some(1000), "a line of {width:?} bytes");
    }
    // JSON keeps the names as they are, escaped.
    let scores = scratch.score(&["log.csv", "--process", "process"]);
    assert!(
        scores["processes"]
            .as_array()
            .unwrap()
            .iter()
            .any(|score| score["id"] == "\u{1b}[31mred\u{7}")
    );
}

#[test]
fn a_line_of_100_mib_is_quarantined_in_bounded_memory() {
    use std::io::Write as _;
    let scratch = Scratch::new();
    let path = scratch.path("long.ndjson");
    let mut file = std::fs::File::create(&path).unwrap();
    file.write_all(GOOD.as_bytes()).unwrap();
    file.write_all(b"{\"case\":\"2\",\"activity\":\"").unwrap();
    let piece = vec![b'x'; 1 << 20];
    for _ in 0..100 {
        file.write_all(&piece).unwrap();
    }
    file.write_all(b"\",\"time\":\"2024-01-01\"}\n").unwrap();
    file.write_all(GOOD_2.as_bytes()).unwrap();
    drop(file);
    let scores = scratch.score(&["long.ndjson"]);
    assert_eq!(
        (&scores["events"], refused(&scores, "too_long")),
        (&2.into(), 1)
    );
    assert_eq!(only(&scores)["activities"], 2);
    #[cfg(target_os = "linux")]
    {
        // The greatest of all children of these tests, in KiB.
        let usage =
            nix::sys::resource::getrusage(nix::sys::resource::UsageWho::RUSAGE_CHILDREN).unwrap();
        assert!(usage.max_rss() < 200 << 10, "{} KiB", usage.max_rss());
    }
}
