//! A mapping as YAML. Writes what a guess and the flags of a command can say, so that the file reads a log as they do.

use crate::model::yaml::quoted;
use crate::rules::mapping::{EventSpec, FieldSpec, MappingSpec, PatternSpec, Reopen};
use std::fmt::Write as _;

/// Writes the fields that a mapping and its events have in common.
macro_rules! add_fields {
    ($lines:expr, $spec:expr) => {{
        let spec = $spec;
        let plain = [
            ("case", &spec.case),
            ("process", &spec.process),
            ("activity", &spec.activity),
            ("time", &spec.time),
            ("sequence", &spec.sequence),
            ("event_id", &spec.event_id),
            ("executor", &spec.executor),
            ("lifecycle", &spec.lifecycle),
            ("transition", &spec.transition),
            ("outcome", &spec.outcome),
            ("parent", &spec.parent),
            ("hands_on", &spec.hands_on),
            ("reopened", &spec.reopened),
        ];
        for (name, at) in plain {
            if let Some(at) = at {
                $lines.add(name, &field(&at.value));
            }
        }
        let several = [
            ("input", &spec.input),
            ("cluster", &spec.cluster),
            ("version", &spec.version),
        ];
        for (name, several) in several {
            if let Some(several) = several {
                let fields: Vec<String> = several.as_slice().iter().map(field).collect();
                $lines.add(name, &one_or_list(&fields));
            }
        }
        let predicates = [
            ("reviewed", &spec.reviewed),
            ("exercise", &spec.exercise),
            ("shadow", &spec.shadow),
            ("where", &spec.filter),
        ];
        for (name, at) in predicates {
            if let Some(at) = at {
                $lines.add(name, &quoted(&at.value));
            }
        }
    }};
}

/// The text of a mapping.
pub(crate) fn mapping_yaml(spec: &MappingSpec) -> String {
    let mut lines = Lines::default();
    if let Some(format) = spec.format {
        lines.add("format", format.word());
    }
    if let Some(records) = &spec.records {
        lines.add("records", &quoted(records));
    }
    if !spec.lists.is_empty() {
        lines.add("lists", &format!("[{}]", list(&spec.lists)));
    }
    if let Some(delimiter) = &spec.delimiter {
        lines.add("delimiter", &quoted(&delimiter.value.to_string()));
    }
    if let Some(sheet) = &spec.sheet {
        lines.add("sheet", &quoted(sheet));
    }
    if spec.undated {
        lines.add("undated", "true");
    }
    if let Some(zone) = &spec.time_zone {
        lines.add("time_zone", &quoted(&zone.value));
    }
    if let Some(formats) = &spec.time_format {
        lines.add("time_format", &texts(formats.as_slice()));
    }
    if let Some(reopen) = spec.reopen {
        let word = match reopen {
            Reopen::Any => "any",
            Reopen::Explicit => "explicit",
        };
        lines.add("reopen", word);
    }
    add_fields!(lines, spec);
    if !spec.milestones.is_empty() {
        let each = spec.milestones.iter();
        let each = each.map(|(name, at)| format!("{}: {}", quoted(name), field(&at.value)));
        let each: Vec<String> = each.collect();
        lines.add("milestones", &format!("{{ {} }}", each.join(", ")));
    }
    if !spec.terminal.is_empty() {
        lines.add("terminal", &format!("[{}]", list(&spec.terminal)));
    }
    if !spec.resolved.is_empty() {
        lines.comment("Going on after one of these counts as reopened.");
        lines.add("resolved", &format!("[{}]", list(&spec.resolved)));
    }
    if !spec.events.is_empty() {
        lines.events(&spec.events);
    }
    lines.text
}

/// What flags can change of a named mapping, by key.
pub(crate) fn quoted_lines(spec: &MappingSpec) -> Vec<(&'static str, String)> {
    let zone = spec.time_zone.as_ref().map(|zone| quoted(&zone.value));
    let formats = spec
        .time_format
        .as_ref()
        .map(|formats| texts(formats.as_slice()));
    let process = spec.process.as_ref().map(|at| field(&at.value));
    let all = [
        ("sheet", spec.sheet.as_deref().map(quoted)),
        ("time_zone", zone),
        ("time_format", formats),
        ("process", process),
    ];
    let known = all
        .into_iter()
        .filter_map(|(key, value)| Some((key, value?)));
    known.collect()
}

