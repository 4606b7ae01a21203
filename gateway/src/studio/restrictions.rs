//! Access restrictions: a block that the front desk sets and lifts.

use jiff::civil::Date;
use reqwest::Method;
use serde::{Deserialize, Serialize};

use super::{Operation, StudioClient, StudioError};
use crate::domain::{AccessRestriction, CustomerId, DateRange};

impl StudioClient {
    /// Blocks a customer, or changes the block that this integration set before (`setAccessRestriction`).
    ///
    /// # Errors
    /// When the studio refuses or could not be asked.
    pub async fn set_restriction(
        &self,
        customer: CustomerId,
        restriction: &AccessRestriction,
    ) -> Result<AccessRestriction, StudioError> {
        let body = WireRestriction {
            reason: Some(restriction.reason.clone()),
            start_date: restriction.period.map(|period| period.first),
            end_date: restriction.period.map(|period| period.last),
        };
        let path = ["access-restrictions"];
        let answer: WireRestriction = self
            .customer_call(Operation::SetRestriction, Method::PUT, customer, &path)
            .json(&body)
            .answer()
            .await?;
        Ok(answer.read())
    }

    /// Lifts the block that this integration set (`deleteAccessRestriction`); the studio lifts no others.
    ///
    /// # Errors
    /// [`StudioError::Refused`] when there is none.
    pub async fn lift_restriction(&self, customer: CustomerId) -> Result<(), StudioError> {
        let path = ["access-restrictions"];
        self.customer_call(Operation::DeleteRestriction, Method::DELETE, customer, &path)
            .done()
            .await
    }
}

/// A restriction on the wire.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireRestriction {
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_date: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_date: Option<Date>,
}

impl WireRestriction {
    /// The restriction. The studio gives both dates or neither; with only one, the block holds on its open side
    /// for ever, to keep out rather than let in.
    pub(super) fn read(self) -> AccessRestriction {
        let period = match (self.start_date, self.end_date) {
            (None, None) => None,
            (first, last) => Some(DateRange {
                first: first.unwrap_or(Date::MIN),
                last: last.unwrap_or(Date::MAX),
            }),
        };
        AccessRestriction {
            reason: self.reason.unwrap_or_default(),
            period,
        }
    }
}
