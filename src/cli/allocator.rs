//! Settings of the allocator for a process that lives long.
//!
//! mimalloc reads its settings from the environment before `main`, and offers no safe call to change them. So the daemon
//! starts itself again, in the same process, with the variables that are missing.

use std::ffi::OsStr;
use std::io;
use std::process::Command;

/// Freed memory goes back to the system at once, and only what is used is taken from it. With the defaults of mimalloc a
/// burst of large bodies takes nearly twice as much.
const SETTINGS: [(&str, &str); 2] = [
    ("MIMALLOC_PURGE_DELAY", "0"),
    ("MIMALLOC_ARENA_EAGER_COMMIT", "0"),
];

/// Starts the program again with the settings that the environment does not have. Returns if it has all of them, and with
/// an error if the program can't be started again: it can go on without them.
#[cfg(unix)]
pub(super) fn set_for_daemon() -> io::Result<()> {
    use std::os::unix::process::CommandExt;
    let missing = missing(|name| std::env::var_os(name).is_some());
    if missing.is_empty() {
        return Ok(());
    }
    let mut arguments = std::env::args_os();
    let mut command = Command::new(std::env::current_exe()?);
    if let Some(name) = arguments.next() {
        command.arg0(name);
    }
    Err(command.args(arguments).envs(missing).exec())
}

/// Elsewhere a program can't replace itself.
#[cfg(not(unix))]
pub(super) fn set_for_daemon() -> io::Result<()> {
    Ok(())
}

/// The settings whose variables are not set. An operator who sets one means it.
fn missing(is_set: impl Fn(&OsStr) -> bool) -> Vec<(&'static str, &'static str)> {
    let settings = SETTINGS.into_iter();
    settings
        .filter(|(name, _)| !is_set(OsStr::new(name)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_that_is_set_stays_as_it_is() {
        assert_eq!(missing(|_| false), SETTINGS);
        assert_eq!(missing(|name| name == SETTINGS[0].0), [SETTINGS[1]]);
        assert!(missing(|_| true).is_empty());
    }
}
