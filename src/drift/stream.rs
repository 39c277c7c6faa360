//! What is watched of a process.

use crate::model::words;

words! {
    /// A stream of observations of one process that is watched for a change.
    pub Stream {
        /// Mean deviation from the designed outcome, upwards.
        Deviation = "deviation",
        /// Where durations lie: their rank among those of the baseline, both ways.
        DurationLocation = "duration_location",
        /// How far durations spread: the distance of that rank from the middle, both ways.
        DurationDispersion = "duration_dispersion",
        /// Share of any one outcome, upwards.
        OutcomeMix = "outcome_mix",
        /// Share of runs that end otherwise than the same input did in the baseline, upwards.
        InputVariance = "input_variance",
        /// Share of cases that take a path the baseline did not have, upwards.
        PathNovelty = "path_novelty",
        /// Cases begun a day, upwards.
        FrequencyUp = "frequency_up",
        /// Cases begun a day, downwards.
        FrequencyDown = "frequency_down",
        /// Share of an outcome that the catalog declares critical, above the rate it calls acceptable.
        CriticalOutcome = "critical_outcome",
    }
}

impl Stream {
    /// What it measures, for people.
    pub const fn title(self) -> &'static str {
        match self {
            Stream::Deviation => "deviation",
            Stream::DurationLocation => "durations",
            Stream::DurationDispersion => "spread of durations",
            Stream::OutcomeMix => "outcome mix",
            Stream::InputVariance => "outcomes of the same input",
            Stream::PathNovelty => "new paths",
            Stream::FrequencyUp => "more cases",
            Stream::FrequencyDown => "fewer cases",
            Stream::CriticalOutcome => "critical outcome",
        }
    }

    /// A mean of it with its unit.
    pub fn figure(self, value: f64) -> String {
        match self {
            Stream::FrequencyUp | Stream::FrequencyDown => format!("{value:.1} a day"),
            Stream::DurationLocation => format!("rank {value:.2}"),
            Stream::DurationDispersion => format!("spread {value:.2}"),
            _ => format!("{:.2} %", 100.0 * value),
        }
    }
}

words! {
    /// Which way a stream has gone.
    pub Direction {
        /// More, longer, wider.
        Up = "up",
        /// Less, shorter, narrower.
        Down = "down",
    }
}
