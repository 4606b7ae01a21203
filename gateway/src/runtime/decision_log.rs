//! One log line per decision, in the words an owner understands.

use std::time::Duration;

use tracing::{error, info, warn};

use super::devices::NotOpened;
use crate::domain::{AccessDecision, AccessPoint, Outcome, Passage, ReleaseCause};

/// Logs a decision. `opened_after` is the time from the last byte of the read to the relay command; an error says why
/// a granted lane did not open.
pub(super) fn decision(
    decision: &AccessDecision,
    access_point: &AccessPoint,
    reader: &str,
    opened_after: Option<&Result<Duration, NotOpened>>,
) {
    let lane = access_point.lane.as_str();
    let direction = access_point.direction.to_string();
    let credential = decision.credential.masked();
    let customer = decision.customer.map(|customer| customer.0);
    let clock = if decision.clock_set { "set" } else { "not-set" };
    match (decision.outcome, opened_after) {
        (Outcome::Granted(basis), Some(Ok(span))) => info!(
            lane,
            direction,
            reader,
            credential,
            customer,
            outcome = "granted",
            basis = %basis,
            ms = milliseconds(*span),
            clock,
            "lane opened"
        ),
        (Outcome::Granted(basis), Some(Err(failure))) => error!(
            lane,
            direction,
            reader,
            credential,
            customer,
            outcome = "granted",
            basis = %basis,
            failure = failure.why,
            clock,
            "{}",
            if failure.perhaps {
                "nobody knows whether the lane opened: check the board and its cable"
            } else {
                "lane did not open: check the relay or board and its cable"
            }
        ),
        (Outcome::Granted(_), None) => {}
        (Outcome::Denied(reason), _) => info!(
            lane,
            direction,
            reader,
            credential,
            customer,
            outcome = "denied",
            reason = %reason,
            clock,
            "lane stays shut"
        ),
    }
}

/// Logs what happened after a grant, or without one.
pub(super) fn passage(passage: Passage, access_point: &AccessPoint) {
    let lane = access_point.lane.as_str();
    let direction = access_point.direction.to_string();
    match passage {
        Passage::Taken => info!(lane, direction, passage = "taken", "the person passed"),
        Passage::NotTaken => info!(
            lane,
            direction,
            passage = "not-taken",
            "nobody passed: no visit is counted"
        ),
        Passage::WrongWay => warn!(
            lane,
            direction,
            passage = "wrong-way",
            "somebody came from the other side: no visit is counted"
        ),
        Passage::Forced => warn!(
            lane,
            direction,
            passage = "forced",
            "somebody passed without a grant"
        ),
    }
}

/// Logs an opening that no credential asked for.
pub(super) fn released(access_point: &AccessPoint, cause: ReleaseCause) {
    let lane = access_point.lane.as_str();
    let direction = access_point.direction.to_string();
    match cause {
        ReleaseCause::Button => info!(lane, direction, cause = "button", "lane opened by a button"),
        ReleaseCause::Fire if access_point.by_board => error!(
            lane,
            direction,
            cause = "fire",
            "fire contact: the turnstile is asked to let out one person after the other until it is over"
        ),
        ReleaseCause::Fire => error!(
            lane,
            direction,
            cause = "fire",
            "fire contact: the lane is held open until it is over"
        ),
    }
}

/// Logs that a reader is being guessed at.
pub(super) fn locked_out(access_point: &AccessPoint, tried: usize, span: Duration) {
    let lane = access_point.lane.as_str();
    let direction = access_point.direction.to_string();
    error!(
        lane,
        direction,
        tried,
        seconds = span.as_secs(),
        "too many unknown codes or PINs: this reader takes none for a while, cards still work"
    );
}

/// Milliseconds with two decimals, which is what a terminal shows well.
fn milliseconds(span: Duration) -> f64 {
    (span.as_secs_f64() * 100_000.0).round() / 100.0
}
