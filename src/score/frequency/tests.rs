use super::*;
use crate::model::{HOUR_US, Span};
use proptest::prelude::*;
use std::path::Path;

/// Monday, 2024-01-01, in days since 1970.
const MONDAY: i64 = 19_723;

/// 26 weeks of over-dispersed counts with what drives them (the fixture of the regression tests).
const HEAD: [u64; 26] = [
    10, 14, 9, 16, 11, 18, 10, 15, 12, 20, 9, 13, 17, 11, 19, 10, 16, 12, 14, 20, 9, 15, 18, 11,
    13, 17,
];
const WEEKLY: [i64; 26] = [
    30, 71, 22, 60, 49, 110, 31, 48, 70, 120, 29, 38, 95, 33, 104, 61, 58, 80, 40, 131, 25, 99, 70,
    72, 45, 118,
];

fn close(got: f64, want: f64, tolerance: f64) {
    assert!((got - want).abs() <= tolerance, "{got} is not {want}");
}

fn day(day: i64) -> Time {
    Time(day * 24 * HOUR_US)
}

fn hour(day: i64, hour: i64) -> Hour {
    Hour((day * 24 + hour) as i32)
}

/// All cases of a week at noon of its Wednesday.
fn of_weeks(counts: &[i64]) -> Vec<(Hour, i64)> {
    let at = |nth: i64| hour(MONDAY + 7 * nth + 2, 12);
    (0..).map(at).zip(counts.iter().copied()).collect()
}

/// The frequency of weeks that begin on that Monday.
fn weeks_with(counts: &[i64], drivers: Option<&Drivers>) -> Frequency {
    let to = day(MONDAY + 7 * counts.len() as i64);
    frequency(of_weeks(counts).into_iter(), day(MONDAY), to, drivers, 0.05)
}

fn weeks(counts: &[i64]) -> Frequency {
    weeks_with(counts, None)
}

/// A driver file with a row a week.
fn drivers(names: &str, rows: impl Iterator<Item = String>) -> Drivers {
    let date = |nth: i64| day(MONDAY + 7 * nth).to_utc().unwrap().format("%Y-%m-%d");
    let rows = (0..)
        .zip(rows)
        .map(|(nth, row)| format!("{},{row}\n", date(nth)));
    let text = format!("date,{names}\n{}", rows.collect::<String>());
    Drivers::parse(text.as_bytes(), Path::new("drivers.csv")).unwrap()
}

#[test]
fn whole_weeks_leave_out_the_parts_of_days_at_both_ends() {
    let starts = [
        (hour(MONDAY - 1, 23), 100),
        // The first day is not whole: in the rate, not in a week.
        (hour(MONDAY, 10), 1),
        (hour(MONDAY + 1, 0), 2),
        (hour(MONDAY + 7, 23), 4),
        // The last day is not whole either.
        (hour(MONDAY + 8, 0), 8),
        (hour(MONDAY + 8, 5), 16),
        (hour(MONDAY + 8, 6), 100),
    ];
    let (from, to) = (
        day(MONDAY).plus(Span(9 * HOUR_US + 1)),
        day(MONDAY + 8).plus(Span(5 * HOUR_US + 59)),
    );
    let got = frequency(starts.into_iter(), from, to, None, 0.05);
    assert_eq!((got.cases, got.whole_weeks), (31, 1));
    close(got.covered_weeks, (8.0 * 24.0 - 4.0) / 168.0, 1e-9);
    let weekdays = got.weekdays.unwrap();
    // Tuesday to Monday.
    assert_eq!(weekdays.cases, [4, 2, 0, 0, 0, 0, 0]);
    assert_eq!(weekdays.days, [1; 7]);
    // A span that begins at midnight begins with a whole day.
    let got = frequency(starts.into_iter(), day(MONDAY), day(MONDAY + 7), None, 0.05);
    assert_eq!(got.whole_weeks, 1);
    assert_eq!(got.weekdays.unwrap().cases, [1, 2, 0, 0, 0, 0, 0]);
}

