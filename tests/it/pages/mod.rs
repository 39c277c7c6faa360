//! The pages and the JSON interface.

mod api;
mod chromium;
mod html;
