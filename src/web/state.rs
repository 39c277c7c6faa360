//! What every handler is given: the running daemon.

use crate::daemon::Running;
use axum::extract::State;
use std::sync::Arc;

/// The running daemon, as an argument of a handler.
pub(super) type Daemon = State<Arc<Running>>;
