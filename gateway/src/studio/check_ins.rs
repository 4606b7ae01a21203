//! Visits: reporting one with its true time, and asking which ones the studio has.

use jiff::civil::Date;
use jiff::{Timestamp, ZonedDateTime};
use reqwest::Method;
use serde::{Deserialize, Serialize};

use super::{Operation, Slice, StudioClient, StudioError};
use crate::domain::CustomerId;

/// The longest history that is read, in slices of fifty: some ten visits a day for a year.
const MAX_HISTORY_SLICES: usize = 80;

/// A visit that the studio has recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastCheckIn {
    /// The studio's number of the visit.
    pub id: i64,
    /// When it began.
    pub checked_in: Option<Timestamp>,
    /// When it ended; none while the person is inside.
    pub checked_out: Option<Timestamp>,
    /// The studio that was visited, which may be another one of the chain.
    pub studio: Option<i64>,
    /// Its name.
    pub studio_name: Option<String>,
}

impl StudioClient {
    /// Reports that a customer came in at `at`; the time goes out in whole seconds with the offset of its zone.
    /// `Ok` on any 2xx, whatever the body.
    ///
    /// # Errors
    /// [`StudioError::is_ambiguous`] tells whether the visit may have been recorded all the same.
    pub async fn check_in(&self, customer: CustomerId, at: &ZonedDateTime) -> Result<(), StudioError> {
        let body = CheckInBody {
            check_in_date_time: rfc3339(at),
        };
        self.report(Operation::CheckIn, self.check_in_path(), customer, &body)
            .await
    }

    /// Reports that a customer left at `at`. The vendor's description of this operation was not seen; path and
    /// body follow the check-in's.
    ///
    /// # Errors
    /// As [`StudioClient::check_in`].
    pub async fn check_out(&self, customer: CustomerId, at: &ZonedDateTime) -> Result<(), StudioError> {
        let body = CheckOutBody {
            check_out_date_time: rfc3339(at),
        };
        self.report(Operation::CheckOut, self.check_out_path(), customer, &body)
            .await
    }

    async fn report(
        &self,
        operation: Operation,
        path: &str,
        customer: CustomerId,
        body: &impl Serialize,
    ) -> Result<(), StudioError> {
        let path = path.replace("{customerId}", &customer.to_string());
        let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
        self.call(operation, Method::POST, &segments)
            .json(body)
            .done()
            .await
    }

    /// The visits of a customer from day `from` to day `to` of the studio's calendar (`getCustomersCheckinHistory`),
    /// both included and at most 365 days apart.
    ///
    /// # Errors
    /// When the studio could not be asked, gave no usable answer, or one of the visits could not be read: a visit
    /// that is there must not be taken for one that is not.
    pub async fn check_in_history(
        &self,
        customer: CustomerId,
        from: Date,
        to: Date,
    ) -> Result<Vec<PastCheckIn>, StudioError> {
        let mut visits = Vec::new();
        let mut offset = None;
        for _ in 0..MAX_HISTORY_SLICES {
            let slice = self.history_slice(customer, from, to, offset).await?;
            visits.extend(slice.items);
            offset = slice.next;
            if offset.is_none() {
                return Ok(visits);
            }
        }
        let call = self.customer_call(Operation::CheckInHistory, Method::GET, customer, &[]);
        Err(call.unreadable()("it does not end".to_owned()))
    }

    async fn history_slice(
        &self,
        customer: CustomerId,
        from: Date,
        to: Date,
        offset: Option<String>,
    ) -> Result<Slice<PastCheckIn>, StudioError> {
        let path = ["activities", "checkins"];
        self.customer_call(Operation::CheckInHistory, Method::GET, customer, &path)
            .query(&[("fromDate", from), ("toDate", to)])
            .query(&[("sliceSize", 50)])
            .slice::<WireCheckIn, _>(offset.as_deref())
            .await
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CheckInBody {
    check_in_date_time: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CheckOutBody {
    check_out_date_time: String,
}

fn rfc3339(at: &ZonedDateTime) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireCheckIn {
    checkin_id: i64,
    check_in_date_time: Option<Timestamp>,
    check_out_date_time: Option<Timestamp>,
    studio_id: Option<i64>,
    studio_name: Option<String>,
}

impl From<WireCheckIn> for PastCheckIn {
    fn from(visit: WireCheckIn) -> Self {
        Self {
            id: visit.checkin_id,
            checked_in: visit.check_in_date_time,
            checked_out: visit.check_out_date_time,
            studio: visit.studio_id,
            studio_name: visit.studio_name,
        }
    }
}
