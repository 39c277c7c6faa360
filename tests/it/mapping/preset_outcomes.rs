//! Each preset classifies the outcomes that its tool writes: a log with every listed word gives no unknown case.

use super::{decode, preset, preset_words};
use crate::support::Scratch;
use crate::support::project::project;
use crate::support::scores::only;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use toleranced::internals::{MappingSpec, PRESETS, Ppm};

/// Presets whose outcomes are words of the user, and presets that map no outcome.
const WITHOUT_WORDS: [&str; 8] = [
    "qradar-offenses",
    "xes",
    "ocel",
    "toleranced",
    "bpic2014-incident-activity",
    "tines-story-run-events",
    "wazuh-alerts",
    "claude-code",
];

/// The words of a preset with their severity.
fn words(name: &str) -> BTreeMap<String, f64> {
    let spec = MappingSpec::load(name).unwrap();
    let words = spec.outcomes.into_iter();
    words.map(|(word, at)| (word, at.value)).collect()
}

/// The log of a tool in which one case ends with each of these words.
fn log(name: &str, words: &[&str]) -> String {
    if name == "servicenow-incidents" {
        let rows = words.iter().enumerate().map(incident_row);
        return format!(
            "number,opened_at,closed_at,incident_state,close_code\n{}",
            rows.collect::<String>()
        );
    }
    if name == "jira-csv" {
        let row = |(at, word): (usize, &&str)| format!("SOC-{at},Alert,SOC,{START},{END},{word}\n");
        let rows: String = words.iter().enumerate().map(row).collect();
        return format!("Issue key,Issue Type,Project key,Created,Resolved,Resolution\n{rows}");
    }
    if let Some(rows) = preset_words::rows(name, words) {
        return rows;
    }
    let records: Vec<Value> = words
        .iter()
        .enumerate()
        .map(|(at, word)| record(name, &at.to_string(), word))
        .collect();
    match name {
        "github-issues-export" => json!({"issues": records}).to_string(),
        "github-pulls-export" => json!({"pulls": records}).to_string(),
        "bugzilla-history" => json!({"bugs": records}).to_string(),
        "jira-rest" => json!({"issues": records}).to_string(),
        "iris-cases" => json!({"data": {"cases": records}}).to_string(),
        "xsoar-workplan" => json!(records).to_string(),
        _ => records.iter().map(|record| format!("{record}\n")).collect(),
    }
}

/// A row of the incident table. A cancelled incident has no close code.
fn incident_row((at, word): (usize, &&str)) -> String {
    let (state, code) = match *word {
        "cancelled" => ("8", ""),
        code => ("7", code),
    };
    format!("INC{at},2024-01-01 08:00:00,2024-01-01 09:00:00,{state},{code}\n")
}

pub(super) const START: &str = "2024-05-01T08:00:00Z";
pub(super) const END: &str = "2024-05-01T09:00:00Z";

/// The record in which the tool ends a case with this word.
fn record(name: &str, id: &str, word: &str) -> Value {
    match name {
        "jira-webhook"
        | "jira-rest"
        | "servicenow-incidents"
        | "thehive-webhook"
        | "bugzilla-history" => ticket(name, id, word),
        name if name.starts_with("github-") => github(name, id, word),
        name => security(name, id, word)
            .or_else(|| automation(name, id, word))
            .or_else(|| preset_words::record(name, id, word))
            .unwrap_or_else(|| run(name, id, word)),
    }
}

