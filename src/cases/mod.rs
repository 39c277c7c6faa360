//! Events become cases: ordering, duplicates, ends, reopening, parents.
//!
//! Pure: knows no clock (the time is a parameter), no files, no database. A [`Case`] is a set of events, so it does not
//! matter in which order or how often they come; [`facts()`] derives everything else from the set and the rules.

#[cfg(test)]
mod bench;
mod case;
mod cause;
mod event;
mod executions;
mod facts;
mod follow_up;
mod guess;
mod key;
mod life;
mod mode;
mod order;
mod path;
mod rules;
mod signals;
mod stages;
mod who;

pub(crate) use case::{Case, Insert};
pub(crate) use cause::{Cause, causes};
pub(crate) use event::{CaseEvent, EventFlags, EventIn};
pub(crate) use facts::{Facts, Twin, facts, facts_as_of, passes_limit, shadowed};
#[cfg(test)]
pub(crate) use follow_up::Resolution;
pub(crate) use guess::is_resolution_word;
pub use guess::resolved_states;
pub use key::KEY_SEPARATOR;
pub(crate) use key::split_key;
pub(crate) use rules::Directed;
pub use rules::RuleBook;
#[cfg(test)]
pub(crate) use stages::Stage;
pub(crate) use who::StepsBy;
