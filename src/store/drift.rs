//! Rows of drift: epochs with their baselines and days, known changes, alarms with their life.

use super::{Result, Store};
use crate::drift::{Alarm, Baseline, Cause, Digest, KeptDays, KeptEpoch};
use crate::model::{Day, NameId, Names, Time, words};
use rusqlite::types::Type;
use rusqlite::{OptionalExtension, Row, Transaction, params};
use serde_json::json;

/// What changed of the drift of a process.
#[derive(Clone, Debug)]
pub struct DriftRow {
    /// The process.
    pub process: NameId,
    /// Days up to this one have been looked at.
    pub until: Day,
    /// The epochs that it has; others are forgotten.
    pub epochs: Vec<EpochRow>,
    /// The leading versions of days that were looked at; `None` for a day without.
    pub versions: Vec<(Day, Option<NameId>)>,
    /// Its alarms that are new or otherwise than they were.
    pub alarms: Vec<AlarmRow>,
}

/// An epoch to write.
#[derive(Clone, Debug)]
pub struct EpochRow {
    /// Its first day.
    pub start: Day,
    /// Its baseline, if that is new: days that are kept of an older one are forgotten.
    pub baseline: Option<Vec<u8>>,
    /// Up to which day it is digested.
    pub until: Day,
    /// Days that changed.
    pub days: Vec<(Day, Vec<u8>)>,
}

/// An alarm, and what has become of it.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct AlarmRow {
    /// Its number; 0 for one that is new.
    pub id: i64,
    /// The process; empty for an alarm about several.
    pub process: String,
    /// The processes of an alarm about several, which changed on the same day in the same direction; else empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub processes: Vec<String>,
    /// The stream.
    pub stream: String,
    /// First day of its epoch.
    #[serde(skip)]
    pub epoch: Day,
    /// The day after which the evidence was there.
    pub raised: Day,
    /// The estimated first day of the change.
    pub onset: Day,
    /// `up` or `down`.
    pub direction: String,
    /// Which outcome; empty where there is none.
    pub outcome: String,
    /// The mean that was expected, in units of the stream.
    pub was: f64,
    /// The mean since the onset.
    pub became: f64,
    /// Evidence over threshold when it was raised.
    pub evidence: f64,
    /// The day on which it ended.
    pub ended: Option<Day>,
    /// `resolved`, `rebaselined`, or `withdrawn` where late data took the evidence away.
    pub how: Option<String>,
    /// The known change that it is put down to, or the alarm about several processes that it is one of.
    pub explained_by: Option<String>,
    /// When it was found, in microseconds since 1970.
    #[serde(serialize_with = "instant")]
    pub noted_at: i64,
    /// When it was acknowledged.
    #[serde(serialize_with = "maybe_instant")]
    pub acknowledged_at: Option<i64>,
    /// By whom.
    pub acknowledged_by: Option<String>,
    /// Why.
    pub acknowledged_why: Option<String>,
}

impl AlarmRow {
    /// Of an alarm that was found now.
    pub fn of(process: &str, alarm: &Alarm, names: &Names, now: Time) -> AlarmRow {
        let outcome = alarm.outcome.map_or("", |outcome| names.text(outcome));
        AlarmRow {
            process: process.to_owned(),
            stream: alarm.stream.word().to_owned(),
            epoch: alarm.epoch,
            raised: alarm.raised,
            onset: alarm.onset,
            direction: alarm.direction.word().to_owned(),
            outcome: outcome.to_owned(),
            was: alarm.before,
            became: alarm.now,
            evidence: alarm.evidence,
            ended: alarm.ended.map(|(day, _)| day),
            how: alarm.ended.map(|(_, how)| how.word().to_owned()),
            explained_by: alarm.explained_by.clone(),
            noted_at: now.0,
            ..AlarmRow::default()
        }
    }

    /// Whether it stands.
    pub fn is_open(&self) -> bool {
        self.ended.is_none()
    }

    /// Whether it is about a process, alone or with others.
    pub(crate) fn is_about(&self, process: &str) -> bool {
        self.process == process || self.processes.iter().any(|one| one == process)
    }

    /// Whom it is about, for people.
    pub(crate) fn whose(&self) -> String {
        match self.processes.len() {
            0 => self.process.clone(),
            count => format!("{count} processes"),
        }
    }
}

fn instant<S: serde::Serializer>(at: &i64, to: S) -> std::result::Result<S::Ok, S::Error> {
    to.collect_str(&Time(*at))
}

