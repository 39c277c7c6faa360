//! What changed between two configurations, in words; and noticing that a file has changed.

use crate::config::daemon::Config;
use crate::config::reports::ReportTerms;
use crate::config::sources::SourceConfig;
use crate::model::hash_text;
use crate::rules::Catalog;
use std::path::PathBuf;

/// What changed that the engine lives by, one line each; empty if nothing did.
pub(crate) fn describe(before: &Config, after: &Config) -> Vec<String> {
    // Every field is named: one that is added later does not compile before it is thought of here.
    let Config {
        listen,
        data_dir,
        sources,
        batch_interval,
        batch_events,
        score_every,
        window,
        retention,
        drift,
        metrics,
        quarantine,
        push,
        limits,
        catalog,
        tolerance,
        // See `describe_beside`.
        reports: _,
        pages: _,
        // Whoever lives by it says what changed of it.
        access: _,
        // Of the command line, which stays.
        overrides: _,
        // Texts and what they are known by: what they say is compared.
        files: _,
        hashes: _,
        documents: _,
    } = after;
    let mut lines = Vec::new();
    if before.listen != *listen {
        lines.push(format!("listen: {listen} needs a restart"));
    }
    if before.data_dir != *data_dir {
        lines.push(format!("data_dir: {} needs a restart", data_dir.display()));
    }
    describe_sources(&before.sources, sources, &mut lines);
    describe_catalog(&before.catalog, catalog, &mut lines);
    let schedule = before.batch_interval == *batch_interval
        && before.batch_events == *batch_events
        && before.score_every == *score_every
        && before.window == *window
        && before.limits == *limits;
    let rest = [
        (before.tolerance == *tolerance, "tolerance table changed"),
        (schedule, "batch, score or limits changed"),
        (before.quarantine == *quarantine, "quarantine changed"),
        (before.push == *push, "push changed"),
        (before.retention == *retention, "retention changed"),
        (before.drift == *drift, "drift changed"),
        (before.metrics == *metrics, "metrics changed"),
    ];
    lines.extend(changed(&rest));
    lines
}

/// What changed that the engine has nothing to do with, one line each.
pub(crate) fn describe_beside(before: &Config, after: &Config) -> Vec<String> {
    let ReportTerms {
        schedule,
        folder,
        formats,
        keep,
        recipients,
    } = &after.reports;
    let was = &before.reports;
    let reports = was.schedule == *schedule
        && was.folder == *folder
        && was.formats == *formats
        && was.keep == *keep;
    changed(&[
        (reports, "reports changed"),
        (
            was.recipients == *recipients,
            "recipients of reports changed",
        ),
        (before.pages == after.pages, "pages changed"),
    ])
}

/// The lines of those that are not the same.
fn changed(compared: &[(bool, &str)]) -> Vec<String> {
    let others = compared.iter().filter(|(same, _)| !same);
    others.map(|(_, line)| (*line).to_owned()).collect()
}

fn describe_sources(before: &[SourceConfig], after: &[SourceConfig], lines: &mut Vec<String>) {
    for source in after {
        match before.iter().find(|known| known.name == source.name) {
            None => lines.push(format!("source {} added", source.name)),
            Some(known) if !known.is_same(source) => {
                lines.push(format!(
                    "source {} changed; what was read already stays as it was mapped",
                    source.name
                ));
            }
            Some(_) => {}
        }
    }
    for source in before {
        if !after.iter().any(|known| known.name == source.name) {
            lines.push(format!("source {} removed", source.name));
        }
    }
}

fn describe_catalog(before: &Catalog, after: &Catalog, lines: &mut Vec<String>) {
    let Catalog {
        processes,
        case_link,
    } = after;
    for (id, process) in processes {
        match before.processes.get(id) {
            None => lines.push(format!("process {id} added")),
            Some(known) if known != process => lines.push(format!("process {id} changed")),
            Some(_) => {}
        }
    }
    for id in before.processes.keys() {
        if !processes.contains_key(id) {
            lines.push(format!("process {id} removed"));
        }
    }
    if before.case_link != *case_link {
        lines.push("case_link of the catalog changed".to_owned());
    }
}

