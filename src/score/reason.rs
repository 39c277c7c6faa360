//! Why there is no verdict, in one sentence; numbers as sentences have them.

use super::process::Scorer;

impl Scorer<'_> {
    /// Why nothing can be decided.
    pub(super) fn no_verdict(&self) -> String {
        let live = self.live;
        match self.declared.epoch {
            // What ended, or is open, may have begun before the window.
            _ if live.started() == 0 && live.cases == 0 && live.open == 0 => {
                "no case was seen".to_owned()
            }
            Some(epoch) if live.cases > 0 => {
                let date = epoch.to_string();
                let date = date.get(..10).unwrap_or(&date);
                format!("no case has ended since the epoch {date}, so there is no nominal size yet")
            }
            _ => "no case has ended yet".to_owned(),
        }
    }
}
