//! What limits a verdict: loss, want of confirmation, an epoch to come, uneven arrivals, few cases of people.

use super::*;
use crate::config::tolerance::PaysBack;
use crate::score::{Claim, ValueVerdict, differences};

/// So many cases in each week, over and over, all clean.
fn weekly(catalog: &str, counts: [i64; 2]) -> Scored {
    let mut ran = Vec::new();
    for week in 0..WEEKS {
        let count = counts[usize::from(week % 2 == 1)];
        ran.extend((0..count).map(|nth| Ran {
            start: Time(week * WEEK + nth * WEEK / count),
            deviation: 0,
            executor: Executor::Human,
        }));
    }
    scored_log(catalog, &ran, 5, Loss::default())
}

#[test]
fn few_cases_of_people_make_hours_uncertain() {
    let catalog = desk("low").replace(
        "id: p,",
        "id: p, hands_on_minutes: 300, automation: {build_hours: 235},",
    );
    let run = |nth: i64| Ran {
        start: Time(nth * WEEKS * WEEK / 400),
        deviation: 0,
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
        scored.score.cases_per_week_interval.unwrap(),
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
    let unknown = scored_by(&catalog, &[0; 50], 5, Executor::Unknown)
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
    let found = differences(&[before.score.clone()], &[after.score.clone()]).remove(0);
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
        before.score.cases_per_week_interval,
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
        (value.verdict, before.score.pays_back),
        (ValueVerdict::Undetermined, PaysBack::Unknown)
    );
    let formula = before.value("frequency", "interval").unwrap();
    assert!(
        formula.contains("(dispersion) had been counted"),
        "{formula}"
    );
    assert!(
        before
            .value("frequency", "interval, were they independent")
            .is_some()
    );
}
