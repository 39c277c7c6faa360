//! Users of basic authentication. bcrypt is slow on purpose, so the number of checks is limited.

use super::login_limits::{Attempt, LoginLimits};
use ring::hmac;
use ring::rand::SystemRandom;
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{OnceCell, Semaphore};

/// Checks at the same time. The other processors are for ingestion.
const MAX_CHECKS: usize = 2;
/// Checks that wait. More are refused at once.
const MAX_WAITING: usize = 16;
/// A check that can't start within this span is refused.
const WAIT: Duration = Duration::from_secs(10);
/// A result is kept for this span after its last use. Browsers and Prometheus send their password with every request.
const KEEP: Duration = Duration::from_secs(60);
/// The most results that are kept, of each kind.
const MAX_KEPT: usize = 1000;

/// The result of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Checked {
    /// The user has this password.
    Right,
    /// Unknown user or wrong password. The caller does not learn which.
    Wrong,
    /// The address had too many failures. It must wait this long.
    Delayed(Duration),
    /// Too many passwords are being checked.
    Busy,
}

/// A keyed hash of user, stored hash and password. The key is random, so a hash is useless outside this process.
type CheckKey = [u8; 32];

/// Users and their hashes.
pub(super) struct Users {
    hashes: BTreeMap<String, String>,
    /// The most expensive hash. Checks of unknown users use it.
    most_expensive: Option<String>,
    /// `None` if the system has no randomness. Then no result is kept.
    hash_key: Option<hmac::Key>,
    kept: Arc<KeptResults>,
    /// Checks that have not ended. Requests with equal credentials share one.
    running: Mutex<HashMap<CheckKey, Arc<OnceCell<Checked>>>>,
    checks: Arc<Semaphore>,
    waiting: Semaphore,
}

impl Users {
    pub(super) fn new(hashes: &BTreeMap<String, String>) -> Users {
        let most_expensive = hashes.values().max_by_key(|hash| cost_of(hash));
        Users {
            hashes: hashes.clone(),
            most_expensive: most_expensive.cloned(),
            hash_key: hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new()).ok(),
            kept: Arc::default(),
            running: Mutex::default(),
            checks: Arc::new(Semaphore::new(MAX_CHECKS)),
            waiting: Semaphore::new(MAX_WAITING),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// Whether a user has this password. `address` is where the request comes from.
    pub(super) async fn check(
        &self,
        name: &str,
        password: &str,
        address: IpAddr,
        limits: &LoginLimits,
    ) -> Checked {
        let Some(check) = self.plan(name, password) else {
            return Checked::Wrong;
        };
        let Some(key) = check.key else {
            return self.run(check, address, limits).await;
        };
        if let Some(is_right) = self.kept.get(&key, Instant::now()) {
            return if is_right {
                Checked::Right
            } else {
                Checked::Wrong
            };
        }
        let running = RunningCheck::join(&self.running, key);
        let result = running
            .cell
            .get_or_init(|| self.run(check, address, limits));
        *result.await
    }

    /// What must be computed to check a password. `None` if there are no users.
    fn plan(&self, name: &str, password: &str) -> Option<Check> {
        let most_expensive = self.most_expensive.as_ref()?;
        let known = self.hashes.get(name);
        let hash = known.unwrap_or(most_expensive);
        let key = self.hash_key.as_ref();
        Some(Check {
            key: key.map(|key| check_key(key, [name, hash, password])),
            padding: (cost_of(hash)..cost_of(most_expensive)).collect(),
            hash: hash.clone(),
            password: password.to_owned(),
            is_known: known.is_some(),
        })
    }

    async fn run(&self, check: Check, address: IpAddr, limits: &LoginLimits) -> Checked {
        let attempt = match limits.attempt(address, Instant::now()) {
            Ok(attempt) => attempt,
            Err(delay) => return Checked::Delayed(delay),
        };
        let permit = match self.checks.clone().try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => {
                let Ok(_waiting) = self.waiting.try_acquire() else {
                    return Checked::Busy;
                };
                let permit = self.checks.clone().acquire_owned();
                let Ok(Ok(permit)) = tokio::time::timeout(WAIT, permit).await else {
                    return Checked::Busy;
                };
                permit
            }
        };
        let kept = self.kept.clone();
        let checked = tokio::task::spawn_blocking(move || {
            // The check holds the permit and counts its failure, because it continues after the client disconnects.
            let _permit = permit;
            check.finish(attempt, &kept)
        });
        // The request waits in any case. A quick response would reveal an unknown user.
        match checked.await {
            Ok(true) => Checked::Right,
            Ok(false) | Err(_) => Checked::Wrong,
        }
    }
}

fn cost_of(hash: &str) -> u32 {
    bcrypt::HashParts::from_str(hash).map_or(0, |parts| parts.get_cost())
}

