//! What users write: catalog, tolerance table, daemon configuration, mappings. Types, defaults, validation.
//!
//! Three steps: raw (as the YAML says, unknown fields refused), checked (types that can't be wrong), built (by the
//! modules above). Every problem carries file, line and field.

pub(crate) mod access;
pub(crate) mod catalog;
pub(crate) mod daemon;
pub(crate) mod drift;
pub(crate) mod drivers;
pub(crate) mod exposition;
pub(crate) mod holidays;
mod loader;
pub(crate) mod mapping;
mod mapping_yaml;
pub(crate) use mapping_yaml::{mapping_yaml, overridden, quoted_lines};
pub(crate) mod recipients;
pub(crate) mod reports;
mod retention;
pub(crate) mod sources;
mod span;
pub(crate) mod tolerance;
pub(crate) mod web_config;
mod yaml;

pub(crate) use loader::Hashes;
pub(crate) use span::parse_span;
