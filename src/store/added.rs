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
