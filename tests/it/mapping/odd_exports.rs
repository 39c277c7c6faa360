//! Exports whose times, lines, languages and layouts differ from the usual ones are read without flags.

use crate::support::Scratch;
use crate::support::scores::only;
use serde_json::{Value, json};

/// Cases, open cases, mean seconds until the end, and the first instant of what must be one process without a rejected record.
#[track_caller]
fn read(name: &str, text: impl AsRef<[u8]>) -> (i64, i64, f64, String) {
    let scratch = Scratch::new();
    let file = scratch.write(name, text);
    let scores = scratch.score(&[&file]);
    assert_eq!(scores["quarantined"], 0, "{}", scores["quarantine"]);
    let score = only(&scores);
    let first = scores["from"].as_str().unwrap_or_default().to_owned();
    let mean = score["duration_seconds"]["mean"].as_f64();
    (
        score["cases"].as_i64().unwrap(),
        score["open_cases"].as_i64().unwrap(),
        mean.unwrap_or(f64::NAN),
        first,
    )
}

/// What [`read`] gives for 40 cases of an hour, of which every tenth is open.
fn hour(first: &str) -> (i64, i64, f64, String) {
    (40, 4, 3600.0, first.to_owned())
}

/// A row per case: opened at 8, closed at 9, every tenth open. `time` writes an instant of (month, day, hour).
fn cases(header: &str, open: &str, time: impl Fn(u32, u32, u32) -> String) -> String {
    let mut text = format!("{header}\n");
    for nth in 0..40 {
        let at = |hour| time(1 + nth / 28, 1 + nth % 28, hour);
        let (state, closed) = match nth % 10 {
            9 => ("Open", open.to_owned()),
            _ => ("Closed", at(9)),
        };
        text.push_str(&format!("T{nth};{state};{};{closed}\n", at(8)));
    }
    text
}

const HEADER: &str = "Ticket;Status;Created;Closed";
const EIGHT: &str = "2024-01-01T08:00:00Z";

#[test]
fn times_of_many_tools() {
    const ENGLISH: [&str; 2] = ["Jan", "Feb"];
    const SPANISH: [&str; 2] = ["enero", "febrero"];
    const GERMAN: [&str; 2] = ["Januar", "Februar"];
    type Write = fn(u32, u32, u32) -> String;
    let ways: [(&str, Write, &str); 12] = [
        (
            "short year",
            |m, d, h| format!("{d:02}.{m:02}.24 {h:02}:00"),
            EIGHT,
        ),
        (
            "compact",
            |m, d, h| format!("2024{m:02}{d:02}T{h:02}0000Z"),
            EIGHT,
        ),
        (
            "dot",
            |m, d, h| format!("{d} {}. 2024 {h}:00", ENGLISH[m as usize - 1]),
            EIGHT,
        ),
        (
            "spanish",
            |m, d, h| format!("{d} de {} de 2024 {h}:00", SPANISH[m as usize - 1]),
            EIGHT,
        ),
        (
            "german",
            |m, d, h| format!("{d}. {} 2024, {h:02}:00 Uhr", GERMAN[m as usize - 1]),
            EIGHT,
        ),
        (
            "numeric german",
            |m, d, h| format!("{d:02}.{m:02}.2024 {h:02}:00 Uhr"),
            EIGHT,
        ),
        (
            "kibana",
            |m, d, h| format!("{} {d}, 2024 @ {h:02}:00:00.000", ENGLISH[m as usize - 1]),
            EIGHT,
        ),
        (
            "gmt",
            |m, d, h| format!("2024-{m:02}-{d:02} {h:02}:00 GMT+1"),
            "2024-01-01T07:00:00Z",
        ),
        (
            "utc",
            |m, d, h| format!("{d:02}/{m:02}/2024 {h:02}:00 UTC+02:00"),
            "2024-01-01T06:00:00Z",
        ),
        (
            "date",
            |m, d, h| {
                format!(
                    "/Date({})/",
                    1_704_067_200_000
                        + i64::from((m - 1) * 31 + d - 1) * 86_400_000
                        + i64::from(h) * 3_600_000
                )
            },
            EIGHT,
        ),
        (
            "japanese",
            |m, d, h| format!("2024年{m}月{d}日 {h}:00"),
            EIGHT,
        ),
        (
            "digits",
            |m, d, h| format!("2024{m:02}{d:02}{h:02}0000"),
            EIGHT,
        ),
    ];
    for (way, write, first) in ways {
        assert_eq!(
            read("t.csv", cases(HEADER, "", write)),
            hour(first),
            "{way}"
        );
    }
}

