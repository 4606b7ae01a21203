//! `/_simulator/...`: what people and tests use to look behind the counter and to break things. Needs no key and
//! has no faults. Bodies are taken for JSON whatever `content-type` says, so that `curl -d` is enough.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::access::RestrictionBody;
use super::card::CardNumberFormat;
use super::customers::Answer;
use super::error::ApiError;
use super::faults::{Fault, Faults};
use super::members::{SimulatedMember, Story, members};
use super::records::Visit;
use super::studio::Studio;

/// `GET check-ins`: the visits in order of arrival.
pub(super) async fn check_ins(State(studio): State<Arc<Studio>>) -> Json<Vec<Visit>> {
    Json(studio.records().visits().to_vec())
}

/// `GET requests`: how often each operation was asked for.
pub(super) async fn requests(State(studio): State<Arc<Studio>>) -> Json<BTreeMap<&'static str, u64>> {
    Json(studio.requests().clone())
}

/// `DELETE requests`: counts from zero again.
pub(super) async fn forget_requests(State(studio): State<Arc<Studio>>) {
    studio.requests().clear();
}

/// `GET faults`
pub(super) async fn faults(State(studio): State<Arc<Studio>>) -> Json<Faults> {
    Json(studio.faults.get())
}

/// `PUT faults`: takes the place of those before.
pub(super) async fn set_faults(
    State(studio): State<Arc<Studio>>,
    body: String,
) -> Result<Json<Faults>, ApiError> {
    let faults: BTreeMap<String, Fault> = parse(&body)?;
    let faults = Faults::new(faults).map_err(|error| ApiError::validation(error.to_string()))?;
    studio.faults.set(faults.clone());
    Ok(Json(faults))
}

/// `DELETE faults`
pub(super) async fn clear_faults(State(studio): State<Arc<Studio>>) {
    studio.faults.set(Faults::default());
}

#[derive(Deserialize)]
pub(super) struct MembersQuery {
    story: Option<String>,
    limit: Option<usize>,
}

/// `GET members`: the members as the simulator started with them, with their credentials.
pub(super) async fn sample(State(studio): State<Arc<Studio>>, Query(query): Query<MembersQuery>) -> Answer {
    let story = match query.story.as_deref() {
        None => None,
        Some(name) => Some(Story::named(name).ok_or_else(|| {
            let names = Story::ALL.map(Story::name).join(", ");
            ApiError::validation(format!("There is no story {name}; the stories are {names}."))
        })?),
    };
    let found = members(studio.settings.seed, studio.settings.members)
        .filter(|member| story.is_none_or(|story| story == member.story))
        .take(query.limit.unwrap_or(10))
        .map(|member| credentials(&member));
    Ok(Json(found.collect()))
}

fn credentials(member: &SimulatedMember) -> Value {
    json!({
        "id": member.id,
        "story": member.story.name(),
        "description": member.story.sentence(),
        "name": format!("{} {}", member.first_name, member.last_name),
        "customerNumber": member.customer_number,
        "card": {
            "bytes": member.uid.len(),
            "decimal": CardNumberFormat::Decimal.write(&member.uid),
            "hexMsb": CardNumberFormat::HexMsb.write(&member.uid),
            "hexLsb": CardNumberFormat::HexLsb.write(&member.uid),
        },
        "barcode": member.barcode,
        "pin": member.pin,
        "walletPass": member.wallet_pass,
        "accessCode": member.access_code,
        "qrCodeUuid": member.uuid,
    })
}

/// `PUT members/{id}/restriction`: the front desk blocks somebody; takes the place of all restrictions before.
pub(super) async fn restrict(
    State(studio): State<Arc<Studio>>,
    Path(id): Path<i64>,
    body: String,
) -> Result<(), ApiError> {
    let body: RestrictionBody = parse(&body)?;
    studio.restrict(id, vec![body.restriction(false)?])
}

/// `DELETE members/{id}/restriction`: the front desk lifts all restrictions.
pub(super) async fn unrestrict(
    State(studio): State<Arc<Studio>>,
    Path(id): Path<i64>,
) -> Result<(), ApiError> {
    studio.restrict(id, Vec::new())
}

fn parse<T: DeserializeOwned>(body: &str) -> Result<T, ApiError> {
    serde_json::from_str(body).map_err(|error| ApiError::validation(error.to_string()))
}
