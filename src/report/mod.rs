//! Re-scoring reports: what changed in a period, what to do now, and what that rests on.
//!
//! A report is plain data ([`Report`]) made from the scores at the beginning and at the end of a period and from the drift
//! between them; each format is written from that data alone, so the same database gives the same bytes.

mod actions;
mod build;
mod charts;
mod content;
mod csv;
mod deliver;
mod drifted;
mod findings;
mod html;
mod make;
mod markdown;
mod message;
mod parts;
mod period;
mod predicted;
mod safe;
mod send;
mod words;

pub(crate) use content::Report;
pub(crate) use csv::text as csv;
pub(crate) use deliver::{
    Written, deliver, due, file_name, is_kept, is_report, is_there, keep_expectations, kept,
    of_period,
};
pub(crate) use html::{Medium, text as html};
pub(crate) use make::make;
pub(crate) use markdown::text as markdown;
pub(crate) use period::{Period, PeriodKind};
pub(crate) use send::Recipient;