/// A hash over the texts of the configuration's files; a file that can't be read counts as empty, so that its coming and
/// going is a change too.
pub(crate) fn reload_reason(files: &[PathBuf]) -> u64 {
    let texts = files
        .iter()
        .map(|file| std::fs::read_to_string(file).unwrap_or_default());
    hash_text(&texts.collect::<Vec<_>>().join("\u{0}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn config(text: &str) -> Config {
        Config::parse(text, Path::new("toleranced.yaml")).unwrap()
    }

    fn with_catalog(text: &str) -> Config {
        let catalog = Catalog::parse(text, Path::new("catalog.yaml")).unwrap();
        Config {
            catalog,
            ..config("")
        }
    }

    #[test]
    fn each_kind_of_change_is_told_and_nothing_else() {
        let schedule = "batch, score or limits changed";
        for (text, told) in [
            ("# Words.\n", None),
            (
                "listen: 127.0.0.1:1\n",
                Some("listen: 127.0.0.1:1 needs a restart"),
            ),
            ("data_dir: other\n", Some("data_dir: other needs a restart")),
            (
                "sources: [{name: a, paths: [x], mapping: toleranced}]\n",
                Some("source a added"),
            ),
            ("batch: {interval: 1s}\n", Some(schedule)),
            ("batch: {events: 1}\n", Some(schedule)),
            ("score: {every: 1s}\n", Some(schedule)),
            ("score: {window: 1d}\n", Some(schedule)),
            ("limits: {names: 5}\n", Some(schedule)),
            ("quarantine: {keep_raw: true}\n", Some("quarantine changed")),
            ("push: {max_age: 1d}\n", Some("push changed")),
            ("retention: 400d\n", Some("retention changed")),
            ("drift: {false_alarms_per_year: 1}\n", Some("drift changed")),
            ("drift: {baseline_cases: 100}\n", Some("drift changed")),
            ("drift: {baseline_days: 14}\n", Some("drift changed")),
            ("drift: {smallest_change: 2}\n", Some("drift changed")),
            ("drift: {cool_down: 1d}\n", Some("drift changed")),
            ("metrics: {late_after: 2h}\n", Some("metrics changed")),
            ("metrics: {expire_after: 1d}\n", Some("metrics changed")),
            ("metrics: {outcomes: 5}\n", Some("metrics changed")),
            (
                "metrics: {duration_buckets: [1s]}\n",
                Some("metrics changed"),
            ),
        ] {
            let (before, after) = (config(""), config(text));
            let told: Vec<&str> = told.into_iter().collect();
            assert_eq!(describe(&before, &after), told, "{text}");
            assert_eq!(describe(&after, &after), [""; 0], "{text}");
        }
    }

    #[test]
    fn a_source_or_a_process_is_added_changed_or_removed() {
        let source = |path: &str| {
            config(&format!(
                "sources: [{{name: a, paths: [{path}], mapping: toleranced}}]\n"
            ))
        };
        assert_eq!(
            describe(&source("x"), &source("y")),
            ["source a changed; what was read already stays as it was mapped"]
        );
        assert_eq!(describe(&source("x"), &config("")), ["source a removed"]);
        let process = |more: &str| with_catalog(&format!("processes: [{{id: p{more}}}]\n"));
        let declared = process("");
        assert_eq!(describe(&config(""), &declared), ["process p added"]);
        assert_eq!(
            describe(&declared, &process(", criticality: high")),
            ["process p changed"]
        );
        assert_eq!(describe(&declared, &config("")), ["process p removed"]);
    }

    #[test]
    fn the_link_of_cases_and_the_tolerance_table_are_told() {
        let linked = with_catalog("case_link: 'https://soc.example/{id}'\n");
        assert_eq!(
            describe(&config(""), &linked),
            ["case_link of the catalog changed"]
        );
        let mut stricter = config("");
        stricter.tolerance.kappa /= 2.0;
        assert_eq!(
            describe(&config(""), &stricter),
            ["tolerance table changed"]
        );
    }

    #[test]
    fn what_is_no_business_of_the_engine_is_told_beside() {
        for (text, told) in [
            ("# Words.\n", None),
            ("pages: {guide: true}\n", Some("pages changed")),
            ("reports: {every: month}\n", Some("reports changed")),
            ("reports: {at: '0 7 1 * *'}\n", Some("reports changed")),
            ("reports: {keep: 3}\n", Some("reports changed")),
            ("reports: {folder: other}\n", Some("reports changed")),
            ("reports: {formats: [md]}\n", Some("reports changed")),
            (
                "reports: {url: 'http://soc.example'}\n",
                Some("recipients of reports changed"),
            ),
        ] {
            let (before, after) = (config(""), config(text));
            let told: Vec<&str> = told.into_iter().collect();
            assert_eq!(describe_beside(&before, &after), told, "{text}");
            assert_eq!(describe(&before, &after), [""; 0], "{text}");
        }
        let (early, late) = (
            config("reports: {at: '0 7 1 * *'}\n"),
            config("reports: {at: '0 8 1 * *'}\n"),
        );
        assert_eq!(describe_beside(&early, &late), ["reports changed"]);
    }
}
