//! From the false alarms that a stream may give in a year to the evidence that an alarm needs.

/// Evidence that a stable stream exceeds once in so many years. Measured around 400 years, on simulated fleets of independent
/// cases with 0.3 to 60 cases per day and weekends. The others follow from the slope that was measured there: the
/// evidence grows by about one when the years grow by the factor e.
const LIMITS: [(f64, f64); 5] = [
    (10.0, 5.1),
    (40.0, 6.5),
    (120.0, 7.6),
    (400.0, 8.7),
    (1_200.0, 9.7),
];
/// Less evidence than this is a few bad cases.
const LEAST: f64 = 4.0;

/// The evidence that an alarm needs, if a stable stream may give one in so many years. Between and beyond the simulated
/// limits it grows like the logarithm of the years.
pub(super) fn limit(years: f64) -> f64 {
    let years = years.max(f64::MIN_POSITIVE);
    let last = LIMITS.len() - 2;
    let at = (0..last)
        .find(|at| years <= LIMITS[at + 1].0)
        .unwrap_or(last);
    let ((y0, g0), (y1, g1)) = (LIMITS[at], LIMITS[at + 1]);
    let share = (years / y0).ln() / (y1 / y0).ln();
    (g0 + share * (g1 - g0)).max(LEAST)
}

/// In how many years a stable stream gives so much evidence once. `evidence` is over the limit of a stream that may give one
/// alarm in `years`.
pub(super) fn years_of_evidence(evidence: f64, years: f64) -> f64 {
    let [(y0, g0), (y1, g1)] = [LIMITS[0], LIMITS[1]];
    // If the budget is large, the least evidence is rarer than the budget allows.
    let least = y0 * ((LEAST - g0) * (y1 / y0).ln() / (g1 - g0)).exp();
    // Beyond the limit the evidence is the logarithm of a likelihood ratio.
    years.max(least) * ((evidence - 1.0) * limit(years)).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_at_the_limit_is_as_rare_as_the_budget_says_and_more_is_rarer() {
        assert!((years_of_evidence(1.0, 40.0) - 40.0).abs() < 1e-9);
        let half_more = years_of_evidence(1.5, 40.0);
        assert!(
            (half_more / (40.0 * (0.5 * limit(40.0)).exp()) - 1.0).abs() < 1e-9,
            "{half_more}"
        );
        // The limit is the least one: the table says in how many years it is reached.
        let least = years_of_evidence(1.0, 0.01);
        assert!((limit(least) - LEAST).abs() < 1e-9, "{least}");
        assert!((1.0..10.0).contains(&least), "{least}");
    }

    #[test]
    fn rarer_false_alarms_need_more_evidence() {
        for (years, evidence) in LIMITS {
            assert!((limit(years) - evidence).abs() < 1e-9);
        }
        let grows = |years: f64| limit(2.0 * years) - limit(years);
        for years in [0.5, 3.0, 50.0, 300.0, 1e5] {
            assert!(grows(years) >= 0.0 && grows(years) < 1.5, "{years}");
        }
        assert_eq!(limit(0.0), LEAST);
    }
}
