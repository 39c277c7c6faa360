//! What an experienced SOC lead would say of 28 processes, held against the program: one catalog, one log.
//!
//! The processes are invented. Each has the attributes that a SOC would declare, and cases that show its figures.

use crate::support::Scratch;
use crate::support::scores::process;
use std::fmt::Write as _;

const PEOPLE: &str = "keep with people";
const CODE: &str = "execute via code";
const AI: &str = "delegate to AI";
const APPROVAL: &str = "AI with human approval";
const LEAVE: &str = "leave as it is";
const PARTS: &str = "break into sub-processes";

/// What the log shows of a process.
#[derive(Clone, Copy)]
struct Figures {
    executor: &'static str,
    /// Its cases, spread evenly over so many weeks up to the end of the log.
    cases: usize,
    weeks: usize,
    steps: usize,
    /// One in so many cases goes wrong; 0 for none.
    wrong_one_in: usize,
    /// Different inputs, which set the outcome; 0 if none is logged.
    inputs: usize,
}

struct Row {
    id: &'static str,
    declared: &'static str,
    figures: Figures,
    accepted: &'static [&'static str],
    because: &'static str,
}

const fn run_by(executor: &'static str, cases: usize, weeks: usize, steps: usize) -> Figures {
    Figures {
        executor,
        cases,
        weeks,
        steps,
        wrong_one_in: 0,
        inputs: 0,
    }
}

impl Figures {
    const fn wrong(self, wrong_one_in: usize) -> Figures {
        Figures {
            wrong_one_in,
            ..self
        }
    }

    const fn inputs(self, inputs: usize) -> Figures {
        Figures { inputs, ..self }
    }
}

#[rustfmt::skip] // one row a process
const ROWS: [Row; 28] = [
    Row { id: "crisis-call", declared: "criticality: high, judgement: required", figures: run_by("human", 6, 104, 9),
        accepted: &[PEOPLE], because: "decisions under pressure, with people on the line" },
    Row { id: "breach-notification", declared: "criticality: high, judgement: required, irreversible: true", figures: run_by("human", 6, 104, 12),
        accepted: &[PEOPLE], because: "a legal statement that can't be taken back" },
    Row { id: "forensic-imaging", declared: "criticality: high, judgement: required, irreversible: true", figures: run_by("human", 26, 104, 10),
        accepted: &[PEOPLE], because: "one wrong step spoils the evidence, and each machine is different" },
    Row { id: "shift-handover", declared: "criticality: high, judgement: required", figures: run_by("human", 546, 26, 6),
        accepted: &[PEOPLE], because: "people hand over what they know to people; what is forgotten is found by nobody" },
    Row { id: "ioc-enrichment", declared: "criticality: low", figures: run_by("code", 2000, 13, 4),
        accepted: &[CODE], because: "lookups with one right answer, which code does already" },
    Row { id: "account-unlock", declared: "criticality: medium, deterministic: true", figures: run_by("human", 780, 26, 7),
        accepted: &[CODE], because: "the same checks and the same call every time" },
    Row { id: "rule-tuning", declared: "criticality: medium", figures: run_by("ai", 130, 26, 8).wrong(3),
        accepted: &[APPROVAL, PEOPLE], because: "the AI that runs it is out of tolerance, so it must not go on unattended" },
    Row { id: "phishing-triage", declared: "criticality: medium", figures: run_by("human", 1500, 26, 10).wrong(200),
        accepted: &[APPROVAL], because: "frequent reading work, but a missed phish is an intrusion: a person approves" },
    Row { id: "malware-sandboxing", declared: "criticality: medium", figures: run_by("code", 520, 26, 6).wrong(260),
        accepted: &[CODE], because: "the sandbox is code, and nothing shows that it fails" },
    Row { id: "password-spray-triage", declared: "criticality: medium", figures: run_by("human", 390, 26, 12).wrong(130),
        accepted: &[APPROVAL], because: "patterns that AI sees well, and a lockout that a person should confirm" },
    Row { id: "firewall-rule-request", declared: "criticality: high", figures: run_by("human", 208, 26, 12),
        accepted: &[CODE, PEOPLE], because: "a wrong rule opens the network: a policy check in code, or people" },
    Row { id: "threat-intel-report", declared: "criticality: low, judgement: required", figures: run_by("human", 52, 26, 14),
        accepted: &[APPROVAL], because: "AI drafts well, and an editor answers for what is sent out" },
    Row { id: "vip-mailbox-investigation", declared: "criticality: high, judgement: required", figures: run_by("human", 26, 26, 11),
        accepted: &[PEOPLE], because: "private mail of the board: few people, and no machine" },
    Row { id: "dlp-alert-triage", declared: "criticality: medium", figures: run_by("human", 1040, 26, 12).wrong(104),
        accepted: &[APPROVAL], because: "many alerts, most of them harmless, but each accuses a person" },
    Row { id: "domain-controller-isolation", declared: "criticality: high, irreversible: true, judgement: required", figures: run_by("human", 8, 104, 9),
        accepted: &[PEOPLE], because: "it stops the company, and nobody undoes that in time" },
    Row { id: "user-offboarding", declared: "criticality: medium, deterministic: true", figures: run_by("human", 130, 26, 8),
        accepted: &[CODE], because: "a fixed list of accounts to close; people forget one" },
    Row { id: "vulnerability-ticket-routing", declared: "criticality: low", figures: run_by("human", 2000, 20, 5).inputs(200),
        accepted: &[CODE], because: "the same finding always goes to the same team, as the cases show" },
    Row { id: "alert-deduplication", declared: "criticality: negligible", figures: run_by("code", 3000, 10, 5),
        accepted: &[CODE], because: "a comparison of fields, at a rate that only code holds" },
    Row { id: "log-source-health-check", declared: "criticality: low, deterministic: true", figures: run_by("human", 1300, 26, 4),
        accepted: &[CODE], because: "a source sends or it does not" },
    Row { id: "certificate-expiry", declared: "criticality: low, deterministic: true, hands_on_minutes: 90, automation: { build_hours: 16, upkeep_hours_per_year: 4 }",
        figures: run_by("human", 20, 26, 5),
        accepted: &[CODE], because: "a date in a certificate, and a renewal that pays back within months" },
    Row { id: "evidence-preservation", declared: "criticality: high, irreversible: true", figures: run_by("human", 40, 26, 9),
        accepted: &[CODE, PEOPLE], because: "copy, hash and seal by a fixed procedure; nothing that varies may touch it" },
    Row { id: "purple-team-exercise", declared: "criticality: low, judgement: required", figures: run_by("human", 8, 104, 40),
        accepted: &[LEAVE, PEOPLE], because: "four a year, and the team is there to learn" },
    Row { id: "threat-hunt", declared: "criticality: medium, judgement: required", figures: run_by("human", 52, 26, 50),
        accepted: &[APPROVAL, PEOPLE], because: "hypotheses are the hunter's; AI may search for him" },
    Row { id: "customer-escalation", declared: "criticality: medium, judgement: required", figures: run_by("human", 78, 26, 8),
        accepted: &[APPROVAL, PEOPLE], because: "an angry customer wants a person; AI may draft" },
    Row { id: "service-desk-question", declared: "criticality: low", figures: run_by("human", 1820, 26, 4).wrong(300),
        accepted: &[AI], because: "many simple questions, and a wrong answer costs a second mail" },
    Row { id: "newsletter-sorting", declared: "criticality: negligible", figures: run_by("ai", 2000, 20, 5).wrong(200),
        accepted: &[AI], because: "AI runs it within tolerance, and nobody minds a mistake" },
    Row { id: "endpoint-alert-triage", declared: "criticality: medium", figures: run_by("ai", 200, 26, 10).wrong(40),
        accepted: &[APPROVAL], because: "AI runs it, and too little is known to leave it alone" },
    Row { id: "incident-response", declared: "criticality: high", figures: run_by("human", 16, 52, 160),
        accepted: &[PARTS], because: "nobody holds so many steps as a whole; its parts can be measured" },
];

