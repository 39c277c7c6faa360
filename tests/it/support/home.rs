//! A folder with a configuration and the files that it names.

use super::binary::{BINARY, toleranced};
use super::daemon::Daemon;
use super::tickets::MAPPING;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;
use walkdir::WalkDir;

/// The source of [`Home::tailing`].
pub(crate) const TAILED: &str =
    "[{name: log, paths: [log.ndjson], mapping: map.yaml, flush_after: 100ms}]";

/// A folder with a configuration and what it names.
pub(crate) struct Home(tempfile::TempDir);

impl Home {
    /// With a mapping `map.yaml`, and a configuration with these sources (lines of YAML behind `sources:`).
    pub(crate) fn new(sources: &str) -> Home {
        let home = Home(tempfile::tempdir().unwrap());
        home.write("map.yaml", MAPPING);
        home.configure(sources, "");
        home
    }

    /// With one source `log` that tails `log.ndjson`.
    pub(crate) fn tailing() -> Home {
        Home::new(TAILED)
    }

    /// With this catalog, and one source `in` that reads `log.ndjson` in the program's own format. `score` are further keys
    /// of `score:`, and `more` further top-level lines.
    pub(crate) fn with_catalog(catalog: &str, score: &str, more: &str) -> Home {
        let home = Home(tempfile::tempdir().unwrap());
        home.write("catalog.yaml", catalog);
        home.write(
            "toleranced.yaml",
            format!(
                "listen: 127.0.0.1:0\ndata_dir: data\ncatalog: catalog.yaml\nscore: {{every: 200ms{score}}}\n{more}\
                 sources: [{{name: in, paths: [log.ndjson], mapping: toleranced}}]\n"
            ),
        );
        home
    }

    /// A copy of a home that [`Home::keep`] has kept. Logs are the same files, because the daemon knows them by that.
    pub(crate) fn copy_of(kept: &Path) -> Home {
        let home = Home(tempfile::tempdir().unwrap());
        for entry in WalkDir::new(kept).min_depth(1) {
            let entry = entry.unwrap();
            let to = home.path(entry.path().strip_prefix(kept).unwrap().to_str().unwrap());
            if entry.file_type().is_dir() {
                fs::create_dir(to).unwrap();
            } else if to.extension().is_some_and(|ending| ending == "ndjson") {
                fs::hard_link(entry.path(), to).unwrap();
            } else {
                fs::copy(entry.path(), to).unwrap();
            }
        }
        home
    }

    /// Keeps this home for other tests of this process. What an earlier process has kept under this name is removed.
    pub(crate) fn keep(self, name: &str) -> PathBuf {
        let parent = self.0.path().parent().unwrap();
        let prefix = format!("toleranced-tests-{name}-");
        for entry in fs::read_dir(parent).unwrap().filter_map(Result::ok) {
            let other = entry.file_name();
            let process = other.to_str().and_then(|other| other.strip_prefix(&prefix));
            if process.is_some_and(|id| !Path::new("/proc").join(id).exists()) {
                // Another process of tests may have been faster.
                let _ = fs::remove_dir_all(entry.path());
            }
        }
        let kept = parent.join(format!("{prefix}{}", std::process::id()));
        fs::rename(self.0.keep(), &kept).unwrap();
        kept
    }

    /// With one source `in` that reads the exports in the folder `in`.
    pub(crate) fn dropping(mapping: &str) -> Home {
        let home = Home::new("[{name: in, type: drop, paths: [in], mapping: map.yaml}]");
        home.write("map.yaml", mapping);
        fs::create_dir(home.path("in")).unwrap();
        home
    }

    /// Puts an export into that folder that was written so many seconds ago.
    pub(crate) fn drop_in(&self, name: &str, bytes: impl AsRef<[u8]>, seconds_ago: u64) {
        self.write("aside", bytes);
        self.age("aside", seconds_ago);
        fs::rename(self.path("aside"), self.path("in").join(name)).unwrap();
    }

    /// Makes a file one that was written so many seconds ago.
    pub(crate) fn age(&self, name: &str, seconds: u64) {
        let file = fs::OpenOptions::new()
            .write(true)
            .open(self.path(name))
            .unwrap();
        let then = std::time::SystemTime::now() - Duration::from_secs(seconds);
        file.set_modified(then).unwrap();
    }

    /// Writes the configuration: sources, and further top-level lines. Logs of tests are old, and count all the same.
    pub(crate) fn configure(&self, sources: &str, more: &str) {
        let text = format!(
            "listen: 127.0.0.1:0\ndata_dir: data\nscore: {{every: 200ms, window: all}}\n\
             batch: {{interval: 20ms, events: 500}}\nsources: {sources}\n{more}\nmetrics: {{late_after: 3650d, expire_after: 3650d}}\n"
        );
        self.write("toleranced.yaml", &text);
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn text_path(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn append(&self, name: &str, text: impl AsRef<[u8]>) {
        let mut options = fs::OpenOptions::new();
        let mut file = options
            .create(true)
            .append(true)
            .open(self.path(name))
            .unwrap();
        file.write_all(text.as_ref()).unwrap();
    }

    /// Runs the program with this configuration until it ends by itself.
    pub(crate) fn run(&self, args: &[&str]) -> Output {
        let config = self.text_path("toleranced.yaml");
        let args: Vec<&str> = args.iter().copied().chain(["--config", &config]).collect();
        toleranced(&args)
    }

    /// Starts the daemon; it need not come up.
    pub(crate) fn spawn(&self) -> Daemon {
        let mut command = Command::new(BINARY);
        command
            .args(["run", "--config"])
            .arg(self.path("toleranced.yaml"));
        Daemon::spawn(&mut command)
    }

    /// Starts the daemon and waits until it listens.
    pub(crate) fn start(&self) -> Daemon {
        let daemon = self.spawn();
        daemon.address();
        daemon
    }
}
