//! `toleranced token`: makes a bearer token, and the line that lets it in.

use super::failure::{Done, Failure};
use crate::config::access::{Role, is_token_name};
use crate::web::{hash_of, random_token};
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};

/// A shorter one could be found from its hash by trying.
const LEAST_LENGTH: usize = 32;

/// Make a bearer token for a program: its line for `access.tokens`, and the token itself
///
/// The line goes to standard output, the token to standard error: it is shown once and kept nowhere, the configuration
/// has its hash only.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  toleranced token --name grafana --role read
  toleranced token --name siem --role ingest >> tokens.yaml
  openssl rand -hex 32 > token && toleranced token --name siem --role ingest --from token

Roles: read (pages, metrics, API), ingest (POST /ingest/... and nothing else), admin (everything).")]
pub(super) struct Args {
    /// Whose token it is, for the audit log
    #[arg(long)]
    name: String,
    /// What its bearer may do
    #[arg(long, value_enum)]
    role: RoleWord,
    /// Take the token from the first line of a file, `-` for standard input, instead of making one
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum RoleWord {
    Read,
    Ingest,
    Admin,
}

pub(super) fn run(args: &Args) -> Result<Done, Failure> {
    if !is_token_name(&args.name) {
        let message = "--name: letters, digits, `-`, `_` and `.`";
        return Err(Failure::environment(message));
    }
    let role = match args.role {
        RoleWord::Read => Role::Read,
        RoleWord::Ingest => Role::Ingest,
        RoleWord::Admin => Role::Admin,
    };
    let token = match &args.from {
        None => random_token()
            .ok_or_else(|| Failure::environment("the system has no randomness to give"))?,
        Some(file) => given(file)?,
    };
    if args.from.is_none() {
        eprintln!("The token, which is shown this once: {token}");
        eprintln!(
            "The line for `access.tokens` in toleranced.yaml, or for `tokens` in its `tokens_file`:"
        );
    }
    writeln!(
        std::io::stdout(),
        "  - {{ name: \"{}\", role: {}, sha256: \"{}\" }}",
        args.name,
        role.word(),
        hash_of(&token)
    )?;
    Ok(Done::Fine)
}

fn given(file: &Path) -> Result<String, Failure> {
    let shown = file.display();
    let wrong = |error| Failure::environment(format!("{shown}: {error}"));
    let mut line = String::new();
    if file == Path::new("-") {
        std::io::stdin()
            .lock()
            .read_line(&mut line)
            .map_err(wrong)?;
    } else {
        let file = std::fs::File::open(file).map_err(wrong)?;
        std::io::BufReader::new(file)
            .read_line(&mut line)
            .map_err(wrong)?;
    }
    let token = line.trim();
    if token.len() < LEAST_LENGTH || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        let message = format!(
            "{shown}: a token is a line of at least {LEAST_LENGTH} characters without spaces, made at random"
        );
        return Err(Failure::invalid(message));
    }
    Ok(token.to_owned())
}
