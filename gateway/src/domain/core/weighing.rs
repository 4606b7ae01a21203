//! What is looked at before a lane opens, and what follows from it: what the tiers know, what the studio says, what the
//! lane's own rules add. Nothing here changes anything, so that `deciding.rs` acts on, and `explaining.rs` tells of, the
//! very same checks.

use jiff::Timestamp;

use super::super::decision::{Basis, DenyReason};
use super::super::lane::{LaneMode, Strictness, ZoneId};
use super::super::policy::{self, Check, Examined, Finding, Verdict};
use super::super::presence::{Coming, ZoneFinding};
use super::super::settings::{AccessPoint, AccessPointId, Offline};
use super::super::{Answer, Credential, CustomerId, Direction, MemberRecord, Now, Recollection, Visitor};
use super::Core;

/// What follows from what is known.
pub(super) enum Weighed {
    /// Nothing of it speaks against the person; the lane's own rules come next.
    Admit {
        basis: Basis,
        /// It is old enough to be asked for again.
        refresh: bool,
    },
    Deny(DenyReason),
    /// The studio has to be asked.
    Ask,
    /// The studio has been asked in vain.
    WithoutStudio,
}

impl Core {
    /// The checks that come before anybody is asked whose credential it is.
    pub(super) fn examine_door(&self, id: AccessPointId, credential: &Credential, now: Now) -> [Examined; 3] {
        let access_point = self.access_point(id);
        let inwards = access_point.is_some_and(|access_point| access_point.direction == Direction::In);
        let mode = match access_point.map(|access_point| access_point.mode) {
            Some(LaneMode::Open) => Finding::Opens,
            _ if self.is_on_fire(id) => Finding::Opens,
            // Whoever is inside still gets out.
            Some(LaneMode::Closed) if inwards => Finding::Refused(DenyReason::LaneClosed),
            _ => Finding::Passed,
        };
        let locked = credential.can_be_guessed() && self.lockout.is_locked(id, now.monotonic);
        // Where everybody may pass, and on the way out, there is nothing to be guessed.
        let locked = locked && inwards && mode != Finding::Opens;
        let silent = self.out_of_service.contains(&id);
        [
            Examined::own(Check::Service, refuse_if(silent, DenyReason::OutOfService)),
            Examined::own(Check::Lockout, refuse_if(locked, DenyReason::LockedOut)),
            Examined::own(Check::LaneMode, mode),
        ]
    }

    /// What follows from what the tiers hold.
    pub(super) fn weigh(
        &self,
        id: AccessPointId,
        credential: &Credential,
        recollection: &Recollection,
        now: Now,
    ) -> Weighed {
        let settings = &self.settings.decisions;
        match recollection {
            Recollection::Member(record) => {
                let (verdict, as_of) = self.judge(id, credential, record, now);
                // Where the clock cannot be believed, ages count as usable.
                let age = policy::age(as_of, now);
                let fresh = age.is_some_and(|age| age <= settings.fresh);
                let usable = age.is_none_or(|age| age <= settings.usable);
                match verdict {
                    Verdict::Yes if usable || self.leads_out(id) => Weighed::Admit {
                        basis: Basis::Cached {
                            age: age.unwrap_or_default(),
                        },
                        refresh: !fresh,
                    },
                    Verdict::No(reason) if fresh => Weighed::Deny(reason),
                    Verdict::Yes | Verdict::No(_) | Verdict::Incomplete => Weighed::Ask,
                }
            }
            Recollection::Unknown { as_of } if now.monotonic.since(*as_of) < settings.unknown => {
                self.weigh_unknown(id)
            }
            Recollection::Unknown { .. } | Recollection::Nothing => Weighed::Ask,
        }
    }

    /// What follows from what the studio said.
    pub(super) fn weigh_answer(
        &self,
        id: AccessPointId,
        credential: &Credential,
        answer: &Answer,
        now: Now,
    ) -> Weighed {
        match answer {
            Answer::Known(record) => match self.judge(id, credential, record, now).0 {
                Verdict::Yes => Weighed::Admit {
                    basis: Basis::Live,
                    refresh: false,
                },
                Verdict::No(reason) => Weighed::Deny(reason),
                Verdict::Incomplete => Weighed::WithoutStudio,
            },
            Answer::Unknown => self.weigh_unknown(id),
            Answer::Unavailable => Weighed::WithoutStudio,
        }
    }

    /// What follows when nobody has the credential. Who is inside gets out, even if the card was withdrawn meanwhile.
    fn weigh_unknown(&self, id: AccessPointId) -> Weighed {
        if self.leads_out(id) {
            Weighed::Admit {
                basis: Basis::WayOut,
                refresh: false,
            }
        } else {
            Weighed::Deny(DenyReason::Unknown)
        }
    }

    fn leads_out(&self, id: AccessPointId) -> bool {
        self.access_point(id)
            .is_some_and(|access_point| access_point.direction == Direction::Out)
    }

