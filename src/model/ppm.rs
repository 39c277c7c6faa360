//! Shares in parts per million.

/// A share in parts per million, the unit in which deviations are counted so that sums stay exact.
///
/// 0 is nothing, [`Ppm::ONE`] is the whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ppm(pub u32);

impl Ppm {
    /// Nothing (0.0).
    pub const ZERO: Ppm = Ppm(0);
    /// One whole (1.0).
    pub const ONE: Ppm = Ppm(1_000_000);

    /// A share in \[0, 1\], rounded to the nearest part.
    ///
    /// Values outside the range are clamped; NaN becomes 0.
    pub(crate) fn of(share: f64) -> Ppm {
        Ppm((share.clamp(0.0, 1.0) * f64::from(Ppm::ONE.0)).round() as u32)
    }

    /// The share as a fraction: 0.0 to 1.0.
    pub(crate) fn share(self) -> f64 {
        f64::from(self.0) / f64::from(Ppm::ONE.0)
    }

    /// The share this many times, at most the whole.
    pub(crate) fn times(self, count: u32) -> Ppm {
        Ppm(self.0.saturating_mul(count)).min(Ppm::ONE)
    }

    /// What is missing to one whole.
    pub(crate) fn complement(self) -> Ppm {
        Ppm(Ppm::ONE.0.saturating_sub(self.0))
    }

    /// A sum of shares as a fraction of one whole, from the sum of their parts.
    pub(crate) fn shares(parts: i64) -> f64 {
        parts as f64 / f64::from(Ppm::ONE.0)
    }
}

/// The number of parts, for exact sums.
impl From<Ppm> for i64 {
    fn from(share: Ppm) -> i64 {
        i64::from(share.0)
    }
}

/// The number of parts, for exact sums of squares and cubes.
impl From<Ppm> for i128 {
    fn from(share: Ppm) -> i128 {
        i128::from(share.0)
    }
}

/// The number of parts.
impl From<Ppm> for u64 {
    fn from(share: Ppm) -> u64 {
        u64::from(share.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_rounded_and_clamped() {
        assert_eq!(Ppm::of(0.5), Ppm(500_000));
        assert_eq!(Ppm::of(0.000_000_5), Ppm(1));
        assert_eq!(Ppm::of(-1.0), Ppm::ZERO);
        assert_eq!(Ppm::of(7.0), Ppm::ONE);
        assert_eq!(Ppm::of(f64::NAN), Ppm::ZERO);
        assert_eq!(Ppm(250_000).share(), 0.25);
        assert_eq!(Ppm(250_000).complement(), Ppm(750_000));
        assert_eq!(Ppm(250_000).times(2), Ppm(500_000));
        assert_eq!(Ppm(250_000).times(5), Ppm::ONE);
        assert_eq!(Ppm::shares(2_500_000), 2.5);
    }
}
