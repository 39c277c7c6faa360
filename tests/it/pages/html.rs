//! The pages as they are sent: headers, content, and what they do without JavaScript.

use crate::support::fleets::{SCRIPT, long_name, soc, thousand};
use crate::support::{DEADLINE, Daemon};

fn headers_of(daemon: &Daemon, path: &str) -> (u16, Vec<(String, String)>, String) {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(DEADLINE))
        .build();
    let agent: ureq::Agent = config.into();
    let mut response = agent
        .get(format!("http://{}{path}", daemon.address()))
        .call()
        .unwrap();
    let told = response.headers().iter();
    let told = told.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    let told = told.collect();
    (
        response.status().as_u16(),
        told,
        response.body_mut().read_to_string().unwrap(),
    )
}

fn told<'a>(headers: &'a [(String, String)], name: &str) -> &'a str {
    let found = headers.iter().find(|(known, _)| known == name);
    found.map_or("", |(_, value)| value)
}

/// The ids or names of the rows that are shown, in order.
fn shown(page: &str) -> Vec<String> {
    let rows = page
        .split("<tr ")
        .skip(1)
        .filter(|row| !row.starts_with("hidden "));
    let name = |row: &str| {
        let from = row.split("<bdi>").nth(1)?;
        Some(from.split("</bdi>").next()?.to_owned())
    };
    rows.filter_map(name).collect()
}

#[test]
fn pages_of_a_soc() {
    let (_home, daemon) = soc();
    every_page_is_guarded(&daemon);
    assets_are_kept_for_long(&daemon);
    names_are_harmless(&daemon);
    every_process_has_a_page(&daemon);
    the_board_sorts_and_filters(&daemon);
    spreadsheets_compute_nothing(&daemon);
    the_guide_can_be_dismissed(&daemon);
    what_is_not_there_says_so(&daemon);
}

fn every_page_is_guarded(daemon: &Daemon) {
    for path in [
        "/",
        "/ingest",
        "/processes/phishing-triage",
        "/nowhere",
        "/processes.csv",
    ] {
        let (_, headers, body) = headers_of(daemon, path);
        let policy = told(&headers, "content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"),
            "{path}: {policy}"
        );
        assert!(policy.contains("frame-ancestors 'none'"), "{path}");
        assert!(!policy.contains("unsafe"), "{path}");
        assert_eq!(
            told(&headers, "x-content-type-options"),
            "nosniff",
            "{path}"
        );
        assert_eq!(told(&headers, "referrer-policy"), "same-origin", "{path}");
        // The policy would not let them work.
        assert!(
            !body.contains(" style=") && !body.contains("<style") && !body.contains(" onclick"),
            "{path}"
        );
        assert!(
            !body.contains("http://") || !body.contains("src=\"http"),
            "{path} loads from elsewhere"
        );
    }
}

fn assets_are_kept_for_long(daemon: &Daemon) {
    let (_, page) = daemon.get("/");
    let mut seen = 0;
    for part in page.split("\"/static/").skip(1) {
        let name = part.split('"').next().unwrap();
        let (status, headers, body) = headers_of(daemon, &format!("/static/{name}"));
        assert_eq!(status, 200, "{name}");
        assert!(
            told(&headers, "cache-control").contains("immutable"),
            "{name}"
        );
        assert!(!body.is_empty());
        seen += 1;
    }
    assert!(seen >= 3, "style, script and mark");
    for path in [
        "/static/style.css",
        "/static/..%2F..%2FCargo.toml",
        "/static/%2e%2e/Cargo.toml",
    ] {
        assert_eq!(daemon.get(path).0, 404, "{path}");
    }
}

fn names_are_harmless(daemon: &Daemon) {
    let path = "/processes/%3Cscript%3Ealert%281%29%3C%2Fscript%3E";
    for path in ["/", path] {
        let (status, body) = daemon.get(path);
        assert_eq!(status, 200, "{path}");
        assert!(
            body.contains("&lt;script&gt;alert(1)&lt;/script&gt;"),
            "{path}"
        );
        assert!(!body.contains(SCRIPT), "{path}");
        assert!(
            !body.contains('\u{202e}') || path != "/",
            "a name turns the text around"
        );
    }
}

