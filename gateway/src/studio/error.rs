//! What can go wrong between the gateway and the studio, told apart by what may be done next: whether a request
//! was certainly not carried out, may have been, or was answered. No variant holds a URL with its query, a key or
//! a credential, so every message may be logged.

use std::fmt;
use std::time::Duration;

use super::Operation;

/// Why an operation of the studio's API gave no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StudioError {
    /// The client cannot be built from its settings.
    #[error("the setting {setting} does not work: {problem}")]
    Setup {
        /// The setting.
        setting: &'static str,
        /// What is wrong with it and what to do.
        problem: String,
    },
    /// The studio has no operation that takes this kind of credential; nothing was sent.
    #[error("could not {}: the studio's API does not take a {kind} for that", operation.task())]
    KindNotTaken {
        /// What was tried.
        operation: Operation,
        /// The kind of credential.
        kind: &'static str,
    },
    /// Nothing was sent: no address, no connection or no trusted TLS session. Trying again is safe.
    #[error("could not {}: no connection to {host} ({reason}); check the network and the base URL", operation.task())]
    NotSent {
        /// What was tried.
        operation: Operation,
        /// Host and port.
        host: String,
        /// What failed.
        reason: String,
    },
    /// The request went out, or part of it, and no answer came: the studio may have carried it out.
    #[error("could not {}: {host} did not answer ({reason}); the request may have been carried out", operation.task())]
    Unanswered {
        /// What was tried.
        operation: Operation,
        /// Host and port.
        host: String,
        /// What failed.
        reason: String,
    },
    /// 500, 502, 504 and their kind: the studio may have carried the request out.
    #[error("could not {}: the studio has an internal error {status} ({detail}); the request may have been carried out", operation.task())]
    ServerError {
        /// What was tried.
        operation: Operation,
        /// HTTP status.
        status: u16,
        /// The studio's words.
        detail: Detail,
    },
    /// 503: the studio is overloaded and did not carry the request out. Try again later, with growing pauses.
    #[error("could not {}: the studio is overloaded ({detail}); it will be asked again", operation.task())]
    Overloaded {
        /// What was tried.
        operation: Operation,
        /// How long the studio asks to wait, if it says so.
        retry_after: Option<Duration>,
        /// The studio's words.
        detail: Detail,
    },
    /// 429: this endpoint's requests of this minute are used up.
    #[error("could not {}: too many requests in this minute ({detail}); lower the request budget", operation.task())]
    RateLimited {
        /// What was tried.
        operation: Operation,
        /// How long the studio asks to wait; none means until the next minute.
        retry_after: Option<Duration>,
        /// The studio's words.
        detail: Detail,
    },
    /// 401: the key or token is not valid.
    #[error("could not {}: the studio does not accept the key from {key} ({detail}); renew it", operation.task())]
    Unauthorised {
        /// What was tried.
        operation: Operation,
        /// Where the key came from, see [`ApiKey`](super::ApiKey).
        key: String,
        /// The studio's words.
        detail: Detail,
    },
    /// 403: the key is valid but lacks a scope.
    #[error("could not {}: the key from {key} lacks {} ({detail}); add it to the integration in the studio's administration", operation.task(), missing(*operation))]
    Forbidden {
        /// What was tried; its [`Operation::scopes`] name what is missing.
        operation: Operation,
        /// Where the key came from.
        key: String,
        /// The studio's words.
        detail: Detail,
    },
    /// 400, 404, 409 and any other 4xx: the studio refused this request and will refuse it again.
    #[error("could not {}: the studio refused with status {status} ({detail})", operation.task())]
    Refused {
        /// What was tried.
        operation: Operation,
        /// HTTP status.
        status: u16,
        /// The studio's words.
        detail: Detail,
    },
    /// The answer sends us elsewhere. Never followed, because the key would go along.
    #[error("could not {}: {host} redirects{}; check the base URL in the configuration, or whether the network asks for a log-in", operation.task(), elsewhere(target))]
    Redirected {
        /// What was tried.
        operation: Operation,
        /// Host and port that answered.
        host: String,
        /// The host it points to, if it names one.
        target: Option<String>,
    },
    /// A 2xx whose body is not what the operation answers. The request was carried out.
    #[error("could not {}: the answer of {host} cannot be read: {problem}", operation.task())]
    Unreadable {
        /// What was tried.
        operation: Operation,
        /// Host and port.
        host: String,
        /// Where it fails to fit; never the content.
        problem: String,
    },
}

