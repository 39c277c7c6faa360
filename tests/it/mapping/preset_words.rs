//! Records in which a tool ends a case with a word, for the presets of ticket systems, detection tools and run logs.

use super::preset_outcomes::{END, START};
use serde_json::{Value, json};

/// The row of a case: the address of the cases, the number of this one and the word that it ends with.
type Row = fn(&str, usize, &str) -> String;

/// The log of a tool that writes CSV, in which one case ends with each of these words.
pub(super) fn rows(name: &str, words: &[&str]) -> Option<String> {
    let url = "https://gitlab.example/soc/cases/-/issues";
    let (header, row): (&str, Row) = match name {
        "gitlab-issues-csv" => (
            "Issue ID,URL,State,Author Username,Created At (UTC),Closed At (UTC)",
            |url, at, _| format!("{at},{url}/{at},Closed,a,{START},{END}\n"),
        ),
        "redmine-issues-csv" => ("#,Project,Tracker,Status,Created,Closed", |_, at, word| {
            format!("{at},SOC,Incident,{word},2024-05-01 08:00,2024-05-01 09:00\n")
        }),
        "osticket" => (
            "Ticket Number,Date Created,Help Topic,Department,Current Status,Closed Date,Reopen Count",
            |_, at, word| format!("{at},{START},Phishing,SOC,{word},{END},0\n"),
        ),
        _ => return None,
    };
    let rows = words
        .iter()
        .enumerate()
        .map(|(at, word)| row(url, at, word));
    Some(format!("{header}\n{}", rows.collect::<String>()))
}

/// The record in which the tool ends a case with this word.
pub(super) fn record(name: &str, id: &str, word: &str) -> Option<Value> {
    detection(name, id, word)
        .or_else(|| ticket(name, id, word))
        .or_else(|| run(name, id, word))
}

fn detection(name: &str, id: &str, word: &str) -> Option<Value> {
    Some(match name {
        "splunk-notables" => json!({
            "event_id": format!("x@@notable@@{id}"), "_time": START, "review_time": END, "status_label": "Closed",
            "disposition_label": word, "urgency": "high",
        }),
        "splunk-soar-containers" => json!({
            "id": id, "label": "phishing", "status": word, "create_time": START, "close_time": END,
        }),
        "crowdstrike-falcon" if word == "incident closed" => {
            json!({"incident_id": id, "created": START, "status": 40, "modified_timestamp": END})
        }
        "crowdstrike-falcon" => json!({
            "composite_id": id, "created_timestamp": START, "updated_timestamp": END, "status": "closed",
            "resolution": word, "seconds_to_resolved": 0,
        }),
        "google-secops-cases" => json!({
            "caseId": id, "createTime": START, "updateTime": END, "status": "CLOSED",
            "closureDetails": {"reason": word},
        }),
        "opsgenie-alerts" => {
            json!({"id": id, "createdAt": START, "updatedAt": END, "status": word})
        }
        _ => return None,
    })
}

fn ticket(name: &str, id: &str, word: &str) -> Option<Value> {
    Some(match name {
        "gitlab-issues" => json!({
            "references": {"full": format!("soc/cases#{id}")}, "state": word, "created_at": START, "closed_at": END,
        }),
        "gitlab-pipelines" => {
            json!({"id": id, "status": word, "created_at": START, "updated_at": END})
        }
        "redmine-issues" => json!({
            "id": id, "status": {"name": word, "is_closed": true}, "created_on": START, "closed_on": END,
        }),
        "freshservice-tickets" => json!({
            "id": id, "type": "Incident", "created_at": START, "status": 5, "stats": {"closed_at": END},
        }),
        "request-tracker" => json!({"id": id, "Status": word, "Created": START, "Resolved": END}),
        _ => return None,
    })
}

fn run(name: &str, id: &str, word: &str) -> Option<Value> {
    Some(match name {
        "step-functions" => json!({
            "executionArn": format!("arn:aws:states:eu-west-1:1:execution:isolate:{id}"), "status": word,
            "stateMachineArn": "arn:aws:states:eu-west-1:1:stateMachine:isolate", "startDate": START, "stopDate": END,
        }),
        "logic-apps-runs" => json!({
            "id": format!("/workflows/isolate/runs/{id}"), "name": id,
            "properties": {"startTime": START, "endTime": END, "status": word},
        }),
        "temporal-workflows" => json!({
            "execution": {"runId": id}, "type": {"name": "Isolate"}, "startTime": START, "closeTime": END,
            "status": format!("WORKFLOW_EXECUTION_STATUS_{word}"),
        }),
        "argo-workflows" => json!({
            "metadata": {"uid": id, "name": "isolate"}, "spec": {},
            "status": {"phase": word, "startedAt": START, "finishedAt": END},
        }),
        "rundeck-executions" => json!({
            "id": id, "status": word, "project": "soc", "job": {"name": "isolate"},
            "date-started": {"unixtime": 1_714_550_400_000_i64}, "date-ended": {"unixtime": 1_714_554_000_000_i64},
        }),
        "systemd-units" => {
            let success = "7ad2d189f7e94e70a38c781354912448";
            let failure = "d9b373ed55a64feb8242e02dbe79a49c";
            json!({
                "INVOCATION_ID": id, "UNIT": "backup.service", "__REALTIME_TIMESTAMP": "1714550400000000",
                "MESSAGE_ID": if word == "success" { success } else { failure },
                "UNIT_RESULT": (word != "success").then_some(word),
            })
        }
        "torq-executions" => json!({
            "id": id, "workflow_id": "w", "workflow_name": "Isolate", "status": word, "started_at": START,
            "updated_at": END,
        }),
        "openai-agents" => json!({
            "object": "trace.span", "id": id, "trace_id": id, "parent_id": null, "started_at": START, "ended_at": END,
            "span_data": {"type": "agent", "name": "Triage"},
            "error": (word == "error").then(|| json!({"message": "x"})),
        }),
        "mlflow" if matches!(word, "OK" | "ERROR") => json!({
            "info": {"trace_id": id, "request_time": START, "execution_duration_ms": 5, "state": word, "experiment_id": "7"},
            "data": {"spans": []},
        }),
        "mlflow" => json!({"info": {
            "run_id": id, "experiment_id": "7", "status": word, "start_time": 1_714_550_400_000_i64,
            "end_time": 1_714_554_000_000_i64,
        }}),
        _ => return None,
    })
}
