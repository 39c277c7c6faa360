//! The command line: one file per subcommand. Reads arguments, calls the rooms below, prints.

mod allocator;
mod backfill;
mod backup;
mod check;
mod common;
mod demo;
mod diff;
mod drift;
mod explain;
mod failure;
mod health;
mod init;
mod inspect;
mod layout;
mod mapping_args;
mod presets;
mod quarantine;
mod reading;
mod report;
mod rules;
mod run;
mod sample;
mod score;
mod simulate;
mod text;
mod token;
mod trusting;
mod views;

pub use failure::{Done, Failure};

use clap::{CommandFactory, Parser, Subcommand};
use std::io;

/// Tolerance classes for SecOps processes, measured from their logs.
///
/// Reads ticket logs and the run logs of playbooks, scripts and AI agents, measures how often each process really runs
/// and how much its outcomes really vary, and says who should run it: people, AI or code.
#[derive(Debug, Parser)]
#[command(name = "toleranced", version, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 done, 1 findings or invalid input, 2 wrong usage or environment."
)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Args),
    Run(run::Args),
    Score(score::Args),
    Explain(explain::Args),
    Diff(diff::Args),
    Drift(drift::Args),
    Mark(drift::MarkArgs),
    Report(report::Args),
    Backfill(backfill::Args),
    Backup(backup::Args),
    Restore(backup::RestoreArgs),
    Inspect(inspect::Args),
    Init(init::Args),
    Health(health::Args),
    Check(check::Args),
    Rules(rules::Args),
    Presets(presets::Args),
    Quarantine(quarantine::Args),
    Simulate(simulate::Args),
    Token(token::Args),
    /// Write shell completions to standard output
    #[command(after_help = "Examples:\n  toleranced completions bash > toleranced.bash")]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// Does what the arguments say.
pub fn run(args: Args) -> Result<Done, Failure> {
    match args.command {
        Command::Demo(args) => demo::run(&args),
        Command::Run(args) => run::run(&args),
        Command::Presets(args) => presets::run(&args),
        Command::Quarantine(args) => quarantine::run(&args),
        Command::Score(args) => score::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Diff(args) => diff::run(&args),
        Command::Drift(args) => drift::run(&args),
        Command::Mark(args) => drift::mark(&args),
        Command::Report(args) => report::run(&args),
        Command::Backfill(args) => backfill::run(&args),
        Command::Backup(args) => backup::run(&args),
        Command::Restore(args) => backup::restore(&args),
        Command::Inspect(args) => inspect::run(&args),
        Command::Health(args) => health::run(&args),
        Command::Init(args) => init::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Rules(args) => rules::run(&args),
        Command::Simulate(args) => simulate::run(&args),
        Command::Token(args) => token::run(&args),
        Command::Completions { shell } => {
            let mut command = Args::command();
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut command, "toleranced", &mut script);
            io::Write::write_all(&mut io::stdout(), &script)?;
            Ok(Done::Fine)
        }
    }
}