impl StudioError {
    /// Whether the studio may have carried the request out although no success was reported.
    #[must_use]
    pub fn is_ambiguous(&self) -> bool {
        matches!(self, Self::Unanswered { .. } | Self::ServerError { .. })
    }
}

fn elsewhere(target: &Option<String>) -> String {
    target
        .as_ref()
        .map(|host| format!(" to {host}"))
        .unwrap_or_default()
}

fn missing(operation: Operation) -> String {
    match operation.scopes() {
        [] => "a scope".to_owned(),
        scopes => format!("the scope {}", scopes.join(" or ")),
    }
}

/// The words of the studio's error body. Long numbers are masked, so that no card number hides in them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Detail {
    /// `errorMessage`, in the language of the settings.
    pub message: Option<String>,
    /// `errorCode`.
    pub code: Option<String>,
    /// `traceId`, to quote to the vendor.
    pub trace_id: Option<String>,
}

impl fmt::Display for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message.as_deref().unwrap_or("without giving a reason"))?;
        if let Some(trace_id) = &self.trace_id {
            write!(f, ", trace {trace_id}")?;
        }
        Ok(())
    }
}

impl Detail {
    /// Longest text kept of each field.
    const MAX_CHARS: usize = 300;

    /// From the fields of the vendor's `ErrorResponse`, made safe to log.
    pub(super) fn new(message: Option<&str>, code: Option<&str>, trace_id: Option<&str>) -> Self {
        let word = |text: &str| -> String {
            let safe = |c: &char| c.is_ascii_graphic();
            text.chars().filter(safe).take(Self::MAX_CHARS).collect()
        };
        Self {
            message: message.map(without_numbers).filter(|text| !text.is_empty()),
            code: code.map(word),
            trace_id: trace_id.map(word),
        }
    }
}

/// `text` on one line, bounded, with every word of six or more letters and digits masked that holds four digits:
/// the shape of card numbers, decimal or hexadecimal.
fn without_numbers(text: &str) -> String {
    let mut safe = String::new();
    let mut word = String::new();
    let short = text.chars().take(Detail::MAX_CHARS);
    for c in short.chain(std::iter::once(' ')) {
        if c.is_alphanumeric() {
            word.push(c);
            continue;
        }
        let digits = word.chars().filter(char::is_ascii_digit).count();
        let secret = digits >= 4 && word.chars().count() >= 6;
        safe.push_str(if secret { "***" } else { &word });
        word.clear();
        safe.push(if c.is_control() { ' ' } else { c });
    }
    safe.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn card_numbers_in_the_studios_words_are_masked() {
        let detail = Detail::new(
            Some("card 1173673668653440 or 042b73321a3180\nnot found"),
            None,
            None,
        );
        assert_eq!(detail.message.unwrap(), "card *** or *** not found");
    }

    proptest! {
        #[test]
        fn no_card_number_survives_whatever_stands_around_it(
            number in 100_000_u64..,
            before in "[^0-9]{0,20}",
            after in "[^0-9]{0,20}",
        ) {
            let detail = Detail::new(Some(&format!("{before}{number}{after}")), None, None);
            let message = detail.message.unwrap_or_default();
            prop_assert!(!message.contains(&number.to_string()), "{message}");
        }
    }

    #[test]
    fn plain_words_and_short_numbers_of_the_studio_stay() {
        let detail = Detail::new(
            Some("Contract 1-10003 ended 2024-02-28."),
            Some("E1"),
            Some("abc\n"),
        );
        assert_eq!(
            detail.to_string(),
            "Contract 1-10003 ended 2024-02-28., trace abc"
        );
    }

    #[test]
    fn a_forbidden_operation_names_its_missing_scope_and_key() {
        let error = StudioError::Forbidden {
            operation: Operation::CheckIn,
            key: "the file key.txt".into(),
            detail: Detail::default(),
        };
        let text = error.to_string();
        assert!(
            text.contains("CHECKIN_WRITE") && text.contains("the file key.txt"),
            "{text}"
        );
    }
}
