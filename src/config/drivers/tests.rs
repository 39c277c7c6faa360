use super::*;
use crate::model::Day;
use proptest::prelude::*;

fn parse(text: &str) -> Result<Drivers, Problems> {
    Drivers::parse(text.as_bytes(), Path::new("drivers.csv"))
}

fn problems(text: &str) -> Vec<String> {
    let problems = parse(text).unwrap_err().0;
    problems.iter().map(Problem::to_string).collect()
}

fn day(text: &str) -> Day {
    Day::of_date(text.parse().unwrap())
}

#[test]
fn a_week_of_a_step_function() {
    let text = "date,headcount,hosts\n2024-01-01,10,100\n2024-01-05,20,100\n2024-01-12,40,300\n";
    let drivers = parse(text).unwrap();
    assert_eq!(drivers.names, ["headcount", "hosts"]);
    assert_eq!(drivers.rows[1].day, day("2024-01-05"));
    let means = |from, to| drivers.means(day(from), day(to));
    // Four days of 10 and three of 20.
    assert_eq!(
        means("2024-01-01", "2024-01-08"),
        Some(vec![100.0 / 7.0, 100.0])
    );
    assert_eq!(means("2024-01-05", "2024-01-12"), Some(vec![20.0, 100.0]));
    // The last row holds for as long as the longest step: 7 days.
    assert_eq!(means("2024-01-12", "2024-01-19"), Some(vec![40.0, 300.0]));
    assert_eq!(means("2024-01-13", "2024-01-20"), None);
    assert_eq!(means("2023-12-31", "2024-01-07"), None);
    assert_eq!(means("2024-01-05", "2024-01-05"), None);
    assert_eq!(
        drivers.covers(),
        Some((day("2024-01-01"), day("2024-01-19")))
    );
}

#[test]
fn rows_by_day_week_month_and_working_day_are_all_right() {
    let monthly = "date,a\n2024-01-01,1\n2024-02-01,2\n2024-03-01,3\n2024-04-01,4\n";
    assert_eq!(parse(monthly).unwrap().last_holds_days, 31);
    // Thursday before Easter to the Tuesday after.
    let working = "date,a\n2024-03-26,1\n2024-03-27,2\n2024-03-28,3\n2024-04-02,4\n2024-04-03,4\n";
    assert_eq!(parse(working).unwrap().rows.len(), 5);
    assert_eq!(parse("date,a\n2024-01-01,1\n").unwrap().last_holds_days, 1);
}

#[test]
fn marks_line_ends_quotes_and_spaces() {
    let text = "\u{feff}Date,\"head, count\", b \r\n\"2024-01-01\",\"1.5\", 2e3\r\n\r\n  \r\n2024-01-02,+2,3\r\n";
    let drivers = parse(text).unwrap();
    assert_eq!(drivers.names, ["head, count", "b"]);
    assert_eq!(drivers.rows[0].values, [1.5, 2000.0]);
    assert_eq!(drivers.rows.len(), 2);
    // The date may stand in any column.
    assert_eq!(
        parse("a,date\n7,2024-01-01\n").unwrap().rows[0].values,
        [7.0]
    );
}

#[test]
fn every_problem_is_named_with_its_line_and_field() {
    let text = "date,headcount,hosts\n\
        2024-01-01,10,100\n\
        \n\
        2024-01-02,many,0\n\
        2024-01-03,,-5\n\
        2024-13-03,inf,1e300\n\
        2024-1-04,\"1,000\",1\n\
        ,1,1\n\
        2024-01-05,1\n\
        2024-01-06,1,NaN\n";
    assert_eq!(
        problems(text),
        [
            "drivers.csv:4: `headcount`: `many` is not a number",
            "drivers.csv:4: `hosts`: `0` is not above 0, and its logarithm is needed",
            "drivers.csv:5: `headcount`: empty",
            "drivers.csv:5: `hosts`: `-5` is not above 0, and its logarithm is needed",
            "drivers.csv:6: `date`: `2024-13-03` is not a date such as 2024-03-01",
            "drivers.csv:6: `headcount`: `inf` is not a number",
            "drivers.csv:6: `hosts`: `1e300` is above 1e15",
            "drivers.csv:7: `date`: `2024-1-04` is not a date such as 2024-03-01",
            "drivers.csv:7: `headcount`: `1,000` is not a number (write 1234.5, without separators)",
            "drivers.csv:8: `date`: empty",
            "drivers.csv:9: 2 fields, and the header has 3",
            "drivers.csv:10: `hosts`: `NaN` is not a number",
        ]
    );
}

