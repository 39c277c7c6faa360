//! Applying a mapping to a record.

mod flags;

use super::described::described;
use super::each::Element;
use super::field::Field;
use super::milestones::keep_reached;
use super::row::{Row, ValueRow};
use super::words::{added, hands_on_seconds, short};
use super::work::{EVENT, KEPT_BYTE, REJECT, RecordWork, TOO_MUCH, VISIT};
use super::{EARLIEST, EventMapping, Mapping, Refusal};
use crate::ingest::batch::{EventBatch, MappedEvent, TextRef};
use crate::ingest::reject::{Reason, Reject};
use crate::ingest::scalar::Scalar;
use crate::ingest::time::ReadTime;
use crate::ingest::time_written::is_no_time;
use crate::model::{NameId, Time, hash_pair, hash_text};
use crate::rules::mapping::Identity;
use crate::rules::plain_name;
use serde_json::Value;
use std::borrow::Cow;
use std::sync::atomic::Ordering;

/// Where a record comes from.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The same for every reading of the same stream of records.
    pub stream: u64,
    /// Position in that stream, in bytes.
    pub offset: u64,
    /// Hash of the record's bytes.
    pub record: u64,
}

/// What one record became, for people.
#[derive(Clone, Debug)]
pub struct Preview {
    /// Each event, field by field.
    pub events: Vec<Vec<(&'static str, String)>>,
    /// Why it became none.
    pub problem: Option<(Reason, String)>,
    /// Whether the mapping's `where` passed it over.
    pub filtered: bool,
}

/// A case, an activity and other names may have so many bytes.
const MAX_NAME_BYTES: usize = 4 << 10;
/// The rejects of one record keep its text so often that it takes so many bytes in all.
const RAW_BYTES: usize = 1 << 20;
/// The others keep its start.
const RAW_START: usize = 64;

impl Mapping {
    /// Maps a record of which the decoder has found the fields.
    pub fn apply_slots(&self, row: &impl Row, place: Place, raw: &[u8], out: &mut EventBatch) {
        out.records += 1;
        for event in &self.events {
            match self.one(event, row, place, 0, out) {
                Ok(true) => {}
                Ok(false) => out.filtered += 1,
                Err((Reason::MissingTime, _)) if event.optional => out.filtered += 1,
                Err((reason, detail)) => {
                    out.rejects
                        .push(Reject::new(place.offset, reason, detail, raw))
                }
            }
        }
    }

    /// Maps a whole record.
    pub fn apply_value(&self, record: &Value, place: Place, raw: &[u8], out: &mut EventBatch) {
        out.records += 1;
        let before = out.events.len();
        let mut refusals: Vec<Refusal> = Vec::new();
        let mut nth = 0u64;
        let is_mapped_often =
            self.events.len() > 1 || self.events.iter().any(|event| event.each.is_some());
        let shared_slots = if is_mapped_often { self.slots.len() } else { 0 };
        let work = RecordWork::new(record, raw.len(), shared_slots);
        let mut is_cut = false;
        let mut map = |event: &EventMapping, element: Option<Element>| {
            work.add(VISIT);
            is_cut |= work.is_too_much();
            if is_cut {
                return;
            }
            let row = ValueRow {
                slots: &self.slots,
                record: &work,
                item: element.map(|element| element.item),
                outers: element.map_or(&[], |element| element.outers),
                key: element.and_then(|element| element.key),
            };
            // The place of an element: a record has at least as many bytes as elements, so places stay unique.
            let at = Place {
                offset: place.offset + nth,
                ..place
            };
            match self.one(event, &row, at, nth, out) {
                Ok(true) => work.add(EVENT + KEPT_BYTE * out.text_bytes_of_last() as u64),
                Ok(false) => {}
                Err((Reason::MissingTime, _)) if event.optional => {}
                Err(refusal) => {
                    work.add(REJECT);
                    refusals.push(refusal);
                }
            }
            nth += 1;
        };
        for event in &self.events {
            match &event.each {
                None => map(event, None),
                Some(each) => each.visit(record, &mut |element| map(event, Some(element))),
            }
        }
        // A record is passed over only if nothing at all came of it and nothing was wrong with it.
        if refusals.is_empty() && out.events.len() == before {
            out.filtered += 1;
        }
        if is_cut {
            refusals.push((Reason::TooLong, TOO_MUCH.to_owned()));
        }
        // The record stands in the first of its rejects, and in all if it is short.
        let mut left = RAW_BYTES.max(raw.len());
        for (reason, detail) in refusals {
            let kept = if raw.len() <= left {
                raw
            } else {
                &raw[..raw.len().min(RAW_START)]
            };
            left = left.saturating_sub(kept.len());
            out.rejects
                .push(Reject::new(place.offset, reason, detail, kept));
        }
    }

