//! toleranced: tolerance classes for SecOps processes, measured from their logs.
//!
//! The rooms of the house, lowest first; arrows point down only (a test reads the `use` lines). See ARCHITECTURE.md.

#![deny(missing_docs)]
#![forbid(unsafe_code)]

pub mod model;

pub mod config;

pub mod stats;

pub mod cases;

pub mod measure;

pub mod score;

pub mod drift;

pub mod simulate;

pub mod ingest;

pub mod assemble;

pub mod store;

pub mod daemon;

pub mod export;

pub mod report;

pub mod web;

pub mod cli;
