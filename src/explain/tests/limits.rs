//! What limits a verdict: loss, want of confirmation, an epoch to come, uneven arrivals, few cases of people.

use super::*;
use crate::rules::PaysBack;
use crate::score::{Claim, ValueVerdict, differences};
use std::slice::from_ref;

fn lost(lost: i64) -> Loss {
    Loss {
        unknown: 0,
        records: 1000,
        lost,
        gaps: 0,
    }
}

fn with_loss(wrong: usize, fine: usize, loss: Loss) -> Scored {
    let mut deviations = vec![Ppm::ONE; wrong];
    deviations.resize(wrong + fine, Ppm::ZERO);
    let each = WEEKS * WEEK / deviations.len() as i64;
    let ran: Vec<Ran> = (0..)
        .zip(deviations)
        .map(|(nth, deviation)| Ran {
            start: Time(nth * each),
            deviation,
            executor: Executor::Human,
        })
        .collect();
    scored_log(&desk("low"), &ran, 5, loss)
}

/// So many cases in each week, over and over, all clean.
fn weekly(catalog: &str, counts: [i64; 2]) -> Scored {
    let mut ran = Vec::new();
    for week in 0..WEEKS {
        let count = counts[usize::from(week % 2 == 1)];
        ran.extend((0..count).map(|nth| Ran {
            start: Time(week * WEEK + nth * WEEK / count),
            deviation: Ppm::ZERO,
            executor: Executor::Human,
        }));
    }
    scored_log(catalog, &ran, 5, Loss::default())
}

#[test]
fn with_too_much_lost_nothing_would_be_called_within_or_outside() {
    let why =
        "8.00 % of the records were lost, and above 5.00 % nothing is called within or outside";
    for wrong in [0, 2, 200] {
        let scored = with_loss(wrong, 400, lost(80));
        let status = scored.value("status", "status").unwrap();
        assert_eq!(status, format!("undetermined = {why}"));
        let missing = scored.value("status", "clean runs missing").unwrap();
        assert!(
            missing.starts_with("no number = 8.00 % of the records were lost"),
            "{missing}"
        );
        assert_eq!(scored.score.clean_cases.needed, None);
        let evidence = scored.lever("evidence");
        assert!(
            evidence.now.ends_with(why) && evidence.turns.is_empty(),
            "{evidence:?}"
        );
        for lever in levers(&scored.score, scored.terms(), Time(WEEKS * WEEK)) {
            let statuses = lever.turns.iter().map(|turn| turn.status);
            let said: Vec<Status> = statuses
                .filter(|status| *status != Status::NoTolerance)
                .collect();
            assert!(
                said.iter().all(|status| *status == Status::Undetermined),
                "{lever:?}"
            );
        }
    }
}

#[test]
fn what_would_come_with_some_lost_says_that_it_takes_the_loss_for_granted() {
    let scored = with_loss(0, 200, lost(10));
    let turns = scored.lever("evidence").turns;
    assert!(turns.len() >= 2, "{turns:?}");
    for turn in &turns {
        assert!(
            turn.when
                .ends_with(", at the present share of lost records"),
            "{}",
            turn.when
        );
    }
    // T is 3 %, so 4 % could hide as much, however long one waits.
    let scored = with_loss(0, 200, lost(40));
    let missing = scored.value("status", "clean runs missing").unwrap();
    assert!(
        missing.contains("that alone is as much as T 3.00 %"),
        "{missing}"
    );
}

#[test]
fn without_any_confirmation_it_says_what_is_missing_and_that_it_will_not_come() {
    let catalog = desk("low").replace("id: p,", "id: p, require_confirmed: true,");
    let scored = scored(&catalog, &[Ppm::ZERO; 400], 5);
    let runs = scored.score.clean_cases.needed.unwrap();
    let none =
        format!("of 400 ended cases none is confirmed; {runs} confirmed clean runs are missing");
    let status = scored.value("status", "status").unwrap();
    assert_eq!(status, format!("undetermined = {none}"));
    let missing = scored.value("status", "clean runs missing").unwrap();
    assert!(
        missing.ends_with("; never at the present rate of confirmation"),
        "{missing}"
    );
    let evidence = scored.lever("evidence");
    assert_eq!(
        evidence.now,
        format!("{none}; never at the present rate of confirmation")
    );
    // What never comes is no factor.
    assert_eq!(evidence.turns, []);
}

#[test]
fn until_cases_since_the_epoch_have_ended_the_size_from_before_it_holds() {
    let catalog = desk("low").replace("id: p,", "id: p, epoch: 2027-01-01,");
    let scored = scored(&catalog, &[Ppm::ZERO; 400], 5);
    assert_eq!(scored.score.size.nominal_size_steps, Some(5.0));
    let notes: Vec<String> = scored.score.notes.iter().map(ToString::to_string).collect();
    let note = "too few of the cases that started since the epoch 2027-01-01";
    assert!(notes.iter().any(|text| text.starts_with(note)), "{notes:?}");
}

