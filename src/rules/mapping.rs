//! Mappings as users write them: which field of a record is the case, the activity, the time, and so on.

use super::problem::At;
use crate::model::words;
use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, Error, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

/// Writes a struct that has the fields of an event beside its own. (`#[serde(flatten)]` would do the same but loses the
/// line of a mistake.)
macro_rules! with_event_fields {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[$fmeta:meta])* pub $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Default, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $($(#[$fmeta])* pub $field: $type,)*
            /// The case.
            pub case: Option<At<FieldSpec>>,
            /// The process.
            pub process: Option<At<FieldSpec>>,
            /// What was done.
            pub activity: Option<At<FieldSpec>>,
            /// When.
            pub time: Option<At<FieldSpec>>,
            /// Orders events of the same instant.
            pub sequence: Option<At<FieldSpec>>,
            /// Tells a redelivered event.
            pub event_id: Option<At<FieldSpec>>,
            /// human, ai, code, mixed or unknown.
            pub executor: Option<At<FieldSpec>>,
            /// step, end, reopen or resolved.
            pub lifecycle: Option<At<FieldSpec>>,
            /// start, complete or other: what the event tells of the execution of its activity.
            pub transition: Option<At<FieldSpec>>,
            /// How the case stands.
            pub outcome: Option<At<FieldSpec>>,
            /// Fields that say "the same input".
            pub input: Option<OneOrMany<FieldSpec>>,
            /// What cases with one cause have in common: root cause, campaign, incident family.
            pub cluster: Option<OneOrMany<FieldSpec>>,
            /// The parent case.
            pub parent: Option<At<FieldSpec>>,
            /// What ran it: version of the playbook, of the model, of the prompt. A new one is a known change.
            pub version: Option<OneOrMany<FieldSpec>>,
            /// Hands-on time that a person spent: a number, or `h:mm:ss`.
            pub hands_on: Option<At<FieldSpec>>,
            /// How often the case was reopened: a count, or a word for yes or no. For records that show how a case stands and
            /// not each change.
            pub reopened: Option<At<FieldSpec>>,
            /// Predicate: was the outcome looked at by somebody else than who set it?
            pub reviewed: Option<At<String>>,
            /// Predicate: is this a drill, canary or replayed run?
            pub exercise: Option<At<String>>,
            /// Predicate: is this a run whose outcome is not acted on?
            pub shadow: Option<At<String>>,
            /// Predicate: does this record count at all?
            #[serde(rename = "where")]
            pub filter: Option<At<String>>,
        }
    };
}

with_event_fields! {
    /// A mapping, as written.
    pub struct MappingSpec {
        /// What it is for, for people.
        pub description: Option<String>,
        /// Records that are certainly those of this mapping. A preset that has it is used for files that it recognises.
        #[serde(default)]
        pub recognized_by: Vec<Signature>,
        /// How the file is written; found out from the file if not given.
        pub format: Option<FormatName>,
        /// Where in a JSON document the records are: a path such as `data.incidents`.
        pub records: Option<String>,
        /// Keys under which an answer has its records as a list: `{"workflow_runs": [...]}`. A record without such a list is
        /// read as it is.
        #[serde(default)]
        pub lists: Vec<String>,
        /// CSV: the character between two fields; found out if not given.
        pub delimiter: Option<At<char>>,
        /// The sheet of a workbook; found out if not given.
        pub sheet: Option<String>,
        /// The records have no time. They are read in the order of the file, and no figure that needs a time is made.
        #[serde(default)]
        pub undated: bool,
        /// Zone of times that do not say theirs: an IANA name such as `Europe/Rome`. UTC if not given.
        pub time_zone: Option<At<String>>,
        /// Formats of times, in chrono's strftime notation, or `epoch_s`, `epoch_ms`, `epoch_us`, `epoch_ns`, `rfc3339`.
        pub time_format: Option<OneOrMany<String>>,
        /// Keeps cases of different sources with the same id apart. The name of the source if not given.
        pub namespace: Option<String>,
        /// The namespace of parent cases, where it is another one.
        pub parent_namespace: Option<String>,
        /// Whether redelivered events are told by their position in the source, or by what they say. If not
        /// given: position for files that grow, content for exports in a drop folder. An `event_id` comes before both.
        pub identity: Option<Identity>,
        /// Whether any step after the end reopens a case, or only an event with lifecycle `reopen`. If not given:
        /// explicit where the lifecycle can be `reopen`, else any.
        pub reopen: Option<Reopen>,
        /// Unit of `hands_on` where it is a mere number; minutes if not given.
        pub hands_on_unit: Option<TimeUnit>,
        /// Whether `hands_on` is what one event took, or the total of the case so far. If not given: of the event.
        pub hands_on_of: Option<HandsOnOf>,
        /// Severity of each outcome that its tool writes: 0 as designed, 1 wrong. The catalog comes before it.
        #[serde(default)]
        pub outcomes: BTreeMap<String, At<f64>>,
        /// When the case reached a milestone, by its name: a field with a time.
        #[serde(default)]
        pub milestones: BTreeMap<String, At<FieldSpec>>,
        /// Activities that end a case.
        #[serde(default)]
        pub terminal: Vec<String>,
        /// Activities that resolve a case without ending it: going on after one of them is rework.
        #[serde(default)]
        pub resolved: Vec<String>,
        /// Activities that decide a case. The executor of the last of them decided it.
        #[serde(default)]
        pub decides: Vec<At<String>>,
        /// Activities by which a person approves a decision. If not given, they are told by their names.
        pub approves: Option<Vec<At<String>>>,
        /// One record to many events: each entry makes events of its own, its fields overriding those above.
        #[serde(default)]
        pub events: Vec<EventSpec>,
    }
}