#[test]
fn the_header_names_the_zone() {
    let time = |m: u32, d: u32, h: u32| format!("{d:02}.{m:02}.2024 {h:02}:00");
    let header = "Ticket;Status;Created (CET);Closed (CET)";
    let text = cases(header, "", time);
    assert_eq!(read("t.csv", &text), hour("2024-01-01T07:00:00Z"));
    let header = "Ticket;Status;Created (UTC+2);Closed (UTC)";
    let (.., seconds, first) = read("t.csv", cases(header, "", time));
    assert_eq!(
        (seconds, first.as_str()),
        (3.0 * 3600.0, "2024-01-01T06:00:00Z")
    );
    // A flag comes before the header, and a written mapping keeps what was read.
    let scratch = Scratch::new();
    scratch.write("t.csv", text);
    let flag = scratch.score(&["--time-zone", "Asia/Tokyo", "t.csv"]);
    assert_eq!(flag["from"], "2023-12-31T23:00:00Z");
    scratch
        .run(&["inspect", "t.csv", "--write", "m.yaml"])
        .ends_with(0);
    let written = scratch.score(&["--map", "m.yaml", "t.csv"]);
    assert_eq!(written["from"], "2024-01-01T07:00:00Z");
    assert_eq!(written["processes"], scratch.score(&["t.csv"])["processes"]);
}

#[test]
fn a_date_that_is_none_is_an_open_case() {
    let time = |m: u32, d: u32, h: u32| format!("2024-{m:02}-{d:02} {h:02}:00:00");
    for open in [
        "0000-00-00",
        "0000-00-00 00:00:00",
        "9999-12-31",
        "9999-12-31 23:59:59",
        "1900-01-01",
        "0001-01-01T00:00:00",
        "pending",
        "N/A",
        "-",
        "NULL",
        "1970-01-01 00:00:00",
    ] {
        assert_eq!(
            read("t.csv", cases(HEADER, open, time)),
            hour(EIGHT),
            "{open}"
        );
    }
    // In a file without any case that has ended, and behind what is looked at.
    for open in ["", "-", "0000-00-00", "pending"] {
        let text = cases(HEADER, open, time).replace(";Closed;", ";Open;");
        let rows = text
            .lines()
            .map(|row| match row.split(';').collect::<Vec<_>>().as_slice() {
                [case, "Open", created, _] => format!("{case};Open;{created};{open}\n"),
                _ => format!("{row}\n"),
            });
        let (cases, open_cases, ..) = read("t.csv", rows.collect::<String>());
        assert_eq!((cases, open_cases), (40, 40), "{open}");
    }
    let mut late = cases(HEADER, "", time);
    for nth in 40..3_000 {
        late.push_str(&format!("T{nth};Open;2024-03-01 08:00:00;0000-00-00\n"));
    }
    let (cases, open_cases, ..) = read("t.csv", late);
    assert_eq!((cases, open_cases), (3_000, 2_964));
}

#[test]
fn date_and_time_in_two_columns() {
    let time = |m: u32, d: u32, h: u32| format!("{d:02}.{m:02}.2024;{h:02}:00");
    for header in [
        "Ticket;Status;Created Date;Created Time;Closed Date;Closed Time",
        "Ticket;Status;Date opened;Time opened;Date closed;Time closed",
        "Caso;Estado;Fecha de apertura;Hora de apertura;Fecha de cierre;Hora de cierre",
    ] {
        assert_eq!(
            read("t.csv", cases(header, ";", time)),
            hour(EIGHT),
            "{header}"
        );
    }
    let mut steps = String::from("case,activity,Date,Time\n");
    for nth in 0..40 {
        for (hour, state) in [(8, "New"), (9, "Closed")] {
            steps.push_str(&format!(
                "{nth},{state},2024-01-{:02},{hour}:00 AM\n",
                1 + nth % 28
            ));
        }
    }
    assert_eq!(read("t.csv", steps), (40, 0, 3600.0, EIGHT.to_owned()));
}

