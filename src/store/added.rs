//! The SQL function that adds to the sums of a bucket. So one statement finds the row once, reads it and writes it.

use crate::codec::DamagedBytes;
use crate::measure::Sums;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::{Connection, Error};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Defines `add_sums(known, change)`, which gives the encoded sum of two encoded sums. After each call `emptied` says whether
/// nothing is left.
pub(super) fn define_function(db: &Connection, emptied: &Arc<AtomicBool>) -> rusqlite::Result<()> {
    let emptied = emptied.clone();
    // Not for triggers and views: nothing but a commit adds.
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DIRECTONLY;
    db.create_scalar_function("add_sums", 2, flags, move |arguments: &mut Context<'_>| {
        let encoded = |at| arguments.get_raw(at).as_blob().map_err(Error::from);
        let sum = added(encoded(0)?, encoded(1)?)
            .map_err(|damage| Error::UserFunctionError(Box::new(damage)))?;
        emptied.store(sum.is_zero(), Ordering::Relaxed);
        let mut body = Vec::with_capacity(256);
        sum.encode(&mut body);
        Ok(body)
    })
}

fn added(known: &[u8], change: &[u8]) -> Result<Sums, DamagedBytes> {
    let mut sums = Sums::decode(known)?;
    sums.merge(&Sums::decode(change)?, 1);
    Ok(sums)
}

#[cfg(test)]
mod tests {
    use super::super::{BucketRow, Commit, Store, StoreError};
    use super::*;
    use crate::measure::BucketKey;
    use crate::model::{Executor, Hour, NameId, Origin};

    const KEY: BucketKey = BucketKey {
        hour: Hour(7),
        process: NameId(1),
        executor: Executor::Human,
        origin: Origin::Live,
    };

    fn add(store: &mut Store, cases: i64) -> Result<u64, StoreError> {
        let change = Sums {
            cases,
            ..Sums::default()
        };
        store.commit(&Commit {
            buckets: vec![BucketRow::of(KEY, &change)],
            ..Commit::default()
        })
    }

    fn cases(store: &Store) -> Vec<(i32, i64)> {
        let mut found = Vec::new();
        let mut each = |key: BucketKey, sums: Sums| found.push((key.hour.0, sums.cases));
        store.each_bucket(Hour::MIN, Hour::MAX, &mut each).unwrap();
        found
    }

    #[test]
    fn a_bucket_is_there_as_long_as_something_is_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(folder.path()).unwrap();
        for (by, left) in [(3, vec![(7, 3)]), (-1, vec![(7, 2)]), (-2, vec![])] {
            add(&mut store, by).unwrap();
            assert_eq!(cases(&store), left);
        }
        add(&mut store, 5).unwrap();
        assert_eq!(cases(&store), [(7, 5)]);
    }

    #[test]
    fn a_bucket_that_can_not_be_read_is_named_and_nothing_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(folder.path()).unwrap();
        add(&mut store, 3).unwrap();
        let damage = "UPDATE buckets SET body = x'ff'";
        store.db.execute_batch(damage).unwrap();
        let error = add(&mut store, 1).unwrap_err();
        assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
        assert!(error.to_string().contains("hour: 7"), "{error}");
        let kept = "SELECT quote(body) FROM buckets";
        let kept: String = store.db.query_row(kept, [], |row| row.get(0)).unwrap();
        assert_eq!(kept, "X'FF'");
    }
}
