//! The same events give the same scores, in whatever order, pieces and copies they come.

use crate::support::Scratch;
use crate::support::formats::{csv, gz, rows, zst};
use crate::support::in_process::compiled;
use crate::support::scores::process;
use proptest::prelude::*;
use std::path::Path;
use std::sync::Arc;
use toleranced::internals::ContentCounter;
use toleranced::internals::Identity;
use toleranced::internals::Input;
use toleranced::internals::Time;
use toleranced::internals::{
    CaseTable, LogCases, PreparedRules, Rules, ScoreRequest, TableLimits, score_at,
};
use toleranced::internals::{Catalog, Tolerance};
use toleranced::internals::{Loss, Period};
use toleranced::internals::{ReadOptions, open_input, read_opened};
use toleranced::internals::{RuleBook, resolved_states};

const PLAIN: &str = "format: ndjson\ncase: case\nactivity: activity\ntime: time\nprocess: process\nexecutor: executor\nlifecycle: lifecycle\noutcome: outcome\nparent: parent\ninput: input\n";

const CATALOG: &str = "processes:\n- { id: p0, criticality: high, ends: { idle: 1h } }\n- { id: p1, criticality: low, duration_limit: 3m, outcomes: { bad: 1, good: 0 } }\n";

/// The scores of some files as JSON, made the way `score` makes them.
fn scores(files: &[String], mapping: &str, workers: usize) -> String {
    let (catalog, tolerance) = (
        Catalog::parse(CATALOG, Path::new("c.yaml")).unwrap(),
        Tolerance::builtin(),
    );
    let mapping = compiled(mapping, "p");
    let mut table = CaseTable::new();
    for (nth, file) in files.iter().enumerate() {
        let opened = open_input(&Input::new(file), None, &Arc::default()).unwrap();
        let mut counting = ContentCounter::default();
        let options = ReadOptions {
            workers,
            ..ReadOptions::default()
        };
        read_opened(opened, file, &mapping, options, &mut |mut batch| {
            batch.move_places(toleranced::internals::behind_file(nth as u64));
            if mapping.identity == Identity::Content {
                counting.number(&mut batch);
            }
            assert!(batch.rejects.is_empty(), "{:?}", batch.rejects);
            table.take(&batch, TableLimits { case_events: 1000 });
        })
        .unwrap();
    }
    table.settle();
    let mut book = RuleBook::new(&catalog, &tolerance, &mut table.names);
    for (process, states) in resolved_states(table.cases().iter(), &table.names) {
        book.add_resolved(process, states);
    }
    let as_of = table.span().map_or(Time(0), |(_, last)| last);
    let rules = Rules::of_files(catalog, tolerance, None);
    let rules = PreparedRules::with_one_window(rules, book);
    let mut cases = LogCases {
        table: &table,
        part: None,
        loss: &|_| Loss::default(),
    };
    let Ok(found) = score_at(&mut cases, &ScoreRequest::new(&rules, Period::until(as_of)));
    serde_json::to_string_pretty(&found.scores).unwrap()
}

/// The lines in which two texts differ: enough to see what is wrong.
fn difference(have: &str, want: &str) -> String {
    let pairs = have.lines().zip(want.lines());
    let differing = pairs.filter(|(have, want)| have != want);
    let shown = differing.map(|(have, want)| format!("{have} instead of {want}\n"));
    shown.take(6).collect()
}

/// An event with little choice in everything, so that cases repeat, tie, reopen, end and call each other.
#[derive(Clone, Debug)]
struct Event {
    case: u8,
    activity: u8,
    minute: u8,
    process: u8,
    executor: u8,
    lifecycle: u8,
    outcome: u8,
    input: u8,
    parent: Option<u8>,
}

fn event() -> impl Strategy<Value = Event> {
    let small = (0u8..8, 0u8..4, 0u8..12, 0u8..2, 0u8..3, 0u8..8);
    (small, 0u8..4, 0u8..3, proptest::option::of(0u8..8)).prop_map(
        |((case, activity, minute, process, executor, lifecycle), outcome, input, parent)| Event {
            case,
            activity,
            minute,
            process,
            executor,
            lifecycle,
            outcome,
            input,
            parent: parent.filter(|parent| *parent < case),
        },
    )
}

