//! How a command ends: exit codes and messages.

use super::text::harmless;
use crate::daemon::CacheError;
use crate::ingest::decode::DecodeError;
use crate::rules::Problems;
use crate::store::StoreError;
use std::io;
use std::process::ExitCode;

/// A command that did its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// Exit code 0.
    Fine,
    /// Exit code 1: it found something that must not pass.
    Findings,
}

impl Done {
    /// The exit code.
    pub fn code(self) -> ExitCode {
        match self {
            Done::Fine => ExitCode::SUCCESS,
            Done::Findings => ExitCode::from(1),
        }
    }
}

/// A command that could not do its work.
#[derive(Debug)]
pub enum Failure {
    /// Exit code 1: what it was given is invalid.
    Invalid(anyhow::Error),
    /// Exit code 2: wrong usage, or the environment does not let it.
    Environment(anyhow::Error),
    /// Exit code 0: nobody reads the output any more (`| head`).
    BrokenPipe,
}

impl Failure {
    /// Prints the message and gives the exit code.
    pub fn report(&self) -> ExitCode {
        let (error, code) = match self {
            Failure::BrokenPipe => return ExitCode::SUCCESS,
            Failure::Invalid(error) => (error, 1),
            Failure::Environment(error) => (error, 2),
        };
        let mark = console::style("error:").for_stderr().red().bold();
        eprintln!("{mark} {}", harmless(&format!("{error:#}")));
        ExitCode::from(code)
    }

    /// Invalid input, in words.
    pub fn invalid(message: impl Into<String>) -> Failure {
        Failure::Invalid(anyhow::Error::msg(message.into()))
    }

    /// Trouble with the environment, in words.
    pub fn environment(message: impl Into<String>) -> Failure {
        Failure::Environment(anyhow::Error::msg(message.into()))
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::BrokenPipe,
            _ => Failure::Environment(error.into()),
        }
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Failure {
        match error.io_error_kind() {
            Some(kind) => Failure::from(io::Error::from(kind)),
            None => Failure::Invalid(error.into()),
        }
    }
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Failure {
        Failure::Invalid(problems.into())
    }
}

impl From<DecodeError> for Failure {
    fn from(error: DecodeError) -> Failure {
        match error {
            // In words: its source is in its message already, and would be printed twice.
            DecodeError::Io { .. } => Failure::environment(error.to_string()),
            DecodeError::Format { .. } => Failure::invalid(error.to_string()),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        Failure::Environment(error.into())
    }
}

impl From<CacheError> for Failure {
    fn from(error: CacheError) -> Failure {
        Failure::Environment(error.into())
    }
}
