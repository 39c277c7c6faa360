//! How the rate changes with outside factors.

use super::calendar::Week;
use super::model::{half_width, years};
use super::{Elasticity, Withheld};
use crate::rules::Drivers;
use crate::score::bounds::Bounds;
use crate::stats::{CountData, FitError, PoissonFit, correlation, fit_poisson, variance_inflation};

/// Half a year: with less, a driver and the season can't be told apart.
const LEAST_WEEKS: usize = 26;
/// Marquardt (1970): beyond this the data do not say which of two it was.
const MOST_VIF: f64 = 10.0;
/// Drivers whose logarithms differ by no more did not change.
const CONSTANT: f64 = 1e-9;
/// What the first column stands for.
const TREND: &str = "trend";

/// Elasticities by quasi-Poisson regression of the weekly counts on the trend and the logarithm of each driver's mean
/// over the week: `ln(rate) = a + b t + sum e_j ln(d_j)`, with t intervals of quasi-Poisson errors that are never taken
/// to be below those of Poisson counts. Over the whole weeks that the driver file covers.
///
/// Withheld where these are fewer than 26, the driver did not change, its variance inflation factor is above 10, or the
/// fit does not settle. The others are still held fixed for it then.
pub(super) fn elasticities(weeks: &[Week], drivers: &Drivers, alpha: f64) -> Vec<Elasticity> {
    let covered = weeks
        .iter()
        .filter_map(|week| Some((week.cases, drivers.means(week.from, week.from + 7)?)));
    let (counts, means): (Vec<u64>, Vec<Vec<f64>>) = covered.unzip();
    let number = counts.len();
    let entry = |driver: &str, found: Result<Bounds, Withheld>, vif: Option<f64>| Elasticity {
        driver: driver.to_owned(),
        weeks: number as u32,
        elasticity: found.as_ref().ok().copied(),
        vif,
        withheld: found.err(),
    };
    if let Some(reason) = too_few(weeks.len(), number, drivers) {
        let withheld = |name: &String| entry(name, Err(reason.clone()), None);
        return drivers.names.iter().map(withheld).collect();
    }
    let mut model = Model {
        names: vec![TREND],
        columns: vec![years(number)],
    };
    for (nth, name) in drivers.names.iter().enumerate() {
        let logs: Vec<f64> = means.iter().map(|means| means[nth].ln()).collect();
        if !is_constant(&logs) {
            model.names.push(name);
            model.columns.push(centred(logs));
        }
    }
    let factors = variance_inflation(&model.columns);
    let (fit, kept) = model.fit(&counts);
    let found = |name: &String| {
        let at = model.names.iter().skip(1).position(|known| known == name);
        let Some(at) = at.map(|at| at + 1) else {
            return entry(name, Err(Withheld::DriverConstant), None);
        };
        let vif = factors[at];
        if vif.is_none_or(|vif| vif > MOST_VIF) {
            let with = model.moves_with(at).to_owned();
            return entry(name, Err(Withheld::NotIdentifiable { with }), vif);
        }
        // Behind the constant.
        let coefficient = kept.iter().position(|kept| *kept == at).map(|at| at + 1);
        let bounds = match (&fit, coefficient) {
            (Ok(fit), Some(coefficient)) => bounds(fit, coefficient, alpha),
            (Err(error), _) => Err(Withheld::from(*error)),
            (Ok(_), None) => Err(Withheld::NotSettled),
        };
        entry(name, bounds, vif)
    };
    drivers.names.iter().map(found).collect()
}

fn too_few(weeks: usize, covered: usize, drivers: &Drivers) -> Option<Withheld> {
    let needed = LEAST_WEEKS as u32;
    if weeks < LEAST_WEEKS {
        let weeks = weeks as u32;
        return Some(Withheld::FewWeeks { weeks, needed });
    }
    let (last, holds_days) = drivers.last();
    (covered < LEAST_WEEKS).then_some(Withheld::NotCovered {
        weeks: covered as u32,
        needed,
        last,
        holds_days,
    })
}

fn is_constant(logs: &[f64]) -> bool {
    let most = logs.iter().copied().fold(f64::MIN, f64::max);
    let least = logs.iter().copied().fold(f64::MAX, f64::min);
    most - least <= CONSTANT
}

fn centred(mut logs: Vec<f64>) -> Vec<f64> {
    let mean = logs.iter().sum::<f64>() / logs.len() as f64;
    logs.iter_mut().for_each(|log| *log -= mean);
    logs
}

fn bounds(fit: &PoissonFit, coefficient: usize, alpha: f64) -> Result<Bounds, Withheld> {
    let (half, _) = half_width(fit, coefficient, alpha).ok_or(Withheld::NotSettled)?;
    let mean = fit.coefficients[coefficient];
    Ok(Bounds {
        mean,
        lower: mean - half,
        upper: mean + half,
    })
}

/// The columns of the regression.
struct Model<'a> {
    names: Vec<&'a str>,
    columns: Vec<Vec<f64>>,
}

impl Model<'_> {
    /// The fit, and which columns are in it. One that is a combination of those before it is left out: it has no
    /// elasticity of its own, and those of the others do not depend on which one is left out.
    fn fit(&self, counts: &[u64]) -> (Result<PoissonFit, FitError>, Vec<usize>) {
        let mut kept: Vec<usize> = (0..self.columns.len()).collect();
        loop {
            let columns: Vec<Vec<f64>> =
                kept.iter().map(|nth| self.columns[*nth].clone()).collect();
            let fit = fit_poisson(CountData {
                counts,
                columns: &columns,
                offset: None,
            });
            match fit {
                Err(FitError::RankDeficient { column }) => {
                    kept.remove(column);
                }
                fit => return (fit, kept),
            }
        }
    }

    /// The column that a column moves with most.
    fn moves_with(&self, at: usize) -> &str {
        let others = (0..self.columns.len()).filter(|other| *other != at);
        let strength = |other: &usize| {
            let r = correlation(&self.columns[at], &self.columns[*other]);
            r.map_or(0.0, f64::abs)
        };
        let most = others.max_by(|a, b| strength(a).total_cmp(&strength(b)));
        most.map_or(TREND, |nth| self.names[nth])
    }
}
