//! Processes whose cuts are known.

mod properties;

use super::*;
use crate::measure::END;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Cases by their paths, with what is put down to which activity: (deviation, activity, cases).
struct Bench {
    names: Names,
    counts: PathCounts,
    tolerance: Tolerance,
}

impl Bench {
    /// From "so many cases" and "activities in order, with spaces between".
    fn new(paths: &[(i64, &str)]) -> Bench {
        let mut names = Names::new();
        let mut follows: BTreeMap<(NameId, NameId), i64> = BTreeMap::new();
        for (count, path) in paths {
            let path: Vec<NameId> = path.split(' ').map(|name| names.intern(name)).collect();
            for (at, from) in path.iter().enumerate() {
                let to = *path.get(at + 1).unwrap_or(&END);
                *follows.entry((*from, to)).or_default() += count;
            }
        }
        Bench {
            counts: PathCounts {
                cases: paths.iter().map(|(count, _)| count).sum(),
                follows: follows.into_iter().collect(),
                blamed: Some(Vec::new()),
            },
            names,
            tolerance: Tolerance::builtin(),
        }
    }

    fn blame(mut self, activity: &str, deviation: f64, cases: i64) -> Bench {
        let activity = self.names.intern(activity);
        let blamed = self.counts.blamed.get_or_insert_default();
        blamed.push(((activity, crate::model::Ppm::of(deviation)), cases));
        self
    }

    /// With everything above five steps extremely complex.
    fn easily_too_large(mut self) -> Bench {
        let text = crate::config::tolerance::DEFAULT.replace(
            "complexity: { low: 6, medium: 30, high: 120 }",
            "complexity: { low: 2, medium: 3, high: 5 }",
        );
        self.tolerance = Tolerance::parse(&text, Path::new("t.yaml")).unwrap();
        self
    }

    fn terms(&self) -> BreakUpTerms<'_> {
        BreakUpTerms {
            names: &self.names,
            tolerance: &self.tolerance,
            required_class: Class::M,
            criticality: Level::Medium,
            executor: Executor::Human,
            ai_status: Status::Undetermined,
            code_status: Status::Undetermined,
            ai_shadow: Trial::None,
            misses_too_much: false,
            code_shadow: Trial::None,
            irreversible: false,
            judgement: Judgement::None,
            determinism: Determinism::Undetermined,
            cases_per_week: Some(10.0),
            lost: 0.0,
            lost_too_much: false,
            design_effect: 1.0,
            too_few_days: false,
            requires_confirmed: false,
        }
    }

    fn advice(&self) -> BreakUp {
        break_up(&self.counts, self.terms())
    }

    /// The parts as text: "a b c", "d e f".
    fn parts(&self) -> Vec<String> {
        let join = |part: &Part| part.activities.join(" ");
        self.advice().parts.iter().map(join).collect()
    }
}

#[test]
fn a_straight_line_falls_into_even_parts() {
    let bench = Bench::new(&[(100, "a b c d e f g h")]).blame("g", 1.0, 5);
    let advice = bench.advice();
    assert_eq!(bench.parts(), ["a b c d", "e f g h"]);
    assert!(advice.covers_all_activities && advice.jump_back.is_none());
    assert_eq!(advice.ignored_transitions_ratio, Some(0.0));
    let [first, second] = &advice.parts[..] else {
        panic!("{advice:?}")
    };
    assert_eq!(
        (&first.entry[..], &first.exit[..]),
        (&["a".to_owned()][..], &["d".to_owned()][..])
    );
    assert_eq!((second.entries, second.entries_elsewhere), (100, 0));
    assert_eq!((second.cases, second.entries_per_week), (100, Some(10.0)));
    assert_eq!((second.size_steps, second.steps), (4.0, 4.0));
    // Class m at four steps, and 5 of 100: figures computed with scipy, see `stats::confseq`.
    assert_eq!(second.permissible_deviation, Some(0.01));
    let deviation = second.deviation.unwrap();
    assert!((deviation.mean - 0.05).abs() < 1e-12);
    assert!((deviation.lower - 0.007_149_5).abs() < 1e-6);
    assert!((deviation.upper - 0.155_794_4).abs() < 1e-6);
    assert_eq!(first.deviation.unwrap().mean, 0.0);
    assert_eq!(second.deviation_share_ratio, Some(1.0));
    assert_eq!(second.status, Status::Undetermined);
    assert_eq!(second.recommendation, Some(Recommendation::Code));
    assert_eq!(second.rule.as_deref(), Some("precise-and-straight"));
    let source = advice.largest_source.unwrap();
    assert_eq!((&*source.activity, source.cases), ("g", 5));
    assert_eq!(source.share_ratio, 1.0);
    assert_eq!(advice.largest_decision, None);
}

