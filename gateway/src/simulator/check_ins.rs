//! Visits: check-in, check-out, history, and how full the studio is.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan, Unit};
use serde::Deserialize;
use serde_json::{Value, json};

use super::customers::{Answer, Slice};
use super::error::ApiError;
use super::records::Via;
use super::studio::Studio;

/// The longest span of a check-in history.
const MAX_SPAN_DAYS: f64 = 365.0;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CheckInBody {
    check_in_date_time: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CheckOutBody {
    check_out_date_time: String,
}

/// `checkIn`
pub(super) async fn check_in(
    State(studio): State<Arc<Studio>>,
    Path(id): Path<i64>,
    Json(body): Json<CheckInBody>,
) -> Answer {
    let at = moment("checkInDateTime", &body.check_in_date_time)?;
    studio.customer(id)?;
    let sent = Some(body.check_in_date_time);
    let checkin_id = studio.records().check_in(id, at, sent, Via::OpenApi);
    Ok(Json(json!({ "checkinId": checkin_id })))
}

/// `checkOut`
pub(super) async fn check_out(
    State(studio): State<Arc<Studio>>,
    Path(id): Path<i64>,
    Json(body): Json<CheckOutBody>,
) -> Answer {
    moment("checkOutDateTime", &body.check_out_date_time)?;
    studio.customer(id)?;
    match studio.records().check_out(id, body.check_out_date_time) {
        Some(visit) => Ok(Json(json!({ "checkinId": visit.checkin_id }))),
        None => Err(ApiError::validation("The customer is not checked in.").with_code("NOT_CHECKED_IN")),
    }
}

/// A date-time with offset.
fn moment(name: &str, text: &str) -> Result<Timestamp, ApiError> {
    text.parse()
        .map_err(|_| ApiError::validation(format!("{name} must be a date and time with offset.")))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HistoryQuery {
    from_date: Option<Date>,
    to_date: Option<Date>,
    slice_size: Option<i64>,
    offset: Option<String>,
}

/// `getCustomersCheckinHistory`: the visits of a span of days (the last month when none is given), oldest first.
pub(super) async fn history(
    State(studio): State<Arc<Studio>>,
    Path(id): Path<i64>,
    Query(query): Query<HistoryQuery>,
) -> Answer {
    studio.customer(id)?;
    let slice = Slice::new(query.offset.as_deref(), query.slice_size, 10, 1..=50)?;
    let records = studio.records();
    let to = query.to_date.unwrap_or_else(|| records.today());
    let from = query.from_date.unwrap_or_else(|| to.saturating_sub(1.month()));
    let days = to.since(from).and_then(|span| span.total((Unit::Day, from)));
    if !days.is_ok_and(|days| (0.0..=MAX_SPAN_DAYS).contains(&days)) {
        return Err(ApiError::validation(
            "toDate must be fromDate or at most 365 days later.",
        ));
    }
    let mut visits: Vec<_> = records
        .visits()
        .iter()
        .filter(|visit| visit.customer_id == id && (from..=to).contains(&records.day(visit.check_in)))
        .collect();
    visits.sort_by_key(|visit| visit.check_in);
    let visits: Vec<Value> = visits
        .into_iter()
        .map(|visit| {
            let mut entry = json!({
                "checkinId": visit.checkin_id,
                "checkInDateTime": visit.check_in_date_time,
                "studioId": studio.settings.studio_id,
                "studioName": studio.settings.studio_name,
            });
            if let (Value::Object(entry), Some(at)) = (&mut entry, &visit.check_out_date_time) {
                entry.insert("checkOutDateTime".to_owned(), json!(at));
            }
            entry
        })
        .collect();
    Ok(Json(slice.of(&visits)))
}

/// `getUtilization`: those who checked in today and have not left.
pub(super) async fn utilization(State(studio): State<Arc<Studio>>) -> Json<Value> {
    let records = studio.records();
    let today = records.today();
    let inside: BTreeSet<i64> = records
        .visits()
        .iter()
        .filter(|visit| visit.check_out_date_time.is_none() && records.day(visit.check_in) == today)
        .map(|visit| visit.customer_id)
        .collect();
    let count = inside.len();
    Json(match studio.settings.capacity {
        Some(capacity) => json!({ "count": count, "capacity": capacity }),
        // By the description it is absent then, and not null.
        None => json!({ "count": count }),
    })
}

/// `getStudioInformation`
pub(super) async fn information(State(studio): State<Arc<Studio>>) -> Json<Value> {
    let time = |hour: u8| json!({ "hour": hour, "minute": 0, "second": 0, "nano": 0 });
    let hours = json!([
        { "dayOfWeekFrom": "MONDAY", "dayOfWeekTo": "FRIDAY", "timeFrom": time(6), "timeTo": time(23) },
        { "dayOfWeekFrom": "SATURDAY", "dayOfWeekTo": "SUNDAY", "timeFrom": time(8), "timeTo": time(22) },
    ]);
    Json(json!({
        "name": studio.settings.studio_name,
        "studioId": studio.settings.studio_id,
        "countryCode": "DE",
        "openingHours": hours,
        "publicOpeningHours": hours,
        "closingHours": [],
        "accessCodeConfiguration": { "enabled": true },
    }))
}
