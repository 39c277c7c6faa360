//! The task that writes reports when they are due, and sends them.

use crate::config::daemon::Config;
use crate::config::recipients::Recipients;
use crate::daemon::Running;
use crate::model::{Span, Time};
use crate::report::{Period, Recipient, Report, deliver, due, is_kept, is_there, of_period};
use crate::store::{Store, StoreError};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Whether a report is due, and whether recipients have changed, is looked at this often.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// The same while a report waits for what is still to be read.
const LOOK_SOON: Duration = Duration::from_millis(300);
/// A report waits so long for what lies there to be read, and no longer.
const MOST_PATIENCE: Span = Span::HOUR;
/// What has failed is tried again after this, doubling up to the longest.
const RETRY: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(6 * 3600));
/// What writing is called beside the keys of recipients, which are never blank.
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
    reading: Reading,
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
        let most = if self.reading.waits() {
            LOOK_SOON
        } else {
            LOOK_EVERY
        };
        next.min()
            .unwrap_or(most)
            .clamp(Duration::from_millis(100), most)
    }

    fn work(&mut self, daemon: &Running) {
        // A report of a period that has not ended can't be taken back.
        if daemon.shared.clock.jump().is_some() {
            return;
        }
        let config = daemon.config();
        let is_own = |what: &str| [WRITING, LOOKING_UP].contains(&what);
        if self.tried != config.reports.recipients {
            self.tried = config.reports.recipients.clone();
            self.failing.retain(|what, _| is_own(what));
        }
        let to = self.tried.clone();
        let labels: BTreeSet<&str> = Recipient::all(&to).map(|one| one.label()).collect();
        daemon
            .shared
            .own
            .set_recipients(&labels.into_iter().collect::<Vec<_>>());
        let keys: BTreeSet<String> = Recipient::all(&to).map(|one| one.key()).collect();
        self.failing
            .retain(|what, _| is_own(what) || keys.contains(what));
        let now = daemon.now().to_utc().unwrap_or_else(chrono::Utc::now);
        let due = due(&config, now);
        match due {
            None => {
                self.failing.remove(WRITING);
            }
            Some(period) => self.write(daemon, &config, period),
        }
        self.send_to_all(daemon, &config, due);
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
        if !self.turn(WRITING) || !self.reading.is_done(daemon) {
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

    /// Sends the report that is due to each recipient that does not have it yet, and earlier ones to those who still wait
    /// for them.
    fn send_to_all(&mut self, daemon: &Running, config: &Config, due: Option<Period>) {
        if !self.turn(LOOKING_UP) {
            return;
        }
        let due = due.filter(|period| is_there(config, *period));
        let to_send = Store::open_to_read(&config.data_dir)
            .and_then(|store| to_send(&store, &config.reports.recipients, due));
        let to_send = match to_send {
            Ok(to_send) => to_send,
            Err(error) => {
                let again = self.fail(LOOKING_UP);
                tracing::error!(%error, ?again, "can't tell to whom reports were sent");
                return;
            }
        };
        self.failing.remove(LOOKING_UP);
        for (period, recipients) in to_send {
            self.send(daemon, config, period, &recipients);
        }
    }

    fn send(&mut self, daemon: &Running, config: &Config, period: Period, to: &[Recipient]) {
        let id = period.id();
        if !is_kept(config, period) {
            for recipient in to {
                let recipient = recipient.key();
                // Nobody waits for it any more.
                self.failing.remove(&recipient);
                tracing::error!(
                    period = period.name(),
                    recipient,
                    "the report was never sent: it is not kept any more"
                );
                note(forget(config, &id, &recipient), &recipient);
            }
            return;
        }
        let mut report: Option<Report> = None;
        for recipient in to {
            let key = recipient.key();
            if self.sent.contains(&(id.clone(), key.clone())) || !self.turn(&key) {
                continue;
            }
            let done = of(&mut report, config, period).and_then(|report| {
                let sent =
                    recipient.send(report, &config.reports.recipients, &config.reports.formats);
                sent.map_err(|error| error.to_string())
            });
            daemon.shared.own.sent(recipient.label(), done.is_ok());
            match done {
                Ok(()) => {
                    self.failing.remove(&key);
                    self.sent.insert((id.clone(), key.clone()));
                    tracing::info!(period = period.name(), recipient = key, "report sent");
                    note(sent(config, &id, &key), &key);
                }
                Err(problem) => {
                    let again = self.fail(&key);
                    tracing::error!(
                        period = period.name(),
                        recipient = key,
                        problem,
                        ?again,
                        "the report can't be sent; tried again"
                    );
                    note(waits(config, &id, &key), &key);
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

/// Whom which report is to be sent to: the one that is due to all who do not have it, earlier ones to those who wait.
fn to_send<'a>(
    store: &Store,
    to: &'a Recipients,
    due: Option<Period>,
) -> Result<Vec<(Period, Vec<Recipient<'a>>)>, StoreError> {
    let mut all = Vec::new();
    if let Some(period) = due {
        let had = store.sent_to(&period.id())?;
        let lacks = Recipient::all(to).filter(|one| !had.contains(&one.key()));
        all.push((period, lacks.collect()));
    }
    for (id, key) in store.waiting()? {
        let known = Recipient::all(to).find(|one| one.key() == key);
        match (Period::of_id(&id), known) {
            (Some(period), _) if Some(period) == due => {}
            (Some(period), Some(recipient)) => all.push((period, vec![recipient])),
            // Somebody who is no recipient any more.
            _ => store.forget_waits(&id, &key)?,
        }
    }
    Ok(all)
}

fn sent(config: &Config, id: &str, recipient: &str) -> Result<(), StoreError> {
    let now = chrono::Utc::now().timestamp_micros();
    Store::open_to_read(&config.data_dir)?.note_sent(id, recipient, now)
}

fn waits(config: &Config, id: &str, recipient: &str) -> Result<(), StoreError> {
    Store::open_to_read(&config.data_dir)?.note_waits(id, recipient)
}

fn forget(config: &Config, id: &str, recipient: &str) -> Result<(), StoreError> {
    Store::open_to_read(&config.data_dir)?.forget_waits(id, recipient)
}

/// Tells that the database has not taken note of something.
fn note(noted: Result<(), StoreError>, recipient: &str) {
    if let Err(error) = noted {
        tracing::error!(%error, recipient, "whether the report was sent can't be kept: after a restart it may be sent again, or not");
    }
}

/// Whether what lies there has been read, and looked through for drift: a report that is made before that lacks what it is
/// about, and what a report has said stands.
#[derive(Default)]
struct Reading {
    /// Since when it is waited for.
    waits_since: Option<Time>,
    /// Since when nothing waits to be read.
    nothing_since: Option<Time>,
}

impl Reading {
    fn waits(&self) -> bool {
        self.waits_since.is_some()
    }

    fn is_done(&mut self, daemon: &Running) -> bool {
        let scored = daemon.shared.snapshot().scored_at;
        let now = daemon.now();
        self.is_done_at(now, nothing_waits(daemon), scored)
    }

    /// `scored` is when the latest scoring began. What the engine had taken by then is in it.
    fn is_done_at(&mut self, now: Time, nothing_waits: bool, scored: Option<Time>) -> bool {
        self.nothing_since = match (nothing_waits, self.nothing_since) {
            (false, _) => None,
            (true, since) => since.or(Some(now)),
        };
        let since = *self.waits_since.get_or_insert(now);
        let looked_through = self
            .nothing_since
            .zip(scored)
            .is_some_and(|(read, scored)| scored >= read);
        let too_long = now.since(since) >= MOST_PATIENCE;
        if too_long && !looked_through {
            tracing::warn!(
                "the report is written although not everything has been read and scored: that has not come to an end for an hour"
            );
        }
        let done = looked_through || too_long;
        if done {
            self.waits_since = None;
        }
        done
    }
}

/// Whether every source has looked at what is there, and nothing of it waits. One that can't be read is not waited for.
fn nothing_waits(daemon: &Running) -> bool {
    daemon.shared.sources().iter().all(|source| {
        let up = source.up.load(Ordering::Relaxed);
        let backlog = source.backlog_bytes.load(Ordering::Relaxed);
        source.is_all_taken() && (source.trouble().is_some() || up && backlog == 0)
    })
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

    #[test]
    fn a_report_waits_for_what_is_still_to_be_read_but_not_for_ever() {
        const SECOND: i64 = Span::SECOND.0;
        let at = |seconds: i64| Time(seconds * SECOND);
        let mut reading = Reading::default();
        let mut is_done = |now, nothing_waits, scored: Option<i64>| {
            let done = reading.is_done_at(at(now), nothing_waits, scored.map(at));
            assert_ne!(reading.waits(), done);
            done
        };
        assert!(!is_done(0, false, None));
        assert!(!is_done(1, true, None));
        assert!(!is_done(4, true, Some(0)), "scored before it was read");
        assert!(!is_done(5, false, Some(4)), "more has come");
        assert!(!is_done(6, true, Some(5)));
        assert!(is_done(9, true, Some(8)));
        // The next one: a source that never comes to an end.
        assert!(!is_done(20, false, Some(19)));
        assert!(!is_done(3_000, false, Some(2_999)));
        assert!(is_done(3_620, false, Some(3_619)));
    }
}
