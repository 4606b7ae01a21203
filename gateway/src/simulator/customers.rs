//! Operations that read customers: lists, look-ups, search and contracts.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use jiff::ToSpan;
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Value, json};

use super::card::CardNumberFormat;
use super::customer::{Customer, Status};
use super::error::ApiError;
use super::members::Identification;
use super::studio::Studio;

/// What a handler of the API answers.
pub(super) type Answer = Result<Json<Value>, ApiError>;

/// One part of a list.
#[derive(Default)]
pub(super) struct Slice {
    /// Where it starts.
    pub(super) start: i64,
    pub(super) size: usize,
}

impl Slice {
    /// The part that `offset` and `sliceSize` ask for.
    pub(super) fn new(
        offset: Option<&str>,
        size: Option<i64>,
        default: i64,
        allowed: std::ops::RangeInclusive<i64>,
    ) -> Result<Self, ApiError> {
        let size = size.unwrap_or(default);
        if !allowed.contains(&size) {
            let (least, most) = (allowed.start(), allowed.end());
            return Err(ApiError::validation(format!(
                "sliceSize must be from {least} to {most}."
            )));
        }
        let start = match offset {
            None | Some("") => 0,
            Some(offset) => offset
                .parse()
                .ok()
                .filter(|start| *start >= 0)
                .ok_or_else(|| ApiError::validation("offset must be one that an earlier answer gave."))?,
        };
        let size = usize::try_from(size).unwrap_or_default();
        Ok(Self { start, size })
    }