#[test]
fn hours_of_the_week_are_those_of_utc_and_begin_on_monday() {
    let starts = [
        (hour(MONDAY, 0), 1),
        (hour(MONDAY + 6, 23), 2),
        (hour(MONDAY + 7, 0), 4),
        // Before 1970 the week goes on in the same way.
        (hour(MONDAY - 7 * 3000, 0), 8),
    ];
    let got = frequency(
        starts.into_iter(),
        day(MONDAY - 21_000),
        day(MONDAY + 8),
        None,
        0.05,
    );
    assert_eq!(got.weekly_cases.len(), 53, "the last ones");
    assert_eq!(got.hour_of_week_cases.len(), 168);
    assert_eq!(got.hour_of_week_cases[0], 13);
    assert_eq!(got.hour_of_week_cases[167], 2);
    // Ten years at most; the rate still is that of the whole span.
    assert_eq!((got.cases, got.whole_weeks), (15, 520));
}

#[test]
fn over_dispersed_weeks_as_in_statsmodels() {
    // Poisson regression on the trend, errors scaled by Pearson's dispersion, t intervals; scipy's gamma and nbinom.
    let got = weeks(&WEEKLY);
    close(got.dispersion.unwrap(), 15.579830704688968, 1e-8);
    assert_eq!(got.overdispersed, Some(true));
    let trend = got.trend.unwrap();
    close(trend.ratio_per_year.mean, 2.6529805711, 1e-8);
    close(trend.ratio_per_year.lower, 0.6680444429, 1e-7);
    close(trend.ratio_per_year.upper, 10.5356851407, 1e-6);
    close(trend.ratio_per_week.mean, 1.0188748556, 1e-9);
    close(trend.p_value, 0.1572081183, 1e-8);
    assert!(!trend.significant);
    close(got.cases_per_week.mean, 1709.0 / 26.0, 1e-12);
    close(got.cases_per_week.lower, 62.66978479, 1e-5);
    close(got.cases_per_week.upper, 68.90307007, 1e-5);
    close(got.cases_per_week_widened.mean, 1709.0 / 26.0, 1e-12);
    close(got.cases_per_week_widened.lower, 54.24502795, 1e-5);
    close(got.cases_per_week_widened.upper, 78.96112451, 1e-5);
    assert_eq!(got.forecast.len(), 4);
    let next = got.forecast[0];
    assert_eq!(next.from_timestamp_seconds, (MONDAY + 7 * 26) * 86_400);
    assert_eq!((next.cases.lower, next.cases.upper), (15.0, 150.0));
    close(next.cases.mean, 1709.0 / 26.0, 1e-12);
    // What does not change is the same in every week to come.
    assert_eq!(got.forecast[3].cases, next.cases);
}

#[test]
fn a_significant_trend_goes_on() {
    let got = weeks(&[10, 12, 11, 15, 13, 18, 17, 22, 20, 26, 25, 31]);
    let trend = got.trend.unwrap();
    close(trend.ratio_per_year.mean, 169.2905028527, 1e-5);
    close(trend.ratio_per_year.lower, 16.1447476952, 1e-6);
    close(trend.ratio_per_year.upper, 1775.1453845628, 1e-3);
    close(trend.p_value, 0.0006560342, 1e-9);
    assert!(trend.significant);
    assert_eq!(got.overdispersed, Some(false));
    assert_eq!(got.cases_per_week, got.cases_per_week_widened);
    let want = [
        (32.81896905, 20.0, 48.0),
        (36.21067153, 22.0, 53.0),
        (39.95289220, 24.0, 59.0),
        (44.08185564, 26.0, 66.0),
    ];
    for (week, (mean, lower, upper)) in got.forecast.iter().zip(want) {
        close(week.cases.mean, mean, 1e-6);
        assert_eq!((week.cases.lower, week.cases.upper), (lower, upper));
    }
}

#[test]
fn few_weeks_and_no_cases_say_so() {
    let got = weeks(&[5; 7]);
    let few = Withheld::FewWeeks {
        weeks: 7,
        needed: 8,
    };
    assert_eq!(got.trend_withheld.as_ref(), Some(&few));
    assert_eq!(got.dispersion_withheld.as_ref(), Some(&few));
    assert_eq!(got.forecast_withheld.as_ref(), Some(&few));
    assert_eq!(
        (got.trend, got.dispersion, got.overdispersed),
        (None, None, None)
    );
    assert!(got.forecast.is_empty());
    assert_eq!(few.to_string(), "7 whole weeks, and it takes 8");

    let none = weeks(&[0; 12]);
    assert_eq!(none.trend_withheld, Some(Withheld::NothingCounted));
    assert_eq!(none.dispersion_withheld, Some(Withheld::NothingCounted));
    assert_eq!(none.weekdays_withheld, Some(Withheld::NothingCounted));
    assert!(none.hour_of_week_cases.is_empty());
    assert_eq!(none.cases_per_week.lower, 0.0);
    assert!(none.cases_per_week.upper > 0.1 && none.cases_per_week.upper < 0.3);
    // Nothing in twelve weeks is a forecast too.
    let next = none.forecast[0].cases;
    assert_eq!((next.mean, next.lower), (0.0, 0.0));
    assert!(next.upper <= 1.0);
}

