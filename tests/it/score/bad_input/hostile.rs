//! Input that would exhaust memory, the stack or a terminal.

use super::{GOOD, GOOD_2, score};
use crate::support::Scratch;
use crate::support::scores::{only, refused};
use std::fmt::Write as _;
use std::io::Write as _;

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
        let peak = peak_memory_of(&scratch, &["score", "--format", "json", "long.ndjson"]);
        assert!(peak < 200 << 10, "{peak} KiB");
    }
}

/// The most memory, in KiB, that the program had when it began to print.
#[cfg(target_os = "linux")]
fn peak_memory_of(scratch: &Scratch, args: &[&str]) -> u64 {
    use crate::support::{BINARY, daemon::peak_memory};
    use nix::fcntl::{FcntlArg, fcntl};
    use std::io::Read as _;
    use std::process::{Command, Stdio};
    let (mut output, input) = std::io::pipe().unwrap();
    // The output does not fit into the pipe, so the program waits for this test and does not end.
    fcntl(&input, FcntlArg::F_SETPIPE_SZ(4096)).unwrap();
    let mut child = Command::new(BINARY)
        .current_dir(scratch.folder())
        .args(args)
        .stdin(Stdio::null())
        .stdout(input)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    output.read_exact(&mut [0]).unwrap();
    let peak = peak_memory(child.id());
    drop(output);
    child.wait().unwrap();
    peak
}
