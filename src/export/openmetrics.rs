//! The OpenMetrics text format 1.0.0, for scrapes that ask for it and for history with timestamps.

use prometheus::proto::{Histogram, LabelPair, Metric, MetricFamily, MetricType};
use std::fmt::Write;

/// As `Content-Type`.
pub(super) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Units that names can end in.
const UNITS: [&str; 3] = ["seconds", "ratio", "bytes"];

/// Families as one exposition, with its end.
pub(super) fn text(families: &[MetricFamily]) -> String {
    let mut out = String::new();
    for family in families {
        head(family, &mut out);
        let name = base(family);
        for sample in family.get_metric() {
            samples(name, family.get_field_type(), sample, None, &mut out);
        }
    }
    out.push_str("# EOF\n");
    out
}

/// The name of a family: that of a counter is without `_total`.
pub(super) fn base(family: &MetricFamily) -> &str {
    let name = family.name();
    match family.get_field_type() {
        MetricType::COUNTER => name.strip_suffix("_total").unwrap_or(name),
        _ => name,
    }
}

/// TYPE, UNIT and HELP of a family.
pub(super) fn head(family: &MetricFamily, out: &mut String) {
    let name = base(family);
    let kind = match family.get_field_type() {
        MetricType::COUNTER => "counter",
        MetricType::GAUGE => "gauge",
        MetricType::HISTOGRAM => "histogram",
        MetricType::SUMMARY => "summary",
        MetricType::UNTYPED => "unknown",
    };
    let _ = writeln!(out, "# TYPE {name} {kind}");
    let unit = UNITS.iter().find(|unit| {
        let rest = name.strip_suffix(**unit);
        rest.is_some_and(|rest| rest.ends_with('_'))
    });
    if let Some(unit) = unit {
        let _ = writeln!(out, "# UNIT {name} {unit}");
    }
    let help = family.help().replace('\\', "\\\\").replace('\n', "\\n");
    let _ = writeln!(out, "# HELP {name} {}", help.replace('"', "\\\""));
}

/// The lines of a sample, at a time in seconds where one is given.
pub(super) fn samples(
    name: &str,
    kind: MetricType,
    sample: &Metric,
    at: Option<i64>,
    out: &mut String,
) {
    let labels = sample.get_label();
    match kind {
        MetricType::COUNTER => {
            let value = sample.get_counter().get_value();
            line((name, "_total"), labels, None, value, at, out);
        }
        MetricType::HISTOGRAM => histogram(name, labels, sample.get_histogram(), at, out),
        _ => line(
            (name, ""),
            labels,
            None,
            sample.get_gauge().get_value(),
            at,
            out,
        ),
    }
}

fn histogram(
    name: &str,
    labels: &[LabelPair],
    histogram: &Histogram,
    at: Option<i64>,
    out: &mut String,
) {
    for bucket in histogram.get_bucket() {
        let end = number(bucket.upper_bound());
        let count = bucket.cumulative_count() as f64;
        line((name, "_bucket"), labels, Some(&end), count, at, out);
    }
    let count = histogram.get_sample_count() as f64;
    line((name, "_bucket"), labels, Some("+Inf"), count, at, out);
    line(
        (name, "_sum"),
        labels,
        None,
        histogram.get_sample_sum(),
        at,
        out,
    );
    line((name, "_count"), labels, None, count, at, out);
}

fn line(
    (name, suffix): (&str, &str),
    labels: &[LabelPair],
    le: Option<&str>,
    value: f64,
    at: Option<i64>,
    out: &mut String,
) {
    out.push_str(name);
    out.push_str(suffix);
    let mut mark = '{';
    for label in labels {
        out.push(mark);
        mark = ',';
        out.push_str(label.name());
        out.push_str("=\"");
        escaped(label.value(), out);
        out.push('"');
    }
    if let Some(le) = le {
        let _ = write!(out, "{mark}le=\"{le}\"");
        mark = ',';
    }
    if mark == ',' {
        out.push('}');
    }
    out.push(' ');
    out.push_str(&number(value));
    if let Some(at) = at {
        let _ = write!(out, " {at}");
    }
    out.push('\n');
}

fn escaped(value: &str, out: &mut String) {
    for character in value.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            other => out.push(other),
        }
    }
}

/// As the canonical form has it for whole numbers and infinities; the shortest that reads back for others.
fn number(value: f64) -> String {
    match value {
        v if v == f64::INFINITY => "+Inf".to_owned(),
        v if v == f64::NEG_INFINITY => "-Inf".to_owned(),
        v if v.is_nan() => "NaN".to_owned(),
        v if v == v.trunc() && v.abs() < 1e15 => format!("{v:.1}"),
        v => v.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prometheus::proto::{Bucket, Counter, Gauge};

    fn family(name: &str, kind: MetricType, sample: Metric) -> MetricFamily {
        let mut family = MetricFamily::default();
        family.set_name(name.to_owned());
        family.set_help("a \"help\" with\na line".to_owned());
        family.set_field_type(kind);
        family.set_metric(vec![sample]);
        family
    }

    #[test]
    fn counters_lose_their_total_and_units_are_told() {
        let mut counter = Counter::default();
        counter.set_value(3.0);
        let mut sample = Metric::default();
        sample.set_counter(counter);
        let mut label = LabelPair::default();
        label.set_name("process".to_owned());
        label.set_value("a \"b\"\\\n".to_owned());
        sample.set_label(vec![label]);
        let mut gauge = Gauge::default();
        gauge.set_value(0.25);
        let mut other = Metric::default();
        other.set_gauge(gauge);
        let families = [
            family("x_seconds_total", MetricType::COUNTER, sample),
            family("y_ratio", MetricType::GAUGE, other),
        ];
        assert_eq!(
            text(&families),
            r#"# TYPE x_seconds counter
# UNIT x_seconds seconds
# HELP x_seconds a \"help\" with\na line
x_seconds_total{process="a \"b\"\\\n"} 3.0
# TYPE y_ratio gauge
# UNIT y_ratio ratio
# HELP y_ratio a \"help\" with\na line
y_ratio 0.25
# EOF
"#
        );
    }

    #[test]
    fn histograms_are_cumulative_and_have_their_time() {
        let mut bucket = Bucket::default();
        bucket.set_upper_bound(0.5);
        bucket.set_cumulative_count(2);
        let mut histogram = Histogram::default();
        histogram.set_bucket(vec![bucket]);
        histogram.set_sample_count(3);
        histogram.set_sample_sum(7.25);
        let mut sample = Metric::default();
        sample.set_histogram(histogram);
        let mut out = String::new();
        samples(
            "d",
            MetricType::HISTOGRAM,
            &sample,
            Some(1_700_000_000),
            &mut out,
        );
        assert_eq!(
            out,
            "d_bucket{le=\"0.5\"} 2.0 1700000000\nd_bucket{le=\"+Inf\"} 3.0 1700000000\n\
             d_sum 7.25 1700000000\nd_count 3.0 1700000000\n"
        );
    }
}
