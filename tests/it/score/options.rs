//! Options that name columns, an instant or a window.

use crate::support::Scratch;
use crate::support::formats::{csv, rows};
use crate::support::scores::{only, process};

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
    let (a, b) = (process(&scores, "A"), process(&scores, "B"));
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
