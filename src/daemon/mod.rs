//! The daemon: tasks, batching, commit, re-scoring schedule, reload, shutdown.
//!
//! One thread per source reads and decodes; one thread assembles, commits and scores (`engine`, `worker`); the HTTP
//! server reads the published [`crate::query::Snapshot`]. Channels between them are bounded: a slow disk slows the sources down.

mod cache;
mod clock;
mod database_watch;
mod deliveries;
mod drop_folder;
mod engine;
mod mask_key;
mod positions;
mod reload;
mod rows;
mod run;
mod source;
mod sums;
mod tail;
mod worker;

pub(crate) use cache::CacheError;
pub use deliveries::Delivery;
pub use engine::Engine;
pub(crate) use reload::reload_reason;
pub(crate) use run::check_sources;
pub use run::run;
pub(crate) use run::{Error, Running, replay_marked};
