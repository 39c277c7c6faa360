//! From a mapping as written to one that can be applied, with every mistake named.

mod fields;

use super::each::Each;
use super::field::{Field, FieldSource};
use super::{EventMapping, HandsOnRule, Mapping, Slot};
use crate::ingest::path::Path;
use crate::ingest::time::{TimeFormat, TimeParser};
use crate::model::{Executor, Lifecycle, Time, Transition};
use crate::rules::mapping::{
    EventSpec, FormatName, HandsOnOf, MappingSpec, OneOrMany, Reopen, TimeUnit,
};
use crate::rules::{At, Problem, Problems, Source, milestone_problems, plain_name};
use chrono_tz::Tz;
use std::collections::BTreeMap;
use std::path::Path as FilePath;

/// What a mapping does not say itself.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances<'a> {
    /// The process of events that do not name one.
    pub default_process: &'a str,
    /// The namespace of cases unless the mapping says.
    pub namespace: &'a str,
    /// Events after this instant are not believed.
    pub latest: Time,
}

/// Compiles a mapping that stands in `file`.
pub fn compile(
    spec: &MappingSpec,
    file: &FilePath,
    circumstances: Circumstances,
) -> Result<Mapping, Problems> {
    let mut compiler = Compiler {
        source: Source::new(file),
        problems: Problems::default(),
        slots: Vec::new(),
        whole_records: false,
        times: TimeParser::new(Vec::new(), Tz::UTC),
    };
    compiler.times = compiler.times(spec);
    let delimiter = compiler.delimiter(spec);
    let severities = compiler.severities(spec);
    compiler.check_decisions(spec);
    compiler.check_undated(spec);
    let whole = [EventSpec::default()];
    let kinds: &[EventSpec] = if spec.events.is_empty() {
        &whole
    } else {
        &spec.events
    };
    compiler.check_milestones(spec);
    let events: Vec<EventMapping> = kinds
        .iter()
        .map(|kind| compiler.event(spec, kind, circumstances.default_process))
        .collect();
    let namespace = spec.namespace.as_deref().unwrap_or(circumstances.namespace);
    let whole_records = compiler.whole_records
        || !spec.lists.is_empty()
        || compiler.slots.iter().any(|slot| slot.path.has_index())
        || events.len() > 1;
    compiler.problems.into_result(Mapping {
        // Only JSON documents have records inside.
        format: spec
            .format
            .or(spec.records.is_some().then_some(FormatName::Json)),
        sheet: spec.sheet.clone(),
        records: spec.records.as_deref().map(Path::new),
        lists: spec.lists.clone(),
        delimiter,
        identity: spec.identity.unwrap_or_default(),
        slots: compiler.slots,
        whole_records,
        parent_namespace: spec
            .parent_namespace
            .as_deref()
            .unwrap_or(namespace)
            .to_owned(),
        namespace: namespace.to_owned(),
        hands_on: HandsOnRule {
            unit_seconds: spec.hands_on_unit.unwrap_or(TimeUnit::Minutes).seconds(),
            of_case: spec.hands_on_of == Some(HandsOnOf::Case),
        },
        severities,
        times: compiler.times,
        undated: spec.undated,
        events,
        latest: circumstances.latest.0.into(),
        stands_for: 0,
    })
}

struct Compiler {
    source: Source,
    problems: Problems,
    slots: Vec<Slot>,
    whole_records: bool,
    /// Reads times whose field does not say how they are written.
    times: TimeParser,
}

impl Compiler {
    fn add(&mut self, problem: Problem) {
        self.problems.0.push(problem);
    }

    fn times(&mut self, spec: &MappingSpec) -> TimeParser {
        let formats = spec
            .time_format
            .as_ref()
            .map_or(&[][..], OneOrMany::as_slice);
        let mut read = Vec::new();
        for format in formats {
            match TimeFormat::new(format) {
                Ok(format) => read.push(format),
                Err(message) => {
                    self.add(self.source.whole(format!("`time_format`: {message}")));
                }
            }
        }
        let zone = match &spec.time_zone {
            None => Tz::UTC,
            Some(at) => at.value.parse().unwrap_or_else(|_| {
                let known = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
                let message = format!(
                    "`time_zone`: `{}` is no IANA time zone such as Europe/Rome",
                    at.value
                );
                let problem = self.source.problem(at, message);
                self.add(problem.did_you_mean(&at.value, known));
                Tz::UTC
            }),
        };
        TimeParser::new(read, zone)
    }

