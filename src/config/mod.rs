//! What users write: catalog, tolerance table, daemon configuration, mappings. Types, defaults, validation.
//!
//! Three steps: raw (as the YAML says, unknown fields refused), checked (types that can't be wrong), built (by the
//! modules above). Every problem carries file, line and field.

pub mod access;
pub mod catalog;
pub mod daemon;
pub mod drift;
pub mod drivers;
pub mod exposition;
mod loader;
pub mod mapping;
pub mod recipients;
pub mod reports;
pub mod sources;
mod span;
pub mod tolerance;
pub mod web_config;
mod yaml;

pub use loader::{Document, Hashes};
pub use span::{SpanText, parse_span};
pub use yaml::read_yaml;
