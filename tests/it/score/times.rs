//! Ways to write a time.

use crate::support::Scratch;
use crate::support::scores::only;
use serde_json::Value;

/// A log with three cases of two steps, with the times as given.
fn timed(times: [&str; 6]) -> String {
    let line = |(at, time): (usize, &&str)| {
        format!("C{},{},\"{time}\"\n", at / 2, ["open", "shut"][at % 2])
    };
    let lines: String = times.iter().enumerate().map(line).collect();
    format!("case,activity,time\n{lines}")
}

fn span(scores: &Value) -> [&str; 2] {
    [
        scores["from"].as_str().unwrap_or("-"),
        scores["as_of"].as_str().unwrap_or("-"),
    ]
}

/// The same six instants in different ways.
const WAYS: [[&str; 6]; 12] = [
    [
        "2024-03-05T07:00:00Z",
        "2024-03-05T09:30:00Z",
        "2024-03-14T07:00:00Z",
        "2024-03-14T09:30:00Z",
        "2024-04-06T07:00:00Z",
        "2024-04-06T09:30:00Z",
    ],
    [
        "2024-03-05 07:00",
        "2024-03-05 09:30",
        "2024-03-14 07:00",
        "2024-03-14 09:30",
        "2024-04-06 07:00",
        "2024-04-06 09:30",
    ],
    [
        "2024-03-05T08:00:00+0100",
        "2024-03-05T10:30:00+01:00",
        "2024-03-14T08:00:00.000+01",
        "2024-03-14T09:30:00Z",
        "2024-04-06T09:00:00+02:00",
        "2024-04-06T11:30:00+0200",
    ],
    [
        "1709622000",
        "1709631000",
        "1710399600",
        "1710408600",
        "1712386800",
        "1712395800",
    ],
    [
        "1709622000000",
        "1709631000000",
        "1710399600000",
        "1710408600000",
        "1712386800000",
        "1712395800000",
    ],
    [
        "5/3/2024 7:00",
        "5/3/2024 9:30",
        "14/3/2024 7:00",
        "14/3/2024 9:30",
        "6/4/2024 7:00",
        "6/4/2024 9:30",
    ],
    [
        "05.03.2024 07:00:00",
        "05.03.2024 09:30:00",
        "14.03.2024 07:00:00",
        "14.03.2024 09:30:00",
        "06.04.2024 07:00:00",
        "06.04.2024 09:30:00",
    ],
    [
        "3/5/2024 7:00 AM",
        "3/5/2024 9:30 AM",
        "3/14/2024 7:00 AM",
        "3/14/2024 9:30 AM",
        "4/6/2024 7:00 AM",
        "4/6/2024 9:30 AM",
    ],
    [
        "05/Mar/2024:07:00:00 +0000",
        "05/Mar/2024:09:30:00 +0000",
        "14/Mar/2024:07:00:00 +0000",
        "14/Mar/2024:09:30:00 +0000",
        "06/Apr/2024:07:00:00 +0000",
        "06/Apr/2024:09:30:00 +0000",
    ],
    [
        "05/Mar/24 7:00 AM",
        "05/Mar/24 9:30 AM",
        "14/Mar/24 7:00 AM",
        "14/Mar/24 9:30 AM",
        "06/Apr/24 7:00 AM",
        "06/Apr/24 9:30 AM",
    ],
    [
        "Mar 5, 2024 7:00:00 AM",
        "Mar 5, 2024 9:30:00 AM",
        "Mar 14, 2024 7:00:00 AM",
        "Mar 14, 2024 9:30:00 AM",
        "Apr 6, 2024 7:00:00 AM",
        "Apr 6, 2024 9:30:00 AM",
    ],
    [
        "2024/03/05 07:00:00",
        "2024/03/05 09:30:00",
        "2024/03/14 07:00:00",
        "2024/03/14 09:30:00",
        "2024/04/06 07:00:00",
        "2024/04/06 09:30:00",
    ],
];

#[test]
fn ways_to_write_a_time() {
    let scratch = Scratch::new();
    for way in WAYS {
        let file = scratch.write("log.csv", timed(way));
        let scores = scratch.score(&[&file]);
        assert_eq!(
            span(&scores),
            ["2024-03-05T07:00:00Z", "2024-04-06T09:30:00Z"],
            "{way:?}"
        );
        assert_eq!(only(&scores)["duration_seconds"]["mean"], 9000.0, "{way:?}");
        assert_eq!(
            scores["mappings"][0]["day_or_month_unclear"], false,
            "{way:?}"
        );
    }
}

#[test]
fn a_day_that_could_be_a_month_is_said() {
    let scratch = Scratch::new();
    let times = [
        "5/3/2024 7:00",
        "5/3/2024 9:30",
        "4/3/2024 7:00",
        "4/3/2024 9:30",
        "6/4/2024 7:00",
        "6/4/2024 9:30",
    ];
    let file = scratch.write("log.csv", timed(times));
    let scores = scratch.score(&[&file]);
    assert_eq!(scores["mappings"][0]["day_or_month_unclear"], true);
    assert_eq!(scores["mappings"][0]["time_format"], "%d/%m/%Y %H:%M");
    assert_eq!(
        span(&scores),
        ["2024-03-04T07:00:00Z", "2024-04-06T09:30:00Z"]
    );
    scratch
        .run(&["score", &file])
        .ends_with(0)
        .says("Day and month could be the other way round");
    let told = ["score", &file, "--time-format", "%m/%d/%Y %H:%M"];
    scratch
        .run(&told)
        .ends_with(0)
        .does_not_say("the other way round")
        .says("2024-04-03T07:00:00Z to 2024-06-04T09:30:00Z");
}

#[test]
fn a_zone_is_applied_to_times_without_one_only() {
    let scratch = Scratch::new();
    let mixed = [
        "2024-07-01 10:00",
        "2024-07-01T08:30:00Z",
        "2024-07-02 10:00",
        "2024-07-02 11:00",
        "2024-10-27 02:30",
        "2024-10-27T01:30:00Z",
    ];
    let file = scratch.write("log.csv", timed(mixed));
    let scores = scratch.score(&[&file, "--time-zone", "Europe/Rome"]);
    assert_eq!(
        span(&scores),
        ["2024-07-01T08:00:00Z", "2024-10-27T01:30:00Z"]
    );
    assert_eq!(scores["ambiguous_times"], 1);
    scratch
        .run(&["score", &file, "--time-zone", "Europe/Roma"])
        .ends_with(1)
        .says("Europe/Rome");
}
