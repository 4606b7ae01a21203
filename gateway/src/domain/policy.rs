//! The checks that a member record can answer, in their fixed order.

use std::cmp::max;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Credential, DenyReason, MemberRecord, MemberStatus, Now, RequiredBenefits};

/// One check of the order in which they are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// Has a contract.
    MemberStatus,
    /// The studio's own word that access is blocked.
    AccessRefusal,
    /// Blocks with dates.
    AccessRestrictions,
    /// Membership paused.
    IdlePeriod,
    /// Entitlements that the access point asks for.
    RequiredBenefits,
    /// The presented access code is still valid.
    AccessCodeExpiry,
}

/// What one check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Nothing against it.
    Passed,
    /// A reason to refuse.
    Refused(DenyReason),
    /// The record does not hold the value.
    NotKnown,
}

/// A check with its finding and the time of the value it saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Examined {
    /// Which check.
    pub check: Check,
    /// What it found.
    pub finding: Finding,
    /// When the studio gave the value.
    pub as_of: Timestamp,
}

/// What a record says of a person at an access point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// May pass.
    Yes,
    /// May not, for the first reason in the order of the checks.
    No(DenyReason),
    /// Nothing against it, but a value is missing.
    Incomplete,
}

/// Makes every check, in order.
#[must_use]
pub fn examine(
    record: &MemberRecord,
    credential: &Credential,
    required: &RequiredBenefits,
    time_zone: &TimeZone,
    now: Now,
) -> Vec<Examined> {
    // The record itself proves a later moment than a clock that stands before it, such as that of a Pi that starts
    // in 1970: a dated restriction must hold there too.
    let moment = max(now.wall, record.as_of);
    let today = time_zone.to_datetime(moment).date();
    let refuse_if = |refused: bool, reason: DenyReason| {
        if refused {
            Finding::Refused(reason)
        } else {
            Finding::Passed
        }
    };

    let status = match record.status {
        MemberStatus::Member => Finding::Passed,
        MemberStatus::Prospect => Finding::Refused(DenyReason::NoContract),
        MemberStatus::FormerMember => Finding::Refused(DenyReason::FormerMember),
    };
    let restricted = record
        .restrictions
        .iter()
        .any(|restriction| restriction.period.is_none_or(|period| period.contains(today)));
    let paused = record.idle_periods.iter().any(|period| period.contains(today));
    let (benefits, benefits_as_of) = examine_benefits(record, required);
    let expired = match (credential, &record.access_code) {
        (Credential::Code(content), Some(code)) if *content == code.content => {
            now.wall_set && code.expires_at.is_some_and(|end| end <= now.wall)
        }
        _ => false,
    };

    let by_record = |check, finding| Examined {
        check,
        finding,
        as_of: record.as_of,
    };
    vec![
        by_record(Check::MemberStatus, status),
        by_record(
            Check::AccessRefusal,
            refuse_if(record.access_refused, DenyReason::AccessRefused),
        ),
        by_record(
            Check::AccessRestrictions,
            refuse_if(restricted, DenyReason::Restricted),
        ),
        by_record(Check::IdlePeriod, refuse_if(paused, DenyReason::Paused)),
        Examined {
            check: Check::RequiredBenefits,
            finding: benefits,
            as_of: benefits_as_of,
        },
        Examined {
            check: Check::AccessCodeExpiry,
            finding: refuse_if(expired, DenyReason::AccessCodeExpired),
            // A code that has expired may have been renewed since the studio was asked for it, however new the rest
            // of the record is. One that has not expired is valid until it does.
            as_of: record
                .access_code_as_of
                .filter(|_| expired)
                .unwrap_or(record.as_of),
        },
    ]
}

/// The finding, and the age of the oldest value it rests on.
fn examine_benefits(record: &MemberRecord, required: &RequiredBenefits) -> (Finding, Timestamp) {
    let states = |keys: &std::collections::BTreeSet<String>| {
        keys.iter()
            .map(|key| record.benefits.get(key).copied())
            .collect::<Vec<_>>()
    };
    let oldest = |states: &[Option<super::BenefitState>]| {
        states
            .iter()
            .flatten()
            .map(|state| state.as_of)
            .min()
            .unwrap_or(record.as_of)
    };
    match required {
        RequiredBenefits::None => (Finding::Passed, record.as_of),
        RequiredBenefits::All(keys) => {
            let states = states(keys);
            let finding = if states.iter().flatten().any(|state| !state.valid) {
                Finding::Refused(DenyReason::BenefitMissing)
            } else if states.iter().any(Option::is_none) {
                Finding::NotKnown
            } else {
                Finding::Passed
            };
            (finding, oldest(&states))
        }
        RequiredBenefits::Any(keys) => {
            let states = states(keys);
            // The newest yes is enough; the others do not make it older.
            if let Some(valid) = states
                .iter()
                .flatten()
                .filter(|state| state.valid)
                .max_by_key(|s| s.as_of)
            {
                return (Finding::Passed, valid.as_of);
            }
            let finding = if states.iter().any(Option::is_none) {
                Finding::NotKnown
            } else {
                Finding::Refused(DenyReason::BenefitMissing)
            };
            (finding, oldest(&states))
        }
    }
}

/// The verdict that follows from the checks, and when the oldest value it rests on was given.
#[must_use]
pub fn judge(examined: &[Examined]) -> (Verdict, Timestamp) {
    let oldest = examined
        .iter()
        .map(|examined| examined.as_of)
        .min()
        .unwrap_or(Timestamp::MIN);
    let refused = examined.iter().find_map(|examined| match examined.finding {
        Finding::Refused(reason) => Some((Verdict::No(reason), examined.as_of)),
        Finding::Passed | Finding::NotKnown => None,
    });
    let incomplete = examined
        .iter()
        .any(|examined| examined.finding == Finding::NotKnown);
    match refused {
        Some(refused) => refused,
        None if incomplete => (Verdict::Incomplete, oldest),
        None => (Verdict::Yes, oldest),
    }
}

/// The time from `as_of` to now by the wall clock. `None` where the clock cannot be believed: it is not set, or it
/// is earlier than the record.
#[must_use]
pub fn age(as_of: Timestamp, now: Now) -> Option<Duration> {
    if !now.wall_set {
        return None;
    }
    Duration::try_from(now.wall.duration_since(as_of)).ok()
}
