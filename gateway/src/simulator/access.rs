//! Operations that decide about access: benefits, access codes.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use serde_json::{Value, json};

use super::customer::Customer;
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
    studio.change(id, |customer| {
        let Some(benefit) = customer.benefits.iter_mut().find(|benefit| benefit.key == key) else {
            return Err(ApiError::not_found(format_args!("The benefit {key}")));
        };
        if !benefit.valid || benefit.uses_left == Some(0) {
            return Err(ApiError::validation(format!("The benefit {key} is not valid."))
                .with_code("BENEFIT_NOT_VALID"));
        }
        benefit.uses_left = benefit.uses_left.map(|left| left.saturating_sub(1));
        Ok(())
    })?;
    studio
        .records()
        .check_in(id, crate::clock::wall(), None, Via::BenefitUse);
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
