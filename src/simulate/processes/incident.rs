//! Rare and winding: incidents, what they call, and hunts. Two of the three reference scenarios.

use crate::model::Level;
use crate::simulate::arrivals::{ALERTS, ALWAYS, Arrivals, OFFICE};
use crate::simulate::event::Executor::Human;
use crate::simulate::spec::{BASE, CODE, HUMAN, People, Spec, Step, Who, go, input, step, wrong};

/// Mostly tooling, sometimes by hand.
const TOOLED: Who = Who::CodeElsePeople(0.6);

/// Reference scenario: extremely complex, rare, critical.
#[rustfmt::skip] // one row a step
pub(crate) const INCIDENT_RESPONSE: Spec = Spec {
    id: "incident-response",
    name: "Incident response",
    prefix: "INC",
    criticality: (Level::High, Level::High),
    executor: "human",
    outcomes: &[
        ("contained", 0.0),
        ("false_alarm", 0.0),
        ("recurred", 1.0),
        ("data_lost", 1.0),
    ],
    hands_on_minutes: 2_400,
    reviewed: 1.0,
    automation: Some((1_200, 300)),
    arrivals: Arrivals::Slotted {
        per_week: 0.6,
        week: &ALERTS,
    },
    code: "playbook-runner",
    inputs: &[
        input("ransomware/server", 2.0, 1.5, &[("contained", 1.0)]),
        input(
            "business-email-compromise/mailbox",
            3.0,
            1.0,
            &[("contained", 1.0)],
        ),
        input(
            "data-exfiltration/cloud",
            2.0,
            1.2,
            &[("contained", 0.9), ("false_alarm", 0.1)],
        ),
        input("credential-theft/domain", 2.0, 1.0, &[("contained", 1.0)]),
    ],
    wrong: &[
        wrong(Human, "recurred", 0.02),
        wrong(Human, "data_lost", 0.01),
    ],
    reopen: 0.02,
    rework: "verify containment",
    steps: INCIDENT_STEPS,
    ..BASE
};