#[test]
fn order_and_gaps_of_dates() {
    let text = "date,a\n2024-01-01,1\n2024-02-01,1\n2024-03-01,1\n2024-04-01,1\n2024-04-01,2\n2024-03-15,1\n2024-05-01,1\n2024-09-01,1\n";
    assert_eq!(
        problems(text),
        [
            "drivers.csv:6: `date`: 2024-04-01 stands twice",
            "drivers.csv:7: `date`: 2024-03-15 comes after 2024-04-01; dates must ascend",
            "drivers.csv:9: gap: 2024-05-01 is followed by 2024-09-01; the longest step between two dates may be 93 days",
        ]
    );
    let daily = "date,a\n2024-02-28,1\n2024-02-29,1\n2024-03-01,1\n2024-05-01,1\n";
    assert_eq!(
        problems(daily),
        [
            "drivers.csv:5: gap: 2024-03-01 is followed by 2024-05-01; the longest step between two dates may be 7 days"
        ]
    );
    // Before 1970 too.
    let old = "date,a\n1969-12-30,1\n1969-12-30,1\n";
    assert_eq!(
        problems(old),
        ["drivers.csv:3: `date`: 1969-12-30 stands twice"]
    );
}

#[test]
fn headers_that_say_too_little() {
    assert_eq!(
        problems(""),
        ["drivers.csv: empty (the first line is `date` and the names of the drivers)"]
    );
    assert_eq!(
        problems("day,a\n2024-01-01,1\n"),
        ["drivers.csv:1: the header has no column `date`"]
    );
    assert_eq!(
        problems("date;a\n2024-01-01;1\n"),
        ["drivers.csv:1: the header has no column `date` (columns are separated by commas)"]
    );
    assert_eq!(
        problems("date,a,,A\n"),
        [
            "drivers.csv:1: column 3 of the header has no name",
            "drivers.csv:1: `A`: stands twice in the header",
            "drivers.csv:1: no row below the header",
        ]
    );
    assert_eq!(
        problems("date\n2024-01-01\n"),
        ["drivers.csv:1: the header has no driver beside `date`"]
    );
    let many: Vec<String> = (0..17).map(|nth| format!("d{nth}")).collect();
    let ones = ",1".repeat(17);
    let text = format!("date,{}\n2024-01-01{ones}\n", many.join(","));
    assert_eq!(
        problems(&text),
        ["drivers.csv:1: 17 drivers, and 16 are the most"]
    );
}

#[test]
fn other_encodings_and_floods_of_problems() {
    let latin = b"date,a\n2024-01-01,\xe9\n";
    let problems = Drivers::parse(latin, Path::new("d.csv")).unwrap_err();
    assert_eq!(problems.to_string(), "d.csv:2: `a`: not UTF-8");
    let rows: String = (0..500).map(|_| "x,y\n").collect();
    let problems = parse(&format!("date,a\n{rows}")).unwrap_err().0;
    assert_eq!(problems.len(), MOST_PROBLEMS + 1);
    assert!(problems[MOST_PROBLEMS].message.starts_with("950 further"));
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "[-date,0-9.\"\r\n é;x]{0,200}") {
        let _ = parse(&text);
        let _ = parse(&format!("date,a\n{text}"));
    }

    #[test]
    fn means_lie_between_the_values_and_add_up(
        steps in proptest::collection::vec((1i32..4, 0.1f64..100.0), 1..40),
        begin in 0i32..60,
        length in 2i32..30,
    ) {
        let mut at = Day(19_000);
        let mut text = String::from("date,a\n");
        for (step, value) in &steps {
            text.push_str(&format!("{},{value}\n", at));
            at += *step;
        }
        let drivers = parse(&text).unwrap();
        let (from, to) = (Day(19_000) + begin, Day(19_000) + begin + length);
        let (first, end) = drivers.covers().unwrap();
        let Some(mean) = drivers.means(from, to) else {
            prop_assert!(from < first || to > end);
            return Ok(());
        };
        let least = steps.iter().map(|s| s.1).fold(f64::MAX, f64::min);
        let most = steps.iter().map(|s| s.1).fold(0.0, f64::max);
        prop_assert!(least - 1e-9 <= mean[0] && mean[0] <= most + 1e-9);
        let middle = from + length / 2;
        let sum = |from: Day, to: Day| drivers.means(from, to).unwrap()[0] * f64::from(to - from);
        prop_assert!((sum(from, middle) + sum(middle, to) - sum(from, to)).abs() < 1e-6);
    }
}
