//! Why there is no verdict, in one sentence; numbers as sentences have them.

use super::process::Scorer;

/// Less than this is rounding, not a measurement.
const NOTHING: f64 = 1e-9;

/// A number with so many decimals; below 0.1 with as many more as its first two digits take, so that what is not 0 is never
/// printed as 0.
pub(crate) fn significant(number: f64, decimals: usize) -> String {
    let size = number.abs();
    if size < NOTHING {
        return format!("{:.decimals$}", 0.0);
    }
    let zeros_behind_the_point = (-size.log10()).ceil() - 1.0;
    if zeros_behind_the_point < 1.0 {
        return format!("{number:.decimals$}");
    }
    let taken = decimals.max(zeros_behind_the_point as usize + 2);
    let mut text = format!("{number:.taken$}");
    let zeros_at_the_end = text.len() - text.trim_end_matches('0').len();
    text.truncate(text.len() - zeros_at_the_end.min(taken - decimals));
    text
}

impl Scorer<'_> {
    /// Why nothing can be decided.
    pub(super) fn no_verdict(&self) -> String {
        let live = self.live;
        match self.declared.epoch {
            // What ended, or is open, may have begun before the window.
            _ if live.started() == 0 && live.cases == 0 && live.open == 0 => {
                "no case was seen".to_owned()
            }
            Some(epoch) if live.cases > 0 => {
                let date = epoch.to_string();
                let date = date.get(..10).unwrap_or(&date);
                format!("no case has ended since the epoch {date}, so there is no nominal size yet")
            }
            _ => "no case has ended yet".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::significant;

    #[test]
    fn what_is_not_0_is_not_printed_as_0() {
        for (number, decimals, text) in [
            (0.0, 1, "0.0"),
            (-0.0, 2, "0.00"),
            (1e-12, 1, "0.0"),
            (4.068, 2, "4.07"),
            (4.0, 2, "4.00"),
            (0.47, 1, "0.5"),
            (0.1, 1, "0.1"),
            (0.0416, 2, "0.042"),
            (0.0416, 1, "0.042"),
            (0.02, 1, "0.02"),
            (0.09996, 1, "0.1"),
            (0.09996, 2, "0.10"),
            (-0.00123, 1, "-0.0012"),
            (0.000_001_5, 2, "0.0000015"),
        ] {
            assert_eq!(significant(number, decimals), text, "{number}");
        }
    }
}