    /// What a record would become.
    pub fn preview(&self, record: &Value) -> Preview {
        let mut batch = EventBatch::default();
        let place = Place {
            stream: 0,
            offset: 0,
            record: 0,
        };
        self.apply_value(record, place, record.to_string().as_bytes(), &mut batch);
        let events = batch.events.iter().map(|event| described(&batch, event));
        Preview {
            events: events.collect(),
            problem: batch
                .rejects
                .pop()
                .map(|reject| (reject.reason, reject.detail)),
            filtered: batch.filtered > 0,
        }
    }

    /// Maps one event; `Ok(false)` if a `where` passes it over.
    fn one(
        &self,
        event: &EventMapping,
        row: &impl Row,
        place: Place,
        nth: u64,
        out: &mut EventBatch,
    ) -> Result<bool, Refusal> {
        let failed = |detail: String| (Reason::PredicateFailed, detail);
        for filter in &event.filters {
            if !filter.holds(row).map_err(failed)? {
                return Ok(false);
            }
        }
        // An element that is no such event has no time, and often nothing else.
        let early = match event.optional {
            true => Some(self.time(event, row)?),
            false => None,
        };
        let case = self.needed(("case", Reason::MissingCase), &event.case, row)?;
        let activity = ("activity", Reason::MissingActivity);
        let activity = self.needed(activity, &event.activity, row)?;
        let read = match early {
            Some(read) => read,
            None => self.time(event, row)?,
        };
        let process = event.process.own_text(row).map_err(failed)?;
        let names_process = process.is_some();
        let process = process.or(event.process.default_text());
        let outcome = optional(&event.outcome, row)?;
        let severity = outcome
            .as_deref()
            .and_then(|outcome| self.severity_of(outcome));
        let parent = optional(&event.parent, row)?;
        let sequence = self.sequence(event, row)?;
        let flags = self.flags(event, row, &activity)?;
        let hands_on = self.hands_on(event, row, nth)?;
        let version = version(event, row)?;
        let reached = self.reached(event, row)?;
        let names = [
            ("case", Some(&*case)),
            ("activity", Some(&*activity)),
            ("process", process.as_deref()),
            ("outcome", outcome.as_deref()),
            ("parent", parent.as_deref()),
            ("version", version.as_deref()),
        ];
        check_lengths(names)?;
        let case_ref = out.keep_key(&self.namespace, &case);
        let case_hash = hash_text(out.text(case_ref));
        let identity = match self.identity {
            Identity::Content if event.event_id.is_none() => {
                let activity = hash_pair(hash_text(&activity), read.time.0 as u64);
                hash_pair(hash_pair(case_hash, activity), sequence as u64)
            }
            Identity::Content | Identity::Position => self.identity(event, row, place, nth)?,
        };
        let parent = match parent {
            Some(id) => out.keep_key(&self.parent_namespace, &id),
            None => TextRef::default(),
        };
        out.ambiguous_times += u64::from(read.ambiguous);
        let reached = keep_reached(event, &reached, out);
        let mapped = MappedEvent {
            case: case_ref,
            case_hash,
            parent,
            time: read.time,
            sequence,
            place: place.offset,
            identity,
            input: hash_of(&event.input, row)?,
            cluster: hash_of(&event.cluster, row)?,
            activity: out.names.intern(&activity),
            outcome: outcome.map_or(NameId::NONE, |outcome| out.names.intern(&outcome)),
            process: process.map_or(NameId::NONE, |process| out.names.intern(&process)),
            hands_on,
            reached,
            version: version.map_or(NameId::NONE, |version| out.names.intern(&version)),
            flags: flags
                .with_default_process(!names_process)
                .with_hands_on_of_case(hands_on != 0 && self.hands_on.of_case)
                .with_severity(severity),
        };
        out.events.push(mapped);
        Ok(true)
    }

