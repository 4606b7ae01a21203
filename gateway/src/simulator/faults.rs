//! What goes wrong, and when: faults per operation, drawn from a seeded random generator. How a fault is carried out
//! on a connection is not here but in `exchange`.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

/// The operations that faults and request counts are named by: the `operationId`s of the vendor's descriptions, the
/// check-in and check-out that newer ones have, and `keyCheck` for any `HEAD` request.
pub const OPERATIONS: [&str; 35] = [
    "activateDevice",
    "addAccessMedium",
    "addAccessMediums",
    "cardReaderIdentification",
    "checkIn",
    "checkOut",
    "createCustomer",
    "createCustomerWeighing",
    "deleteAccessMediums",
    "deleteAccessRestriction",
    "getAdditionalInformationFields",
    "getBenefits",
    "getBenefitsByCardNumber",
    "getCustomerAccessCode",
    "getCustomerBy",
    "getCustomerById",
    "getCustomerContractsBy",
    "getCustomerMeasurement",
    "getCustomers",
    "getCustomersCheckinHistory",
    "getCustomersContracts",
    "getDevices",
    "getDocumentById",
    "getDocuments",
    "getStudioInformation",
    "getUtilization",
    "keyCheck",
    "searchCustomers",
    "setAccessRestriction",
    "setAdditionalInformationFieldAssignments",
    "switchStudio",
    "updateAccessMediums",
    "updateImage",
    "uploadDocument",
    "useBenefit",
];

/// In place of an operation's name: all of them.
pub const EVERY_OPERATION: &str = "*";

/// What goes wrong with an operation. Rates are from 0 (never) to 1 (always). A field that is not set is taken from
/// the entry `*`, and without one it is harmless.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Fault {
    /// The connection is dropped at once and unanswered, as if the studio were gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub down: Option<bool>,
    /// Wait this long before anything else. A request whose sender has left meanwhile is not processed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<u64>,
    /// How often the connection is dropped before the request is processed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drop_before_rate: Option<f64>,
    /// More requests than this in a minute are answered with 429 and `Retry-After` until the minute is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_limit_per_minute: Option<u32>,
    /// How often the request is not processed but answered with `status`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_rate: Option<f64>,
    /// The status of these answers; 503 if not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// How often the request is processed and the connection then dropped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drop_after_rate: Option<f64>,
    /// How often the request is processed and the answer then held back as long as the fault is set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_after_rate: Option<f64>,
    /// The answer ends in the middle of its JSON text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub malformed_json: Option<bool>,
    /// The second half of the answer is held back as long as the fault is set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hang_body: Option<bool>,
}

impl Fault {
    /// This fault, with what it leaves open taken from `general`.
    fn or(&self, general: &Self) -> Self {
        Self {
            down: self.down.or(general.down),
            latency_ms: self.latency_ms.or(general.latency_ms),
            drop_before_rate: self.drop_before_rate.or(general.drop_before_rate),
            rate_limit_per_minute: self.rate_limit_per_minute.or(general.rate_limit_per_minute),
            error_rate: self.error_rate.or(general.error_rate),
            status: self.status.or(general.status),
            drop_after_rate: self.drop_after_rate.or(general.drop_after_rate),
            timeout_after_rate: self.timeout_after_rate.or(general.timeout_after_rate),
            malformed_json: self.malformed_json.or(general.malformed_json),
            hang_body: self.hang_body.or(general.hang_body),
        }
    }

