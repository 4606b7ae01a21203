//! What a notification says, as far as it matters: whom to ask the studio about.

use serde::Deserialize;
use serde_json::Value;

use crate::domain::CustomerId;

/// The types after which a member record may be another one. Source: the vendor's list of webhooks. Those of visits
/// are not among them: they change no record.
const CHANGES: [&str; 14] = [
    "CUSTOMER_UPDATED",
    "CUSTOMER_DELETED",
    "CUSTOMER_ACCESS_DISABLED",
    "CUSTOMER_ACCESS_MEDIUM_CREATED",
    "CUSTOMER_ACCESS_MEDIUM_UPDATED",
    "CUSTOMER_ACCESS_MEDIUM_DELETED",
    "CUSTOMER_ACCESS_RESTRICTION_CREATED",
    "CUSTOMER_ACCESS_RESTRICTION_DELETED",
    "CONTRACT_CREATED",
    "CONTRACT_UPDATED",
    "CONTRACT_CANCELLED",
    "CONTRACT_IDLE_PERIOD_CREATED",
    "CONTRACT_IDLE_PERIOD_UPDATED",
    "CONTRACT_IDLE_PERIOD_CANCELLED",
];

/// Why a notification cannot be read; says nothing of its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Malformed {
    /// It is not shaped like one.
    #[error("it is not JSON with entityId and payload")]
    Shape,
    /// It is about a customer, but does not say which.
    #[error("its entityId is no customer's")]
    Entity,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    /// A customer's is a number; other entities may have other ones.
    entity_id: Value,
    payload: Vec<WireEvent>,
}

#[derive(Deserialize)]
struct WireEvent {
    r#type: String,
}

/// The customer that a notification is about; none when it is about something else.
///
/// # Errors
/// When it cannot be read.
pub(super) fn changed(body: &[u8]) -> Result<Option<CustomerId>, Malformed> {
    let wire: Wire = serde_json::from_slice(body).map_err(|_| Malformed::Shape)?;
    if !wire
        .payload
        .iter()
        .any(|event| CHANGES.contains(&event.r#type.as_str()))
    {
        return Ok(None);
    }
    match wire.entity_id.as_i64() {
        Some(id) => Ok(Some(CustomerId(id))),
        None => Err(Malformed::Entity),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(entity: &str, types: &[&str]) -> Result<Option<CustomerId>, Malformed> {
        let payload: Vec<String> = types
            .iter()
            .map(|kind| format!(r#"{{"timestamp": 1, "type": "{kind}"}}"#))
            .collect();
        let body = format!(
            r#"{{"entityId": {entity}, "uuid": "a", "payload": [{}], "new": {{}}}}"#,
            payload.join(",")
        );
        changed(body.as_bytes())
    }

    #[test]
    fn every_change_of_a_customer_or_contract_names_the_customer_and_nothing_else_does() {
        for kind in CHANGES {
            assert_eq!(
                of("1042", &["SOMETHING", kind]),
                Ok(Some(CustomerId(1042))),
                "{kind}"
            );
        }
        for kind in [
            "CUSTOMER_CHECKIN",
            "STUDIO_OPENING_HOURS_UPDATED",
            "customer_updated",
            "",
        ] {
            assert_eq!(of("1042", &[kind]), Ok(None), "{kind}");
        }
        assert_eq!(of("\"a-uuid\"", &["SOMETHING_NEW"]), Ok(None));
        assert_eq!(of("1042", &[]), Ok(None));
    }

    #[test]
    fn what_is_no_notification_is_malformed() {
        for body in [
            "",
            "{}",
            "[]",
            "{\"entityId\": 1}",
            "{\"entityId\": 1, \"payload\": {}}",
            "\u{1}",
        ] {
            assert_eq!(changed(body.as_bytes()), Err(Malformed::Shape), "{body}");
        }
        for entity in ["\"1042\"", "null", "1.5", "99999999999999999999"] {
            assert_eq!(
                of(entity, &["CUSTOMER_UPDATED"]),
                Err(Malformed::Entity),
                "{entity}"
            );
        }
        let deep = "[".repeat(60_000);
        assert_eq!(changed(deep.as_bytes()), Err(Malformed::Shape));
    }
}
