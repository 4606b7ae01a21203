//! One pooled HTTP client to one host: builds requests, bounds answers and sorts every failure into a
//! [`StudioError`]. It follows no redirect, uses no proxy and repeats nothing, so that the key goes to this host
//! only and the caller knows how often a request was sent.

use std::error::Error as _;
use std::time::Duration;

use reqwest::header::{ACCEPT_LANGUAGE, HeaderMap, HeaderName, HeaderValue, LOCATION};
use reqwest::multipart::Form;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use super::answer::{MAX_ANSWER, MAX_ASIDE, detail, parse, read, retry_after};
use super::tls::tls;
use super::{ApiKey, Operation, StudioError};

/// How many times longer than an ordinary request a bulk one may take.
const BULK: u32 = 6;

/// A host, how to authenticate there and how long to wait for it.
pub(super) struct Transport {
    http: reqwest::Client,
    base_url: Url,
    host: String,
    key_source: String,
    timeout: Duration,
}

/// What a transport is made of.
pub(super) struct TransportSettings<'a> {
    pub(super) base_url: &'a Url,
    pub(super) key: &'a ApiKey,
    pub(super) timeout: Duration,
    pub(super) language: Option<&'a str>,
    pub(super) extra_roots: Option<&'a str>,
}

impl Transport {
    /// A client that sends `key` as the value of `header`, after `prefix`.
    pub(super) fn new(
        settings: &TransportSettings<'_>,
        header: HeaderName,
        prefix: &str,
    ) -> Result<Self, StudioError> {
        let base_url = settings.base_url;
        let Some(host) = base_url
            .host_str()
            .filter(|_| matches!(base_url.scheme(), "http" | "https"))
        else {
            return Err(setup("base_url", "it must start with https:// and name a host"));
        };
        if !base_url.username().is_empty() || base_url.password().is_some() || base_url.query().is_some() {
            return Err(setup("base_url", "it must hold no user, password or query"));
        }
        let host = match base_url.port_or_known_default() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };

        let mut headers = HeaderMap::new();
        let mut key = HeaderValue::try_from(format!("{prefix}{}", settings.key.reveal())).map_err(|_| {
            setup(
                "api_key",
                "it has characters that no key has, such as a line break",
            )
        })?;
        key.set_sensitive(true);
        headers.insert(header, key);
        if let Some(language) = settings.language {
            let language = HeaderValue::try_from(language)
                .map_err(|_| setup("language", "it must be a language code such as de or en-GB"))?;
            headers.insert(ACCEPT_LANGUAGE, language);
        }

        let tls = tls(base_url, settings.extra_roots)?;
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .default_headers(headers)
            .user_agent(concat!("turnstile-gateway/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .referer(false)
            .timeout(settings.timeout)
            // A connection that takes half of the time leaves the other half for the answer, and a failure that is
            // known to come before anything was sent.
            .connect_timeout(settings.timeout / 2)
            // Kept through quiet minutes, so that a swipe seldom pays for a TLS handshake; probed, so that a router
            // that forgot the connection is noticed.
            .pool_idle_timeout(Duration::from_secs(90))
            .pool_max_idle_per_host(4)
            .tcp_nodelay(true)
            .tcp_keepalive(Duration::from_secs(30))
            .http2_keep_alive_interval(Duration::from_secs(30))
            .http2_keep_alive_timeout(Duration::from_secs(10))
            .build()
            .map_err(|error| setup("base_url", &innermost(&error)))?;
        Ok(Self {
            http,
            base_url: base_url.clone(),
            host,
            key_source: settings.key.source().to_owned(),
            timeout: settings.timeout,
        })
    }

    /// A request for `operation` at the path of `segments`, each of which is escaped.
    pub(super) fn call<'a>(&'a self, operation: Operation, method: Method, segments: &[&str]) -> Call<'a> {
        let mut url = self.base_url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        Call {
            transport: self,
            operation,
            request: self.http.request(method, url),
        }
    }
}

/// A request that is not sent yet.
pub(super) struct Call<'a> {
    transport: &'a Transport,
    operation: Operation,
    request: RequestBuilder,
}