    /// The checks that a record can answer.
    pub(super) fn examine_record(
        &self,
        access_point: &AccessPoint,
        credential: &Credential,
        record: &MemberRecord,
        now: Now,
    ) -> Vec<Examined> {
        // Whoever is inside must be able to leave, whatever has happened to the contract since.
        if access_point.direction == Direction::Out {
            return Vec::new();
        }
        policy::examine(
            record,
            credential,
            &access_point.required_benefits,
            &self.settings.time_zone,
            now,
        )
    }

    fn judge(
        &self,
        id: AccessPointId,
        credential: &Credential,
        record: &MemberRecord,
        now: Now,
    ) -> (Verdict, Timestamp) {
        let Some(access_point) = self.access_point(id) else {
            return (Verdict::Incomplete, record.as_of);
        };
        match self
            .examine_record(access_point, credential, record, now)
            .as_slice()
        {
            [] => (Verdict::Yes, record.as_of),
            examined => policy::judge(examined),
        }
    }

    /// The `offline` setting: the studio did not answer in time. A stored no stays a no.
    pub(super) fn without_studio(
        &self,
        id: AccessPointId,
        credential: &Credential,
        record: Option<&MemberRecord>,
        now: Now,
    ) -> Result<Basis, DenyReason> {
        let verdict = record.map(|record| (self.judge(id, credential, record, now).0, record.as_of));
        let settings = &self.settings.decisions;
        let leaving = self.leads_out(id);
        let within_limit = |as_of| policy::age(as_of, now).is_none_or(|age| age <= settings.offline_limit);
        match (verdict, settings.offline) {
            _ if leaving => Ok(Basis::OfflineAllowance),
            (Some((Verdict::No(reason), _)), _) => Err(reason),
            (_, Offline::Everyone) => Ok(Basis::OfflineAllowance),
            (Some((_, as_of)), Offline::Members) if within_limit(as_of) => Ok(Basis::OfflineAllowance),
            (_, Offline::Members | Offline::Deny) => Err(DenyReason::StudioUnreachable),
        }
    }

    /// The lane's own rules, the last checks before it opens.
    pub(super) fn examine_lane(
        &self,
        id: AccessPointId,
        customer: Option<CustomerId>,
        now: Now,
    ) -> Vec<Examined> {
        let entry = self
            .access_point(id)
            .filter(|access_point| access_point.direction == Direction::In);
        let Some(access_point) = entry else {
            return Vec::new();
        };
        // Before time sync nobody knows the hour, and whoever has paid is not refused for that.
        let hours = access_point.hours.as_ref().filter(|_| now.wall_set);
        let shut = hours.is_some_and(|hours| !hours.contains(self.settings.time_zone.to_datetime(now.wall)));
        let zone = access_point.zone.map(|zone| {
            let coming = self.coming_into(zone, id, customer);
            self.presence.examine(zone, customer, coming, now)
        });
        let passback = match zone {
            Some(ZoneFinding {
                passback: true,
                strictness: Strictness::Hard,
                ..
            }) => Finding::Refused(DenyReason::AntiPassback),
            Some(ZoneFinding { passback: true, .. }) => Finding::Noted,
            _ => Finding::Passed,
        };
        vec![
            Examined::own(Check::OpeningHours, refuse_if(shut, DenyReason::OutsideHours)),
            Examined::own(
                Check::Capacity,
                refuse_if(zone.is_some_and(|zone| zone.full), DenyReason::Full),
            ),
            Examined::own(Check::AntiPassback, passback),
        ]
    }

    /// Who is on the way into a zone by an open grant. A second presentation of the same person at the same place is
    /// no second person: it replaces their grant.
    fn coming_into(&self, zone: ZoneId, here: AccessPointId, customer: Option<CustomerId>) -> Coming {
        let visitor = customer.map(Visitor::Customer);
        let mut coming = Coming::default();
        for grant in self.grants.iter() {
            let leads_in = self
                .access_point(grant.access_point)
                .is_some_and(|side| side.zone == Some(zone) && side.direction == Direction::In);
            if !leads_in {
                continue;
            }
            if visitor.is_none() || grant.visitor != visitor {
                coming.others += 1;
            } else if grant.access_point != here {
                coming.the_same = true;
            }
        }
        coming
    }

    pub(super) fn access_point(&self, id: AccessPointId) -> Option<&AccessPoint> {
        self.settings.access_points.get(id.0)
    }
}

/// Whether what follows is clear from this finding alone.
pub(super) fn is_settled(finding: &Finding) -> bool {
    matches!(finding, Finding::Opens | Finding::Refused(_))
}

fn refuse_if(refused: bool, reason: DenyReason) -> Finding {
    if refused {
        Finding::Refused(reason)
    } else {
        Finding::Passed
    }
}
