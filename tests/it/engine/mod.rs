//! The engine in this process, at instants that the test chooses, against a model.

mod any_delivery;
mod commits;
mod past_scores;
