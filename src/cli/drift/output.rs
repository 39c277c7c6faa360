//! What `toleranced drift` prints.

use super::super::failure::Failure;
use super::super::text::{grouped, printable};
use super::Listed;
use super::chart::text_chart;
use crate::drift::{OutcomeNames, ProcessDrift, Stream, StreamState};
use crate::model::Span;
use crate::model::humanize::format_roughly;
use crate::query::{AlarmCase, AlarmCases, AlarmStory, KeptDrift, chart_of, is_part};
use crate::rules::DriftTerms;
use crate::store::AlarmRow;
use comfy_table::{CellAlignment, Table, presets};
use serde_json::json;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Days that a sparkline shows, two in a character where there are more than this.
const SPARK_CHARS: usize = 30;
/// Processes, names and reasons are cut at so many characters.
const NAME_CHARS: usize = 40;

/// Streams with less evidence are left out of the table unless all are asked for.
const QUIET: f64 = 0.05;

pub(super) fn table(listed: &Listed, all: bool) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    alarms(&mut out, listed)?;
    streams(&mut out, listed, all)?;
    let expected = listed.expected;
    writeln!(
        out,
        "\nAt these thresholds at most {expected:.1} false alarms a year are expected over all processes \
         (drift.false_alarms_per_year: {}).",
        listed.terms.false_alarms_per_year
    )?;
    Ok(())
}

/// One alarm, and all that there is to show of it.
pub(super) struct Shown<'a> {
    pub story: AlarmStory,
    pub cases: AlarmCases,
    /// Every alarm.
    pub alarms: &'a [AlarmRow],
    /// The processes that it is about.
    pub processes: &'a [KeptDrift],
    pub outcomes: OutcomeNames,
}

/// One alarm in a sentence, the days of its stream, and the cases behind it.
pub(super) fn alarm(shown: &Shown) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let alarm = &shown.story.alarm;
    let last = if alarm.is_open() { "known" } else { "ended" };
    writeln!(out, "{}\n", trimmed(&table_of(&[alarm], "now", last)))?;
    story(&mut out, &shown.story, "")?;
    if !alarm.processes.is_empty() {
        return members(&mut out, shown);
    }
    let drift = shown.processes.iter().map(|kept| &kept.drift);
    let chart = drift
        .clone()
        .find_map(|drift| chart_of(alarm, drift, &shown.outcomes));
    let changes = drift.flat_map(|drift| drift.changes.clone());
    match chart {
        Some(chart) => {
            let chart = text_chart(chart, alarm, &changes.collect::<Vec<_>>());
            writeln!(out, "\n{chart}")?;
        }
        None => writeln!(out, "\nThere is no chart: {}.", why_no_chart(alarm))?,
    }
    alarm_cases(&mut out, alarm, &shown.cases)
}

fn why_no_chart(alarm: &AlarmRow) -> &'static str {
    match alarm.stream.parse() {
        Ok(Stream::CriticalOutcome) => "the critical outcome is judged case by case",
        _ => "the baseline of this alarm is watched no longer",
    }
}

/// The alarms of the processes that changed together.
fn members(out: &mut impl Write, shown: &Shown) -> Result<(), Failure> {
    let common = &shown.story.alarm;
    let members = shown.alarms.iter().filter(|row| is_part(row, common));
    let members: Vec<&AlarmRow> = members.filter(|row| !row.is_withdrawn()).collect();
    let table = trimmed(&table_of(&members, "now", "known"));
    writeln!(out, "\nThe processes:\n{table}")?;
    writeln!(
        out,
        "\n`toleranced drift show NUMBER` has the chart and the cases of each."
    )?;
    Ok(())
}

/// What changed, and what else changed about then.
fn story(out: &mut impl Write, story: &AlarmStory, indent: &str) -> Result<(), Failure> {
    let also = story.also_words();
    for line in std::iter::once(story.sentence.clone()).chain(also) {
        writeln!(out, "{indent}{line}")?;
    }
    Ok(())
}

fn table_of(alarms: &[&AlarmRow], now: &str, last: &str) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let first = [
        "alarm",
        "process",
        "what",
        "since about",
        "found",
        "expected",
    ];
    table.set_header(first.into_iter().chain([now, last]));
    for alarm in alarms {
        table.add_row(row(alarm));
    }
    table
}

