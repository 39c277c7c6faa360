//! `toleranced score` of log files, through the real program.

mod agreement;
mod any_order;
mod arrivals;
mod bad_input;
mod baseline;
mod case_ends;
mod confirmed_outcomes;
mod data_loss;
mod examples;
mod executors;
mod exercises;
mod exit_codes;
mod formats;
mod guessed_columns;
mod hands_on_time;
mod json;
mod known_figures;
mod options;
mod post_closure;
mod recommendation;
mod reference_scenarios;
mod scoring_window;
mod shadow_comparison;
mod shadow_readiness;
mod table;
mod times;
