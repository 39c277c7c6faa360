//! HTTP: metrics, health, reload, scores as JSON, and a plain landing page.

mod drift;
mod landing;
mod metrics;
mod reports;
mod server;
mod service;

pub use server::{Signals, serve};