    /// The value of a field that every event has.
    fn needed<'r>(
        &self,
        (name, reason): (&str, Reason),
        field: &'r super::Field,
        row: &'r impl Row,
    ) -> Result<Cow<'r, str>, Refusal> {
        let text = field.text(row).map_err(|e| (Reason::PredicateFailed, e))?;
        text.ok_or_else(|| {
            let detail = match field.only_slot() {
                Some(slot) => format!("`{name}`: no value in `{}`", self.slots[slot].path.text()),
                None => format!("`{name}`: no value"),
            };
            (reason, detail)
        })
    }

    fn time(&self, event: &EventMapping, row: &impl Row) -> Result<ReadTime, Refusal> {
        if self.undated {
            return Ok(ReadTime {
                time: Time::UNDATED,
                ambiguous: false,
            });
        }
        let read = self.time_in(&event.time, ("time", event.optional), row)?;
        read.ok_or_else(|| {
            let detail = match event.time.is_plain_slot() {
                Some(slot) => format!("`time`: no value in `{}`", self.slots[slot].path.text()),
                None => "`time`: no value".to_owned(),
            };
            (Reason::MissingTime, detail)
        })
    }

    /// The time that a field has; `None` if it has no value.
    pub(super) fn time_in(
        &self,
        field: &super::Field,
        (name, may_be_none): (&str, bool),
        row: &impl Row,
    ) -> Result<Option<ReadTime>, Refusal> {
        let scalar = field.is_plain_slot().map(|slot| row.scalar(slot));
        let times = field.times.as_ref().unwrap_or(&self.times);
        let (read, shown) = match scalar {
            Some(Scalar::Int(int)) => (times.int(int), int.to_string()),
            Some(Scalar::Float(float)) => (times.float(float), float.to_string()),
            other => {
                let text = match other {
                    Some(scalar) => scalar.into_text(),
                    None => field.text(row).map_err(|e| (Reason::PredicateFailed, e))?,
                };
                let Some(text) = text else { return Ok(None) };
                (times.text(&text), text.into_owned())
            }
        };
        let believed = match read {
            None => {
                let detail = format!("`{name}`: `{}` is not in a known format", short(&shown));
                Err((Reason::UnreadableTime, detail))
            }
            Some(read) => match field.plus {
                None => self.plausible(read, name, &shown),
                Some((slot, unit)) => match added(read, row.scalar(slot), unit, name)? {
                    Some(later) => self.plausible(later, name, &shown),
                    None => return Ok(None),
                },
            },
        };
        match believed {
            // An event that need not be there is not there. Where it must be, the reason says what stands instead of its time.
            Err(_) if may_be_none && is_no_time(&shown) => Ok(None),
            believed => believed.map(Some),
        }
    }

    fn plausible(&self, read: ReadTime, name: &str, shown: &str) -> Result<ReadTime, Refusal> {
        let latest = Time(self.latest.load(Ordering::Relaxed));
        if read.time < EARLIEST {
            let detail = format!("`{name}`: `{}` lies before 1980", short(shown));
            return Err((Reason::ImplausibleTime, detail));
        }
        if read.time > latest {
            let detail = format!(
                "`{name}`: `{}` lies in the future (later than {latest})",
                short(shown)
            );
            return Err((Reason::ImplausibleTime, detail));
        }
        Ok(read)
    }

    fn sequence(&self, event: &EventMapping, row: &impl Row) -> Result<i64, Refusal> {
        let Some(field) = &event.sequence else {
            return Ok(0);
        };
        if let Some(slot) = field.is_plain_slot()
            && let Scalar::Int(int) = row.scalar(slot)
        {
            return Ok(int);
        }
        let Some(text) = optional(&event.sequence, row)? else {
            return Ok(0);
        };
        // A sequence such as `001A5852941` counts by the number at its end.
        let digits = text.len() - text.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        text[text.len() - digits..].parse().map_err(|_| {
            let detail = format!("`sequence`: `{}` does not end in a number", short(&text));
            (Reason::InvalidValue, detail)
        })
    }

    /// Seconds of hands-on time; 0 where the event does not say. What a record as a whole says counts for the first of its
    /// events only.
    fn hands_on(&self, event: &EventMapping, row: &impl Row, nth: u64) -> Result<u32, Refusal> {
        let of_record = self.events.len() > 1 || event.each.is_some();
        if of_record && nth > 0 && !event.own_hands_on {
            return Ok(0);
        }
        let Some(text) = optional(&event.hands_on, row)? else {
            return Ok(0);
        };
        hands_on_seconds(&text, self.hands_on.unit_seconds).ok_or_else(|| {
            let detail = format!(
                "`hands_on`: `{}` is neither a number nor a time such as 1:30:00, from 0 to a year",
                short(&text)
            );
            (Reason::InvalidValue, detail)
        })
    }

    fn identity(
        &self,
        event: &EventMapping,
        row: &impl Row,
        place: Place,
        nth: u64,
    ) -> Result<u64, Refusal> {
        match optional(&event.event_id, row)? {
            Some(id) => {
                let id = hash_pair(hash_text(&self.namespace), hash_text(&id));
                let nth = if event.event_id_of_record { nth } else { 0 };
                Ok(hash_pair(id, nth))
            }
            None => {
                let at = hash_pair(place.stream, place.offset);
                let record = match self.stands_for {
                    0 => place.record,
                    whole => whole,
                };
                Ok(hash_pair(at, record))
            }
        }
    }

    /// How severe the mapping says that an outcome is, in percent.
    fn severity_of(&self, outcome: &str) -> Option<u8> {
        if self.severities.is_empty() {
            return None;
        }
        self.severities.get(&plain_name(outcome)).copied()
    }
}

