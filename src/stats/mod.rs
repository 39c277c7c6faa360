//! Numerics only: no word of the domain, no I/O. Every formula names its source.

mod confseq;
mod entropy;
mod rate;

pub use confseq::{Interval, clean_runs_missing, confidence_sequence};
pub use entropy::{categorical_variance, entropy_bits};
pub use rate::rate_interval;
