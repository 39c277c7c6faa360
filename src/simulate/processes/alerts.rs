//! What the sensors start: frequent, with inputs that repeat.

use crate::model::Level;
use crate::simulate::arrivals::{ALERTS, ALWAYS, Arrivals, OFFICE};
use crate::simulate::event::Executor::{Ai, AiApproved, Code, Human};
use crate::simulate::spec::{
    BASE, CODE, HUMAN, LEAD, People, Spec, Wrong, go, input, led, on, step, wrong,
};

/// The process that drifts: an agent judges most of the reported mail, of some a person approves its verdict, and people judge
/// the rest. Halfway the agent's judgement gets worse, and approval catches most of that.
#[rustfmt::skip] // one row a step
pub(crate) const PHISHING_TRIAGE: Spec = Spec {
    id: "phishing-triage",
    name: "Triage of reported phishing mail",
    prefix: "PHI",
    criticality: (Level::Medium, Level::Low),
    executor: "ai",
    outcomes: &[
        ("false_positive", 0.0),
        ("spam", 0.0),
        ("phishing", 0.0),
        ("wrong_verdict", 1.0),
    ],
    hands_on_minutes: 15,
    reviewed: 0.25,
    automation: Some((120, 60)),
    arrivals: Arrivals::Poisson {
        per_week: 420.0,
        week: &ALERTS,
    },
    lead: &[(Ai, 0.6), (AiApproved, 0.25), (Human, 0.15)],
    inputs: &[
        input(
            "user-report/newsletter",
            4.0,
            0.4,
            &[("spam", 0.97), ("false_positive", 0.03)],
        ),
        input(
            "user-report/internal-sender",
            2.0,
            0.6,
            &[("false_positive", 1.0)],
        ),
        input(
            "credential-link/mailbox",
            3.0,
            1.2,
            &[("phishing", 0.98), ("spam", 0.02)],
        ),
        input("html-attachment/mailbox", 1.5, 1.6, &[("phishing", 1.0)]),
        input(
            "qr-code/mailbox",
            1.0,
            2.2,
            &[("phishing", 0.95), ("false_positive", 0.05)],
        ),
        input("invoice-lure/finance", 0.8, 2.5, &[("phishing", 1.0)]),
    ],
    // Of all cases: 1.0 % before the drift, and 8.6 % after it.
    wrong: &[
        Wrong {
            by: Ai,
            outcome: "wrong_verdict",
            probability: 0.012,
            after_drift: 0.132,
        },
        Wrong {
            by: AiApproved,
            outcome: "wrong_verdict",
            probability: 0.004,
            after_drift: 0.020,
        },
        wrong(Human, "wrong_verdict", 0.012),
    ],
    reopen: 0.004,
    rework: "decide verdict",
    steps: &[
        step("receive report", CODE, 0.2, &[go("parse headers", 1.0)]),
        step("parse headers", LEAD, 0.4, &[go("check sender reputation", 1.0)]),
        step("check sender reputation", LEAD, 0.5, &[go("enrich indicators", 1.0)]),
        step("enrich indicators", CODE, 0.6, &[go("render links", 0.7), go("decide verdict", 0.3)])
            .calling("ioc-enrichment", 0.6),
        step("render links", LEAD, 1.2, &[go("decide verdict", 0.93), go("enrich indicators", 0.07)]),
        step("decide verdict", LEAD, 0.8, &[led(AiApproved, "approve verdict"), on("phishing", "purge mail"), go("reply to reporter", 1.0)]),
        step("approve verdict", HUMAN, 5.0, &[on("phishing", "purge mail"), go("reply to reporter", 1.0)]),
        step("purge mail", CODE, 1.5, &[go("block sender", 0.8), go("reply to reporter", 0.2)]),
        step("block sender", CODE, 0.5, &[go("reply to reporter", 1.0)]),
        step("reply to reporter", LEAD, 0.4, &[]),
    ],
    ..BASE
};