#[test]
fn each_column_has_its_own_format() {
    let (iso, serial) = (
        |m: u32, d: u32, h: u32| format!("2024-{m:02}-{d:02}T{h:02}:00:00Z"),
        |m: u32, d: u32, h: u32| {
            format!(
                "{:.10}",
                f64::from(45_291 + (m - 1) * 31 + d) + f64::from(h) / 24.0
            )
        },
    );
    let local = |m: u32, d: u32, h: u32| format!("{d:02}/{m:02}/2024 {h:02}:00");
    let american = |m: u32, d: u32, h: u32| format!("{m}/{d}/2024 {h}:00");
    let both = |m: u32,
                d: u32,
                h: u32,
                first: &dyn Fn(u32, u32, u32) -> String,
                last: &dyn Fn(u32, u32, u32) -> String| {
        if h == 8 {
            first(m, d, h)
        } else {
            last(m, d, h)
        }
    };
    type Write<'a> = &'a dyn Fn(u32, u32, u32) -> String;
    let ways: [(Write, Write); 5] = [
        (&iso, &serial),
        (&serial, &iso),
        (&local, &iso),
        (&serial, &local),
        (&american, &local),
    ];
    for (nth, (first, last)) in ways.into_iter().enumerate() {
        let text = cases(HEADER, "", |m, d, h| both(m, d, h, first, last));
        let scratch = Scratch::new();
        scratch.write("t.csv", &text);
        assert_eq!(read("t.csv", text), hour(EIGHT), "{nth}");
        scratch
            .run(&["inspect", "t.csv", "--write", "m.yaml"])
            .ends_with(0);
        let written = scratch.score(&["--map", "m.yaml", "t.csv"]);
        assert_eq!(only(&written)["duration_seconds"]["mean"], 3600.0, "{nth}");
    }
}

#[test]
fn lines_around_the_table() {
    let time = |m: u32, d: u32, h: u32| format!("2024-{m:02}-{d:02} {h:02}:00");
    let table = cases(HEADER, "", time);
    for (what, text) in [
        ("blank lines", format!("\n\r\n{table}")),
        (
            "a comment",
            format!("# exported by a tool, 2024-02-20; all queues\n{table}"),
        ),
        ("a delimiter behind each row", {
            let rows = table.lines().skip(1).map(|row| format!("{row};\n"));
            format!("{HEADER}\n{}", rows.collect::<String>())
        }),
        ("a delimiter behind each line", table.replace('\n', ";\n")),
        (
            "a delimiter behind the header",
            table.replacen('\n', ";\n", 1),
        ),
    ] {
        assert_eq!(read("t.csv", text), hour(EIGHT), "{what}");
    }
}

fn events(range: std::ops::Range<usize>) -> Vec<Value> {
    let event = |nth: usize| {
        let (case, hour, state) = (nth / 2, 8 + nth % 2, ["New", "Closed"][nth % 2]);
        json!({"ticket": format!("T{case}"), "status": state, "timestamp": format!("2024-01-{:02}T{hour:02}:00:00Z", 1 + case % 28)})
    };
    range.map(event).collect()
}

#[test]
fn records_in_documents_and_pages() {
    let users: Vec<Value> = (0..200)
        .map(|n| json!({"id": n, "name": "x", "team": "y"}))
        .collect();
    let page = |records: &[Value]| json!({"page": 1, "users": users, "result": {"items": records}});
    let all = events(0..80);
    let pages = [page(&[]), page(&all[..30]), page(&all[30..])];
    let lines = pages
        .iter()
        .map(|page| format!("{page}\n"))
        .collect::<String>();
    let pretty = pages
        .iter()
        .map(|page| format!("{page:#}\n"))
        .collect::<String>();
    for (what, text) in [
        ("among several arrays", page(&all).to_string()),
        ("pages on lines", lines),
        ("pages behind each other", pretty),
        ("pages in an array", Value::from(pages.to_vec()).to_string()),
        (
            "pages in an array on lines",
            format!("{:#}", Value::from(pages.to_vec())),
        ),
    ] {
        assert_eq!(
            read("t.json", text),
            (40, 0, 3600.0, EIGHT.to_owned()),
            "{what}"
        );
    }
}

