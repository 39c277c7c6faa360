use super::*;
use crate::config::daemon::Config;
use crate::rules::Problems;

const FILE: &str = "toleranced.yaml";

fn days_of(dates: &[&str]) -> BTreeSet<Day> {
    let day = |text: &&str| Day::of_date(text.parse().unwrap());
    dates.iter().map(day).collect()
}

fn configured(holidays: &str) -> Result<Calendar, Problems> {
    let text = format!("drift:\n  holidays:\n{holidays}");
    let config = Config::parse(&text, Path::new(FILE))?;
    Ok(config.drift.calendar)
}

#[track_caller]
fn fails(holidays: &str, said: &str) {
    let problems = configured(holidays).unwrap_err();
    assert_eq!(problems.to_string(), said);
}

#[track_caller]
fn read(file: &str, text: &str, dates: &[&str]) {
    let found = days_of_file(Path::new(file), text).unwrap_or_else(|problem| panic!("{problem}"));
    assert_eq!(found, days_of(dates), "{text}");
}

#[track_caller]
fn unreadable(file: &str, text: &str, said: &str) {
    let problem = days_of_file(Path::new(file), text).unwrap_err();
    assert_eq!(problem.to_string(), said);
}

/// A calendar with one event.
fn event(lines: &str) -> String {
    let lines = lines.replace('|', "\r\n");
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\n{lines}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
}

#[test]
fn countries_dates_and_ranges_are_holidays() {
    let calendar = configured(
        "    countries: [DE, US, DE-BY, NO]
    dates: [2026-03-19, '2026-03-20', {from: 2026-08-03, to: 2026-08-14}]
    year_end: false
",
    );
    let calendar = calendar.unwrap_or_else(|problems| panic!("{problems}"));
    assert!(!calendar.year_end);
    let special = days_of(&[
        "2026-04-06", // Germany
        "2025-11-27", // United States
        "2026-01-06", // Bavaria
        "2026-05-17", // Norway, whose code is also a word of YAML
        "2026-03-19",
        "2026-03-20",
        "2026-08-03",
        "2026-08-14",
    ]);
    assert!(special.is_subset(&calendar.days));
    let usual = days_of(&["2026-03-18", "2026-08-02", "2026-08-15"]);
    assert!(usual.is_disjoint(&calendar.days));
}

#[test]
fn without_holidays_only_the_end_of_the_year_is_special() {
    let config = Config::parse("drift: {cool_down: 3d}\n", Path::new(FILE)).unwrap();
    assert_eq!(config.drift.calendar, Calendar::default());
    assert_eq!(configured("    {}\n").unwrap(), Calendar::default());
}

#[test]
fn a_wrong_value_is_reported_with_its_place_and_the_next_step() {
    fails(
        "    countries: [DE, Germny]\n",
        "toleranced.yaml:3:21: `drift.holidays.countries`: `Germny` is not a country code of ISO 3166-1 \
         (did you mean `DE (Germany)`?)",
    );
    fails(
        "    dates: [2026-03-19, 2026-02-30]\n",
        "toleranced.yaml:3:25: `drift.holidays.dates`: `2026-02-30` is not a date such as 2026-03-19",
    );
    fails(
        "    dates: [20260319]\n",
        "toleranced.yaml:3:13: `drift.holidays.dates`: `20260319` is not a date such as 2026-03-19",
    );
    fails(
        "    dates:\n      - {from: 2026-08-14, to: 2026-08-03}\n",
        "toleranced.yaml:4:9: `drift.holidays.dates`: 2026-08-14 is after 2026-08-03: write the first day first",
    );
    fails(
        "    dates: [{from: 2026-01-01, to: 2027-06-30}]\n",
        "toleranced.yaml:3:13: `drift.holidays.dates`: from 2026-01-01 to 2027-06-30 are more than 366 days: \
         name the holidays in it",
    );
    fails(
        "    dates: [{from: 2026-01-01, until: 2026-01-03}]\n",
        "toleranced.yaml:3:32: unknown field `until` (known here: from, to)",
    );
    fails(
        "    country: [DE]\n",
        "toleranced.yaml:3:5: unknown field `country` (known here: countries, dates, files, year_end)",
    );
    let problems = configured("    files: [none.ics]\n")
        .unwrap_err()
        .to_string();
    let start = "toleranced.yaml:3:13: `drift.holidays.files`: none.ics: ";
    assert!(problems.starts_with(start), "{problems}");
}

