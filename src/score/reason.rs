//! Why a verdict is what it is, in one sentence, or why there is none.

use super::process::Scorer;
use super::recommend::Attributes;
use super::shape::Bounds;

impl Scorer<'_> {
    /// The figures that a verdict rests on.
    pub(super) fn figures(
        &self,
        is: &Attributes,
        nominal: Option<f64>,
        per_week: Option<f64>,
        permissible: Option<f64>,
        deviation: Option<Bounds>,
    ) -> String {
        let number = |value: Option<f64>, digits: usize| {
            value.map_or("unknown".to_owned(), |value| format!("{value:.digits$}"))
        };
        let assumed = if self.declared.criticality_assumed {
            " (assumed)"
        } else {
            ""
        };
        let observed = deviation.map_or("not observed".to_owned(), |d| {
            format!("observed {:.4} [{:.4}, {:.4}]", d.mean, d.lower, d.upper)
        });
        format!(
            "complexity {} ({} steps), frequency {} ({} cases a week), criticality {}{assumed}, tolerance {} (permissible {}), {observed}: {}",
            is.complexity,
            number(nominal, 1),
            is.frequency,
            number(per_week, 1),
            is.criticality,
            is.tolerance,
            number(permissible, 4),
            is.status,
        )
    }

    /// Why nothing can be decided.
    pub(super) fn no_verdict(&self) -> String {
        let live = self.live;
        match self.declared.epoch {
            _ if live.started() == 0 => "no case was seen".to_owned(),
            Some(epoch) if live.cases > 0 => {
                let date = epoch.to_string();
                let date = date.get(..10).unwrap_or(&date);
                format!("no case has ended since the epoch {date}, so there is no nominal size yet")
            }
            _ => "no case has ended yet".to_owned(),
        }
    }
}
