//! Looks at every decision of the month from above: what was true, what the gateway could know, and whether the
//! freshness table of the design allows the difference.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::{DateTime, Time, time};
use jiff::tz::TimeZone;
use turnstile_gateway::domain::{
    AccessDecision, Basis, CheckIn, CoreSettings, CustomerId, DecisionSettings, DenyReason, Direction,
    MemberRecord, Monotonic, Now, Offline, Outcome, Visitor,
};

use super::people::Person;
use super::shell::OUT;
use crate::gym::SECOND;

/// What the gateway could go by in one decision.
#[derive(Debug, Default)]
pub(crate) struct Evidence {
    /// What it was handed from its tiers.
    pub(crate) stored: Option<MemberRecord>,
    /// When the studio had last said that nobody has the credential.
    pub(crate) nobody: Option<Monotonic>,
    /// Whether the studio answered this very question before the decision.
    pub(crate) reached: bool,
}

/// When people may come in, and how many, as the month's settings have it.
pub(crate) const OPENS: Time = time(6, 0, 0, 0);
pub(crate) const CLOSES: Time = time(23, 0, 0, 0);
pub(crate) const PLACES: u32 = 330;
pub(crate) const FORGIVEN: Time = time(4, 0, 0, 0);

#[derive(Debug)]
pub(crate) struct Audit {
    time_zone: TimeZone,
    settings: DecisionSettings,
    inside: BTreeSet<CustomerId>,
    unnamed: u32,
    /// Who was let in within the passage time, and may not have passed yet.
    let_in: Vec<(Monotonic, Option<CustomerId>)>,
    /// The evening that `inside` belongs to.
    since: Option<DateTime>,
    pub(crate) presented: u64,
    pub(crate) decided: u64,
    pub(crate) openings: u64,
    pub(crate) failed_relays: u64,
    pub(crate) not_taken: u64,
    pub(crate) forced: u64,
    pub(crate) check_ins: u64,
    pub(crate) granted: BTreeMap<&'static str, u64>,
    pub(crate) denied: BTreeMap<&'static str, u64>,
    /// Let in although they should not have been, as the table allows: by basis.
    pub(crate) wrong_grants: BTreeMap<&'static str, u64>,
    pub(crate) oldest_wrong_grant: Duration,
    /// Kept out although they should not have been, as the table allows: by reason.
    pub(crate) wrong_refusals: BTreeMap<&'static str, u64>,
}

impl Audit {
    pub(crate) fn new(settings: &CoreSettings) -> Self {
        Self {
            time_zone: settings.time_zone.clone(),
            settings: settings.decisions.clone(),
            inside: BTreeSet::new(),
            unnamed: 0,
            let_in: Vec::new(),
            since: None,
            presented: 0,
            decided: 0,
            openings: 0,
            failed_relays: 0,
            not_taken: 0,
            forced: 0,
            check_ins: 0,
            granted: BTreeMap::new(),
            denied: BTreeMap::new(),
            wrong_grants: BTreeMap::new(),
            oldest_wrong_grant: Duration::ZERO,
            wrong_refusals: BTreeMap::new(),
        }
    }

    pub(crate) fn visit(&mut self, visit: &CheckIn) {
        self.check_ins += 1;
        let named = match visit.visitor {
            Visitor::Customer(customer) => Some(customer),
            Visitor::Unresolved(_) => None,
        };
        match (visit.direction, named) {
            (Direction::In, Some(customer)) => {
                self.inside.insert(customer);
            }
            (Direction::In, None) => self.unnamed += 1,
            (Direction::Out, Some(customer)) if self.inside.remove(&customer) => {}
            (Direction::Out, _) => self.unnamed = self.unnamed.saturating_sub(1),
        }
    }

    pub(crate) fn decision(
        &mut self,
        decision: &AccessDecision,
        evidence: &Evidence,
        person: &Person,
        now: Now,
    ) {
        self.decided += 1;
        let local = self.time_zone.to_datetime(now.wall);
        self.forget_yesterday(local);
        self.let_in
            .retain(|(at, _)| now.monotonic.since(*at) <= 5 * SECOND);
        let case = Case {
            audit: self,
            evidence,
            person,
            now,
            local,
        };
        let may = case.may_enter_now();
        let complaint = match decision.outcome {
            Outcome::Granted(_) if decision.access_point == OUT => None,
            Outcome::Granted(basis) => case.against_grant(basis, may),
            Outcome::Denied(reason) => case.against_refusal(reason, may),
        };
        assert_eq!(complaint, None, "{decision:?} with {evidence:?}");
        let age = case.record_age();
        match decision.outcome {
            Outcome::Granted(basis) => {
                if decision.access_point != OUT {
                    self.let_in.push((now.monotonic, decision.customer));
                }
                let name = match basis {
                    _ if decision.access_point == OUT => "leaving",
                    Basis::Live => "live",
                    Basis::Cached { age } if age <= self.settings.fresh => "cached, fresh",
                    Basis::Cached { .. } => "cached, usable",
                    Basis::OfflineAllowance => "offline allowance",
                    Basis::Staff | Basis::FreePassage => "other",
                };
                *self.granted.entry(name).or_default() += 1;
                if !may && decision.access_point != OUT {
                    *self.wrong_grants.entry(name).or_default() += 1;
                    self.oldest_wrong_grant = self.oldest_wrong_grant.max(age.unwrap_or_default());
                }
            }
            Outcome::Denied(reason) => {
                *self.denied.entry(reason.log_value()).or_default() += 1;
                if may {
                    *self.wrong_refusals.entry(reason.log_value()).or_default() += 1;
                }
            }
        }
    }

