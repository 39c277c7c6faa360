//! Which format a scrape asks for (RFC 9110, section 12.5.1; Prometheus documentation, "Content negotiation").

use super::openmetrics;

/// A format of the metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exposition {
    /// Prometheus' text format 0.0.4.
    Text,
    /// OpenMetrics 1.0.0.
    OpenMetrics,
}

impl Exposition {
    /// As `Content-Type`.
    pub(crate) const fn content_type(self) -> &'static str {
        match self {
            Exposition::Text => "text/plain; version=0.0.4; charset=utf-8",
            Exposition::OpenMetrics => openmetrics::CONTENT_TYPE,
        }
    }
}

/// The format that an `Accept` header likes best; plain text where it does not matter.
pub(crate) fn exposition(accept: &str) -> Exposition {
    let mut best = (0.0, Exposition::Text);
    for part in accept.split(',') {
        let mut words = part.split(';').map(str::trim);
        let kind = words.next().unwrap_or_default().to_ascii_lowercase();
        let quality = words
            .find_map(|word| word.strip_prefix("q=")?.parse().ok())
            .unwrap_or(1.0);
        let format = match kind.as_str() {
            "application/openmetrics-text" => Exposition::OpenMetrics,
            "text/plain" | "text/*" | "*/*" => Exposition::Text,
            _ => continue,
        };
        if quality > best.0 {
            best = (quality, format);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_prometheus_asks() {
        let asks = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
        assert_eq!(exposition(asks), Exposition::OpenMetrics);
        assert_eq!(
            exposition("text/plain;version=0.0.4;q=0.6, application/openmetrics-text;q=0.5"),
            Exposition::Text
        );
        for other in ["", "*/*", "text/html", "application/json;q=x", ",;,"] {
            assert_eq!(exposition(other), Exposition::Text, "{other}");
        }
        let refused = "application/openmetrics-text;q=0";
        assert_eq!(exposition(refused), Exposition::Text);
    }
}
