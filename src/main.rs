//! The `toleranced` command: arguments in, exit code out.

use clap::Parser;
use std::process::ExitCode;
use toleranced::cli;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match cli::run(cli::Args::parse()) {
        Ok(done) => done.code(),
        Err(failure) => failure.report(),
    }
}
