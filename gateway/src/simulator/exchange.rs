//! What happens to every request before and after its handler: counted, failed as the faults say, its key checked.

use std::sync::Arc;

use axum::Extension;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};

use super::connection::Switch;
use super::error::ApiError;
use super::studio::Studio;

/// No text of the simulator is longer.
const MAX_TEXT: usize = 16 << 20;

/// Runs one request of an operation with its faults.
pub(super) async fn operation(
    State((studio, operation)): State<(Arc<Studio>, &'static str)>,
    Extension(ConnectInfo(switch)): Extension<ConnectInfo<Switch>>,
    request: Request,
    next: Next,
) -> Response {
    with_faults(studio, operation, switch, next.run(request)).await
}

/// Answers any `HEAD` request by a check of its key, and lets the others pass.
pub(super) async fn key_check(
    State(studio): State<Arc<Studio>>,
    Extension(ConnectInfo(switch)): Extension<ConnectInfo<Switch>>,
    request: Request,
    next: Next,
) -> Response {
    if request.method() != Method::HEAD {
        return next.run(request).await;
    }
    let answer = studio.check_key(request.headers()).into_response();
    with_faults(studio, "keyCheck", switch, async { answer }).await
}

/// Refuses a request without the studio's key.
pub(super) async fn key(State(studio): State<Arc<Studio>>, request: Request, next: Next) -> Response {
    match studio.check_key(request.headers()) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

async fn with_faults(
    studio: Arc<Studio>,
    operation: &'static str,
    switch: Switch,
    answer: impl Future<Output = Response>,
) -> Response {
    studio.count(operation);
    studio.faults.latency(operation).await;
    let drawn = studio.faults.draw(operation);
    if drawn.drop_before {
        switch.cut();
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    if let Some(wait) = studio.faults.over_limit(operation) {
        let seconds = HeaderValue::from(wait.as_secs().saturating_add(1));
        let error = ApiError::new(StatusCode::TOO_MANY_REQUESTS, "The rate limit is exceeded.");
        return ([(RETRY_AFTER, seconds)], error).into_response();
    }
    if let Some(status) = drawn.error {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
        return ApiError::new(status, format!("A simulated fault of {operation}.")).into_response();
    }
    let response = answer.await;
    if drawn.drop_after {
        switch.cut();
    }
    if drawn.timeout_after {
        let over = |fault: &super::Fault| fault.timeout_after_rate.unwrap_or_default() == 0.0;
        studio.faults.wait_until(operation, over).await;
    }
    let response = if drawn.malformed_json {
        truncated(response).await
    } else {
        response
    };
    if drawn.hang_body {
        halting(response, studio, operation).await
    } else {
        response
    }
}

/// Gives refusals of the framework (an ill-formed query, a body of the wrong shape, no such path) the error body.
pub(super) async fn error_bodies(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let status = response.status();
    let kind = response.headers().get(CONTENT_TYPE);
    let is_json = kind.is_some_and(|kind| kind == "application/json");
    // The device API refuses a token without a body.
    if !status.is_client_error() || status == StatusCode::UNAUTHORIZED || is_json {
        return response;
    }
    let allowed = response.headers().get(ALLOW).cloned();
    let text = to_bytes(response.into_body(), MAX_TEXT).await.unwrap_or_default();
    let message = match status {
        StatusCode::NOT_FOUND => "There is no such path.".into(),
        StatusCode::METHOD_NOT_ALLOWED => "The path has no such method.".into(),
        _ => String::from_utf8_lossy(&text),
    };
    let status = match status {
        StatusCode::UNPROCESSABLE_ENTITY | StatusCode::UNSUPPORTED_MEDIA_TYPE => StatusCode::BAD_REQUEST,
        status => status,
    };
    let mut response = ApiError::new(status, message).into_response();
    if let Some(allowed) = allowed {
        response.headers_mut().insert(ALLOW, allowed);
    }
    response
}

/// The answer without its second half.
async fn truncated(response: Response) -> Response {
    let (parts, first, _) = halves(response).await;
    Response::from_parts(parts, Body::from(first))
}

/// The answer with its second half held back as long as the fault is set.
async fn halting(response: Response, studio: Arc<Studio>, operation: &'static str) -> Response {
    let (parts, first, second) = halves(response).await;
    let second = stream::once(async move {
        studio
            .faults
            .wait_until(operation, |fault| fault.hang_body != Some(true))
            .await;
        second
    });
    let text = stream::iter([first]).chain(second).map(Ok::<_, std::io::Error>);
    Response::from_parts(parts, Body::from_stream(text))
}

async fn halves(response: Response) -> (axum::http::response::Parts, Bytes, Bytes) {
    let (mut parts, body) = response.into_parts();
    parts.headers.remove(CONTENT_LENGTH);
    let mut first = to_bytes(body, MAX_TEXT).await.unwrap_or_default();
    let second = first.split_off(first.len() / 2);
    (parts, first, second)
}