fn maybe_instant<S: serde::Serializer>(
    at: &Option<i64>,
    to: S,
) -> std::result::Result<S::Ok, S::Error> {
    match at {
        Some(at) => instant(at, to),
        None => to.serialize_none(),
    }
}

words! {
    /// What a mark does.
    pub MarkKind {
        /// A known change: a new epoch begins, and what is found meanwhile is explained by it.
        Change = "change",
        /// How it is now is how it shall be: a new epoch begins, and the old baseline is watched no longer.
        Rebaseline = "rebaseline",
    }
}

/// A known change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkRow {
    /// The day from which on it holds.
    pub day: Day,
    /// The process; empty for all.
    pub process: String,
    /// What it does.
    pub kind: MarkKind,
    /// What has changed, or why this is the new baseline.
    pub text: String,
    /// Who said so.
    pub by: String,
    /// When, in microseconds since 1970.
    pub noted_at: i64,
}

impl MarkRow {
    /// Whether it is about a process.
    pub fn is_of(&self, process: &str) -> bool {
        self.process.is_empty() || self.process == process
    }

    /// What it means for the epochs of a process.
    pub fn cause(&self) -> Cause {
        match self.kind {
            MarkKind::Change => Cause::Change(self.text.clone()),
            MarkKind::Rebaseline => Cause::Rebaseline(self.text.clone()),
        }
    }
}

/// A name or a reason that is to be kept: some text without control characters, not endless. Gives it without the blanks
/// around it.
pub(crate) fn check_note(text: &str) -> std::result::Result<&str, &'static str> {
    const MOST_CHARS: usize = 1_000;
    match text.trim() {
        "" => Err("must not be empty"),
        text if text.chars().count() > MOST_CHARS => Err("must have at most 1000 characters"),
        text if text.contains(char::is_control) => Err("must have no control characters"),
        text => Ok(text),
    }
}

/// A day from which on a change may hold: within ten years before, and not in the future.
pub(crate) fn check_mark_day(day: Day, today: Day) -> std::result::Result<(), &'static str> {
    const MOST_DAYS: i32 = 3_653;
    match day {
        day if day > today => Err("the day lies in the future: note it when it has come"),
        day if today - day > MOST_DAYS => Err("the day lies more than ten years back"),
        _ => Ok(()),
    }
}

const ALARM_FIELDS: &str = "id, process, stream, epoch, raised, onset, direction, outcome, was, became, evidence, ended, \
     how, explained_by, noted_at, acknowledged_at, acknowledged_by, acknowledged_why, processes";

fn processes(json: Option<String>) -> rusqlite::Result<Vec<String>> {
    let Some(json) = json else {
        return Ok(Vec::new());
    };
    let damaged =
        |error| rusqlite::Error::FromSqlConversionFailure(18, Type::Text, Box::new(error));
    serde_json::from_str(&json).map_err(damaged)
}

fn alarm(row: &Row) -> rusqlite::Result<AlarmRow> {
    Ok(AlarmRow {
        id: row.get(0)?,
        process: row.get(1)?,
        stream: row.get(2)?,
        epoch: row.get(3)?,
        raised: row.get(4)?,
        onset: row.get(5)?,
        direction: row.get(6)?,
        outcome: row.get(7)?,
        was: row.get(8)?,
        became: row.get(9)?,
        evidence: row.get(10)?,
        ended: row.get(11)?,
        how: row.get(12)?,
        explained_by: row.get(13)?,
        noted_at: row.get(14)?,
        acknowledged_at: row.get(15)?,
        acknowledged_by: row.get(16)?,
        acknowledged_why: row.get(17)?,
        processes: processes(row.get(18)?)?,
    })
}

