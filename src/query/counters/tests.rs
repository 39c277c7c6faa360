use super::*;

fn read(rows: Vec<CounterRow>) -> (Counters, Vec<DamagedRow>) {
    Counters::read(Readable {
        rows,
        damaged: Vec::new(),
    })
}

fn cases(counters: &Counters, outcome: &str) -> i64 {
    let key = key(CASES, &["p", "human", outcome]);
    counters.values().get(&key).copied().unwrap_or(0)
}

#[test]
fn counters_never_fall() {
    let mut counters = Counters::default();
    counters.raise(CASES, &["p", "human", "done"], 5, 0);
    counters.raise(CASES, &["p", "human", "done"], 4, 0);
    assert_eq!(cases(&counters, "done"), 5);
    assert_eq!(counters.rows().len(), 1);
    let (back, damaged) = read(counters.rows());
    assert_eq!(damaged, []);
    assert_eq!(back.values(), counters.values());
}

#[test]
fn what_no_commit_has_is_not_seen_from_outside() {
    let mut counters = Counters::default();
    let seen = |counters: &mut Counters| {
        let key = key(CASES, &["p", "human", "done"]);
        counters.written().get(&key).copied()
    };
    counters.raise(CASES, &["p", "human", "done"], 5, 0);
    assert_eq!((cases(&counters, "done"), seen(&mut counters)), (5, None));
    counters.in_commit();
    counters.raise(CASES, &["p", "human", "done"], 7, 0);
    // The commit could not be written yet.
    assert_eq!(seen(&mut counters), None);
    counters.committed();
    assert_eq!(
        (cases(&counters, "done"), seen(&mut counters)),
        (7, Some(5))
    );
    counters.in_commit();
    counters.committed();
    assert_eq!(seen(&mut counters), Some(7));
    assert!(!counters.have_changed());
}

/// Whether two versions share the memory of a counter.
fn is_shared(one: &CounterMap, other: &CounterMap, key: &CounterKey) -> bool {
    let place = |map: &CounterMap| map.get(key).map(std::ptr::from_ref);
    place(one).is_some() && place(one) == place(other)
}

#[test]
fn published_version_shares_unchanged_counters() {
    let mut counters = Counters::default();
    let outcome = |nth: usize| format!("{nth:05}");
    for nth in 0..10_000 {
        counters.raise(CASES, &["p", "human", &outcome(nth)], 1, 0);
    }
    let commit = |counters: &mut Counters| {
        counters.in_commit();
        counters.committed();
        counters.written()
    };
    let before = commit(&mut counters);
    counters.raise(CASES, &["p", "human", &outcome(7_000)], 2, 0);
    let after = commit(&mut counters);
    let keys = (0..10_000).map(|nth| key(CASES, &["p", "human", &outcome(nth)]));
    let copied: Vec<CounterKey> = keys
        .filter(|key| !is_shared(&before, &after, key))
        .collect();
    assert_eq!(copied, [key(CASES, &["p", "human", "07000"])]);
}

proptest::proptest! {
    /// A map that receives the rows of each written commit stands for the database.
    #[test]
    fn published_counters_equal_the_database(
        steps in proptest::collection::vec((0..4_u8, 0..5_u8, 1..9_i64), 0..60)
    ) {
        let (mut counters, mut commit) = (Counters::default(), None);
        let mut database: BTreeMap<CounterKey, i64> = BTreeMap::new();
        for (step, outcome, by) in steps {
            let of = key(CASES, &["p", "human", &outcome.to_string()]);
            match (step, commit.take()) {
                (0 | 1, kept) => {
                    counters.change(of, by);
                    commit = kept;
                }
                (_, None) => {
                    commit = Some(counters.rows());
                    counters.in_commit();
                }
                (_, Some(rows)) => {
                    database.extend(read(rows).0.values);
                    counters.committed();
                }
            }
            proptest::prop_assert!(counters.written().iter().eq(&database));
        }
    }
}

#[test]
fn what_comes_late_does_not_count_as_if_it_happened_now() {
    let mut counters = Counters::default();
    let raise = |counters: &mut Counters, to, late| {
        counters.raise(CASES, &["p", "human", "done"], to, late);
    };
    raise(&mut counters, 1_000, 990);
    assert_eq!(cases(&counters, "done"), 10);
    // Both count towards what is known: nothing is counted twice.
    raise(&mut counters, 1_001, 0);
    assert_eq!(cases(&counters, "done"), 11);
    raise(&mut counters, 900, 5);
    raise(&mut counters, 1_003, 50);
    assert_eq!(cases(&counters, "done"), 11);
    let late = counters
        .values()
        .iter()
        .find(|((name, _), _)| name.starts_with(LATE))
        .map(|(_, value)| *value);
    assert_eq!(late, Some(992));
}

#[test]
fn too_many_outcomes_are_other_and_counted() {
    let (mut counters, mut names) = (Counters::default(), Names::new());
    let (process, none) = (names.intern("p"), Sums::default());
    let fineness = Fineness {
        outcomes: 2,
        ..Fineness::default()
    };
    let mut sums = Sums::default();
    let mut follow = |counters: &mut Counters, counts: &[(&str, i64)]| {
        for (outcome, count) in counts {
            sums.outcomes.add(names.intern(outcome), *count);
        }
        let total = (process, Executor::Human, Origin::Live);
        counters.follow(&total, (&sums, &none), &names, &fineness);
    };
    follow(&mut counters, &[("rare", 1), ("often", 9), ("usual", 5)]);
    let of =
        |counters: &Counters| ["often", "usual", "rare", OTHER].map(|name| cases(counters, name));
    assert_eq!(of(&counters), [9, 5, 0, 1]);
    // One that was folded stays so when it becomes frequent, and one that a log calls so is among the others.
    follow(&mut counters, &[("rare", 100), (OTHER, 7), ("new", 1)]);
    assert_eq!(of(&counters), [9, 5, 0, 109]);
    let folded = key(OUTCOMES_FOLDED, &["p", "human"]);
    assert_eq!(counters.values()[&folded], 2);
    // With more room the most frequent of them begins at zero and goes on from there, and so do the others.
    let fineness = Fineness {
        outcomes: 3,
        ..Fineness::default()
    };
    let total = (process, Executor::Human, Origin::Live);
    counters.follow(&total, (&sums, &sums), &names, &fineness);
    assert_eq!(of(&counters), [9, 5, 0, 109]);
    let id = |name: &str| names.find(name).unwrap();
    let (rare, new) = (id("rare"), id("new"));
    sums.outcomes.add(rare, 2);
    sums.outcomes.add(new, 3);
    counters.follow(&total, (&sums, &none), &names, &fineness);
    assert_eq!(of(&counters), [9, 5, 2, 112]);
    // Nothing has become known late by that.
    let apart = counters.values().iter();
    let apart = apart.filter(|((name, _), _)| name.starts_with(LATE));
    assert_eq!(apart.map(|(_, value)| value).sum::<i64>(), 0);
}
