//! What a service manager (systemd, `Type=notify`) is told: ready, alive, stopping.

use crate::daemon::Running;
use sd_notify::NotifyState;
use std::sync::Arc;
use std::time::Duration;

/// Readiness is looked at this often.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Tells when the daemon is ready, and from then on that it is alive, as often as the manager's watchdog wants: as long as
/// the engine goes on. Where no manager listens nothing is told.
pub(super) async fn tell(daemon: Arc<Running>) {
    while daemon.shared.not_ready().is_some() {
        tokio::time::sleep(LOOK_EVERY).await;
    }
    notify(&[NotifyState::Ready]);
    let Some(patience) = sd_notify::watchdog_enabled() else {
        return;
    };
    loop {
        let silent = daemon.shared.silent_for();
        if !daemon.has_died() && silent < patience {
            notify(&[NotifyState::Watchdog]);
        } else {
            tracing::error!(
                silent_seconds = silent.as_secs(),
                "the engine does not go on"
            );
        }
        tokio::time::sleep(patience / 3).await;
    }
}

/// Tells that the daemon is stopping.
pub(super) fn stopping() {
    notify(&[NotifyState::Stopping]);
}

fn notify(states: &[NotifyState]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "the service manager can't be told");
    }
}
