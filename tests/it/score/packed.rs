//! A folder and a ZIP archive are read as the logs in them.

use crate::support::Scratch;
use crate::support::archive;
use crate::support::scores::only;

fn tickets(rows: std::ops::Range<u32>) -> String {
    let row = |nth: u32| {
        format!(
            "T{nth},Closed,2024-01-{0:02} 08:00,2024-01-{0:02} 09:00\n",
            1 + nth % 28
        )
    };
    format!(
        "Ticket,Status,Created,Closed\n{}",
        rows.map(row).collect::<String>()
    )
}

#[test]
fn a_folder_and_an_archive_are_the_logs_in_them() {
    let scratch = Scratch::new();
    let (first, second) = (tickets(0..20), tickets(20..40));
    std::fs::create_dir_all(scratch.path("logs/sub")).unwrap();
    scratch.write("logs/tickets-1.csv", &first);
    scratch.write("logs/sub/tickets-2.csv", &second);
    scratch.write("logs/readme.md", "no log");
    let members = [
        ("export/tickets-1.csv", first.as_str()),
        ("export/tickets-2.csv", &second),
        ("export/../../readme.md", "no log"),
    ];
    scratch.write("tickets.zip", archive(&members));
    for packed in ["logs", "tickets.zip"] {
        let scores = scratch.score(&[packed]);
        let score = only(&scores);
        assert_eq!(
            (&score["id"], &score["cases"]),
            (&"tickets".into(), &40.into()),
            "{packed}"
        );
        assert_eq!(scores["quarantined"], 0);
    }
}

#[test]
fn an_archive_of_one_log_is_inspected() {
    let scratch = Scratch::new();
    scratch.write("t.zip", archive(&[("phishing.csv", &tickets(0..20))]));
    scratch
        .run(&["inspect", "t.zip", "--write", "m.yaml"])
        .ends_with(0);
    let scores = scratch.score(&["--map", "m.yaml", "t.zip"]);
    assert_eq!(
        (&only(&scores)["id"], &only(&scores)["cases"]),
        (&"phishing".into(), &20.into())
    );
}

#[test]
fn logs_in_a_folder_and_workbooks_that_can_not_be_read_are_named() {
    let scratch = Scratch::new();
    std::fs::create_dir_all(scratch.path("logs")).unwrap();
    scratch.write("logs/tickets.csv", tickets(0..20));
    scratch.write(
        "logs/alerts.csv",
        tickets(0..20).replace("Ticket", "Alert ID"),
    );
    let scores = scratch.score(&["logs"]);
    let logs = scores["logs"].as_array().unwrap();
    let files: Vec<&str> = logs
        .iter()
        .filter_map(|log| log["files"][0].as_str())
        .collect();
    assert_eq!(files, ["logs/alerts.csv", "logs/tickets.csv"]);
    let book = archive(&[
        ("[Content_Types].xml", "<Types/>"),
        ("xl/workbook.xml", "<w/>"),
    ]);
    scratch.write("logs/book.xlsx", book);
    scratch.write("logs/~$book.xlsx", "open");
    let ran = scratch
        .run(&["score", "--format", "json", "logs"])
        .ends_with(1);
    ran.says("logs/book.xlsx").says("as CSV").does_not_say("~$");
}

#[test]
fn an_archive_above_a_limit_is_told_which_one() {
    let scratch = Scratch::new();
    let names: Vec<String> = (0..10_001).map(|nth| format!("{nth}.csv")).collect();
    let members: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "a,b\n")).collect();
    scratch.write("many.zip", archive(&members));
    let ran = scratch.run(&["score", "many.zip"]).ends_with(1);
    ran.says("has 10001 files, and the limit is 10000. Unpack it");
    let zeros = "0".repeat(65 << 20);
    scratch.write("zeros.zip", archive(&[("zeros.csv", &zeros)]));
    let ran = scratch.run(&["score", "zeros.zip"]).ends_with(1);
    ran.says("more than 64 MiB and more than 200 times its size")
        .does_not_say("workbook");
    // The archive beside it is read.
    scratch.write("good.zip", archive(&[("tickets.csv", &tickets(0..20))]));
    let ran = scratch
        .run(&["score", "zeros.zip", "good.zip"])
        .ends_with(1);
    ran.says("more than 64 MiB").says("20 cases");
    let whole = archive(&[("tickets.csv", &tickets(0..20))]);
    scratch.write("cut.zip", &whole[..whole.len() - 30]);
    scratch
        .run(&["score", "cut.zip"])
        .ends_with(1)
        .says("damaged");
}
