//! Payloads of the vendors themselves. They are no part of the project; the tests are skipped where they are absent.

use super::{decode, lines, preset};
use crate::support::project::shared;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use toleranced::internals::EventBatch;

/// The activities and ends of a vendor's payload, without times and cases.
fn steps(name: &str, file: &Path) -> Vec<String> {
    let mut steps = Vec::new();
    for batch in decode(&preset(name), file) {
        for event in &batch.events {
            let text = |id| batch.names.text(id);
            let mut step = format!("{} {}", event.flags.lifecycle(), text(event.activity));
            if event.outcome.is_some() {
                step = format!("{step} -> {}", text(event.outcome));
            }
            steps.push(step);
        }
        let rejects = batch.rejects.iter();
        steps.extend(rejects.map(|reject| format!("REJECT {}", reject.reason)));
    }
    steps
}

/// What a log counts, as in the README of the folder.
#[derive(Debug, PartialEq)]
struct Figures {
    cases: usize,
    events: usize,
    activities: usize,
    variants: usize,
    singletons: usize,
}

fn figures(batches: &[EventBatch]) -> Figures {
    let mut cases: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for batch in batches {
        for event in &batch.events {
            let order = (event.time, event.sequence, event.place);
            let step = (order, batch.names.text(event.activity));
            cases.entry(batch.text(event.case)).or_default().push(step);
        }
    }
    let events = cases.values().map(Vec::len).sum();
    let mut variants: BTreeMap<Vec<&str>, usize> = BTreeMap::new();
    for events in cases.values_mut() {
        events.sort();
        let path = events.iter().map(|(_, activity)| *activity).collect();
        *variants.entry(path).or_default() += 1;
    }
    let activities: BTreeSet<&str> = variants.keys().flatten().copied().collect();
    Figures {
        cases: cases.len(),
        events,
        activities: activities.len(),
        variants: variants.len(),
        singletons: variants.values().filter(|count| **count == 1).count(),
    }
}

#[test]
fn reference_figures_of_real_logs() {
    // (preset, file, cases, events, activities, variants, variants of one case), as pandas counts them.
    let github = "logs/httpwg_issues.json.gz";
    for (name, file, want) in [
        ("github-issues-export", github, [685, 3746, 3, 72, 28]),
        ("github-pulls-export", github, [585, 2641, 8, 159, 128]),
        ("xes", "logs/Helpdesk.xes.gz", [4580, 21348, 14, 226, 135]),
        ("xes", "logs/env_permit.xes.gz", [1434, 8577, 27, 116, 86]),
        ("xes", "logs/SEPSIS.xes.gz", [1050, 15214, 16, 846, 784]),
    ] {
        let Some(file) = shared(file) else { return };
        let batches = decode(&preset(name), Path::new(&file));
        assert!(
            batches.iter().all(|batch| batch.rejects.is_empty()),
            "{name}"
        );
        let [cases, events, activities, variants, singletons] = want;
        let want = Figures {
            cases,
            events,
            activities,
            variants,
            singletons,
        };
        assert_eq!(figures(&batches), want, "{name} {file}");
    }
}

#[test]
fn payloads_of_the_vendors() {
    for (name, file, want) in [
        (
            "jira-webhook",
            "jira_webhook_cloud_resolved.trimmed.json",
            &["end Resolution set -> Done"][..],
        ),
        (
            "jira-webhook",
            "jira_webhook_server_reopened.trimmed.json",
            &["reopen Reopened"],
        ),
        (
            "thehive-webhook",
            "thehive3_webhook.jsonl",
            &["step Created"],
        ),
        (
            "thehive-webhook",
            "thehive4_case_resolved_webhook.trimmed.json",
            &["end Resolved -> TruePositive"],
        ),
        // Nothing but changes of summary and blockers.
        ("bugzilla-history", "bugzilla_history.json", &[]),
        // The story and the run are named in `meta`, which this sample does not have.
        (
            "tines-story-run-events",
            "tines_story_run_events.json",
            &["REJECT missing_case", "REJECT missing_case"],
        ),
        (
            "shuffle-execution",
            "shuffle_execution.json",
            &[
                "step Hello this is a name",
                "end Execution ended -> finished with failures",
            ],
        ),
        (
            "n8n-execution",
            "n8n_cli_execution.json",
            &[
                "step Execute Workflow Trigger",
                "step Code",
                "step node_var",
                "end Execution ended -> success",
            ],
        ),
    ] {
        let Some(file) = shared(&format!("samples/{file}")) else {
            return;
        };
        assert_eq!(steps(name, Path::new(&file)), want, "{file}");
    }
}

