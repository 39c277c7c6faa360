//! Who has more different names than it may.

use crate::model::humanize::grouped;

/// A process of a source whose further names count as `other`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NameExcess {
    /// The source that brings the names.
    pub source: String,
    /// The process.
    pub process: String,
    /// The key of the limit that is exceeded.
    pub limit: &'static str,
    /// How many names it allows.
    pub allowed: usize,
    /// How often a name counted as `other` since the start.
    pub folded: u64,
    /// The field of the mapping that most of them come from.
    pub field: &'static str,
    /// One of them.
    pub example: String,
    /// The lines of a `match` for the field, if the names contain numbers.
    pub suggestion: Option<String>,
}

impl NameExcess {
    /// One sentence without its full stop.
    pub(crate) fn warning(&self) -> String {
        let NameExcess {
            source,
            process,
            limit,
            allowed,
            folded,
            ..
        } = self;
        let (allowed, folded) = (grouped(*allowed as i64), grouped(*folded as i64));
        format!(
            "Process {process} of source {source} has more different names than {limit} ({allowed}) allows: {folded} times a further name counted as `other`. The page Ingest says what to do"
        )
    }
}
