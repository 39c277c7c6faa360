//! `explain` and `diff`: past scores, the text for people, the JSON for programs.

mod diff;
mod hostile_names;
mod json;
mod one_answer;
mod past_scores;
mod text;