fn line(event: &Event, number: usize) -> String {
    let one_of = |words: &[&str], at: u8| words.get(usize::from(at)).copied().map(str::to_owned);
    let record = serde_json::json!({
        "id": number, "seq": number, "case": format!("C{}", event.case), "activity": one_of(&["open", "work", "wait", "Closed"], event.activity),
        "time": format!("2024-03-{:02}T{:02}:{:02}:00Z", event.case / 4 + 1, event.case % 4, event.minute),
        "process": format!("p{}", event.process), "executor": one_of(&["human", "ai", "code"], event.executor),
        "lifecycle": one_of(&["end", "reopen", "resolved"], event.lifecycle), "outcome": one_of(&["good", "bad"], event.outcome),
        "input": event.input, "parent": event.parent.map(|parent| format!("C{parent}")),
    });
    format!("{record}\n")
}

fn files(scratch: &Scratch, pieces: &[Vec<String>], packed: u8) -> Vec<String> {
    let mut names = Vec::new();
    for (nth, piece) in pieces
        .iter()
        .enumerate()
        .filter(|(_, piece)| !piece.is_empty())
    {
        let text = piece.concat();
        names.push(if packed >> nth & 1 == 1 {
            scratch.write(&format!("{nth}.ndjson.gz"), gz(text))
        } else {
            scratch.write(&format!("{nth}.ndjson"), text)
        });
    }
    names
}

/// Deals lines to four files.
fn dealt(lines: &[String], deal: &[u8]) -> Vec<Vec<String>> {
    let mut pieces = vec![Vec::new(); 4];
    for (line, to) in lines.iter().zip(deal.iter().cycle()) {
        pieces[usize::from(*to)].push(line.clone());
    }
    pieces
}

