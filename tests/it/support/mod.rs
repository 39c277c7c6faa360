//! What the tests share. A helper that only one folder of tests uses is in the `mod.rs` of that folder.
//!
//! Tests run in parallel threads of one process. So no helper changes the process: no variable, no working folder. A test
//! that needs such a change makes it in a child process.

pub(crate) mod access;
pub(crate) mod archive;
pub(crate) mod binary;
pub(crate) mod daemon;
pub(crate) mod dice;
pub(crate) mod fleets;
pub(crate) mod formats;
pub(crate) mod forty_tickets;
pub(crate) mod heavy;
pub(crate) mod home;
pub(crate) mod http;
pub(crate) mod in_process;
pub(crate) mod own_format;
pub(crate) mod project;
pub(crate) mod promtool;
pub(crate) mod scores;
pub(crate) mod scrape;
pub(crate) mod servers;
pub(crate) mod tickets;
pub(crate) mod wait;
#[cfg(feature = "workbooks")]
pub(crate) mod workbook;

pub(crate) use archive::archive;
pub(crate) use binary::{BINARY, Ran, Scratch, texts, toleranced};
pub(crate) use daemon::Daemon;
pub(crate) use home::{Home, TAILED};
pub(crate) use scrape::Metrics;
pub(crate) use wait::{DEADLINE, wait_to_equal, wait_until};