    /// At the hour of forgiveness everybody is outside.
    fn forget_yesterday(&mut self, local: DateTime) {
        let evening = if local.time() < FORGIVEN {
            local.date().yesterday().unwrap()
        } else {
            local.date()
        };
        let evening = evening.to_datetime(FORGIVEN);
        if self.since.replace(evening).is_some_and(|since| since != evening) {
            self.inside.clear();
            self.unnamed = 0;
        }
    }
}

/// One decision before the auditor.
struct Case<'a> {
    audit: &'a Audit,
    evidence: &'a Evidence,
    person: &'a Person,
    now: Now,
    local: DateTime,
}

impl Case<'_> {
    /// What is true: by the studio's own books, at this very moment.
    fn may_enter_now(&self) -> bool {
        let facts = self.person.facts(self.now.wall);
        facts.in_good_standing(self.local.date()) && facts.entitled()
    }

    /// What was true when the stored record was given, by today's date: whether it says yes; `None` where it does
    /// not speak of the benefit.
    fn stored_says_yes(&self) -> Option<bool> {
        let stored = self.evidence.stored.as_ref()?;
        let standing = self
            .person
            .facts(stored.as_of)
            .in_good_standing(self.local.date());
        let benefit = stored.benefits.get("GYM");
        match benefit.map(|state| self.person.facts(state.as_of).entitled()) {
            Some(entitled) => Some(standing && entitled),
            None if standing => None,
            None => Some(false),
        }
    }

    fn stored_says_no(&self) -> bool {
        self.stored_says_yes() == Some(false)
    }

    fn age(&self, as_of: Timestamp) -> Duration {
        self.now.wall.duration_since(as_of).unsigned_abs()
    }

    fn record_age(&self) -> Option<Duration> {
        self.evidence.stored.as_ref().map(|stored| self.age(stored.as_of))
    }

    fn oldest_value(&self) -> Option<Duration> {
        let stored = self.evidence.stored.as_ref()?;
        let benefit = stored.benefits.get("GYM").map(|state| self.age(state.as_of));
        self.record_age().max(benefit)
    }

    fn newest_value(&self) -> Option<Duration> {
        let stored = self.evidence.stored.as_ref()?;
        let benefit = stored.benefits.get("GYM").map(|state| self.age(state.as_of));
        self.record_age().min(benefit.or(self.record_age()))
    }

    fn against_grant(&self, basis: Basis, may: bool) -> Option<&'static str> {
        let settings = &self.audit.settings;
        let wrong = match basis {
            Basis::Live => (!may || !self.evidence.reached).then_some("live, and not true"),
            Basis::Cached { .. } if self.stored_says_yes() != Some(true) => {
                Some("the record did not say yes")
            }
            Basis::Cached { age } if age > settings.usable => Some("the record is too old to open"),
            Basis::Cached { age } if Some(age) != self.oldest_value() => {
                Some("the age is not that of the record")
            }
            Basis::Cached { .. } => None,
            Basis::OfflineAllowance if self.evidence.reached => Some("the studio had answered"),
            Basis::OfflineAllowance if self.stored_says_no() => Some("the record says no"),
            Basis::OfflineAllowance => match settings.offline {
                Offline::Everyone => None,
                Offline::Members
                    if self.record_age() <= Some(settings.offline_limit) && self.record_age().is_some() =>
                {
                    None
                }
                Offline::Members | Offline::Deny => Some("the offline setting lets nobody like this in"),
            },
            Basis::Staff | Basis::FreePassage => Some("there is none of that here"),
        };
        let closed = self.local.time() < OPENS || self.local.time() >= CLOSES;
        let inside = self
            .audit
            .inside
            .contains(&CustomerId(i64::from(self.person.number)));
        match wrong {
            None if closed => Some("the lane is not open"),
            None if inside && self.evidence.stored.is_some() => Some("inside already"),
            wrong => wrong,
        }
    }

    fn against_refusal(&self, reason: DenyReason, may: bool) -> Option<&'static str> {
        let settings = &self.audit.settings;
        let usable_yes = self.stored_says_yes() == Some(true) && self.oldest_value() <= Some(settings.usable);
        let fresh_no = self.stored_says_no() && self.newest_value() <= Some(settings.fresh);
        let count = u32::try_from(self.audit.inside.len()).unwrap() + self.audit.unnamed;
        let customer = CustomerId(i64::from(self.person.number));
        let allowed = match reason {
            DenyReason::OutsideHours => self.local.time() < OPENS || self.local.time() >= CLOSES,
            DenyReason::Full => count + u32::try_from(self.audit.let_in.len()).unwrap() >= PLACES,
            DenyReason::AntiPassback => {
                let coming = self.audit.let_in.iter().any(|(_, who)| *who == Some(customer));
                coming || self.audit.inside.contains(&customer)
            }
            _ if usable_yes => false,
            DenyReason::StudioUnreachable => {
                let member = self.record_age().is_some_and(|age| age <= settings.offline_limit);
                !self.evidence.reached
                    && !self.stored_says_no()
                    && match settings.offline {
                        Offline::Everyone => false,
                        Offline::Members => !member,
                        Offline::Deny => true,
                    }
            }
            DenyReason::Unknown => {
                let just_said = self
                    .evidence
                    .nobody
                    .is_some_and(|as_of| self.now.monotonic.since(as_of) < settings.unknown);
                just_said || (self.evidence.reached && !self.person.facts(self.now.wall).signed_up())
            }
            DenyReason::NoContract
            | DenyReason::FormerMember
            | DenyReason::AccessRefused
            | DenyReason::Restricted
            | DenyReason::Paused
            | DenyReason::BenefitMissing => {
                fresh_no
                    || if self.evidence.reached {
                        !may
                    } else {
                        self.stored_says_no()
                    }
            }
            _ => false,
        };
        (!allowed).then_some("the table does not allow this refusal")
    }
}
