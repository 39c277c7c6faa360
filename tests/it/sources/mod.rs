//! How events reach the daemon: tailed logs, drop folders, pushes, and the quarantine.

mod drop_folder;
mod hostile_bodies;
mod names;
mod privacy;
mod push;
mod quarantine;
mod set_aside;
mod tailing;
mod unfinished_line;
