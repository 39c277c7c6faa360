//! Drift: alarms of the daemon, what is said of them, the days that it judges, and holidays.

mod alarms;
mod days;
mod holidays;
mod stories;
