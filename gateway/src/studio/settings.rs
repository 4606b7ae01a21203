//! How to reach a studio. Plain values; reading them from a file is the configuration's work.

use std::fmt;
use std::time::Duration;

use url::Url;

use crate::domain::{CardNumber, CardNumberError};

/// What the client needs to know of a studio.
#[derive(Clone, Debug)]
pub struct StudioSettings {
    /// Scheme and host of the tenant, `https://<tenant>.open-api.perfectgym.com`.
    pub base_url: Url,
    /// The key of the integration; it decides which studio answers.
    pub api_key: ApiKey,
    /// How this client and the studio write card numbers to each other.
    pub card_number_format: CardNumberFormat,
    /// Path of the check-in operation; `{customerId}` stands for the customer. The operation is newer than the
    /// published description that this client was written from, so the path is a setting.
    pub check_in_path: String,
    /// Path of the check-out operation, likewise.
    pub check_out_path: String,
    /// How long one request may take altogether. A slice of the roster, an upload or a download may take six
    /// times as long.
    pub timeout: Duration,
    /// Language of the studio's messages, an `Accept-Language` value such as `de` or `en-GB`.
    pub language: Option<String>,
    /// Certificates (PEM) that are trusted besides those of the operating system.
    pub extra_roots: Option<String>,
}

impl StudioSettings {
    /// The usual settings for a studio.
    #[must_use]
    pub fn new(base_url: Url, api_key: ApiKey) -> Self {
        Self {
            base_url,
            api_key,
            card_number_format: CardNumberFormat::Decimal,
            check_in_path: "/v1/customers/{customerId}/checkin".to_owned(),
            check_out_path: "/v1/customers/{customerId}/checkout".to_owned(),
            timeout: Duration::from_secs(10),
            language: None,
            extra_roots: None,
        }
    }
}

/// A secret that opens the studio's API: the key of the Open API or the token of a device. `Debug` shows only
/// where it came from.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey {
    secret: String,
    source: String,
}

impl ApiKey {
    /// A key and, for error messages, where it came from ("the file /etc/...").
    #[must_use]
    pub fn new(secret: impl Into<String>, source: impl Into<String>) -> Self {
        Self {
            secret: secret.into(),
            source: source.into(),
        }
    }

    /// Where it came from.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The secret itself, to send or to store in a credential file.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.secret
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKey(from {})", self.source)
    }
}

/// How card numbers are written between the gateway and the studio (`cardNumberFormat`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CardNumberFormat {
    /// One decimal number.
    #[default]
    Decimal,
    /// Hexadecimal digits, most significant byte first.
    HexMsb,
    /// Hexadecimal digits, least significant byte first.
    HexLsb,
}

impl CardNumberFormat {
    /// The studio's name of the format.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Decimal => "DECIMAL",
            Self::HexMsb => "HEX_MSB",
            Self::HexLsb => "HEX_LSB",
        }
    }

    /// `number` in this format.
    #[must_use]
    pub fn write(self, number: &CardNumber) -> String {
        match self {
            Self::Decimal => number.decimal(),
            Self::HexMsb => number.hex_msb(),
            Self::HexLsb => number.hex_lsb(),
        }
    }

    /// The card number that `text` is in this format.
    ///
    /// # Errors
    /// When it is none.
    pub fn read(self, text: &str) -> Result<CardNumber, CardNumberError> {
        match self {
            Self::Decimal => CardNumber::from_decimal(text),
            Self::HexMsb => CardNumber::from_hex_msb(text),
            Self::HexLsb => CardNumber::from_hex_lsb(text),
        }
    }
}