    fn delimiter(&mut self, spec: &MappingSpec) -> Option<u8> {
        let at = spec.delimiter.as_ref()?;
        let byte = u8::try_from(at.value).ok().filter(u8::is_ascii);
        if byte.is_none() {
            self.add(
                self.source
                    .problem(at, "`delimiter` must be one ASCII character"),
            );
        }
        byte
    }

    /// The severities of outcomes, in percent.
    fn severities(&mut self, spec: &MappingSpec) -> BTreeMap<String, u8> {
        let mut severities = BTreeMap::new();
        for (outcome, at) in &spec.outcomes {
            let percent = at.value * 100.0;
            if !(0.0..=100.0).contains(&percent) || (percent - percent.round()).abs() > 1e-9 {
                let message = format!(
                    "`outcomes.{outcome}`: a severity lies between 0 (as designed) and 1 (wrong) and has at most two decimals, not {}",
                    at.value
                );
                self.add(self.source.problem(at, message));
                continue;
            }
            severities.insert(plain_name(outcome), percent.round() as u8);
        }
        severities
    }

    fn check_undated(&mut self, spec: &MappingSpec) {
        let times = spec.events.iter().map(|kind| &kind.time);
        let time = times.chain([&spec.time]).flatten().next();
        if let Some(at) = time.filter(|_| spec.undated) {
            let problem = self
                .source
                .problem(at, "`undated` and `time` exclude each other");
            self.add(problem.hint("remove one of them"));
        }
        if spec.undated && !spec.milestones.is_empty() {
            let problem = self
                .source
                .whole("`undated` and `milestones` exclude each other");
            self.add(problem.hint("map one of these times as `time`"));
        }
    }

    fn check_milestones(&mut self, spec: &MappingSpec) {
        for message in milestone_problems(spec.milestones.keys()) {
            self.add(self.source.whole(message));
        }
    }

    fn milestones(&mut self, spec: &MappingSpec) -> Vec<(String, Field)> {
        let mut milestones = Vec::new();
        for (name, at) in &spec.milestones {
            let field = self.field(at, &format!("milestones.{name}"));
            milestones.push((name.clone(), field));
        }
        milestones
    }