/// Lengths keep the parts apart. The stored hash is one of them, so a changed password is checked again.
fn check_key(key: &hmac::Key, parts: [&str; 3]) -> CheckKey {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend(part.len().to_le_bytes());
        bytes.extend(part.as_bytes());
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(hmac::sign(key, &bytes).as_ref());
    hash
}

/// A check that must be computed.
struct Check {
    key: Option<CheckKey>,
    hash: String,
    password: String,
    is_known: bool,
    /// Costs of further computations. With them, each failed check costs as much as that of the most expensive user:
    /// `2^c + 2^c + 2^(c+1) + ... + 2^(m-1) = 2^m`.
    padding: Vec<u32>,
}

impl Check {
    fn finish(self, attempt: Attempt, kept: &KeptResults) -> bool {
        let matches = bcrypt::verify(&self.password, &self.hash).unwrap_or(false);
        let is_right = matches && self.is_known;
        if !is_right {
            for cost in &self.padding {
                // The result does not matter. Costs below 4 are refused, and take no time.
                let _ = bcrypt::hash_with_salt(&self.password, *cost, [0; 16]);
            }
        }
        let now = Instant::now();
        match is_right {
            true => attempt.succeeded(),
            false => attempt.failed(now),
        }
        if let Some(key) = self.key {
            kept.insert(key, is_right, now);
        }
        is_right
    }
}

/// A check that several requests may wait for.
struct RunningCheck<'a> {
    all: &'a Mutex<HashMap<CheckKey, Arc<OnceCell<Checked>>>>,
    key: CheckKey,
    cell: Arc<OnceCell<Checked>>,
}

impl<'a> RunningCheck<'a> {
    fn join(
        all: &'a Mutex<HashMap<CheckKey, Arc<OnceCell<Checked>>>>,
        key: CheckKey,
    ) -> RunningCheck<'a> {
        let mut running = all.lock().unwrap_or_else(PoisonError::into_inner);
        let cell = running.entry(key).or_default().clone();
        RunningCheck { all, key, cell }
    }
}

impl Drop for RunningCheck<'_> {
    fn drop(&mut self) {
        let mut running = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let is_this = |cell: &Arc<OnceCell<Checked>>| Arc::ptr_eq(cell, &self.cell);
        // A result that is known, or that no other request waits for (the table and this one hold the cell).
        let is_over = self.cell.initialized() || Arc::strong_count(&self.cell) <= 2;
        if is_over && running.get(&self.key).is_some_and(is_this) {
            running.remove(&self.key);
        }
    }
}

/// Results of recent checks. Failures are kept apart, so that an attacker cannot displace the others.
#[derive(Default)]
struct KeptResults {
    right: Mutex<Recent<CheckKey>>,
    wrong: Mutex<Recent<CheckKey>>,
}

impl KeptResults {
    fn get(&self, key: &CheckKey, now: Instant) -> Option<bool> {
        let used = |recent: &Mutex<Recent<CheckKey>>| lock(recent).use_again(key, now);
        if used(&self.right) {
            return Some(true);
        }
        used(&self.wrong).then_some(false)
    }