fn permuted() -> impl Strategy<Value = (Vec<Event>, Vec<usize>)> {
    proptest::collection::vec(event(), 1..60).prop_flat_map(|events| {
        let order: Vec<usize> = (0..events.len()).collect();
        (Just(events), Just(order).prop_shuffle())
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_any_split_and_redelivered_events_give_the_same_scores(
        (events, order) in permuted(), deal in proptest::collection::vec(0u8..4, 1..60),
        again in proptest::collection::vec(any::<prop::sample::Index>(), 0..12), packed in 0u8..16, workers in 1usize..4,
    ) {
        let mapping = format!("{PLAIN}event_id: id\nsequence: seq\n");
        let lines: Vec<String> = events.iter().enumerate().map(|(number, event)| line(event, number)).collect();
        let scratch = Scratch::new();
        let plain = scratch.write("plain.ndjson", lines.concat());
        let want = scores(&[plain], &mapping, 1);
        let mut shuffled: Vec<String> = order.iter().map(|at| lines[*at].clone()).collect();
        for index in &again {
            let copy = shuffled[index.index(shuffled.len())].clone();
            shuffled.insert(index.index(shuffled.len()), copy);
        }
        let files = files(&scratch, &dealt(&shuffled, &deal), packed);
        prop_assert_eq!(difference(&scores(&files, &mapping, workers), &want), "");
    }

    #[test]
    fn without_a_sequence_the_position_orders_ties_wherever_files_are_cut(
        events in proptest::collection::vec(event(), 1..60), cut in any::<prop::sample::Index>(), packed in 0u8..4,
    ) {
        let lines: Vec<String> = events.iter().map(|event| line(event, 0)).collect();
        let scratch = Scratch::new();
        let plain = scratch.write("plain.ndjson", lines.concat());
        let want = scores(std::slice::from_ref(&plain), PLAIN, 1);
        let (first, second) = lines.split_at(cut.index(lines.len()));
        // Two files that begin alike are one file to a reader that tells them by their start; these differ at once.
        if first.first() != second.first() {
            let files = files(&scratch, &[first.to_vec(), second.to_vec()], packed);
            prop_assert_eq!(difference(&scores(&files, PLAIN, 2), &want), "");
        }
        let packed = scratch.write("packed.gz", gz(lines.concat()));
        prop_assert_eq!(difference(&scores(&[plain.clone(), packed, plain], PLAIN, 2), &want), "");
    }

    #[test]
    fn events_of_different_instants_need_neither_sequence_nor_position(
        (events, order) in permuted(), deal in proptest::collection::vec(0u8..4, 1..60),
    ) {
        let at = |number: usize, event: &Event| {
            let tie = format!(":{:02}:00Z", event.minute);
            line(event, 0).replace(&tie, &format!(":{:02}:{:02}Z", event.minute, number % 60))
        };
        let mut lines: Vec<String> = events.iter().enumerate().map(|(number, event)| at(number, event)).collect();
        let scratch = Scratch::new();
        let plain = scratch.write("plain.ndjson", lines.concat());
        let want = scores(&[plain], PLAIN, 1);
        lines = order.iter().map(|at| lines[*at].clone()).collect();
        let pieces = dealt(&lines, &deal);
        let mut starts: Vec<&String> = pieces.iter().filter_map(|piece| piece.first()).collect();
        starts.sort_unstable();
        starts.dedup();
        if starts.len() == pieces.iter().filter(|piece| !piece.is_empty()).count() {
            prop_assert_eq!(difference(&scores(&files(&scratch, &pieces, 0), PLAIN, 2), &want), "");
        }
    }
}

#[test]
fn rows_alike_at_different_places_are_different_events() {
    let scratch = Scratch::new();
    let row = "T-1,open,2024-01-01T00:00:00Z\n";
    let twice = scratch.write(
        "twice.csv",
        format!("case,activity,time\n{row}{row}T-1,close,2024-01-02T00:00:00Z\n"),
    );
    let once = scratch.score(&[&twice]);
    assert_eq!(
        (&once["events"], &once["duplicates"]),
        (&3.into(), &0.into())
    );
    let again = scratch.score(&[&twice, &twice]);
    assert_eq!(
        (&again["events"], &again["duplicates"]),
        (&3.into(), &3.into())
    );
    assert_eq!(once["processes"], again["processes"]);
}

#[test]
fn a_file_given_again_packed_or_under_another_name_counts_once() {
    let scratch = Scratch::new();
    let text = csv(&rows(), ',');
    let plain = scratch.write("tickets.csv", &text);
    let packed = scratch.write("tickets.csv.gz", gz(&text));
    let zst = scratch.write("tickets.csv.zst", zst(&text));
    let want = scratch.score(&[&plain]);
    let all = scratch.score(&[&plain, &packed, &zst]);
    assert_eq!(
        (&all["events"], &all["duplicates"]),
        (&53.into(), &106.into())
    );
    assert_eq!(all["processes"], want["processes"]);
}

#[test]
fn parents_link_in_any_order() {
    let scratch = Scratch::new();
    let parent = "{\"process\":\"incident\",\"case\":\"I-1\",\"activity\":\"open\",\"time\":\"2024-01-01T00:00:00Z\"}\n{\"process\":\"incident\",\"case\":\"I-1\",\"activity\":\"close\",\"time\":\"2024-01-01T05:00:00Z\"}\n";
    let child = "{\"process\":\"isolate\",\"case\":\"X-1\",\"activity\":\"cut\",\"time\":\"2024-01-01T01:00:00Z\",\"parent\":\"I-1\"}\n";
    let first = scratch.write("a.ndjson", format!("{parent}{child}"));
    let last = scratch.write("b.ndjson", format!("{child}{parent}"));
    let map = scratch.write(
        "m.yaml",
        "case: case\nactivity: activity\ntime: time\nprocess: process\nparent: parent\n",
    );
    let (a, b) = (
        scratch.score(&["--map", &map, &first]),
        scratch.score(&["--map", &map, &last]),
    );
    assert_eq!(a["processes"], b["processes"]);
    // Two steps of its own and one of the sub-process.
    assert_eq!(process(&a, "incident")["size_steps"], 3.0);
    assert_eq!(process(&a, "incident")["size_parts"]["sub_processes"], 1.0);
}