fn every_process_has_a_page(daemon: &Daemon) {
    let (_, board) = daemon.get("/");
    let mut seen = 0;
    for part in board
        .split("<th scope=\"row\" class=\"name\"><a href=\"")
        .skip(1)
    {
        let path = part.split('"').next().unwrap().replace("&amp;", "&");
        let (status, body) = daemon.get(&path);
        assert_eq!(status, 200, "{path}");
        assert!(body.contains("id=\"verdict\""), "{path}");
        seen += 1;
    }
    let scored = daemon.json("/api/v1/processes")["processes"]
        .as_array()
        .unwrap()
        .len();
    assert_eq!(seen, scored);
    // As metrics and alerts name it.
    let metrics = daemon.get("/metrics").1;
    let start = &long_name()[..100];
    let at = metrics.find(&format!("process=\"{start}")).unwrap() + "process=\"".len();
    let label = metrics[at..].split('"').next().unwrap();
    assert!(label.contains('~') && label.len() < long_name().len());
    let (status, body) = daemon.get(&format!("/processes/{label}"));
    assert_eq!(status, 200);
    assert!(body.contains(&long_name()));
}

fn the_board_sorts_and_filters(daemon: &Daemon) {
    let by_name = shown(&daemon.get("/?sort=name&dir=asc").1);
    let mut sorted = by_name.clone();
    // By what they are, not by how HTML writes them.
    let plain = |name: &String| name.replace("&lt;", "<").replace("&amp;", "&");
    sorted.sort_by_key(|name| plain(name).to_lowercase());
    assert_eq!(by_name, sorted);
    assert!(by_name.len() > 15);
    let deviation = |row: &str| {
        let value = row.split("data-deviation=\"").nth(1)?.split('"').next()?;
        value.parse::<f64>().ok()
    };
    let (_, page) = daemon.get("/?sort=deviation&dir=desc");
    let values: Vec<f64> = page.split("<tr ").skip(1).filter_map(deviation).collect();
    assert!(
        values.len() > 10 && values.is_sorted_by(|a, b| a >= b),
        "{values:?}"
    );
    let outside = daemon.get("/?status=outside&q=phish").1;
    assert_eq!(shown(&outside), ["Triage of reported phishing mail"]);
    let csv = daemon.get("/processes.csv?status=outside&q=phish").1;
    assert_eq!(csv.lines().count(), 2, "{csv}");
    let nothing = daemon.get("/?q=no-such-process").1;
    assert!(shown(&nothing).is_empty());
    assert!(nothing.contains("No process fits this filter"));
}

fn spreadsheets_compute_nothing(daemon: &Daemon) {
    let (_, csv) = daemon.get("/processes.csv");
    assert!(csv.contains("\n'=1+1,'=1+1,"), "{csv}");
    assert!(!csv.contains("\n=1+1"));
}

fn the_guide_can_be_dismissed(daemon: &Daemon) {
    let (_, guided) = daemon.get("/");
    assert!(guided.contains("id=\"guide\"") && guided.contains("href=\"/?guide=off\""));
    let (_, without) = daemon.get("/?guide=off");
    assert!(!without.contains("id=\"guide\""));
    assert!(without.contains("guide=on"));
}

fn what_is_not_there_says_so(daemon: &Daemon) {
    for path in ["/nowhere", "/processes/nobody", "/processes?id=nobody"] {
        let (status, headers, body) = headers_of(daemon, path);
        assert_eq!(status, 404, "{path}");
        assert!(
            told(&headers, "content-type").starts_with("text/html"),
            "{path}"
        );
        assert!(body.contains("To the board"), "{path}");
    }
    let (status, headers, _) = headers_of(daemon, "/api/v1/nothing");
    assert_eq!(status, 404);
    assert!(told(&headers, "content-type").starts_with("text/plain"));
    let (_, ingest) = daemon.get("/ingest");
    assert!(
        ingest.contains("missing_time") && ingest.contains("malformed"),
        "{ingest}"
    );
}

/// How fast: `cargo bench --bench scrape`.
#[test]
fn a_thousand_processes_are_on_one_board() {
    let (_home, daemon) = thousand();
    let (status, page) = daemon.get("/");
    assert_eq!((status, shown(&page).len()), (200, 1_000));
    assert_eq!(daemon.get("/processes/process-0500").0, 200);
}