with_event_fields! {
    /// One kind of event that a record holds.
    pub struct EventSpec {
        /// Path of an array (or object) in the record; one event for each element, which paths and predicates call
        /// `item`. `histories[].items[]` goes into an array of each element; the element around is called `outer`.
        pub each: Option<String>,
        /// Path in an element where more such elements are, to any depth.
        pub recurse: Option<String>,
        /// A record (or element) without a time has no such event, which is nothing to complain of.
        #[serde(default)]
        pub optional: bool,
    }
}

/// What shows that a record is of a tool.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// Paths of fields that a record has, even if they are empty.
    pub fields: Vec<String>,
    /// Values that fields have: an expression for each path.
    #[serde(default)]
    pub values: BTreeMap<String, String>,
    /// A field that is different in each record.
    pub unique: Option<String>,
    /// An expression that the text of at least one record matches.
    pub contains: Option<String>,
}

/// One or several.
#[derive(Debug, Clone)]
pub enum OneOrMany<T> {
    /// One.
    One(T),
    /// Several.
    Many(Vec<T>),
}

impl<T> OneOrMany<T> {
    /// All of them.
    pub fn as_slice(&self) -> &[T] {
        match self {
            OneOrMany::One(one) => std::slice::from_ref(one),
            OneOrMany::Many(many) => many,
        }
    }
}

// An untagged enum would do the same but loses what was wrong and where.
impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<OneOrMany<T>, D::Error> {
        struct Either<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Either<T> {
            type Value = OneOrMany<T>;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("one, or a list")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<OneOrMany<T>, E> {
                T::deserialize(text.into_deserializer()).map(OneOrMany::One)
            }
            fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<OneOrMany<T>, M::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(OneOrMany::One)
            }
            fn visit_seq<S: SeqAccess<'de>>(self, seq: S) -> Result<OneOrMany<T>, S::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(seq)).map(OneOrMany::Many)
            }
        }
        from.deserialize_any(Either(PhantomData))
    }
}

words! {
    /// How a file is written.
    pub FormatName {
        /// One JSON value a line.
        Ndjson = "ndjson",
        /// One JSON document.
        Json = "json",
        /// Separated values with a header.
        Csv = "csv",
        /// IEEE 1849 event log.
        Xes = "xes",
    }
}

/// How a redelivered event is told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Identity {
    /// Same position in the same source.
    #[default]
    Position,
    /// Same case, activity, time and count among those of its file: for exports that overlap.
    Content,
}

/// A unit of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TimeUnit {
    /// Seconds.
    Seconds,
    /// Minutes.
    Minutes,
    /// Hours.
    Hours,
}

impl TimeUnit {
    /// How many seconds it has.
    pub const fn seconds(self) -> f64 {
        match self {
            TimeUnit::Seconds => 1.0,
            TimeUnit::Minutes => 60.0,
            TimeUnit::Hours => 3600.0,
        }
    }
}

