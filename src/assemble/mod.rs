//! Mapped events to cases to sums: in memory for one shot. The daemon does the same against its store.
//!
//! Knows neither files nor HTTP; batches come in, evidence comes out.

mod behind;
mod content;
mod table;
mod tally;

pub use behind::{CaseBehind, Counting, Worst, split_key};
pub use content::ContentCounter;
pub(crate) use table::event_in;
pub use table::{CaseTable, TableLimits, Taken};
pub use tally::{Tally, Windows, shadowed, stretch_of};