#[test]
fn all_cases_in_the_last_week_are_no_trend() {
    let got = weeks(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 80]);
    assert_eq!(got.trend_withheld, Some(Withheld::NotSettled));
    // Around the mean of 8: (9 * 64 + 72^2) / 8 / 9.
    close(got.dispersion.unwrap(), 80.0, 1e-9);
    // One burst is as good as one case.
    let widened = got.cases_per_week_widened;
    assert!(widened.lower < 1.0 && widened.upper > 30.0, "{widened:?}");
    assert_eq!(got.forecast.len(), 4);
}

#[test]
fn weekdays_as_in_scipy() {
    let pattern = [
        [5, 5, 8, 6, 5, 2, 0],
        [8, 4, 7, 5, 8, 1, 0],
        [7, 7, 6, 4, 7, 4, 0],
        [6, 6, 9, 3, 6, 3, 0],
    ];
    let of = |extra: [i64; 56]| {
        let starts = (0..56).map(move |nth: usize| {
            let count = pattern[nth / 7 % 4][nth % 7] + extra[nth];
            (hour(MONDAY + nth as i64, 9), count)
        });
        let got = frequency(starts, day(MONDAY), day(MONDAY + 56), None, 0.05);
        got.weekdays.unwrap()
    };
    let weekdays = of([0; 56]);
    let want = [
        1.37878788, 1.16666667, 1.59090909, 0.95454545, 1.37878788, 0.53030303, 0.0,
    ];
    for (got, want) in weekdays.relative_rates.iter().zip(want) {
        close(*got, want, 1e-8);
    }
    assert_eq!(weekdays.days, [8; 7]);
    // Days vary less than Poisson counts: chi-square of 71.15 over 6, as F(6, 49).
    close(weekdays.p_value.unwrap(), 3.577068707771569e-8, 1e-15);
    // With two bursts they vary more: scipy.stats.f_oneway.
    let mut bursts = [0; 56];
    (bursts[2], bursts[35]) = (30, 25);
    close(of(bursts).p_value.unwrap(), 0.00259483268861159, 1e-12);
}

#[test]
fn a_weekday_that_comes_once_more_is_no_busier() {
    // One case a day for 36 days: Monday is covered six times, the others five.
    let starts = (0..36).map(|nth| (hour(MONDAY + nth, 9), 1));
    let got = frequency(starts, day(MONDAY), day(MONDAY + 36), None, 0.05);
    let weekdays = got.weekdays.unwrap();
    assert_eq!(weekdays.cases, [6, 5, 5, 5, 5, 5, 5]);
    assert_eq!(weekdays.relative_rates, [1.0; 7]);
    close(weekdays.p_value.unwrap(), 1.0, 1e-9);
}

#[test]
fn bursts_are_no_weekday_pattern() {
    // One a day, and forty more on three days: by plain chi-square a certain pattern.
    let count = |nth: i64| if [0, 73, 144].contains(&nth) { 41 } else { 1 };
    let starts = (0..182).map(|nth| (hour(MONDAY + nth, 9), count(nth)));
    let got = frequency(starts, day(MONDAY), day(MONDAY + 182), None, 0.05);
    let p = got.weekdays.unwrap().p_value.unwrap();
    assert!(p > 0.3, "{p}");
}

#[test]
fn short_or_sparse_logs_have_no_weekday_test() {
    let daily = |days: i64, cases| {
        let starts = (0..days).map(|nth| (hour(MONDAY + nth, 9), cases));
        frequency(starts, day(MONDAY), day(MONDAY + days), None, 0.05)
    };
    let few = |days, needed| Some(Withheld::FewDays { days, needed });
    assert_eq!(daily(6, 9).weekdays_withheld, few(6, 7));
    assert_eq!(daily(20, 9).weekdays.unwrap().p_value_withheld, few(20, 28));
    let sparse = daily(28, 1).weekdays.unwrap();
    let reason = Withheld::FewCases {
        cases: 28,
        needed: 35,
    };
    assert_eq!(sparse.p_value_withheld, Some(reason));
    assert_eq!(sparse.relative_rates, [1.0; 7]);
}

