//! `toleranced.yaml`: what the daemon reads, where it keeps its state, where it listens.

use super::access::{AccessTerms, Overrides, RawAccess};
use super::drift::RawDrift;
use super::exposition::{MetricTerms, RawMetrics};
use super::loader::{Document, Hashes, Loader};
use super::reports::{RawReports, ReportTerms};
use super::sources::{RawSource, SourceConfig};
use super::span::SpanText;
use super::yaml::read_yaml;
use crate::model::Span;
use crate::rules::{At, Catalog, DriftTerms, Problem, Problems, Process, Source, Tolerance};
use serde::Deserialize;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

/// Where the daemon listens unless told otherwise.
pub(crate) const DEFAULT_LISTEN: &str = "127.0.0.1:9753";
/// Scores are recalculated this often unless told otherwise.
pub(crate) const DEFAULT_SCORE_EVERY: Span = Span::seconds(15);

/// The whole configuration, checked: daemon, catalog, tolerances, mappings.
#[derive(Debug, Clone)]
pub struct Config {
    /// Address of the HTTP server.
    pub listen: SocketAddr,
    /// Folder of the database.
    pub data_dir: PathBuf,
    /// The sources of events.
    pub sources: Vec<SourceConfig>,
    /// A batch is committed after this span.
    pub batch_interval: Span,
    /// A batch is committed after this many events.
    pub batch_events: usize,
    /// Scores are recalculated this often.
    pub score_every: Span,
    /// Cases that ended longer ago do not count; `None` counts all.
    pub window: Option<Span>,
    /// Cases whose last event is older are removed; `None` keeps all.
    pub retention: Option<Span>,
    /// How changes are looked for.
    pub drift: DriftTerms,
    /// How metrics are exported.
    pub metrics: MetricTerms,
    /// Reports that are written by themselves.
    pub reports: ReportTerms,
    /// How the pages are shown.
    pub pages: PageTerms,
    /// What is stored of rejected records.
    pub quarantine: QuarantineTerms,
    /// How long bodies are stored that were sent to `POST /ingest/{source}`.
    pub push: PushTerms,
    /// Bounds.
    pub limits: Limits,
    /// Who may do what.
    pub access: AccessTerms,
    /// What the command line said instead.
    pub overrides: Overrides,
    /// The declared processes.
    pub catalog: Catalog,
    /// Table, levels, decisions.
    pub tolerance: Tolerance,
    /// Files to watch for changes: the configuration and what it names.
    pub files: Vec<PathBuf>,
    /// Hashes of the texts of configuration, catalog and tolerance table, for the ledger.
    pub hashes: Hashes,
    /// These texts, so that a past score can be recomputed by the rules of then.
    pub documents: Vec<Document>,
}

/// How the pages are shown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PageTerms {
    /// Whether the board explains itself to who sees it for the first time.
    pub guide: bool,
}

/// What is stored of rejected records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct QuarantineTerms {
    /// Whether records are stored as they were read, with all fields and the names in them.
    pub keep_raw: bool,
}

/// How long bodies are stored that were sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PushTerms {
    /// A body that could not be read for this span is deleted.
    pub max_age: Span,
}

/// The first line of a stored configuration.
const STORED_HEAD: &str =
    "# Settings by which past scores are recomputed. Others are not stored.\n";

/// Bodies are deleted after this span unless told otherwise, even if they were not read.
const DEFAULT_MAX_AGE: Span = Span::days(7);

