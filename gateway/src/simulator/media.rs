//! Access media: what they hold, and the operations that add, replace and remove them.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::card::CardNumberFormat;
use super::customers::Answer;
use super::error::ApiError;
use super::members::Identification;
use super::records::Records;
use super::studio::{Studio, no_customer};

/// An access medium.
#[derive(Clone)]
pub(super) struct Medium {
    pub(super) id: i64,
    pub(super) value: MediumValue,
}

/// What an access medium holds, by its type.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum MediumValue {
    Card(Vec<u8>),
    Pin(String),
    Barcode(String),
    WalletPass(String),
}

/// `type` of an access medium.
#[derive(Clone, Copy, Deserialize, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum MediumType {
    CardNumber,
    Pin,
    Barcode,
    WalletPass,
}

impl MediumValue {
    /// A card number is taken as `DECIMAL`: the description gives no format here.
    fn new(kind: MediumType, text: &str) -> Result<Self, ApiError> {
        if text.is_empty() {
            return Err(ApiError::validation("value must not be empty."));
        }
        Ok(match kind {
            MediumType::CardNumber => Self::Card(
                CardNumberFormat::Decimal
                    .read(text)
                    .ok_or_else(|| ApiError::validation("value must be a decimal card number."))?,
            ),
            MediumType::Pin => Self::Pin(text.to_owned()),
            MediumType::Barcode => Self::Barcode(text.to_owned()),
            MediumType::WalletPass => Self::WalletPass(text.to_owned()),
        })
    }

    fn kind(&self) -> MediumType {
        match self {
            Self::Card(_) => MediumType::CardNumber,
            Self::Pin(_) => MediumType::Pin,
            Self::Barcode(_) => MediumType::Barcode,
            Self::WalletPass(_) => MediumType::WalletPass,
        }
    }

    pub(super) fn write(&self, format: CardNumberFormat) -> String {
        match self {
            Self::Card(uid) => format.write(uid),
            Self::Pin(text) | Self::Barcode(text) | Self::WalletPass(text) => text.clone(),
        }
    }

    /// What a reader shows when this medium is presented.
    pub(super) fn identification(&self) -> Identification {
        match self.clone() {
            Self::Card(uid) => Identification::Card(uid),
            Self::Pin(text) => Identification::Pin(text),
            Self::Barcode(text) => Identification::Barcode(text),
            Self::WalletPass(text) => Identification::WalletPass(text),
        }
    }
}

impl Medium {
    pub(super) fn json(&self, format: CardNumberFormat) -> Value {
        json!({ "id": self.id, "type": self.value.kind(), "value": self.value.write(format) })
    }
}

#[derive(Deserialize)]
pub(super) struct MediumBody {
    #[serde(rename = "type")]
    kind: MediumType,
    value: String,
}

/// `addAccessMediums`, and its forerunner `addAccessMedium`
pub(super) async fn add(
    State(studio): State<Arc<Studio>>,
    Path(id): Path<i64>,
    Json(body): Json<MediumBody>,
) -> Answer {
    let value = MediumValue::new(body.kind, &body.value)?;
    let mut records = studio.records();
    records.customer(id).ok_or_else(|| no_customer(id))?;
    free(&records, &value)?;
    let medium = Medium {
        id: records.new_id(),
        value,
    };
    let answer = medium.json(CardNumberFormat::Decimal);
    records
        .customer_mut(id)
        .ok_or_else(|| no_customer(id))?
        .media
        .push(medium);
    Ok(Json(answer))
}

#[derive(Deserialize)]
pub(super) struct ReplacementBody {
    value: String,
}

/// `updateAccessMediums`
pub(super) async fn update(
    State(studio): State<Arc<Studio>>,
    Path((id, medium_id)): Path<(i64, i64)>,
    Json(body): Json<ReplacementBody>,
) -> Answer {
    let mut records = studio.records();
    let customer = records.customer(id).ok_or_else(|| no_customer(id))?;
    let old = customer.media.iter().find(|medium| medium.id == medium_id);
    let old = old.ok_or_else(|| no_medium(medium_id))?;
    let value = MediumValue::new(old.value.kind(), &body.value)?;
    free(&records, &value)?;
    let customer = records.customer_mut(id).ok_or_else(|| no_customer(id))?;
    let medium = customer.media.iter_mut().find(|medium| medium.id == medium_id);
    let medium = medium.ok_or_else(|| no_medium(medium_id))?;
    medium.value = value;
    Ok(Json(medium.json(CardNumberFormat::Decimal)))
}

/// `deleteAccessMediums`
pub(super) async fn delete(
    State(studio): State<Arc<Studio>>,
    Path((id, medium_id)): Path<(i64, i64)>,
) -> Result<(), ApiError> {
    studio.change(id, |customer| {
        let before = customer.media.len();
        customer.media.retain(|medium| medium.id != medium_id);
        if customer.media.len() == before {
            Err(no_medium(medium_id))
        } else {
            Ok(())
        }
    })
}

/// Whether nobody holds such a medium.
fn free(records: &Records, value: &MediumValue) -> Result<(), ApiError> {
    match records.find(&value.identification()) {
        None => Ok(()),
        Some(holder) => {
            let message = format!(
                "The access medium is in use by customer {}.",
                holder.customer_number
            );
            Err(ApiError::validation(message).with_code("ACCESS_MEDIUM_IN_USE"))
        }
    }
}

fn no_medium(id: i64) -> ApiError {
    ApiError::not_found(format_args!("The access medium {id}"))
}
