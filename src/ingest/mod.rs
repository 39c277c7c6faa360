//! Sources and decoders: everything that turns outside bytes into events.

pub mod files;
