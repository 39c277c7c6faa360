//! HTTP: metrics, health, reload, scores as JSON, and the pages.

mod drift;
mod metrics;
mod pages;
mod server;

pub use server::{Signals, serve};
