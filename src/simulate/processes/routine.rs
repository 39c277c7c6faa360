//! Requests and housekeeping: office work, batches, and what is too rare to touch.

use crate::model::Level;
use crate::simulate::arrivals::{Arrivals, OFFICE};
use crate::simulate::event::Executor::{Ai, Code, Human};
use crate::simulate::spec::{BASE, CODE, HUMAN, LEAD, People, Spec, go, input, on, step, wrong};

/// Reference scenario: simple, frequent, tolerant.
#[rustfmt::skip] // one row a step
pub(crate) const SERVICE_DESK: Spec = Spec {
    id: "service-desk",
    name: "Employee-facing security service desk",
    prefix: "SD",
    criticality: (Level::Low, Level::Low),
    outcomes: &[("resolved", 0.0), ("wrong_answer", 1.0)],
    hands_on_minutes: 12,
    automation: Some((80, 20)),
    arrivals: Arrivals::Poisson {
        per_week: 280.0,
        week: &OFFICE,
    },
    shadowed: true,
    people: People::Office("service-desk-queue"),
    ai: "desk-assistant",
    code: "desk-portal",
    lead: &[(Human, 0.92), (Ai, 0.08)],
    inputs: &[
        input("question/vpn", 3.0, 0.8, &[("resolved", 1.0)]),
        input("question/mfa", 3.0, 0.9, &[("resolved", 1.0)]),
        input("question/suspicious-mail", 2.0, 1.3, &[("resolved", 1.0)]),
        input(
            "question/data-classification",
            1.0,
            1.5,
            &[("resolved", 1.0)],
        ),
        input("question/usb-exception", 1.0, 1.2, &[("resolved", 1.0)]),
    ],
    wrong: &[
        wrong(Human, "wrong_answer", 0.010),
        wrong(Ai, "wrong_answer", 0.012),
    ],
    reopen: 0.006,
    rework: "answer request",
    steps: &[
        step("receive request", LEAD, 1.0, &[go("check entitlement", 1.0)]),
        step("check entitlement", LEAD, 6.0, &[go("answer request", 0.93), go("look up policy", 0.07)]),
        step("look up policy", LEAD, 8.0, &[go("answer request", 1.0)]),
        step("answer request", LEAD, 7.0, &[go("close request", 0.97), go("ask employee", 0.03)]),
        step("ask employee", LEAD, 60.0, &[go("answer request", 1.0)]),
        step("close request", LEAD, 3.0, &[]),
    ],
    ..BASE
};

/// Code does the work, people the odd identity check.
#[rustfmt::skip] // one row a step
pub(crate) const PASSWORD_RESET: Spec = Spec {
    id: "password-reset",
    name: "Password reset",
    prefix: "PWD",
    criticality: (Level::Low, Level::Medium),
    executor: "code",
    outcomes: &[
        ("reset", 0.0),
        ("refused", 0.0),
        ("wrong_account", 1.0),
        ("failed", 0.5),
    ],
    limit_hours: Some(96),
    hands_on_minutes: 6,
    automation: Some((60, 20)),
    arrivals: Arrivals::Poisson {
        per_week: 175.0,
        week: &OFFICE,
    },
    people: People::Office("identity-queue"),
    code: "identity-workflow",
    lead: &[(Code, 0.8), (Human, 0.2)],
    inputs: &[
        input("self-service/employee", 7.0, 0.7, &[("reset", 1.0)]),
        input(
            "manager-request/contractor",
            2.0,
            1.6,
            &[("reset", 0.9), ("refused", 0.1)],
        ),
        input("admin-account/administrator", 0.5, 2.5, &[("reset", 1.0)]),
    ],
    wrong: &[
        wrong(Code, "failed", 0.004),
        wrong(Human, "wrong_account", 0.006),
        wrong(Human, "failed", 0.004),
    ],
    reopen: 0.004,
    rework: "verify identity",
    steps: &[
        step("receive reset request", CODE, 0.1, &[go("verify identity", 1.0)]),
        step("verify identity", LEAD, 3.0, &[on("refused", "close reset"), go("set new password", 0.92), go("call back", 0.08)]),
        step("call back", HUMAN, 15.0, &[go("set new password", 1.0)]),
        step("set new password", CODE, 0.2, &[go("close reset", 1.0)]),
        step("close reset", LEAD, 1.0, &[]),
    ],
    ..BASE
};

