//! Cases that missed something or raised a false alarm.

use super::codec::VERSION_WITHOUT_FOLLOW_UP;
use super::{ClusterKey, DirectedKey, Sums};
use crate::cases::{Directed, Facts};
use crate::codec::{DamagedBytes, Reader, put_i64};
use crate::measure::counts::Counts;
use crate::measure::sampled::Sampled;

impl Sums {
    pub(super) fn add_direction(&mut self, facts: &Facts, sign: i64) {
        match facts.directed {
            Directed::Neither => {}
            Directed::Wrong(direction) => {
                let key = DirectedKey {
                    hour: facts.end.hour(),
                    direction,
                    confirmed: facts.confirmed,
                };
                self.directed.add(key, sign);
            }
            Directed::Unknown => {
                self.undirected += sign;
                self.confirmed_undirected += sign * i64::from(facts.confirmed);
            }
        }
    }

    pub(super) fn add_cluster(&mut self, facts: &Facts, sign: i64) {
        if facts.cluster == 0 {
            return;
        }
        let key = ClusterKey {
            cluster: facts.cluster,
            deviation: facts.deviation,
            direction: match facts.directed {
                Directed::Wrong(direction) => Some(direction),
                _ => None,
            },
            confirmed: facts.confirmed,
        };
        self.clusters.add(key, sign);
    }

    pub(super) fn encode_directions(&self, out: &mut Vec<u8>) {
        self.directed.encode(out, |out, key| key.encode(out));
        put_i64(out, self.undirected);
        put_i64(out, self.confirmed_undirected);
        self.clusters.encode(out, |out, key| key.encode(out));
    }

    pub(super) fn decode_directions(
        &mut self,
        version: u8,
        reader: &mut Reader,
    ) -> Result<(), DamagedBytes> {
        if version > VERSION_WITHOUT_FOLLOW_UP {
            self.directed = Counts::decode(reader, DirectedKey::decode)?;
            self.undirected = reader.i64()?;
            self.confirmed_undirected = reader.i64()?;
            self.clusters = Sampled::decode(reader, ClusterKey::decode)?;
        } else {
            // Any of them may have.
            self.undirected = self.cases;
            self.confirmed_undirected = self.confirmed.total();
        }
        Ok(())
    }
}
