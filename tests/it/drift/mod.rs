//! Drift: alarms of the daemon, and the days that it judges.

mod alarms;
mod days;
