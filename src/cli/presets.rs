//! `toleranced presets`: the mappings that come with the program.

use super::failure::{Done, Failure};
use super::layout::{columns, paragraph, width};
use crate::config::mapping::PRESETS;
use crate::rules::mapping::{EventSpec, FieldSpec, MappingSpec};
use crate::rules::{At, nearest};
use std::io::{self, Write};

/// List the presets; show or explain one
///
/// A preset is a mapping for the exports of a tool. It is used with `--map NAME`, and most are used without being named if they
/// recognise a file.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  toleranced presets
  toleranced presets explain github-workflow-run
  toleranced presets show github-workflow-run > my-mapping.yaml

Exit codes: 0 printed, 1 there is no such preset.")]
pub(super) struct Args {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List all presets
    List,
    /// Print the mapping of a preset, with the source of its fields
    Show {
        /// The preset
        name: String,
    },
    /// Explain what a preset reads, and what becomes of it
    Explain {
        /// The preset
        name: String,
    },
}

pub(super) fn run(args: &Args) -> Result<Done, Failure> {
    let text = match &args.action {
        None | Some(Action::List) => list()?,
        Some(Action::Show { name }) => text_of(name)?.to_owned(),
        Some(Action::Explain { name }) => explained(name)?,
    };
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(Done::Fine)
}

fn list() -> Result<String, Failure> {
    let mut rows = Vec::new();
    for (name, text) in PRESETS {
        let spec = MappingSpec::load(name)?;
        let how = match text.contains("recognized_by:") {
            true => "recognised",
            false => "--map",
        };
        let description = spec.description.unwrap_or_default();
        rows.push(vec![(*name).to_owned(), how.to_owned(), description]);
    }
    let width = width();
    let about = "Presets marked `recognised` are used without being named if a file is certainly of their tool. \
        `toleranced presets explain NAME` says what a preset makes of it, `toleranced presets show NAME` prints the mapping.";
    Ok(format!(
        "{}\n{}",
        columns(&rows, 0, width),
        paragraph(about, 0, width)
    ))
}

fn text_of(name: &str) -> Result<&'static str, Failure> {
    let found = PRESETS.iter().find(|(known, _)| *known == name);
    found.map(|(_, text)| *text).ok_or_else(|| {
        let hint = match nearest(name, PRESETS.iter().map(|(known, _)| *known)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`toleranced presets` lists them".to_owned(),
        };
        Failure::invalid(format!("there is no preset `{name}` ({hint})"))
    })
}

fn explained(name: &str) -> Result<String, Failure> {
    let text = text_of(name)?;
    let spec = MappingSpec::load(name)?;
    let width = width();
    let mut out = format!(
        "{name}: {}\n\n",
        spec.description.as_deref().unwrap_or_default()
    );
    for (indent, part) in paragraphs(text) {
        out.push_str(&paragraph(&part, indent, width));
    }
    out.push_str(&format!("\n{}\n", recognition(&spec)));
    out.push_str("\nSteps of a case:\n");
    let whole = [EventSpec::default()];
    let kinds = match spec.events.as_slice() {
        [] => &whole,
        kinds => kinds,
    };
    let rows = kinds.iter().map(|kind| step(&spec, kind));
    out.push_str(&columns(&rows.collect::<Vec<_>>(), 2, width));
    out.push_str(&outcomes(&spec, width));
    out.push_str(&format!("\nThe mapping: toleranced presets show {name}\n"));
    Ok(out)
}

/// The comment that a preset begins with, as paragraphs with their indents.
fn paragraphs(text: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    for line in text.lines().map_while(|line| line.strip_prefix('#')) {
        let line = line.trim();
        match found.last_mut() {
            Some((_, part)) if !line.starts_with("- ") && !line.starts_with("Source") => {
                part.push(' ');
                part.push_str(line);
            }
            _ => found.push((usize::from(line.starts_with("- ")) * 2, line.to_owned())),
        }
    }
    found
}

fn recognition(spec: &MappingSpec) -> String {
    let entries = spec.recognized_by.iter().map(|signature| {
        let fields = match &signature.contains {
            Some(text) if signature.fields.is_empty() => format!("any, with a text like {text}"),
            _ => signature.fields.join(", "),
        };
        let values = signature
            .values
            .keys()
            .map(String::as_str)
            .collect::<Vec<_>>();
        match values.is_empty() {
            true => format!("  {fields}"),
            false => format!("  {fields} (by the values of {})", values.join(", ")),
        }
    });
    let entries: Vec<String> = entries.collect();
    match entries.is_empty() {
        true => "It is used with --map only.".to_owned(),
        false => format!(
            "It is used for files whose records have one of these sets of fields:\n{}",
            entries.join("\n")
        ),
    }
}

/// What a kind of event is called, and where its time comes from.
fn step(spec: &MappingSpec, kind: &EventSpec) -> Vec<String> {
    let of = |own: &Option<At<FieldSpec>>, whole: &Option<At<FieldSpec>>| {
        own.as_ref()
            .or(whole.as_ref())
            .map_or_else(|| "-".to_owned(), |at| source(&at.value))
    };
    let time = match spec.undated {
        true => "no time".to_owned(),
        false => format!("at {}", of(&kind.time, &spec.time)),
    };
    let each = kind
        .each
        .as_ref()
        .map_or(String::new(), |each| format!(", for each of {each}"));
    vec![of(&kind.activity, &spec.activity), format!("{time}{each}")]
}

/// Where a value comes from, in short.
fn source(field: &FieldSpec) -> String {
    let recipe = &field.0;
    let plus = recipe
        .plus
        .as_ref()
        .map_or(String::new(), |plus| format!(" + {plus}"));
    let from = match (
        &recipe.constant,
        &recipe.path,
        &recipe.template,
        &recipe.first,
    ) {
        (Some(text), ..) => format!("`{text}`"),
        (_, Some(text), ..) | (_, _, Some(text), _) => text.clone(),
        (.., Some(all)) => all.join(" or "),
        _ => {
            let rules = recipe.rules.iter().flatten();
            let all: Vec<String> = rules.map(|rule| format!("`{}`", rule.then)).collect();
            all.join(" or ")
        }
    };
    format!("{from}{plus}")
}

fn outcomes(spec: &MappingSpec, width: usize) -> String {
    let with = |severity: f64| {
        let all = spec.outcomes.iter().filter(|(_, at)| at.value == severity);
        all.map(|(word, _)| word.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let rows = [("as designed", with(0.0)), ("wrong", with(1.0))];
    let rows = rows.into_iter().filter(|(_, words)| !words.is_empty());
    let rows: Vec<Vec<String>> = rows
        .map(|(what, words)| vec![what.to_owned(), words])
        .collect();
    match rows.is_empty() {
        true => String::new(),
        false => format!("\nOutcomes:\n{}", columns(&rows, 2, width)),
    }
}
