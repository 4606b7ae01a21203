//! Requests about check-ins, answered from a journal: that of the running gateway, or one that was opened for this.

use super::message::{CheckIn, CheckInRequest, Response};
use crate::domain::Visitor;
use crate::journal::{JournalHandle, State, Visit, VisitClock, VisitId};

/// Check-ins in one answer.
const AT_ONCE: usize = 200;

/// Answers a request. The last of several answers is [`Response::Done`].
pub async fn answer(request: CheckInRequest, journal: &JournalHandle) -> Vec<Response> {
    match request {
        CheckInRequest::List { delivered } => {
            let wanted: Vec<CheckIn> = journal
                .visits()
                .iter()
                .filter(|visit| delivered || !matches!(visit.state, State::Delivered { .. }))
                .map(CheckIn::from)
                .collect();
            let lists = wanted
                .chunks(AT_ONCE)
                .map(|some| Response::CheckIns(some.to_vec()));
            lists.chain([Response::Done]).collect()
        }
        CheckInRequest::Show { id } => {
            let found =
                named(&id).and_then(|name| journal.visits().into_iter().find(|visit| visit.id == name));
            match found {
                Some(visit) => vec![Response::CheckIns(vec![CheckIn::from(&visit)]), Response::Done],
                None => vec![unknown(&id)],
            }
        }
        CheckInRequest::Retry { id } => match named(&id) {
            Some(name) if journal.retry(name).await => vec![Response::Done],
            Some(_) => vec![Response::Failed(format!(
                "no check-in {id} is parked, or the disk cannot be written: see the log"
            ))],
            None => vec![unknown(&id)],
        },
        CheckInRequest::Drop { reason, .. } if reason.trim().is_empty() => {
            vec![Response::Failed(
                "a check-in is only dropped for a reason: say which".to_owned(),
            )]
        }
        CheckInRequest::Drop { id, reason } => match named(&id) {
            Some(name) if journal.drop_visit(name, reason).await => vec![Response::Done],
            Some(_) => vec![Response::Failed(format!(
                "no check-in {id} waits to be delivered, or the disk cannot be written: see the log"
            ))],
            None => vec![unknown(&id)],
        },
    }
}

fn unknown(id: &str) -> Response {
    Response::Failed(format!(
        "there is no check-in \"{id}\": turnstile-gateway check-ins list shows them"
    ))
}

/// A visit's name: boot and sequence.
fn named(id: &str) -> Option<VisitId> {
    let (boot, sequence) = id.split_once('-')?;
    Some(VisitId {
        boot: boot.parse().ok()?,
        sequence: sequence.parse().ok()?,
    })
}

impl From<&Visit> for CheckIn {
    fn from(visit: &Visit) -> Self {
        let (customer, credential) = match &visit.visitor {
            Visitor::Customer(customer) => (Some(customer.0), None),
            Visitor::Unresolved(credential) => (None, Some(credential.masked())),
        };
        let (state, since, parking) = match &visit.state {
            State::Waiting => ("waiting", None, None),
            State::Sent => ("sent", None, None),
            State::Parked(parking) => ("parked", Some(parking.since), Some(parking)),
            State::Delivered { at } => ("delivered", Some(*at), None),
        };
        let clock = match visit.clock {
            VisitClock::Set => "set",
            VisitClock::Unset(_) => "unset",
            VisitClock::Corrected => "corrected",
            VisitClock::NeverSet => "never-set",
        };
        Self {
            id: visit.id.to_string(),
            at: visit.at,
            clock: clock.to_owned(),
            customer,
            credential,
            access_point: visit.access_point.clone(),
            state: state.to_owned(),
            attempts: visit.attempts,
            since,
            message: parking.map(|parking| parking.message.clone()),
            trace_id: parking.and_then(|parking| parking.trace_id.clone()),
        }
    }
}