/// The cases that added most to the evidence of an alarm.
fn alarm_cases(out: &mut impl Write, alarm: &AlarmRow, found: &AlarmCases) -> Result<(), Failure> {
    let cases = &found.cases;
    if cases.is_empty() {
        let why = match alarm.stream.parse() {
            Ok(Stream::FrequencyUp | Stream::FrequencyDown) => {
                "more or fewer cases began: no single case is behind it"
            }
            _ if found.removed > 0 => "the cases behind it were removed after the retention period",
            _ => "the cases behind it are not there any more",
        };
        writeln!(out, "\nAlarm {}: {why}.", alarm.id)?;
        return Ok(());
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header([
        "case",
        "ended",
        "run by",
        "outcome",
        "deviation",
        "took",
        "evidence",
    ]);
    for case in cases {
        table.add_row([
            printable(&case.case, NAME_CHARS),
            case.ended.to_string(),
            case.executor.to_owned(),
            printable(&case.outcome, NAME_CHARS),
            format!("{:.2}", case.deviation),
            format_roughly(Span::of_seconds(case.duration_seconds)),
            format!("x {:.2}", case.evidence_factor),
        ]);
    }
    writeln!(
        out,
        "\nCases that added most to the evidence of alarm {}:\n{}",
        alarm.id,
        trimmed(&table)
    )?;
    if found.removed > 0 {
        writeln!(
            out,
            "{} cases of this time were removed after the retention period and can't be listed.",
            grouped(found.removed)
        )?;
    }
    Ok(())
}

fn alarms(out: &mut impl Write, listed: &Listed) -> Result<(), Failure> {
    let (open, over): (Vec<&AlarmRow>, Vec<&AlarmRow>) =
        listed.alarms.iter().partition(|alarm| alarm.is_open());
    if open.is_empty() {
        writeln!(out, "No alarm stands.")?;
    } else {
        writeln!(out, "ALARMS\n{}", trimmed(&table_of(&open, "now", "known")))?;
    }
    // An alarm about several processes stands for those of its processes.
    let is_told = |row: &AlarmRow| listed.alarms.iter().any(|cause| is_part(row, cause));
    let stories = listed.stories.iter();
    for told in stories.filter(|told| told.alarm.is_open() && !is_told(&told.alarm)) {
        writeln!(out, "\nAlarm {}:", told.alarm.id)?;
        story(out, told, "  ")?;
    }
    for alarm in &open {
        if let Some(cases) = listed.cases.get(&alarm.id) {
            alarm_cases(out, alarm, cases)?;
        }
    }
    if !over.is_empty() {
        writeln!(
            out,
            "\nOVER\n{}",
            trimmed(&table_of(&over, "then", "ended"))
        )?;
    }
    Ok(())
}

fn trimmed(table: &Table) -> String {
    let lines = table.lines().map(|line| line.trim_end().to_owned());
    lines.collect::<Vec<_>>().join("\n")
}

fn row(alarm: &AlarmRow) -> Vec<String> {
    let ended = alarm.ended.map(|day| {
        let how = alarm.how.as_deref().unwrap_or("over");
        format!("{day} ({how})")
    });
    let explained = alarm.explained_by.as_ref();
    let explained = explained.map(|what| format!("explained by {}", printable(what, NAME_CHARS)));
    let acknowledged = alarm.acknowledged_by.as_ref().map(|by| {
        let why = alarm.acknowledged_why.as_deref().unwrap_or("");
        let [by, why] = [by, why].map(|text| printable(text, NAME_CHARS));
        format!("{by}: {why}")
    });
    let known = [ended, explained, acknowledged].into_iter().flatten();
    let known = known.collect::<Vec<_>>().join("; ");
    vec![
        alarm.id.to_string(),
        printable(&alarm.whose(), NAME_CHARS),
        alarm.words(),
        alarm.onset.to_string(),
        alarm.raised.to_string(),
        alarm.figure(alarm.was),
        alarm.figure(alarm.became),
        known,
    ]
}

fn streams(out: &mut impl Write, listed: &Listed, all: bool) -> Result<(), Failure> {
    writeln!(
        out,
        "\nEVIDENCE (1 raises an alarm; the line shows the last days, the highest bar is 1 or more)"
    )?;
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header([
        "process", "stream", "evidence", "", "expected", "now", "baseline",
    ]);
    for at in [2, 4, 5] {
        if let Some(column) = table.column_mut(at) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    for kept in &listed.processes {
        let mut rows = rows_of(&kept.drift, &listed.terms, all);
        if let Some(first) = rows.first_mut() {
            first[0] = printable(&kept.process, NAME_CHARS);
            first[6] = match &kept.drift.baseline {
                None => String::new(),
                Some(baseline) => {
                    let cases = grouped(baseline.cases);
                    format!("{} to {}, {cases} cases", baseline.from, baseline.to)
                }
            };
        }
        for row in rows {
            table.add_row(row);
        }
    }
    writeln!(out, "{}", trimmed(&table))?;
    Ok(())
}

/// The rows of a process: its streams of which there is evidence, and how many there are beside them.
fn rows_of(drift: &ProcessDrift, terms: &DriftTerms, all: bool) -> Vec<[String; 7]> {
    let said = |text: String| {
        let mut row: [String; 7] = std::array::from_fn(|_| String::new());
        row[1] = text;
        row
    };
    if drift.baseline.is_none() {
        let (cases, days) = (terms.baseline_cases, terms.baseline_days);
        let cases = grouped(cases);
        return vec![said(format!("being learned: {cases} cases, {days} days"))];
    }
    let told = |state: &StreamState| all || state.alarm || state.evidence >= QUIET;
    let streams = drift.streams.iter().enumerate();
    let shown = streams.filter(|(_, state)| told(state));
    let mut rows: Vec<[String; 7]> = shown
        .map(|(nth, state)| {
            let mut row = said(state.stream.title().to_owned());
            row[2] = evidence(state.evidence);
            row[3] = sparkline(drift, nth);
            row[4] = state.stream.figure(state.before);
            row[5] = state.stream.figure(state.now);
            row
        })
        .collect();
    match drift.streams.len() - rows.len() {
        0 => {}
        quiet if rows.is_empty() => rows.push(said(format!("all {quiet} are quiet"))),
        quiet => rows.push(said(format!("{quiet} more are quiet"))),
    }
    rows
}

fn evidence(value: f64) -> String {
    match value {
        v if v >= 1.0 => format!("{v:.1}"),
        v if v >= 0.001 => format!("{v:.3}"),
        _ => "<0.001".to_owned(),
    }
}

/// The evidence of the last days, from nothing to its limit; the greatest of each stretch counts.
fn sparkline(drift: &ProcessDrift, stream: usize) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let days = &drift.days[drift.days.len().saturating_sub(2 * SPARK_CHARS)..];
    days.chunks(if days.len() > SPARK_CHARS { 2 } else { 1 })
        .map(|stretch| {
            let of =
                |point: &crate::drift::DayPoint| point.evidence.get(stream).copied().unwrap_or(0.0);
            let most = stretch.iter().map(of).fold(0.0, f32::max);
            let bar = (most * BARS.len() as f32) as usize;
            BARS[bar.min(BARS.len() - 1)]
        })
        .collect()
}

pub(super) fn json(listed: &Listed) -> Result<(), Failure> {
    let processes: Vec<serde_json::Value> = listed
        .processes
        .iter()
        .map(|kept| crate::drift::said(&kept.process, &kept.drift, &listed.outcomes))
        .collect();
    let cases = listed.cases.iter();
    let removed: BTreeMap<i64, i64> = cases
        .clone()
        .map(|(id, found)| (*id, found.removed))
        .collect();
    let cases: BTreeMap<i64, &[AlarmCase]> = cases
        .map(|(id, found)| (*id, found.cases.as_slice()))
        .collect();
    let all = json!({
        "version": 1,
        "expected_false_alarms_per_year": listed.expected,
        "processes": processes,
        "alarms": listed.stories,
        "cases": cases,
        "cases_removed": removed,
    });
    let mut out = io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, &all)?;
    writeln!(out)?;
    Ok(())
}
