//! `toleranced inspect`: how a file is written, what its columns are, what a mapping makes of it.

mod columns;
mod whole;

use super::common::latest_believed;
use super::failure::{Done, Failure};
use super::mapping_args::{ChosenMapping, MappingArgs, listed_records, sample};
use super::text::printable;
use crate::ingest::decode::{Input, Opened, unpack_one};
use crate::ingest::mapping::{Circumstances, Mapping, compile};
use crate::ingest::read::{format_of, open_input};
use crate::rules::mapping::FormatName;
use columns::{close_calls, looks};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use whole::read_with;

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
    /// Read all of a large file, not only its beginning and a few places; --write does so, too
    #[arg(long)]
    all: bool,
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
        records,
        ..
    }) = &chosen
    {
        looks(&mut out, guess, records, *used)?;
    }
    let chosen = match chosen {
        Ok(chosen) => chosen,
        Err(failure) => {
            let guess = crate::ingest::guess::guess(&previewed.records, format);
            looks(&mut out, &guess, &previewed.records, None)?;
            out.flush()?;
            return Err(failure);
        }
    };
    if let Some(preset) = chosen.used {
        if let Some(seen) = &chosen.seen {
            looks(&mut out, seen, &chosen.records, Some(preset))?;
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
    let all = args.all || args.write.is_some();
    let whole = read_with(opened, &input, &mapping, &counter, all)?;
    whole.print(&mut out)?;
    close_calls(&mut out, &args.file, &chosen.close)?;
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
    Ok(match whole.has_rejects() {
        false => Done::Fine,
        true => Done::Findings,
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