fn security(name: &str, id: &str, word: &str) -> Option<Value> {
    Some(match name {
        "servicenow-audit" => json!({
            "tablename": "incident", "documentkey": id, "fieldname": "incident_state", "oldvalue": "2",
            "newvalue": if word == "Closed" { "7" } else { "8" }, "sys_created_on": "2024-05-01 08:00:00",
        }),
        "sentinel-incidents" => json!({
            "IncidentNumber": id, "CreatedTime": START, "ClosedTime": END, "Status": "Closed", "Classification": word,
        }),
        "defender-incidents" => json!({
            "id": id, "createdDateTime": START, "lastUpdateDateTime": END, "status": "resolved", "classification": word,
        }),
        "pagerduty-incidents" => json!({
            "id": id, "incident_number": 1, "created_at": START, "resolved_at": END, "status": word,
        }),
        "zendesk-tickets" if word == "solved" => {
            json!({"ticket_id": id, "created_at": START, "solved_at": END, "reopens": 0})
        }
        "zendesk-tickets" => json!({"ticket_id": id, "created_at": END, "events": [
            {"id": id, "type": "Change", "field_name": "status", "value": word, "previous_value": "solved"},
        ]}),
        "thehive5" => json!({
            "_id": id, "_type": "Case", "_createdAt": 1_714_550_400_000_i64, "endDate": 1_714_554_000_000_i64,
            "stage": "Closed", "status": word,
        }),
        "iris-cases" => json!({"case_id": id, "status_name": word, "modification_history": {
            "1714550400.5": {"action": "created"}, "1714554000.5": {"action": "case closed"},
        }}),
        "elastic-cases" => json!({
            "id": id, "owner": "cases", "created_at": START, "closed_at": END, "status": word,
        }),
        "glpi-tickets" => json!({
            "id": id, "date": START, "solvedate": END, "closedate": END, "status": 6,
        }),
        _ => return None,
    })
}

fn automation(name: &str, id: &str, word: &str) -> Option<Value> {
    let (epoch, scored) = (
        1_722_500_000_000_i64,
        if word == "correct" { "C" } else { "I" },
    );
    Some(match name {
        "airflow-dag-runs" => json!({
            "dag_id": "d", "dag_run_id": id, "state": word, "start_date": START, "end_date": END, "run_type": "manual",
        }),
        "airflow-task-instances" => json!({
            "dag_id": "d", "dag_run_id": id, "task_id": "t", "state": word, "start_date": START, "end_date": END,
        }),
        "jenkins-builds" => json!({
            "id": id, "fullDisplayName": format!("isolate #{id}"), "timestamp": epoch, "duration": 5, "result": word,
            "building": false,
        }),
        "awx-jobs" => {
            json!({"id": id, "name": "j", "started": START, "finished": END, "status": word})
        }
        "tau-bench" => {
            json!({"task_id": id, "trial": 0, "reward": if word == "solved" { 1.0 } else { 0.0 }})
        }
        "tau2-bench" => json!({
            "id": id, "task_id": id, "start_time": START, "end_time": END,
            "reward_info": {"reward": if word == "solved" { 1.0 } else { 0.0 }},
        }),
        "inspect-ai" if word == "error" => json!({"id": id, "epoch": 1, "error": {"message": "x"}}),
        "inspect-ai" => json!({"id": id, "epoch": 1, "scores": {"match": {"value": scored}}}),
        "swe-bench" => {
            let list = match word {
                "empty patch" => "empty_patch_ids".to_owned(),
                word => format!("{word}_ids"),
            };
            let mut report = json!({});
            report[list] = json!([id]);
            report
        }
        _ => return None,
    })
}

fn ticket(name: &str, id: &str, word: &str) -> Value {
    let change = json!({"field": "resolution", "to": "1", "toString": word});
    let status = json!({"field": "status", "to": "9", "toString": "Ended"});
    match name {
        "jira-webhook" => json!({
            "webhookEvent": "jira:issue_updated", "timestamp": 1_700_000_000_000_i64,
            "issue": {"id": id, "key": format!("SOC-{id}"), "fields": {
                "project": {"key": "SOC"}, "issuetype": {"name": "Alert"}, "resolution": {"name": word},
                "status": {"name": "Ended", "statusCategory": {"key": "done"}}}},
            "changelog": {"id": id, "items": [status, change]},
        }),
        "jira-rest" => json!({
            "id": id, "key": format!("SOC-{id}"),
            "fields": {"project": {"key": "SOC"}, "issuetype": {"name": "Alert"}, "created": START},
            "changelog": {"histories": [{"id": id, "created": END, "items": [status, change]}]},
        }),
        "thehive-webhook" => json!({
            "operation": "Update", "objectType": "case", "objectId": id, "rootId": id, "requestId": id,
            "startDate": 1_700_000_000_000_i64,
            "details": {"status": "Resolved", "resolutionStatus": word},
        }),
        "bugzilla-history" => json!({"id": id, "history": [{"when": END, "changes": [
            {"field_name": "status", "removed": "CONFIRMED", "added": "RESOLVED"},
            {"field_name": "resolution", "removed": "", "added": word},
        ]}]}),
        other => panic!("no record of {other}"),
    }
}

