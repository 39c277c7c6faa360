//! toleranced: tolerance classes for SecOps processes, measured from their logs.

pub mod ingest;
