//! Who can reach the daemon and what each role can do; hostile clients.

mod anonymous;
mod audit_log;
mod connection_limits;
mod headers;
mod occupied_slots;
mod other_sites;
mod password_guesses;
mod request_limits;
mod roles;
mod tls;
mod users_and_tokens;
mod web_config;