    fn rates(&self) -> [(&'static str, Option<f64>); 4] {
        [
            ("drop_before_rate", self.drop_before_rate),
            ("error_rate", self.error_rate),
            ("drop_after_rate", self.drop_after_rate),
            ("timeout_after_rate", self.timeout_after_rate),
        ]
    }
}

/// Faults by operation; the entry [`EVERY_OPERATION`] holds for all.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Faults(BTreeMap<String, Fault>);

/// Why faults were not taken.
#[derive(Debug, thiserror::Error)]
pub enum FaultsError {
    /// Not an operation.
    #[error("there is no operation {name}; the operations are * (all) and {}", OPERATIONS.join(", "))]
    UnknownOperation {
        /// What was given as one.
        name: String,
    },
    /// A rate outside 0 to 1.
    #[error("{fault} of {operation} is {rate}, but a rate goes from 0 (never) to 1 (always)")]
    Rate {
        /// The operation's name.
        operation: String,
        /// The rate's name.
        fault: &'static str,
        /// Its value.
        rate: f64,
    },
    /// A status that is no error.
    #[error("status of {operation} is {status}, but an error status goes from 400 to 599")]
    Status {
        /// The operation's name.
        operation: String,
        /// Its value.
        status: u16,
    },
}

impl Faults {
    /// Faults by operation name.
    ///
    /// # Errors
    /// When a name is not an operation or a value is out of its range.
    pub fn new(by_operation: BTreeMap<String, Fault>) -> Result<Self, FaultsError> {
        for (operation, fault) in &by_operation {
            let operation = operation.clone();
            if operation != EVERY_OPERATION && !OPERATIONS.contains(&operation.as_str()) {
                return Err(FaultsError::UnknownOperation { name: operation });
            }
            for (name, rate) in fault.rates() {
                if let Some(rate) = rate.filter(|rate| !(0.0..=1.0).contains(rate)) {
                    return Err(FaultsError::Rate {
                        operation,
                        fault: name,
                        rate,
                    });
                }
            }
            if let Some(status) = fault.status.filter(|status| !(400..600).contains(status)) {
                return Err(FaultsError::Status { operation, status });
            }
        }
        Ok(Self(by_operation))
    }

    /// Every answer takes this long.
    #[must_use]
    pub fn slow(latency: Duration) -> Self {
        Self::everywhere(Fault {
            latency_ms: Some(u64::try_from(latency.as_millis()).unwrap_or(u64::MAX)),
            ..Fault::default()
        })
    }

    /// Every connection is dropped.
    #[must_use]
    pub fn down() -> Self {
        Self::everywhere(Fault {
            down: Some(true),
            ..Fault::default()
        })
    }

    fn everywhere(fault: Fault) -> Self {
        Self(BTreeMap::from([(EVERY_OPERATION.to_owned(), fault)]))
    }

    fn of(&self, operation: &str) -> Fault {
        let general = self.0.get(EVERY_OPERATION).cloned().unwrap_or_default();
        match self.0.get(operation) {
            Some(fault) => fault.or(&general),
            None => general,
        }
    }
}

/// The faults in force, with what is needed to draw them.
pub(super) struct FaultSource {
    faults: watch::Sender<Faults>,
    random: Mutex<StdRng>,
    minutes: Mutex<BTreeMap<&'static str, Minute>>,
}

/// The requests of one operation in the minute since the first of them.
struct Minute {
    since: Duration,
    requests: u32,
}

/// What a request with drawn faults meets.
pub(super) struct Drawn {
    pub(super) drop_before: bool,
    pub(super) error: Option<u16>,
    pub(super) drop_after: bool,
    pub(super) timeout_after: bool,
    pub(super) malformed_json: bool,
    pub(super) hang_body: bool,
}

impl FaultSource {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            faults: watch::Sender::default(),
            random: Mutex::new(StdRng::seed_from_u64(seed)),
            minutes: Mutex::default(),
        }
    }

    pub(super) fn set(&self, faults: Faults) {
        self.faults.send_replace(faults);
    }

    pub(super) fn get(&self) -> Faults {
        self.faults.borrow().clone()
    }

    /// Waits until the faults of an operation satisfy `until`; at once when they do.
    pub(super) async fn wait_until(&self, operation: &str, until: impl Fn(&Fault) -> bool) {
        let mut faults = self.faults.subscribe();
        // The sender is in `self`, so it cannot have gone.
        let _ = faults.wait_for(|faults| until(&faults.of(operation))).await;
    }

    /// Waits as long as the latency says, less when it is lowered meanwhile.
    pub(super) async fn latency(&self, operation: &str) {
        let start = now();
        let mut faults = self.faults.subscribe();
        loop {
            let fault = faults.borrow_and_update().of(operation);
            let latency = Duration::from_millis(fault.latency_ms.unwrap_or_default());
            let left = latency.saturating_sub(now().saturating_sub(start));
            if left.is_zero() || fault.down == Some(true) {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(left) => return,
                _ = faults.changed() => {}
            }
        }
    }

    /// Draws what the next request of an operation meets.
    pub(super) fn draw(&self, operation: &str) -> Drawn {
        let fault = self.faults.borrow().of(operation);
        let mut random = self.random.lock().unwrap_or_else(PoisonError::into_inner);
        let mut happens =
            |rate: Option<f64>| rate.is_some_and(|rate| random.random_bool(rate.clamp(0.0, 1.0)));
        Drawn {
            drop_before: happens(fault.drop_before_rate) || fault.down == Some(true),
            error: happens(fault.error_rate).then(|| fault.status.unwrap_or(503)),
            drop_after: happens(fault.drop_after_rate),
            timeout_after: happens(fault.timeout_after_rate),
            malformed_json: fault.malformed_json == Some(true),
            hang_body: fault.hang_body == Some(true),
        }
    }

    /// Counts a request against the limit; past it, how long until the minute is over.
    pub(super) fn over_limit(&self, operation: &'static str) -> Option<Duration> {
        const MINUTE: Duration = Duration::from_secs(60);
        let limit = self.faults.borrow().of(operation).rate_limit_per_minute?;
        let now = now();
        let mut minutes = self.minutes.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = minutes.entry(operation).or_insert(Minute {
            since: now,
            requests: 0,
        });
        if now.saturating_sub(minute.since) >= MINUTE {
            *minute = Minute {
                since: now,
                requests: 0,
            };
        }
        minute.requests = minute.requests.saturating_add(1);
        (minute.requests > limit).then(|| (minute.since + MINUTE).saturating_sub(now))
    }
}

