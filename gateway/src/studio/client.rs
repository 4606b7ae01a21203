//! The client itself. Its operations stand in the files of their themes.

use std::sync::Arc;

use reqwest::Method;
use reqwest::header::HeaderName;

use super::transport::{Call, Transport, TransportSettings};
use super::{CardNumberFormat, Operation, StudioError, StudioSettings};
use crate::domain::CustomerId;

/// Asks and tells one studio. Clones share one pool of connections.
#[derive(Clone)]
pub struct StudioClient {
    inner: Arc<Inner>,
}

struct Inner {
    transport: Transport,
    card_number_format: CardNumberFormat,
    check_in_path: String,
    check_out_path: String,
}

impl StudioClient {
    /// A client for the studio of `settings`; connects with its first request.
    ///
    /// # Errors
    /// [`StudioError::Setup`] when a setting cannot work.
    pub fn new(settings: StudioSettings) -> Result<Self, StudioError> {
        let transport = Transport::new(
            &TransportSettings {
                base_url: &settings.base_url,
                key: &settings.api_key,
                timeout: settings.timeout,
                language: settings.language.as_deref(),
                extra_roots: settings.extra_roots.as_deref(),
            },
            HeaderName::from_static("x-api-key"),
            "",
        )?;
        Ok(Self {
            inner: Arc::new(Inner {
                transport,
                card_number_format: settings.card_number_format,
                check_in_path: settings.check_in_path,
                check_out_path: settings.check_out_path,
            }),
        })
    }

    /// Whether the studio accepts the key. Runs nothing at the studio.
    ///
    /// # Errors
    /// [`StudioError::Unauthorised`] when it does not; any other when it could not be asked.
    pub async fn check_key(&self) -> Result<(), StudioError> {
        self.call(Operation::CheckKey, Method::HEAD, &["v1", "customers"])
            .done()
            .await
    }

    pub(super) fn card_number_format(&self) -> CardNumberFormat {
        self.inner.card_number_format
    }

    pub(super) fn check_in_path(&self) -> &str {
        &self.inner.check_in_path
    }

    pub(super) fn check_out_path(&self) -> &str {
        &self.inner.check_out_path
    }

    pub(super) fn call(&self, operation: Operation, method: Method, segments: &[&str]) -> Call<'_> {
        self.inner.transport.call(operation, method, segments)
    }

    /// A call to `/v1/customers/{customer}/{segments}`.
    pub(super) fn customer_call(
        &self,
        operation: Operation,
        method: Method,
        customer: CustomerId,
        segments: &[&str],
    ) -> Call<'_> {
        let customer = customer.to_string();
        let mut path = vec!["v1", "customers", &customer];
        path.extend_from_slice(segments);
        self.call(operation, method, &path)
    }
}

impl std::fmt::Debug for StudioClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StudioClient").finish_non_exhaustive()
    }
}
