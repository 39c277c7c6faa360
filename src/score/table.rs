//! The tolerance table and the levels.

use crate::model::{Class, Level, Status, TolClass};
use crate::rules::{Tolerance, ToleranceLevel};
use crate::stats::Interval;

/// Products of two short decimals are compared after rounding to 12 digits, so that 0.1 * 0.3 is 0.03.
fn tidy(value: f64) -> f64 {
    (value * 1e12).round() / 1e12
}

/// Permissible deviation T = kappa * t(class, size), in deviations per case.
///
/// ISO 2768-1:1989 table 1, one step read as one millimetre. `None` where the table has no value: there is no
/// tolerance to hold. Never interpolated, never extrapolated.
pub(crate) fn permissible_deviation(tolerance: &Tolerance, class: Class, size: f64) -> Option<f64> {
    if size.is_nan() || size < tolerance.lower {
        return None;
    }
    let range = tolerance.upper.iter().position(|upper| size <= *upper)?;
    let t = tolerance.rows.get(&class)?.get(range).copied().flatten()?;
    Some(tidy(tolerance.kappa * t))
}

/// The level of complexity of a size in steps.
pub(crate) fn complexity_level(tolerance: &Tolerance, size: f64) -> Level {
    let [low, medium, high] = tolerance.complexity;
    match size {
        n if n <= low => Level::Low,
        n if n <= medium => Level::Medium,
        n if n <= high => Level::High,
        _ => Level::ExtremelyHigh,
    }
}

/// The level of frequency of a rate in cases per week.
pub(crate) fn frequency_level(tolerance: &Tolerance, per_week: f64) -> Level {
    let [high, medium] = tolerance.frequency;
    match per_week {
        r if r >= high => Level::High,
        r if r >= medium => Level::Medium,
        _ => Level::Low,
    }
}

/// The level of tolerance of a permissible deviation, at most the highest one of the class.
pub(crate) fn tolerance_level(
    tolerance: &Tolerance,
    class: Class,
    permissible: Option<f64>,
) -> ToleranceLevel {
    let [low, high] = tolerance.tolerance;
    let level = match permissible {
        None => ToleranceLevel::None,
        Some(t) if t <= low => ToleranceLevel::Low,
        Some(t) if t < high => ToleranceLevel::Medium,
        Some(_) => ToleranceLevel::High,
    };
    let most = tolerance.most_tolerant.get(&class);
    most.map_or(level, |most| level.min(*most))
}

/// Observed against permissible deviation. Three states, so that it does not flap.
pub(crate) fn status(observed: Interval, permissible: Option<f64>) -> Status {
    match permissible {
        None => Status::NoTolerance,
        Some(t) if observed.upper <= t => Status::Within,
        Some(t) if observed.lower > t => Status::Outside,
        Some(_) => Status::Undetermined,
    }
}

