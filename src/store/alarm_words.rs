//! An alarm in words, for terminals and pages alike.

use super::AlarmRow;
use crate::drift::Stream;
use crate::model::printable;

/// Names from logs are cut at so many characters.
const NAME_CHARS: usize = 60;

impl AlarmRow {
    fn known_stream(&self) -> Option<Stream> {
        self.stream.parse().ok()
    }

    /// The change in words.
    pub fn words(&self) -> String {
        let up = self.direction == "up";
        let words = match self.known_stream() {
            Some(Stream::DurationLocation) if up => "durations longer",
            Some(Stream::DurationLocation) => "durations shorter",
            Some(Stream::DurationDispersion) if up => "durations spread wider",
            Some(Stream::DurationDispersion) => "durations spread less",
            Some(Stream::OutcomeMix) if self.outcome.is_empty() => "more of rare or new outcomes",
            Some(Stream::OutcomeMix) => {
                return format!("more of outcome {}", printable(&self.outcome, NAME_CHARS));
            }
            Some(Stream::Deviation) => "more deviation",
            Some(Stream::InputVariance) => "same input ends otherwise",
            Some(stream) => stream.title(),
            None => return printable(&self.stream, NAME_CHARS),
        };
        words.to_owned()
    }

    /// A mean of its stream with its unit.
    pub fn figure(&self, value: f64) -> String {
        // What is not known is a share, as most are.
        let stream = self.known_stream().unwrap_or(Stream::Deviation);
        stream.figure(value)
    }
}
