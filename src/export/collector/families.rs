//! Samples by metric, on their way to Prometheus.

use crate::model::hash_text;
use crate::model::metrics::{Kind, Metric};
use prometheus::proto::{Counter, Gauge, LabelPair, Metric as Sample, MetricFamily, MetricType};
use std::collections::{BTreeMap, BTreeSet};

/// Labels taken from logs are cut at so many characters.
const LABEL_CHARS: usize = 120;

/// A label from a log, cut where it is long; names that begin alike stay different by a hash of the whole.
pub(crate) fn label(value: &str) -> String {
    match value.char_indices().nth(LABEL_CHARS) {
        None => value.to_owned(),
        Some((end, _)) => format!("{}~{:08x}", &value[..end], hash_text(value) as u32),
    }
}

/// Samples of one metric.
struct Family {
    metric: &'static Metric,
    samples: Vec<Sample>,
}

/// All families, by name.
pub(super) struct Families<'a> {
    all: BTreeMap<&'static str, Family>,
    /// Processes that are not exported any more.
    expired: &'a BTreeSet<String>,
}

impl Families<'_> {
    pub(super) fn new(expired: &BTreeSet<String>) -> Families<'_> {
        Families {
            all: BTreeMap::new(),
            expired,
        }
    }

    /// Everything that was pushed, by name.
    pub(super) fn finish(self) -> Vec<MetricFamily> {
        self.all.into_values().map(family).collect()
    }

    pub(super) fn has(&self, metric: &Metric) -> bool {
        self.all.contains_key(metric.name)
    }

    pub(super) fn push(
        &mut self,
        metric: &'static Metric,
        labels: &[&str],
        fill: impl FnOnce(&mut Sample),
    ) {
        debug_assert_eq!(metric.labels.len(), labels.len(), "{}", metric.name);
        let mut pairs = metric.labels.iter().zip(labels);
        if pairs.any(|(name, value)| *name == "process" && self.expired.contains(*value)) {
            return;
        }
        let mut sample = Sample::default();
        let pairs = metric.labels.iter().zip(labels).map(|(name, value)| {
            let mut pair = LabelPair::default();
            pair.set_name((*name).to_owned());
            pair.set_value(label(value));
            pair
        });
        sample.set_label(pairs.collect());
        fill(&mut sample);
        let family = self.all.entry(metric.name).or_insert(Family {
            metric,
            samples: Vec::new(),
        });
        family.samples.push(sample);
    }

    pub(super) fn gauge(&mut self, metric: &'static Metric, labels: &[&str], value: f64) {
        if value.is_finite() {
            self.push(metric, labels, |sample| {
                let mut gauge = Gauge::default();
                gauge.set_value(value);
                sample.set_gauge(gauge);
            });
        }
    }

    pub(super) fn maybe(&mut self, metric: &'static Metric, labels: &[&str], value: Option<f64>) {
        if let Some(value) = value {
            self.gauge(metric, labels, value);
        }
    }

    pub(super) fn counter(&mut self, metric: &'static Metric, labels: &[&str], value: f64) {
        self.push(metric, labels, |sample| {
            let mut counter = Counter::default();
            counter.set_value(value);
            sample.set_counter(counter);
        });
    }
}

fn family(family: Family) -> MetricFamily {
    let mut out = MetricFamily::default();
    out.set_name(family.metric.name.to_owned());
    out.set_help(family.metric.help.to_owned());
    out.set_field_type(match family.metric.kind {
        Kind::Counter => MetricType::COUNTER,
        Kind::Gauge => MetricType::GAUGE,
        Kind::Histogram => MetricType::HISTOGRAM,
    });
    out.set_metric(family.samples);
    out
}
