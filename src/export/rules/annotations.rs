//! Texts of alerts: Go templates made of constant texts and of labels.

use super::{Alert, Annotations, Basis, Labels, Rule, Severity};
use crate::drift::Stream;

/// What an alerting rule says and when, without what follows from the configuration.
pub(super) struct Text {
    pub(super) alert: &'static str,
    pub(super) r#for: &'static str,
    pub(super) summary: String,
    pub(super) description: String,
}

/// An alert on a process.
pub(super) fn process(basis: &Basis, severity: Severity, text: &Text, expr: String) -> Rule {
    // A `+` in a path is a plus, so the blank that `urlquery` writes as one is written as in paths.
    let page = r#"/processes/{{ reReplaceAll "\\+" "%20" (urlquery $labels.process) }}"#;
    rule(basis, severity, text, expr, Some(page))
}

/// An alert on the daemon itself.
pub(super) fn daemon(basis: &Basis, severity: Severity, text: &Text, expr: String) -> Rule {
    rule(basis, severity, text, expr, Some("/"))
}

/// An alert that says that there is no daemon to look at.
pub(super) fn without_page(basis: &Basis, severity: Severity, text: &Text, expr: String) -> Rule {
    rule(basis, severity, text, expr, None)
}

fn rule(basis: &Basis, severity: Severity, text: &Text, expr: String, page: Option<&str>) -> Rule {
    let daemon = match &basis.daemon_url {
        Some(url) => constant(url.trim_end_matches('/')),
        None => "http://{{ $labels.instance }}".to_owned(),
    };
    let runbooks = constant(basis.runbook_url.trim_end_matches('/'));
    Rule::Alert(Box::new(Alert {
        alert: text.alert.to_owned(),
        expr,
        r#for: text.r#for.to_owned(),
        labels: Labels { severity },
        annotations: Annotations {
            summary: text.summary.clone(),
            description: text.description.clone(),
            runbook_url: format!("{runbooks}/{}.md", text.alert),
            dashboard_url: page.map(|page| format!("{daemon}{page}")),
        },
    }))
}

/// A text that is no template, whatever it contains.
fn constant(text: &str) -> String {
    text.replace("{{", r#"{{ "{{" }}"#)
}

/// The present value of another metric of the same process in a template: `metric` with further `labels`, shown by a
/// function of Prometheus; `before` and `after` stand around it, and nothing at all stands there where it is not known.
pub(super) fn look_up(
    metric: &str,
    labels: &[&str],
    before: &str,
    show: &str,
    after: &str,
) -> String {
    let names = [&["job", "instance", "process"], labels].concat();
    let matchers: Vec<String> = names.iter().map(|name| format!("{name}=%q")).collect();
    let values: Vec<String> = names.iter().map(|name| format!("$labels.{name}")).collect();
    format!(
        "{{{{ with printf `{metric}{{{}}}` {} | query }}}}{before}{{{{ . | first | value | {show} }}}}{after}{{{{ end }}}}",
        matchers.join(","),
        values.join(" "),
    )
}

/// The stream of a drift alarm of one process in words.
pub(super) fn stream() -> String {
    stream_in_words(stream_says, "{{ $labels.stream }} has changed")
}

/// The stream of a drift alarm of several processes in words.
pub(super) fn stream_of_many() -> String {
    stream_in_words(
        stream_of_many_says,
        "their {{ $labels.stream }} has changed",
    )
}

fn stream_in_words(says: fn(Stream) -> &'static str, otherwise: &str) -> String {
    let mut template = String::new();
    for (at, stream) in Stream::ALL.into_iter().enumerate() {
        let word = if at == 0 { "if" } else { "else if" };
        let says = says(stream);
        template += &format!(
            "{{{{ {word} eq $labels.stream `{}` }}}}{says}",
            stream.word()
        );
    }
    template + "{{ else }}" + otherwise + "{{ end }}"
}

fn stream_says(stream: Stream) -> &'static str {
    match stream {
        Stream::Deviation => "its cases deviate more",
        Stream::DurationLocation => "its cases take another time",
        Stream::DurationDispersion => "its durations spread otherwise",
        Stream::OutcomeMix => "an outcome has become more frequent",
        Stream::InputVariance => "the same input ends otherwise more often",
        Stream::PathNovelty => "more cases take paths that were not there before",
        Stream::FrequencyUp => "more cases begin",
        Stream::FrequencyDown => "fewer cases begin",
        Stream::CriticalOutcome => "its critical outcome is more frequent than acceptable",
    }
}

fn stream_of_many_says(stream: Stream) -> &'static str {
    match stream {
        Stream::Deviation => "their cases deviate more",
        Stream::DurationLocation => "their cases take longer or less long",
        Stream::DurationDispersion => "their durations spread wider or less wide",
        Stream::OutcomeMix => "an outcome is more frequent",
        Stream::CriticalOutcome => "their critical outcomes are more frequent than acceptable",
        other => stream_says(other),
    }
}