    /// This part of a list whose offsets are positions.
    pub(super) fn of(&self, list: &[Value]) -> Value {
        let start = usize::try_from(self.start).unwrap_or(usize::MAX).min(list.len());
        let end = start.saturating_add(self.size).min(list.len());
        let result = list.get(start..end).unwrap_or_default();
        json!({ "result": result, "offset": end.to_string(), "hasNext": end < list.len() })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListQuery {
    #[serde(default)]
    card_number_format: CardNumberFormat,
    #[serde(default)]
    customer_status: Status,
    slice_size: Option<i64>,
    offset: Option<String>,
    last_offset_id: Option<String>,
}

/// `getCustomers`
pub(super) async fn list(State(studio): State<Arc<Studio>>, Query(query): Query<ListQuery>) -> Answer {
    if query.customer_status == Status::FormerMember {
        return Err(ApiError::validation("customerStatus must be MEMBER or PROSPECT."));
    }
    let offset = query.offset.or(query.last_offset_id);
    let slice = Slice::new(offset.as_deref(), query.slice_size, 100, 50..=500)?;
    let after = offset.is_some().then_some(slice.start);
    let (customers, has_next) = studio.records().slice(query.customer_status, after, slice.size);
    let last = customers.last().map_or(slice.start, |customer| customer.id);
    Ok(Json(json!({
        "result": customers.iter().map(|customer| customer.json(query.card_number_format)).collect::<Vec<_>>(),
        "offset": last.to_string(),
        "hasNext": has_next,
    })))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FormatQuery {
    #[serde(default)]
    card_number_format: CardNumberFormat,
}

/// `getCustomerById`
pub(super) async fn by_id(
    State(studio): State<Arc<Studio>>,
    Path(id): Path<i64>,
    Query(query): Query<FormatQuery>,
) -> Answer {
    Ok(Json(studio.customer(id)?.json(query.card_number_format)))
}

/// The parameters of which exactly one names a customer, and the format of card numbers.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct IdentificationQuery {
    card_number: Option<String>,
    pub(super) card_number_format: CardNumberFormat,
    barcode: Option<String>,
    pin: Option<String>,
    qr_code_uuid: Option<String>,
    customer_number: Option<String>,
    debtor_id: Option<String>,
    status: Option<String>,
}

impl IdentificationQuery {
    /// The customer's identification.
    pub(super) fn identification(&self) -> Result<Identification, ApiError> {
        let card = self.card_number.as_ref().map(|text| {
            let uid = self.card_number_format.read(text);
            uid.map(Identification::Card)
                .ok_or_else(|| ApiError::validation("cardNumber is not one of the given cardNumberFormat."))
        });
        let mut given = [
            card.transpose()?,
            self.barcode.clone().map(Identification::Barcode),
            self.pin.clone().map(Identification::Pin),
            self.qr_code_uuid.clone().map(Identification::Uuid),
            self.customer_number.clone().map(Identification::CustomerNumber),
            self.debtor_id.clone().map(Identification::DebtorId),
        ]
        .into_iter()
        .flatten();
        match (given.next(), given.next()) {
            (Some(identification), None) => Ok(identification),
            _ => Err(ApiError::validation(
                "Exactly one parameter that identifies the customer must be given.",
            )),
        }
    }
}

/// `getCustomerBy`
pub(super) async fn by(
    State(studio): State<Arc<Studio>>,
    Query(query): Query<IdentificationQuery>,
) -> Answer {
    let customer = studio.find(&query.identification()?)?;
    Ok(Json(customer.json(query.card_number_format)))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SearchBody {
    first_name: Option<String>,
    last_name: Option<String>,
    email: Option<String>,
    date_of_birth: Option<Date>,
    #[serde(default)]
    card_number_format: CardNumberFormat,
}

/// `searchCustomers`
pub(super) async fn search(State(studio): State<Arc<Studio>>, Json(body): Json<SearchBody>) -> Answer {
    const MOST: usize = 500;
    let starts = |name: &str, wanted: &Option<String>| {
        let wanted = wanted.as_deref().unwrap_or_default().to_lowercase();
        name.to_lowercase().starts_with(&wanted)
    };
    let wanted = |customer: &Customer| {
        let person = &customer.person;
        starts(&person.first_name, &body.first_name)
            && starts(&person.last_name, &body.last_name)
            && body
                .email
                .as_ref()
                .is_none_or(|email| email.eq_ignore_ascii_case(&person.email))
            && body.date_of_birth.is_none_or(|date| date == person.date_of_birth)
    };
    let given = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
    let any = [&body.first_name, &body.last_name, &body.email]
        .into_iter()
        .any(given);
    if !any && body.date_of_birth.is_none() {
        return Err(ApiError::validation("At least one criterion must be given."));
    }
    let found = studio.records().search(wanted, MOST);
    let found = found
        .iter()
        .map(|customer| customer.json(body.card_number_format));
    Ok(Json(found.collect()))
}

#[derive(Deserialize)]
pub(super) struct ContractsQuery {
    status: Option<String>,
}

/// `getCustomersContracts`
pub(super) async fn contracts(
    State(studio): State<Arc<Studio>>,
    Path(id): Path<i64>,
    Query(query): Query<ContractsQuery>,
) -> Answer {
    let customer = studio.customer(id)?;
    contracts_of(&studio, &customer, query.status.as_deref())
}

/// `getCustomerContractsBy`
pub(super) async fn contracts_by(
    State(studio): State<Arc<Studio>>,
    Query(query): Query<IdentificationQuery>,
) -> Answer {
    let customer = studio.find(&query.identification()?)?;
    contracts_of(&studio, &customer, query.status.as_deref())
}

/// A member has an active contract, a former member one that has ended, a prospect none.
fn contracts_of(studio: &Studio, customer: &Customer, status: Option<&str>) -> Answer {
    if !matches!(status, None | Some("ACTIVE" | "INACTIVE")) {
        return Err(ApiError::validation("status must be ACTIVE or INACTIVE."));
    }
    let (state, ended) = match customer.status {
        Status::Member => ("ACTIVE", false),
        Status::FormerMember => ("INACTIVE", true),
        Status::Prospect => return Ok(Json(json!([]))),
    };
    if status.is_some_and(|wanted| wanted != state) {
        return Ok(Json(json!([])));
    }
    let today = studio.records().today();
    let start = today.saturating_sub(2.years());
    let end = if ended {
        today.saturating_sub(1.month())
    } else {
        today.saturating_add(1.year())
    };
    let money = json!({ "amount": 29.9, "currency": "EUR" });
    let mut contract = json!({
        "id": customer.id,
        "createdDate": start,
        "startDate": start,
        "endDate": end,
        "rateName": "Basic",
        "contractStatus": state,
        "cancelled": ended,
        "price": 29.9,
        "priceDetails": {
            "basePrice": money,
            "currentPrice": money,
            "paymentFrequency": { "type": "RECURRING", "term": { "value": 1, "unit": "MONTH" }, "price": money },
        },
        "lastPossibleCancellationDate": end.saturating_sub(1.month()),
        "term": { "periodValue": 12, "periodUnit": "MONTH" },
        "extensionTerm": { "periodValue": 1, "periodUnit": "MONTH" },
        "flatFeeContracts": [],
        "moduleContracts": [],
    });
    if let (true, Value::Object(contract)) = (ended, &mut contract) {
        contract.insert("cancellationDate".to_owned(), json!(end));
    }
    Ok(Json(json!([contract])))
}
