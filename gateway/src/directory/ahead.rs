//! What is fetched before its owner comes: benefits of regular visitors before they are too old, access codes before
//! they expire. All of it waits for its turn in the budget, so that it is nobody's burden.

use jiff::{SignedDuration, Timestamp};
use tracing::{debug, warn};

use super::roster::newest;
use super::visit_days::{Day, VisitDays};
use super::{Directory, DirectorySettings, ask};
use crate::budget::Rank;
use crate::clock;
use crate::domain::{CustomerId, MemberRecord, MemberStatus};
use crate::studio::StudioError;

/// Who came within these days may come again.
const RECENT_DAYS: u8 = 30;

/// A regular visitor came on so many of the last days.
const REGULAR_VISITS: u32 = 3;
const REGULAR_DAYS: u8 = 14;

/// People looked at in one go.
const MOST: usize = 50;

/// Failures in a row that are no longer one person's trouble.
const MOST_FAILURES: u32 = 3;

/// How old a code without an end may become, and how soon one is fetched again that ends soon or has ended.
const OLDEST_CODE: SignedDuration = SignedDuration::from_hours(24);
const NEWEST_CODE: SignedDuration = SignedDuration::from_mins(15);
const ENDED_CODE: SignedDuration = SignedDuration::from_hours(1);

const NOBODY: CustomerId = CustomerId(i64::MIN);

/// When the access code has to be fetched again; never for people who are no members.
pub(super) fn code_due(record: &MemberRecord) -> Option<Timestamp> {
    if record.status != MemberStatus::Member {
        return None;
    }
    let Some(as_of) = record.access_code_as_of else {
        return Some(Timestamp::UNIX_EPOCH);
    };
    let end = record.access_code.as_ref().and_then(|code| code.expires_at);
    let keep = match end.map(|end| end.duration_since(as_of)) {
        None => OLDEST_CODE,
        Some(left) if left.is_positive() => (left / 4 * 3).clamp(NEWEST_CODE, OLDEST_CODE),
        Some(_) => ENDED_CODE,
    };
    Some(as_of.saturating_add(keep).unwrap_or(Timestamp::MAX))
}

/// What has to be fetched for a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Need {
    record: bool,
    benefits: bool,
    code: bool,
}

impl Need {
    fn of(visits: VisitDays, record: &MemberRecord, settings: &DirectorySettings, now: Timestamp) -> Self {
        let half = SignedDuration::try_from(settings.usable / 2).unwrap_or(SignedDuration::MAX);
        // What comes from the future is of a clock that was wrong.
        let old = |as_of: Timestamp| as_of > now || now.duration_since(as_of) >= half;
        let member = record.status == MemberStatus::Member;
        let regular = member && visits.count(REGULAR_DAYS, Day::of(now)) >= REGULAR_VISITS;
        let benefit_is_old = |key| record.benefits.get(key).is_none_or(|state| old(state.as_of));
        Self {
            record: regular && old(record.as_of),
            benefits: regular && settings.benefits.iter().any(benefit_is_old),
            code: settings.access_codes && code_due(record).is_some_and(|due| due <= now),
        }
    }
}

/// Fetches ahead for ever.
pub(super) async fn run(directory: &Directory) {
    let mut round = Round {
        directory,
        visitors: NOBODY,
        everybody: NOBODY,
        failures: 0,
    };
    loop {
        // Where nothing can be kept, nothing is fetched: it would be fetched again and again.
        let goes_on = directory.0.store.works() && round.go().await;
        if !goes_on {
            tokio::select! {
                () = tokio::time::sleep(directory.0.settings.look_ahead) => {}
                () = directory.0.listed.notified() => {}
            }
        }
    }
}

/// Goes round all people in the order of their numbers, so that nobody whose requests always fail keeps others
/// waiting.
struct Round<'a> {
    directory: &'a Directory,
    visitors: CustomerId,
    everybody: CustomerId,
    failures: u32,
}

impl Round<'_> {
    /// A stretch of the way.
    ///
    /// Whether there is more to do at once.
    async fn go(&mut self) -> bool {
        let now = clock::wall();
        let settings = self.directory.0.settings.clone();
        let store = &self.directory.0.store;
        let visitors = store.visitors(
            self.visitors,
            Day::of(now).back(RECENT_DAYS),
            MOST,
            move |visits, record| {
                let need = Need::of(visits, &record, &settings, now);
                (need != Need::default()).then_some((need, record))
            },
        );
        let Some(visitors) = readable(visitors.await) else {
            return false;
        };
        for (need, record) in &visitors {
            self.visitors = record.customer;
            if !self.renew(*need, record.clone(), Rank::Refresh).await {
                return false;
            }
        }
        if visitors.len() == MOST {
            return true;
        }
        self.visitors = NOBODY;
        if !self.directory.0.settings.access_codes {
            return false;
        }
        let Some(everybody) = readable(store.codes_due(self.everybody, now, MOST).await) else {
            return false;
        };
        for customer in &everybody {
            self.everybody = *customer;
            let Some(record) = self.directory.known(*customer).await else {
                continue;
            };
            // Meanwhile it may have been fetched for another reason.
            let code = code_due(&record).is_some_and(|due| due <= now);
            let need = Need {
                code,
                ..Need::default()
            };
            if !self.renew(need, MemberRecord::clone(&record), Rank::Roster).await {
                return false;
            }
        }
        if everybody.len() == MOST {
            return true;
        }
        self.everybody = NOBODY;
        false
    }

    /// Fetches what a person needs.
    ///
    /// Whether to go on with the next.
    async fn renew(&mut self, need: Need, record: MemberRecord, rank: Rank) -> bool {
        match self.directory.renew(need, record, rank).await {
            Ok(()) => self.failures = 0,
            Err(error) => {
                debug!(%error, "could not fetch ahead");
                self.failures += 1;
            }
        }
        if self.failures >= MOST_FAILURES {
            self.failures = 0;
            return false;
        }
        true
    }
}

