//! Who may connect, who they are, and what they may do.
//!
//! A request passes four checks. Its connection must get a slot (`connection_limiter`) and finish its TLS handshake (`tls`,
//! `connections`). Its credentials must be valid (`gate`, `users`, `login_limits`) or, without authentication, its host name
//! must be known (`host`). The role must suffice for its route (`rights`, applied by `guard`). The response must fit into the
//! memory of responses (`responses`). None of these modules knows what the routes do.

mod audit;
mod connection_limiter;
mod connections;
mod gate;
mod guard;
mod host;
mod login_limits;
mod origin;
mod patience;
mod progress;
mod responses;
mod rights;
mod tls;
mod token;
mod users;

pub(super) use connections::accept;
pub(super) use guard::{guard, time_out};
pub(super) use responses::limit_response_memory;
pub use token::hash_of;
pub(crate) use token::random_token;

use crate::config::daemon::Config;
use crate::daemon::reload_reason;
use crate::rules::Problems;
use audit::Refusals;
use gate::Gate;
use login_limits::LoginLimits;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};

/// What is in force, and can be replaced while connections come in.
pub(crate) struct Access {
    gate: RwLock<Arc<Gate>>,
    refusals: Refusals,
    /// Failed log-ins. A reload does not forget them.
    logins: LoginLimits,
    /// Where the daemon listens, which a reload does not change.
    listen: SocketAddr,
    /// A hash of the files of the configuration, from before the certificates were read.
    files: u64,
}

impl Access {
    /// Reads certificates, and refuses what would be open to the world by mistake.
    pub(crate) fn open(config: &Config) -> Result<Access, Problems> {
        let files = reload_reason(&config.files);
        Ok(Access {
            files,
            gate: RwLock::new(Arc::new(Gate::build(config, config.listen)?)),
            refusals: Refusals::default(),
            logins: LoginLimits::default(),
            listen: config.listen,
        })
    }

    /// What a new configuration would put in force.
    pub(super) fn prepare(&self, config: &Config) -> Result<Prepared, Problems> {
        Gate::build(config, self.listen).map(Prepared)
    }

    /// Puts it in force for connections and requests from now on; says what changed.
    pub(super) fn replace(&self, new: Prepared) -> Vec<String> {
        let mut gate = self.gate.write().unwrap_or_else(PoisonError::into_inner);
        let changed = gate.changes(&new.0);
        if !changed.is_empty() {
            *gate = Arc::new(new.0);
        }
        changed
    }

    /// The files of the configuration as they were at the start: what has changed since then is a reason to reload, also
    /// what changed before anybody watched.
    pub(super) fn files_at_start(&self) -> u64 {
        self.files
    }

    fn gate(&self) -> Arc<Gate> {
        let gate = self.gate.read().unwrap_or_else(PoisonError::into_inner);
        gate.clone()
    }
}

/// A configuration of access that is valid and not in force yet.
pub(super) struct Prepared(Gate);
