//! HTTP: metrics, health, reload, scores as JSON, and a plain landing page; and who may have which.

mod access;
mod drift;
mod landing;
mod metrics;
mod reports;
mod server;
mod service;

pub use access::{Access, hash_of, random_token};
pub use server::{Signals, serve};
