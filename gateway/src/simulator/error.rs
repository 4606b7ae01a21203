//! Refusals with the studio API's error body.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// A refusal: status code and what the error body says.
#[derive(Debug)]
pub(super) struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl ApiError {
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        let code = match status.as_u16() {
            400 => "VALIDATION_FAILED",
            401 => "UNAUTHORIZED",
            403 => "FORBIDDEN",
            404 => "ENTITY_NOT_FOUND",
            405 => "METHOD_NOT_ALLOWED",
            409 => "CONCURRENT_MODIFICATION",
            429 => "RATE_LIMIT_EXCEEDED",
            503 => "SERVICE_UNAVAILABLE",
            _ => "SYSTEM_ERROR",
        };
        Self {
            status,
            code,
            message: message.into(),
        }
    }

    /// The request is not as the description wants it.
    pub(super) fn validation(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// What was asked for does not exist.
    pub(super) fn not_found(what: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("{what} does not exist."))
    }

    /// The same refusal with a more telling code.
    pub(super) fn with_code(mut self, code: &'static str) -> Self {
        self.code = code;
        self
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = json!({
            "errorMessage": self.message,
            "errorCode": self.code,
            "traceId": rand::random::<u64>().to_string(),
            "args": [],
        });
        (self.status, axum::Json(body)).into_response()
    }
}