#[test]
fn a_history_beside_the_dates_of_a_case() {
    let case = |nth: usize| {
        let at = |hour: usize| format!("2024-01-{:02}T{hour:02}:00:00Z", 1 + nth % 28);
        json!({"id": format!("C{nth}"), "title": "x", "status": "Closed", "created_at": at(8), "closed_at": at(9), "history": [
            {"from": "", "to": "New", "at": at(8)},
            {"from": "New", "to": "In progress", "at": at(8).replace(":00:00", ":20:00")},
            {"from": "In progress", "to": "Closed", "at": at(9)}]})
    };
    let lines: String = (0..40).map(|nth| format!("{}\n", case(nth))).collect();
    let document = json!({"cases": (0..40).map(case).collect::<Vec<_>>()}).to_string();
    for text in [lines, document] {
        let scratch = Scratch::new();
        let file = scratch.write("t.json", text);
        let scores = scratch.score(&[&file]);
        let score = only(&scores);
        assert_eq!(
            (&scores["events"], &score["cases"]),
            (&120.into(), &40.into())
        );
        assert_eq!(score["duration_seconds"]["mean"], 3600.0);
        scratch
            .run(&["inspect", &file, "--write", "m.yaml"])
            .ends_with(0);
        assert_eq!(
            scratch.score(&["--map", "m.yaml", &file])["processes"],
            scores["processes"]
        );
    }
}

#[test]
fn misleading_columns() {
    let mut text = String::from("event,type,id,rule_id,exported_at,_time,status,updated_at\n");
    for nth in 0..60 {
        let (case, state) = (nth / 3, ["New", "Work", "Closed"][nth % 3]);
        text.push_str(&format!(
            "incident_update,incident,I{case},R{},2024-03-01 07:00:{:02},2024-03-01 07:00:00,{state},2024-01-{:02} {:02}:00:00\n",
            case % 4, nth % 60, 1 + case, 8 + nth % 3
        ));
    }
    assert_eq!(read("t.csv", text), (20, 0, 7200.0, EIGHT.to_owned()));
}

#[test]
fn changes_of_fields() {
    for (header, field, others) in [
        (
            "documentkey,sys_created_on,fieldname,oldvalue,newvalue",
            "incident_state",
            "priority",
        ),
        ("Key,Date,Field,Old Value,New Value", "status", "assignee"),
        (
            "CaseId,CreatedDate,Field,OldValue,NewValue",
            "Status",
            "Owner",
        ),
    ] {
        let mut text = format!("{header}\n");
        for nth in 0..40 {
            let day = format!("2024-01-{:02}", 1 + nth % 28);
            text.push_str(&format!(
                "k{nth},{day} 08:00:00,{field},,New\nk{nth},{day} 08:30:00,{others},a,b\nk{nth},{day} 09:00:00,{field},New,Closed\n"
            ));
        }
        let scratch = Scratch::new();
        let file = scratch.write("t.csv", text);
        let scores = scratch.score(&[&file]);
        let found = (
            &scores["events"],
            &only(&scores)["cases"],
            &only(&scores)["duration_seconds"]["mean"],
        );
        assert_eq!(found, (&80.into(), &40.into(), &3600.0.into()), "{header}");
    }
    let mut text = String::from("_time,rule_id,status_label\n");
    for nth in 0..40 {
        let day = format!("2024-01-{:02}T", 1 + nth % 28);
        text.push_str(&format!(
            "{day}08:00:00.000+0000,x@@n{nth},New\n{day}09:00:00.000+0000,x@@n{nth},Closed\n"
        ));
    }
    assert_eq!(read("t.csv", text), (40, 0, 3600.0, EIGHT.to_owned()));
}

