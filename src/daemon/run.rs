//! Starting and stopping the threads.

use super::cache::CacheError;
use super::clock::{self, now};
use super::database_watch::DatabaseWatch;
use super::drop_folder::{self, Exports};
use super::engine::Engine;
use super::reload::{describe, describe_beside, reload_reason};
use super::source::{Source, format_of, mapping_of, replay};
use super::worker::{Command, Worker};
use super::{Delivery, tail};
use crate::config::daemon::Config;
use crate::config::sources::{SourceConfig, SourceKind};
use crate::model::{Span, Time};
use crate::query::{Shared, SourceStatus};
use crate::rules::mapping::FormatName;
use crate::rules::{Problem, Problems};
use crate::store::{DataLock, Store, StoreError, make_private};
use arc_swap::ArcSwap;
use crossbeam_channel::{Receiver, Sender, bounded};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Deliveries that wait for the engine: each holds at most a chunk of a file, so a handful bounds memory.
const WAITING_DELIVERIES: usize = 4;

/// How long a source waits for another program that holds the database, before it is told as a trouble of the source.
const WAIT_FOR_OTHERS: Duration = Duration::from_millis(500);
/// A source that can't be read at all is tried again after this.
const TRY_AGAIN: Duration = Duration::from_secs(5);

/// Why the daemon can't run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The configuration is invalid.
    #[error("{0}")]
    Config(#[from] Problems),
    /// The database can't be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A case in the database can't be read, or the database can't be used.
    #[error(transparent)]
    Case(#[from] CacheError),
    /// A thread could not be started.
    #[error("can't start a thread: {0}")]
    Thread(#[from] std::io::Error),
    /// A thread has panicked, which is a bug.
    #[error("a thread of the daemon has died; please report this with the lines before")]
    Died,
}

/// A running daemon.
pub struct Running {
    /// What the HTTP server shows.
    pub shared: Arc<Shared>,
    file: PathBuf,
    /// Replaced as a whole, and only while `changing` is held.
    config: ArcSwap<Config>,
    commands: Sender<Command>,
    deliveries: Mutex<Option<Sender<Delivery>>>,
    sources: Mutex<Vec<Started>>,
    /// Held while sources are stopped and started: requests, signals and file changes may ask for it at once.
    changing: Mutex<()>,
    /// Dropped to ask the worker not to wait any longer.
    stop: Mutex<Option<Sender<()>>>,
    worker: Mutex<Option<JoinHandle<Result<(), CacheError>>>>,
    watch: Mutex<DatabaseWatch>,
    _lock: DataLock,
}

/// A source that reads.
struct Started {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
    shown: String,
}

/// Starts the daemon on a checked configuration that was read from `file`.
pub fn run(config: Config, file: &Path) -> Result<Running, Error> {
    check_sources(&config)?;
    make_private(&config.data_dir)?;
    let lock = DataLock::take(&config.data_dir)?;
    let config = Arc::new(config);
    let engine = Engine::open(config.clone(), now())?;
    let shared = Arc::new(Shared::default());
    let files = engine.store().files_on_disk().clone();
    let watch = DatabaseWatch::start(&shared, files, &config.data_dir)?;
    let (deliveries, to_worker) = bounded(WAITING_DELIVERIES);
    // Handed over, never queued: a queue would keep a request, and whoever waits for its answer, after the worker has ended.
    let (commands, commands_in) = bounded(0);
    let (stop, stopping) = bounded::<()>(0);
    let worker = spawn_worker(engine, &config, &shared, to_worker, commands_in, stopping)?;
    let running = Running {
        shared,
        file: file.to_owned(),
        config: ArcSwap::new(config.clone()),
        commands,
        deliveries: Mutex::new(Some(deliveries)),
        sources: Mutex::new(Vec::new()),
        changing: Mutex::new(()),
        stop: Mutex::new(Some(stop)),
        worker: Mutex::new(Some(worker)),
        watch: Mutex::new(watch),
        _lock: lock,
    };
    running.start_sources(&config, &[])?;
    Ok(running)
}

fn spawn_worker(
    engine: Engine,
    config: &Arc<Config>,
    shared: &Arc<Shared>,
    deliveries: Receiver<Delivery>,
    commands: Receiver<Command>,
    stop: Receiver<()>,
) -> Result<JoinHandle<Result<(), CacheError>>, Error> {
    let worker = Worker {
        engine,
        shared: shared.clone(),
        config: config.clone(),
        deliveries,
        commands,
        stop,
        turned_back: clock::turned_back(),
    };
    let thread = std::thread::Builder::new().name("engine".to_owned());
    Ok(thread.spawn(move || worker.run())?)
}

/// Compiles every mapping, to find mistakes before anything is started.
pub(crate) fn check_sources(config: &Config) -> Result<(), Problems> {
    let mut problems = Problems::default();
    for source in &config.sources {
        if let Err(found) = mapping_of(source, Span::ZERO, now()) {
            problems.0.extend(found.0);
        }
        let format = format_of(source);
        if source.kind == SourceKind::Files && matches!(format, FormatName::Json | FormatName::Xes)
        {
            problems.0.push(Problem {
                file: source.mapping_file.clone(),
                line: 0,
                column: 0,
                message: format!(
                    "source `{}`: {} can't be tailed",
                    source.name,
                    format.word()
                ),
                hint: Some("give the source `type: drop`".to_owned()),
            });
        }
    }
    problems.into_result(())
}

impl Running {
    /// `before` are the sources that were read until now: what is known of them holds on.
    fn start_sources(&self, config: &Config, before: &[SourceConfig]) -> Result<(), Error> {
        let known = self.shared.sources();
        let mut statuses = Vec::new();
        let deliveries = lock(&self.deliveries).clone();
        let Some(deliveries) = deliveries else {
            return Ok(());
        };
        let names = config.sources.iter().map(|source| source.name.as_str());
        drop_folder::expire_orphans(
            &config.data_dir.join("push"),
            &names.collect(),
            config.push.max_age.duration(),
        );
        for source in &config.sources {
            let status = status_of(source, before, &known);
            statuses.push(status.clone());
            let future = Span::seconds(config.limits.future_seconds as i64);
            let stop = Arc::new(AtomicBool::new(false));
            let ready = Source {
                mapping: mapping_of(source, future, now())?,
                format: format_of(source),
                config: source.clone(),
                status,
                deliveries: deliveries.clone(),
                stop: stop.clone(),
                most_record_bytes: config.limits.record_bytes,
                future,
                max_age: config.push.max_age.duration(),
            };
            let data_dir = config.data_dir.clone();
            let name = format!("source-{}", source.name);
            let thread = std::thread::Builder::new()
                .name(name)
                .spawn(move || read(&ready, &data_dir))?;
            lock(&self.sources).push(Started {
                stop,
                thread,
                shown: source.name.clone(),
            });
        }
        self.shared.set_sources(statuses);
        Ok(())
    }

    fn stop_sources(&self) {
        let sources = std::mem::take(&mut *lock(&self.sources));
        for source in &sources {
            source.stop.store(true, Ordering::Relaxed);
        }
        for source in sources {
            if source.thread.join().is_err() {
                tracing::error!(
                    source = source.shown,
                    "the reader of a source has died; please report this"
                );
            }
        }
    }

    /// Reads the configuration again and lives by it, if it is valid; says what changed. An invalid one changes nothing.
    /// `prepare` makes of it what others live by: if that can't be made, the configuration is invalid.
    pub fn reload<T>(
        &self,
        prepare: impl FnOnce(&Config) -> Result<T, Problems>,
    ) -> Result<(Vec<String>, T), String> {
        let invalid = |problems: Problems| problems.to_string();
        let _changing = lock(&self.changing);
        let old = self.config();
        let new = Config::load_with(&self.file, &old.overrides).map_err(invalid)?;
        check_sources(&new).map_err(invalid)?;
        let prepared = prepare(&new).map_err(invalid)?;
        let (changed, beside) = (describe(&old, &new), describe_beside(&old, &new));
        if changed.is_empty() {
            // Access, reports and pages are no business of the engine, which need not be stopped for that.
            self.config.store(Arc::new(Config {
                access: new.access,
                reports: new.reports,
                pages: new.pages,
                files: new.files,
                ..Config::clone(&old)
            }));
            return Ok((beside, prepared));
        }
        let changed = [changed, beside].concat();
        let new = Arc::new(Config {
            // These hold until a restart.
            listen: old.listen,
            data_dir: old.data_dir.clone(),
            ..new
        });
        // Positions are read from the database when a source starts: everything it read must be committed before.
        self.stop_sources();
        let (answer, answered) = bounded(1);
        let gone = |_| "the daemon is stopping".to_owned();
        self.commands
            .send(Command::Reload(new.clone(), answer))
            .map_err(|_| "the daemon is stopping".to_owned())?;
        if let Err(problem) = answered.recv().map_err(gone)? {
            // The old configuration holds, so its sources go on.
            self.start_sources(&old, &old.sources)
                .map_err(|error| error.to_string())?;
            return Err(problem);
        }
        self.config.store(new.clone());
        self.start_sources(&new, &old.sources)
            .map_err(|error| error.to_string())?;
        Ok((changed, prepared))
    }

    /// Hash of the texts of the files whose change is a reason to reload. Reads these files, so it blocks.
    pub fn watched(&self) -> u64 {
        reload_reason(&self.config.load().files)
    }

    /// The time, in UTC. While the clock of the system has jumped, this is the time that it would show otherwise.
    pub(crate) fn now(&self) -> Time {
        now()
    }

    /// The configuration in force.
    pub fn config(&self) -> Arc<Config> {
        self.config.load_full()
    }

    /// Whether the worker has ended by itself.
    pub fn has_died(&self) -> bool {
        lock(&self.worker)
            .as_ref()
            .is_none_or(JoinHandle::is_finished)
    }

    /// A commit that fails is not tried much longer from now on, because the daemon is asked to stop.
    pub(crate) fn stop_retrying(&self) {
        lock(&self.stop).take();
    }

    /// Stops the sources, takes what they have read, commits.
    pub fn shutdown(&self) -> Result<(), Error> {
        // Before anything else: a reload that waits for a full disk gives up.
        self.stop_retrying();
        lock(&self.watch).stop();
        let _changing = lock(&self.changing);
        // The worker goes on taking deliveries while the sources end, so none of them waits for ever.
        self.stop_sources();
        lock(&self.deliveries).take();
        // The lock is released before the worker is joined, because `has_died` takes it, too.
        let worker = lock(&self.worker).take();
        match worker.map(JoinHandle::join) {
            None => Ok(()),
            Some(Ok(result)) => Ok(result?),
            Some(Err(_)) => Err(Error::Died),
        }
    }
}

/// The status of a source from now on. By its name it is the same source, so its latest event and what waits for it stay;
/// whether it can be read has to be found out anew if it was configured otherwise.
fn status_of(
    source: &SourceConfig,
    before: &[SourceConfig],
    known: &[Arc<SourceStatus>],
) -> Arc<SourceStatus> {
    let Some(status) = known.iter().find(|known| known.name == source.name) else {
        return Arc::new(SourceStatus::new(&source.name));
    };
    if !before.iter().any(|old| old.is_same(source)) {
        status.begin_anew();
    }
    status.clone()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tries marked records again while no daemon runs. The caller holds the lock of the data directory.
pub(crate) fn replay_marked(config: Config) -> Result<(), Error> {
    check_sources(&config)?;
    let config = Arc::new(config);
    let mut engine = Engine::open(config.clone(), now())?;
    loop {
        let rows = engine.to_replay(1000)?;
        if rows.is_empty() {
            return Ok(());
        }
        replay(&mut engine, &config, rows, now())?;
        engine.commit()?;
    }
}

/// Reads a source until it is told to stop. What ends it early is told and tried again: a disk or the database may come
/// back, and whoever sends something to it is answered meanwhile.
fn read(source: &Source, data_dir: &Path) {
    let mut told = None;
    while let Err(trouble) = read_from_where_it_was(source, data_dir) {
        if told.as_ref() != Some(&trouble) {
            tracing::error!(
                source = source.config.name,
                trouble,
                "the source can't be read; tried again"
            );
        }
        source.status.set_trouble(Some(trouble.clone()));
        told = Some(trouble);
        source.pause(TRY_AGAIN);
        if source.is_stopping() {
            return;
        }
    }
}

/// Reads from the positions that are in the database. An error comes before anything was delivered: what was delivered and
/// is not committed yet would be read twice otherwise.
fn read_from_where_it_was(source: &Source, data_dir: &Path) -> Result<(), String> {
    let name = &source.config.name;
    let failed = |error: StoreError| error.to_string();
    let store = Store::open_to_read(data_dir).map_err(failed)?;
    store.wait_at_most(WAIT_FOR_OTHERS).map_err(failed)?;
    let known = store.files(name).map_err(failed)?;
    match source.config.kind {
        SourceKind::Files => {
            drop(store);
            tail::run(source, known)
        }
        SourceKind::Drop | SourceKind::Push => {
            let exports = Exports {
                store,
                source: name.clone(),
                data_dir: data_dir.to_owned(),
            };
            drop_folder::run(source, &exports, known)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    /// A named pipe stands for a disk that does not answer: reading it blocks until a writer closes it.
    #[test]
    fn configuration_is_available_while_its_files_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let (file, catalog) = (
            folder.path().join("toleranced.yaml"),
            folder.path().join("catalog.yaml"),
        );
        std::fs::write(&file, "catalog: catalog.yaml\n").unwrap();
        std::fs::write(&catalog, "processes: []\n").unwrap();
        let daemon = Arc::new(run(Config::load(&file).unwrap(), &file).unwrap());
        std::fs::remove_file(&catalog).unwrap();
        nix::unistd::mkfifo(&catalog, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let watching = {
            let daemon = daemon.clone();
            std::thread::spawn(move || daemon.watched())
        };
        // Opening blocks until the other thread reads the pipe.
        let pipe = std::fs::OpenOptions::new()
            .write(true)
            .open(&catalog)
            .unwrap();
        let (answer, answered) = mpsc::channel();
        let asking = {
            let daemon = daemon.clone();
            std::thread::spawn(move || answer.send(daemon.config().listen))
        };
        let answered = answered.recv_timeout(Duration::from_secs(10));
        drop(pipe);
        watching.join().unwrap();
        assert!(answered.is_ok(), "the configuration is locked");
        asking.join().unwrap().unwrap();
        daemon.shutdown().unwrap();
    }

    #[test]
    fn configuration_is_shared_and_not_copied() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("toleranced.yaml");
        std::fs::write(&file, "").unwrap();
        let daemon = run(Config::load(&file).unwrap(), &file).unwrap();
        assert!(Arc::ptr_eq(&daemon.config(), &daemon.config()));
        daemon.shutdown().unwrap();
    }
}