/// Code, once a week, all at once.
#[rustfmt::skip] // one row a step
pub(crate) const VULNERABILITY_TICKETING: Spec = Spec {
    id: "vulnerability-ticketing",
    name: "Tickets from the weekly vulnerability scan",
    prefix: "VUL",
    criticality: (Level::Low, Level::Medium),
    executor: "code",
    outcomes: &[("ticketed", 0.0), ("duplicate", 0.0), ("failed", 1.0)],
    hands_on_minutes: 8,
    automation: Some((60, 25)),
    arrivals: Arrivals::Batch {
        weekday: 1,
        hour: 4,
        mean: 120.0,
        minutes: 50,
    },
    code: "scan-importer",
    lead: &[(Code, 1.0)],
    inputs: &[
        input("missing-patch/workstation", 5.0, 1.0, &[("ticketed", 1.0)]),
        input("missing-patch/server", 3.0, 1.0, &[("ticketed", 1.0)]),
        input("weak-cipher/appliance", 1.0, 1.0, &[("duplicate", 1.0)]),
    ],
    wrong: &[wrong(Code, "failed", 0.004)],
    steps: &[
        step("read finding", CODE, 0.02, &[go("match asset", 1.0)]),
        step("match asset", CODE, 0.1, &[go("look for duplicate", 1.0)]),
        step("look for duplicate", CODE, 0.2, &[on("duplicate", "link ticket"), go("create ticket", 1.0)]),
        step("create ticket", CODE, 0.2, &[go("assign owner", 1.0)]),
        step("link ticket", CODE, 0.1, &[go("assign owner", 1.0)]),
        step("assign owner", CODE, 0.1, &[]),
    ],
    ..BASE
};

/// People, a few a week, patient.
#[rustfmt::skip] // one row a step
pub(crate) const ACCESS_REVIEW: Spec = Spec {
    id: "access-review",
    name: "Review of privileged access",
    prefix: "ACC",
    criticality: (Level::Medium, Level::High),
    outcomes: &[
        ("confirmed", 0.0),
        ("revoked", 0.0),
        ("wrong_decision", 1.0),
    ],
    limit_hours: Some(336),
    hands_on_minutes: 90,
    automation: Some((240, 60)),
    arrivals: Arrivals::Poisson {
        per_week: 3.0,
        week: &OFFICE,
    },
    people: People::Office("access-governance-queue"),
    code: "identity-workflow",
    inputs: &[
        input(
            "quarterly/administrators",
            2.0,
            1.0,
            &[("confirmed", 0.8), ("revoked", 0.2)],
        ),
        input(
            "joiner-mover/finance",
            3.0,
            1.0,
            &[("confirmed", 0.6), ("revoked", 0.4)],
        ),
    ],
    wrong: &[wrong(Human, "wrong_decision", 0.02)],
    reopen: 0.02,
    rework: "compare with role",
    steps: &[
        step("export entitlements", CODE, 3.0, &[go("assign owner", 1.0)]),
        step("assign owner", HUMAN, 60.0, &[go("compare with role", 1.0)]),
        step("compare with role", HUMAN, 60.0, &[go("ask manager", 0.5), go("decide access", 0.5)]),
        step("ask manager", HUMAN, 400.0, &[go("decide access", 0.8), go("ask manager", 0.2)]),
        step("decide access", HUMAN, 30.0, &[on("revoked", "remove access"), go("record decision", 1.0)]),
        step("remove access", HUMAN, 30.0, &[go("record decision", 1.0)]),
        step("record decision", HUMAN, 10.0, &[]),
    ],
    ..BASE
};

