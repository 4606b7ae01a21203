//! What happens at the lanes, as it is told to whoever watches: with no more of a credential than the log has.

use jiff::Timestamp;

use super::message::Happening;
use crate::domain::{Outcome, Passage, Visitor};
use crate::runtime::Notice;

/// The controller's notice in the socket's words.
pub(super) fn happening(notice: &Notice, at: Timestamp) -> Happening {
    let mut told = Happening {
        at,
        access_point: String::new(),
        what: String::new(),
        detail: String::new(),
        credential: None,
        customer: None,
        milliseconds: None,
    };
    match notice {
        Notice::Decided {
            access_point,
            decision,
            opened,
        } => {
            told.access_point.clone_from(access_point);
            told.credential = Some(decision.credential.masked());
            told.customer = decision.customer.map(|customer| customer.0);
            let (what, detail) = match (decision.outcome, opened) {
                (Outcome::Denied(reason), _) => ("denied", reason.to_string()),
                (Outcome::Granted(_), Some(Err(failure))) => ("failed", failure.clone()),
                (Outcome::Granted(basis), _) => ("opened", basis.to_string()),
            };
            told.what = what.to_owned();
            told.detail = detail;
            if let Some(Ok(span)) = opened {
                told.milliseconds = Some((span.as_secs_f64() * 100_000.0).round() / 100.0);
            }
        }
        Notice::Passage {
            access_point,
            passage,
        } => {
            told.access_point.clone_from(access_point);
            told.what = "passage".to_owned();
            told.detail = match passage {
                Passage::Taken => "taken",
                Passage::NotTaken => "not-taken",
                Passage::WrongWay => "wrong-way",
                Passage::Forced => "forced",
            }
            .to_owned();
        }
        Notice::CheckIn(check_in) => {
            told.access_point.clone_from(&check_in.access_point);
            told.what = "check-in".to_owned();
            told.detail = format!("visit {}-{}", check_in.id.boot, check_in.id.sequence);
            match &check_in.visitor {
                Visitor::Customer(customer) => told.customer = Some(customer.0),
                Visitor::Unresolved(credential) => told.credential = Some(credential.masked()),
            }
        }
    }
    told
}