#[test]
fn a_cut_lies_where_one_way_leads_on() {
    let bench = Bench::new(&[
        (250, "a b d e f h"),
        (250, "a c d e g h"),
        (250, "a b d e g h"),
        (250, "a c d e f h"),
    ]);
    assert_eq!(bench.parts(), ["a b c d", "e f g h"]);
    let advice = bench.advice();
    // Three steps taken, and one decision between two equal ways.
    assert_eq!(advice.parts[0].steps, 3.0);
    assert_eq!(advice.parts[0].size_steps, 4.0);
    let decision = advice.largest_decision.unwrap();
    assert_eq!((&*decision.activity, decision.steps), ("a", 1.0));
    assert_eq!(decision.share_ratio, 0.5);
}

#[test]
fn a_loop_stays_in_one_part() {
    let bench = Bench::new(&[
        (50, "a b c d e f g h i j k"),
        (50, "a b c d e f g e f g h i j k"),
    ]);
    assert_eq!(bench.parts(), ["a b c d", "e f g", "h i j k"]);
    let middle = &bench.advice().parts[1];
    // Three or six steps, and a decision after the last: two in three go on.
    assert_eq!((middle.entries, middle.steps), (100, 4.5));
    assert_eq!((&*middle.exit[0], middle.exit.len()), ("g", 1));
}

#[test]
fn rework_over_everything_leaves_no_cut() {
    let bench = Bench::new(&[
        (60, "a b c d e f g h"),
        (40, "a b c d e f g h a b c d e f g h"),
    ]);
    let advice = bench.advice();
    assert!(advice.parts.is_empty(), "{advice:?}");
    assert!(
        advice.reason.to_string().contains("7 of its 7 places")
            && advice
                .reason
                .to_string()
                .contains("h -> a, 0.40 times a case"),
        "{}",
        advice.reason
    );
    let back = advice.jump_back.unwrap();
    assert_eq!((&*back.from, &*back.to, back.places), ("h", "a", 7));
    assert_eq!(back.per_case, 0.4);
}

#[test]
fn rework_takes_away_the_cuts_that_it_jumps_over_and_no_other() {
    let line = "a b c d e f g h i j k l";
    let some = Bench::new(&[(60, line), (40, "a b c d e f g h e f g h i j k l")]);
    assert_eq!(some.parts(), ["a b c d", "e f g h", "i j k l"]);
    let more = Bench::new(&[(60, line), (40, "a b c d e f g h b c d e f g h i j k l")]);
    assert_eq!(more.parts(), ["a b c d e f g h", "i j k l"]);
}

#[test]
fn seldom_rework_is_told_and_leaves_the_cuts() {
    let bench = Bench::new(&[
        (90, "a b c d e f g h"),
        (10, "a b c d e f g h a b c d e f g h"),
    ]);
    assert_eq!(bench.parts(), ["a b c d", "e f g h"]);
    let advice = bench.advice();
    assert_eq!(advice.parts[0].entries, 110);
    assert_eq!(advice.parts[0].entries_per_case, 1.1);
    assert_eq!(advice.parts[0].cases, 100);
}

#[test]
fn what_too_many_cases_go_around_is_no_cut() {
    let second = |skipping: i64| {
        let bench = Bench::new(&[
            (100 - 2 * skipping, "a b c d e f g h i"),
            // Each way around is rare enough to be left out of the graph.
            (skipping, "a b c f g h i"),
            (skipping, "a b f g h i"),
        ]);
        let flow = Flow::new(100, &bench.counts.follows, &bench.names);
        assert!(flow.usual().left_out > 0.0);
        bench.parts().pop()
    };
    // Before e, the sizes would be more even.
    assert_eq!(second(8).as_deref(), Some("e f g h i"));
    assert_eq!(second(15).as_deref(), Some("f g h i"));
}

