//! What a mapping makes of a file, or of the beginning and a few places of a large one.

use crate::cases::resolved_states;
use crate::cli::common::progress;
use crate::cli::failure::Failure;
use crate::cli::text::grouped;
use crate::ingest::beginning::{Beginning, Records, read_places};
use crate::ingest::decode::{CsvHeader, Input, Opened, first_header};
use crate::ingest::mapping::Mapping;
use crate::ingest::read::{ReadOptions, format_of, read_opened};
use crate::ingest::{EventBatch, Reject};
use crate::model::humanize::counted;
use crate::model::{Time, hash_pair};
use crate::query::{CaseTable, TableLimits};
use crate::rules::mapping::FormatName;
use rustc_hash::FxHashSet;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// So much of a file is read if not all of it is wanted, decompressed. Reading it takes a fraction of a second.
const BEGINNING: u64 = 8 << 20;

/// The same of XES: definitions of many megabytes can stand before the first trace.
const BEGINNING_OF_XES: u64 = 24 << 20;

/// What reading a file with the mapping found.
#[derive(Default)]
pub(super) struct Whole {
    table: CaseTable,
    records: u64,
    events: u64,
    filtered: u64,
    refused: u64,
    first_refusal: Option<String>,
    /// What is refused says its row.
    in_sheet: bool,
    /// Events earlier than the one before them in the file.
    out_of_order: u64,
    /// Rows alike in case, activity and time to one before them.
    alike: u64,
    ambiguous: u64,
    last: Option<Time>,
    seen: FxHashSet<u64>,
    rest: Option<Rest>,
}

/// What is known of the rest of a large file.
#[derive(Default)]
struct Rest {
    /// Bytes read of it from its beginning.
    beginning: u64,
    /// Size of the file, as it is stored; `None` if what is read was made of it.
    size: Option<u64>,
    is_compressed: bool,
    /// Records at a few places after the beginning.
    records: u64,
    places: u64,
    refused: u64,
    first_refusal: Option<String>,
    span: Option<(Time, Time)>,
}

/// Reads a file with a mapping: all of it, or its beginning and a few places.
pub(super) fn read_with(
    mut opened: Opened,
    input: &Input,
    mapping: &Mapping,
    counter: &Arc<AtomicU64>,
    all: bool,
) -> Result<Whole, Failure> {
    let bar = progress(std::slice::from_ref(input));
    let mut whole = Whole {
        in_sheet: opened.rows.is_some(),
        ..Whole::default()
    };
    let is_cut = Arc::new(AtomicBool::new(false));
    let outline = Outline::of(&opened, mapping, input)?;
    if !all {
        opened.reader = Box::new(Beginning::new(
            opened.reader,
            outline.beginning(),
            is_cut.clone(),
        ));
    }
    read_opened(
        opened,
        &input.name(),
        mapping,
        ReadOptions::default(),
        &mut |batch| {
            whole.take(&batch);
            bar.set_position(counter.load(Ordering::Relaxed));
        },
    )?;
    bar.finish_and_clear();
    whole.table.settle();
    if is_cut.load(Ordering::Relaxed) {
        whole.rest = Some(
            outline
                .rest(input, mapping)
                .map_err(|error| Failure::environment(format!("{}: {error}", input.name())))?,
        );
    }
    Ok(whole)
}

/// What has to be known of a file to read places of it.
struct Outline {
    format: FormatName,
    header: Option<CsvHeader>,
    is_plain: bool,
    is_compressed: bool,
    /// What is read is no part of the file: it was made of a workbook or database.
    is_converted: bool,
}

impl Outline {
    fn of(opened: &Opened, mapping: &Mapping, input: &Input) -> Result<Outline, Failure> {
        let format = format_of(opened, mapping.format, &input.name())?;
        let mut dialect = opened.sniffed.dialect;
        dialect.delimiter = mapping.delimiter.unwrap_or(dialect.delimiter);
        let is_compressed = opened.compression != "none";
        let is_converted = opened.from.is_some();
        let can_seek = matches!(input, Input::File(_) | Input::Member { .. });
        Ok(Outline {
            format,
            header: (format == FormatName::Csv).then(|| first_header(&opened.sample, dialect)),
            is_plain: can_seek
                && !is_compressed
                && !is_converted
                && opened.sniffed.encoding == encoding_rs::UTF_8,
            is_compressed,
            is_converted,
        })
    }

    fn beginning(&self) -> u64 {
        match self.format {
            FormatName::Xes => BEGINNING_OF_XES,
            _ => BEGINNING,
        }
    }

    fn rest(&self, input: &Input, mapping: &Mapping) -> io::Result<Rest> {
        let mut rest = Rest {
            beginning: self.beginning(),
            size: input.size().filter(|_| !self.is_converted),
            is_compressed: self.is_compressed,
            ..Rest::default()
        };
        let records = match (self.format, &self.header) {
            (FormatName::Ndjson, _) => Records::Lines,
            (FormatName::Csv, Some(header)) => Records::Rows(header),
            _ => return Ok(rest),
        };
        if let (Input::File(path) | Input::Member { path, .. }, true) = (input, self.is_plain) {
            read_places(path, self.beginning(), &records, mapping, &mut |batch| {
                rest.take(&batch)
            })?;
        }
        Ok(rest)
    }
}

