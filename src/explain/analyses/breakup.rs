//! The parts that a process could be broken into.

use super::row;
use crate::explain::figure::{ENDED, Figure, interval};
use crate::explain::{percent, short};
use crate::model::humanize::significant;
use crate::model::{TolClass, printable};
use crate::score::{BreakUp, JumpBack, Part};

const PARTS: &str = "parts";
/// So many names of a list are printed.
const MOST_NAMES: usize = 8;
/// A name in a list is not longer: it must leave room for what stands beside it.
const LONGEST_NAME: usize = 40;

/// Each part, what stands in the way of smaller ones, and where deviations and decisions come from.
pub(super) fn break_up(found: &BreakUp) -> Vec<Figure> {
    let mut figures: Vec<Figure> = (1..)
        .zip(&found.parts)
        .map(|(nth, one)| part(nth, one))
        .collect();
    // Where there is no part, the reason names it.
    let jump_back = found.jump_back.as_ref();
    figures.extend(jump_back.filter(|_| !found.parts.is_empty()).map(jumping));
    figures.extend(found.largest_source.as_ref().map(|source| {
        let share = percent(source.share_ratio);
        let formula = format!(
            "{share} of all deviations are put down to it, of {} cases",
            source.cases
        );
        let name = (PARTS, "most deviations from");
        row(name, source.activity.clone(), formula, ENDED)
    }));
    figures.extend(found.largest_decision.as_ref().map(|decision| {
        let formula = format!("adds {} steps to D", short(decision.steps, 2));
        let name = (PARTS, "largest decision after");
        row(name, decision.activity.clone(), formula, ENDED)
    }));
    figures.push(row(
        (PARTS, "cut"),
        format!("{} parts", found.parts.len()),
        found.reason.to_string(),
        ENDED,
    ));
    figures
}

fn jumping(back: &JumpBack) -> Figure {
    let s = if back.places == 1 { "" } else { "s" };
    let formula = format!(
        "stands most in the way of smaller parts: {} times a case, over {} place{s} where too many cases come back",
        significant(back.per_case, 2),
        back.places
    );
    let way = format!("{} -> {}", back.from, back.to);
    row((PARTS, "jump back"), way, formula, ENDED)
}

fn part(nth: usize, part: &Part) -> Figure {
    let observed = part.deviation.map_or("not observed".to_owned(), |d| {
        format!("{} {}", percent(d.mean), interval(d))
    });
    let t = part
        .permissible_deviation
        .map_or("none".to_owned(), percent);
    let who = part
        .recommendation
        .map_or("not known who should run it", |r| r.word());
    // The longest comes last: it may be cut off.
    let formula = format!(
        "{} steps, {}; {observed}, T {t}: {}; {}; {who}; activities: {}",
        short(part.size_steps, 1),
        crossings(part),
        part.status,
        class(part.achieved_class),
        listed(&part.activities, part.activities_total, ", ", "and"),
    );
    let ends = |names: &[String]| listed(names, names.len(), " or ", "or");
    let way = format!("{} ... {}", ends(&part.entry), ends(&part.exit));
    row((PARTS, format!("part {nth}")), way, formula, ENDED)
}

/// How often it is entered, and how often elsewhere than the way through it says.
fn crossings(part: &Part) -> String {
    let entries = match part.entries_elsewhere {
        0 => format!("{} entries", part.entries),
        elsewhere => format!("{elsewhere} of {} entries elsewhere", part.entries),
    };
    match part.exits_elsewhere {
        0 => entries,
        elsewhere => format!("{entries}, {elsewhere} exits elsewhere"),
    }
}

/// The class that a part could hold, by what is known of it.
fn class(achieved: TolClass) -> String {
    match achieved {
        TolClass::None => "could hold no class".to_owned(),
        TolClass::Undetermined => "which class it could hold is undetermined".to_owned(),
        class => format!("could hold class {class}"),
    }
}

/// `a, b, c and 4 more`: the first names of so many.
fn listed(names: &[String], total: usize, between: &str, last: &str) -> String {
    let shown = names.iter().take(MOST_NAMES);
    let shown: Vec<String> = shown.map(|name| printable(name, LONGEST_NAME)).collect();
    let more = match total.saturating_sub(shown.len()) {
        0 => String::new(),
        more => format!(" {last} {more} more"),
    };
    format!("{}{more}", shown.join(between))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Level, Status};
    use crate::rules::{Recommendation, ToleranceLevel};
    use crate::score::CutReason;

    fn names(count: usize) -> Vec<String> {
        (1..=count).map(|nth| format!("B{nth}")).collect()
    }

    fn some_part() -> Part {
        Part {
            entry: names(1),
            exit: names(2),
            activities: names(12),
            activities_total: 12,
            entries: 800,
            entries_elsewhere: 0,
            exits_elsewhere: 0,
            entries_per_case: 1.0,
            entries_per_week: Some(56.0),
            cases: 800,
            size_steps: 321.26,
            steps: 25.0,
            decisions: 296.26,
            complexity: Level::ExtremelyHigh,
            frequency: Some(Level::High),
            tolerance: ToleranceLevel::Medium,
            permissible_deviation: Some(0.02),
            deviation: None,
            deviation_share_ratio: None,
            status: Status::Within,
            achieved_class: TolClass::F,
            recommendation: Some(Recommendation::People),
            rule: None,
        }
    }

    #[test]
    fn a_part_has_its_class_its_activities_and_what_goes_around_its_ends() {
        let plain = part(4, &some_part());
        assert_eq!(plain.name, "part 4");
        assert_eq!(plain.value, "B1 ... B1 or B2");
        assert_eq!(
            plain.formula,
            "321.3 steps, 800 entries; not observed, T 2.00 %: within; could hold class f; keep with people; \
             activities: B1, B2, B3, B4, B5, B6, B7, B8 and 4 more"
        );
        let around = part(
            4,
            &Part {
                entries_elsewhere: 652,
                exits_elsewhere: 3,
                achieved_class: TolClass::Undetermined,
                ..some_part()
            },
        );
        let words = "652 of 800 entries elsewhere, 3 exits elsewhere; ";
        assert!(around.formula.contains(words), "{}", around.formula);
        let words = "which class it could hold is undetermined";
        assert!(around.formula.contains(words), "{}", around.formula);
        let one = Part {
            activities: names(1),
            activities_total: 1,
            achieved_class: TolClass::None,
            ..some_part()
        };
        let one = part(1, &one).formula;
        assert!(
            one.contains("could hold no class; ") && one.ends_with("activities: B1"),
            "{one}"
        );
    }

    #[test]
    fn the_jump_back_is_told_once() {
        let mut advice = BreakUp {
            parts: vec![some_part()],
            reason: CutReason::Cut { unconfirmed: false },
            ignored_transitions_ratio: None,
            covers_all_activities: true,
            uncovered_activities: Vec::new(),
            jump_back: Some(JumpBack {
                from: "B2".to_owned(),
                to: "B0".to_owned(),
                per_case: 0.17875,
                places: 1,
            }),
            largest_source: None,
            largest_decision: None,
        };
        let told = |advice: &BreakUp| {
            let figures = break_up(advice).into_iter();
            figures
                .filter(|figure| figure.name == "jump back")
                .map(|figure| format!("{}: {}", figure.value, figure.formula))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            told(&advice),
            [
                "B2 -> B0: stands most in the way of smaller parts: 0.18 times a case, over 1 place where too many cases come back"
            ]
        );
        advice.parts.clear();
        assert!(told(&advice).is_empty());
    }
}
