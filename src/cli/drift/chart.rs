//! The days of a stream in a few lines of a terminal.

use super::super::text::printable;
use crate::drift::{ChartPoint, StreamChart};
use crate::model::Day;
use crate::store::AlarmRow;

/// Characters of a line.
const CHARS: usize = 72;
/// Days before the onset that are shown.
const DAYS_BEFORE: i32 = 90;
/// Days after the onset that are shown; JSON has all.
const DAYS_AFTER: i32 = 270;
/// Width of the names of lines.
const NAME_CHARS: usize = 10;

/// A few points, in one character.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Column {
    value: Option<f64>,
    expected: Option<f64>,
    lower: Option<f64>,
    upper: Option<f64>,
}

/// The observed means with their expected range, on one scale; the days of the alarm and of known changes below.
pub(super) fn text_chart(
    chart: &StreamChart,
    alarm: &AlarmRow,
    changes: &[(Day, String)],
) -> String {
    let shown = alarm.onset - DAYS_BEFORE..alarm.onset + DAYS_AFTER;
    let points = chart.points.iter();
    let points: Vec<&ChartPoint> = points.filter(|point| shown.contains(&point.day)).collect();
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return String::new();
    };
    let in_a_char = points.len().div_ceil(CHARS);
    let columns: Vec<Column> = points.chunks(in_a_char).map(column).collect();
    let all = columns.iter().flat_map(|of| [of.value, of.upper]);
    let most = all.flatten().fold(0.0, f64::max);
    let line = |name: &str, of: fn(&Column) -> Option<f64>| {
        let bars: String = columns.iter().map(|column| bar(of(column), most)).collect();
        format!("{name:>NAME_CHARS$} {bars}")
    };
    let days = in_a_char * chart.days_per_point;
    let last = last.day + days_of(chart.days_per_point) - 1;
    let scale = chart.stream.figure(most);
    let mut lines = vec![
        format!(
            "{} to {last}, a character is {days} day{}, the highest bar is {scale}:",
            first.day,
            if days == 1 { "" } else { "s" },
        ),
        line("upper", |column| column.upper),
        line("expected", |column| column.expected),
        line("lower", |column| column.lower),
        line("observed", |column| column.value),
    ];
    let place = |day: Day| {
        let place = usize::try_from(day - first.day).ok()? / days;
        (place < columns.len()).then_some(place)
    };
    let marks = marks(columns.len(), place, alarm, changes);
    lines.push(format!("{:>NAME_CHARS$} {marks}", ""));
    lines.push(legend(
        alarm,
        changes.iter().filter(|(day, _)| place(*day).is_some()),
    ));
    lines.join("\n")
}

fn days_of(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

fn column(points: &[&ChartPoint]) -> Column {
    let mean = |of: &dyn Fn(&ChartPoint) -> Option<f64>| {
        let known: Vec<f64> = points.iter().filter_map(|point| of(point)).collect();
        (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
    };
    Column {
        value: mean(&|point| point.value),
        expected: mean(&|point| Some(point.expected?.mean)),
        lower: mean(&|point| Some(point.expected?.lower)),
        upper: mean(&|point| Some(point.expected?.upper)),
    }
}

/// Nothing where nothing is known.
fn bar(value: Option<f64>, most: f64) -> char {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let Some(value) = value else {
        return ' ';
    };
    let share = if most > 0.0 { value / most } else { 0.0 };
    let at = (share.clamp(0.0, 1.0) * BARS.len() as f64) as usize;
    BARS[at.min(BARS.len() - 1)]
}

fn marks(
    count: usize,
    place: impl Fn(Day) -> Option<usize>,
    alarm: &AlarmRow,
    changes: &[(Day, String)],
) -> String {
    let mut marks = vec![' '; count];
    let changes = changes.iter().map(|(day, _)| (*day, 'c'));
    let of_alarm = [(alarm.raised, '!'), (alarm.onset, '^')];
    for (day, mark) in changes.chain(of_alarm) {
        if let Some(place) = place(day) {
            marks[place] = mark;
        }
    }
    marks.into_iter().collect::<String>().trim_end().to_owned()
}

fn legend<'a>(alarm: &AlarmRow, changes: impl Iterator<Item = &'a (Day, String)>) -> String {
    let mut told = vec![
        format!("^ change about {}", alarm.onset),
        format!("! alarm raised {}", alarm.raised),
    ];
    told.extend(changes.map(|(day, what)| format!("c {} ({day})", printable(what, 40))));
    format!("{:>NAME_CHARS$} {}", "", told.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::{Expected, Stream};

    fn chart(days: i32) -> StreamChart {
        let point = |day: i32| ChartPoint {
            day: Day(day),
            value: (day % 7 != 6).then_some(if day < 20 { 0.1 } else { 0.8 }),
            expected: (day >= 5 && day % 7 != 6).then_some(Expected {
                mean: 0.1,
                lower: 0.0,
                upper: 0.35,
            }),
        };
        StreamChart {
            stream: Stream::Deviation,
            outcome: None,
            days_per_point: 1,
            points: (0..days).map(point).collect(),
        }
    }

    fn alarm() -> AlarmRow {
        AlarmRow {
            onset: Day(20),
            raised: Day(23),
            ..AlarmRow::default()
        }
    }

    #[test]
    fn days_without_cases_are_gaps_and_the_change_is_marked() {
        let changes = [
            (Day(17), "prompt 7".to_owned()),
            (Day(400), "later".to_owned()),
        ];
        let told = text_chart(&chart(28), &alarm(), &changes);
        let want = "\
1970-01-01 to 1970-01-28, a character is 1 day, the highest bar is 80.00 %:
     upper      ▄ ▄▄▄▄▄▄ ▄▄▄▄▄▄ ▄▄▄▄▄▄
  expected      ▂ ▂▂▂▂▂▂ ▂▂▂▂▂▂ ▂▂▂▂▂▂
     lower      ▁ ▁▁▁▁▁▁ ▁▁▁▁▁▁ ▁▁▁▁▁▁
  observed ▂▂▂▂▂▂ ▂▂▂▂▂▂ ▂▂▂▂▂▂ ██████
                            c  ^  !
           ^ change about 1970-01-21; ! alarm raised 1970-01-24; c prompt 7 (1970-01-18)";
        let lines: Vec<&str> = told.lines().map(str::trim_end).collect();
        assert_eq!(lines.join("\n"), want);
    }

    #[test]
    fn many_days_share_a_character_and_no_days_say_nothing() {
        let told = text_chart(&chart(290), &alarm(), &[]);
        assert!(told.contains("a character is 5 days"), "{told}");
        let widest = told.lines().skip(1).map(|line| line.chars().count()).max();
        assert!(widest <= Some(NAME_CHARS + 1 + CHARS), "{told}");
        let none = StreamChart {
            points: Vec::new(),
            ..chart(1)
        };
        assert_eq!(text_chart(&none, &alarm(), &[]), "");
    }
}
