//! Whether a file is completely written.

use super::listing::Look;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

/// A file that has not changed for this long is taken as completely written.
const SETTLED: Duration = Duration::from_secs(2);

/// Files whose last change lies in the future (the clock of who wrote them is ahead, or an archive was unpacked): how they
/// looked and since when they have looked so. Their own time would call them unfinished until it has come.
#[derive(Debug, Default)]
pub(super) struct Settling(BTreeMap<PathBuf, (Look, Instant)>);

impl Settling {
    /// Whether a file that looks like this at this time is completely written.
    pub(super) fn is_over(&mut self, path: &Path, look: Look, now: (SystemTime, Instant)) -> bool {
        if let Ok(age) = now.0.duration_since(look.1) {
            return age >= SETTLED;
        }
        let known = self.0.entry(path.to_owned()).or_insert((look, now.1));
        if known.0 != look {
            *known = (look, now.1);
        }
        now.1.duration_since(known.1) >= SETTLED
    }

    /// Forgets the files that are gone.
    pub(super) fn retain(&mut self, is_there: impl Fn(&Path) -> bool) {
        self.0.retain(|path, _| is_there(path));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_file_settles_when_it_has_not_changed_for_two_seconds_though_its_time_lies_in_the_future() {
        let (clock, begun) = (SystemTime::now(), Instant::now());
        let at = |seconds: u32| (clock + seconds * SECOND, begun + seconds * SECOND);
        let mut settling = Settling::default();
        let path = Path::new("in/export.csv");
        let (written, ahead) = ((7, clock), (7, clock + 3600 * SECOND));
        assert!(!settling.is_over(path, written, at(1)));
        assert!(settling.is_over(path, written, at(2)));
        assert!(!settling.is_over(path, ahead, at(10)));
        assert!(!settling.is_over(path, ahead, at(11)));
        assert!(settling.is_over(path, ahead, at(12)));
        // It has grown, and was given the same time again.
        let grown = (8, ahead.1);
        assert!(!settling.is_over(path, grown, at(13)));
        assert!(!settling.is_over(path, grown, at(14)));
        assert!(settling.is_over(path, grown, at(15)));
        // Gone and back: it may be another one.
        settling.retain(|_| false);
        assert!(!settling.is_over(path, grown, at(16)));
    }
}
