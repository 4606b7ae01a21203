//! The device API: one call that says whether a credential's holder may come in and, if asked to, checks them in.
//! It has a host of its own and a token for each device, and takes no time of visit.

use std::time::Duration;

use reqwest::Method;
use reqwest::header::AUTHORIZATION;
use serde::Serialize;
use url::Url;

use super::transport::{Transport, TransportSettings};
use super::{ApiKey, CardNumberFormat, Operation, StudioError};
use crate::domain::Credential;

/// What the client of the device API needs to know.
#[derive(Clone, Debug)]
pub struct DeviceSettings {
    /// Scheme and host of the tenant's devices, `https://<tenant>.devices.magicline.com`.
    pub base_url: Url,
    /// The token that the device's activation answered.
    pub token: ApiKey,
    /// How card numbers are written.
    pub card_number_format: CardNumberFormat,
    /// What scanned text is sent as.
    pub code_type: CodeType,
    /// How long one request may take altogether.
    pub timeout: Duration,
    /// Language of the messages to members, an `Accept-Language` value.
    pub language: Option<String>,
    /// Certificates (PEM) that are trusted besides those of the operating system.
    pub extra_roots: Option<String>,
}

impl DeviceSettings {
    /// The usual settings for a device.
    #[must_use]
    pub fn new(base_url: Url, token: ApiKey) -> Self {
        Self {
            base_url,
            token,
            card_number_format: CardNumberFormat::Decimal,
            code_type: CodeType::QrCode,
            timeout: Duration::from_secs(10),
            language: None,
            extra_roots: None,
        }
    }
}

/// What scanned text is sent as. A scanner does not say which of the two it saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeType {
    /// Text of a QR code: the code of the member's app, or a short one.
    QrCode,
    /// A barcode that the studio has enrolled.
    Barcode,
}

/// What an identification does besides judging.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceAction {
    /// Nothing: a dry run.
    Check,
    /// Checks the member in, now.
    CheckIn,
}

/// What the device API says of a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identification {
    /// Its holder may come in, and has been checked in if that was asked for.
    Allowed,
    /// Its holder may not. The text is meant for the member.
    Refused {
        /// In the language of the settings.
        message: Option<String>,
    },
    /// Nobody holds it.
    Unknown,
}

/// Speaks for one device.
pub struct DeviceClient {
    transport: Transport,
    card_number_format: CardNumberFormat,
    code_type: CodeType,
}

impl DeviceClient {
    /// A client for the device of `settings`; connects with its first request.
    ///
    /// # Errors
    /// [`StudioError::Setup`] when a setting cannot work.
    pub fn new(settings: &DeviceSettings) -> Result<Self, StudioError> {
        let transport = Transport::new(
            &TransportSettings {
                base_url: &settings.base_url,
                key: &settings.token,
                timeout: settings.timeout,
                language: settings.language.as_deref(),
                extra_roots: settings.extra_roots.as_deref(),
            },
            AUTHORIZATION,
            "Bearer ",
        )?;
        Ok(Self {
            transport,
            card_number_format: settings.card_number_format,
            code_type: settings.code_type,
        })
    }

    /// Asks whether the holder of `credential` may come in (`cardReaderIdentification`).
    ///
    /// # Errors
    /// After [`DeviceAction::CheckIn`], [`StudioError::is_ambiguous`] tells whether the visit may have been recorded
    /// all the same.
    pub async fn identify(
        &self,
        credential: &Credential,
        action: DeviceAction,
    ) -> Result<Identification, StudioError> {
        let path = ["open-api", "device", "cardreader", "identification"];
        let asked = self
            .transport
            .call(Operation::Identify, Method::POST, &path)
            .json(&WireRequest {
                identification: self.identification(credential),
                should_execute_action: action == DeviceAction::CheckIn,
            })
            .done()
            .await;
        match asked {
            Ok(()) => Ok(Identification::Allowed),
            Err(StudioError::Forbidden { detail, .. }) => Ok(Identification::Refused {
                message: detail.message,
            }),
            Err(StudioError::Refused {
                status: 404, detail, ..
            }) if detail.message.is_some() => Ok(Identification::Unknown),
            Err(error) => Err(error),
        }
    }

    fn identification(&self, credential: &Credential) -> WireIdentification {
        let (r#type, value) = match credential {
            Credential::Card(number) => ("NUMBER", self.card_number_format.write(number)),
            Credential::Code(text) => match self.code_type {
                CodeType::QrCode => ("QR_CODE", text.clone()),
                CodeType::Barcode => ("BARCODE", text.clone()),
            },
            Credential::CodeUuid(uuid) => ("QR_CODE", serde_json::json!({ "uuid": uuid }).to_string()),
            Credential::Pin(pin) => ("PIN", pin.clone()),
            Credential::WalletPass(pass) => ("WALLET_PASS", pass.clone()),
        };
        WireIdentification {
            r#type,
            value,
            format: matches!(credential, Credential::Card(_)).then(|| self.card_number_format.as_str()),
        }
    }
}

impl std::fmt::Debug for DeviceClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeviceClient").finish_non_exhaustive()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireRequest {
    identification: WireIdentification,
    should_execute_action: bool,
}

#[derive(Serialize)]
struct WireIdentification {
    r#type: &'static str,
    value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'static str>,
}
