//! One test for each thing that happens to log files, named after it.

use super::*;

/// Keeps everything it is given.
#[derive(Default)]
pub(super) struct Recorder {
    pub(super) chunks: Vec<Chunk>,
    pub(super) notices: Vec<Notice>,
    pub(super) oversize: Vec<Oversize>,
    decline_unfinished: bool,
    pub(super) enough_after_each: bool,
}

impl Recorder {
    pub(super) fn declining() -> Self {
        Self {
            decline_unfinished: true,
            ..Self::default()
        }
    }
}

impl Sink for Recorder {
    fn chunk(&mut self, chunk: Chunk) -> Answer {
        if chunk.last_unfinished && self.decline_unfinished {
            return Answer::Declined;
        }
        self.chunks.push(chunk);
        match self.enough_after_each {
            true => Answer::Enough,
            false => Answer::More,
        }
    }

    fn oversize(&mut self, oversize: Oversize) {
        self.oversize.push(oversize);
    }

    fn notice(&mut self, notice: Notice) {
        self.notices.push(notice);
    }
}
