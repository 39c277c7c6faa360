//! History for Prometheus: OpenMetrics with timestamps, for `promtool tsdb create-blocks-from openmetrics`.

use super::collector::past_families;
use super::openmetrics::{base, head, samples};
use crate::query::Snapshot;
use prometheus::proto::{LabelPair, MetricFamily};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Seek, Write};

/// Collects samples instant by instant and writes them family by family, as the format wants them. What waits lies in a
/// file of each family that nobody sees: years of a large fleet do not fit memory.
pub(crate) struct Backfill {
    /// Labels of every sample: those that Prometheus puts on what it scrapes.
    labels: Vec<LabelPair>,
    families: BTreeMap<String, (MetricFamily, BufWriter<File>)>,
    samples: u64,
    text: String,
}

/// A file for the samples of one metric until all are known. It has no name, so nothing is left of it after a crash.
fn spool_file() -> io::Result<File> {
    tempfile::tempfile_in(std::env::temp_dir()).map_err(spool_failed)
}

fn spool_failed(error: io::Error) -> io::Error {
    let folder = std::env::temp_dir();
    let folder = folder.display();
    let what = format!("temporary files in {folder}: {error}; TMPDIR can name another folder");
    io::Error::new(error.kind(), what)
}

impl Backfill {
    /// With labels such as `job` and `instance` on every sample.
    pub(crate) fn new(labels: &[(String, String)]) -> Backfill {
        let label = |(name, value): &(String, String)| {
            let mut pair = LabelPair::default();
            pair.set_name(name.clone());
            pair.set_value(value.clone());
            pair
        };
        Backfill {
            labels: labels.iter().map(label).collect(),
            families: BTreeMap::new(),
            samples: 0,
            text: String::new(),
        }
    }

    /// Adds what a snapshot says at its instant. Instants must rise.
    pub(crate) fn add(&mut self, snapshot: &Snapshot) -> io::Result<()> {
        let at = snapshot.at.0 / 1_000_000;
        for mut family in past_families(snapshot) {
            self.text.clear();
            let kind = family.get_field_type();
            for mut sample in family.take_metric() {
                let mut labels = self.labels.clone();
                labels.extend(sample.take_label());
                sample.set_label(labels);
                samples(base(&family), kind, &sample, Some(at), &mut self.text);
            }
            self.samples += self.text.lines().count() as u64;
            let name = family.name().to_owned();
            let (_, spool) = match self.families.entry(name) {
                std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
                std::collections::btree_map::Entry::Vacant(new) => {
                    new.insert((family, BufWriter::new(spool_file()?)))
                }
            };
            spool
                .write_all(self.text.as_bytes())
                .map_err(spool_failed)?;
        }
        Ok(())
    }

    /// Writes everything; gives the number of samples.
    pub(crate) fn finish(self, out: &mut impl Write) -> io::Result<u64> {
        for (family, spool) in self.families.into_values() {
            let mut text = String::new();
            head(&family, &mut text);
            out.write_all(text.as_bytes())?;
            let file = spool.into_inner().map_err(io::IntoInnerError::into_error);
            let mut file = file.map_err(spool_failed)?;
            file.rewind().map_err(spool_failed)?;
            io::copy(&mut BufReader::new(file), out)?;
        }
        out.write_all(b"# EOF\n")?;
        out.flush()?;
        Ok(self.samples)
    }
}
