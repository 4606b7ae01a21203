//! Additional information: fields that a studio defines for itself, and their values for one customer.

use reqwest::Method;
use serde::{Deserialize, Serialize};

use super::{InformationFieldId, InformationItemId, Operation, StudioClient, StudioError};
use crate::domain::CustomerId;

/// One of the studio's own fields.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InformationField {
    /// The studio's number of it.
    pub id: InformationFieldId,
    /// Its name.
    pub name: String,
    /// What its values are.
    #[serde(rename = "type")]
    pub kind: InformationKind,
    /// Its short name.
    pub abbreviation: Option<String>,
    /// The choices of a list field.
    #[serde(rename = "listItems", default, deserialize_with = "null_is_empty")]
    pub items: Vec<InformationItem>,
}

fn null_is_empty<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<InformationItem>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// What the values of a field are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum InformationKind {
    /// `true` or `false`.
    Boolean,
    /// A date.
    Date,
    /// One of the choices.
    List,
    /// A number.
    Numeric,
    /// Any text.
    Text,
    /// Something that this program does not know.
    #[serde(other)]
    Other,
}

/// One choice of a list field.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct InformationItem {
    /// The studio's number of it; the value of a list field is this number.
    pub id: InformationItemId,
    /// Its name.
    pub name: String,
}

/// The value of one field for one customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InformationValue {
    /// The field.
    #[serde(rename = "additionalInformationFieldId")]
    pub field: InformationFieldId,
    /// The value as text.
    pub value: super::Personal<String>,
}

impl StudioClient {
    /// The studio's own fields (`getAdditionalInformationFields`).
    ///
    /// # Errors
    /// When the studio could not be asked or gave no usable answer.
    pub async fn information_fields(&self) -> Result<Vec<InformationField>, StudioError> {
        let path = ["v1", "customers", "additional-information-fields"];
        self.call(Operation::InformationFields, Method::GET, &path)
            .answer()
            .await
    }

    /// Sets the values of the studio's own fields for a customer (`setAdditionalInformationFieldAssignments`) and
    /// answers what is stored. Fields that are not in `values` lose theirs.
    ///
    /// # Errors
    /// [`StudioError::Refused`] when a value does not fit its field.
    pub async fn set_information(
        &self,
        customer: CustomerId,
        values: &[InformationValue],
    ) -> Result<Vec<InformationValue>, StudioError> {
        let path = ["additional-information-field-assignments"];
        self.customer_call(Operation::AssignInformation, Method::PUT, customer, &path)
            .json(values)
            .answer()
            .await
    }
}
