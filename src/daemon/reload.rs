//! What changed between two configurations, in words; and noticing that a file has changed.

use crate::config::daemon::Config;
use crate::model::hash_text;
use std::path::PathBuf;

/// What changed, one line each; empty if nothing did.
pub fn describe(before: &Config, after: &Config) -> Vec<String> {
    let mut lines = Vec::new();
    if before.listen != after.listen {
        lines.push(format!("listen: {} needs a restart", after.listen));
    }
    if before.data_dir != after.data_dir {
        lines.push(format!(
            "data_dir: {} needs a restart",
            after.data_dir.display()
        ));
    }
    for source in &after.sources {
        match before
            .sources
            .iter()
            .find(|known| known.name == source.name)
        {
            None => lines.push(format!("source {} added", source.name)),
            Some(known) if format!("{known:?}") != format!("{source:?}") => {
                lines.push(format!(
                    "source {} changed; what was read already stays as it was mapped",
                    source.name
                ));
            }
            Some(_) => {}
        }
    }
    for source in &before.sources {
        if !after.sources.iter().any(|known| known.name == source.name) {
            lines.push(format!("source {} removed", source.name));
        }
    }
    for (id, process) in &after.catalog.processes {
        match before.catalog.processes.get(id) {
            None => lines.push(format!("process {id} added")),
            Some(known) if known != process => lines.push(format!("process {id} changed")),
            Some(_) => {}
        }
    }
    for id in before.catalog.processes.keys() {
        if !after.catalog.processes.contains_key(id) {
            lines.push(format!("process {id} removed"));
        }
    }
    if before.tolerance != after.tolerance {
        lines.push("tolerance table changed".to_owned());
    }
    let schedule = |config: &Config| {
        (
            config.batch_interval,
            config.batch_events,
            config.score_every,
            config.window,
            config.limits.clone(),
        )
    };
    if schedule(before) != schedule(after) {
        lines.push("batch, score or limits changed".to_owned());
    }
    lines
}

/// A hash over the texts of the configuration's files; a file that can't be read counts as empty, so that its coming and
/// going is a change too.
pub fn reload_reason(files: &[PathBuf]) -> u64 {
    let texts = files
        .iter()
        .map(|file| std::fs::read_to_string(file).unwrap_or_default());
    hash_text(&texts.collect::<Vec<_>>().join("\u{0}"))
}
