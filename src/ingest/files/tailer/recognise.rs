//! Deciding which content a file holds that was just found: a known one, a copy, or a new one.

use std::io;
use std::time::Instant;

use super::super::api::{FileId, FileState, Notice, Sink};
use super::super::compressed::Kind;
use super::super::discover::Found;
use super::super::fingerprint::Marks;
use super::super::identify::{Candidate, Held};
use super::super::tracked::Tracked;
use super::Tailer;

impl Tailer {
    /// Decides which content a file holds that is not read yet.
    pub(super) fn recognise(
        &mut self,
        found: &Found,
        now: Instant,
        sink: &mut dyn Sink,
    ) -> io::Result<()> {
        if self.resume_finished(found, now, sink) {
            return Ok(());
        }
        let mut held = self
            .held
            .remove(&found.stat.key)
            .unwrap_or_else(|| Held::new(found, now));
        held.see(found, now);
        if self.is_held_copy(&mut held, found, now, sink)? {
            self.held.insert(found.stat.key, held);
            return Ok(());
        }
        let settled = held.has_settled(self.options.settle, now);
        let Some(mut candidate) = Candidate::look(found, settled)? else {
            held.wait();
            self.held.insert(found.stat.key, held);
            return Ok(());
        };
        if self.may_be_draining(&candidate) {
            held.wait();
        } else if let Some(of) = self.find_original(&candidate)? {
            // Before the contents without a place: of those, one may agree that ended within a common beginning.
            held.hold_as_copy(candidate, of);
        } else if let Some((id, marks)) = self.find_missing(&mut candidate)? {
            self.adopt(id, candidate, marks, now, sink);
            return Ok(());
        } else if candidate.broken && !settled {
            held.wait();
        } else {
            self.discover(candidate, now, sink);
            return Ok(());
        }
        self.held.insert(found.stat.key, held);
        Ok(())
    }

    /// A finished archive that did not change is not decompressed again after a restart.
    fn resume_finished(&mut self, found: &Found, now: Instant, sink: &mut dyn Sink) -> bool {
        let stat = found.stat;
        let same = |state: &&FileState| {
            state.finished
                && (state.device, state.inode) == stat.key
                && (state.disk_len, state.modified_ns) == (stat.len, stat.modified_ns)
        };
        let Some(id) = self.missing.values().find(same).map(|state| state.id) else {
            return false;
        };
        if let Some(state) = self.missing.remove(&id) {
            self.held.remove(&stat.key);
            sink.notice(Notice::Resumed {
                id,
                path: found.path.clone(),
                position: state.position,
            });
            let file = Tracked::finished(state, found, Kind::Gzip, now);
            self.tracked.insert(id, file);
        }
        true
    }

    fn is_held_copy(
        &self,
        held: &mut Held,
        found: &Found,
        now: Instant,
        sink: &mut dyn Sink,
    ) -> io::Result<bool> {
        let original = held.copy_of().and_then(|id| self.tracked.get(&id));
        let Some(original) = original.filter(|file| file.attached) else {
            return Ok(held.is_spent());
        };
        let repeats = held.still_repeats(found, original, now)?;
        if repeats && held.report_due(self.options.settle, now) {
            sink.notice(Notice::Duplicate {
                path: found.path.clone(),
                of: original.id,
            });
        }
        Ok(repeats)
    }

    /// Whether the candidate may hold what is still being read from a file that is gone: it is known up to which
    /// byte only after that.
    fn may_be_draining(&self, candidate: &Candidate) -> bool {
        self.tracked
            .values()
            .any(|file| !file.attached && !file.is_dry() && file.may_begin_with(&candidate.first))
    }

    /// The content without a place that the candidate holds. What was read furthest comes first: another one that
    /// agrees as well ended within a common beginning.
    fn find_missing(&self, candidate: &mut Candidate) -> io::Result<Option<(FileId, Marks)>> {
        let loose = self.tracked.values().filter(|file| {
            !file.attached && file.is_dry() && file.may_begin_with(&candidate.first)
        });
        let loose: Vec<FileState> = loose.map(Tracked::state).collect();
        let mut states: Vec<&FileState> = self
            .missing
            .values()
            .chain(&loose)
            .filter(|state| state.fingerprint.begins(&candidate.first))
            .collect();
        let (key, path) = (candidate.found.stat.key, candidate.found.path.clone());
        states.sort_by_key(|state| {
            let same_file = (state.device, state.inode) == key;
            let same_path = state.path == path;
            std::cmp::Reverse((state.position, same_file, same_path))
        });
        for state in states {
            if let Some(marks) = candidate.continues(state)? {
                return Ok(Some((state.id, marks)));
            }
        }
        Ok(None)
    }

    fn find_original(&self, candidate: &Candidate) -> io::Result<Option<FileId>> {
        for file in self.tracked.values().filter(|file| file.attached) {
            // An original that can't be read now must not keep the candidate from being read.
            if candidate.repeats(file).unwrap_or(false) {
                return Ok(Some(file.id));
            }
        }
        Ok(None)
    }

    fn adopt(
        &mut self,
        id: FileId,
        candidate: Candidate,
        marks: Marks,
        now: Instant,
        sink: &mut dyn Sink,
    ) {
        let loose = self.tracked.remove(&id).map(|file| file.state());
        let Some(state) = loose.or_else(|| self.missing.remove(&id)) else {
            return;
        };
        let moved = (state.device, state.inode) != candidate.found.stat.key;
        let (from, path) = (state.path, candidate.found.path.clone());
        sink.notice(if moved && from != path && candidate.kind != Kind::Plain {
            Notice::Recompressed { id, from, to: path }
        } else {
            Notice::Resumed {
                id,
                path,
                position: marks.at,
            }
        });
        self.track(id, candidate, marks, state.head, now);
    }

    fn discover(&mut self, candidate: Candidate, now: Instant, sink: &mut dyn Sink) {
        let id = self.next_id;
        self.next_id += 1;
        sink.notice(Notice::Discovered {
            id,
            path: candidate.found.path.clone(),
        });
        self.track(id, candidate, Marks::default(), Vec::new(), now);
    }

    fn track(&mut self, id: FileId, from: Candidate, at: Marks, head: Vec<u8>, now: Instant) {
        let mut file = Tracked::new(id, &from.found, from.kind, at, head, now);
        file.seen = from.first;
        if from.kind == Kind::Plain && self.tracked.len() < self.options.max_files_open {
            file.keep_handle(from.file);
        }
        self.tracked.insert(id, file);
    }
}
