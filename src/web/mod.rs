//! HTTP: metrics, health, reload, scores as JSON, the pages and reports; and who may have which.

mod access;
mod blocking;
mod drift;
mod metrics;
mod pages;
mod push;
mod reporting;
mod reports;
mod scrape;
mod server;
mod service;
mod state;

pub use access::hash_of;
pub(crate) use access::{Access, random_token};
pub(crate) use server::{Signals, serve};
