//! The description of the API against the API: every route is described, every answer is as described.

use crate::support::daemon::agent;
use crate::support::fleets::{SCRIPT, soc};
use crate::support::heavy::Turn;
use crate::support::project::{project, rust_files};
use crate::support::{Daemon, texts};
use boon::{Compiler, Schemas};
use regex::Regex;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn description() -> Value {
    let file = project("docs/openapi.json");
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

/// `GET /path` of every route in the sources.
fn routes() -> BTreeSet<String> {
    let route = Regex::new(r#"\.route\(\s*"([^"]+)",\s*(get|post)\("#).unwrap();
    let more_methods =
        Regex::new(r"\)\s*\.(get|post|put|patch|delete|any|on)\(\s*[a-z_:]+\)").unwrap();
    let mut found = BTreeSet::new();
    for file in rust_files("src/web") {
        let text = std::fs::read_to_string(&file).unwrap();
        let here: Vec<String> = route
            .captures_iter(&text)
            .map(|c| format!("{} {}", c[2].to_uppercase(), &c[1]))
            .collect();
        // A route that is written in another way would be overlooked.
        let calls = [".route(", ".route_service(", ".nest(", ".nest_service("];
        let calls: usize = calls.iter().map(|call| text.matches(call).count()).sum();
        assert_eq!(here.len(), calls, "{}: {here:?}", file.display());
        if calls > 0 {
            assert!(!more_methods.is_match(&text), "{}", file.display());
        }
        found.extend(here);
    }
    found
}

/// Method, path and description of every operation.
fn operations(description: &Value) -> Vec<(&str, &str, &Value)> {
    let items = description["paths"].as_object().unwrap().iter();
    let operations = items.flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().iter();
        methods.map(move |(method, operation)| (method.as_str(), path.as_str(), operation))
    });
    operations.collect()
}

#[test]
fn every_route_is_described_and_nothing_else() {
    let description = description();
    let described: BTreeSet<String> = operations(&description)
        .into_iter()
        .map(|(method, path, _)| format!("{} {path}", method.to_uppercase()))
        .collect();
    let routes = routes();
    assert!(
        routes.len() >= 25,
        "the test has lost sight of the routes: {routes:?}"
    );
    assert_eq!(routes, described);
}

/// Whatever a route does, a request can be refused before it, and given up.
#[test]
fn what_every_route_can_answer_is_described_for_each() {
    let description = description();
    let mut seen = 0;
    for (method, path, operation) in operations(&description) {
        let mut statuses = vec!["503"];
        // Who needs no role is not refused.
        if !operation["security"].as_array().unwrap().is_empty() {
            statuses.extend(["401", "403", "421", "429"]);
        }
        if method == "post" {
            statuses.push("408");
        }
        for status in statuses {
            let mut response = &operation["responses"][status];
            if let Some(shared) = response["$ref"].as_str() {
                let pointer = shared.strip_prefix('#').unwrap();
                response = description.pointer(pointer).unwrap();
            }
            let is_text = response["content"]["text/plain"].is_object();
            assert!(is_text, "{method} {path} answers {status}: {response}");
            assert!(response["description"].is_string(), "{response}");
            seen += 1;
        }
    }
    assert!(seen > 100, "{seen}");
}

#[test]
fn every_parameter_of_a_path_and_every_json_answer_is_described() {
    let description = description();
    let name = Regex::new(r"\{([a-z]+)\}").unwrap();
    for (method, path, operation) in operations(&description) {
        let expected: Vec<&str> = name
            .captures_iter(path)
            .map(|found| found.get(1).unwrap().as_str())
            .collect();
        let parameters = operation["parameters"].as_array();
        let described: Vec<&str> = parameters
            .into_iter()
            .flatten()
            .filter(|parameter| parameter["in"] == "path" && parameter["required"] == true)
            .map(|parameter| parameter["name"].as_str().unwrap())
            .collect();
        assert_eq!(described, expected, "{method} {path}");
        assert!(operation["summary"].is_string(), "{method} {path}");
        for (status, response) in operation["responses"].as_object().unwrap() {
            for (kind, content) in response["content"].as_object().into_iter().flatten() {
                let schema = &content["schema"];
                assert!(
                    schema.is_object(),
                    "{method} {path} answers {status} as {kind} without a schema"
                );
            }
        }
    }
}