fn github(name: &str, id: &str, word: &str) -> Value {
    let repository = json!({"full_name": "example/runbooks"});
    let merged = (word == "merged").then_some(END);
    // GitHub gives no reason for an issue that was closed before there were reasons.
    let reason = (word != "closed").then_some(word);
    match name {
        "github-workflow-run" => json!({
            "action": "completed", "repository": repository, "workflow": {"name": "Isolate"},
            "workflow_run": {"id": id, "run_attempt": 1, "created_at": START, "updated_at": END, "conclusion": word},
        }),
        "github-workflow-job" => json!({
            "action": "completed", "repository": repository,
            "workflow_job": {"id": id, "run_id": id, "run_attempt": 1, "workflow_name": "Isolate", "name": "contain",
                "created_at": START, "completed_at": END, "conclusion": word, "steps": []},
        }),
        "github-issues-webhook" => json!({
            "action": "closed", "repository": repository, "sender": {"type": "User"},
            "issue": {"id": id, "number": id, "created_at": START, "updated_at": END, "closed_at": END,
                "state_reason": reason},
        }),
        "github-issues-export" => {
            json!({"number": id, "createdAt": START, "closedAt": END, "comments": []})
        }
        "github-pulls-export" => json!({
            "number": id, "createdAt": START, "closedAt": END, "mergedAt": merged, "comments": [], "reviews": [],
        }),
        other => panic!("no record of {other}"),
    }
}

fn run(name: &str, id: &str, word: &str) -> Value {
    let is_error = word == "error";
    match name {
        "n8n-execution" => json!({
            "id": id, "workflowId": "w", "mode": "trigger", "finished": word == "success", "status": word,
            "startedAt": START, "stoppedAt": END, "data": {"resultData": {"runData": {}}},
        }),
        "shuffle-execution" => {
            let (status, results) = match word {
                "aborted" => ("ABORTED", json!([])),
                "failed" => ("FAILURE", json!([])),
                "finished with failures" => (
                    "FINISHED",
                    json!([{"action": {"id": "a", "label": "Look up"}, "status": "FAILURE", "started_at": 1_722_500_000}]),
                ),
                _ => ("FINISHED", json!([])),
            };
            json!({
                "execution_id": id, "workflow_id": "w", "status": status, "started_at": 1_722_500_000,
                "completed_at": 1_722_500_010, "results": results,
            })
        }
        "stackstorm-execution" => json!({"id": id, "action": {"ref": "soc.isolate"}, "log": [
            {"status": "running", "timestamp": START}, {"status": word, "timestamp": END},
        ]}),
        "xsoar-workplan" => json!({"invPlaybook": {
            "investigationId": id, "name": "Phishing", "state": word, "modified": END, "tasks": {},
        }}),
        "langfuse-trace" => json!({"id": id, "name": "triage", "observations": [{
            "id": format!("o{id}"), "parentObservationId": null, "type": "AGENT", "name": "triage",
            "level": if is_error { "ERROR" } else { "WARNING" }, "startTime": START, "endTime": END,
        }]}),
        "langsmith-run" => json!({
            "id": id, "trace_id": id, "parent_run_id": null, "name": "triage", "run_type": "chain",
            "start_time": START, "end_time": END, "status": word,
        }),
        "phoenix-spans" => json!({
            "name": "triage", "context": {"trace_id": id, "span_id": id}, "parent_id": null, "start_time": START,
            "end_time": END, "status_code": if is_error { "ERROR" } else { "OK" },
        }),
        "opentelemetry-genai" => json!({"resourceSpans": [{
            "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "triage"}}]},
            "scopeSpans": [{"spans": [{
                "traceId": id, "spanId": format!("s{id}"), "startTimeUnixNano": "1727769600000000000",
                "endTimeUnixNano": "1727769603000000000", "status": {"code": if is_error { 2 } else { 0 }},
                "attributes": [{"key": "gen_ai.operation.name", "value": {"stringValue": "invoke_agent"}}],
            }]}],
        }]}),
        other => panic!("no record of {other}"),
    }
}

/// Presets that list words.
fn presets_with_words() -> impl Iterator<Item = &'static str> {
    let names = PRESETS.iter().map(|(name, _)| *name);
    names.filter(|name| !WITHOUT_WORDS.contains(name))
}