/// The log covers two years up to this day.
const END: &str = "2026-06-30";

fn catalog() -> String {
    let mut yaml = String::from("processes:\n");
    for row in &ROWS {
        let outcomes = "outcomes: { right: 0, other: 0, wrong: 1 }";
        writeln!(
            yaml,
            "  - {{ id: {}, {}, {outcomes} }}",
            row.id, row.declared
        )
        .unwrap();
    }
    yaml
}

fn log() -> String {
    let mut log = String::new();
    ROWS.iter().for_each(|row| write_cases(&mut log, row));
    log
}

fn write_cases(log: &mut String, row: &Row) {
    let Row { id, figures, .. } = row;
    let end: chrono::DateTime<chrono::Utc> = format!("{END}T12:00:00Z").parse().unwrap();
    let between = figures.weeks * 7 * 24 * 60 / figures.cases;
    for nth in 0..figures.cases {
        let ago = (figures.cases - nth) * between;
        let start = end - chrono::Duration::minutes(ago as i64);
        let is_wrong = figures.wrong_one_in > 0 && nth % figures.wrong_one_in == 1;
        let (input, outcome) = match (figures.inputs, is_wrong) {
            (_, true) => (String::new(), "wrong"),
            (0, _) => (String::new(), "right"),
            (inputs, _) => {
                let input = nth % inputs;
                let outcome = if input % 3 == 0 { "other" } else { "right" };
                (format!(",\"input\":\"finding-{input}\""), outcome)
            }
        };
        for step in 1..=figures.steps {
            let time = (start + chrono::Duration::seconds(step as i64)).format("%FT%TZ");
            let last = format!(",\"lifecycle\":\"end\",\"outcome\":\"{outcome}\"");
            let last = if step == figures.steps {
                last
            } else {
                String::new()
            };
            writeln!(
                log,
                "{{\"time\":\"{time}\",\"process\":\"{id}\",\"case\":\"{id}-{nth}\",\"activity\":\"step {step}\",\"executor\":\"{}\"{input}{last}}}",
                figures.executor
            )
            .unwrap();
        }
    }
}

#[test]
fn soc_lead_agrees_with_the_recommendation_of_28_processes() {
    let scratch = Scratch::new();
    scratch.write("catalog.yaml", catalog());
    scratch.write("soc.ndjson", log());
    let args = [
        "--map",
        "toleranced",
        "--catalog",
        "catalog.yaml",
        "soc.ndjson",
    ];
    let scores = scratch.score(&args);
    let wrong: Vec<String> = ROWS
        .iter()
        .filter_map(|row| {
            let score = process(&scores, row.id);
            let said = score["recommendation"].as_str().unwrap_or("nothing");
            let rule = score["rule"].as_str().unwrap_or("none");
            let accepted = row.accepted.join(" or ");
            (!row.accepted.contains(&said)).then(|| {
                format!(
                    "{}: {said} ({rule}), not {accepted}: {}",
                    row.id, row.because
                )
            })
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