/// What is wrong with a JSON answer; nothing where it is as described.
fn faults(description: &Value, path: &str, answer: &Value) -> Vec<String> {
    let content = &description["paths"][path]["get"]["responses"]["200"]["content"];
    let mut schema = content["application/json"]["schema"].clone();
    assert!(schema.is_object(), "{path} has no schema");
    schema["components"] = description["components"].clone();
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.add_resource("answer.json", schema).unwrap();
    let schema = compiler.compile("answer.json", &mut schemas).unwrap();
    let checked = schemas.validate(answer, schema);
    checked
        .err()
        .map(|error| format!("{path}: {error:#}"))
        .into_iter()
        .collect()
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[test]
fn every_answer_is_as_described() {
    let (_home, daemon) = soc();
    let description = description();
    let path = "/api/v1/processes";
    assert_eq!(
        faults(&description, path, &json!({"processes": 1})).len(),
        1
    );
    let mut wrong = Vec::new();
    let mut check = |described: &str, path: &str| {
        let (status, body) = daemon.get(path);
        assert_eq!(status, 200, "{path}: {body}");
        wrong.extend(faults(
            &description,
            described,
            &serde_json::from_str(&body).unwrap(),
        ));
    };
    for path in [
        "processes",
        "drift",
        "alarms",
        "sources",
        "ingest",
        "openapi.json",
    ] {
        let path = format!("/api/v1/{path}");
        check(&path, &path);
    }
    check("/api/v1/alarms/{id}", "/api/v1/alarms/1");
    for id in [
        "phishing-triage",
        "incident-response",
        "service-desk",
        SCRIPT,
    ] {
        check(
            "/api/v1/processes/{id}",
            &format!("/api/v1/processes/{}", encoded(id)),
        );
    }
    assert!(
        wrong.is_empty(),
        "{}",
        wrong[..wrong.len().min(20)].join("\n")
    );
    assert_eq!(
        serde_json::from_str::<Value>(&daemon.get("/api/v1/openapi.json").1).unwrap(),
        description
    );
    every_table_is_there(&daemon, &description);
    refusals_are_described(&daemon, &description);
}

/// A path that the daemon can answer with 200.
fn example(daemon: &Daemon, path: &str) -> String {
    let style = || {
        let page = daemon.get("/").1;
        let begin = page.find("/static/style.").unwrap();
        let name = &page[begin + "/static/".len()..];
        name[..name.find('"').unwrap()].to_owned()
    };
    let filled = match path {
        "/static/{file}" => path.replace("{file}", &style()),
        "/reports/{name}" => path.replace("{name}", &report_in_feed(daemon)),
        "/api/v1/alarms/{id}" => path.replace("{id}", "1"),
        "/api/v1/ingest/{table}" => path.replace("{table}", "sources.csv"),
        "/processes" => "/processes?id=phishing-triage".to_owned(),
        _ => path
            .replace("{id}", "phishing-triage")
            .replace("{table}", "days.csv"),
    };
    assert!(!filled.contains('{'), "no example for {path}");
    filled
}

/// The name of a report that was written.
fn report_in_feed(daemon: &Daemon) -> String {
    let feed = daemon.get("/reports/feed.xml").1;
    let links = Regex::new(r#"href="[^"]*/reports/([^"/]+\.(?:html|json|md|csv))""#).unwrap();
    links.captures(&feed).expect("a report")[1].to_owned()
}

#[test]
fn every_get_answers_with_a_described_type_also_to_head_and_every_post_is_a_post() {
    let (_home, daemon) = soc();
    let description = description();
    let base = format!("http://{}", daemon.address());
    for (method, path, operation) in operations(&description) {
        if method == "post" {
            let path = path.replace("{id}", "1").replace("{source}", "in");
            let response = agent().get(format!("{base}{path}")).call().unwrap();
            assert_eq!(response.status(), 405, "GET {path}");
            continue;
        }
        let url = base.clone() + &example(&daemon, path);
        let described = operation["responses"]["200"]["content"]
            .as_object()
            .unwrap();
        for response in [agent().get(&url).call(), agent().head(&url).call()] {
            let response = response.unwrap();
            assert_eq!(response.status(), 200, "{url}");
            let kind = response.headers()["content-type"].to_str().unwrap();
            let kind = kind.split(';').next().unwrap();
            assert!(described.contains_key(kind), "{url} is {kind}");
        }
    }
    daemon.stop();
}

fn every_table_is_there(daemon: &Daemon, description: &Value) {
    for (path, base) in [
        (
            "/api/v1/processes/{id}/{table}",
            "/api/v1/processes/phishing-triage",
        ),
        ("/api/v1/ingest/{table}", "/api/v1/ingest"),
    ] {
        let parameters = description["paths"][path]["get"]["parameters"]
            .as_array()
            .unwrap();
        let names = parameters.last().unwrap()["schema"]["enum"]
            .as_array()
            .unwrap();
        assert!(!names.is_empty());
        for name in names {
            let path = format!("{base}/{}", name.as_str().unwrap());
            let (status, body) = daemon.get(&path);
            assert_eq!(status, 200, "{path}");
            let header = body.lines().next().unwrap();
            assert!(header.contains(','), "{path}: {header}");
        }
    }
}

fn refusals_are_described(daemon: &Daemon, description: &Value) {
    let described = |path: &str, method: &str, status: u16| {
        let responses = &description["paths"][path][method]["responses"];
        assert!(
            responses[status.to_string()].is_object(),
            "{method} {path} answers {status}"
        );
    };
    for (path, asked, expected) in [
        ("/api/v1/processes/{id}", "/api/v1/processes/nobody", 404),
        (
            "/api/v1/processes/{id}/{table}",
            "/api/v1/processes/phishing-triage/people.csv",
            404,
        ),
        ("/api/v1/processes/{id}", "/api/v1/processes/%FF", 400),
        ("/api/v1/alarms/{id}", "/api/v1/alarms/999999", 404),
        ("/api/v1/alarms/{id}", "/api/v1/alarms/first", 400),
        ("/api/v1/ingest/{table}", "/api/v1/ingest/people.csv", 404),
    ] {
        assert_eq!(daemon.get(asked).0, expected, "{asked}");
        described(path, "get", expected);
    }
    let (status, _) = daemon.post_json("/api/v1/marks", &json!({"text": "x"}));
    described("/api/v1/marks", "post", status);
    assert!((400..500).contains(&status), "{status}");
}

/// Schemathesis makes requests of every kind from the description: no server error, no answer that it does not name.
#[test]
fn no_request_brings_a_server_error_or_an_answer_that_is_not_described() {
    let program = project("target/python/bin/schemathesis");
    if !program.exists() {
        println!("skipped: needs schemathesis in target/python; `./test` installs it");
        return;
    }
    let _turn = Turn::take();
    let (home, daemon) = soc();
    let checks = "not_a_server_error,status_code_conformance,content_type_conformance,\
        response_headers_conformance,response_schema_conformance,unsupported_method,allow_header_conformance";
    let out = std::process::Command::new(program)
        .current_dir(home.path(""))
        .args(["run", "--no-color", "--seed", "1", "--max-examples", "12"])
        .args(["--checks", checks])
        .arg(format!("http://{}/api/v1/openapi.json", daemon.address()))
        .output()
        .unwrap();
    let (said, errors) = texts(&out);
    assert!(out.status.success(), "{said}{errors}");
    // It leaves out the description itself.
    let tested = format!("Tested: {}", operations(&description()).len() - 1);
    assert!(said.contains(&tested), "not {tested}: {said}");
    daemon.stop();
}
