//! Grants that are still open: the lane is opening, or the person has not passed yet.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;

use super::{AccessPointId, CheckInMoment, Credential, CustomerId, DecisionId, Monotonic, Visitor};

/// One grant whose passage is awaited.
#[derive(Clone, Debug)]
pub(super) struct Grant {
    pub(super) decision: DecisionId,
    pub(super) access_point: AccessPointId,
    /// Whose visit it is; none of staff who are nobody's customers.
    pub(super) visitor: Option<Visitor>,
    /// What was presented; none where a button was pressed.
    pub(super) credential: Option<Credential>,
    pub(super) granted_at: Timestamp,
    pub(super) clock_set: bool,
    /// How long the person has for passing, from the opening.
    pub(super) passage_time: Duration,
    /// When the lane is open: the end of the passage time. Until then: of the last moment at which it may open, and
    /// the passage time after it.
    pub(super) expires: Monotonic,
    pub(super) check_in: CheckInMoment,
    pub(super) opened: bool,
}

/// All of them, oldest first: people pass in the order in which they were let in.
#[derive(Debug, Default)]
pub(super) struct Grants(VecDeque<Grant>);

impl Grants {
    pub(super) fn add(&mut self, grant: Grant) {
        self.0.push_back(grant);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Grant> {
        self.0.iter()
    }

    pub(super) fn remove(&mut self, decision: DecisionId) -> Option<Grant> {
        let position = self.0.iter().position(|grant| grant.decision == decision)?;
        self.0.remove(position)
    }

    /// Notes that the lane has opened. Gives the grant back when nothing more is awaited of it.
    pub(super) fn opened(&mut self, decision: DecisionId, now: Monotonic) -> Option<Grant> {
        let grant = self.find(decision)?;
        match grant.check_in {
            CheckInMoment::OnGrant => self.remove(decision),
            CheckInMoment::OnPassage => {
                grant.opened = true;
                grant.expires = now + grant.passage_time;
                None
            }
        }
    }

    /// Notes that the lane may have opened or not. A visit that counts when the lane opens is none then: whoever stands
    /// before a shut lane presents again.
    pub(super) fn perhaps_opened(&mut self, decision: DecisionId, now: Monotonic) {
        let Some(grant) = self.find(decision) else {
            return;
        };
        match grant.check_in {
            CheckInMoment::OnGrant => {
                self.remove(decision);
            }
            CheckInMoment::OnPassage => grant.expires = now + grant.passage_time,
        }
    }

    fn find(&mut self, decision: DecisionId) -> Option<&mut Grant> {
        self.0.iter_mut().find(|grant| grant.decision == decision)
    }

    pub(super) fn awaits_passage(&self, access_point: AccessPointId) -> bool {
        self.0
            .iter()
            .any(|grant| grant.access_point == access_point && grant.opened)
    }

    /// The grant that somebody who passes here has used. A board's word that it opened can come later than its word
    /// that somebody passed; who passes then has used the opening all the same.
    pub(super) fn take_passage(&mut self, access_point: AccessPointId) -> Option<Grant> {
        let here = |grant: &&Grant| grant.access_point == access_point;
        let used = self.0.iter().filter(here).find(|grant| grant.opened);
        let decision = used.or_else(|| self.0.iter().find(here))?.decision;
        self.remove(decision)
    }

    /// The grant whose opening has ended here without a passage. One whose opening is still to come has not.
    pub(super) fn take_opened(&mut self, access_point: AccessPointId) -> Option<Grant> {
        let opened = |grant: &Grant| grant.access_point == access_point && grant.opened;
        let position = self.0.iter().position(opened)?;
        self.0.remove(position)
    }

    /// Nobody will tell what became of the opening here. Its grant lasts until its time is over, behind every other: who
    /// passes has used it only if nobody else was let in.
    pub(super) fn doubt(&mut self, access_point: AccessPointId) {
        let opened = |grant: &&mut Grant| grant.access_point == access_point && grant.opened;
        if let Some(grant) = self.0.iter_mut().find(opened) {
            grant.opened = false;
        }
    }

    /// The grant that this customer has here already and has not used, when they are let in once more.
    pub(super) fn replaced(&mut self, access_point: AccessPointId, customer: CustomerId) -> Option<Grant> {
        let position = self.0.iter().position(|grant| {
            grant.opened
                && grant.access_point == access_point
                && grant.visitor == Some(Visitor::Customer(customer))
        })?;
        self.0.remove(position)
    }

    pub(super) fn remove_expired(&mut self, now: Monotonic) -> Vec<Grant> {
        let (expired, open) = self.0.drain(..).partition(|grant| grant.expires <= now);
        self.0 = open;
        expired.into()
    }

    pub(super) fn next_expiry(&self) -> Option<Monotonic> {
        self.0.iter().map(|grant| grant.expires).min()
    }
}