#[test]
fn elasticity_as_in_statsmodels() {
    let one = drivers("headcount", HEAD.iter().map(u64::to_string));
    let got = weeks_with(&WEEKLY, Some(&one)).elasticities;
    assert_eq!((got.len(), got[0].weeks), (1, 26));
    let bounds = got[0].elasticity.unwrap();
    close(bounds.mean, 1.55426411, 1e-8);
    close(bounds.lower, 1.0584965205, 1e-7);
    close(bounds.upper, 2.0500316909, 1e-7);
    close(got[0].vif.unwrap(), 1.0455922939, 1e-9);
    // Each with the other held fixed.
    let rows = (0..26).map(|nth| format!("{},{}", HEAD[nth], (HEAD[25 - nth] as f64).powf(1.5)));
    let two = drivers("headcount,hosts", rows);
    let got = weeks_with(&WEEKLY, Some(&two)).elasticities;
    let (head, hosts) = (got[0].elasticity.unwrap(), got[1].elasticity.unwrap());
    close(head.mean, 1.50111262, 1e-8);
    close(head.lower, 1.1545206942, 1e-7);
    close(hosts.mean, -0.54016618, 1e-8);
    close(hosts.upper, -0.3089753971, 1e-7);
    close(got[1].vif.unwrap(), 1.0458604827, 1e-9);
}

#[test]
fn an_elasticity_that_was_put_in_comes_out() {
    // Three times the hosts, nine times the cases.
    let hosts: Vec<u64> = (0..40).map(|nth| [10, 30, 20, 15][nth % 4]).collect();
    let counts: Vec<i64> = hosts.iter().map(|h| (h * h) as i64).collect();
    let drivers = drivers("hosts", hosts.iter().map(u64::to_string));
    let got = weeks_with(&counts, Some(&drivers)).elasticities;
    close(got[0].elasticity.unwrap().mean, 2.0, 1e-9);
}

#[test]
fn elasticities_are_withheld_with_their_reason() {
    let reason = |got: &Elasticity| (got.elasticity, got.withheld.clone().unwrap());
    let with = |name: &str| {
        (
            None,
            Withheld::NotIdentifiable {
                with: name.to_owned(),
            },
        )
    };
    // Grows with time; twins; constant; and one that is good.
    let row = |nth: usize| {
        let (time, head) = (1000 + 100 * nth, HEAD[nth]);
        format!(
            "{time},{},{},500,{}",
            10 * head,
            100 * head + (nth % 2) as u64,
            HEAD[25 - nth]
        )
    };
    let many = drivers("tickets,users,mailboxes,sites,hosts", (0..26).map(row));
    let got = weeks_with(&WEEKLY, Some(&many)).elasticities;
    assert_eq!(reason(&got[0]), with("trend"));
    assert!(got[0].vif.unwrap() > 10.0);
    assert_eq!(reason(&got[1]), with("mailboxes"));
    assert_eq!(reason(&got[2]), with("users"));
    assert_eq!(reason(&got[3]), (None, Withheld::DriverConstant));
    assert!(got[4].elasticity.is_some() && got[4].withheld.is_none());
    assert!(
        got[1]
            .withheld
            .as_ref()
            .unwrap()
            .to_string()
            .contains("moves with mailboxes")
    );
    // Exact twins have no variance inflation factor, and do not spoil the third.
    let row = |nth: usize| format!("{},{},{}", HEAD[nth], 2 * HEAD[nth], HEAD[25 - nth]);
    let got = weeks_with(&WEEKLY, Some(&drivers("a,b,c", (0..26).map(row)))).elasticities;
    assert_eq!(reason(&got[0]), with("b"));
    assert_eq!(got[0].vif, None);
    let row = |nth: usize| format!("{},{}", HEAD[nth], HEAD[25 - nth]);
    let alone = weeks_with(&WEEKLY, Some(&drivers("a,c", (0..26).map(row)))).elasticities;
    close(
        got[2].elasticity.unwrap().mean,
        alone[1].elasticity.unwrap().mean,
        1e-8,
    );
}