#[test]
fn preset_that_maps_an_outcome_lists_words() {
    for (name, _) in PRESETS {
        let lists_words = !words(name).is_empty();
        assert_eq!(lists_words, !WITHOUT_WORDS.contains(name), "{name}");
    }
}

#[test]
fn listed_word_has_its_severity_by_the_preset() {
    let scratch = Scratch::new();
    for name in presets_with_words() {
        let words = words(name);
        let list: Vec<&str> = words.keys().map(String::as_str).collect();
        let file = scratch.write(name, log(name, &list));
        let mut got = BTreeMap::new();
        for batch in decode(&preset(name), file.as_ref()) {
            assert!(batch.rejects.is_empty(), "{name}: {:?}", batch.rejects);
            let outcomes = batch.events.iter().filter(|event| event.outcome.is_some());
            got.extend(outcomes.map(|event| {
                let severity = event.flags.severity();
                (batch.names.text(event.outcome).to_owned(), severity)
            }));
        }
        let want: BTreeMap<String, Option<Ppm>> = words
            .into_iter()
            .map(|(word, severity)| (word, Some(Ppm((severity * 1e6).round() as u32))))
            .collect();
        assert_eq!(got, want, "{name}");
    }
}

#[test]
fn log_with_every_listed_word_has_no_unknown_case() {
    let scratch = Scratch::new();
    for name in presets_with_words() {
        let words = words(name);
        let list: Vec<&str> = words.keys().map(String::as_str).collect();
        let file = scratch.write(name, log(name, &list));
        let scores = scratch.score(&["--map", name, &file]);
        let score = only(&scores);
        let outcomes: BTreeSet<&str> = score["outcomes"]
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        let want: BTreeSet<&str> = list.into_iter().collect();
        assert_eq!(outcomes, want, "{name}");
        assert_eq!(score["unknown_cases"], 0, "{name}");
        let mean = words.values().sum::<f64>() / words.len() as f64;
        let got = score["deviation"]["mean"].as_f64().unwrap();
        assert!((got - mean).abs() < 1e-6, "{name}: {got}, not {mean}");
    }
}

#[test]
fn word_that_a_preset_leaves_out_is_unknown() {
    let scratch = Scratch::new();
    for (name, word) in [
        ("servicenow-incidents", "Closed/Resolved by Caller"),
        ("thehive-webhook", "Indeterminate"),
        ("thehive5", "Other"),
        ("iris-cases", "not_applicable"),
        ("jira-webhook", "Cannot Reproduce"),
        ("jira-rest", "Hardware failure"),
        ("bugzilla-history", "WORKSFORME"),
        ("github-issues-webhook", "not_planned"),
        ("github-pulls-export", "closed without merge"),
        ("splunk-notables", "Undetermined"),
        ("splunk-soar-containers", "handed over"),
        ("crowdstrike-falcon", "ignored"),
        ("google-secops-cases", "INCONCLUSIVE"),
        ("redmine-issues", "Rejected"),
        ("request-tracker", "rejected"),
        ("osticket", "Deleted"),
        ("torq-executions", "DROPPED"),
        ("logic-apps-runs", "Skipped"),
        ("temporal-workflows", "CONTINUED_AS_NEW"),
        ("rundeck-executions", "other"),
        ("systemd-units", "exec-condition"),
    ] {
        let file = scratch.write(name, log(name, &[word]));
        let scores = scratch.score(&["--map", name, &file]);
        let score = only(&scores);
        assert_eq!(score["outcomes"][word], 1, "{name}");
        assert_eq!(score["unknown_cases"], 1, "{name}");
    }
}

#[test]
fn table_of_words_in_the_documentation_is_that_of_the_presets() {
    let page = std::fs::read_to_string(project("docs/mapping.md")).unwrap();
    let mut rows = String::new();
    for name in presets_with_words() {
        let words = words(name);
        let with = |severity: f64| {
            let same = words.iter().filter(|(_, found)| **found == severity);
            let same: Vec<String> = same.map(|(word, _)| format!("`{word}`")).collect();
            same.join(", ")
        };
        rows.push_str(&format!("| `{name}` | {} | {} |\n", with(0.0), with(1.0)));
    }
    assert!(page.contains(&rows), "the table should be\n{rows}");
}