/// Bounds, each with a metric that counts what it cost.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// A longer record is quarantined, in bytes.
    pub record_bytes: usize,
    /// A case with more events takes no more.
    pub case_events: usize,
    /// Cases held in memory.
    pub cached_cases: usize,
    /// Quarantined records kept; the oldest go first.
    pub quarantine_records: usize,
    /// Different processes; events of further ones are quarantined.
    pub processes: usize,
    /// Different names (activities, outcomes, versions) in all; further ones count as `other`.
    pub names: usize,
    /// The same of a process.
    pub process_names: usize,
    /// The same of a source.
    pub source_names: usize,
    /// An event further in the future than this many seconds is quarantined.
    pub future_seconds: u64,
    /// HTTP connections at once; beyond it the connection with the least progress is closed for a new one.
    pub http_connections: NonZeroUsize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            record_bytes: 1 << 20,
            case_events: 10_000,
            cached_cases: 100_000,
            quarantine_records: 10_000,
            processes: 10_000,
            names: 100_000,
            process_names: 5_000,
            source_names: 50_000,
            future_seconds: 24 * 3600,
            http_connections: NonZeroUsize::new(1_000).expect("above 0"),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    #[serde(default)]
    listen: Option<At<String>>,
    #[serde(default)]
    data_dir: Option<PathBuf>,
    #[serde(default)]
    catalog: Option<At<PathBuf>>,
    #[serde(default)]
    tolerance: Option<At<PathBuf>>,
    #[serde(default)]
    sources: Vec<RawSource>,
    #[serde(default)]
    batch: RawBatch,
    #[serde(default)]
    score: RawScore,
    #[serde(default)]
    retention: Option<At<String>>,
    #[serde(default)]
    drift: RawDrift,
    #[serde(default)]
    metrics: RawMetrics,
    #[serde(default)]
    reports: RawReports,
    #[serde(default)]
    pages: PageTerms,
    #[serde(default)]
    quarantine: QuarantineTerms,
    #[serde(default)]
    push: RawPush,
    #[serde(default)]
    limits: Limits,
    #[serde(default)]
    web_config: Option<At<PathBuf>>,
    #[serde(default)]
    access: RawAccess,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RawBatch {
    interval: Option<SpanText>,
    events: Option<At<usize>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RawPush {
    max_age: Option<SpanText>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RawScore {
    every: Option<SpanText>,
    window: Option<At<String>>,
}

impl Config {
    /// Reads and checks a configuration file and everything it names. Relative paths start at its folder.
    pub fn load(file: &Path) -> Result<Config, Problems> {
        Config::load_with(file, &Overrides::default())
    }

    /// The same, where the command line says otherwise in some respects.
    pub fn load_with(file: &Path, overrides: &Overrides) -> Result<Config, Problems> {
        let text = std::fs::read_to_string(file).map_err(|error| {
            let problem = Source::new(file).whole(format!("can't be read: {error}"));
            problem.hint("`toleranced init` writes a commented configuration")
        })?;
        Config::parse_with(&text, file, overrides)
    }

    /// Checks the text of a configuration file.
    pub fn parse(text: &str, file: &Path) -> Result<Config, Problems> {
        Config::parse_with(text, file, &Overrides::default())
    }

    fn parse_with(text: &str, file: &Path, overrides: &Overrides) -> Result<Config, Problems> {
        let raw: Raw = read_yaml(text, file)?;
        let raw_window = raw.score.window.as_ref().map(|at| at.value.clone());
        let mut loader = Loader::new(text, file);
        let mut config = loader.config(raw, overrides);
        let hash = config.hashes.configuration;
        let stored = Config::stored_text(raw_window.as_deref());
        let document = Document::new(hash, "configuration", file, &stored);
        config.documents.push(document);
        loader.problems.into_result(config)
    }

    /// What is stored of a configuration to recompute past scores. All other settings are left out, because some of them
    /// hold secrets.
    fn stored_text(window: Option<&str>) -> String {
        let window = window.map(|window| format!("score: {{ window: {window} }}\n"));
        format!("{STORED_HEAD}{}", window.unwrap_or_default())
    }

    /// What is to be stored instead of a configuration that an older version stored whole; `None` if that is done.
    pub(crate) fn without_secrets(stored: &str, file: &Path) -> Option<String> {
        if stored.starts_with(STORED_HEAD) {
            return None;
        }
        let raw: Option<Raw> = read_yaml(stored, file).ok();
        let window = raw.and_then(|raw| raw.score.window);
        Some(Config::stored_text(
            window.as_ref().map(|at| at.value.as_str()),
        ))
    }

    /// Where the daemon listens, from the text of a configuration file alone.
    pub fn listen_of(text: &str, file: &Path) -> Result<SocketAddr, Problems> {
        let raw: Raw = read_yaml(text, file)?;
        listen(&raw.listen, &Source::new(file)).map_err(Problems::from)
    }

    /// The span within which cases count, from the text of a configuration file alone: what else it names may be gone.
    pub fn window_of(text: &str, file: &Path) -> Result<Option<Span>, Problems> {
        let raw: Raw = read_yaml(text, file)?;
        window(&raw.score.window, &Source::new(file)).map_err(Problems::from)
    }
}

/// `score.window`: 90 days if it is not said, `None` for all.
fn window(at: &Option<At<String>>, source: &Source) -> Result<Option<Span>, Problem> {
    match at {
        None => Ok(Some(DAYS_90)),
        Some(at) if at.value == "all" => Ok(None),
        Some(at) => match super::span::parse_span(&at.value) {
            Ok(span) => Ok(Some(span)),
            Err(message) => Err(source.problem(at, format!("`score.window`: {message}, or `all`"))),
        },
    }
}

/// [`DEFAULT_LISTEN`].
pub(crate) const DEFAULT_ADDRESS: SocketAddr =
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9753);

/// `listen`, or the default.
fn listen(at: &Option<At<String>>, source: &Source) -> Result<SocketAddr, Problem> {
    let Some(at) = at else {
        return Ok(DEFAULT_ADDRESS);
    };
    at.value.parse().map_err(|error| {
        let text = &at.value;
        let message =
            format!("`listen`: `{text}` is not an address such as {DEFAULT_LISTEN}: {error}");
        source.problem(at, message)
    })
}

const DAYS_90: Span = Span::days(90);

impl Loader {
    fn config(&mut self, raw: Raw, overrides: &Overrides) -> Config {
        let catalog = self.catalog(&raw.catalog);
        let tolerance = self.tolerance(&raw.tolerance);
        let listen = self.listen(&raw.listen);
        let window = self.window(&raw.score.window);
        let retention = super::retention::checked(&raw.retention, &self.source);
        let retention = retention.unwrap_or_else(|problem| {
            self.add(problem);
            None
        });
        let data_dir = raw.data_dir.unwrap_or_else(|| "data".into());
        let data_dir = self.folder.join(data_dir);
        let sources = self.sources(raw.sources, &data_dir);
        let drift = raw.drift.checked(self);
        let metrics = raw.metrics.checked(&self.source, &mut self.problems.0);
        let access = super::access::checked(
            raw.access,
            raw.web_config,
            overrides,
            (&self.source, &self.folder),
            &mut self.files,
            &mut self.problems.0,
        );
        if let Some(events) = &raw.batch.events
            && events.value == 0
        {
            self.add(
                self.source
                    .problem(events, "`batch.events` must be above 0"),
            );
        }
        let folders = (self.folder.as_path(), data_dir.as_path());
        let reports =
            raw.reports
                .checked(folders, &self.source, &mut self.files, &mut self.problems.0);
        Config {
            listen,
            data_dir,
            reports,
            sources,
            batch_interval: raw.batch.interval.map_or(Span(250_000), |span| span.0),
            batch_events: raw
                .batch
                .events
                .map_or(10_000, |events| events.value.max(1)),
            score_every: raw.score.every.map_or(DEFAULT_SCORE_EVERY, |span| span.0),
            window,
            retention,
            drift,
            metrics,
            pages: raw.pages,
            quarantine: raw.quarantine,
            push: PushTerms {
                max_age: raw.push.max_age.map_or(DEFAULT_MAX_AGE, |span| span.0),
            },
            limits: raw.limits,
            access,
            overrides: overrides.clone(),
            catalog,
            tolerance,
            files: std::mem::take(&mut self.files),
            hashes: self.hashes,
            documents: std::mem::take(&mut self.documents),
        }
    }

    fn catalog(&mut self, at: &Option<At<PathBuf>>) -> Catalog {
        let Some((file, text)) = at.as_ref().and_then(|at| self.read(at, "catalog")) else {
            return Catalog::default();
        };
        self.hashes.catalog = self.keep("catalog", &file, &text);
        let catalog = Catalog::parse(&text, &file).unwrap_or_else(|problems| {
            self.problems.0.extend(problems.0);
            Catalog::default()
        });
        let drivers = |process: &Process| Some(process.drivers.as_ref()?.0.clone());
        self.files
            .extend(catalog.processes.values().filter_map(drivers));
        catalog
    }

    fn tolerance(&mut self, at: &Option<At<PathBuf>>) -> Tolerance {
        let Some(at) = at else {
            let text = super::tolerance::DEFAULT;
            self.hashes.tolerance = self.keep("tolerance", Path::new(""), text);
            return Tolerance::builtin();
        };
        let Some((file, text)) = self.read(at, "tolerance") else {
            return Tolerance::builtin();
        };
        self.hashes.tolerance = self.keep("tolerance", &file, &text);
        Tolerance::parse(&text, &file).unwrap_or_else(|problems| {
            self.problems.0.extend(problems.0);
            Tolerance::builtin()
        })
    }

    fn listen(&mut self, at: &Option<At<String>>) -> SocketAddr {
        listen(at, &self.source).unwrap_or_else(|problem| {
            self.add(problem);
            DEFAULT_ADDRESS
        })
    }

    fn window(&mut self, at: &Option<At<String>>) -> Option<Span> {
        window(at, &self.source).unwrap_or_else(|problem| {
            self.add(problem);
            Some(DAYS_90)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fail(text: &str) -> String {
        Config::parse(text, Path::new("toleranced.yaml"))
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn an_empty_file_is_a_valid_configuration() {
        let config = Config::parse("", Path::new("toleranced.yaml")).unwrap();
        assert_eq!(config.listen.to_string(), DEFAULT_LISTEN);
        assert_eq!(config.batch_events, 10_000);
        assert_eq!(config.data_dir, Path::new("data"));
    }

    #[test]
    fn the_texts_that_scores_rest_on_are_kept_under_their_hashes() {
        let folder = tempfile::tempdir().unwrap();
        let catalog = "processes: [{id: p}]\n";
        std::fs::write(folder.path().join("c.yaml"), catalog).unwrap();
        let text = "catalog: c.yaml\nscore: {window: 30d}\n";
        let file = folder.path().join("toleranced.yaml");
        let config = Config::parse(text, &file).unwrap();
        let of = |hash: u64| config.documents.iter().find(|kept| kept.hash == hash);
        assert_eq!(&*of(config.hashes.catalog).unwrap().text, catalog);
        let tolerance = of(config.hashes.tolerance).unwrap();
        assert_eq!(&*tolerance.text, crate::config::tolerance::DEFAULT);
        let kept = of(config.hashes.configuration).unwrap();
        assert_eq!(kept.kind, "configuration");
        assert!(kept.text.ends_with("score: { window: 30d }\n") && !kept.text.contains("c.yaml"));
        assert_eq!(Config::window_of(&kept.text, &file).unwrap(), config.window);
        assert_eq!(Config::window_of(text, &file).unwrap(), config.window);
        assert!(Config::window_of("score: {window: soon}", &file).is_err());
    }

    #[test]
    fn mistakes_name_file_line_and_field() {
        assert!(fail("listen: here\n").contains("toleranced.yaml:1:9: `listen`"));
        assert!(fail("lisen: x\n").contains("did you mean `listen`"));
        assert!(fail("score: {window: soon}\n").contains("`score.window`"));
        assert!(fail("catalog: nowhere.yaml\n").contains("nowhere.yaml"));
        let twice = "sources:\n- {name: a, paths: [x], mapping: nope}\n- {name: a, paths: [], mapping: nope}\n";
        let text = fail(twice);
        assert!(
            text.contains("two sources `a`") && text.contains("reads nothing"),
            "{text}"
        );
        assert!(text.contains("is no preset"), "{text}");
    }
}
