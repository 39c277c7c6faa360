//! `toleranced inspect`: how a file is written, what its columns are, what a mapping makes of it.

use super::common::{latest_believed, progress};
use super::failure::{Done, Failure};
use super::mapping_args::{ChosenMapping, MappingArgs, listed_records, sample};
use super::text::{grouped, printable};
use crate::cases::resolved_states;
use crate::ingest::EventBatch;
use crate::ingest::decode::{Input, Opened, unpack_one};
use crate::ingest::guess::{Column, Guess};
use crate::ingest::mapping::{Circumstances, Mapping, compile};
use crate::ingest::read::{ReadOptions, format_of, open_input, read_opened};
use crate::model::{Time, hash_pair};
use crate::query::{CaseTable, TableLimits};
use crate::rules::mapping::FormatName;
use comfy_table::{CellAlignment, Table, presets};
use rustc_hash::FxHashSet;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Say how a file is written and what its columns are; write a mapping; preview one
///
/// Without --map it guesses the mapping and says how sure it is. With --map it shows what the first records become, or why
/// they become nothing.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  toleranced inspect tickets.csv
  toleranced inspect tickets.csv --write mapping.yaml
  toleranced inspect tickets.csv --map mapping.yaml -n 3

Exit codes: 0 every record can be mapped, 1 some can't or no mapping was found, 2 the file can't be read.")]
pub(super) struct Args {
    /// File to look at; `-` for standard input
    #[arg(value_name = "FILE")]
    file: String,
    #[command(flatten)]
    mapping: MappingArgs,
    /// Write the guessed mapping to this file
    #[arg(long, short, value_name = "MAPPING", conflicts_with = "map")]
    write: Option<PathBuf>,
    /// Overwrite the file of --write if it exists
    #[arg(long, requires = "write")]
    force: bool,
    /// Preview so many records
    #[arg(long, short = 'n', value_name = "COUNT", default_value_t = 5)]
    number: usize,
}

pub(super) fn run(args: &Args) -> Result<Done, Failure> {
    let (input, _unpacked) = unpack_one(Input::new(&args.file));
    let counter = Arc::new(AtomicU64::new(0));
    let opened = open_input(&input, args.mapping.sheet().as_deref(), &counter)?;
    let format = format_of(&opened, None, &input.name())?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    written(&mut out, &input, &opened)?;
    let previewed = sample(&opened, format, None);
    let chosen = args.mapping.choose(&opened, &input);
    if let Ok(ChosenMapping {
        guess: Some(guess),
        used,
        ..
    }) = &chosen
    {
        columns(&mut out, guess)?;
        if used.is_none() {
            missing(&mut out, guess)?;
        }
    }
    let chosen = match chosen {
        Ok(chosen) => chosen,
        Err(failure) => {
            let guess = crate::ingest::guess::guess(&previewed.records, format);
            columns(&mut out, &guess)?;
            missing(&mut out, &guess)?;
            out.flush()?;
            return Err(failure);
        }
    };
    if let Some(preset) = chosen.used {
        if let Some(seen) = &chosen.seen {
            columns(&mut out, seen)?;
        }
        writeln!(
            out,
            "preset      {preset}: it knows these fields. To read the file otherwise, name a mapping with --map"
        )?;
    }
    let stem = input.stem();
    let circumstances = Circumstances {
        default_process: &stem,
        namespace: "",
        latest: latest_believed(),
    };
    let mapping = compile(&chosen.spec, &chosen.file, circumstances)?;
    let is_json = matches!(format, FormatName::Json | FormatName::Ndjson);
    if args.mapping.map.is_some() || chosen.used.is_some() {
        let records = match &mapping.records {
            Some(path) => sample(&opened, format, Some(path)).records,
            None if is_json && !mapping.lists.is_empty() => listed_records(&opened, &mapping.lists),
            None => previewed.records,
        };
        preview(&mut out, &mapping, &records, args.number)?;
    }
    let whole = read_whole(opened, &input, &mapping, &counter)?;
    whole.print(&mut out)?;
    if chosen.guess.is_some() {
        let states = whole.resolved(chosen.may_guess_resolved);
        if !states.is_empty() {
            writeln!(
                out,
                "resolved    {} (by name, and nearly nothing follows them)",
                states.join(", ")
            )?;
        }
        let yaml = chosen.written(&args.file, &states);
        out.flush()?;
        finish_guess(args, &yaml)?;
    } else if chosen.used.is_some() && args.write.is_some() {
        out.flush()?;
        finish_guess(args, &chosen.written(&args.file, &[]))?;
    }
    out.flush()?;
    Ok(if whole.refused == 0 {
        Done::Fine
    } else {
        Done::Findings
    })
}

fn finish_guess(args: &Args, yaml: &str) -> Result<(), Failure> {
    let Some(file) = &args.write else {
        println!(
            "\nMapping (save it with --write FILE):\n\n{}",
            yaml.trim_end()
        );
        return Ok(());
    };
    if file.exists() && !args.force {
        return Err(Failure::environment(format!(
            "{}: exists; overwrite it with --force",
            file.display()
        )));
    }
    std::fs::write(file, yaml)
        .map_err(|error| Failure::environment(format!("{}: {error}", file.display())))?;
    println!(
        "\nWrote {}. Use it with: toleranced score {} --map {}",
        file.display(),
        args.file,
        file.display()
    );
    Ok(())
}

