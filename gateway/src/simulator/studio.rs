//! What all handlers share: settings, records, faults and counts.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::http::{HeaderMap, StatusCode};

use super::SimulatorSettings;
use super::customer::{Customer, Restriction};
use super::error::ApiError;
use super::faults::FaultSource;
use super::members::Identification;
use super::records::Records;

/// The simulated studio.
pub(super) struct Studio {
    pub(super) settings: SimulatorSettings,
    pub(super) faults: FaultSource,
    records: Mutex<Records>,
    requests: Mutex<BTreeMap<&'static str, u64>>,
}

impl Studio {
    pub(super) fn new(settings: SimulatorSettings) -> Self {
        let SimulatorSettings { seed, members, .. } = settings;
        Self {
            faults: FaultSource::new(seed),
            records: Mutex::new(Records::new(
                seed,
                members,
                settings.studio_id,
                settings.zone.clone(),
            )),
            requests: Mutex::default(),
            settings,
        }
    }

    /// The records, for as long as the guard lives: never across an `await`.
    pub(super) fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn customer(&self, id: i64) -> Result<Customer, ApiError> {
        self.records().customer(id).ok_or_else(|| no_customer(id))
    }

    pub(super) fn find(&self, identification: &Identification) -> Result<Customer, ApiError> {
        self.records()
            .find(identification)
            .ok_or_else(|| ApiError::not_found("The customer"))
    }

    /// Changes a customer's record.
    pub(super) fn change<T>(
        &self,
        id: i64,
        change: impl FnOnce(&mut Customer) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        change(self.records().customer_mut(id).ok_or_else(|| no_customer(id))?)
    }

    /// Puts these restrictions in the place of all that a customer has.
    pub(super) fn restrict(&self, id: i64, restrictions: Vec<Restriction>) -> Result<(), ApiError> {
        self.change(id, |customer| {
            customer.restrictions = restrictions;
            Ok(())
        })
    }

    pub(super) fn check_key(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        match headers.get("x-api-key") {
            Some(key) if key.as_bytes() == self.settings.api_key.as_bytes() => Ok(()),
            Some(_) => Err(ApiError::new(
                StatusCode::UNAUTHORIZED,
                "The x-api-key is not valid.",
            )),
            None => Err(ApiError::new(
                StatusCode::UNAUTHORIZED,
                "The header x-api-key is missing.",
            )),
        }
    }

    pub(super) fn count(&self, operation: &'static str) {
        let mut requests = self.requests();
        let count = requests.entry(operation).or_default();
        *count = count.saturating_add(1);
    }

    /// How often each operation has been asked for.
    pub(super) fn requests(&self) -> MutexGuard<'_, BTreeMap<&'static str, u64>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn no_customer(id: i64) -> ApiError {
    ApiError::not_found(format_args!("The customer {id}"))
}
