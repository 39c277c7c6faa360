//! Workbooks of spreadsheet programs.

use crate::support::{Scratch, archive};

#[cfg(not(feature = "workbooks"))]
#[test]
fn a_build_without_the_feature_says_how_to_go_on() {
    let scratch = Scratch::new();
    let types = ("[Content_Types].xml", "<Types/>");
    scratch.write("a.xlsx", archive(&[types, ("xl/workbook.xml", "<w/>")]));
    scratch.write(
        "a.xls",
        std::fs::read("tests/data/workbooks/tickets.xls").unwrap(),
    );
    for (file, kind) in [("a.xlsx", "(.xlsx)"), ("a.xls", "(.xls)")] {
        let ran = scratch.run(&["score", file]).ends_with(1).says(kind);
        ran.says("Save it as CSV").says("--features workbooks");
    }
}

#[test]
fn other_documents_are_told_apart() {
    let scratch = Scratch::new();
    for (member, words) in [
        ("word/document.xml", "an Office document, and no workbook"),
        ("xl/workbook.bin", "Save it as .xlsx or CSV"),
    ] {
        let types = ("[Content_Types].xml", "<Types/>");
        scratch.write("a.docx", archive(&[types, (member, "<w/>")]));
        scratch.run(&["score", "a.docx"]).ends_with(1).says(words);
    }
}

#[cfg(feature = "workbooks")]
mod with_the_feature {
    use crate::support::scores::only;
    use crate::support::workbook::{Sheet, cut, ods, xlsx};
    use crate::support::{Scratch, archive};

    /// Text, number, or a serial that is shown as a time.
    fn incident(nth: u32) -> Vec<String> {
        let opened = 45_300.25 + f64::from(nth);
        vec![
            format!("INC{nth}"),
            "Phishing".to_owned(),
            format!("@{opened}"),
            format!("@{}", opened + 0.125),
            ["true positive", "false positive"][nth as usize % 2].to_owned(),
            "=0".to_owned(),
        ]
    }

    fn header() -> Vec<String> {
        let names = [
            "Number",
            "Category",
            "Opened",
            "Closed",
            "Resolution",
            "Reopen count",
        ];
        names.map(str::to_owned).to_vec()
    }

    fn incidents(name: &str, rows: std::ops::Range<u32>) -> Sheet {
        let mut sheet = Sheet::new(name);
        sheet.row(4, &header());
        for nth in rows {
            let row = 5 + sheet.rows() as u32 - 1;
            sheet.row(row, &incident(nth));
        }
        sheet
    }

    fn titled() -> Sheet {
        let mut sheet = incidents("Incidents", 0..30);
        sheet.row(1, &["SOC monthly report".to_owned()]);
        sheet.row(2, &["Exported".to_owned(), "@45400".to_owned()]);
        sheet
    }

    fn summary() -> Sheet {
        let mut sheet = Sheet::new("Summary");
        sheet.row(1, &["Team".to_owned(), "Count".to_owned()]);
        for nth in 2..200 {
            sheet.row(nth, &[format!("team {nth}"), "=7".to_owned()]);
        }
        sheet
    }

    #[test]
    fn the_sheet_with_the_cases_is_read_and_named() {
        let scratch = Scratch::new();
        scratch.write("report.xlsx", xlsx(&[summary(), titled()]));
        scratch.write("report.ods", ods(&[summary(), titled()]));
        for file in ["report.xlsx", "report.ods"] {
            let scores = scratch.score(&[file]);
            let score = only(&scores);
            assert_eq!(
                (&score["id"], &score["cases"]),
                (&"report".into(), &30.into()),
                "{file}"
            );
            assert_eq!(
                (&scores["events"], &scores["quarantined"]),
                (&60.into(), &0.into()),
                "{file}"
            );
            assert_eq!(scores["from"], "2024-01-09T06:00:00Z", "{file}");
            let ran = scratch.run(&["score", file]).ends_with(0);
            ran.says("read the sheet `Incidents` and not `Summary`")
                .says("--sheet");
        }
        let ran = scratch.run(&["inspect", "report.xlsx", "--write", "m.yaml"]);
        ran.ends_with(0).says("xlsx").says("`Incidents`");
        assert_eq!(
            only(&scratch.score(&["--map", "m.yaml", "report.xlsx"]))["cases"],
            30
        );
    }

    #[test]
    fn an_old_workbook_is_read() {
        let scratch = Scratch::new();
        scratch.write(
            "tickets.xls",
            std::fs::read("tests/data/workbooks/tickets.xls").unwrap(),
        );
        let scores = scratch.score(&["tickets.xls"]);
        assert_eq!(
            (&only(&scores)["cases"], &scores["events"]),
            (&20.into(), &40.into())
        );
        assert_eq!(scores["from"], "2024-01-01T08:00:00Z");
    }

