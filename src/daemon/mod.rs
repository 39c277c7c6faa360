//! The daemon: tasks, batching, commit, re-scoring schedule, reload, shutdown.
//!
//! One thread per source reads and decodes; one thread assembles, commits and scores (`engine`, `worker`); the HTTP
//! server reads the published [`Snapshot`]. Channels between them are bounded: a slow disk slows the sources down.

mod behind;
mod cache;
pub mod counters;
mod coverage;
mod delivery;
mod drift;
mod drop_folder;
mod engine;
mod history;
mod losses;
mod own;
mod past;
mod past_windows;
mod refused;
mod reload;
mod rows;
mod run;
mod scoring;
mod snapshot;
mod source;
mod sums;
mod tail;
mod worker;

pub use behind::{CaseBehind, behind, suspicion, worst};
pub use cache::CacheError;
pub use delivery::{Delivery, Raw};
pub use drift::{KeptDrift, critical_outcome, first_of_epoch, kept_drift, kept_drift_of};
pub use engine::Engine;
pub use history::History;
pub use own::{Closed, OwnMetrics};
pub use past::{PastError, PastScore, PastView, Rules, past_scores};
pub use past_windows::{PastWindows, first_hour, past_windows};
pub use reload::{describe, describe_beside, reload_reason};
pub(crate) use run::check_sources;
pub use run::{Error, Running, replay_marked, run};
pub use snapshot::{DriftView, Shared, Snapshot, SourceStatus};
pub use worker::{Command, ReloadAnswer};