#[test]
fn servicenow_rows_of_the_vendor() {
    let Some(file) = shared("samples/servicenow_incidents_REST.csv") else {
        return;
    };
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for step in steps("servicenow-incidents", Path::new(&file)) {
        let step = step.split(" -> ").next().unwrap_or_default().to_owned();
        *counts.entry(step).or_default() += 1;
    }
    // 67 rows; 27 are resolved and closed; 8 in progress have a closing time left over.
    let want = [
        ("end Closed", 27),
        ("resolved Resolved", 27),
        ("step Opened", 67),
    ];
    assert_eq!(
        counts,
        want.map(|(step, count)| (step.to_owned(), count)).into()
    );
}

#[test]
fn rows_of_the_bpi_challenge_are_put_in_order() {
    let Some(file) = shared("samples/bpic2014_incident_activity.csv") else {
        return;
    };
    let batches = decode(&preset("bpic2014-incident-activity"), Path::new(&file));
    let mut events: Vec<_> = batches[0].events.iter().collect();
    events.sort_by_key(|event| (event.time, event.sequence));
    let path: Vec<&str> = events
        .iter()
        .map(|event| batches[0].names.text(event.activity))
        .collect();
    assert_eq!(
        path,
        [
            "Reassignment",
            "Reassignment",
            "Assignment",
            "Operator Update",
            "Reassignment",
            "Assignment",
            "Update from customer",
            "Closed",
            "Caused By CI"
        ]
    );
    assert_eq!(events[0].time.to_string(), "2013-01-07T08:17:17Z");
}

#[test]
fn every_github_payload_maps_without_a_reject() {
    let Some(folder) = shared("samples/github") else {
        return;
    };
    let mut mapped = BTreeMap::<&str, usize>::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().path();
        let stem = file
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let name = match stem.split('.').next() {
            Some("issues") => "github-issues-webhook",
            Some("workflow_job") => "github-workflow-job",
            Some("workflow_run") => "github-workflow-run",
            _ => continue,
        };
        let batches = decode(&preset(name), Path::new(&file));
        assert!(
            batches.iter().all(|batch| batch.rejects.is_empty()),
            "{stem}: {}",
            lines(&batches)
        );
        *mapped.entry(name).or_default() += batches
            .iter()
            .map(|batch| batch.events.len())
            .sum::<usize>();
    }
    // One for each payload but four: these are about a milestone of a pull request.
    assert_eq!(mapped["github-issues-webhook"], 24);
    assert!(mapped["github-workflow-job"] > 15 && mapped["github-workflow-run"] == 6);
}

#[test]
fn agent_traces_of_many_frameworks() {
    let Some(folder) = shared("agents") else {
        return;
    };
    let mut traces = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().path();
        if file.extension().is_none_or(|ending| ending != "json") {
            continue;
        }
        let text = lines(&decode(&preset("langfuse-trace"), &file));
        let shown = file.display();
        assert!(!text.contains("REJECT"), "{shown}: {text}");
        assert!(text.contains("outcome=completed"), "{shown}: {text}");
        assert!(text.contains(" ai"), "{shown}: {text}");
        traces += 1;
    }
    assert!(traces >= 10, "{traces} traces");
}
