//! When cases begin, and when people work.
//!
//! Everything here is a function of the seed and the calendar day, without memory of the day before:
//! that is what lets the live part continue where the history ended. All hours are UTC; the simulated
//! SOC has one site and no public holidays.

use super::event::{DAY_US, HOUR_US, MINUTE_US};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Poisson};

/// Relative weights of the days (Monday first) and of the hours of a day.
#[derive(Debug)]
pub(crate) struct Week {
    pub days: [f64; 7],
    pub hours: [f64; 24],
}

/// People ask and act in office hours, with a dip at noon and an early Friday.
pub(crate) const OFFICE: Week = Week {
    days: [1.15, 1.05, 1.0, 1.0, 0.85, 0.04, 0.03],
    hours: [
        0.01, 0.01, 0.01, 0.01, 0.01, 0.03, 0.15, 0.5, 1.2, 1.5, 1.5, 1.3, 0.8, 1.0, 1.3, 1.3, 1.1,
        0.7, 0.25, 0.1, 0.06, 0.04, 0.02, 0.01,
    ],
};

/// Alerts and reports follow the users' day, but the nights and weekends are not silent.
pub(crate) const ALERTS: Week = Week {
    days: [1.1, 1.1, 1.05, 1.05, 1.0, 0.55, 0.5],
    hours: [
        0.45, 0.4, 0.35, 0.35, 0.35, 0.4, 0.6, 0.9, 1.3, 1.5, 1.5, 1.4, 1.2, 1.3, 1.4, 1.4, 1.3,
        1.1, 0.9, 0.8, 0.7, 0.6, 0.55, 0.5,
    ],
};

/// Feeds and attackers: nearly flat, a little more while the world is awake.
pub(crate) const ALWAYS: Week = Week {
    days: [1.0, 1.0, 1.0, 1.0, 1.0, 0.9, 0.9],
    hours: [
        0.8, 0.8, 0.75, 0.75, 0.75, 0.8, 0.9, 1.0, 1.1, 1.1, 1.1, 1.1, 1.1, 1.1, 1.1, 1.1, 1.1,
        1.05, 1.05, 1.05, 1.0, 0.95, 0.9, 0.85,
    ],
};

/// How the cases of a process begin.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Arrivals {
    /// Independent arrivals with the pattern of a week.
    Poisson { per_week: f64, week: &'static Week },
    /// One arrival at a random time in each slot of `1 / per_week` weeks. For the rare processes: with
    /// Poisson arrivals one seed in twenty would show 0.6 a week as more than one a week over 90 days,
    /// and the reference scenarios have to come out for every seed.
    Slotted { per_week: f64, week: &'static Week },
    /// About `mean` cases at once, once a week, spread over `minutes`.
    Batch {
        weekday: usize,
        hour: i64,
        mean: f64,
        minutes: i64,
    },
}

impl Arrivals {
    /// Start times of one day, ascending. `rng` makes the generator of a numbered draw: draws of a day
    /// and draws of a slot must not share one.
    pub(crate) fn of_day(&self, day: i64, rng: impl Fn(Draw) -> ChaCha8Rng) -> Vec<i64> {
        let midnight = day * DAY_US;
        let mut times = Vec::new();
        match *self {
            Self::Poisson { per_week, week } => {
                let mut rng = rng(Draw::Day(day));
                let share = week.days[weekday(day)] / week.days.iter().sum::<f64>();
                for _ in 0..poisson(per_week * share, &mut rng) {
                    let hour = pick(&week.hours, &mut rng) as i64;
                    times.push(midnight + hour * HOUR_US + rng.random_range(0..HOUR_US));
                }
            }
            Self::Slotted { per_week, week } => {
                let length = (7.0 * DAY_US as f64 / per_week) as i64;
                let slots =
                    midnight.div_euclid(length)..=(midnight + DAY_US - 1).div_euclid(length);
                times.extend(
                    slots
                        .map(|slot| {
                            in_slot(slot * length, length, week, &mut rng(Draw::Slot(slot)))
                        })
                        .filter(|time| time.div_euclid(DAY_US) == day),
                );
            }
            Self::Batch {
                weekday: on,
                hour,
                mean,
                minutes,
            } => {
                if weekday(day) == on {
                    let mut rng = rng(Draw::Day(day));
                    for _ in 0..poisson(mean, &mut rng) {
                        times.push(
                            midnight + hour * HOUR_US + rng.random_range(0..minutes * MINUTE_US),
                        );
                    }
                }
            }
        }
        for time in &mut times {
            *time = whole_millis(*time);
        }
        times.sort_unstable();
        times
    }
}

/// Which random draw a generator is for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Draw {
    Day(i64),
    Slot(i64),
}