fn now() -> Duration {
    crate::clock::now().monotonic.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(json: &str) -> Faults {
        Faults::new(serde_json::from_str(json).unwrap()).unwrap()
    }

    #[test]
    fn an_operation_takes_from_the_general_entry_what_its_own_leaves_open() {
        let faults = faults(
            r#"{"*": {"latency_ms": 10, "status": 500}, "checkIn": {"status": 502, "error_rate": 1}}"#,
        );
        let fault = faults.of("checkIn");
        assert_eq!(
            (fault.latency_ms, fault.status, fault.error_rate),
            (Some(10), Some(502), Some(1.0))
        );
        assert_eq!(faults.of("getCustomers").error_rate, None);
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_what_would() {
        let refusal = |json: &str| {
            Faults::new(serde_json::from_str(json).unwrap())
                .unwrap_err()
                .to_string()
        };
        assert!(refusal(r#"{"checkin": {}}"#).contains("checkIn"));
        assert!(refusal(r#"{"checkIn": {"error_rate": 20}}"#).contains("0 (never) to 1 (always)"));
        assert!(refusal(r#"{"checkIn": {"status": 200}}"#).contains("400 to 599"));
        let unknown = serde_json::from_str::<Fault>(r#"{"lag": 1}"#)
            .unwrap_err()
            .to_string();
        assert!(unknown.contains("latency_ms"), "{unknown}");
    }

    #[test]
    fn the_same_seed_draws_the_same_faults() {
        let drawn = |seed| {
            let source = FaultSource::new(seed);
            source.set(faults(r#"{"*": {"error_rate": 0.5}}"#));
            (0..64)
                .map(|_| source.draw("checkIn").error.is_some())
                .collect::<Vec<_>>()
        };
        assert_eq!(drawn(1), drawn(1));
        assert_ne!(drawn(1), drawn(2));
        let hits = drawn(1).into_iter().filter(|hit| *hit).count();
        assert!((16..48).contains(&hits), "{hits}");
    }

    #[test]
    fn past_the_limit_of_a_minute_a_request_is_told_how_long_to_wait() {
        let source = FaultSource::new(1);
        source.set(faults(r#"{"checkIn": {"rate_limit_per_minute": 2}}"#));
        assert_eq!(source.over_limit("checkIn"), None);
        assert_eq!(source.over_limit("checkIn"), None);
        let wait = source.over_limit("checkIn").unwrap();
        assert!(
            wait > Duration::from_secs(50) && wait <= Duration::from_secs(60),
            "{wait:?}"
        );
        assert_eq!(source.over_limit("getCustomers"), None);
    }
}
