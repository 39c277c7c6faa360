//! Spans of time as people write them: `250ms`, `2h 30m`, `90d`.

use crate::model::Span;
use crate::model::humanize::format_span;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A span of time in microseconds, written as a text such as `90d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SpanText(pub Span);

/// Reads a span such as `250ms`, `2h 30m` or `90d`.
pub(crate) fn parse_span(text: &str) -> Result<Span, String> {
    let span = humantime::parse_duration(text).map_err(|error| {
        format!("`{text}` is not a span of time such as 30s, 2h 30m or 90d: {error}")
    })?;
    i64::try_from(span.as_micros())
        .map(Span)
        .map_err(|_| format!("`{text}` is too long a span"))
}

impl<'de> Deserialize<'de> for SpanText {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<SpanText, D::Error> {
        let text = String::deserialize(from)?;
        parse_span(&text)
            .map(SpanText)
            .map_err(serde::de::Error::custom)
    }
}

impl Serialize for SpanText {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&format_span(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes() {
        assert_eq!(parse_span("250ms"), Ok(Span(250_000)));
        assert_eq!(parse_span("90d"), Ok(Span::days(90)));
        assert_eq!(format_span(Span(9_000_000_000)), "2h 30m");
        assert!(
            parse_span("soon")
                .unwrap_err()
                .contains("30s, 2h 30m or 90d")
        );
    }
}
