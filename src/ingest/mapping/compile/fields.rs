//! Compiles single fields and predicates of a mapping.

use super::Compiler;
use crate::ingest::mapping::field::{Field, FieldSource, Piece};
use crate::ingest::mapping::predicate::{Predicate, plain_equality};
use crate::ingest::mapping::{Scope, Slot};
use crate::ingest::path::Path;
use crate::ingest::time::{TimeFormat, TimeParser};
use crate::rules::At;
use crate::rules::mapping::{FieldRecipe, FieldSpec, OneOrMany};
use regex::Regex;

impl Compiler {
    pub(super) fn required(
        &mut self,
        kind: &Option<At<FieldSpec>>,
        whole: &Option<At<FieldSpec>>,
        name: &str,
    ) -> Field {
        match kind.as_ref().or(whole.as_ref()) {
            Some(at) => self.field(at, name),
            None => {
                let problem = self.source.whole(format!("`{name}` is not mapped"));
                self.add(problem.hint(format!("add `{name}:` with the column or path of it")));
                Field::plain(FieldSource::Const(String::new()))
            }
        }
    }

    pub(super) fn optional(
        &mut self,
        kind: &Option<At<FieldSpec>>,
        whole: &Option<At<FieldSpec>>,
        name: &str,
    ) -> Option<Field> {
        let at = kind.as_ref().or(whole.as_ref())?;
        Some(self.field(at, name))
    }

    pub(super) fn several(
        &mut self,
        fields: Option<&OneOrMany<FieldSpec>>,
        name: &str,
    ) -> Vec<Field> {
        let fields = fields.map_or(&[][..], OneOrMany::as_slice);
        let mut compiled = Vec::new();
        for field in fields {
            match self.recipe(&field.0) {
                Ok(field) => compiled.push(field),
                Err(message) => self.add(self.source.whole(format!("`{name}`: {message}"))),
            }
        }
        compiled
    }

    pub(super) fn optional_predicate(
        &mut self,
        kind: &Option<At<String>>,
        whole: &Option<At<String>>,
        name: &str,
    ) -> Option<Predicate> {
        let at = kind.as_ref().or(whole.as_ref())?;
        self.predicate(at, name)
    }

    pub(super) fn predicate(&mut self, at: &At<String>, name: &str) -> Option<Predicate> {
        if let Some((field, literal)) = plain_equality(&at.value) {
            let slot = self.slot(field);
            return Some(Predicate::equals(&at.value, slot, literal));
        }
        self.whole_records = true;
        match Predicate::new(&at.value) {
            Ok(predicate) => Some(predicate),
            Err(message) => {
                self.add(self.source.problem(at, format!("`{name}`: {message}")));
                None
            }
        }
    }

    pub(super) fn field(&mut self, at: &At<FieldSpec>, name: &str) -> Field {
        let is_time = name == "time" || name.starts_with("milestones.");
        if at.value.0.plus.is_some() && !is_time {
            let message = format!("`{name}`: `plus` adds a duration to a time");
            let problem = self.source.problem(at, message);
            self.add(problem.hint("use it in `time` or in a milestone"));
        }
        let mut field = self.recipe(&at.value.0).unwrap_or_else(|message| {
            self.add(self.source.problem(at, format!("`{name}`: {message}")));
            Field::plain(FieldSource::Const(String::new()))
        });
        match self.own_times(&at.value.0, name) {
            Ok(times) => field.times = times,
            Err(message) => self.add(self.source.problem(at, format!("`{name}`: {message}"))),
        }
        field
    }

    /// How the times of a field are read, if it says so itself.
    fn own_times(&self, recipe: &FieldRecipe, name: &str) -> Result<Option<TimeParser>, String> {
        let (format, zone) = (&recipe.time_format, &recipe.time_zone);
        if format.is_none() && zone.is_none() {
            return Ok(None);
        }
        if name != "time" && !name.starts_with("milestones.") {
            return Err("only a time has a `time_format` or a `time_zone`. Remove it".to_owned());
        }
        let mut times = self.times.clone();
        if let Some(format) = format {
            let format = TimeFormat::new(format).map_err(|why| format!("`time_format`: {why}"))?;
            times = times.with_format(format);
        }
        if let Some(zone) = zone {
            let known = zone.parse().map_err(|_| {
                format!("`time_zone`: `{zone}` is no IANA time zone such as Europe/Rome")
            })?;
            times = times.in_other_zone(known);
        }
        Ok(Some(times))
    }

    fn slot(&mut self, text: &str) -> usize {
        let path = Path::new(text);
        if let Some(known) = self.slots.iter().position(|slot| slot.path == path) {
            return known;
        }
        self.slots.push(Slot {
            scope: Scope::of(&path),
            path,
        });
        self.slots.len() - 1
    }

    fn recipe(&mut self, recipe: &FieldRecipe) -> Result<Field, String> {
        let regex = |text: &str| {
            Regex::new(text).map_err(|error| {
                let text = error.to_string();
                format!(
                    "not a regular expression: {}",
                    text.lines().last().unwrap_or_default()
                )
            })
        };
        let mut patterns = Vec::new();
        for pattern in &recipe.patterns {
            patterns.push((regex(&pattern.regex)?, pattern.value.clone()));
        }
        Ok(Field {
            source: self.source_of(recipe)?,
            missing: recipe.missing.clone(),
            regex: recipe.regex.as_deref().map(regex).transpose()?,
            lowercase: recipe.lowercase,
            values: recipe.values.clone(),
            patterns,
            default: recipe.default.clone(),
            times: None,
            plus: recipe
                .plus
                .as_deref()
                .map(|path| (self.slot(path), recipe.plus_unit.microseconds())),
        })
    }

    fn source_of(&mut self, recipe: &FieldRecipe) -> Result<FieldSource, String> {
        let mut sources = Vec::new();
        if let Some(path) = &recipe.path {
            sources.push(FieldSource::Slot(self.slot(path)));
        }
        if let Some(paths) = &recipe.first {
            let mut alternatives = Vec::new();
            for text in paths {
                alternatives.push(match text.contains('{') {
                    true => self.template(text)?,
                    false => vec![Piece::Slot(self.slot(text))],
                });
            }
            sources.push(FieldSource::First(alternatives));
        }
        if let Some(constant) = &recipe.constant {
            sources.push(FieldSource::Const(constant.clone()));
        }
        if let Some(template) = &recipe.template {
            sources.push(FieldSource::Template(self.template(template)?));
        }
        if let Some(rules) = &recipe.rules {
            self.whole_records = true;
            let mut compiled = Vec::new();
            for rule in rules {
                compiled.push((Predicate::new(&rule.when)?, rule.then.clone()));
            }
            sources.push(FieldSource::Rules(compiled));
        }
        match (sources.pop(), sources.is_empty()) {
            (Some(source), true) => Ok(source),
            _ => {
                Err("needs exactly one of `path`, `first`, `const`, `template`, `rules`".to_owned())
            }
        }
    }

    fn template(&mut self, text: &str) -> Result<Vec<Piece>, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (path, behind) = after
                .split_once('}')
                .ok_or_else(|| format!("`{text}`: a `{{` without its `}}`"))?;
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            }
            pieces.push(Piece::Slot(self.slot(path.trim())));
            rest = behind;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        Ok(pieces)
    }
}