/// People decide, code applies; a mistake shuts people out or lets others in.
#[rustfmt::skip] // one row a step
pub(crate) const FIREWALL_CHANGE: Spec = Spec {
    id: "firewall-change",
    name: "Firewall rule change",
    prefix: "FWC",
    criticality: (Level::High, Level::High),
    executor: "human",
    outcomes: &[
        ("applied", 0.0),
        ("rejected", 0.0),
        ("rolled_back", 0.5),
        ("outage", 1.0),
    ],
    limit_hours: Some(336),
    hands_on_minutes: 60,
    automation: Some((180, 40)),
    arrivals: Arrivals::Poisson {
        per_week: 5.0,
        week: &OFFICE,
    },
    people: People::Office("network-security-queue"),
    code: "change-pipeline",
    inputs: &[
        input(
            "open-port/dmz",
            2.0,
            1.3,
            &[("applied", 0.8), ("rejected", 0.2)],
        ),
        input("new-partner/vpn", 1.0, 1.0, &[("applied", 1.0)]),
        input("remove-rule/internal", 2.0, 0.7, &[("applied", 1.0)]),
    ],
    wrong: &[
        wrong(Human, "rolled_back", 0.02),
        wrong(Human, "outage", 0.005),
    ],
    reopen: 0.01,
    rework: "design rule",
    steps: &[
        step("receive change request", HUMAN, 5.0, &[go("check request", 1.0)]),
        step("check request", HUMAN, 40.0, &[on("rejected", "close change"), go("design rule", 0.85), go("ask requester", 0.15)]),
        step("ask requester", HUMAN, 240.0, &[go("check request", 1.0)]),
        step("design rule", HUMAN, 45.0, &[go("lint rule", 1.0)]),
        step("lint rule", CODE, 1.0, &[go("approve change", 0.85), go("design rule", 0.15)]),
        step("approve change", HUMAN, 180.0, &[go("apply rule", 0.9), go("design rule", 0.1)]),
        step("apply rule", CODE, 3.0, &[go("test connectivity", 1.0)]),
        step("test connectivity", CODE, 4.0, &[on("rolled_back", "roll back"), go("close change", 0.95), go("apply rule", 0.05)]),
        step("roll back", CODE, 3.0, &[go("close change", 1.0)]),
        step("close change", HUMAN, 10.0, &[]),
    ],
    ..BASE
};

/// Rare, harmless, quick: nobody should automate this.
#[rustfmt::skip] // one row a step
pub(crate) const USER_OFFBOARDING: Spec = Spec {
    id: "user-offboarding",
    name: "Security offboarding of a leaver",
    prefix: "OFF",
    criticality: (Level::Low, Level::Low),
    outcomes: &[("completed", 0.0), ("incomplete", 1.0)],
    hands_on_minutes: 25,
    automation: Some((120, 30)),
    arrivals: Arrivals::Slotted {
        per_week: 0.5,
        week: &OFFICE,
    },
    people: People::Office("identity-queue"),
    inputs: &[
        input("leaver/employee", 3.0, 1.0, &[("completed", 1.0)]),
        input("leaver/contractor", 1.0, 1.0, &[("completed", 1.0)]),
    ],
    wrong: &[wrong(Human, "incomplete", 0.02)],
    steps: &[
        step("receive leaver notice", HUMAN, 5.0, &[go("disable accounts", 1.0)]),
        step("disable accounts", HUMAN, 15.0, &[go("revoke certificates", 0.7), go("collect token", 0.3)]),
        step("revoke certificates", HUMAN, 10.0, &[go("collect token", 1.0)]),
        step("collect token", HUMAN, 120.0, &[go("close offboarding", 1.0)]),
        step("close offboarding", HUMAN, 5.0, &[]),
    ],
    ..BASE
};