    #[test]
    fn a_sheet_can_be_named_by_flag_and_mapping() {
        let scratch = Scratch::new();
        let mut other = incidents("Archive", 100..110);
        // Another column, so that it is no part of the first table.
        other.row(4, &[header(), vec!["Note".to_owned()]].concat());
        scratch.write("book.xlsx", xlsx(&[incidents("Current", 0..30), other]));
        assert_eq!(only(&scratch.score(&["book.xlsx"]))["cases"], 30);
        assert_eq!(
            only(&scratch.score(&["--sheet", "archive", "book.xlsx"]))["cases"],
            10
        );
        let args = [
            "inspect",
            "--sheet",
            "Archive",
            "book.xlsx",
            "--write",
            "m.yaml",
        ];
        scratch.run(&args).ends_with(0);
        let mapping = std::fs::read_to_string(scratch.path("m.yaml")).unwrap();
        assert!(
            mapping.contains("sheet: \"Archive\"") || mapping.contains("sheet: Archive"),
            "{mapping}"
        );
        assert_eq!(
            only(&scratch.score(&["--map", "m.yaml", "book.xlsx"]))["cases"],
            10
        );
        let ran = scratch
            .run(&["score", "--sheet", "Cases", "book.xlsx"])
            .ends_with(1);
        ran.says("no sheet `Cases`. It has `Current`, `Archive`");
    }

    #[test]
    fn sheets_with_the_same_columns_are_one_log() {
        let scratch = Scratch::new();
        let months = [incidents("January", 0..30), incidents("February", 30..50)];
        scratch.write("year.xlsx", xlsx(&months));
        assert_eq!(only(&scratch.score(&["year.xlsx"]))["cases"], 50);
        assert_eq!(
            only(&scratch.score(&["--sheet", "February", "year.xlsx"]))["cases"],
            20
        );
    }

    #[test]
    fn what_is_wrong_in_a_row_is_reported_with_its_sheet_and_row() {
        let scratch = Scratch::new();
        let mut sheet = titled();
        for nth in 30..60 {
            sheet.row(5 + nth, &incident(nth));
        }
        let mut broken = incident(100);
        broken[0] = String::new();
        broken[3] = "#N/A".to_owned();
        sheet.row(70, &broken);
        sheet.row(80, &["Total 61".to_owned()]);
        scratch.write("t.xlsx", xlsx(&[sheet]));
        let scores = scratch.score(&["t.xlsx"]);
        assert_eq!(
            (&scores["events"], &scores["quarantined"]),
            (&120.into(), &1.into())
        );
        let ran = scratch.run(&["score", "t.xlsx"]);
        ran.says("sheet `Incidents`, row 70")
            .says("1 cell with the error of a formula counts as empty, first #N/A in sheet `Incidents`, D70")
            .says("1 row below the table")
            .does_not_say("at byte");
    }

    #[test]
    fn a_damaged_workbook_gives_what_can_be_read_or_says_what_to_do() {
        let scratch = Scratch::new();
        let whole = xlsx(&[titled()]);
        for end in [100, whole.len() / 2, whole.len() - 30] {
            scratch.write("cut.xlsx", &whole[..end]);
            let ran = scratch.run(&["score", "cut.xlsx"]).ends_with(1);
            ran.says("damaged")
                .says("export it again")
                .does_not_say("panicked");
        }
        // The sheet itself breaks off.
        scratch.write("half.xlsx", cut(&[titled()]));
        let ran = scratch.run(&["score", "--format", "json", "half.xlsx"]);
        let scores = ran.json();
        assert!(scores["events"].as_u64().unwrap() >= 20, "{scores}");
        assert_eq!(scores["quarantine"][0]["reason"], "truncated");
        // Formats of other programs, damaged.
        let mut old = std::fs::read("tests/data/workbooks/tickets.xls").unwrap();
        for nth in (600..old.len()).step_by(7) {
            old[nth] ^= 0x5a;
        }
        scratch.write("bad.xls", old);
        scratch
            .run(&["score", "bad.xls"])
            .ends_with(1)
            .says("Save it as CSV");
    }

    #[test]
    fn a_workbook_that_grows_out_of_proportion_is_refused() {
        let scratch = Scratch::new();
        let zeros = " ".repeat(65 << 20);
        let sheet = format!("<worksheet><sheetData>{zeros}</sheetData></worksheet>");
        scratch.write(
            "bomb.xlsx",
            archive(&[
                ("xl/workbook.xml", "<w/>"),
                ("xl/worksheets/sheet1.xml", &sheet),
            ]),
        );
        scratch
            .run(&["score", "bomb.xlsx"])
            .ends_with(1)
            .says("more than 64 MiB");
        let row = "<table:table-row><table:table-cell table:number-columns-repeated=\"16000\" office:value-type=\"float\" office:value=\"1\"/></table:table-row>";
        scratch.write(
            "bomb.ods",
            crate::support::workbook::ods_of(&row.repeat(5000)),
        );
        scratch
            .run(&["score", "bomb.ods"])
            .ends_with(1)
            .says("cells");
        // Two cells at opposite corners of a sheet.
        let mut wide = titled();
        wide.cell(1_000_000, 16_000, "far away");
        scratch.write("wide.xlsx", xlsx(&[wide]));
        scratch
            .run(&["score", "wide.xlsx"])
            .ends_with(0)
            .says("30 cases");
    }

    #[test]
    fn a_workbook_from_a_pipe_and_one_in_a_folder_are_read() {
        let scratch = Scratch::new();
        let book = xlsx(&[titled()]);
        let ran = scratch.run_with(&["score", "--format", "json", "-"], &book);
        assert_eq!(ran.ends_with(0).json()["cases"], 30);
        std::fs::create_dir_all(scratch.path("logs")).unwrap();
        scratch.write("logs/report.xlsx", &book);
        assert_eq!(only(&scratch.score(&["logs"]))["cases"], 30);
    }
}
