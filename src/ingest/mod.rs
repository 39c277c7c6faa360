//! From bytes to mapped events: decoding, mapping, quarantine, sources.
//!
//! Knows formats and mappings; knows nothing of cases, sums or scores. Parsing gives (events, rejects): one bad record
//! never stops the good ones around it.

mod batch;
pub(crate) mod beginning;
mod content;
pub(crate) mod decode;
pub(crate) mod files;
pub(crate) mod framing;
pub(crate) mod guess;
mod kept;
pub(crate) mod mapping;
mod path;
mod persons;
pub(crate) mod read;
mod reject;
mod scalar;
pub(crate) mod time;
mod time_words;
mod time_written;
pub(crate) mod walk;

pub use batch::EventBatch;
pub use batch::behind_file;
pub(crate) use batch::file_of;
pub(crate) use batch::{GlobalNames, MappedEvent, event_in};
pub use content::ContentCounter;
pub(crate) use kept::{KeptRecords, without_values};
pub(crate) use mapping::suggested_match;
pub(crate) use path::{Path, path_keys};
pub(crate) use reject::{Reason, Reject};