#[test]
fn all_mistakes_are_reported_at_once() {
    let problems = configured("    countries: [DX]\n    dates: [today]\n").unwrap_err();
    assert_eq!(problems.0.len(), 2, "{problems}");
}

#[test]
fn a_list_has_dates_ranges_names_and_comments() {
    let dates = ["2026-03-19", "2026-08-03", "2026-08-04", "2026-08-05"];
    read(
        "days.txt",
        "# closed\n\n2026-03-19\n2026-08-03 2026-08-05\n",
        &dates,
    );
    let table = "\u{feff}from,to,name\r\n2026-03-19,,Company day\r\n\"2026-08-03\",\"2026-08-05\",Summer break\r\n";
    read("days.csv", table, &dates);
    read("days.csv", "2026-03-19;Company day 2026\n", &["2026-03-19"]);
}

#[test]
fn a_wrong_line_of_a_list_is_named() {
    let hint = "(begin each line with a date, or with the first and the last date of a range)";
    unreadable(
        "days.txt",
        "date\n2026-03-19\n19.03.2026\n",
        &format!("days.txt:3: `19.03.2026` is not a date such as 2026-03-19 {hint}"),
    );
    unreadable(
        "days.txt",
        "2026-08-05 2026-08-03\n",
        &format!("days.txt:1: 2026-08-05 is after 2026-08-03: write the first day first {hint}"),
    );
    unreadable(
        "days.txt",
        "# nothing\n",
        "days.txt: no date in this file (write one date such as 2026-03-19 per line, or an ICS calendar)",
    );
}

#[test]
fn events_that_last_whole_days_are_read() {
    for (lines, dates) in [
        ("DTSTART;VALUE=DATE:20260319", &["2026-03-19"][..]),
        ("DTSTART:20260319|DTEND:20260319", &["2026-03-19"]),
        (
            "DTSTART;VALUE=DATE:20260803|DTEND;VALUE=DATE:20260805",
            &["2026-08-03", "2026-08-04"],
        ),
        (
            "dtstart;value=date:20260803|duration:P2D",
            &["2026-08-03", "2026-08-04"],
        ),
        (
            "DTSTART;TZID=\"a:b\":20260803T000000|DTEND;TZID=\"a:b\":20260805T000000",
            &["2026-08-03", "2026-08-04"],
        ),
        (
            "SUMMARY:a name that\\n goes|  on|DTSTART;VALUE=DA| TE:202603| 19|BEGIN:VALARM|DURATION:PT5M|END:VALARM",
            &["2026-03-19"],
        ),
        (
            "DTSTART:20260319|RDATE;VALUE=DATE:20260401,20260402|EXDATE;VALUE=DATE:20260401",
            &["2026-03-19", "2026-04-02"],
        ),
    ] {
        read("company.ics", &event(lines), dates);
        // The content tells it as well as the name.
        read("company.txt", &event(lines), dates);
    }
}

#[test]
fn yearly_events_are_repeated() {
    for (lines, dates) in [
        (
            "DTSTART:20240319|RRULE:FREQ=YEARLY;COUNT=3",
            &["2024-03-19", "2025-03-19", "2026-03-19"][..],
        ),
        (
            "DTSTART:20240319|RRULE:FREQ=YEARLY;INTERVAL=2;UNTIL=20280318T000000Z;WKST=MO",
            &["2024-03-19", "2026-03-19"],
        ),
        (
            "DTSTART:20240229|RRULE:FREQ=YEARLY;UNTIL=20281231",
            &["2024-02-29", "2028-02-29"],
        ),
        (
            "DTSTART:20251127|RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH;COUNT=2",
            &["2025-11-27", "2026-11-26"],
        ),
        (
            "DTSTART:20250526|DTEND:20250528|RRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO;COUNT=2",
            &["2025-05-26", "2025-05-27", "2026-05-25", "2026-05-26"],
        ),
        (
            "DTSTART:20250101|RRULE:FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=1;COUNT=2|EXDATE:20250101",
            &["2026-01-01"],
        ),
    ] {
        read("company.ics", &event(lines), dates);
    }
    let without_end = event("DTSTART:20240319|RRULE:FREQ=YEARLY");
    let days = days_of_file(Path::new("company.ics"), &without_end).unwrap();
    assert_eq!(days.len(), 77);
}

