//! The code that the member's app shows.

use jiff::Timestamp;
use reqwest::Method;
use serde::Deserialize;

use super::{Operation, StudioClient, StudioError};
use crate::domain::{AccessCode, CustomerId};

impl StudioClient {
    /// The access code of a customer (`getCustomerAccessCode`); none when the customer has none.
    ///
    /// # Errors
    /// When the studio could not be asked or gave no usable answer.
    pub async fn access_code(&self, customer: CustomerId) -> Result<Option<AccessCode>, StudioError> {
        let code: Option<WireAccessCode> = self
            .customer_call(Operation::AccessCode, Method::GET, customer, &["access-code"])
            .find()
            .await?;
        Ok(code.map(|code| AccessCode {
            content: code.content,
            expires_at: code.expires_at,
        }))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireAccessCode {
    content: String,
    expires_at: Option<Timestamp>,
}
