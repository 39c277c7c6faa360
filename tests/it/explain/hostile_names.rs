//! Names with escape sequences move no cursor.

use crate::support::tickets::case;
use crate::support::{Home, texts};

#[test]
fn a_hostile_name_moves_no_cursor() {
    let home = Home::tailing();
    let lines = case("T\\u001b]8;;evil\\u001b\\\\", 1, "failed\\u001b[2J");
    home.write(
        "log.ndjson",
        lines.replace("\"tickets\"", "\"ti\\u001b[31mckets\""),
    );
    let daemon = home.start();
    daemon.wait_for_records(3);
    daemon.stop();
    let name = "ti\u{1b}[31mckets";
    for args in [
        vec!["explain", name],
        vec!["explain", "nope"],
        vec!["diff", "--from", "2026-01-01"],
    ] {
        let (out, errors) = texts(&home.run(&args));
        assert!(!(out.clone() + &errors).contains('\u{1b}'), "{out}{errors}");
        assert!(out.contains("ckets") || errors.contains("ckets"));
    }
}
