//! Access media: the cards, PINs, barcodes and passes that a customer holds, and changing them.
//!
//! The studio takes and answers the number of a card here without a format, so it is written in decimal, the
//! format that the vendor names as default.

use reqwest::Method;
use serde::{Deserialize, Serialize};

use super::{CardNumberFormat, MediumId, Operation, StudioClient, StudioError};
use crate::domain::{Credential, CustomerId};

/// One access medium.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessMedium {
    /// The studio's number of it.
    pub id: Option<MediumId>,
    /// What it is.
    pub kind: MediumKind,
    /// What it presents at a reader; none where the studio's value cannot be read.
    pub credential: Option<Credential>,
}

/// The kinds of access media.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediumKind {
    /// A card or tag.
    Card,
    /// A number to type.
    Pin,
    /// A barcode or QR code.
    Barcode,
    /// A pass in a phone's wallet.
    WalletPass,
    /// A kind that this program does not know.
    Other,
}

impl StudioClient {
    /// Gives a customer another access medium (`addAccessMediums`).
    ///
    /// # Errors
    /// [`StudioError::Refused`] when somebody holds it already; [`StudioError::KindNotTaken`] for the `uuid` of an
    /// app's QR code, which is no medium.
    pub async fn add_medium(
        &self,
        customer: CustomerId,
        credential: &Credential,
    ) -> Result<AccessMedium, StudioError> {
        let operation = Operation::AddMedium;
        self.add_medium_by(operation, Method::POST, customer, "access-mediums", credential)
            .await
    }

    /// As [`StudioClient::add_medium`], by the operation that the vendor calls deprecated (`addAccessMedium`): for
    /// studios that have only this one.
    ///
    /// # Errors
    /// As [`StudioClient::add_medium`].
    pub async fn add_medium_deprecated(
        &self,
        customer: CustomerId,
        credential: &Credential,
    ) -> Result<AccessMedium, StudioError> {
        let operation = Operation::AddMediumDeprecated;
        self.add_medium_by(operation, Method::PUT, customer, "access-medium", credential)
            .await
    }

    async fn add_medium_by(
        &self,
        operation: Operation,
        method: Method,
        customer: CustomerId,
        path: &str,
        credential: &Credential,
    ) -> Result<AccessMedium, StudioError> {
        let (kind, value) = kind_and_value(operation, credential)?;
        let medium: WireMedium = self
            .customer_call(operation, method, customer, &[path])
            .json(&WireMedium {
                id: None,
                r#type: Some(kind.to_owned()),
                value: Some(value),
            })
            .answer()
            .await?;
        Ok(medium.read(CardNumberFormat::Decimal))
    }

    /// Replaces what a medium presents (`updateAccessMediums`), such as a lost card by a new one of the same kind.
    /// The studio allows it only for media that this integration added.
    ///
    /// # Errors
    /// As [`StudioClient::add_medium`].
    pub async fn replace_medium(
        &self,
        customer: CustomerId,
        medium: MediumId,
        credential: &Credential,
    ) -> Result<AccessMedium, StudioError> {
        let operation = Operation::UpdateMedium;
        let (_, value) = kind_and_value(operation, credential)?;
        let path = ["access-mediums", &medium.to_string()];
        let medium: WireMedium = self
            .customer_call(operation, Method::PUT, customer, &path)
            .json(&WireMedium {
                value: Some(value),
                ..WireMedium::default()
            })
            .answer()
            .await?;
        Ok(medium.read(CardNumberFormat::Decimal))
    }

    /// Withdraws a medium (`deleteAccessMediums`). The studio allows it only for media that this integration added.
    ///
    /// # Errors
    /// [`StudioError::Refused`] when there is no such medium or it is not this integration's.
    pub async fn withdraw_medium(&self, customer: CustomerId, medium: MediumId) -> Result<(), StudioError> {
        let path = ["access-mediums", &medium.to_string()];
        self.customer_call(Operation::DeleteMedium, Method::DELETE, customer, &path)
            .done()
            .await
    }
}

fn kind_and_value(
    operation: Operation,
    credential: &Credential,
) -> Result<(&'static str, String), StudioError> {
    Ok(match credential {
        Credential::Card(number) => ("CARD_NUMBER", number.decimal()),
        Credential::Pin(pin) => ("PIN", pin.clone()),
        Credential::Code(text) => ("BARCODE", text.clone()),
        Credential::WalletPass(pass) => ("WALLET_PASS", pass.clone()),
        Credential::CodeUuid(_) => {
            return Err(StudioError::KindNotTaken {
                operation,
                kind: "QR code of the member's app",
            });
        }
    })
}

/// An access medium on the wire.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct WireMedium {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<MediumId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    r#type: Option<String>,
    value: Option<String>,
}

impl WireMedium {
    /// The medium, with card numbers in `format`.
    pub(super) fn read(&self, format: CardNumberFormat) -> AccessMedium {
        let kind = match self.r#type.as_deref() {
            Some("CARD_NUMBER") => MediumKind::Card,
            Some("PIN") => MediumKind::Pin,
            Some("BARCODE") => MediumKind::Barcode,
            Some("WALLET_PASS") => MediumKind::WalletPass,
            _ => MediumKind::Other,
        };
        let value = self.value.clone().filter(|value| !value.is_empty());
        let credential = value.and_then(|value| match kind {
            MediumKind::Card => format.read(&value).ok().map(Credential::Card),
            MediumKind::Pin => Some(Credential::Pin(value)),
            MediumKind::Barcode => Some(Credential::Code(value)),
            MediumKind::WalletPass => Some(Credential::WalletPass(value)),
            MediumKind::Other => None,
        });
        AccessMedium {
            id: self.id,
            kind,
            credential,
        }
    }
}
