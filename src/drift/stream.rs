//! What is watched of a process.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A stream of observations of one process that is watched for a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stream {
    /// Mean deviation from the designed outcome, upwards.
    Deviation,
    /// Where durations lie: their rank among those of the baseline, both ways.
    DurationLocation,
    /// How far durations spread: the distance of that rank from the middle, both ways.
    DurationDispersion,
    /// Share of any one outcome, upwards.
    OutcomeMix,
    /// Share of runs that end otherwise than the same input did in the baseline, upwards.
    InputVariance,
    /// Share of cases that take a path the baseline did not have, upwards.
    PathNovelty,
    /// Cases begun a day, upwards.
    FrequencyUp,
    /// Cases begun a day, downwards.
    FrequencyDown,
    /// Share of an outcome that the catalog declares critical, above the rate it calls acceptable.
    CriticalOutcome,
}

impl Stream {
    /// Every stream, in the order in which they are shown.
    pub const ALL: [Stream; 9] = [
        Stream::Deviation,
        Stream::DurationLocation,
        Stream::DurationDispersion,
        Stream::OutcomeMix,
        Stream::InputVariance,
        Stream::PathNovelty,
        Stream::FrequencyUp,
        Stream::FrequencyDown,
        Stream::CriticalOutcome,
    ];

    /// The word used in metrics, JSON and commands.
    pub const fn word(self) -> &'static str {
        match self {
            Stream::Deviation => "deviation",
            Stream::DurationLocation => "duration_location",
            Stream::DurationDispersion => "duration_dispersion",
            Stream::OutcomeMix => "outcome_mix",
            Stream::InputVariance => "input_variance",
            Stream::PathNovelty => "path_novelty",
            Stream::FrequencyUp => "frequency_up",
            Stream::FrequencyDown => "frequency_down",
            Stream::CriticalOutcome => "critical_outcome",
        }
    }

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

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl FromStr for Stream {
    type Err = String;

    fn from_str(word: &str) -> Result<Stream, String> {
        let found = Stream::ALL.into_iter().find(|one| one.word() == word);
        found.ok_or_else(|| {
            let words: Vec<&str> = Stream::ALL.iter().map(|one| one.word()).collect();
            format!("`{word}` is not one of {}", words.join(", "))
        })
    }
}

/// Which way a stream has gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// More, longer, wider.
    Up,
    /// Less, shorter, narrower.
    Down,
}

impl Direction {
    /// As it is written in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Direction::Up => "up",
            Direction::Down => "down",
        }
    }
}