#[test]
fn meetings_and_cancelled_events_are_no_holidays() {
    let other = "END:VEVENT|BEGIN:VEVENT|DTSTART:20260320";
    for lines in [
        "DTSTART:20260319T080000Z|DTEND:20260319T090000Z",
        "DTSTART:20260319T000000Z|DTEND:20260319T090000Z",
        "DTSTART:20260319|STATUS:CANCELLED",
    ] {
        read(
            "company.ics",
            &event(&format!("{lines}|{other}")),
            &["2026-03-20"],
        );
        let hint =
            "holidays are VEVENTs with a date as DTSTART, such as DTSTART;VALUE=DATE:20260319";
        unreadable(
            "company.ics",
            &event(lines),
            &format!("company.ics: has no event that lasts a whole day ({hint})"),
        );
    }
}

#[test]
fn a_wrong_line_of_a_calendar_is_named() {
    for (lines, said) in [
        (
            "DTSTART:2026-03-19",
            "4: DTSTART: `2026-03-19` is not a date such as 20260319",
        ),
        (
            "DTSTART:20260319T1",
            "4: DTSTART: `20260319T1` is not a date such as 20260319",
        ),
        ("SUMMARY:none", "3: this VEVENT has no DTSTART"),
        (
            "DTSTART:20260319|DTSTART:20260320",
            "5: a second DTSTART in one VEVENT: remove one",
        ),
        (
            "DTSTART:20260319|DTEND:20260318",
            "5: DTEND is before DTSTART",
        ),
        (
            "DTSTART:20260319|DURATION:PT24H",
            "5: DURATION: `PT24H` is not a number of days such as P1D: use DTEND",
        ),
        (
            "DTSTART:20260319|DTEND:20280319",
            "4: from 2026-03-19 to 2028-03-18 are more than 366 days: name the holidays in it",
        ),
        (
            "DTSTART:20260319|RRULE:FREQ=WEEKLY",
            "5: RRULE: `FREQ=WEEKLY` is not read, only FREQ=YEARLY on one date or one weekday of a month: \
             write the days to `drift.holidays.dates`",
        ),
        (
            "DTSTART:20260319|RRULE:FREQ=YEARLY;BYDAY=20MO",
            "5: RRULE: `BYDAY=20MO` is not read, only FREQ=YEARLY on one date or one weekday of a month: \
             write the days to `drift.holidays.dates`",
        ),
        (
            "DTSTART:20260319|nonsense",
            "5: `nonsense` is not a property such as DTSTART:20260319",
        ),
        (
            "DTSTART:20260319|END:VALARM",
            "5: END:VALARM ends nothing that has begun",
        ),
        (
            "DTSTART:20260319|BEGIN:VALARM|END:VALARM|END:VEVENT|END:VCALENDAR|BEGIN:VCALENDAR|BEGIN:VEVENT",
            "10: this VEVENT has no DTSTART",
        ),
    ] {
        unreadable("company.ics", &event(lines), &format!("company.ics:{said}"));
    }
    unreadable(
        "company.ics",
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260319\n",
        "company.ics:2: BEGIN:VEVENT has no end: the file is cut off, so export it again",
    );
    unreadable(
        "company.ics",
        "2026-03-19\n",
        "company.ics:1: does not begin with BEGIN:VCALENDAR (export the calendar as ICS, or rename a list of dates to .txt)",
    );
}

proptest::proptest! {
    #[test]
    fn any_calendar_file_is_read_or_refused(
        lines in proptest::collection::vec(
            "(BEGIN:|END:|DTSTART:|DTEND:|DURATION:|RRULE:FREQ=YEARLY;|EXDATE:|RDATE;| )?\
             (VEVENT|VALARM|[0-9]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2}|P[0-9]{1,6}[DW]|[A-Z]{3,8}=-?[0-9]{0,3}[A-Z]{0,2}|\\PC{0,6})",
            0..8,
        ),
    ) {
        let lines = lines.join("\n");
        for text in [event(&lines), format!("BEGIN:VCALENDAR\n{lines}"), lines] {
            for file in ["a.ics", "a.txt"] {
                if let Err(problem) = days_of_file(Path::new(file), &text) {
                    proptest::prop_assert!(problem.to_string().starts_with(file));
                }
            }
        }
    }
}
