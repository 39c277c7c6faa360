//! `toleranced run`: the daemon.

use super::allocator;
use super::common::readable;
use super::failure::{Done, Failure};
use crate::config::access::Overrides;
use crate::config::daemon::Config;
use crate::daemon::{self, Error};
use crate::store::{DataLock, StoreError};
use crate::web;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

/// Run the daemon: tail the sources, keep the scores, serve /metrics
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  toleranced run
  toleranced run --config /etc/toleranced/toleranced.yaml --web.config.file /etc/toleranced/web-config.yaml

Reloads its configuration on SIGHUP, on POST /-/reload and when a file changes; SIGTERM commits and ends.
Exit codes: 0 stopped when asked, 1 the configuration is invalid, 2 the environment does not let it run.")]
pub(super) struct Args {
    /// The configuration file
    #[arg(long, short, value_name = "FILE", default_value = "toleranced.yaml")]
    config: PathBuf,
    #[command(flatten)]
    web: WebArgs,
}

/// What overrides the configuration in matters of access.
#[derive(Debug, clap::Args)]
pub(super) struct WebArgs {
    /// TLS, users and headers, in the format of Prometheus' exporter-toolkit
    #[arg(long = "web.config.file", value_name = "FILE")]
    web_config: Option<PathBuf>,
    /// Listen beyond the loopback address even if nobody has to say who they are
    #[arg(long = "web.allow-anonymous")]
    allow_anonymous: bool,
}

impl WebArgs {
    pub(super) fn overrides(&self) -> Overrides {
        Overrides {
            web_config: self.web_config.clone(),
            allow_anonymous: self.allow_anonymous,
        }
    }
}

pub(super) fn run(args: &Args) -> Result<Done, Failure> {
    log_to_stderr("info");
    if let Err(error) = allocator::set_for_daemon() {
        tracing::warn!(%error, "started without settings of the allocator: a burst of large bodies takes more memory");
    }
    readable(&args.config)?;
    let config = Config::load_with(&args.config, &args.web.overrides())?;
    serve(config, &args.config, |_| {})
}

/// Log lines go to standard error; RUST_LOG says how much, else `level` does.
pub(super) fn log_to_stderr(level: &str) {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(level));
    // Only the first subscriber of a process counts; a second try changes nothing.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(console::user_attended_stderr())
        .with_target(false)
        .try_init();
}

/// Idle threads for blocking work end after this time. The allocator releases the memory of a thread when the thread ends, so
/// the memory of the daemon falls after many requests at once.
const KEEP_IDLE_THREADS: Duration = Duration::from_millis(500);

/// Requests that still wait for the database when everything has ended get so long.
const LAST_REQUESTS: Duration = Duration::from_millis(500);

/// Runs the daemon until it is asked to stop. `started` is told the address once it listens.
pub(super) fn serve(
    config: Config,
    file: &Path,
    started: impl FnOnce(std::net::SocketAddr),
) -> Result<Done, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_keep_alive(KEEP_IDLE_THREADS)
        .enable_all()
        .build()?;
    // Signals come first. Otherwise a signal during startup ends the process.
    let signals = runtime.block_on(async { web::Signals::listen() })?;
    let early_signals = runtime.block_on(async { web::Signals::listen() })?;
    // Years of history may have to be counted anew before the daemon listens.
    let starting = runtime.spawn(early_signals.end_process());
    // Reads certificates, and starting the daemon reads the database: both block, so they run outside of the runtime.
    let access = Arc::new(web::Access::open(&config)?);
    // Before anything is opened: a port that is taken must not leave a half-started daemon.
    let listener = runtime
        .block_on(TcpListener::bind(config.listen))
        .map_err(|error| cannot_listen(&config, &error))?;
    let address = listener.local_addr()?;
    let running = Arc::new(daemon::run(config, file)?);
    starting.abort();
    tracing::info!(%address, "listening");
    started(address);
    runtime.block_on(web::serve(listener, running.clone(), access, signals));
    let ended = running.shutdown();
    // A request that waits for the database must not keep the daemon from stopping.
    runtime.shutdown_timeout(LAST_REQUESTS);
    ended?;
    tracing::info!("stopped");
    Ok(Done::Fine)
}

fn cannot_listen(config: &Config, error: &std::io::Error) -> Failure {
    // Most often the one who listens there is the daemon that has the data directory, too.
    if let Err(in_use @ StoreError::InUse { .. }) = DataLock::check(&config.data_dir) {
        return Failure::from(in_use);
    }
    let listen = config.listen;
    Failure::environment(format!(
        "can't listen on {listen}: {error}; set `listen` to another address"
    ))
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        match error {
            Error::Config(problems) => Failure::from(problems),
            other => Failure::Environment(other.into()),
        }
    }
}
