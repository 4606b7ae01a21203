//! Operations that decide about access: benefits, access codes, access restrictions.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Value, json};

use super::customer::{Customer, Days, Restriction};
use super::customers::{Answer, IdentificationQuery};
use super::error::ApiError;
use super::records::Via;
use super::studio::Studio;

/// A query whose parameters may come more than once.
type Pairs = Query<Vec<(String, String)>>;

/// `getBenefits`
pub(super) async fn benefits(
    State(studio): State<Arc<Studio>>,
    Path(id): Path<i64>,
    Query(pairs): Pairs,
) -> Answer {
    Ok(Json(benefits_of(&studio.customer(id)?, &pairs)))
}

/// `getBenefitsByCardNumber`
pub(super) async fn benefits_by(
    State(studio): State<Arc<Studio>>,
    Query(query): Query<IdentificationQuery>,
    Query(pairs): Pairs,
) -> Answer {
    Ok(Json(benefits_of(&studio.find(&query.identification()?)?, &pairs)))
}

/// All benefits of a customer, or those that `key` asks for; one that nobody has is not valid.
fn benefits_of(customer: &Customer, pairs: &[(String, String)]) -> Value {
    let asked: Vec<&str> = pairs
        .iter()
        .filter(|(name, _)| name == "key")
        .map(|(_, key)| key.as_str())
        .collect();
    let all = customer.benefits.iter().map(|benefit| benefit.key.as_str());
    let keys = if asked.is_empty() { all.collect() } else { asked };
    let answer = |key| json!({ "key": key, "valid": customer.has_benefit(key) });
    keys.into_iter().map(answer).collect()
}

/// `useBenefit`
pub(super) async fn use_benefit(
    State(studio): State<Arc<Studio>>,
    Path((id, key)): Path<(i64, String)>,
) -> Result<(), ApiError> {
    studio.change(id, |customer| use_up(customer, &key))?;
    studio
        .records()
        .check_in(id, crate::clock::wall(), None, Via::BenefitUse);
    Ok(())
}

/// Uses a benefit once; one that counts visits is no longer valid after the last.
pub(super) fn use_up(customer: &mut Customer, key: &str) -> Result<(), ApiError> {
    let Some(benefit) = customer.benefits.iter_mut().find(|benefit| benefit.key == key) else {
        return Err(ApiError::not_found(format_args!("The benefit {key}")));
    };
    if !benefit.valid || benefit.uses_left == Some(0) {
        let message = format!("The benefit {key} is not valid.");
        return Err(ApiError::validation(message).with_code("BENEFIT_NOT_VALID"));
    }
    benefit.uses_left = benefit.uses_left.map(|left| left.saturating_sub(1));
    Ok(())
}

/// `getCustomerAccessCode`
pub(super) async fn access_code(State(studio): State<Arc<Studio>>, Path(id): Path<i64>) -> Answer {
    let code = studio.customer(id)?.access_code;
    Ok(Json(json!({
        "format": "QR_CODE",
        "content": code.content,
        "expiresAt": code.expires_at,
    })))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RestrictionBody {
    reason: String,
    start_date: Option<Date>,
    end_date: Option<Date>,
}

impl RestrictionBody {
    pub(super) fn restriction(self, by_integration: bool) -> Result<Restriction, ApiError> {
        if self.reason.is_empty() {
            return Err(ApiError::validation("reason must not be empty."));
        }
        Ok(Restriction {
            days: Days::given(self.start_date, self.end_date)?,
            reason: self.reason,
            by_integration,
        })
    }
}

/// `setAccessRestriction`: takes the place of the one made through the API before, not of the front desk's.
pub(super) async fn set_restriction(
    State(studio): State<Arc<Studio>>,
    Path(id): Path<i64>,
    Json(body): Json<RestrictionBody>,
) -> Answer {
    let restriction = body.restriction(true)?;
    studio.change(id, |customer| {
        let answer = restriction.json();
        customer.restrictions.retain(|other| !other.by_integration);
        customer.restrictions.push(restriction);
        Ok(Json(answer))
    })
}

/// `deleteAccessRestriction`: only one that was made through the API.
pub(super) async fn delete_restriction(
    State(studio): State<Arc<Studio>>,
    Path(id): Path<i64>,
) -> Result<(), ApiError> {
    studio.change(id, |customer| {
        let before = customer.restrictions.len();
        customer
            .restrictions
            .retain(|restriction| !restriction.by_integration);
        if customer.restrictions.len() == before {
            return Err(ApiError::not_found("An access restriction made through the API"));
        }
        Ok(())
    })
}