/// People and AI judge the same inputs, so that repeatability and reproducibility can be told apart.
#[rustfmt::skip] // one row a step
pub(crate) const EDR_ALERT_TRIAGE: Spec = Spec {
    id: "edr-alert-triage",
    name: "Triage of endpoint alerts",
    prefix: "EDR",
    criticality: (Level::Medium, Level::Medium),
    executor: "mixed",
    outcomes: &[
        ("false_positive", 0.0),
        ("resolved", 0.0),
        ("escalated", 0.0),
        ("wrong_verdict", 1.0),
    ],
    hands_on_minutes: 20,
    reviewed: 0.2,
    automation: Some((200, 80)),
    arrivals: Arrivals::Poisson {
        per_week: 560.0,
        week: &ALERTS,
    },
    lead: &[(Human, 0.5), (Ai, 0.5)],
    inputs: &[
        input(
            "suspicious-powershell/workstation",
            3.0,
            1.2,
            &[("false_positive", 1.0)],
        ),
        input(
            "suspicious-powershell/server",
            1.5,
            1.4,
            &[("escalated", 1.0)],
        ),
        input("credential-dumping/server", 0.5, 0.8, &[("escalated", 1.0)]),
        input(
            "unsigned-driver/workstation",
            2.0,
            0.9,
            &[("resolved", 1.0)],
        ),
        input(
            "office-spawns-shell/workstation",
            2.0,
            1.0,
            &[("resolved", 0.97), ("escalated", 0.03)],
        ),
        input("rare-process/kiosk", 2.5, 0.6, &[("false_positive", 1.0)]),
        input(
            "remote-admin-tool/workstation",
            2.0,
            1.1,
            &[("false_positive", 0.95), ("resolved", 0.05)],
        ),
        input("beaconing/server", 1.0, 1.3, &[("escalated", 1.0)]),
    ],
    wrong: &[
        wrong(Human, "wrong_verdict", 0.03),
        wrong(Ai, "wrong_verdict", 0.04),
    ],
    reopen: 0.003,
    rework: "review process tree",
    steps: &[
        step("receive alert", CODE, 0.1, &[go("pick up alert", 1.0)]),
        step("pick up alert", LEAD, 4.0, &[go("look up host", 1.0)]),
        step("look up host", CODE, 0.3, &[go("review process tree", 1.0)])
            .calling("ioc-enrichment", 0.5),
        step("review process tree", LEAD, 3.0, &[go("compare with baseline", 0.55), go("query related events", 0.3), go("decide verdict", 0.15)]),
        step("query related events", LEAD, 3.0, &[go("compare with baseline", 0.5), go("decide verdict", 0.4), go("review process tree", 0.1)]),
        step("compare with baseline", LEAD, 2.0, &[go("decide verdict", 0.9), go("query related events", 0.1)]),
        step("decide verdict", LEAD, 2.0, &[on("escalated", "escalate to tier two"), on("resolved", "quarantine file"), go("close alert", 1.0)]),
        step("quarantine file", CODE, 0.5, &[go("close alert", 1.0)]),
        step("escalate to tier two", HUMAN, 8.0, &[go("close alert", 1.0)]),
        step("close alert", LEAD, 1.0, &[]),
    ],
    ..BASE
};

/// Code, deterministic: the same indicator ends alike, all but never fails.
#[rustfmt::skip] // one row a step
pub(crate) const IOC_ENRICHMENT: Spec = Spec {
    id: "ioc-enrichment",
    name: "Enrichment of indicators",
    prefix: "IOC",
    executor: "code",
    criticality: (Level::Low, Level::Low),
    outcomes: &[
        ("enriched", 0.0),
        ("unknown_indicator", 0.0),
        ("failed", 1.0),
    ],
    limit_hours: Some(1),
    hands_on_minutes: 6,
    reviewed: 0.0,
    automation: Some((40, 15)),
    arrivals: Arrivals::Poisson {
        per_week: 868.0,
        week: &ALWAYS,
    },
    code: "enrichment-worker",
    lead: &[(Code, 1.0)],
    inputs: &[
        input("file-hash/feed", 4.0, 1.0, &[("enriched", 1.0)]),
        input("ip-address/feed", 4.0, 1.0, &[("enriched", 1.0)]),
        input("domain/feed", 3.0, 1.0, &[("enriched", 1.0)]),
        input("file-hash/private", 1.0, 1.0, &[("unknown_indicator", 1.0)]),
    ],
    wrong: &[wrong(Code, "failed", 0.0006)],
    steps: &[
        step("normalise indicator", CODE, 0.02, &[go("query reputation", 1.0)]),
        step("query reputation", CODE, 0.05, &[go("query passive dns", 1.0)]),
        step("query passive dns", CODE, 0.08, &[go("attach context", 1.0)]),
        step("attach context", CODE, 0.03, &[]),
    ],
    ..BASE
};

