//! Contracts: why a membership ended or will end. Prices are left out; a gate has no business with them.

use jiff::civil::Date;
use reqwest::Method;
use serde::Deserialize;

use super::{ContractId, CustomerKey, Operation, StudioClient, StudioError};
use crate::domain::CustomerId;

/// A contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contract {
    /// The studio's number of it.
    pub id: ContractId,
    /// The name of the rate.
    pub rate: String,
    /// Whether it is in force.
    pub status: ContractStatus,
    /// When it was made.
    pub created: Option<Date>,
    /// Its first day.
    pub start: Date,
    /// Its last day, if it is not extended.
    pub end: Option<Date>,
    /// Whether it has been cancelled.
    pub cancelled: bool,
    /// The day it ends by cancellation.
    pub cancellation_date: Option<Date>,
    /// The studio's reason for the cancellation.
    pub cancellation_reason: Option<String>,
    /// The last day on which it can be cancelled.
    pub last_possible_cancellation_date: Option<Date>,
}

/// Whether a contract is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContractStatus {
    /// In force.
    Active,
    /// Not in force, or a state that this program does not know.
    Inactive,
}

impl ContractStatus {
    fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Inactive => "INACTIVE",
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireContract {
    id: ContractId,
    rate_name: String,
    contract_status: WireStatus,
    created_date: Option<Date>,
    start_date: Date,
    end_date: Option<Date>,
    cancelled: bool,
    cancellation_date: Option<Date>,
    cancellation_reason: Option<String>,
    last_possible_cancellation_date: Option<Date>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum WireStatus {
    Active,
    #[serde(other)]
    Inactive,
}

impl From<WireContract> for Contract {
    fn from(wire: WireContract) -> Self {
        Self {
            id: wire.id,
            rate: wire.rate_name,
            status: match wire.contract_status {
                WireStatus::Active => ContractStatus::Active,
                WireStatus::Inactive => ContractStatus::Inactive,
            },
            created: wire.created_date,
            start: wire.start_date,
            end: wire.end_date,
            cancelled: wire.cancelled,
            cancellation_date: wire.cancellation_date,
            cancellation_reason: wire.cancellation_reason,
            last_possible_cancellation_date: wire.last_possible_cancellation_date,
        }
    }
}

fn plain(contracts: Vec<WireContract>) -> Vec<Contract> {
    contracts.into_iter().map(Contract::from).collect()
}

impl StudioClient {
    /// The contracts of a customer (`getCustomersContracts`), all or those of one status.
    ///
    /// # Errors
    /// [`StudioError::Refused`] with status 404 when there is no such customer.
    pub async fn contracts(
        &self,
        customer: CustomerId,
        status: Option<ContractStatus>,
    ) -> Result<Vec<Contract>, StudioError> {
        self.customer_call(Operation::Contracts, Method::GET, customer, &["contracts"])
            .query_if("status", status.map(ContractStatus::as_str))
            .answer()
            .await
            .map(plain)
    }

    /// As [`StudioClient::contracts`], of the customer that `key` names (`getCustomerContractsBy`).
    ///
    /// # Errors
    /// [`StudioError::KindNotTaken`] for a PIN or wallet pass.
    pub async fn contracts_by(
        &self,
        key: &CustomerKey,
        status: Option<ContractStatus>,
    ) -> Result<Vec<Contract>, StudioError> {
        let operation = Operation::ContractsBy;
        let path = ["v1", "customers", "contracts", "by"];
        self.call(operation, Method::GET, &path)
            .query(&key.query(operation, self.card_number_format())?)
            .query_if("status", status.map(ContractStatus::as_str))
            .answer()
            .await
            .map(plain)
    }
}