    fn insert(&self, key: CheckKey, is_right: bool, now: Instant) {
        let recent = if is_right { &self.right } else { &self.wrong };
        lock(recent).insert(key, now);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keys that were used within [`KEEP`].
struct Recent<K>(HashMap<K, Instant>);

impl<K> Default for Recent<K> {
    fn default() -> Recent<K> {
        Recent(HashMap::new())
    }
}

impl<K: Hash + Eq + Copy> Recent<K> {
    fn use_again(&mut self, key: &K, now: Instant) -> bool {
        match self.0.get_mut(key) {
            Some(used) if now.saturating_duration_since(*used) < KEEP => {
                *used = now;
                true
            }
            _ => false,
        }
    }

    fn insert(&mut self, key: K, now: Instant) {
        if self.0.len() >= MAX_KEPT {
            self.0
                .retain(|_, used| now.saturating_duration_since(*used) < KEEP);
        }
        if self.0.len() >= MAX_KEPT {
            let oldest = self.0.iter().min_by_key(|(_, used)| **used);
            if let Some(oldest) = oldest.map(|(key, _)| *key) {
                self.0.remove(&oldest);
            }
        }
        self.0.insert(key, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn users(costs: [u32; 2]) -> Users {
        let hash = |password: &str, cost| bcrypt::hash(password, cost).unwrap();
        Users::new(&BTreeMap::from([
            ("oncall".to_owned(), hash("right", costs[0])),
            ("bob".to_owned(), hash("", costs[1])),
        ]))
    }

    #[tokio::test]
    async fn only_the_password_of_the_user_is_right() {
        let users = users([6, 6]);
        for (name, password, expected) in [
            ("oncall", "right", Checked::Right),
            ("oncall", "right", Checked::Right),
            ("oncall", "wrong", Checked::Wrong),
            ("oncall", "wrong", Checked::Wrong),
            ("oncall", "", Checked::Wrong),
            ("bob", "", Checked::Right),
            ("bob", "right", Checked::Wrong),
            ("nobody", "right", Checked::Wrong),
            ("oncallright", "", Checked::Wrong),
            ("", "", Checked::Wrong),
        ] {
            let limits = LoginLimits::default();
            assert_eq!(
                users.check(name, password, CLIENT, &limits).await,
                expected,
                "{name} {password}"
            );
        }
        assert!(users.running.lock().unwrap().is_empty());
        let nobody = Users::new(&BTreeMap::new());
        let limits = LoginLimits::default();
        let checked = nobody.check("oncall", "right", CLIENT, &limits).await;
        assert_eq!(checked, Checked::Wrong);
    }

    /// Rounds of bcrypt that a failed check computes.
    fn failure_cost(users: &Users, name: &str) -> u64 {
        let check = users.plan(name, "wrong").unwrap();
        let costs = [cost_of(&check.hash)].into_iter().chain(check.padding);
        costs.map(|cost| 1 << cost).sum()
    }

    #[test]
    fn failed_checks_cost_as_much_as_that_of_the_most_expensive_user() {
        for costs in [[4, 9], [9, 4], [6, 6]] {
            let users = users(costs);
            let most = 1 << costs[0].max(costs[1]);
            for name in ["oncall", "bob", "unknown", ""] {
                assert_eq!(failure_cost(&users, name), most, "{name} {costs:?}");
            }
        }
    }

    #[tokio::test]
    async fn kept_results_and_equal_requests_need_no_further_check() {
        let users = users([4, 4]);
        let limits = LoginLimits::default();
        let check = |name, password| users.check(name, password, CLIENT, &limits);
        assert_eq!(check("oncall", "right").await, Checked::Right);
        let all = users.checks.clone().acquire_many_owned(2).await.unwrap();
        assert_eq!(check("oncall", "right").await, Checked::Right);
        // More requests than an address may have attempts at once.
        let equal = std::iter::repeat_with(|| check("bob", "")).take(100);
        let mut equal: Vec<_> = equal.map(Box::pin).collect();
        for one in &mut equal {
            let polled = std::future::poll_fn(|context| {
                std::task::Poll::Ready(one.as_mut().poll(context).is_pending())
            });
            assert!(polled.await);
        }
        // The first client disconnects, and another one continues its check.
        drop(equal.remove(0));
        drop(all);
        for one in equal {
            assert_eq!(one.await, Checked::Right);
        }
    }

    #[tokio::test]
    async fn address_with_failures_must_wait_unless_its_result_is_kept() {
        let users = users([4, 4]);
        let limits = LoginLimits::default();
        let check = async |password: &str| users.check("oncall", password, CLIENT, &limits).await;
        assert_eq!(check("right").await, Checked::Right);
        for guess in 0..5 {
            assert_eq!(check(&format!("guess {guess}")).await, Checked::Wrong);
        }
        let delayed = check("another guess").await;
        assert!(matches!(delayed, Checked::Delayed(_)), "{delayed:?}");
        assert_eq!(check("guess 0").await, Checked::Wrong);
        assert_eq!(check("right").await, Checked::Right);
        let other = IpAddr::V4([192, 0, 2, 1].into());
        let elsewhere = users.check("oncall", "guess 9", other, &limits).await;
        assert_eq!(elsewhere, Checked::Wrong);
    }

    #[tokio::test]
    async fn checks_beyond_the_queue_are_refused_at_once() {
        let users = users([4, 4]);
        let limits = LoginLimits::default();
        let _checks = users.checks.clone().acquire_many_owned(2).await.unwrap();
        let _waiting = users
            .waiting
            .acquire_many(MAX_WAITING as u32)
            .await
            .unwrap();
        let checked = users.check("oncall", "right", CLIENT, &limits).await;
        assert_eq!(checked, Checked::Busy);
    }

    #[test]
    fn results_are_kept_for_a_minute_after_their_last_use_and_their_number_is_bounded() {
        let (mut recent, begun) = (Recent::default(), Instant::now());
        recent.insert(1, begun);
        assert!(recent.use_again(&1, begun + KEEP / 2));
        assert!(recent.use_again(&1, begun + KEEP));
        assert!(!recent.use_again(&1, begun + KEEP * 2));
        for key in 0..2 * MAX_KEPT {
            recent.insert(key, begun + Duration::from_micros(key as u64));
        }
        assert_eq!(recent.0.len(), MAX_KEPT);
        assert!(!recent.use_again(&1, begun + KEEP / 2));
        assert!(recent.use_again(&(2 * MAX_KEPT - 1), begun + KEEP / 2));
    }
}
