//! From what is in memory to rows of the database.

use crate::cases::{Case, Facts};
use crate::store::CaseRow;

/// The row of a case; `None` for one without events.
pub(super) fn case_row(key: &str, case: &Case, facts: Option<&Facts>) -> Option<CaseRow> {
    let facts = facts?;
    // Later than its end where it was audited.
    let last = case.latest()?.time;
    let mut body = Vec::with_capacity(64 + 24 * facts.path.len());
    case.encode(&mut body);
    Some(CaseRow {
        key: key.to_owned(),
        process: facts.process,
        open: !facts.complete,
        last: last.0,
        parent: case.parent().map(str::to_owned),
        body,
    })
}