#[test]
fn few_cases_of_people_make_hours_uncertain() {
    let catalog = desk("low").replace(
        "id: p,",
        "id: p, hands_on_minutes: 300, automation: {build_hours: 235},",
    );
    let run = |nth: i64| Ran {
        start: Time(nth * WEEKS * WEEK / 400),
        deviation: Ppm::ZERO,
        executor: if nth < 7 {
            Executor::Human
        } else {
            Executor::Code
        },
    };
    let ran: Vec<Ran> = (0..400).map(run).collect();
    let scored = scored_log(&catalog, &ran, 5, Loss::default());
    let value = scored.score.value.as_ref().unwrap();
    // 7 of 400: Clopper-Pearson, as computed by scipy.
    let share = value.human_share.unwrap();
    assert!((share.mean - 0.0175).abs() < 1e-12);
    assert!(
        (share.lower - 0.007_06).abs() < 5e-5 && (share.upper - 0.035_7).abs() < 5e-5,
        "{share:?}"
    );
    let (hours, rate) = (
        value.hours_spent_per_year.unwrap(),
        scored.score.rate.cases_per_week_interval.unwrap(),
    );
    let a_year = 365.25 / 7.0 * 5.0;
    assert!(
        (hours.lower - rate[0] * share.lower * a_year).abs() < 1e-6,
        "{hours:?}"
    );
    assert!(
        (hours.upper - rate[1] * share.upper * a_year).abs() < 1e-6,
        "{hours:?}"
    );
    let even = value.break_even_cases_per_week.unwrap();
    assert!(even.lower.unwrap() < even.mean.unwrap() && even.mean.unwrap() < even.upper.unwrap());
    // Where no log says who ran any, all cases are taken to be people's.
    let unknown = scored_by(&catalog, &[Ppm::ZERO; 50], 5, Executor::Unknown)
        .score
        .value
        .unwrap();
    let share = unknown.human_share.unwrap();
    assert_eq!((share.lower, share.upper), (1.0, 1.0));
}

#[test]
fn uneven_arrivals_are_no_change_and_no_proof() {
    // 35 and 28 cases a week; as independent cases they would be apart by far.
    let terms = "id: p, hands_on_minutes: 60, automation: {build_hours: 3500},";
    let catalog = desk("low").replace("id: p,", terms);
    let (before, after) = (weekly(&catalog, [10, 60]), weekly(&catalog, [10, 46]));
    let [plain, other] =
        [&before, &after].map(|scored| scored.score.arrivals.as_ref().unwrap().cases_per_week);
    assert!(plain.lower > other.upper);
    let found = differences(from_ref(&before.score), from_ref(&after.score)).remove(0);
    let rate = found
        .differing
        .iter()
        .find(|differing| differing.what == "cases_per_week")
        .unwrap();
    assert_eq!(rate.claim, Claim::MayBeChance);
    let widened = before
        .score
        .arrivals
        .as_ref()
        .unwrap()
        .cases_per_week_widened;
    assert_eq!(
        before.score.rate.cases_per_week_interval,
        Some([widened.lower, widened.upper])
    );
    // It pays from about 42 cases a week on: above the interval of independent cases, and within the real one.
    let value = before.score.value.as_ref().unwrap();
    let even = value.break_even_cases_per_week.unwrap().lower.unwrap();
    assert!(
        plain.upper < even && even < widened.upper,
        "{plain:?} {even} {widened:?}"
    );
    assert_eq!(
        (value.verdict, before.score.constraints.pays_back),
        (ValueVerdict::Undetermined, PaysBack::Unknown)
    );
    let formula = before.value("frequency", "interval").unwrap();
    assert!(
        formula.contains("(dispersion) had been counted"),
        "{formula}"
    );
    assert!(before.value("frequency", "if independent").is_some());
}

#[test]
fn what_was_declared_is_contradicted_by_an_interval_only_where_there_is_one() {
    let declared = "id: p, frequency: medium, executor: ai, complexity: high, size: 50,";
    let catalog = desk("low").replace("id: p,", declared);
    let section = "declared, and measured otherwise";
    let said = |scored: &Scored, name: &str| scored.value(section, name).unwrap();
    // 9 a week, and medium ends at 7.
    let even = weekly(&catalog, [9, 9]);
    let uneven = weekly(&catalog, [2, 16]);
    assert!(said(&even, "frequency").ends_with("= the whole interval says so"));
    assert!(said(&uneven, "frequency").ends_with("= the middle of the interval says so"));
    for name in ["executor", "complexity", "size"] {
        let said = said(&even, name);
        assert!(said.ends_with("it has no interval"), "{said}");
    }
}
