//! New customers, the extra fields of their records, and moves to another studio.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::customer::Person;
use super::customers::Answer;
use super::error::ApiError;
use super::studio::Studio;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SignUpBody {
    first_name: String,
    last_name: String,
    date_of_birth: Date,
    email: String,
    street: String,
    zip_code: String,
    city: String,
    country_code: String,
    phone_number_private: Option<String>,
    language: Language,
    #[serde(default)]
    additional_information_field_assignments: Vec<Assignment>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Language {
    language_code: String,
}

/// The value of an extra field in a customer's record.
#[derive(Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Assignment {
    additional_information_field_id: i64,
    value: String,
}

/// `createCustomer`: somebody without a contract and without access media.
pub(super) async fn create(State(studio): State<Arc<Studio>>, Json(body): Json<SignUpBody>) -> Answer {
    if body.country_code.len() != 2 {
        return Err(ApiError::validation("countryCode must have two letters."));
    }
    known_fields(&body.additional_information_field_assignments)?;
    let id = studio.records().create(|customer| {
        customer.additional_fields = body.additional_information_field_assignments;
        customer.person = Person {
            first_name: body.first_name,
            last_name: body.last_name,
            date_of_birth: body.date_of_birth,
            email: body.email,
            street: body.street,
            zip_code: body.zip_code,
            city: body.city,
            phone: body.phone_number_private.unwrap_or_default(),
            iban: String::new(),
            language: body.language.language_code,
        };
    });
    Ok(Json(json!({ "customerId": id })))
}

/// The ids of the studio's extra fields.
const LOCKER: i64 = 1;
const TOWEL: i64 = 2;
const COURSE: i64 = 3;

/// `getAdditionalInformationFields`
pub(super) async fn additional_fields() -> Json<Value> {
    Json(json!([
        { "id": LOCKER, "name": "Locker", "type": "TEXT", "abbreviation": "L" },
        { "id": TOWEL, "name": "Towel service", "type": "BOOLEAN" },
        {
            "id": COURSE,
            "name": "Favourite course",
            "type": "LIST",
            "listItems": [{ "id": 31, "name": "Yoga" }, { "id": 32, "name": "Spinning" }],
        },
    ]))
}

/// `setAdditionalInformationFieldAssignments`
pub(super) async fn assign_additional_fields(
    State(studio): State<Arc<Studio>>,
    Path(id): Path<i64>,
    Json(assignments): Json<Vec<Assignment>>,
) -> Answer {
    known_fields(&assignments)?;
    studio.change(id, |customer| {
        for assignment in assignments {
            let field = assignment.additional_information_field_id;
            customer
                .additional_fields
                .retain(|other| other.additional_information_field_id != field);
            customer.additional_fields.push(assignment);
        }
        Ok(Json(json!(customer.additional_fields)))
    })
}

fn known_fields(assignments: &[Assignment]) -> Result<(), ApiError> {
    for Assignment {
        additional_information_field_id: id,
        ..
    } in assignments
    {
        if ![LOCKER, TOWEL, COURSE].contains(id) {
            return Err(ApiError::not_found(format_args!(
                "The additional information field {id}"
            )));
        }
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SwitchBody {
    target_studio_id: i64,
    switch_date: Date,
}

/// `switchStudio`
pub(super) async fn switch_studio(
    State(studio): State<Arc<Studio>>,
    Path(id): Path<i64>,
    Json(body): Json<SwitchBody>,
) -> Result<(), ApiError> {
    if body.switch_date > studio.records().today() {
        return Err(ApiError::validation("switchDate must not be in the future."));
    }
    studio.change(id, |customer| {
        customer.studio_id = body.target_studio_id;
        Ok(())
    })
}
