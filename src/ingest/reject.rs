//! Why a record did not become an event.

use crate::model::words;

words! {
    /// Why a record did not become an event. The word is a metric label, so the set is closed.
    pub Reason {
        /// It is not valid in its format.
        Malformed = "malformed",
        /// It is not valid UTF-8.
        InvalidUtf8 = "invalid_utf8",
        /// It is longer than a record may be.
        TooLong = "too_long",
        /// It has no case.
        MissingCase = "missing_case",
        /// It has no activity.
        MissingActivity = "missing_activity",
        /// It has no time.
        MissingTime = "missing_time",
        /// Its time can't be read.
        UnreadableTime = "unreadable_time",
        /// Its time lies further in the future than clocks may differ, or before 1980.
        ImplausibleTime = "implausible_time",
        /// A value is none of those that are allowed (executor, lifecycle).
        InvalidValue = "invalid_value",
        /// A predicate of the mapping can't be evaluated on it.
        PredicateFailed = "predicate_failed",
        /// The file ends in the middle, or is damaged.
        Truncated = "truncated",
        /// It is the last line of a log, has no line end, and can't be read. It is read again when it has grown.
        Unfinished = "unfinished",
        /// Its case holds as many events as it may.
        CaseFull = "case_full",
        /// Its case was removed after the retention period, and it is later than all that was known of the case.
        CaseRemoved = "case_removed",
        /// There are as many processes as there may be.
        TooManyProcesses = "too_many_processes",
        /// The daemon died twice while it read the file, which is set aside as a whole.
        SetAside = "set_aside",
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

    /// So many bytes of the detail are kept: it may name a value of the record.
    const DETAIL_KEPT: usize = 4 << 10;

    /// Keeps the start of the record.
    pub fn new(place: u64, reason: Reason, detail: impl Into<String>, record: &[u8]) -> Reject {
        let mut detail = detail.into();
        if detail.len() > Reject::DETAIL_KEPT {
            let ends = (0..=Reject::DETAIL_KEPT).rev();
            let end = ends.into_iter().find(|at| detail.is_char_boundary(*at));
            detail.truncate(end.unwrap_or(0));
            detail.push_str("...");
        }
        Reject {
            place,
            reason,
            detail,
            record: Reject::kept(record),
        }
    }

    /// About how many bytes of memory it takes.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Reject>() + self.detail.len() + self.record.len()
    }

    /// What is kept of a record.
    pub fn kept(record: &[u8]) -> Vec<u8> {
        record[..record.len().min(Reject::KEPT)].to_vec()
    }
}