/// A random time in the slot, weighted by the week's pattern by rejection: bounded, because a slot
/// that lies wholly in quiet hours must still yield its case.
fn in_slot(start: i64, length: i64, week: &Week, rng: &mut ChaCha8Rng) -> i64 {
    let peak = max(&week.days) * max(&week.hours);
    let mut time = start;
    for _ in 0..256 {
        time = start + rng.random_range(0..length);
        let hour = time.rem_euclid(DAY_US) / HOUR_US;
        let weight = week.days[weekday(time.div_euclid(DAY_US))] * week.hours[hour as usize];
        if rng.random::<f64>() * peak < weight {
            break;
        }
    }
    time
}

fn max(values: &[f64]) -> f64 {
    values.iter().copied().fold(0.0, f64::max)
}

fn poisson(mean: f64, rng: &mut ChaCha8Rng) -> u64 {
    // `new` refuses a mean of 0 (and what is not finite): no arrivals then.
    Poisson::new(mean).map_or(0, |distribution| distribution.sample(rng) as u64)
}

/// Index drawn in proportion to the weights; the last one for a table that sums to nothing.
pub(crate) fn pick(weights: &[f64], rng: &mut ChaCha8Rng) -> usize {
    let mut left = rng.random::<f64>() * weights.iter().sum::<f64>();
    for (index, weight) in weights.iter().enumerate() {
        left -= weight;
        if left < 0.0 {
            return index;
        }
    }
    weights.len().saturating_sub(1)
}

/// Day of the week, 0 = Monday, of a day counted from 1970-01-01 (a Thursday).
pub(crate) const fn weekday(day: i64) -> usize {
    (day + 3).rem_euclid(7) as usize
}

/// Logs carry milliseconds, so the simulation must not know more.
pub(crate) const fn whole_millis(time_us: i64) -> i64 {
    time_us - time_us.rem_euclid(1_000)
}

const OFFICE_OPENS_US: i64 = 7 * HOUR_US + 30 * MINUTE_US;
const OFFICE_CLOSES_US: i64 = 18 * HOUR_US;

/// The instant at which `work_us` of office time (Monday to Friday, 07:30 to 18:00) have passed since `time_us`.
pub(crate) fn after_office_time(time_us: i64, work_us: i64) -> i64 {
    let mut time = time_us;
    let mut left = work_us;
    loop {
        let day = time.div_euclid(DAY_US);
        let opens = day * DAY_US + OFFICE_OPENS_US;
        let closes = day * DAY_US + OFFICE_CLOSES_US;
        if weekday(day) < 5 && time < closes {
            time = time.max(opens);
            if time + left <= closes {
                return time + left;
            }
            left -= closes - time;
        }
        time = (day + 1) * DAY_US;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-01-05, a Monday.
    const MONDAY: i64 = 20_458;

    #[test]
    fn weekdays_agree_with_the_calendar() {
        assert_eq!(weekday(MONDAY), 0);
        assert_eq!(weekday(MONDAY - 1), 6);
        assert_eq!(weekday(0), 3);
    }

    #[test]
    fn office_time_skips_nights_and_weekends() {
        let friday_evening = (MONDAY + 4) * DAY_US + 17 * HOUR_US;
        let expected = (MONDAY + 7) * DAY_US + OFFICE_OPENS_US + HOUR_US;
        assert_eq!(after_office_time(friday_evening, 2 * HOUR_US), expected);
        let sunday = (MONDAY + 6) * DAY_US + 3 * HOUR_US;
        assert_eq!(after_office_time(sunday, HOUR_US), expected);
    }
}
