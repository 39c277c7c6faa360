//! Why a record did not become an event.

use std::fmt;

/// Why a record did not become an event. The word is a metric label, so the set is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// It is not valid in its format.
    Malformed,
    /// It is not valid UTF-8.
    InvalidUtf8,
    /// It is longer than a record may be.
    TooLong,
    /// It has no case.
    MissingCase,
    /// It has no activity.
    MissingActivity,
    /// It has no time.
    MissingTime,
    /// Its time can't be read.
    UnreadableTime,
    /// Its time lies further in the future than clocks may differ, or before 1980.
    ImplausibleTime,
    /// A value is none of those that are allowed (executor, lifecycle).
    InvalidValue,
    /// A predicate of the mapping can't be evaluated on it.
    PredicateFailed,
    /// The file ends in the middle, or is damaged.
    Truncated,
    /// Its case holds as many events as it may.
    CaseFull,
    /// There are as many processes as there may be.
    TooManyProcesses,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Reason; 13] = [
        Reason::Malformed,
        Reason::InvalidUtf8,
        Reason::TooLong,
        Reason::MissingCase,
        Reason::MissingActivity,
        Reason::MissingTime,
        Reason::UnreadableTime,
        Reason::ImplausibleTime,
        Reason::InvalidValue,
        Reason::PredicateFailed,
        Reason::Truncated,
        Reason::CaseFull,
        Reason::TooManyProcesses,
    ];

    /// The word used in metrics and JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Reason::Malformed => "malformed",
            Reason::InvalidUtf8 => "invalid_utf8",
            Reason::TooLong => "too_long",
            Reason::MissingCase => "missing_case",
            Reason::MissingActivity => "missing_activity",
            Reason::MissingTime => "missing_time",
            Reason::UnreadableTime => "unreadable_time",
            Reason::ImplausibleTime => "implausible_time",
            Reason::InvalidValue => "invalid_value",
            Reason::PredicateFailed => "predicate_failed",
            Reason::Truncated => "truncated",
            Reason::CaseFull => "case_full",
            Reason::TooManyProcesses => "too_many_processes",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// A record that did not become an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// Where in its source it starts, in bytes (decompressed, UTF-8).
    pub place: u64,
    /// Why.
    pub reason: Reason,
    /// What exactly: the field and the value, or the parser's words.
    pub detail: String,
    /// The record; cut at [`Reject::KEPT`] bytes.
    pub record: Vec<u8>,
}

impl Reject {
    /// So many bytes of a record are kept.
    pub const KEPT: usize = 64 << 10;

    /// Keeps the start of the record.
    pub fn new(place: u64, reason: Reason, detail: impl Into<String>, record: &[u8]) -> Reject {
        Reject {
            place,
            reason,
            detail: detail.into(),
            record: Reject::kept(record),
        }
    }

    /// What is kept of a record.
    pub fn kept(record: &[u8]) -> Vec<u8> {
        record[..record.len().min(Reject::KEPT)].to_vec()
    }
}