#[test]
fn elasticities_need_half_a_year_that_the_file_covers() {
    let one = drivers("headcount", HEAD.iter().map(u64::to_string));
    let got = weeks_with(&WEEKLY[..25], Some(&one)).elasticities;
    let few = Withheld::FewWeeks {
        weeks: 25,
        needed: 26,
    };
    assert_eq!(got[0].withheld, Some(few));
    let short = drivers("headcount", HEAD[..20].iter().map(u64::to_string));
    let got = weeks_with(&WEEKLY, Some(&short)).elasticities;
    let missing = got[0].withheld.clone().unwrap();
    assert_eq!(
        missing,
        Withheld::NotCovered {
            weeks: 20,
            needed: 26,
            last: short.last().0,
            holds_days: 7,
        }
    );
    let said = missing.to_string();
    assert!(said.contains("covers 20 of the whole weeks"), "{said}");
    assert!(said.contains("holds for 7 days"), "{said}");
    // A log longer than the file is used as far as the file goes.
    let longer: Vec<i64> = WEEKLY.iter().copied().chain([1000; 10]).collect();
    let got = weeks_with(&longer, Some(&one)).elasticities;
    assert_eq!(got[0].weeks, 26);
    close(got[0].elasticity.unwrap().mean, 1.55426411, 1e-8);
    // Nothing to explain.
    let got = weeks_with(&[0; 26], Some(&one)).elasticities;
    assert_eq!(got[0].withheld, Some(Withheld::NothingCounted));
}

fn any_starts() -> impl Strategy<Value = Vec<(Hour, i64)>> {
    let count = prop_oneof![0i64..3, 0i64..500, any::<i64>()];
    let hour = prop_oneof![470_000i32..480_000, any::<i32>()].prop_map(Hour);
    proptest::collection::vec((hour, count), 0..150)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn every_figure_is_finite_whatever_is_counted(
        starts in any_starts(),
        from in prop_oneof![470_000i64..475_000, any::<i64>()],
        span in prop_oneof![-100i64..10_000, any::<i64>()],
        values in proptest::collection::vec(0.001f64..1e9, 60),
    ) {
        let from = Time(from.saturating_mul(HOUR_US));
        let to = from.plus(Span(span.saturating_mul(HOUR_US)));
        let drivers = drivers("a,b", values.iter().map(|v| format!("{v},{}", 1e9 - v)));
        let got = frequency(starts.iter().copied(), from, to, Some(&drivers), 0.05);
        // NaN and infinity are written as null, which can't be read back as a number where one must be.
        let json = serde_json::to_string(&got).unwrap();
        let back: Result<Frequency, _> = serde_json::from_str(&json);
        prop_assert!(back.is_ok(), "{json}");
        let p_value = got.weekdays.as_ref().and_then(|weekdays| weekdays.p_value);
        let factors = got.elasticities.iter().filter_map(|one| one.vif);
        prop_assert!(got.dispersion.into_iter().chain(p_value).chain(factors).all(f64::is_finite));
        for bounds in [got.cases_per_week, got.cases_per_week_widened] {
            prop_assert!(0.0 <= bounds.lower && bounds.lower <= bounds.mean * (1.0 + 1e-9));
            prop_assert!(bounds.mean <= bounds.upper * (1.0 + 1e-9));
        }
        prop_assert!(got.cases_per_week_widened.lower <= got.cases_per_week.lower * (1.0 + 1e-9));
        prop_assert!(got.cases_per_week_widened.upper >= got.cases_per_week.upper * (1.0 - 1e-9));
        for week in &got.forecast {
            prop_assert!(0.0 <= week.cases.lower && week.cases.lower <= week.cases.upper);
        }
        // What is unknown has a reason, and what has a reason is unknown.
        prop_assert_eq!(got.trend.is_none(), got.trend_withheld.is_some());
        prop_assert_eq!(got.dispersion.is_none(), got.dispersion_withheld.is_some());
        prop_assert_eq!(got.weekdays.is_none(), got.weekdays_withheld.is_some());
        prop_assert_eq!(got.forecast.is_empty(), got.forecast_withheld.is_some());
        for one in &got.elasticities {
            prop_assert_eq!(one.elasticity.is_none(), one.withheld.is_some());
        }
    }

    #[test]
    fn order_and_division_of_the_counts_do_not_matter(
        starts in proptest::collection::vec((473_352i32..476_000, 1i64..50).prop_map(|(hour, count)| (Hour(hour), count)), 1..100).prop_shuffle(),
    ) {
        let (from, to) = (day(MONDAY), day(MONDAY + 110));
        let whole = frequency(starts.iter().copied(), from, to, None, 0.05);
        let halves = starts.iter().rev().flat_map(|(hour, count)| [(*hour, count / 2), (*hour, count - count / 2)]);
        prop_assert_eq!(frequency(halves, from, to, None, 0.05), whole);
    }
}