#[test]
fn work_in_any_order_with_noise() {
    let bench = Bench::new(&[
        (500, "a b c d e f g h"),
        (500, "a c b d e f g h"),
        // Once each: a step left out, one too many, an early end, a jump ahead, and a step nobody else takes.
        (1, "a b d e f g h"),
        (1, "a b c d d e f g h"),
        (1, "a b c d"),
        (1, "a b c g h"),
        (1, "a b c d x e f g h"),
    ]);
    let parts: Vec<String> = bench.parts();
    let letters = |part: &String| part.split(' ').collect::<BTreeSet<_>>().len();
    assert_eq!(parts.iter().map(letters).collect::<Vec<_>>(), [3, 6]);
    assert!(parts[0].starts_with("a ") && parts[1].starts_with("d "));
    let advice = bench.advice();
    assert!(advice.covers_all_activities);
    let ignored = advice.ignored_transitions_ratio.unwrap();
    assert!(ignored > 0.0 && ignored < 0.002, "{ignored}");
    // One jumps ahead into the middle, and one ends early.
    assert_eq!(advice.parts[1].entries_elsewhere, 1);
    assert_eq!(advice.parts[1].exits_elsewhere, 1);
    assert_eq!(advice.parts[0].exits_elsewhere, 0);
}

#[test]
fn spaghetti_has_no_cut() {
    let orders = [
        "a b c d", "b a d c", "c d a b", "d c b a", "b d a c", "c a d b",
    ];
    let paths: Vec<(i64, &str)> = orders.iter().map(|path| (50, *path)).collect();
    let advice = Bench::new(&paths).advice();
    assert!(advice.parts.is_empty());
    assert!(
        advice
            .reason
            .to_string()
            .starts_with("there is no activity that every case passes")
    );
    assert!(!advice.covers_all_activities);
    assert!(advice.largest_decision.is_some());
}

#[test]
fn branches_are_taken_apart_where_the_whole_is_too_large() {
    let paths = [
        (40, "in p1 p2 p3 p4 p5 p6 p7 p8 out"),
        (35, "in q1 q2 q3 q4 q5 q6 q7 out"),
        (25, "in r out"),
    ];
    let whole = Bench::new(&paths);
    assert!(whole.parts().is_empty());
    let parts = Bench::new(&paths).easily_too_large().parts();
    assert_eq!(parts.first().map(String::as_str), Some("in"));
    assert_eq!(parts.last().map(String::as_str), Some("out"));
    let all: BTreeSet<&str> = parts.iter().flat_map(|part| part.split(' ')).collect();
    assert_eq!(all.len(), 18);
    let mixed = |part: &String| part.contains('p') && part.contains('q');
    assert!(!parts.iter().any(mixed), "{parts:?}");
    assert!(parts.contains(&"p1 p2 p3 p4".to_owned()), "{parts:?}");
}

#[test]
fn a_long_line_has_no_more_parts_than_one_keeps_in_mind() {
    let line: Vec<String> = (0..100).map(|n| format!("s{n:03}")).collect();
    let advice = Bench::new(&[(10, &line.join(" "))]).advice();
    assert!(
        (6..=12).contains(&advice.parts.len()),
        "{}",
        advice.parts.len()
    );
    let named: usize = advice.parts.iter().map(|part| part.activities_total).sum();
    assert_eq!(named, 100);
}

#[test]
fn what_is_not_known_is_not_told() {
    let mut bench = Bench::new(&[(100, "a b c d e f g h")]);
    bench.counts.blamed = None;
    let advice = bench.advice();
    assert_eq!(advice.parts[0].deviation, None);
    assert_eq!(advice.parts[0].status, Status::Undetermined);
    assert_eq!(advice.parts[0].achieved_class, TolClass::Undetermined);
    assert_eq!(advice.largest_source, None);
    let terms = BreakUpTerms {
        cases_per_week: None,
        ..bench.terms()
    };
    let advice = break_up(&bench.counts, terms);
    assert_eq!(advice.parts[0].entries_per_week, None);
    assert_eq!(advice.parts[0].recommendation, None);
}

