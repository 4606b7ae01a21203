//! The studio's records: customers as they started and what has become of them, and their visits. It knows nothing
//! of requests.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::customer::{Customer, Status};
use super::device::{self, Device};
use super::members::{self, FIRST_ID, Identification, SimulatedMember, Story};

/// Numbers above this one are given to what is added through the API.
const FIRST_NEW_ID: i64 = 5_000_000_000;

/// How a visit came to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Via {
    /// The open API's check-in.
    OpenApi,
    /// The device API's identification with action.
    DeviceApi,
    /// The use of a benefit.
    BenefitUse,
}

/// A visit that the studio has been told of.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Visit {
    /// The studio's number of the visit, counted from one in order of arrival.
    pub checkin_id: i64,
    /// Whose visit.
    pub customer_id: i64,
    /// The time of the visit as it was sent; where none is sent, the time of arrival.
    pub check_in_date_time: String,
    /// The time of leaving as it was sent.
    pub check_out_date_time: Option<String>,
    /// When the studio was told.
    pub received_at: Timestamp,
    /// By which operation.
    pub via: Via,
    #[serde(skip)]
    pub(super) check_in: Timestamp,
}

/// Everything that requests can change.
pub(super) struct Records {
    seed: u64,
    /// Members of the seed; their records are made when they are asked for.
    count: u32,
    studio_id: i64,
    zone: TimeZone,
    /// Customers that are no longer as the seed has them, and those that were created.
    touched: BTreeMap<i64, Customer>,
    next_customer: i64,
    last_id: i64,
    pub(super) devices: Vec<Device>,
    visits: Vec<Visit>,
}

impl Records {
    pub(super) fn new(seed: u64, count: u32, studio_id: i64, zone: TimeZone) -> Self {
        Self {
            seed,
            count,
            studio_id,
            zone,
            touched: BTreeMap::new(),
            next_customer: FIRST_ID + i64::from(count),
            last_id: FIRST_NEW_ID,
            devices: device::devices(seed),
            visits: Vec::new(),
        }
    }

    /// A moment's day in the studio.
    pub(super) fn day(&self, moment: Timestamp) -> Date {
        moment.to_zoned_datetime(self.zone.clone()).date()
    }

    /// Today in the studio.
    pub(super) fn today(&self) -> Date {
        self.day(crate::clock::wall())
    }

    /// A moment as the studio writes it, with the offset of its time zone.
    pub(super) fn write_time(&self, moment: Timestamp) -> String {
        moment
            .display_with_offset(self.zone.to_offset(moment))
            .to_string()
    }

    /// The customer with this id.
    pub(super) fn customer(&self, id: i64) -> Option<Customer> {
        if let Some(customer) = self.touched.get(&id) {
            return Some(customer.clone());
        }
        Some(self.record_of(&members::member(self.seed, self.position(id)?)))
    }

    fn record_of(&self, member: &SimulatedMember) -> Customer {
        Customer::of(member, self.studio_id, crate::clock::wall(), self.today())
    }

    /// The customer with this id, to be changed.
    pub(super) fn customer_mut(&mut self, id: i64) -> Option<&mut Customer> {
        if !self.touched.contains_key(&id) {
            let customer = self.customer(id)?;
            self.touched.insert(id, customer);
        }
        self.touched.get_mut(&id)
    }

    /// Whose identification this is.
    pub(super) fn find(&self, identification: &Identification) -> Option<Customer> {
        if let Some(customer) = self.touched.values().find(|customer| customer.is(identification)) {
            return Some(customer.clone());
        }
        let position = members::position(self.seed, identification)?;
        self.customer(FIRST_ID + i64::from(position))
            .filter(|customer| customer.is(identification))
    }

    /// Up to `limit` customers of one status with ids above `after`, in order of their ids, and whether there are more.
    pub(super) fn slice(&self, status: Status, after: Option<i64>, limit: usize) -> (Vec<Customer>, bool) {
        let first = after.map_or(FIRST_ID, |after| after.saturating_add(1).max(FIRST_ID));
        let mut found = (first..self.next_customer)
            .filter(|id| self.status(*id) == Some(status))
            .filter_map(|id| self.customer(id));
        let slice = found.by_ref().take(limit).collect();
        (slice, found.next().is_some())
    }

    /// Every customer that satisfies `wanted`, at most `limit` of them.
    pub(super) fn search(&self, wanted: impl Fn(&Customer) -> bool, limit: usize) -> Vec<Customer> {
        (FIRST_ID..self.next_customer)
            .filter_map(|id| self.customer(id))
            .filter(|customer| wanted(customer))
            .take(limit)
            .collect()
    }

    /// A new customer without contract and access media, with what `fill` puts into the record.
    pub(super) fn create(&mut self, fill: impl FnOnce(&mut Customer)) -> i64 {
        let id = self.next_customer;
        self.next_customer = id.saturating_add(1);
        let position = u32::try_from(id - FIRST_ID).unwrap_or(u32::MAX);
        let member = SimulatedMember {
            story: Story::Prospect,
            ..members::member(self.seed, position)
        };
        let mut customer = self.record_of(&member);
        customer.media.clear();
        fill(&mut customer);
        self.touched.insert(id, customer);
        id
    }

    /// A number for something new that is not a customer or a visit.
    pub(super) fn new_id(&mut self) -> i64 {
        self.last_id = self.last_id.saturating_add(1);
        self.last_id
    }

    /// Enters a visit and answers its number.
    pub(super) fn check_in(
        &mut self,
        customer_id: i64,
        at: Timestamp,
        as_sent: Option<String>,
        via: Via,
    ) -> i64 {
        let checkin_id = i64::try_from(self.visits.len())
            .unwrap_or(i64::MAX)
            .saturating_add(1);
        self.visits.push(Visit {
            checkin_id,
            customer_id,
            check_in_date_time: as_sent.unwrap_or_else(|| self.write_time(at)),
            check_out_date_time: None,
            received_at: crate::clock::wall(),
            via,
            check_in: at,
        });
        checkin_id
    }

    /// Ends the customer's latest visit that has not ended; `None` when there is none.
    pub(super) fn check_out(&mut self, customer_id: i64, as_sent: String) -> Option<&Visit> {
        let open =
            |visit: &&mut Visit| visit.customer_id == customer_id && visit.check_out_date_time.is_none();
        let visit = self.visits.iter_mut().rev().find(open)?;
        visit.check_out_date_time = Some(as_sent);
        Some(visit)
    }

    /// All visits in order of arrival.
    pub(super) fn visits(&self) -> &[Visit] {
        &self.visits
    }

    fn status(&self, id: i64) -> Option<Status> {
        if let Some(customer) = self.touched.get(&id) {
            return Some(customer.status);
        }
        Some(Status::of(members::story(self.position(id)?)))
    }

    fn position(&self, id: i64) -> Option<u32> {
        u32::try_from(id.checked_sub(FIRST_ID)?)
            .ok()
            .filter(|position| *position < self.count)
    }
}
