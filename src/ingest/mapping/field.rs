//! One field of an event: where its value comes from and what is done to it.

use super::predicate::Predicate;
use super::row::Row;
use crate::ingest::time::TimeParser;
use regex::Regex;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// One field, compiled.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) source: FieldSource,
    pub(super) missing: Vec<String>,
    pub(super) regex: Option<Regex>,
    pub(super) lowercase: bool,
    pub(super) values: BTreeMap<String, String>,
    pub(super) patterns: Vec<(Regex, String)>,
    pub(super) default: Option<String>,
    /// Reads its times, where they are written otherwise than those of other fields.
    pub(super) times: Option<TimeParser>,
    /// Of a time: the slot of a duration that is added to it, and the microseconds of its unit.
    pub(super) plus: Option<(usize, f64)>,
}

/// Where the value of a field comes from.
#[derive(Debug)]
pub(super) enum FieldSource {
    Slot(usize),
    First(Vec<Vec<Piece>>),
    Const(String),
    Template(Vec<Piece>),
    Rules(Vec<(Predicate, String)>),
}

/// A piece of a template.
#[derive(Debug)]
pub(super) enum Piece {
    Text(String),
    Slot(usize),
}

impl Field {
    pub(super) fn plain(source: FieldSource) -> Field {
        Field {
            source,
            missing: Vec::new(),
            regex: None,
            lowercase: false,
            values: BTreeMap::new(),
            patterns: Vec::new(),
            default: None,
            times: None,
            plus: None,
        }
    }

    /// The slot it reads, if it reads just one and nothing stands in for it.
    pub(super) fn only_slot(&self) -> Option<usize> {
        match (&self.source, &self.default) {
            (FieldSource::Slot(slot), None) => Some(*slot),
            _ => None,
        }
    }

    /// Whether the value is taken as the record has it.
    pub(super) fn is_plain_slot(&self) -> Option<usize> {
        let plain = self.missing.is_empty()
            && self.regex.is_none()
            && !self.lowercase
            && self.values.is_empty()
            && self.patterns.is_empty()
            && self.default.is_none();
        match &self.source {
            FieldSource::Slot(slot) if plain => Some(*slot),
            _ => None,
        }
    }

    /// Whether values are translated, so that what is not listed is known to be nothing special.
    pub(super) fn translates(&self) -> bool {
        !self.values.is_empty()
            || !self.patterns.is_empty()
            || matches!(self.source, FieldSource::Rules(_))
    }

    /// The texts that it can give, as far as they are written in the mapping.
    pub(super) fn written_values(&self) -> impl Iterator<Item = &str> {
        let rules = match &self.source {
            FieldSource::Rules(rules) => rules.as_slice(),
            _ => &[],
        };
        let constant = match &self.source {
            FieldSource::Const(text) => Some(text.as_str()),
            _ => None,
        };
        self.values
            .values()
            .map(String::as_str)
            .chain(self.patterns.iter().map(|(_, value)| value.as_str()))
            .chain(rules.iter().map(|(_, value)| value.as_str()))
            .chain(constant)
            .chain(self.default.as_deref())
    }

    /// The value in a record; `None` where there is none. An error is a predicate that can't be evaluated.
    pub(super) fn text<'r>(&'r self, row: &'r impl Row) -> Result<Option<Cow<'r, str>>, String> {
        Ok(self.own_text(row)?.or(self.default_text()))
    }

    /// What a record says, without the default.
    pub(super) fn own_text<'r>(
        &'r self,
        row: &'r impl Row,
    ) -> Result<Option<Cow<'r, str>>, String> {
        let found = self.found(row)?;
        let found = found.filter(|text| !self.missing.iter().any(|missing| missing == text));
        Ok(found.and_then(|text| self.translated(text)))
    }

    /// What stands for a value where a record has none.
    pub(super) fn default_text(&self) -> Option<Cow<'_, str>> {
        self.default.as_deref().map(Cow::Borrowed)
    }

    fn found<'r>(&'r self, row: &'r impl Row) -> Result<Option<Cow<'r, str>>, String> {
        Ok(match &self.source {
            FieldSource::Slot(slot) => row.scalar(*slot).into_text(),
            FieldSource::First(alternatives) => alternatives.iter().find_map(|pieces| {
                let text = match pieces.as_slice() {
                    [Piece::Slot(slot)] => row.scalar(*slot).into_text()?,
                    pieces => Cow::Owned(template(pieces, row)?),
                };
                (!self.missing.iter().any(|missing| *missing == text)).then_some(text)
            }),
            FieldSource::Const(text) => Some(Cow::Borrowed(text.as_str())),
            FieldSource::Template(pieces) => template(pieces, row).map(Cow::Owned),
            FieldSource::Rules(rules) => {
                for (predicate, value) in rules {
                    if predicate.holds(row)? {
                        return Ok(Some(Cow::Borrowed(value.as_str())));
                    }
                }
                None
            }
        })
    }

    fn translated<'r>(&'r self, text: Cow<'r, str>) -> Option<Cow<'r, str>> {
        let mut text = text;
        if let Some(regex) = &self.regex {
            let captures = regex.captures(&text)?;
            let found = captures.get(1).or_else(|| captures.get(0))?;
            text = Cow::Owned(found.as_str().trim().to_owned());
        }
        if self.lowercase {
            text = Cow::Owned(text.to_lowercase());
        }
        if let Some(value) = self.values.get(text.as_ref()) {
            return Some(Cow::Borrowed(value));
        }
        if !self.patterns.is_empty() {
            return self.patterns.iter().find_map(|(regex, value)| {
                let captures = regex.captures(&text)?;
                let mut expanded = String::new();
                captures.expand(value, &mut expanded);
                Some(Cow::Owned(expanded))
            });
        }
        (!text.is_empty()).then_some(text)
    }
}

/// All pieces together; `None` as soon as one has no value.
fn template(pieces: &[Piece], row: &impl Row) -> Option<String> {
    let mut out = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Slot(slot) => out.push_str(&row.scalar(*slot).into_text()?),
        }
    }
    Some(out)
}