/// The finest class whose permissible deviation the process is shown to hold; `None` where even the coarsest is
/// shown not to be held.
pub(crate) fn achieved_class(tolerance: &Tolerance, observed: Interval, size: f64) -> TolClass {
    let mut coarsest = None;
    for class in Class::ALL {
        if let Some(t) = permissible_deviation(tolerance, class, size) {
            if observed.upper <= t {
                return TolClass::from(class);
            }
            coarsest = Some(t);
        }
    }
    match coarsest {
        Some(t) if observed.lower > t => TolClass::None,
        _ => TolClass::Undetermined,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ISO 2768-1:1989 table 1, as it stands in the standard.
    #[rustfmt::skip]
    const ISO: [(Class, [Option<f64>; 8]); 4] = [
        (Class::F, [Some(0.05), Some(0.05), Some(0.1), Some(0.15), Some(0.2), Some(0.3), Some(0.5), None]),
        (Class::M, [Some(0.1), Some(0.1), Some(0.2), Some(0.3), Some(0.5), Some(0.8), Some(1.2), Some(2.0)]),
        (Class::C, [Some(0.2), Some(0.3), Some(0.5), Some(0.8), Some(1.2), Some(2.0), Some(3.0), Some(4.0)]),
        (Class::V, [None, Some(0.5), Some(1.0), Some(1.5), Some(2.5), Some(4.0), Some(6.0), Some(8.0)]),
    ];
    const RANGES: [(f64, f64); 8] = [
        (0.5, 3.0),
        (3.0, 6.0),
        (6.0, 30.0),
        (30.0, 120.0),
        (120.0, 400.0),
        (400.0, 1000.0),
        (1000.0, 2000.0),
        (2000.0, 4000.0),
    ];

    #[test]
    fn each_cell_of_the_table_at_both_ends_of_its_range() {
        let tolerance = Tolerance::builtin();
        for (class, row) in ISO {
            for ((low, high), t) in RANGES.iter().zip(row) {
                let want = t.map(|t| tidy(t * 0.1));
                let just_above = if *low == 0.5 { 0.5 } else { low + 1e-9 };
                for size in [just_above, (low + high) / 2.0, *high] {
                    let got = permissible_deviation(&tolerance, class, size);
                    assert_eq!(got, want, "class {class}, size {size}");
                }
            }
        }
    }

    #[test]
    fn nothing_outside_of_the_table() {
        let tolerance = Tolerance::builtin();
        for class in Class::ALL {
            for size in [0.0, 0.49, 4000.1, 1e9, f64::NAN, f64::INFINITY] {
                assert_eq!(permissible_deviation(&tolerance, class, size), None);
            }
        }
    }

    #[test]
    fn levels_of_the_reference_scenarios() {
        let tolerance = Tolerance::builtin();
        let level = |class, size| {
            tolerance_level(
                &tolerance,
                class,
                permissible_deviation(&tolerance, class, size),
            )
        };
        assert_eq!(level(Class::F, 12.0), ToleranceLevel::Low);
        assert_eq!(level(Class::F, 200.0), ToleranceLevel::Medium);
        assert_eq!(level(Class::C, 4.0), ToleranceLevel::High);
        assert_eq!(level(Class::F, 2500.0), ToleranceLevel::None);
        assert_eq!(complexity_level(&tolerance, 6.0), Level::Low);
        assert_eq!(complexity_level(&tolerance, 6.01), Level::Medium);
        assert_eq!(complexity_level(&tolerance, 120.01), Level::ExtremelyHigh);
        assert_eq!(frequency_level(&tolerance, 7.0), Level::High);
        assert_eq!(frequency_level(&tolerance, 1.0), Level::Medium);
        assert_eq!(frequency_level(&tolerance, 0.99), Level::Low);
    }

    #[test]
    fn three_states() {
        let ci = |lower, upper| Interval { lower, upper };
        assert_eq!(status(ci(0.0, 0.02), Some(0.02)), Status::Within);
        assert_eq!(status(ci(0.0, 0.03), Some(0.02)), Status::Undetermined);
        assert_eq!(status(ci(0.021, 0.03), Some(0.02)), Status::Outside);
        assert_eq!(status(ci(0.0, 0.0), None), Status::NoTolerance);
    }

    #[test]
    fn the_finest_class_that_is_held() {
        let tolerance = Tolerance::builtin();
        let held = |lower, upper| achieved_class(&tolerance, Interval { lower, upper }, 8.0);
        assert_eq!(held(0.0, 0.01), TolClass::F);
        assert_eq!(held(0.0, 0.02), TolClass::M);
        assert_eq!(held(0.024, 0.045), TolClass::C);
        assert_eq!(held(0.0, 0.1), TolClass::V);
        assert_eq!(held(0.0, 0.5), TolClass::Undetermined);
        assert_eq!(held(0.2, 0.5), TolClass::None);
        // Up to size 3 there is no v: c is the coarsest.
        let tiny = achieved_class(
            &tolerance,
            Interval {
                lower: 0.03,
                upper: 0.05,
            },
            2.0,
        );
        assert_eq!(tiny, TolClass::None);
    }
}