// Many small loops rather than a few long ones: the mean of eight cases, which is what 90 days show, must
// not wander out of its band. Over 1,500 such samples N went from 122 to 268, with its median at 180.
#[rustfmt::skip] // one row a step
const INCIDENT_STEPS: &[Step] = &[
    // Declare.
    step("declare incident", HUMAN, 5.0, &[go("assign severity", 1.0)]),
    step("assign severity", HUMAN, 15.0, &[go("open war room", 0.7), go("appoint roles", 0.3)]),
    step("open war room", HUMAN, 20.0, &[go("appoint roles", 1.0)]),
    step("appoint roles", HUMAN, 10.0, &[go("preserve logs", 0.6), go("collect endpoint telemetry", 0.4)]),
    step("preserve logs", CODE, 15.0, &[go("collect endpoint telemetry", 1.0)]),
    // Scope: round and round until no new host turns up.
    step("collect endpoint telemetry", CODE, 12.0, &[go("collect cloud logs", 0.6), go("collect network flows", 0.4)]),
    step("collect cloud logs", CODE, 20.0, &[go("collect network flows", 0.6), go("review sign-ins", 0.4)]),
    step("collect network flows", CODE, 15.0, &[go("search indicators", 0.65), go("review sign-ins", 0.35)]),
    step("review sign-ins", HUMAN, 30.0, &[go("search indicators", 0.6), go("interview user", 0.4)]),
    step("interview user", HUMAN, 30.0, &[go("search indicators", 1.0)]),
    step("search indicators", CODE, 10.0, &[go("build timeline", 0.7), go("query threat intelligence", 0.3)]),
    step("query threat intelligence", CODE, 5.0, &[go("build timeline", 1.0)]),
    step("build timeline", HUMAN, 40.0, &[go("scope affected hosts", 0.5), go("scope affected accounts", 0.3), go("scope affected data", 0.2)]),
    step("scope affected data", HUMAN, 30.0, &[go("scope affected hosts", 1.0)]),
    step("scope affected accounts", HUMAN, 25.0, &[go("scope affected hosts", 1.0)]),
    step("scope affected hosts", HUMAN, 30.0, &[go("collect endpoint telemetry", 0.6), go("image memory", 0.4)]),
    // Analyse.
    step("image memory", CODE, 45.0, &[go("image disk", 0.5), go("analyse memory", 0.5)]),
    step("image disk", CODE, 90.0, &[go("analyse memory", 1.0)]),
    step("analyse memory", HUMAN, 90.0, &[go("analyse malware", 0.6), go("analyse persistence", 0.4)]),
    step("analyse malware", HUMAN, 120.0, &[go("analyse persistence", 0.6), go("extract indicators", 0.4)]),
    step("analyse persistence", HUMAN, 60.0, &[go("extract indicators", 1.0)]),
    step("extract indicators", TOOLED, 15.0, &[go("assess exfiltration", 0.5), go("image memory", 0.5)]),
    step("assess exfiltration", HUMAN, 60.0, &[go("brief management", 0.6), go("decide containment", 0.4)]),
    step("brief management", HUMAN, 25.0, &[go("decide containment", 0.6), go("consult legal", 0.4)]),
    step("consult legal", HUMAN, 90.0, &[go("decide containment", 1.0)]),
    // Contain.
    step("decide containment", HUMAN, 20.0, &[go("contain hosts", 0.5), go("block indicators", 0.3), go("segment network", 0.2)])
        .calling("isolate-host", 0.5),
    step("segment network", HUMAN, 30.0, &[go("block indicators", 0.5), go("contain hosts", 0.5)]),
    step("contain hosts", CODE, 15.0, &[go("block indicators", 0.6), go("preserve evidence", 0.4)]),
    step("preserve evidence", HUMAN, 40.0, &[go("block indicators", 1.0)]),
    step("block indicators", CODE, 8.0, &[go("reset credentials", 0.6), go("revoke tokens", 0.4)]),
    step("revoke tokens", CODE, 5.0, &[go("reset credentials", 1.0)]),
    step("reset credentials", CODE, 15.0, &[go("verify containment", 0.7), go("rotate service keys", 0.3)]),
    step("rotate service keys", TOOLED, 40.0, &[go("verify containment", 1.0)]),
    step("verify containment", HUMAN, 25.0, &[go("decide containment", 0.58), go("remove persistence", 0.39), go("search indicators", 0.03)]),
    // Eradicate.
    step("remove persistence", TOOLED, 40.0, &[go("remove malware", 1.0)]),
    step("remove malware", TOOLED, 30.0, &[go("patch entry point", 0.65), go("scan for remnants", 0.35)]),
    step("patch entry point", HUMAN, 60.0, &[go("scan for remnants", 0.7), go("tighten policy", 0.3)]),
    step("tighten policy", HUMAN, 40.0, &[go("scan for remnants", 1.0)]),
    step("scan for remnants", CODE, 45.0, &[go("remove persistence", 0.58), go("rebuild host", 0.42)]),
    // Recover, host by host.
    step("rebuild host", CODE, 120.0, &[go("restore data", 0.65), go("harden host", 0.35)]),
    step("restore data", CODE, 180.0, &[go("verify restored data", 0.6), go("harden host", 0.4)]),
    step("verify restored data", HUMAN, 30.0, &[go("harden host", 1.0)]),
    step("harden host", TOOLED, 40.0, &[go("return to service", 1.0)]),
    step("return to service", HUMAN, 20.0, &[go("rebuild host", 0.68), go("monitor for recurrence", 0.32)]),
    step("monitor for recurrence", CODE, 720.0, &[go("monitor for recurrence", 0.5), go("notify regulator", 0.2), go("inform customers", 0.3)]),
    // Learn.
    step("notify regulator", HUMAN, 120.0, &[go("inform customers", 1.0)]),
    step("inform customers", HUMAN, 60.0, &[go("review lessons", 1.0)]),
    step("review lessons", HUMAN, 180.0, &[go("file improvements", 0.6), go("write report", 0.4)]),
    step("file improvements", HUMAN, 60.0, &[go("write report", 1.0)]),
    step("write report", HUMAN, 240.0, &[go("approve report", 1.0)]),
    step("approve report", HUMAN, 120.0, &[go("close incident", 0.7), go("write report", 0.3)]),
    step("close incident", HUMAN, 15.0, &[]),
];

