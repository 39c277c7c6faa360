//! The samples of `/metrics`.

use std::collections::BTreeMap;

/// The samples of a scrape, by series as it is written: name and labels.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Metrics {
    pub(crate) samples: BTreeMap<String, f64>,
    kinds: BTreeMap<String, String>,
}

impl Metrics {
    pub(crate) fn parse(text: &str) -> Metrics {
        let (mut samples, mut kinds) = (BTreeMap::new(), BTreeMap::new());
        for line in text.lines() {
            if let Some(kind) = line.strip_prefix("# TYPE ") {
                let (name, kind) = kind.split_once(' ').unwrap();
                kinds.insert(name.to_owned(), kind.to_owned());
            } else if !line.starts_with('#') && !line.is_empty() {
                let (series, value) = line.rsplit_once(' ').unwrap();
                let twice = samples.insert(series.to_owned(), value.parse().unwrap());
                assert_eq!(twice, None, "{series} stands twice in the scrape");
            }
        }
        Metrics { samples, kinds }
    }

    /// The value of a series, 0 if it is not there.
    pub(crate) fn get(&self, series: &str) -> f64 {
        self.samples.get(series).copied().unwrap_or(0.0)
    }

    /// All series of a metric.
    pub(crate) fn all(&self, name: &str) -> BTreeMap<String, f64> {
        let head = format!("{name}{{");
        let matching = self
            .samples
            .iter()
            .filter(|(series, _)| **series == name || series.starts_with(&head));
        matching
            .map(|(series, value)| (series.clone(), *value))
            .collect()
    }

    /// The sum of all series of a metric.
    pub(crate) fn sum(&self, name: &str) -> f64 {
        self.all(name).values().sum()
    }

    /// No counter (or part of a histogram) may have been higher before.
    pub(crate) fn assert_not_below(&self, before: &Metrics) {
        for (series, value) in &before.samples {
            let name = series.split('{').next().unwrap();
            let is_counter = name.ends_with("_total")
                || ["_bucket", "_count", "_sum"]
                    .iter()
                    .any(|end| name.ends_with(end));
            // These are of one run of the program; Prometheus knows that by their falling to 0.
            let of_run = ["toleranced_commit_", "toleranced_http_", "process_"];
            let of_run = of_run.iter().any(|head| name.starts_with(head));
            if is_counter && !of_run {
                let now = self.get(series);
                assert!(now >= *value, "{series} fell from {value} to {now}");
            }
        }
    }
}