/// The unit of a duration that is added to a time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DurationUnit {
    /// Nanoseconds.
    Nanoseconds,
    /// Microseconds.
    Microseconds,
    /// Milliseconds.
    Milliseconds,
    /// Seconds.
    #[default]
    Seconds,
    /// Minutes.
    Minutes,
    /// Hours.
    Hours,
}

impl DurationUnit {
    /// How many microseconds it has.
    pub const fn microseconds(self) -> f64 {
        match self {
            DurationUnit::Nanoseconds => 1e-3,
            DurationUnit::Microseconds => 1.0,
            DurationUnit::Milliseconds => 1e3,
            DurationUnit::Seconds => 1e6,
            DurationUnit::Minutes => 60e6,
            DurationUnit::Hours => 3600e6,
        }
    }
}

/// What a hands-on time is that of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HandsOnOf {
    /// Of this event: the case took the sum.
    Event,
    /// Of the case so far: the case took the greatest.
    Case,
}

/// What reopens a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reopen {
    /// Any step after the end.
    Any,
    /// Only an event with lifecycle `reopen`.
    Explicit,
}

/// Where a value comes from and what is done to it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldRecipe {
    /// A column, or a path such as `issue.fields.status.name`, `log[0].at` or `items[field=status].to`.
    pub path: Option<String>,
    /// The first of several paths or templates that has a value.
    pub first: Option<Vec<String>>,
    /// Always this.
    #[serde(rename = "const")]
    pub constant: Option<String>,
    /// Text with `{path}` in it.
    pub template: Option<String>,
    /// The first rule whose predicate holds gives the value.
    pub rules: Option<Vec<RuleSpec>>,
    /// Texts that stand for "no value", such as `?` or `-100`.
    #[serde(default)]
    pub missing: Vec<String>,
    /// Keeps the first capture (or the whole match) of this expression; no match is no value.
    pub regex: Option<String>,
    /// Replaces values; what is not listed stays as it is.
    #[serde(default)]
    pub values: BTreeMap<String, String>,
    /// The first expression that matches gives the value; `$1` in it is the first capture.
    #[serde(default, rename = "match")]
    pub patterns: Vec<PatternSpec>,
    /// Lower case, before `values` and `match`.
    #[serde(default)]
    pub lowercase: bool,
    /// The value where there is none; with `match`, also where nothing matched.
    pub default: Option<String>,
    /// Of a time: its format, where it is not that of the others.
    pub time_format: Option<String>,
    /// Of a time: the zone that it is in unless it says so itself, where it is not that of the others.
    pub time_zone: Option<String>,
    /// Of a time: the path of a duration that is added to it.
    pub plus: Option<String>,
    /// The unit of that duration.
    #[serde(default)]
    pub plus_unit: DurationUnit,
}

/// One rule of a field: a predicate and a value.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleSpec {
    /// CEL predicate.
    pub when: String,
    /// The value.
    pub then: String,
}

/// One expression of a field's `match`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PatternSpec {
    /// Regular expression.
    pub regex: String,
    /// The value.
    pub value: String,
}

/// A field: a path or template as a mere text, or a recipe.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldSpec(pub FieldRecipe);

impl FieldSpec {
    /// A text with `{` in it is a template, any other a path.
    pub fn from_text(text: &str) -> FieldSpec {
        let mut recipe = FieldRecipe::default();
        if text.contains('{') {
            recipe.template = Some(text.to_owned());
        } else {
            recipe.path = Some(text.to_owned());
        }
        FieldSpec(recipe)
    }

    /// Always this value.
    pub fn constant(value: &str) -> FieldSpec {
        FieldSpec(FieldRecipe {
            constant: Some(value.to_owned()),
            ..FieldRecipe::default()
        })
    }
}

impl<'de> Deserialize<'de> for FieldSpec {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<FieldSpec, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = FieldSpec;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a path, a template, or a mapping with `path`, `const`, `template`, `first` or `rules`")
            }
            fn visit_str<E>(self, text: &str) -> Result<FieldSpec, E> {
                Ok(FieldSpec::from_text(text))
            }
            fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<FieldSpec, M::Error> {
                FieldRecipe::deserialize(MapAccessDeserializer::new(map)).map(FieldSpec)
            }
        }
        from.deserialize_any(Either)
    }
}
