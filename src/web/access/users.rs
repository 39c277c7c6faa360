//! Users of basic authentication: bcrypt, which is slow on purpose, kept from being a way to slow the daemon down.

use super::token::sha256;
use ring::rand::{SecureRandom, SystemRandom};
use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Checks at once: guesses of an attacker must leave the processor to those who ingest.
const CHECKS_AT_ONCE: usize = 2;
/// A check that can't begin within this span is given up.
const QUEUE: Duration = Duration::from_secs(10);
/// Successes that are remembered. Browsers and Prometheus say their password with every request.
const REMEMBERED: usize = 100;

/// Users and their hashes.
pub(super) struct Users {
    hashes: Arc<BTreeMap<String, String>>,
    /// Keys of checks that have succeeded.
    passed: Mutex<HashSet<[u8; 32]>>,
    /// Makes the keys worthless to whoever reads the memory of another run.
    salt: [u8; 32],
    checks: Arc<Semaphore>,
}

/// What came of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Checked {
    /// It is this user.
    Right,
    /// Unknown user or wrong password: nobody is told which.
    Wrong,
    /// Too many others are being checked.
    Busy,
}

impl Users {
    pub(super) fn new(hashes: &BTreeMap<String, String>) -> Users {
        let mut salt = [0; 32];
        // Without randomness the keys are still hashes that hold the bcrypt hash.
        let _ = SystemRandom::new().fill(&mut salt);
        Users {
            hashes: Arc::new(hashes.clone()),
            passed: Mutex::default(),
            salt,
            checks: Arc::new(Semaphore::new(CHECKS_AT_ONCE)),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// Whether a user has this password.
    pub(super) async fn check(&self, name: &str, password: &str) -> Checked {
        // An unknown user is checked against somebody's hash, so that the answer takes as long.
        let known = self.hashes.get(name);
        let Some(hash) = known.or_else(|| self.hashes.values().next()).cloned() else {
            return Checked::Wrong;
        };
        let is_known = known.is_some();
        let key = self.key(name, password, &hash);
        if is_known && self.passed().contains(&key) {
            return Checked::Right;
        }
        let permit = self.checks.clone().acquire_owned();
        let Ok(Ok(permit)) = tokio::time::timeout(QUEUE, permit).await else {
            return Checked::Busy;
        };
        let password = password.to_owned();
        let checked = tokio::task::spawn_blocking(move || {
            // Held by the check, not by its caller: who hangs up does not end it.
            let _permit = permit;
            bcrypt::verify(password, &hash).unwrap_or(false)
        });
        // Waited for in any case: an unknown user must not be told by a quick answer.
        let is_right = checked.await.unwrap_or(false);
        if !is_known || !is_right {
            return Checked::Wrong;
        }
        let mut passed = self.passed();
        if passed.len() >= REMEMBERED {
            passed.clear();
        }
        passed.insert(key);
        Checked::Right
    }

    /// Holds the hash, so that a changed password is checked anew; lengths keep the parts apart.
    fn key(&self, name: &str, password: &str, hash: &str) -> [u8; 32] {
        let mut bytes = self.salt.to_vec();
        for part in [name, hash, password] {
            bytes.extend(part.len().to_le_bytes());
            bytes.extend(part.as_bytes());
        }
        sha256(&bytes)
    }

    fn passed(&self) -> std::sync::MutexGuard<'_, HashSet<[u8; 32]>> {
        self.passed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn users() -> Users {
        let hash = |password: &str| bcrypt::hash(password, 6).unwrap();
        Users::new(&BTreeMap::from([
            ("oncall".to_owned(), hash("right")),
            ("bob".to_owned(), hash("")),
        ]))
    }

    #[tokio::test]
    async fn only_the_password_of_the_user_passes() {
        let users = users();
        for (name, password, expected) in [
            ("oncall", "right", Checked::Right),
            ("oncall", "right", Checked::Right),
            ("oncall", "wrong", Checked::Wrong),
            ("oncall", "", Checked::Wrong),
            ("bob", "", Checked::Right),
            ("bob", "right", Checked::Wrong),
            ("nobody", "right", Checked::Wrong),
            ("oncallright", "", Checked::Wrong),
            ("", "", Checked::Wrong),
        ] {
            assert_eq!(
                users.check(name, password).await,
                expected,
                "{name} {password}"
            );
        }
        assert_eq!(users.passed().len(), 2, "failures must not be remembered");
        let nobody = Users::new(&BTreeMap::new());
        assert_eq!(nobody.check("oncall", "right").await, Checked::Wrong);
    }

    /// Nanoseconds for which this thread has used a processor. How long it had to wait for one does not count.
    #[cfg(target_os = "linux")]
    fn used() -> u64 {
        let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
        text.split(' ').next().unwrap().parse().unwrap()
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn an_unknown_user_takes_as_long_as_a_wrong_password() {
        let hash = bcrypt::hash("right", 9).unwrap();
        let users = Users::new(&BTreeMap::from([("oncall".to_owned(), hash)]));
        // One thread for all that blocks, so that it is known which one checks.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .max_blocking_threads(1)
            .build()
            .unwrap();
        let used = async || tokio::task::spawn_blocking(used).await.unwrap();
        let work = async |name: &str| {
            let before = used().await;
            assert_eq!(users.check(name, "wrong").await, Checked::Wrong);
            used().await - before
        };
        let (known, unknown) =
            runtime.block_on(async { (work("oncall").await, work("mallory").await) });
        assert!(known > 1_000_000, "{known} ns are no check by bcrypt");
        assert!(unknown * 4 > known, "{unknown} ns against {known} ns");
    }

    #[tokio::test]
    async fn what_is_remembered_has_a_bound_and_is_checked_only_once() {
        let users = users();
        assert_eq!(users.check("oncall", "right").await, Checked::Right);
        let all = users.checks.clone().acquire_many_owned(2).await.unwrap();
        assert_eq!(
            users.check("oncall", "right").await,
            Checked::Right,
            "waits for bcrypt"
        );
        drop(all);
        users.passed().extend((0..99_u8).map(|n| [n; 32]));
        assert_eq!(users.check("bob", "").await, Checked::Right);
        assert_eq!(users.passed().len(), 1);
    }
}
