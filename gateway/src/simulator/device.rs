//! The device API: devices, their activation, and identification at a card reader, where the studio itself decides.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::header::{ACCEPT_LANGUAGE, AUTHORIZATION};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::card::CardNumberFormat;
use super::customer::{Customer, Status};
use super::customers::Answer;
use super::error::ApiError;
use super::members::{self, ACCESS_BENEFIT, Identification};
use super::records::Via;
use super::studio::Studio;

/// A device of the studio.
#[derive(Clone, Serialize)]
pub(super) struct Device {
    id: i64,
    name: &'static str,
    active: bool,
    model: Model,
    #[serde(skip)]
    token: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Model {
    GenericCardReader,
    GenericVendingReader,
}

/// The devices that a studio starts with, none of them active.
pub(super) fn devices(seed: u64) -> Vec<Device> {
    let device = |id, name, model| Device {
        id,
        name,
        active: false,
        model,
        token: members::device_token(seed, id),
    };
    vec![
        device(1, "Turnstile (entry)", Model::GenericCardReader),
        device(2, "Turnstile (exit)", Model::GenericCardReader),
        device(3, "Drinks machine", Model::GenericVendingReader),
    ]
}

/// `getDevices`
pub(super) async fn list(State(studio): State<Arc<Studio>>) -> Json<Vec<Device>> {
    Json(studio.records().devices.clone())
}

/// `activateDevice`: answers the token, once.
pub(super) async fn activate(State(studio): State<Arc<Studio>>, Path(id): Path<i64>) -> Answer {
    let mut records = studio.records();
    let device = records.devices.iter_mut().find(|device| device.id == id);
    let device = device.ok_or_else(|| ApiError::not_found(format_args!("The device {id}")))?;
    if device.active {
        return Err(ApiError::validation("The device is already active.").with_code("DEVICE_ALREADY_ACTIVE"));
    }
    device.active = true;
    Ok(Json(json!({ "id": id, "accessToken": device.token })))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct IdentificationBody {
    identification: Presented,
    #[serde(default = "yes")]
    should_execute_action: bool,
}

fn yes() -> bool {
    true
}

/// What was presented at the reader.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE")]
enum Presented {
    Number {
        value: String,
        #[serde(default)]
        format: CardNumberFormat,
    },
    Barcode {
        value: String,
    },
    QrCode {
        value: String,
    },
    Pin {
        value: String,
    },
    WalletPass {
        value: String,
    },
}

/// The JSON text that a QR code may hold.
#[derive(Deserialize)]
struct QrCode {
    uuid: String,
}

impl Presented {
    fn identification(self) -> Result<Identification, ApiError> {
        Ok(match self {
            Self::Number { value, format } => Identification::Card(
                format
                    .read(&value)
                    .ok_or_else(|| ApiError::validation("value is not a card number of the given format."))?,
            ),
            Self::Barcode { value } => Identification::Barcode(value),
            Self::Pin { value } => Identification::Pin(value),
            Self::WalletPass { value } => Identification::WalletPass(value),
            Self::QrCode { value } => match serde_json::from_str(&value) {
                Ok(QrCode { uuid }) => Identification::Uuid(uuid),
                Err(_) => Identification::AccessCode(value),
            },
        })
    }
}

/// `cardReaderIdentification`
pub(super) async fn identify(
    State(studio): State<Arc<Studio>>,
    headers: HeaderMap,
    Json(body): Json<IdentificationBody>,
) -> Result<Response, ApiError> {
    let Some(model) = device_of(&studio, &headers) else {
        return Ok(StatusCode::UNAUTHORIZED.into_response());
    };
    if model != Model::GenericCardReader {
        return Err(ApiError::new(
            StatusCode::FORBIDDEN,
            "The device is not a card reader.",
        ));
    }
    let identification = body.identification.identification()?;
    let customer = studio.find(&identification)?;
    let now = crate::clock::wall();
    let mut records = studio.records();
    if let Some(refusal) = refusal(&customer, &identification, now, records.today()) {
        return Err(ApiError::new(StatusCode::FORBIDDEN, refusal.text(&headers)).with_code(refusal.code));
    }
    if body.should_execute_action {
        records.check_in(customer.id, now, None, Via::DeviceApi);
    }
    Ok(StatusCode::OK.into_response())
}

/// What kind of device sent this, by its token.
fn device_of(studio: &Studio, headers: &HeaderMap) -> Option<Model> {
    let header = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let token = header.strip_prefix("Bearer ")?;
    let records = studio.records();
    let device = records
        .devices
        .iter()
        .find(|device| device.active && device.token == token)?;
    Some(device.model)
}

/// Why somebody is kept out, in words for that person.
struct Refusal {
    code: &'static str,
    english: &'static str,
    german: &'static str,
}

impl Refusal {
    fn text(&self, headers: &HeaderMap) -> &'static str {
        let language = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        if language.is_some_and(|language| language.trim_start().starts_with("de")) {
            self.german
        } else {
            self.english
        }
    }
}

fn refusal(customer: &Customer, by: &Identification, now: Timestamp, today: Date) -> Option<Refusal> {
    let refusal = |code, english, german| {
        Some(Refusal {
            code,
            english,
            german,
        })
    };
    if customer.status != Status::Member {
        return refusal(
            "NO_CONTRACT",
            "You have no active contract.",
            "Du hast keinen aktiven Vertrag.",
        );
    }
    if customer.access_refusal || customer.restricted_on(today) {
        return refusal(
            "ACCESS_BLOCKED",
            "Please ask at the front desk.",
            "Bitte wende dich an die Rezeption.",
        );
    }
    if customer.paused_on(today) {
        return refusal(
            "MEMBERSHIP_PAUSED",
            "Your membership is paused.",
            "Deine Mitgliedschaft ruht.",
        );
    }
    if !customer.has_benefit(ACCESS_BENEFIT) {
        return refusal(
            "BENEFIT_MISSING",
            "Your contract does not include access.",
            "Dein Vertrag enthält keinen Zutritt.",
        );
    }
    if matches!(by, Identification::AccessCode(_)) && customer.access_code.expires_at <= now {
        return refusal(
            "ACCESS_CODE_EXPIRED",
            "Your access code has expired.",
            "Dein Zugangscode ist abgelaufen.",
        );
    }
    None
}