/// Columns of an export with a row per case, a state of open cases, and one of closed cases.
const LANGUAGES: [[&str; 3]; 16] = [
    [
        "Ticketnummer;Status;Erstellt;Geschlossen",
        "offen",
        "erfolgreich geschlossen",
    ],
    [
        "Vorgangsschlüssel;Status;Erstellt;Erledigt",
        "Offen",
        "Erledigt",
    ],
    [
        "ID;Statut;Date d'ouverture;Date de clôture",
        "En cours (Attribué)",
        "Clos",
    ],
    ["Clé de ticket;État;Création;Résolue", "Ouvert", "Résolu"],
    [
        "Clave de incidencia;Estado;Creada;Resuelta",
        "Abierto",
        "Cerrado",
    ],
    [
        "ID del ticket;Estado;Hora de creación;Hora de cierre",
        "Abierto",
        "Cerrado",
    ],
    [
        "Número do chamado;Status;Data de abertura;Data de fechamento",
        "Pendente",
        "Fechado",
    ],
    [
        "Chiave segnalazione;Stato;Data di apertura;Data di chiusura",
        "Aperto",
        "Chiuso",
    ],
    [
        "Issuesleutel;Status;Aangemaakt;Opgelost",
        "Open",
        "Gesloten",
    ],
    [
        "Klucz zgłoszenia;Status;Utworzono;Rozwiązano",
        "Nowe",
        "Zamknięte",
    ],
    [
        "チケット番号;ステータス;作成日時;完了日時",
        "対応中",
        "完了",
    ],
    [
        "Case Number;Status;Date/Time Opened;Date/Time Closed",
        "New",
        "Closed",
    ],
    [
        "Request ID;Request Status;Created Time;Completed Time",
        "Open",
        "Closed",
    ],
    [
        "Ticket ID;Status;Created time;Closed time",
        "Open",
        "Closed",
    ],
    [
        "TicketNumber;State;Created;Closed",
        "open",
        "closed successful",
    ],
    ["Id;Ticket status;Created at;Solved at", "Open", "Solved"],
];

#[test]
fn exports_in_many_languages() {
    for [header, open, closed] in LANGUAGES {
        let time = |m: u32, d: u32, h: u32| format!("2024-{m:02}-{d:02} {h:02}:00");
        let text = cases(header, "", time).replace(";Open;", &format!(";{open};"));
        let text = text.replace(";Closed;", &format!(";{closed};"));
        assert_eq!(read("t.csv", text), hour(EIGHT), "{header}");
    }
}

#[test]
fn final_states_in_many_languages() {
    for closed in [
        "Geschlossen",
        "Résolu",
        "Cerrado",
        "Chiuso",
        "Fechado",
        "Gesloten",
        "Zamknięte",
        "完了",
    ] {
        let mut text = String::from("case,activity,timestamp\n");
        for nth in 0..40 {
            let day = 1 + nth % 28;
            text.push_str(&format!(
                "{nth},a,2024-01-{day:02} 08:00\n{nth},{closed},2024-01-{day:02} 09:00\n"
            ));
        }
        let scratch = Scratch::new();
        let file = scratch.write("t.csv", text);
        let shown = scratch.run(&["inspect", &file]).ends_with(0).stdout.clone();
        assert!(shown.contains(&format!("resolved    {closed}")), "{shown}");
    }
}

#[test]
fn the_last_change_ends_a_case_that_is_in_a_final_state() {
    let incident = |nth: usize| {
        let at = |hour: usize| format!("2024-01-{:02}T{hour:02}:00:00.1234567Z", 1 + nth % 28);
        let status = if nth % 10 == 9 { "Active" } else { "Closed" };
        json!({"id": format!("/subscriptions/x/incidents/{nth}"), "name": format!("guid-{nth}"), "type": "Microsoft.SecurityInsights/Incidents",
            "properties": {"title": "t", "severity": "High", "status": status, "incidentNumber": nth, "owner": {"objectId": "o"},
                "createdTimeUtc": at(8), "lastModifiedTimeUtc": at(9), "classification": "TruePositive"}})
    };
    let document = json!({"value": (0..40).map(incident).collect::<Vec<_>>()}).to_string();
    let (cases, open, seconds, _) = read("t.json", document);
    assert_eq!((cases, open, seconds), (40, 4, 3600.0));
}
