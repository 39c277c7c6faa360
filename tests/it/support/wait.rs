//! Waiting for a condition, never for a fixed time.

use std::fmt::{Debug, Display};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long a test waits for a condition. Only a program that hangs reaches it.
pub(crate) const DEADLINE: Duration = Duration::from_secs(300);

/// The pause between two looks at a condition.
const PAUSE: Duration = Duration::from_millis(10);

/// Looks until there is an answer; `None` if there is none at the deadline.
pub(crate) fn poll<T>(mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let begin = Instant::now();
    loop {
        if let Some(found) = look() {
            return Some(found);
        }
        if begin.elapsed() > DEADLINE {
            return None;
        }
        sleep(PAUSE);
    }
}

/// Waits until there is an answer. `what` names the condition in the message of a failure.
#[track_caller]
pub(crate) fn wait_until<T>(what: impl Display, look: impl FnMut() -> Option<T>) -> T {
    poll(look).unwrap_or_else(|| panic!("waited {} s for {what}", DEADLINE.as_secs()))
}

/// Waits until a value is the expected one. A failure shows where the two differ.
#[track_caller]
pub(crate) fn wait_to_equal<T: PartialEq + Debug>(
    what: impl Display,
    expected: &T,
    mut look: impl FnMut() -> T,
) {
    let mut last = None;
    let equal = poll(|| {
        let found = look();
        let is_equal = found == *expected;
        last = Some(found);
        is_equal.then_some(())
    });
    if equal.is_none() {
        panic!(
            "{what} never as expected:\n{}",
            difference(expected, &last.expect("one look at least"))
        );
    }
}

/// The first lines in which two values differ.
fn difference<T: Debug>(expected: &T, found: &T) -> String {
    let (expected, found) = (format!("{expected:#?}"), format!("{found:#?}"));
    let differing = expected.lines().zip(found.lines()).filter(|(a, b)| a != b);
    let shown: Vec<String> = differing
        .take(20)
        .map(|(a, b)| format!("expected {}\n   found {}", a.trim(), b.trim()))
        .collect();
    shown.join("\n")
}