impl Directory {
    async fn renew(&self, need: Need, mut record: MemberRecord, rank: Rank) -> Result<(), StudioError> {
        let (studio, budget) = (&self.0.studio, &self.0.budget);
        let customer = record.customer;
        let asked = clock::now().monotonic;
        if need.record {
            budget.take(rank, 1).await;
            let found = studio.member(customer).await;
            budget.note(&found);
            match found? {
                Some(found) => record = found.joined(&record),
                None => {
                    self.forget(customer).await;
                    return Ok(());
                }
            }
        }
        if need.benefits {
            budget.take(rank, 1).await;
            let keys: Vec<String> = self.0.settings.benefits.iter().cloned().collect();
            let states = studio.benefits(customer, &keys).await;
            budget.note(&states);
            let known = record.clone();
            record = ask::entitled(record, states?).joined(&known);
        }
        if need.code {
            budget.take(rank, 1).await;
            let code = studio.access_code(customer).await;
            budget.note(&code);
            record.access_code = code?;
            record.access_code_as_of = Some(clock::wall());
        }
        // Its turn in the budget may have been long in coming.
        for record in newest(self, vec![record], asked).await {
            self.shelve(record).await;
        }
        Ok(())
    }

    async fn known(&self, customer: CustomerId) -> Option<std::sync::Arc<MemberRecord>> {
        match self.0.memory.member(customer).await {
            Some(record) => Some(record),
            None => self.stored(customer).await,
        }
    }
}

fn readable<T>(found: Result<T, super::StoreError>) -> Option<T> {
    found
        .inspect_err(|error| warn!(%error, "cannot read the stored member records: nothing is fetched ahead"))
        .ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::ToSpan;

    use super::*;
    use crate::domain::{AccessCode, BenefitState};

    fn now() -> Timestamp {
        "2026-03-01T12:00:00Z".parse().unwrap()
    }

    fn record(status: MemberStatus) -> MemberRecord {
        MemberRecord {
            customer: CustomerId(1),
            status,
            access_refused: false,
            restrictions: Vec::new(),
            idle_periods: Vec::new(),
            benefits: BTreeMap::new(),
            access_code: None,
            access_code_as_of: None,
            credentials: Vec::new(),
            language: None,
            as_of: now(),
        }
    }

    /// The minutes after which a code that lasts so many minutes is fetched again.
    fn again_after(lasts: Option<i64>) -> i64 {
        let mut record = record(MemberStatus::Member);
        record.access_code_as_of = Some(now());
        record.access_code = Some(AccessCode {
            content: "0049".to_owned(),
            expires_at: lasts.map(|minutes| now() + minutes.minutes()),
        });
        code_due(&record).unwrap().duration_since(now()).as_mins()
    }

    #[test]
    fn a_code_is_renewed_before_it_ends_but_not_all_the_time() {
        assert_eq!(again_after(Some(240)), 180);
        assert_eq!(again_after(Some(1)), 15);
        assert_eq!(again_after(Some(100_000)), 24 * 60);
        assert_eq!(again_after(None), 24 * 60);
        assert_eq!(again_after(Some(-5)), 60, "the app has not been opened since");
    }

    #[test]
    fn a_code_that_was_never_asked_for_is_due_for_members_only() {
        assert!(code_due(&record(MemberStatus::Member)).is_some_and(|due| due < now()));
        assert_eq!(code_due(&record(MemberStatus::FormerMember)), None);
    }

    #[test]
    fn only_regular_visitors_need_what_is_older_than_half_of_its_use() {
        let settings = DirectorySettings {
            access_codes: false,
            benefits: ["GYM".to_owned()].into(),
            usable: std::time::Duration::from_secs(3600),
            ..DirectorySettings::default()
        };
        let today = Day::of(now());
        let often = VisitDays {
            latest: today,
            bits: 0b111,
        };
        let seldom = VisitDays {
            latest: today,
            bits: 0b11,
        };
        let need = |visits, minutes: i64| {
            let as_of = now() - minutes.minutes();
            let mut record = record(MemberStatus::Member);
            record
                .benefits
                .insert("GYM".to_owned(), BenefitState { valid: true, as_of });
            let Need { record, benefits, .. } = Need::of(visits, &record, &settings, now());
            (record, benefits)
        };
        assert_eq!(need(often, 29), (false, false));
        assert_eq!(need(often, 30), (false, true));
        assert_eq!(need(often, -5), (false, true), "dated by a clock that was wrong");
        assert_eq!(need(seldom, 600), (false, false));
    }
}
