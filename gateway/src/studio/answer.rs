//! Reading answers that may be anything: bounded, parsed without ever repeating their content.

use std::time::Duration;

use jiff::fmt::rfc2822;
use reqwest::Response;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde::de::DeserializeOwned;

use super::Detail;
use crate::clock;

/// The largest answer that is read.
pub(super) const MAX_ANSWER: usize = 8 * 1024 * 1024;
/// The largest error body, or body of no interest, that is read.
pub(super) const MAX_ASIDE: usize = 64 * 1024;
/// The longest wait that `Retry-After` can ask for.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(3600);
/// The body of `response`, or what is wrong with it.
pub(super) async fn read(mut response: Response, limit: usize) -> Result<Vec<u8>, String> {
    let too_long = || format!("it is longer than {limit} bytes");
    if response
        .content_length()
        .is_some_and(|length| length > limit as u64)
    {
        return Err(too_long());
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| {
        if error.is_timeout() {
            "it did not end in time".to_owned()
        } else {
            "the connection broke before its end".to_owned()
        }
    })? {
        if body.len().saturating_add(chunk.len()) > limit {
            return Err(too_long());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Parses without ever repeating the content in an error: it is personal data.
pub(super) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        match error.inner().classify() {
            serde_json::error::Category::Eof => "it is cut off".to_owned(),
            serde_json::error::Category::Data => {
                // "missing field" names a field of ours; other messages quote the value.
                let text = error.inner().to_string();
                let what = text
                    .split(" at line")
                    .next()
                    .filter(|text| text.starts_with("missing field"));
                format!("{} at {path}", what.unwrap_or("it has an unexpected value"))
            }
            _ => "it is not JSON".to_owned(),
        }
    })?;
    deserializer
        .end()
        .map_err(|_| "something follows the JSON".to_owned())?;
    Ok(value)
}

/// The vendor's error body. Every field may be missing: a proxy's error page has none.
#[derive(Default, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct ErrorResponse {
    error_message: Option<String>,
    error_code: Option<String>,
    trace_id: Option<String>,
}

/// The words of an error body.
pub(super) fn detail(body: &[u8]) -> Detail {
    let body: ErrorResponse = serde_json::from_slice(body).unwrap_or_default();
    Detail::new(
        body.error_message.as_deref(),
        body.error_code.as_deref(),
        body.trace_id.as_deref(),
    )
}

/// `Retry-After` in seconds or as an HTTP date (RFC 9110, 10.2.3), bounded.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match value.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let moment = rfc2822::parse(value).ok()?.timestamp();
            Duration::try_from(moment.duration_since(clock::wall())).unwrap_or_default()
        }
    };
    Some(wait.min(MAX_RETRY_AFTER))
}