/// Code that waits for a sandbox, which sometimes never answers.
#[rustfmt::skip] // one row a step
pub(crate) const MALWARE_DETONATION: Spec = Spec {
    id: "malware-detonation",
    name: "Detonation of samples in the sandbox",
    prefix: "DET",
    executor: "code",
    criticality: (Level::Medium, Level::Low),
    outcomes: &[("malicious", 0.0), ("benign", 0.0), ("failed", 1.0)],
    limit_hours: Some(2),
    hands_on_minutes: 30,
    automation: Some((80, 40)),
    arrivals: Arrivals::Poisson {
        per_week: 70.0,
        week: &ALWAYS,
    },
    code: "sandbox-controller",
    lead: &[(Code, 1.0)],
    inputs: &[
        input("executable/mail", 3.0, 0.8, &[("malicious", 1.0)]),
        input(
            "document/mail",
            3.0,
            0.7,
            &[("malicious", 0.6), ("benign", 0.4)],
        ),
        input("archive/web", 1.5, 2.0, &[("benign", 1.0)]),
    ],
    wrong: &[wrong(Code, "failed", 0.05)],
    steps: &[
        step("fetch sample", CODE, 0.2, &[go("submit to sandbox", 1.0)]),
        step("submit to sandbox", CODE, 0.3, &[go("wait for run", 1.0)]),
        step("wait for run", CODE, 8.0, &[on("failed", "time out"), go("parse report", 0.94), go("submit to sandbox", 0.06)]),
        step("time out", CODE, 30.0, &[go("close run", 0.5), go("submit to sandbox", 0.5)]),
        step("parse report", CODE, 0.3, &[go("extract indicators", 1.0)]),
        step("extract indicators", CODE, 0.2, &[go("close run", 1.0)]),
        step("close run", CODE, 0.1, &[]),
    ],
    ..BASE
};

/// People who often have to look twice.
#[rustfmt::skip] // one row a step
pub(crate) const DLP_REVIEW: Spec = Spec {
    id: "dlp-review",
    name: "Review of data-loss alerts",
    prefix: "DLP",
    criticality: (Level::Medium, Level::Medium),
    outcomes: &[
        ("false_positive", 0.0),
        ("coached", 0.0),
        ("escalated", 0.0),
        ("wrong_verdict", 1.0),
    ],
    limit_hours: Some(168),
    hands_on_minutes: 35,
    automation: Some((160, 60)),
    arrivals: Arrivals::Poisson {
        per_week: 56.0,
        week: &OFFICE,
    },
    people: People::Office("data-protection-queue"),
    code: "dlp-connector",
    inputs: &[
        input(
            "customer-list/webmail",
            2.0,
            1.0,
            &[("coached", 0.7), ("escalated", 0.3)],
        ),
        input(
            "source-code/usb",
            1.0,
            1.4,
            &[("escalated", 0.8), ("false_positive", 0.2)],
        ),
        input("payslip/print", 3.0, 0.6, &[("false_positive", 1.0)]),
        input(
            "contract/cloud-share",
            2.0,
            1.2,
            &[("coached", 0.6), ("false_positive", 0.4)],
        ),
    ],
    wrong: &[wrong(Human, "wrong_verdict", 0.05)],
    reopen: 0.12,
    rework: "review content",
    steps: &[
        step("receive dlp alert", CODE, 0.1, &[go("assign reviewer", 1.0)]),
        step("assign reviewer", HUMAN, 25.0, &[go("review content", 1.0)]),
        step("review content", HUMAN, 20.0, &[go("ask employee", 0.4), go("check data owner", 0.3), go("decide", 0.3)]),
        step("ask employee", HUMAN, 150.0, &[go("review content", 0.5), go("decide", 0.5)]),
        step("check data owner", HUMAN, 90.0, &[go("decide", 0.7), go("review content", 0.3)]),
        step("decide", HUMAN, 10.0, &[on("escalated", "hand over to legal"), on("coached", "send guidance"), go("close review", 0.85), go("review content", 0.15)]),
        step("hand over to legal", HUMAN, 30.0, &[go("close review", 1.0)]),
        step("send guidance", HUMAN, 10.0, &[go("close review", 1.0)]),
        step("close review", HUMAN, 4.0, &[]),
    ],
    ..BASE
};