/// The text of a mapping with other values for some of its keys at the top. A process for all events takes the place of
/// those of its kinds of events.
pub(crate) fn overridden(text: &str, changed: Vec<(&'static str, String)>) -> String {
    let mut out = String::new();
    let mut skipped: Option<usize> = None;
    for line in text.lines() {
        let indent = line.len() - line.trim_start_matches([' ', '-']).len();
        if skipped.is_some_and(|above| indent > above || line.trim().is_empty()) {
            continue;
        }
        skipped = None;
        let key = line
            .trim_start_matches([' ', '-'])
            .split(':')
            .next()
            .unwrap_or_default();
        let is_changed = changed.iter().any(|(name, _)| *name == key);
        if is_changed && (indent == 0 || key == "process") {
            skipped = Some(indent);
            continue;
        }
        out.push_str(line);
        out.push('\n');
    }
    for (key, value) in changed {
        let _ = writeln!(out, "{key}: {value}");
    }
    out
}

/// The lines of a mapping.
#[derive(Default)]
struct Lines {
    text: String,
    /// What comes before each line; the first one after a dash is taken from `dash`.
    indent: &'static str,
    dash: bool,
}

impl Lines {
    fn add(&mut self, key: &str, value: &str) {
        let before = match std::mem::take(&mut self.dash) {
            true => "  - ",
            false => self.indent,
        };
        let _ = writeln!(self.text, "{before}{key}: {value}");
    }

    fn comment(&mut self, text: &str) {
        let _ = writeln!(self.text, "# {text}");
    }

    fn events(&mut self, events: &[EventSpec]) {
        self.text.push_str("events:\n");
        self.indent = "    ";
        for event in events {
            self.dash = true;
            if let Some(each) = &event.each {
                self.add("each", &quoted(each));
            }
            add_fields!(self, event);
            if event.optional {
                self.add("optional", "true");
            }
        }
    }
}

/// A field: a path alone, unless it must be written out.
fn field(spec: &FieldSpec) -> String {
    let recipe = &spec.0;
    if let Some(paths) = &recipe.first {
        return format!("{{ first: [{}] }}", list(paths));
    }
    let mut parts: Vec<String> = Vec::new();
    if !recipe.missing.is_empty() {
        parts.push(format!("missing: [{}]", list(&recipe.missing)));
    }
    if !recipe.patterns.is_empty() {
        let pattern = |pattern: &PatternSpec| {
            let (regex, value) = (quoted(&pattern.regex), quoted(&pattern.value));
            format!("{{ regex: {regex}, value: {value} }}")
        };
        let all: Vec<String> = recipe.patterns.iter().map(pattern).collect();
        parts.push(format!("match: [{}]", all.join(", ")));
    }
    let times = [
        ("time_format", &recipe.time_format),
        ("time_zone", &recipe.time_zone),
    ];
    for (key, value) in times {
        let written = value
            .iter()
            .map(|value| format!("{key}: {}", quoted(value)));
        parts.extend(written);
    }
    let source = match (&recipe.constant, &recipe.template, &recipe.path) {
        (Some(text), ..) => format!("const: {}", quoted(text)),
        (_, Some(text), _) => format!("template: {}", quoted(text)),
        (.., Some(path)) if parts.is_empty() && !path.contains('{') => {
            return quoted(path);
        }
        (.., path) => format!("path: {}", quoted(path.as_deref().unwrap_or_default())),
    };
    parts.insert(0, source);
    format!("{{ {} }}", parts.join(", "))
}

fn list(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    words.join(", ")
}

fn texts(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    one_or_list(&words)
}

fn one_or_list(written: &[String]) -> String {
    match written {
        [one] => one.clone(),
        several => format!("[{}]", several.join(", ")),
    }
}