impl Call<'_> {
    /// Adds query parameters.
    pub(super) fn query(self, query: &(impl Serialize + ?Sized)) -> Self {
        self.with(|request| request.query(query))
    }

    /// Adds a query parameter that may be absent.
    pub(super) fn query_if(self, name: &str, value: Option<impl Serialize>) -> Self {
        match value {
            Some(value) => self.query(&[(name, value)]),
            None => self,
        }
    }

    /// Sends `body` as JSON.
    pub(super) fn json(self, body: &(impl Serialize + ?Sized)) -> Self {
        self.with(|request| request.json(body))
    }

    /// Sends `form`.
    pub(super) fn multipart(self, form: Form) -> Self {
        self.with(|request| request.multipart(form))
    }

    /// Allows the time that a large answer or upload takes.
    pub(super) fn bulk(self) -> Self {
        let timeout = self.transport.timeout.saturating_mul(BULK);
        self.with(|request| request.timeout(timeout))
    }

    fn with(self, change: impl FnOnce(RequestBuilder) -> RequestBuilder) -> Self {
        Self {
            request: change(self.request),
            ..self
        }
    }

    /// Sends the request and reads its answer.
    pub(super) async fn answer<T: DeserializeOwned>(self) -> Result<T, StudioError> {
        let unreadable = self.unreadable();
        let response = self.send().await?;
        let body = read(response, MAX_ANSWER).await.map_err(&unreadable)?;
        parse(&body).map_err(&unreadable)
    }

    /// Makes the error for an answer with a problem.
    pub(super) fn unreadable(&self) -> impl Fn(String) -> StudioError + use<> {
        let (operation, host) = (self.operation, self.transport.host.clone());
        move |problem| StudioError::Unreadable {
            operation,
            host: host.clone(),
            problem,
        }
    }

    /// As [`Call::answer`], where the studio's 404 means that there is no such thing. A 404 without the studio's
    /// error body comes from somebody else, such as a proxy or a wrong base URL, and stays an error.
    pub(super) async fn find<T: DeserializeOwned>(self) -> Result<Option<T>, StudioError> {
        match self.answer().await {
            Ok(found) => Ok(Some(found)),
            Err(StudioError::Refused {
                status: 404, detail, ..
            }) if detail.message.is_some() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Sends the request; a 2xx is all that is wanted. Its body is read only to keep the connection.
    pub(super) async fn done(self) -> Result<(), StudioError> {
        let response = self.send().await?;
        if response
            .content_length()
            .is_some_and(|length| length <= MAX_ASIDE as u64)
        {
            let _ = read(response, MAX_ASIDE).await;
        }
        Ok(())
    }

    async fn send(self) -> Result<Response, StudioError> {
        let (transport, operation) = (self.transport, self.operation);
        let response = self
            .request
            .send()
            .await
            .map_err(|error| transport.lost(operation, &error))?;
        if response.status().is_success() {
            return Ok(response);
        }
        Err(transport.failure(operation, response).await)
    }
}

impl Transport {
    fn lost(&self, operation: Operation, error: &reqwest::Error) -> StudioError {
        let host = self.host.clone();
        let timed_out = error.is_timeout();
        if error.is_connect() || error.is_builder() {
            let reason = if timed_out {
                "it did not answer in time".to_owned()
            } else {
                innermost(error)
            };
            return StudioError::NotSent {
                operation,
                host,
                reason,
            };
        }
        let reason = if timed_out {
            "time-out".to_owned()
        } else {
            innermost(error)
        };
        StudioError::Unanswered {
            operation,
            host,
            reason,
        }
    }

    async fn failure(&self, operation: Operation, response: Response) -> StudioError {
        let status = response.status();
        if status.is_redirection() {
            let target = response
                .headers()
                .get(LOCATION)
                .and_then(|location| location.to_str().ok())
                .and_then(|location| self.base_url.join(location).ok())
                .and_then(|url| url.host_str().map(str::to_owned));
            return StudioError::Redirected {
                operation,
                host: self.host.clone(),
                target,
            };
        }
        let retry_after = retry_after(response.headers());
        // Whatever becomes of the body, the status says what to do.
        let body = read(response, MAX_ASIDE).await.unwrap_or_default();
        let detail = detail(&body);
        match status {
            StatusCode::UNAUTHORIZED => StudioError::Unauthorised {
                operation,
                key: self.key_source.clone(),
                detail,
            },
            StatusCode::FORBIDDEN => StudioError::Forbidden {
                operation,
                key: self.key_source.clone(),
                detail,
            },
            StatusCode::TOO_MANY_REQUESTS => StudioError::RateLimited {
                operation,
                retry_after,
                detail,
            },
            StatusCode::SERVICE_UNAVAILABLE => StudioError::Overloaded {
                operation,
                retry_after,
                detail,
            },
            _ if status.is_client_error() && status != StatusCode::REQUEST_TIMEOUT => StudioError::Refused {
                operation,
                status: status.as_u16(),
                detail,
            },
            _ => StudioError::ServerError {
                operation,
                status: status.as_u16(),
                detail,
            },
        }
    }
}

pub(super) fn setup(setting: &'static str, problem: &str) -> StudioError {
    StudioError::Setup {
        setting,
        problem: problem.to_owned(),
    }
}

/// The cause at the bottom. The layers above it add the URL with its query, which may hold a card number.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    while let Some(deeper) = cause.and_then(std::error::Error::source) {
        cause = Some(deeper);
    }
    cause.map_or_else(|| "the request could not be made".to_owned(), ToString::to_string)
}
