//! The task that writes reports when they are due, and sends them.

use crate::config::daemon::Config;
use crate::config::recipients::Recipients;
use crate::daemon::Running;
use crate::report::{Period, Report, deliver, due, is_there, of_period, recipients, send};
use crate::store::{Store, StoreError};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Whether a report is due, and whether recipients have changed, is looked at this often.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// What has failed is tried again after this, doubling up to the longest.
const RETRY: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(6 * 3600));
/// What writing is called beside the names of recipients, which have no blanks and are never empty.
const WRITING: &str = "";
/// And to look up who has it already.
const LOOKING_UP: &str = " ";

/// Writes the report of a period when it has ended, and sends it; one that was missed while the daemon was down is made up
/// for.
pub(super) async fn run(daemon: Arc<Running>) {
    // What was read so far is scored first.
    while daemon.shared.not_ready().is_some() {
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let mut reporter = Reporter::default();
    loop {
        let worked = tokio::task::spawn_blocking({
            let daemon = daemon.clone();
            move || {
                reporter.work(&daemon);
                reporter
            }
        });
        reporter = match worked.await {
            Ok(reporter) => reporter,
            Err(error) => {
                tracing::error!(%error, "reporting has failed, which is a bug; please report this");
                Reporter::default()
            }
        };
        tokio::time::sleep(reporter.rest()).await;
    }
}

/// What has failed and when it is tried again.
#[derive(Default)]
struct Reporter {
    failing: BTreeMap<String, (Instant, Duration)>,
    /// What was sent, for a database that can't take note of it.
    sent: BTreeSet<(String, String)>,
    /// A change of these is a reason to try at once.
    tried: Recipients,
}

impl Reporter {
    /// So long until there may be something to do.
    fn rest(&self) -> Duration {
        let now = Instant::now();
        let next = self
            .failing
            .values()
            .map(|(at, _)| at.saturating_duration_since(now));
        next.min()
            .unwrap_or(LOOK_EVERY)
            .clamp(Duration::from_millis(100), LOOK_EVERY)
    }

    fn work(&mut self, daemon: &Running) {
        let config = daemon.config();
        let is_own = |what: &str| [WRITING, LOOKING_UP].contains(&what);
        if self.tried != config.reports.recipients {
            self.tried = config.reports.recipients.clone();
            self.failing.retain(|what, _| is_own(what));
        }
        let names: Vec<&str> = recipients(&self.tried).collect();
        daemon.shared.own.set_recipients(&names);
        self.failing
            .retain(|what, _| is_own(what) || names.contains(&what.as_str()));
        match due(&config, chrono::Utc::now()) {
            None => self.failing.clear(),
            Some(period) => {
                self.write(daemon, &config, period);
                if is_there(&config, period) {
                    self.send(daemon, &config, period);
                }
            }
        }
        let overdue = !self.failing.is_empty();
        daemon
            .shared
            .own
            .report_overdue
            .store(overdue, Ordering::Relaxed);
    }

    fn write(&mut self, daemon: &Running, config: &Config, period: Period) {
        if is_there(config, period) {
            self.failing.remove(WRITING);
            return;
        }
        if !self.turn(WRITING) {
            return;
        }
        match deliver(config, period) {
            Ok(written) => {
                self.failing.remove(WRITING);
                if written.is_some() {
                    tracing::info!(period = period.name(), folder = %config.reports.folder.display(), "report written");
                }
            }
            Err(error) => {
                daemon
                    .shared
                    .own
                    .report_failures
                    .fetch_add(1, Ordering::Relaxed);
                let again = self.fail(WRITING);
                tracing::error!(%error, ?again, "the report can't be written; tried again");
            }
        }
    }

    /// Sends it to each recipient that does not have it yet.
    fn send(&mut self, daemon: &Running, config: &Config, period: Period) {
        if !self.turn(LOOKING_UP) {
            return;
        }
        let id = period.id();
        let to = &config.reports.recipients;
        let known = Store::open_to_read(&config.data_dir).and_then(|store| store.sent_to(&id));
        let known = match known {
            Ok(known) => known,
            Err(error) => {
                let again = self.fail(LOOKING_UP);
                tracing::error!(%error, ?again, "can't tell to whom the report was sent");
                return;
            }
        };
        self.failing.remove(LOOKING_UP);
        let mut report: Option<Report> = None;
        for recipient in recipients(to) {
            let had = known.contains(recipient)
                || self.sent.contains(&(id.clone(), recipient.to_owned()));
            if had || !self.turn(recipient) {
                continue;
            }
            let done = of(&mut report, config, period)
                .and_then(|report| send(report, to, recipient).map_err(|error| error.to_string()));
            daemon.shared.own.sent(recipient, done.is_ok());
            match done {
                Ok(()) => {
                    self.failing.remove(recipient);
                    self.sent.insert((id.clone(), recipient.to_owned()));
                    tracing::info!(period = period.name(), recipient, "report sent");
                    if let Err(error) = note(config, &id, recipient) {
                        tracing::error!(%error, recipient, "that the report was sent can't be kept: it is sent again after a restart");
                    }
                }
                Err(problem) => {
                    let again = self.fail(recipient);
                    tracing::error!(
                        recipient,
                        problem,
                        ?again,
                        "the report can't be sent; tried again"
                    );
                }
            }
        }
    }

    /// Whether something has not failed, or not for long enough.
    fn turn(&self, what: &str) -> bool {
        let failed = self.failing.get(what);
        failed.is_none_or(|(next, _)| *next <= Instant::now())
    }

    /// Says after which pause it is tried again.
    fn fail(&mut self, what: &str) -> Duration {
        let before = self.failing.get(what);
        let pause = before.map_or(RETRY.0, |(_, pause)| (*pause * 2).min(RETRY.1));
        self.failing
            .insert(what.to_owned(), (Instant::now() + pause, pause));
        pause
    }
}

/// The report, made when it is first needed.
fn of<'a>(
    report: &'a mut Option<Report>,
    config: &Config,
    period: Period,
) -> Result<&'a Report, String> {
    if report.is_none() {
        *report = of_period(config, period).map_err(|error| error.to_string())?;
    }
    let nothing = || "there is nothing to report on".to_owned();
    report.as_ref().ok_or_else(nothing)
}

fn note(config: &Config, id: &str, recipient: &str) -> Result<(), StoreError> {
    let now = chrono::Utc::now().timestamp_micros();
    Store::open_to_read(&config.data_dir)?.note_sent(id, recipient, now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let mut reporter = Reporter::default();
        assert!(reporter.turn("mail"));
        assert_eq!(reporter.rest(), LOOK_EVERY);
        let pauses: Vec<u64> = (0..20).map(|_| reporter.fail("mail").as_secs()).collect();
        assert_eq!(pauses[..4], [5, 10, 20, 40]);
        assert_eq!(pauses[19], 6 * 3600);
        assert!(!reporter.turn("mail"));
        assert!(reporter.turn("soc-chat"), "others do not wait");
        assert_eq!(
            reporter.rest(),
            LOOK_EVERY,
            "what changes meanwhile is seen"
        );
    }
}
