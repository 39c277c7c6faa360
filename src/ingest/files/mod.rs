//! The file source: finds files by path or glob and reads them while they grow.
//!
//! Log files are renamed, copied, truncated, replaced, compressed and deleted while they are read. Everything here
//! serves one promise: each record is handed out exactly once per content, however its file is called, and a restart
//! from the committed [`FileState`]s goes on as if nothing had happened.
//!
//! * [`Tailer::poll`] does all the work and is deterministic: it neither sleeps nor looks at a clock.
//! * [`Waker`] only says that a poll may be worth it. Losing its messages costs time, never data.
//!
//! The module does not know what a record means, where states are kept, or how notices are shown. A byte order mark
//! at the beginning of a file stays in the first record (or header): removing it would shift offsets.
//!
//! # What the content says, and what it can't say
//! A file is recognised when its first bytes and the bytes just before the position both agree with a [`FileState`]
//! whose file is gone. While that file is still there, a newcomer whose whole content is the beginning of it is held
//! back as a copy in the making ([`Notice::Duplicate`]): it has nothing that is not read already. As soon as the two
//! differ, or the newcomer gets longer, it is read from its start as a file of its own.

mod api;
mod compressed;
mod discover;
mod fingerprint;
mod identify;
mod reader;
mod tailer;
mod tracked;
mod waker;

#[cfg(test)]
mod model_test;
#[cfg(test)]
mod tests;

pub(crate) use api::{Answer, Chunk, FileId, FileState, Notice, Options, Oversize, Sink};
pub(crate) use discover::base_folders;
pub(crate) use tailer::Tailer;
pub(crate) use waker::{Waker, Woken};
