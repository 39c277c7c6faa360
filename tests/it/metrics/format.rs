//! The format of `/metrics` is the one that the request asks for.

use super::{case, two_processes};

#[test]
fn the_format_is_the_one_that_is_asked_for() {
    let home = two_processes();
    home.write("log.ndjson", case(1, 0, "good"));
    let daemon = home.start();
    daemon.wait_for_metric(r#"toleranced_cases_started_total{process="p"}"#, 1.0);
    let ask = |accept: &str, encoding: &str| {
        let config = ureq::Agent::config_builder().build();
        let agent = ureq::Agent::new_with_config(config);
        let url = format!("http://{}/metrics", daemon.address());
        let mut answer = agent
            .get(&url)
            .header("Accept", accept)
            .header("Accept-Encoding", encoding)
            .call()
            .unwrap();
        let header = |name: &str| {
            let value = answer.headers().get(name);
            value.map_or(String::new(), |value| value.to_str().unwrap().to_owned())
        };
        let (kind, packed) = (header("content-type"), header("content-encoding"));
        (kind, packed, answer.body_mut().read_to_vec().unwrap())
    };
    let (kind, packed, body) = ask("*/*", "identity");
    let text = String::from_utf8(body).unwrap();
    assert!(kind.starts_with("text/plain; version=0.0.4") && packed.is_empty());
    assert!(text.contains("# TYPE toleranced_cases_total counter\n"));
    let (kind, packed, body) = ask("application/openmetrics-text;version=1.0.0", "gzip");
    assert!(
        kind.starts_with("application/openmetrics-text; version=1.0.0"),
        "{kind}"
    );
    assert_eq!(packed, "gzip");
    let mut text = String::new();
    let mut unpacked = flate2::read::GzDecoder::new(&body[..]);
    std::io::Read::read_to_string(&mut unpacked, &mut text).unwrap();
    assert!(text.contains("# TYPE toleranced_cases counter\n"), "{text}");
    assert!(text.contains("# UNIT toleranced_case_duration_seconds seconds\n"));
    assert!(text.ends_with("# EOF\n"));
    daemon.stop();
}
