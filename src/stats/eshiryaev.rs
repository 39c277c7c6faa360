//! Sequential change detection by betting: mixtures of e-Shiryaev-Roberts detectors.

/// One detector of a mixture, with what is needed to say since when and how far the stream has changed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Component {
    /// The Shiryaev-Roberts statistic `M <- (M + 1) L`.
    pub(crate) evidence: f64,
    /// The CUSUM of the same factors, `max(0, C + ln L)`: where it left 0 last is the likeliest onset of a change (Page
    /// 1954, "Continuous inspection schemes"; Hinkley 1970).
    pub(crate) cusum: f64,
    /// The step at which the CUSUM left 0 last.
    pub(crate) since: i32,
    /// Observations since then.
    pub(crate) count: f64,
    /// Their sum.
    pub(crate) sum: f64,
    /// What that sum would be at the null mean.
    pub(crate) expected: f64,
}

/// What one step brings a component.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Bet {
    /// Natural logarithm of the factor L, an e-value: its mean under the null is at most 1.
    pub(crate) ln_factor: f64,
    /// Observations in the step.
    pub(crate) count: f64,
    /// Their sum.
    pub(crate) sum: f64,
    /// Their sum at the null mean.
    pub(crate) expected: f64,
}

/// A mixture of detectors with equal weights.
///
/// Each step multiplies by a factor whose mean under the null, given the past, is at most 1. Then `M - t` is a
/// supermartingale, and by optional stopping the mean number of steps until `M` first reaches `A` is at least `A`, whatever
/// the distribution and the dependence (Shin, Ramdas, Rinaldo 2023, "E-detectors: a nonparametric framework for
/// sequential change detection", theorem 2.4). A mean of such detectors is one again.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mixture {
    components: Vec<Component>,
}

impl Mixture {
    /// Of `components` detectors, none of which has seen anything.
    pub(crate) fn new(components: usize) -> Mixture {
        Mixture {
            components: vec![Component::default(); components],
        }
    }

    /// Takes step number `at`. A step without observations is none: a stream of which nothing is heard must not come nearer
    /// to an alarm, and fewer steps than there are only make the bound more cautious. No component rises above `cap`: taking evidence away keeps the bound, and lets a detector
    /// that has long been above its threshold come down again when the change is over.
    pub(crate) fn step(&mut self, at: i32, bets: &[Bet], cap: f64) {
        if bets.iter().all(|bet| bet.count == 0.0) {
            return;
        }
        let most = cap.ln().max(0.0);
        for (component, bet) in self.components.iter_mut().zip(bets) {
            let factor = bet.ln_factor.exp();
            component.evidence = ((component.evidence + 1.0) * factor).min(cap);
            let cusum = component.cusum + bet.ln_factor;
            if component.cusum == 0.0 {
                component.since = at;
                (component.count, component.sum, component.expected) = (0.0, 0.0, 0.0);
            }
            // At its cap it stays: how long ago a change began is not forgotten, how strongly it was felt is.
            component.cusum = cusum.clamp(0.0, most);
            component.count += bet.count;
            component.sum += bet.sum;
            component.expected += bet.expected;
        }
    }

    /// The evidence that there was a change: the mean of the components.
    pub(crate) fn evidence(&self) -> f64 {
        if self.components.is_empty() {
            return 0.0;
        }
        let sum: f64 = self.components.iter().map(|one| one.evidence).sum();
        sum / self.components.len() as f64
    }

    /// The component with most evidence, and its number.
    pub(crate) fn leading(&self) -> Option<(usize, &Component)> {
        let by_evidence = |a: &(usize, &Component), b: &(usize, &Component)| {
            a.1.evidence.total_cmp(&b.1.evidence)
        };
        self.components.iter().enumerate().max_by(by_evidence)
    }

    /// Forgets everything.
    pub(crate) fn reset(&mut self) {
        self.components.fill(Component::default());
    }
}

/// The factor `1 + lambda (x - m)` of an observation x in \[0, 1\] whose mean is m at most (lambda > 0) or at least
/// (lambda < 0): its mean is then at most 1. Positive for `-1 / (1 - m) < lambda < 1 / m` (Waudby-Smith, Ramdas 2024,
/// "Estimating means of bounded random variables by betting").
pub(crate) fn ln_bet(lambda: f64, x: f64, m: f64) -> f64 {
    // A bet on the very edge would lose everything at once; floating point must not get there.
    (lambda * (x - m)).max(-0.999_999).ln_1p()
}

/// The bet that grows fastest if the mean of a 0/1 variable is `mean` instead of `m` (Kelly 1956): the likelihood ratio.
pub(crate) fn kelly(mean: f64, m: f64) -> f64 {
    if m <= 0.0 || m >= 1.0 {
        return 0.0;
    }
    (mean - m) / (m * (1.0 - m))
}

/// Natural logarithm of the likelihood ratio of a count, as a line over the count (its slope, and its value at 0): negative binomial (NB2: variance `mean + alpha mean^2`; Poisson at
/// alpha = 0) with mean `ratio * mean` against `mean`.
///
/// It is an exponential function of the count, so it is an e-value for every distribution that is not more spread out (in
/// the convex order) than this one.
pub(crate) fn ln_count_line(mean: f64, ratio: f64, alpha: f64) -> (f64, f64) {
    if mean <= 0.0 || ratio <= 0.0 {
        return (0.0, 0.0);
    }
    if alpha * mean < 1e-9 {
        return (ratio.ln(), -mean * (ratio - 1.0));
    }
    let stretch = (alpha * mean * (ratio - 1.0) / (1.0 + alpha * mean)).ln_1p();
    (ratio.ln() - stretch, -stretch / alpha)
}

#[cfg(test)]
mod tests;
