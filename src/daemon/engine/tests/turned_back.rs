//! The time was wrong and turns back: figures are those of the right time, and what was noted by the wrong one is marked.

use super::*;

const WRONG: i64 = 400 * 24 * 60;

fn scored_cases(engine: &Engine) -> i64 {
    engine.scores()["p"].counts.cases
}

/// The minutes of the changes in the ledger from the beginning, and whether they are marked.
fn changes(engine: &Engine) -> BTreeSet<(i64, bool)> {
    let rows = engine.store.ledger(None).unwrap().into_iter();
    rows.map(|row| ((row.at - BEGIN.0) / MINUTE.0, row.is_clock_in_doubt))
        .collect()
}

/// An engine that has scored as many cases as a recommendation needs by the right time, and then by a time at which they are out of the
/// window.
fn scored_by_a_wrong_time(folder: &Path) -> Engine {
    let mut engine = Engine::open(config(folder, ""), at(0)).unwrap();
    for id in ["1", "2", "3"] {
        take(&mut engine, &case("p", id, 0), 11);
    }
    engine.rescore(at(12)).unwrap();
    assert_eq!(scored_cases(&engine), 3);
    engine.rescore(at(WRONG)).unwrap();
    assert_eq!(scored_cases(&engine), 0);
    assert_eq!(changes(&engine), [(12, false), (WRONG, false)].into());
    engine
}

#[test]
fn window_is_summed_up_anew_and_changes_of_the_future_are_marked() {
    let folder = tempfile::tempdir().unwrap();
    let mut engine = scored_by_a_wrong_time(folder.path());
    engine.turn_back(at(20)).unwrap();
    engine.rescore(at(20)).unwrap();
    assert_eq!(scored_cases(&engine), 3);
    let marked = [(12, false), (20, false), (WRONG, true)];
    assert_eq!(changes(&engine), marked.into());
}

#[test]
fn changes_of_the_future_are_marked_at_a_start() {
    let folder = tempfile::tempdir().unwrap();
    drop(scored_by_a_wrong_time(folder.path()));
    let mut engine = Engine::open(config(folder.path(), ""), at(30)).unwrap();
    assert_eq!(changes(&engine), [(12, false), (WRONG, true)].into());
    engine.rescore(at(31)).unwrap();
    assert_eq!(scored_cases(&engine), 3);
}

#[test]
fn changes_are_marked_while_the_clock_is_in_doubt() {
    let folder = tempfile::tempdir().unwrap();
    let mut engine = Engine::open(config(folder.path(), ""), at(0)).unwrap();
    engine.is_clock_in_doubt = true;
    take(&mut engine, &case("p", "1", 0), 11);
    engine.rescore(at(12)).unwrap();
    assert_eq!(changes(&engine), [(12, true)].into());
}