/// Reference scenario: medium complexity, rare, critical; the part of incident response worth coding first.
#[rustfmt::skip] // one row a step
pub(crate) const ISOLATE_HOST: Spec = Spec {
    id: "isolate-host",
    name: "Isolate a compromised system",
    prefix: "ISO",
    criticality: (Level::High, Level::High),
    outcomes: &[
        ("isolated", 0.0),
        ("wrong_host", 1.0),
        ("not_isolated", 1.0),
    ],
    hands_on_minutes: 45,
    reviewed: 0.5,
    automation: Some((12, 2)),
    parent: Some("incident-response"),
    arrivals: Arrivals::Slotted {
        per_week: 0.2,
        week: &ALWAYS,
    },
    exercises: Some(Arrivals::Slotted {
        per_week: 1.0,
        week: &OFFICE,
    }),
    inputs: &[
        input(
            "isolation-request/workstation",
            3.0,
            1.0,
            &[("isolated", 1.0)],
        ),
        input("isolation-request/server", 2.0, 1.5, &[("isolated", 1.0)]),
    ],
    wrong: &[
        wrong(Human, "wrong_host", 0.01),
        wrong(Human, "not_isolated", 0.01),
    ],
    reopen: 0.01,
    rework: "verify isolation",
    steps: &[
        step("receive isolation request", HUMAN, 2.0, &[go("confirm host and owner", 1.0)]),
        step("confirm host and owner", HUMAN, 6.0, &[go("check business impact", 0.85), go("look up asset inventory", 0.15)]),
        step("look up asset inventory", HUMAN, 8.0, &[go("check business impact", 1.0)]),
        step("check business impact", HUMAN, 6.0, &[go("isolate host in edr", 0.65), go("get approval", 0.35)]),
        step("get approval", HUMAN, 12.0, &[go("isolate host in edr", 1.0)]),
        step("isolate host in edr", HUMAN, 3.0, &[go("verify isolation", 1.0)]),
        step("verify isolation", HUMAN, 5.0, &[go("revoke sessions", 0.85), go("isolate host in edr", 0.15)]),
        step("revoke sessions", HUMAN, 4.0, &[go("collect triage image", 1.0)]),
        step("collect triage image", HUMAN, 20.0, &[go("notify owner", 1.0)]),
        step("notify owner", HUMAN, 6.0, &[go("close isolation", 1.0)]),
        step("close isolation", HUMAN, 4.0, &[]),
    ],
    ..BASE
};

/// Hypotheses lead where they lead.
#[rustfmt::skip] // one row a step
pub(crate) const THREAT_HUNT: Spec = Spec {
    id: "threat-hunt",
    name: "Threat hunt",
    prefix: "HUN",
    criticality: (Level::Medium, Level::Medium),
    outcomes: &[
        ("nothing_found", 0.0),
        ("finding", 0.0),
        ("inconclusive", 0.5),
    ],
    hands_on_minutes: 960,
    automation: Some((400, 120)),
    arrivals: Arrivals::Slotted {
        per_week: 1.5,
        week: &OFFICE,
    },
    people: People::Office("hunt-team"),
    code: "query-runner",
    inputs: &[
        input(
            "living-off-the-land/workstation",
            2.0,
            1.0,
            &[("nothing_found", 0.7), ("finding", 0.3)],
        ),
        input(
            "lateral-movement/server",
            2.0,
            1.0,
            &[("nothing_found", 0.8), ("finding", 0.2)],
        ),
        input(
            "token-theft/cloud",
            1.0,
            1.5,
            &[("nothing_found", 0.6), ("finding", 0.4)],
        ),
    ],
    wrong: &[wrong(Human, "inconclusive", 0.06)],
    steps: &[
        step("state hypothesis", HUMAN, 60.0, &[go("choose data sources", 1.0)]),
        step("choose data sources", HUMAN, 30.0, &[go("write query", 0.8), go("check log coverage", 0.2)]),
        step("check log coverage", CODE, 10.0, &[go("write query", 0.7), go("choose data sources", 0.3)]),
        step("write query", HUMAN, 25.0, &[go("run query", 1.0)]),
        step("run query", CODE, 6.0, &[go("review results", 0.8), go("write query", 0.2)]),
        step("review results", HUMAN, 30.0, &[go("pivot on host", 0.25), go("pivot on account", 0.2), go("write query", 0.2), go("baseline behaviour", 0.15), go("document result", 0.2)]),
        step("pivot on host", HUMAN, 25.0, &[go("run query", 0.6), go("examine host", 0.4)]),
        step("pivot on account", HUMAN, 20.0, &[go("run query", 0.7), go("review results", 0.3)]),
        step("examine host", HUMAN, 45.0, &[go("review results", 0.7), go("document result", 0.3)]),
        step("baseline behaviour", CODE, 15.0, &[go("review results", 1.0)]),
        step("document result", HUMAN, 60.0, &[go("write detection rule", 0.4), go("close hunt", 0.4), go("state hypothesis", 0.2)]),
        step("write detection rule", HUMAN, 90.0, &[go("close hunt", 1.0)]),
        step("close hunt", HUMAN, 10.0, &[]),
    ],
    ..BASE
};
