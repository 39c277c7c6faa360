//! Records that are built as a tree of values: such a tree takes up to fifty times the memory of its text.

use std::sync::{Condvar, Mutex, PoisonError};

/// A record with more values than this is rejected. The largest records of ticket systems have some thousand.
pub(super) const MAX_VALUES: usize = 100_000;
/// Records up to this size are built without waiting.
const SMALL_BYTES: usize = 16 << 10;
/// The texts of the larger records that are built at the same time, in all sources together.
const BUDGET_BYTES: usize = 512 << 10;

/// Texts of larger records that are being built, in bytes.
static IN_USE: Mutex<usize> = Mutex::new(0);
static RELEASED: Condvar = Condvar::new();

/// The part of the budget that one record uses. It is given back when this is dropped.
pub(super) struct Share(usize);

impl Share {
    /// Waits until a record of this size can be built. One record alone can always be built.
    pub(super) fn take(bytes: usize) -> Share {
        if bytes <= SMALL_BYTES {
            return Share(0);
        }
        let in_use = IN_USE.lock().unwrap_or_else(PoisonError::into_inner);
        let must_wait = |in_use: &mut usize| *in_use > 0 && *in_use + bytes > BUDGET_BYTES;
        let in_use = RELEASED.wait_while(in_use, must_wait);
        *in_use.unwrap_or_else(PoisonError::into_inner) += bytes;
        Share(bytes)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        if self.0 > 0 {
            *IN_USE.lock().unwrap_or_else(PoisonError::into_inner) -= self.0;
            RELEASED.notify_all();
        }
    }
}

/// Whether a JSON text has more than [`MAX_VALUES`] values. Every value but the first comes after a comma or after the
/// bracket that opens its container.
pub(super) fn has_too_many_values(json: &[u8]) -> bool {
    // Each value takes at least two bytes.
    if json.len() <= 2 * MAX_VALUES {
        return false;
    }
    let (mut values, mut at) = (1, 0);
    while at < json.len() {
        match json[at] {
            b'"' => at = string_end(json, at),
            b',' | b'[' | b'{' => values += 1,
            _ => {}
        }
        at += 1;
    }
    values > MAX_VALUES
}

/// Where the string that begins at `at` has its closing quote.
fn string_end(json: &[u8], at: usize) -> usize {
    let mut at = at + 1;
    while let Some(found) = json
        .get(at..)
        .and_then(|rest| memchr::memchr2(b'"', b'\\', rest))
    {
        at += found;
        if json[at] == b'"' {
            return at;
        }
        at += 2;
    }
    json.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_counted_outside_of_strings_only() {
        let many = format!("[{}0]", "0,".repeat(MAX_VALUES));
        assert!(has_too_many_values(many.as_bytes()));
        let few = format!("[{}0]", "0,".repeat(MAX_VALUES - 10));
        assert!(!has_too_many_values(few.as_bytes()));
        let text = format!("{{\"a\":\"\\\"{}\"}}", ",[".repeat(2 * MAX_VALUES));
        assert!(!has_too_many_values(text.as_bytes()));
        assert!(!has_too_many_values("\"\\".repeat(MAX_VALUES).as_bytes()));
    }

    #[test]
    fn one_large_record_waits_for_another_one_and_small_ones_do_not() {
        let first = Share::take(2 * BUDGET_BYTES);
        let (sender, receiver) = std::sync::mpsc::channel();
        let waiting = std::thread::spawn(move || {
            let second = Share::take(SMALL_BYTES + 1);
            sender.send(()).unwrap();
            drop(second);
        });
        drop(Share::take(SMALL_BYTES));
        assert!(receiver.try_recv().is_err());
        drop(first);
        receiver.recv().unwrap();
        waiting.join().unwrap();
    }
}