#[test]
fn parts_are_no_surer_than_the_whole() {
    let bench = Bench::new(&[(1000, "a b c d e f g h")]).blame("g", 1.0, 50);
    let advised = |terms: BreakUpTerms| break_up(&bench.counts, terms);
    let statuses = |advice: &BreakUp| {
        advice
            .parts
            .iter()
            .map(|part| part.status)
            .collect::<Vec<_>>()
    };
    // Class m at four steps, T 1 %: 1000 clean ones hold it, and 50 of 1000 do not.
    let all = advised(bench.terms());
    assert_eq!(statuses(&all), [Status::Within, Status::Outside]);
    // Half a percent lost could all have been wrong, or all clean.
    let some_lost = advised(BreakUpTerms {
        lost: 0.005,
        ..bench.terms()
    });
    assert_eq!(
        statuses(&some_lost),
        [Status::Undetermined, Status::Outside]
    );
    let [before, after] = [&all, &some_lost].map(|advice| advice.parts[1].deviation.unwrap());
    assert_eq!(before.mean, after.mean);
    assert!((after.lower - before.lower * 0.995).abs() < 1e-12);
    assert!((after.upper - before.upper * 0.995 - 0.005).abs() < 1e-12);
    let much_lost = advised(BreakUpTerms {
        lost: 0.005,
        lost_too_much: true,
        ..bench.terms()
    });
    assert_eq!(statuses(&much_lost), [Status::Undetermined; 2]);
    let classes = much_lost.parts.iter().map(|part| part.achieved_class);
    assert_eq!(
        classes.collect::<Vec<_>>(),
        [TolClass::Undetermined, TolClass::Undetermined]
    );
    let unconfirmed = advised(BreakUpTerms {
        requires_confirmed: true,
        ..bench.terms()
    });
    assert_eq!(statuses(&unconfirmed), [Status::Undetermined; 2]);
    assert_eq!(unconfirmed.parts[1].deviation, None);
    assert!(
        unconfirmed
            .reason
            .to_string()
            .contains("only confirmed outcomes count")
    );
    assert!(!all.reason.to_string().contains("confirmed"));
}

#[test]
fn a_kind_that_is_outside_is_not_left_alone_with_a_part() {
    let bench = Bench::new(&[(100, "a b c d e f g h")]);
    let advised = |ai_status, executor| {
        let terms = BreakUpTerms {
            required_class: Class::C,
            criticality: Level::Low,
            executor,
            ai_status,
            ..bench.terms()
        };
        break_up(&bench.counts, terms).parts[0].recommendation
    };
    for executor in [Executor::Ai, Executor::Mixed] {
        assert_eq!(
            advised(Status::Undetermined, executor),
            Some(Recommendation::Ai)
        );
        assert_eq!(
            advised(Status::Outside, executor),
            Some(Recommendation::AiWithApproval)
        );
    }
}

#[test]
fn ai_that_does_worse_than_it_may_is_not_left_alone_with_that_part() {
    // 4 of 100 in the second part, T 3 %: too few to call it outside.
    let bench = Bench::new(&[(100, "a b c d e f g h")]).blame("g", 1.0, 4);
    let terms = BreakUpTerms {
        required_class: Class::C,
        criticality: Level::Low,
        executor: Executor::Ai,
        ..bench.terms()
    };
    let parts = break_up(&bench.counts, terms).parts;
    assert_eq!(parts[1].status, Status::Undetermined);
    let advice = parts.iter().map(|part| part.recommendation);
    assert_eq!(
        advice.collect::<Vec<_>>(),
        [
            Some(Recommendation::Ai),
            Some(Recommendation::AiWithApproval)
        ]
    );
}

#[test]
fn nothing_to_cut() {
    let mut bench = Bench::new(&[(1, "a")]);
    assert!(
        bench
            .advice()
            .reason
            .to_string()
            .contains("leaves no two parts")
    );
    bench.counts = PathCounts::default();
    assert_eq!(bench.advice().reason.to_string(), "no case has ended yet");
    let many: Vec<String> = (0..1001).map(|n| n.to_string()).collect();
    let advice = Bench::new(&[(10, &many.join(" "))]).advice();
    assert!(
        advice
            .reason
            .to_string()
            .contains("more than 1000 activities")
    );
    let enough = many[..1000].join(" ");
    assert!(!Bench::new(&[(10, &enough)]).advice().parts.is_empty());
}