impl Store {
    /// Days up to `until` whose sums have changed since drift looked at them, by process.
    pub fn dirty_days(&self, until: Day) -> Result<Vec<(NameId, Day)>> {
        let read = || {
            let query = "SELECT process, day FROM drift_dirty WHERE day <= ?1";
            let mut query = self.db.prepare_cached(query)?;
            query
                .query_map([until], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        };
        self.sql(read())
    }

    /// How far drift has looked at each process.
    pub fn drift_processes(&self) -> Result<Vec<(NameId, Day)>> {
        let read = || {
            let query = "SELECT process, until FROM drift_processes ORDER BY process";
            let mut query = self.db.prepare_cached(query)?;
            query
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        };
        self.sql(read())
    }

    /// The leading versions of the days of a process, ascending.
    pub fn drift_versions(&self, process: NameId) -> Result<Vec<(Day, NameId)>> {
        let read = || {
            let query = "SELECT day, version FROM drift_versions WHERE process = ?1 ORDER BY day";
            let mut query = self.db.prepare_cached(query)?;
            query
                .query_map([process], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        };
        self.sql(read())
    }

    /// The baseline of an epoch, and up to which day its days are kept.
    pub fn drift_baseline(&self, process: NameId, epoch: Day) -> Result<Option<(Baseline, Day)>> {
        let query = "SELECT body, until FROM drift_baselines WHERE process = ?1 AND epoch = ?2";
        let row = self.db.query_row(query, params![process, epoch], |row| {
            Ok((row.get(0)?, row.get(1)?))
        });
        let row: Option<(Vec<u8>, Day)> = self.sql(row.optional())?;
        let Some((body, until)) = row else {
            return Ok(None);
        };
        let damaged = self.damaged(format!("drift baseline of process {process}"));
        Ok(Some((Baseline::decode(&body).map_err(damaged)?, until)))
    }

    /// The days of an epoch, ascending.
    fn drift_days(&self, process: NameId, epoch: Day) -> Result<Vec<(Day, Digest)>> {
        let read = || -> rusqlite::Result<Vec<(Day, Vec<u8>)>> {
            let mut query = self.db.prepare_cached(
                "SELECT day, body FROM drift_days WHERE process = ?1 AND epoch = ?2 ORDER BY day",
            )?;
            query
                .query_map(params![process, epoch], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })?
                .collect()
        };
        let decode = |(day, body): (Day, Vec<u8>)| {
            let damaged = self.damaged(format!("drift day {day} of process {process}"));
            Ok((day, Digest::decode(&body).map_err(damaged)?))
        };
        self.sql(read())?.into_iter().map(decode).collect()
    }

    /// An epoch with its baseline and its days, none of which has changed.
    pub fn drift_epoch(&self, process: NameId, epoch: Day) -> Result<Option<KeptEpoch>> {
        let Some((baseline, until)) = self.drift_baseline(process, epoch)? else {
            return Ok(None);
        };
        let days = KeptDays {
            until,
            digests: self.drift_days(process, epoch)?,
            changed: Vec::new(),
        };
        Ok(Some(KeptEpoch { baseline, days }))
    }

    /// The known changes, by the day from which on they hold.
    pub fn marks(&self) -> Result<Vec<MarkRow>> {
        let read = || {
            let mut query = self.db.prepare_cached(
                "SELECT day, process, kind, text, by_whom, noted_at FROM marks ORDER BY day, id",
            )?;
            let mark = |row: &Row| {
                let kind: String = row.get(2)?;
                Ok(MarkRow {
                    day: row.get(0)?,
                    process: row.get(1)?,
                    kind: if kind == MarkKind::Rebaseline.word() {
                        MarkKind::Rebaseline
                    } else {
                        MarkKind::Change
                    },
                    text: row.get(3)?,
                    by: row.get(4)?,
                    noted_at: row.get(5)?,
                })
            };
            query.query_map([], mark)?.collect()
        };
        self.sql(read())
    }

    /// Notes a known change. A running daemon takes it up with its next scoring.
    pub fn add_mark(&self, mark: &MarkRow) -> Result<()> {
        let written = self.db.execute(
            "INSERT INTO marks (day, process, kind, text, by_whom, noted_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![mark.day, mark.process, mark.kind.word(), mark.text, mark.by, mark.noted_at],
        );
        self.sql(written).map(|_| ())
    }

    /// All alarms, oldest first.
    pub fn alarms(&self) -> Result<Vec<AlarmRow>> {
        let read = || {
            let query = format!("SELECT {ALARM_FIELDS} FROM alarms ORDER BY raised, id");
            let mut query = self.db.prepare_cached(&query)?;
            query.query_map([], alarm)?.collect()
        };
        self.sql(read())
    }

    /// One alarm.
    pub fn alarm(&self, id: i64) -> Result<Option<AlarmRow>> {
        let query = format!("SELECT {ALARM_FIELDS} FROM alarms WHERE id = ?1");
        let row = self.db.query_row(&query, [id], alarm);
        self.sql(row.optional())
    }

    /// Notes that somebody has taken note of an alarm; says whether there is such a one.
    pub fn acknowledge(&self, id: i64, by: &str, why: &str, at: i64) -> Result<bool> {
        let written = self.db.execute(
            "UPDATE alarms SET acknowledged_at = ?2, acknowledged_by = ?3, acknowledged_why = ?4 WHERE id = ?1",
            params![id, at, by, why],
        );
        Ok(self.sql(written)? > 0)
    }
}

pub(super) fn write_drift(to: &Transaction, rows: &[DriftRow]) -> rusqlite::Result<()> {
    let mut clean =
        to.prepare_cached("DELETE FROM drift_dirty WHERE process = ?1 AND day <= ?2")?;
    let mut known = to.prepare_cached("SELECT epoch FROM drift_baselines WHERE process = ?1")?;
    let mut until = to.prepare_cached(
        "INSERT OR REPLACE INTO drift_processes (process, until) VALUES (?1, ?2)",
    )?;
    for row in rows {
        until.execute(params![row.process, row.until])?;
        clean.execute(params![row.process, row.until])?;
        let known: Vec<Day> = known
            .query_map([row.process], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        for epoch in known {
            let kept = row.epochs.iter().find(|one| one.start == epoch);
            if kept.is_none_or(|one| one.baseline.is_some()) {
                forget(to, row.process, epoch)?;
            }
        }
        for epoch in &row.epochs {
            write_epoch(to, row.process, epoch)?;
        }
        for (day, version) in &row.versions {
            write_version(to, row.process, *day, *version)?;
        }
    }
    Ok(())
}

fn forget(to: &Transaction, process: NameId, epoch: Day) -> rusqlite::Result<()> {
    let key = params![process, epoch];
    to.prepare_cached("DELETE FROM drift_baselines WHERE process = ?1 AND epoch = ?2")?
        .execute(key)?;
    to.prepare_cached("DELETE FROM drift_days WHERE process = ?1 AND epoch = ?2")?
        .execute(key)?;
    Ok(())
}

fn write_version(
    to: &Transaction,
    process: NameId,
    day: Day,
    version: Option<NameId>,
) -> rusqlite::Result<()> {
    match version {
        Some(version) => to
            .prepare_cached(
                "INSERT OR REPLACE INTO drift_versions (process, day, version) VALUES (?1, ?2, ?3)",
            )?
            .execute(params![process, day, version])?,
        None => to
            .prepare_cached("DELETE FROM drift_versions WHERE process = ?1 AND day = ?2")?
            .execute(params![process, day])?,
    };
    Ok(())
}

fn write_epoch(to: &Transaction, process: NameId, epoch: &EpochRow) -> rusqlite::Result<()> {
    if let Some(body) = &epoch.baseline {
        to.prepare_cached(
            "INSERT OR REPLACE INTO drift_baselines (process, epoch, body, until) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![process, epoch.start, body, epoch.until])?;
    } else {
        to.prepare_cached(
            "UPDATE drift_baselines SET until = ?3 WHERE process = ?1 AND epoch = ?2",
        )?
        .execute(params![process, epoch.start, epoch.until])?;
    }
    let mut insert = to.prepare_cached(
        "INSERT OR REPLACE INTO drift_days (process, epoch, day, body) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for (day, body) in &epoch.days {
        insert.execute(params![process, epoch.start, day, body])?;
    }
    Ok(())
}

pub(super) fn write_alarms<'a>(
    to: &Transaction,
    rows: impl Iterator<Item = &'a AlarmRow>,
) -> rusqlite::Result<()> {
    let mut insert = to.prepare_cached(
        "INSERT INTO alarms (process, stream, epoch, raised, onset, direction, outcome, was, became, evidence, ended,
            how, explained_by, noted_at, processes)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
    )?;
    // Who has acknowledged it, and when it was noted first, stays.
    let mut update = to.prepare_cached(
        "UPDATE alarms SET raised = ?2, onset = ?3, direction = ?4, outcome = ?5, was = ?6, became = ?7, evidence = ?8,
            ended = ?9, how = ?10, explained_by = ?11, epoch = ?12, processes = ?13 WHERE id = ?1",
    )?;
    for row in rows {
        let several = (!row.processes.is_empty()).then(|| json!(row.processes).to_string());
        if row.id == 0 {
            insert.execute(params![
                row.process,
                row.stream,
                row.epoch,
                row.raised,
                row.onset,
                row.direction,
                row.outcome,
                row.was,
                row.became,
                row.evidence,
                row.ended,
                row.how,
                row.explained_by,
                row.noted_at,
                several,
            ])?;
        } else {
            update.execute(params![
                row.id,
                row.raised,
                row.onset,
                row.direction,
                row.outcome,
                row.was,
                row.became,
                row.evidence,
                row.ended,
                row.how,
                row.explained_by,
                row.epoch,
                several,
            ])?;
        }
    }
    Ok(())
}
