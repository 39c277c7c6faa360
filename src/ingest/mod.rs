//! From bytes to mapped events: decoding, mapping, quarantine, sources.
//!
//! Knows formats and mappings; knows nothing of cases, sums or scores. Parsing gives (events, rejects): one bad record
//! never stops the good ones around it.

mod batch;
mod content;
pub mod decode;
pub mod files;
pub mod framing;
pub mod guess;
pub mod mapping;
mod path;
pub mod read;
mod reject;
mod scalar;
pub mod time;

pub use batch::{EventBatch, MappedEvent, TextRef, behind_file, event_in};
pub use content::ContentCounter;
pub use path::Path;
pub use reject::{Reason, Reject};
pub use scalar::Scalar;