fn written(out: &mut impl Write, input: &Input, opened: &Opened) -> io::Result<()> {
    let sniffed = &opened.sniffed;
    writeln!(out, "file        {}", input.name())?;
    let format = sniffed.format.map_or("unknown", |format| format.word());
    write!(out, "format      {}", opened.from.unwrap_or(format))?;
    if format == "csv" && opened.from.is_none() {
        write!(
            out,
            ", fields separated by {:?}",
            char::from(sniffed.dialect.delimiter)
        )?;
    }
    writeln!(out)?;
    let mark = if sniffed.bom {
        ", with byte-order mark"
    } else {
        ""
    };
    writeln!(out, "encoding    {}{mark}", sniffed.encoding.name())?;
    writeln!(out, "compression {}", opened.compression)?;
    for note in &opened.notes {
        writeln!(out, "note        {note}")?;
    }
    Ok(())
}

fn columns(out: &mut impl Write, guess: &Guess) -> io::Result<()> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header([
        "column",
        "filled",
        "different",
        "looks like",
        "sure",
        "samples",
    ]);
    for column in &guess.columns {
        let filled = 100.0 * column.filled as f64 / guess.records.max(1) as f64;
        let (field, sure) = role(guess, column);
        table.add_row([
            clean(&column.name),
            format!("{filled:.0} %"),
            grouped(column.distinct as i128),
            field,
            sure,
            column
                .samples
                .iter()
                .map(|sample| clean(sample))
                .collect::<Vec<_>>()
                .join(" | "),
        ]);
    }
    for right in [1, 2, 4] {
        if let Some(column) = table.column_mut(right) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    writeln!(
        out,
        "\nfirst {} records:\n{table}",
        grouped(guess.records as i128)
    )?;
    if guess.day_or_month {
        writeln!(
            out,
            "\nDay and month could be the other way round: read as {}. Say so with --time-format if it is wrong.",
            guess.time_format.as_deref().unwrap_or_default()
        )?;
    }
    writeln!(out)
}

/// What a mapping needs and no column looks like.
fn missing(out: &mut impl Write, guess: &Guess) -> io::Result<()> {
    for field in guess.missing() {
        writeln!(
            out,
            "No column looks like the {field}: name it with --{field}.\n"
        )?;
    }
    Ok(())
}

/// What a column was chosen for, and how sure that is.
fn role(guess: &Guess, column: &Column) -> (String, String) {
    let stage = guess
        .stages
        .iter()
        .find(|stage| stage.column == column.name);
    if let Some(stage) = stage {
        return (format!("time of {}", stage.activity), String::new());
    }
    for (field, choice) in &guess.fields {
        if choice.column == column.name && guess.is_used(field) {
            let format = match (&guess.time_format, *field) {
                (Some(format), "time") => format!(" ({format})"),
                _ => String::new(),
            };
            return (
                format!("{field}{format}"),
                format!("{:.0} %", choice.sure * 100.0),
            );
        }
    }
    let time = if column.times >= 0.9 { "(a time)" } else { "" };
    (time.to_owned(), String::new())
}

/// A text from a log, short.
fn clean(text: &str) -> String {
    printable(text, 28)
}

fn preview(
    out: &mut impl Write,
    mapping: &Mapping,
    records: &[serde_json::Value],
    number: usize,
) -> io::Result<()> {
    writeln!(out)?;
    for (nth, record) in records.iter().take(number).enumerate() {
        let shown = record.to_string();
        let cut: String = shown.chars().take(200).collect();
        let dots = if shown.chars().count() > 200 {
            "..."
        } else {
            ""
        };
        writeln!(out, "record {}: {cut}{dots}", nth + 1)?;
        let preview = mapping.preview(record);
        for event in &preview.events {
            let fields: Vec<String> = event
                .iter()
                .map(|(name, value)| format!("{name}={}", clean(value)))
                .collect();
            writeln!(out, "  event  {}", fields.join("  "))?;
        }
        if let Some((reason, detail)) = &preview.problem {
            writeln!(out, "  refused ({reason}): {detail}")?;
        } else if preview.events.is_empty() {
            writeln!(out, "  passed over by the mapping")?;
        }
    }
    writeln!(out)
}

/// What reading the whole file with the mapping found.
#[derive(Default)]
struct Whole {
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
}

fn read_whole(
    opened: Opened,
    input: &Input,
    mapping: &Mapping,
    counter: &Arc<AtomicU64>,
) -> Result<Whole, Failure> {
    let bar = progress(std::slice::from_ref(input));
    let mut whole = Whole {
        in_sheet: opened.rows.is_some(),
        ..Whole::default()
    };
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
    Ok(whole)
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
            let at = match self.in_sheet {
                true => String::new(),
                false => format!(", at byte {}", reject.place),
            };
            self.first_refusal = Some(format!("{}{at}: {}", reject.reason, reject.detail));
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

    fn print(&self, out: &mut impl Write) -> io::Result<()> {
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

    fn resolved(&self, may_guess: bool) -> Vec<String> {
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
