//! Do the intervals hold what they promise? Seeded simulations of streams with known truth.

use super::*;
use crate::model::HOUR_US;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Gamma, Poisson};

const AHEAD: usize = 4;

/// Counts with this mean and `excess` times the variance of Poisson counts.
fn draw(rng: &mut ChaCha8Rng, mean: f64, excess: f64) -> i64 {
    let mean = if excess > 1.0 {
        let scale = excess - 1.0;
        Gamma::new(mean / scale, scale).unwrap().sample(rng)
    } else {
        mean
    };
    // A gamma variable may be 0 to the last bit.
    Poisson::new(mean.max(1e-12)).unwrap().sample(rng) as i64
}

/// What is counted over many streams.
#[derive(Debug, Default)]
struct Tally {
    streams: f64,
    weeks: f64,
    forecast: f64,
    plain: f64,
    widened: f64,
    over: f64,
    trend: f64,
    trend_held: f64,
}

/// A rate that starts at `mean` and grows by `growth` a year.
fn simulate(streams: u32, weeks: usize, mean: f64, excess: f64, growth: f64) -> Tally {
    let mut rng = ChaCha8Rng::seed_from_u64(20_241_101);
    let mut tally = Tally::default();
    for _ in 0..streams {
        let at = |week: usize| mean * growth.powf(week as f64 * 7.0 / 365.25);
        let counts: Vec<i64> = (0..weeks + AHEAD)
            .map(|week| draw(&mut rng, at(week), excess))
            .collect();
        let hour = |week: usize| Hour((week * 168 + 40) as i32);
        let starts = (0..weeks).map(|week| (hour(week), counts[week]));
        let to = Time(weeks as i64 * 168 * HOUR_US);
        let got = frequency(starts, Time(0), to, None, 0.05);
        let holds = |bounds: &Bounds, value: f64| {
            f64::from(u8::from((bounds.lower..=bounds.upper).contains(&value)))
        };
        tally.streams += 1.0;
        for (week, count) in got.forecast.iter().zip(&counts[weeks..]) {
            tally.weeks += 1.0;
            tally.forecast += holds(&week.cases, *count as f64);
        }
        tally.plain += holds(&got.cases_per_week, mean);
        tally.widened += holds(&got.cases_per_week_widened, mean);
        tally.over += f64::from(u8::from(got.overdispersed == Some(true)));
        if let Some(trend) = got.trend {
            tally.trend += f64::from(u8::from(trend.significant));
            tally.trend_held += holds(&trend.ratio_per_year, growth);
        }
    }
    tally
}

fn between(share: f64, least: f64, most: f64, what: &Tally) {
    assert!((least..=most).contains(&share), "{share} in {what:?}");
}

#[test]
fn poisson_streams() {
    for (weeks, mean) in [(8, 5.0), (26, 5.0), (26, 60.0), (52, 200.0)] {
        let tally = simulate(300, weeks, mean, 1.0, 1.0);
        // Whole counts can't hit 95 % exactly; an interval for few cases holds more.
        between(tally.forecast / tally.weeks, 0.94, 0.99, &tally);
        between(tally.plain / tally.streams, 0.92, 0.98, &tally);
        between(tally.widened / tally.streams, 0.92, 0.995, &tally);
        between(tally.over / tally.streams, 0.01, 0.09, &tally);
        between(tally.trend / tally.streams, 0.0, 0.09, &tally);
    }
}

#[test]
fn over_dispersed_streams() {
    for (weeks, mean, excess) in [(26, 10.0, 3.0), (26, 100.0, 8.0), (52, 60.0, 4.0)] {
        let tally = simulate(300, weeks, mean, excess, 1.0);
        between(tally.forecast / tally.weeks, 0.925, 0.98, &tally);
        between(tally.widened / tally.streams, 0.90, 0.98, &tally);
        // The interval for independent cases fails, which is why there is the other one.
        between(tally.plain / tally.streams, 0.0, 0.85, &tally);
        between(tally.over / tally.streams, 0.95, 1.0, &tally);
        between(tally.trend / tally.streams, 0.01, 0.10, &tally);
        between(tally.trend_held / tally.streams, 0.90, 0.99, &tally);
    }
}

#[test]
fn streams_with_a_trend() {
    for excess in [1.0, 3.0] {
        let tally = simulate(300, 40, 40.0, excess, 3.0);
        between(tally.trend / tally.streams, 0.95, 1.0, &tally);
        between(tally.trend_held / tally.streams, 0.91, 0.99, &tally);
        between(tally.forecast / tally.weeks, 0.925, 0.985, &tally);
    }
}
