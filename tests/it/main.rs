//! All integration tests, in one program: the library is linked once.
//!
//! Each folder is one part of the behaviour, and each file is named after the behaviour that it shows. Tests run the real
//! program unless their folder says otherwise. They run in parallel threads of this one process, see [`support`].

mod access;
mod alerts;
mod architecture;
mod daemon;
mod drift;
mod engine;
mod explain;
mod mapping;
mod metrics;
mod pages;
mod report;
mod score;
mod sources;
mod support;
