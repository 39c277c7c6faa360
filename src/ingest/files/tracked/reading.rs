//! Reading a tracked file: from its place to its end, record by record, into the sink.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::time::Instant;

use super::super::api::{Answer, Chunk, Notice, Options, Oversize, Sink};
use super::super::compressed::{Kind, Stream};
use super::super::discover::Stat;
use super::super::reader::{Limits, Skip, Step};
use super::{Check, STAT_TRUSTED_AFTER, Tracked, open};

/// What reading one file gave.
#[derive(Debug, Default)]
pub(in super::super) struct ReadEnd {
    pub(in super::super) bytes: u64,
    pub(in super::super) more: bool,
    pub(in super::super) stopped: bool,
    pub(in super::super) error: Option<io::Error>,
}

/// How a file is read in one poll.
struct Poll<'a> {
    limits: &'a Limits,
    /// Bytes that it may read.
    budget: u64,
    /// Whether it has not grown for so long that an unfinished record counts as finished.
    quiet: bool,
}

impl Tracked {
    /// Reads up to the budget of a poll (and to the end of the record begun) and hands them out.
    pub(in super::super) fn read(
        &mut self,
        limits: &Limits,
        options: &Options,
        now: Instant,
        sink: &mut dyn Sink,
    ) -> ReadEnd {
        let mut end = ReadEnd::default();
        let settled = now.saturating_duration_since(self.stat_since) > STAT_TRUSTED_AFTER;
        let quiet =
            now.saturating_duration_since(self.quiet_since) >= options.flush_unfinished_after;
        let offered = self.declined_at == Some(self.stat.len);
        let drained = self.position.at == self.stat.len || (settled && (!quiet || offered));
        let idle = self.kind == Kind::Plain && self.is_dry() && drained;
        if idle || self.finished || self.damaged.is_some() {
            return end;
        }
        let mut source = match self.take_source() {
            Ok(Some(source)) => source,
            Ok(None) => return end,
            Err(error) => {
                end.error = Some(error);
                return end;
            }
        };
        let poll = Poll {
            limits,
            budget: options.read_budget_per_poll,
            quiet,
        };
        let standing = self.read_from(&mut *source, &poll, sink, &mut end);
        if standing && self.wants_stream() {
            self.stream = Some(source);
        }
        end
    }

    /// The stream, standing where the reader expects it. A plain file is read again from the last record boundary in
    /// each poll: what is behind it may have been rewritten.
    fn take_source(&mut self) -> io::Result<Option<Stream>> {
        if self.kind == Kind::Plain {
            let Some(handle) = self.plain_handle()? else {
                return Ok(None);
            };
            let mut file = handle.try_clone()?;
            file.seek(SeekFrom::Start(self.reader.cursor(&self.position).at))?;
            self.reader.rewind();
            return Ok(Some(Box::new(file)));
        }
        if self.stream.is_none()
            && self.attached
            && let Check::Changed = self.open_stream()?
        {
            self.stat.modified_ns = -1; // Not as it was identified: makes the next check look at it anew.
            return Ok(None);
        }
        Ok(self.stream.take())
    }

    fn plain_handle(&mut self) -> io::Result<Option<&File>> {
        if self.handle.is_none() && self.attached {
            let file = open(&self.path)?;
            if Stat::of(&self.path, &file.metadata()?).key == self.stat.key {
                self.handle = Some(file);
            }
        }
        Ok(self.handle.as_ref())
    }

    /// Returns whether the source still stands where the reader expects it.
    fn read_from(
        &mut self,
        source: &mut dyn Read,
        poll: &Poll,
        sink: &mut dyn Sink,
        end: &mut ReadEnd,
    ) -> bool {
        let limits = poll.limits;
        loop {
            if end.bytes >= poll.budget {
                end.more = true;
                return true;
            }
            let step = self.reader.next(source, limits, &self.position);
            end.bytes += self.reader.take_bytes_read();
            let answer = match step {
                Step::Records(bytes) => self.hand_out(bytes, false, limits, sink),
                Step::Skipped(skip) => self.hand_out_skip(skip, sink),
                Step::Skipping => continue,
                Step::Dry => {
                    self.end_of_stream(poll, sink, end);
                    return true;
                }
            };
            match answer {
                Answer::More => {}
                Answer::Enough => {
                    (end.stopped, end.more) = (true, true);
                    return true;
                }
                Answer::Declined => {
                    self.reader.rewind();
                    end.more = true;
                    return false;
                }
            }
        }
    }

    fn end_of_stream(&mut self, poll: &Poll, sink: &mut dyn Sink, end: &mut ReadEnd) {
        self.dry_at = Some(self.stat.len);
        if let Some(error) = self.reader.take_error() {
            if self.kind == Kind::Plain {
                end.error = Some(error);
                return;
            }
            self.drop_stream();
            self.damaged = Some(self.stat);
            sink.notice(Notice::Damaged {
                id: self.id,
                path: self.path.to_path_buf(),
                position: self.position.at,
                error: error.to_string(),
            });
            return;
        }
        let complete = self.kind != Kind::Plain;
        if complete || (poll.quiet && self.declined_at != Some(self.stat.len)) {
            let answer = self.hand_out_unfinished(poll.limits, sink);
            end.stopped = answer == Answer::Enough;
            if answer == Answer::Declined {
                self.declined_at = Some(self.stat.len);
            }
        }
        if complete {
            self.finished = true;
        }
    }

    fn hand_out_unfinished(&mut self, limits: &Limits, sink: &mut dyn Sink) -> Answer {
        if let Some(skip) = self.reader.take_skip() {
            return self.hand_out_skip(skip, sink);
        }
        let bytes = self.reader.take_unfinished();
        let header_missing = limits.framing.has_header() && self.head.is_empty();
        if bytes.is_empty() || header_missing {
            return Answer::More;
        }
        self.hand_out(bytes, true, limits, sink)
    }

    fn hand_out(
        &mut self,
        mut bytes: Vec<u8>,
        last_unfinished: bool,
        limits: &Limits,
        sink: &mut dyn Sink,
    ) -> Answer {
        if limits.framing.has_header()
            && self.head.is_empty()
            && let Some(end) = limits.framing.first_end(&bytes)
        {
            let rest = bytes.split_off(end);
            self.position.advance(&bytes);
            self.head = bytes.into();
            bytes = rest;
        }
        if bytes.is_empty() {
            return Answer::More;
        }
        let offset = self.position.at;
        let mut after = self.position.clone();
        after.advance(&bytes);
        let finished = self.kind != Kind::Plain && self.reader.is_exhausted();
        let answer = sink.chunk(Chunk {
            file: self.id,
            path: Arc::clone(&self.path),
            offset,
            bytes,
            head: Arc::clone(&self.head),
            state: self.state_at(&after, finished),
            last_unfinished,
        });
        if answer != Answer::Declined {
            self.position = after;
        }
        answer
    }

    fn hand_out_skip(&mut self, skip: Skip, sink: &mut dyn Sink) -> Answer {
        let offset = self.position.at;
        let total_len = skip.marks.at - offset;
        self.position = skip.marks;
        self.finished = self.kind != Kind::Plain && self.reader.is_exhausted();
        sink.notice(Notice::RecordTooLong {
            path: self.path.to_path_buf(),
            offset,
            bytes: total_len,
        });
        sink.oversize(Oversize {
            file: self.id,
            path: Arc::clone(&self.path),
            offset,
            first_bytes: skip.first,
            total_len,
            state: self.state(),
        });
        Answer::More
    }
}