impl Rest {
    fn take(&mut self, batch: &EventBatch) {
        self.places += 1;
        self.records += batch.records;
        self.refused += batch.rejects.len() as u64;
        if self.first_refusal.is_none() {
            self.first_refusal = batch.rejects.first().map(|it| refusal(it, false));
        }
        let times = batch.events.iter().map(|event| event.time);
        for time in times.filter(|time| !time.is_undated()) {
            let (first, last) = self.span.unwrap_or((time, time));
            self.span = Some((first.min(time), last.max(time)));
        }
    }

    fn print(&self, out: &mut impl Write) -> io::Result<()> {
        let mib = |bytes: u64| format!("{} MiB", grouped(bytes >> 20));
        let of = match self.size {
            Some(size) if self.is_compressed => format!(" of a file of {} compressed", mib(size)),
            Some(size) => format!(" of {}", mib(size)),
            None => String::new(),
        };
        writeln!(
            out,
            "read        the first {}{of}; to read all of it, add --all",
            mib(self.beginning)
        )?;
        if self.places == 0 {
            return Ok(());
        }
        write!(
            out,
            "rest        {} at {}",
            counted(self.records, "record"),
            counted(self.places, "place")
        )?;
        if let Some((first, last)) = self.span {
            write!(out, ", {first} to {last}")?;
        }
        match &self.first_refusal {
            None => writeln!(out, ", none rejected"),
            Some(first) => writeln!(
                out,
                ", {} rejected, the first: {first}",
                grouped(self.refused)
            ),
        }
    }
}

/// `in_sheet`: what was refused says its row.
fn refusal(reject: &Reject, in_sheet: bool) -> String {
    let at = match in_sheet {
        true => String::new(),
        false => format!(", at byte {}", reject.place),
    };
    format!("{}{at}: {}", reject.reason, reject.detail)
}

impl Whole {
    fn take(&mut self, batch: &EventBatch) {
        self.records += batch.records;
        self.filtered += batch.filtered;
        self.ambiguous += batch.ambiguous_times;
        self.refused += batch.rejects.len() as u64;
        if let Some(reject) = batch.rejects.first()
            && self.first_refusal.is_none()
        {
            self.first_refusal = Some(refusal(reject, self.in_sheet));
        }
        for event in &batch.events {
            self.out_of_order += u64::from(self.last.is_some_and(|last| event.time < last));
            self.last = Some(event.time);
            let activity = batch.names.hash(event.activity);
            let alike = hash_pair(hash_pair(event.case_hash, activity), event.time.0 as u64);
            self.alike += u64::from(!self.seen.insert(alike));
        }
        let limits = TableLimits {
            case_events: usize::MAX,
        };
        self.events += self.table.take(batch, limits).added;
    }

    /// Whether any record was rejected.
    pub(super) fn has_rejects(&self) -> bool {
        self.refused > 0 || self.rest.as_ref().is_some_and(|rest| rest.refused > 0)
    }

    pub(super) fn print(&self, out: &mut impl Write) -> io::Result<()> {
        if let Some(rest) = &self.rest {
            rest.print(out)?;
        }
        let count = |number: u64| grouped(number);
        writeln!(
            out,
            "records     {} -> {} events in {} cases",
            count(self.records),
            count(self.events),
            grouped(self.table.len() as i128)
        )?;
        match self.table.span() {
            Some((_, last)) if last.is_undated() => writeln!(out, "times       none")?,
            Some((first, last)) => writeln!(out, "times       {first} to {last}")?,
            None => {}
        }
        let order = match self.out_of_order {
            0 => "sorted by time".to_owned(),
            some => format!(
                "{} events come before their predecessor in time (that does no harm)",
                count(some)
            ),
        };
        writeln!(out, "order       {order}")?;
        if self.alike > 0 {
            writeln!(
                out,
                "alike       {} rows have case, activity and time of another row; they count, unless an event_id says otherwise",
                count(self.alike)
            )?;
        }
        if self.filtered > 0 {
            writeln!(out, "passed over {} records", count(self.filtered))?;
        }
        if self.ambiguous > 0 {
            writeln!(
                out,
                "clock       {} times fall where the zone's clock was put back or forward",
                count(self.ambiguous)
            )?;
        }
        if let Some(first) = &self.first_refusal {
            writeln!(
                out,
                "refused     {} records, the first: {first}",
                count(self.refused)
            )?;
        }
        Ok(())
    }

    /// The states that resolve a case, by name and order.
    pub(super) fn resolved(&self, may_guess: bool) -> Vec<String> {
        if !may_guess {
            return Vec::new();
        }
        let found = resolved_states(self.table.cases().iter(), &self.table.names);
        let mut states: Vec<String> = found
            .into_iter()
            .flat_map(|(_, states)| states)
            .map(|state| self.table.names.text(state).to_owned())
            .collect();
        states.sort();
        states.dedup();
        states
    }
}
