//! Benefits: what a customer is entitled to, and using one up.

use std::collections::BTreeMap;

use reqwest::Method;
use serde::Deserialize;

use super::customers::holder_query;
use super::transport::Call;
use super::{Operation, StudioClient, StudioError};
use crate::domain::{CardNumber, Credential, CustomerId};

impl StudioClient {
    /// Whether the holder of a card is entitled to each of `keys` (`getBenefitsByCardNumber`). Every key asked for
    /// is in the answer: the studio checks exactly the keys it is sent, so one that it leaves out is a benefit it
    /// does not know, and nobody is entitled to it. No keys at all asks for every benefit the customer has.
    ///
    /// # Errors
    /// [`StudioError::Refused`] with status 404 when nobody holds the card.
    pub async fn benefits_by_card(
        &self,
        card: &CardNumber,
        keys: &[String],
    ) -> Result<BTreeMap<String, bool>, StudioError> {
        let operation = Operation::BenefitsByCard;
        let query = holder_query(operation, &Credential::Card(*card), self.card_number_format())?;
        let call = self
            .call(operation, Method::GET, &["v1", "customers", "benefits"])
            .query(&query);
        entitlements(call, keys).await
    }

    /// As [`StudioClient::benefits_by_card`], by customer (`getBenefits`).
    ///
    /// # Errors
    /// [`StudioError::Refused`] with status 404 when there is no such customer.
    pub async fn benefits(
        &self,
        customer: CustomerId,
        keys: &[String],
    ) -> Result<BTreeMap<String, bool>, StudioError> {
        let call = self.customer_call(Operation::Benefits, Method::GET, customer, &["benefits"]);
        entitlements(call, keys).await
    }

    /// Counts one use of a benefit (`useBenefit`), such as a visit of a visit pass.
    ///
    /// # Errors
    /// [`StudioError::Refused`] when nothing is left or the customer does not have it.
    pub async fn use_benefit(&self, customer: CustomerId, key: &str) -> Result<(), StudioError> {
        self.customer_call(
            Operation::UseBenefit,
            Method::POST,
            customer,
            &["benefits", key, "use"],
        )
        .done()
        .await
    }
}

#[derive(Deserialize)]
struct WireBenefit {
    key: String,
    valid: bool,
}

async fn entitlements(call: Call<'_>, keys: &[String]) -> Result<BTreeMap<String, bool>, StudioError> {
    let query: Vec<_> = keys.iter().map(|key| ("key", key)).collect();
    let answer: Vec<WireBenefit> = call.query(&query).answer().await?;
    let mut entitlements: BTreeMap<String, bool> = keys.iter().map(|key| (key.clone(), false)).collect();
    entitlements.extend(answer.into_iter().map(|benefit| (benefit.key, benefit.valid)));
    Ok(entitlements)
}