/// Keys and names are kept for long, in memory and in the database.
fn check_lengths(names: [(&str, Option<&str>); 6]) -> Result<(), Refusal> {
    let too_long =
        |(_, text): &(&str, Option<&str>)| text.is_some_and(|text| text.len() > MAX_NAME_BYTES);
    match names.into_iter().find(too_long) {
        None => Ok(()),
        Some((field, text)) => {
            let bytes = text.map_or(0, str::len);
            let detail =
                format!("`{field}`: {bytes} bytes, and a name or key may have {MAX_NAME_BYTES}");
            Err((Reason::TooLong, detail))
        }
    }
}

/// What ran it, in one text; `None` where no field says.
fn version(event: &EventMapping, row: &impl Row) -> Result<Option<String>, Refusal> {
    let mut whole: Option<String> = None;
    for field in &event.version {
        let text = field.text(row).map_err(|e| (Reason::PredicateFailed, e))?;
        let Some(text) = text else { continue };
        match &mut whole {
            None => whole = Some(text.into_owned()),
            Some(whole) => {
                whole.push_str(", ");
                whole.push_str(&text);
            }
        }
    }
    Ok(whole)
}

/// The hash of what these fields say; 0 if none says anything.
fn hash_of(fields: &[Field], row: &impl Row) -> Result<u64, Refusal> {
    let mut hash = 0;
    let mut any = false;
    for field in fields {
        let text = field.text(row).map_err(|e| (Reason::PredicateFailed, e))?;
        any |= text.is_some();
        hash = hash_pair(hash, text.map_or(0, |text| hash_text(&text)));
    }
    Ok(if any { hash.max(1) } else { 0 })
}

fn optional<'r>(
    field: &'r Option<super::Field>,
    row: &'r impl Row,
) -> Result<Option<std::borrow::Cow<'r, str>>, Refusal> {
    match field {
        None => Ok(None),
        Some(field) => field.text(row).map_err(|e| (Reason::PredicateFailed, e)),
    }
}

#[cfg(test)]
mod tests;
