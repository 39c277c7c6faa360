//! The description of the JSON API, kept by hand and held against reality by tests/it/pages/api.rs.

use axum::http::header;
use axum::response::{IntoResponse, Response};

const DESCRIPTION: &str = include_str!("../../../docs/openapi.json");

/// `GET /api/v1/openapi.json`.
pub(super) async fn description() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], DESCRIPTION).into_response()
}