    fn event(&mut self, spec: &MappingSpec, kind: &EventSpec, process: &str) -> EventMapping {
        let recurse = kind.recurse.as_deref();
        let each = kind.each.as_deref().map(|text| Each::new(text, recurse));
        if each.is_none() && recurse.is_some() {
            let problem = self.source.whole("`recurse` without `each`");
            self.add(problem.hint("add `each:` with the path of the first such array"));
        }
        self.whole_records |= each.is_some();
        let filters = [&spec.filter, &kind.filter]
            .into_iter()
            .flatten()
            .filter_map(|at| self.predicate(at, "where"))
            .collect();
        let process = match kind.process.as_ref().or(spec.process.as_ref()) {
            Some(at) => {
                let mut field = self.field(at, "process");
                field.default.get_or_insert_with(|| process.to_owned());
                field
            }
            None => Field::plain(FieldSource::Const(process.to_owned())),
        };
        let lifecycle = self.optional(&kind.lifecycle, &spec.lifecycle, "lifecycle");
        let executor = self.optional(&kind.executor, &spec.executor, "executor");
        let transition = self.optional(&kind.transition, &spec.transition, "transition");
        self.check_words::<Transition>(transition.as_ref(), "transition");
        self.check_words::<Lifecycle>(lifecycle.as_ref(), "lifecycle");
        self.check_words::<Executor>(executor.as_ref(), "executor");
        let can_be = |lifecycle: &Option<Field>, word: &str| {
            lifecycle.as_ref().is_some_and(|field| {
                !field.translates() && !matches!(field.source, FieldSource::Const(_))
                    || field.written_values().any(|value| value == word)
            })
        };
        // What one kind of event of a record can say holds for all of them: they make up the same cases.
        let declares_end = !spec.terminal.is_empty()
            || can_be(&lifecycle, "end")
            || self.any_lifecycle(spec, "end");
        let can_reopen = can_be(&lifecycle, "reopen") || self.any_lifecycle(spec, "reopen");
        EventMapping {
            each,
            optional: kind.optional,
            filters,
            case: self.required(&kind.case, &spec.case, "case"),
            process,
            activity: self.required(&kind.activity, &spec.activity, "activity"),
            time: match spec.undated {
                true => Field::plain(FieldSource::Const(String::new())),
                false => self.required(&kind.time, &spec.time, "time"),
            },
            sequence: self.optional(&kind.sequence, &spec.sequence, "sequence"),
            event_id: self.optional(&kind.event_id, &spec.event_id, "event_id"),
            event_id_of_record: kind.event_id.is_none() && !spec.events.is_empty(),
            executor,
            lifecycle,
            transition,
            outcome: self.optional(&kind.outcome, &spec.outcome, "outcome"),
            input: self.several(kind.input.as_ref().or(spec.input.as_ref()), "input"),
            cluster: self.several(kind.cluster.as_ref().or(spec.cluster.as_ref()), "cluster"),
            version: self.several(kind.version.as_ref().or(spec.version.as_ref()), "version"),
            parent: self.optional(&kind.parent, &spec.parent, "parent"),
            hands_on: self.optional(&kind.hands_on, &spec.hands_on, "hands_on"),
            own_hands_on: kind.hands_on.is_some(),
            reopened: self.optional(&kind.reopened, &spec.reopened, "reopened"),
            milestones: self.milestones(spec),
            reviewed: self.optional_predicate(&kind.reviewed, &spec.reviewed, "reviewed"),
            exercise: self.optional_predicate(&kind.exercise, &spec.exercise, "exercise"),
            shadow: self.optional_predicate(&kind.shadow, &spec.shadow, "shadow"),
            terminal: spec.terminal.clone(),
            resolved: spec.resolved.clone(),
            decides: activities(&spec.decides),
            approves: spec.approves.as_deref().map(activities),
            declares_end,
            explicit_reopen: match spec.reopen {
                Some(reopen) => reopen == Reopen::Explicit,
                None => can_reopen,
            },
            never_reopens: spec.reopen == Some(Reopen::Explicit) && !can_reopen,
            is_one_of_several: spec.events.len() > 1
                && kind.each.is_none()
                && kind.filter.is_none(),
        }
    }

    fn check_decisions(&mut self, spec: &MappingSpec) {
        let approves = spec.approves.as_deref().unwrap_or_default();
        for (field, listed) in [("decides", &*spec.decides), ("approves", approves)] {
            for at in listed.iter().filter(|at| at.value.trim().is_empty()) {
                let message = format!(
                    "`{field}`: an activity must not be empty. Name it as the mapping does"
                );
                self.problems.0.push(self.source.problem(at, message));
            }
        }
        let decides = |at: &&At<String>| spec.decides.iter().any(|other| other.value == at.value);
        for at in approves.iter().filter(decides) {
            let message = format!(
                "`approves`: `{}` is listed in `decides` as well. A step either decides or approves: remove it from one of the lists",
                at.value
            );
            self.problems.0.push(self.source.problem(at, message));
        }
    }

    /// Whether any kind of event of this mapping is written to have this lifecycle.
    fn any_lifecycle(&self, spec: &MappingSpec, word: &str) -> bool {
        spec.events
            .iter()
            .filter_map(|kind| kind.lifecycle.as_ref())
            .any(|at| {
                let recipe = &at.value.0;
                recipe.constant.as_deref() == Some(word)
                    || recipe.values.values().any(|value| value == word)
                    || recipe.patterns.iter().any(|pattern| pattern.value == word)
                    || recipe.rules.iter().flatten().any(|rule| rule.then == word)
            })
    }

    /// The words written for a field must be among those the field can have.
    fn check_words<T>(&mut self, field: Option<&Field>, name: &str)
    where
        T: std::str::FromStr<Err = crate::model::ParseKindError>,
    {
        let words = field.into_iter().flat_map(Field::written_values);
        // A `$1` is filled from the record, so it can only be judged there.
        for word in words.filter(|word| !word.contains('$')) {
            if let Err(error) = word.parse::<T>() {
                let problem = self.source.whole(format!("`{name}`: {error}"));
                let known: Vec<&str> = error.allowed.split(", ").collect();
                self.problems.0.push(problem.did_you_mean(word, known));
            }
        }
    }
}
fn activities(listed: &[At<String>]) -> Vec<String> {
    listed.iter().map(|at| at.value.clone()).collect()
}
