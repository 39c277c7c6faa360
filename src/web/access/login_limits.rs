//! Failed log-ins of an address. After some of them, each further attempt must wait, and each failure doubles the delay.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Failures without a delay: people mistype.
const FREE_FAILURES: u32 = 5;
const FIRST_DELAY: Duration = Duration::from_secs(1);
const MAX_DELAY: Duration = Duration::from_secs(60);
/// Failures are forgotten if an address has no other one for this time.
const FORGET_AFTER: Duration = Duration::from_secs(15 * 60);
/// If more addresses than this have failed, the one whose last attempt is oldest is forgotten.
const MAX_ADDRESSES: usize = 10_000;

/// Failed log-ins by address.
#[derive(Clone, Default)]
pub(super) struct LoginLimits(Arc<Mutex<HashMap<IpAddr, Record>>>);

struct Record {
    failures: u32,
    /// Attempts that are being checked. They count as failures until the result is known.
    checking: u32,
    allowed_at: Instant,
    last_attempt: Instant,
}

impl Record {
    /// How long the next attempt must wait.
    fn delay(&self, now: Instant) -> Option<Duration> {
        let remaining = self.allowed_at.saturating_duration_since(now);
        if !remaining.is_zero() {
            return Some(remaining);
        }
        let at_once = FREE_FAILURES.saturating_sub(self.failures).max(1);
        (self.checking >= at_once).then_some(FIRST_DELAY)
    }

    fn is_forgotten(&self, now: Instant) -> bool {
        self.checking == 0 && now.saturating_duration_since(self.last_attempt) >= FORGET_AFTER
    }
}

/// The delay that a number of failures causes.
fn delay_after(failures: u32) -> Duration {
    match failures.checked_sub(FREE_FAILURES) {
        None => Duration::ZERO,
        Some(doublings) => MAX_DELAY.min(FIRST_DELAY * 2_u32.saturating_pow(doublings.min(30))),
    }
}

/// What counts as one address. The owner of an IPv6 network has all of its addresses.
fn limited_address(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let network = address.to_bits() >> 64 << 64;
            IpAddr::V6(Ipv6Addr::from_bits(network))
        }
        address => address,
    }
}

impl LoginLimits {
    fn records(&self) -> MutexGuard<'_, HashMap<IpAddr, Record>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts an attempt, or returns how long the address must wait.
    pub(super) fn attempt(&self, address: IpAddr, now: Instant) -> Result<Attempt, Duration> {
        let address = limited_address(address);
        let mut records = self.records();
        if records
            .get(&address)
            .is_some_and(|one| one.is_forgotten(now))
        {
            records.remove(&address);
        }
        if !records.contains_key(&address) && records.len() >= MAX_ADDRESSES {
            forget_oldest(&mut records);
        }
        let record = records.entry(address).or_insert(Record {
            failures: 0,
            checking: 0,
            allowed_at: now,
            last_attempt: now,
        });
        if let Some(delay) = record.delay(now) {
            return Err(delay);
        }
        record.checking += 1;
        record.last_attempt = now;
        Ok(Attempt {
            limits: self.clone(),
            address,
        })
    }
}

fn forget_oldest(records: &mut HashMap<IpAddr, Record>) {
    let idle = records.iter().filter(|(_, record)| record.checking == 0);
    let oldest = idle.min_by_key(|(_, record)| record.last_attempt);
    if let Some(address) = oldest.map(|(address, _)| *address) {
        records.remove(&address);
    }
}

/// An attempt to log in. It is without effect if it is dropped before its result is known.
pub(super) struct Attempt {
    limits: LoginLimits,
    address: IpAddr,
}

impl Attempt {
    pub(super) fn failed(self, now: Instant) {
        if let Some(record) = self.limits.records().get_mut(&self.address) {
            record.failures = record.failures.saturating_add(1);
            record.allowed_at = now + delay_after(record.failures);
        }
    }

    pub(super) fn succeeded(self) {
        if let Some(record) = self.limits.records().get_mut(&self.address) {
            record.failures = 0;
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        let mut records = self.limits.records();
        let Some(record) = records.get_mut(&self.address) else {
            return;
        };
        record.checking = record.checking.saturating_sub(1);
        if record.checking == 0 && record.failures == 0 {
            records.remove(&self.address);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn delay_grows_with_each_failure_and_ends_with_a_success() {
        let (limits, mut now) = (LoginLimits::default(), Instant::now());
        let client = address("192.0.2.1");
        for _ in 0..FREE_FAILURES {
            limits.attempt(client, now).unwrap().failed(now);
        }
        for seconds in [1, 2, 4, 8, 16, 32, 60, 60] {
            let delay = Duration::from_secs(seconds);
            assert_eq!(limits.attempt(client, now).err(), Some(delay));
            now += delay;
            limits.attempt(client, now).unwrap().failed(now);
        }
        let other = limits.attempt(address("192.0.2.2"), now);
        assert!(other.is_ok(), "the limit is per address");
        now += MAX_DELAY;
        limits.attempt(client, now).unwrap().succeeded();
        for _ in 0..FREE_FAILURES {
            limits.attempt(client, now).unwrap().failed(now);
        }
        now += FORGET_AFTER;
        assert!(limits.attempt(client, now).is_ok());
        assert_eq!(limits.records().len(), 1, "{:?} has attempts", client);
    }

    #[test]
    fn attempts_that_are_checked_at_the_same_time_are_limited_too() {
        let (limits, now) = (LoginLimits::default(), Instant::now());
        let client = address("192.0.2.1");
        let attempts: Vec<Attempt> = (0..FREE_FAILURES)
            .map(|_| limits.attempt(client, now).unwrap())
            .collect();
        assert_eq!(limits.attempt(client, now).err(), Some(FIRST_DELAY));
        drop(attempts);
        assert!(limits.records().is_empty());
        for _ in 0..FREE_FAILURES {
            limits.attempt(client, now).unwrap().failed(now);
        }
        let later = now + MAX_DELAY;
        let _only = limits.attempt(client, later).unwrap();
        assert!(limits.attempt(client, later).is_err());
    }

    #[test]
    fn addresses_of_one_network_share_a_limit_and_their_number_is_bounded() {
        let (limits, now) = (LoginLimits::default(), Instant::now());
        for host in 0..FREE_FAILURES {
            let client = address(&format!("2001:db8::{host}"));
            limits.attempt(client, now).unwrap().failed(now);
        }
        assert!(limits.attempt(address("2001:db8::1:9"), now).is_err());
        assert!(limits.attempt(address("2001:db8:0:1::"), now).is_ok());
        let mapped = limited_address(address("::ffff:192.0.2.1"));
        assert_eq!(mapped, address("192.0.2.1"));
        for number in 0..MAX_ADDRESSES as u32 {
            let client = IpAddr::V4(number.into());
            limits.attempt(client, now).unwrap().failed(now);
        }
        assert_eq!(limits.records().len(), MAX_ADDRESSES);
    }
}
