//! What the gateway knows of each member: memory, then disk, then the studio. It says what is known and since when;
//! whether that is fresh enough is for the core to judge.

mod ahead;
mod ask;
mod memory;
mod outage;
mod roster;
mod row;
mod store;
mod visit_days;
mod writer;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use moka::future::Cache;
use tokio::sync::{Notify, Semaphore};
use tracing::warn;

use self::ask::Found;
use self::memory::Memory;
use self::outage::Outage;
pub use self::outage::StudioSeen;
pub use self::store::{Store, StoreError, stored};
use self::visit_days::Day;
use crate::budget::{Budget, Rank};
use crate::clock;
use crate::domain::{Answer, Credential, CustomerId, MemberRecord, Monotonic, Recollection};
use crate::studio::{StudioClient, StudioError};

/// Refreshes behind people's backs that may be under way at once. One that finds no place is left out: the next visit
/// asks again.
const MOST_REFRESHES: usize = 8;

/// Questions that may be under way at once; only a bound for the bookkeeping, far above what lanes can ask.
const MOST_QUESTIONS: u64 = 10_000;

/// What is fetched before anybody comes.
#[derive(Clone, Debug)]
pub struct DirectorySettings {
    /// Whether the records of all members are fetched.
    pub roster: bool,
    /// How old the roster may become. A gym's day has a morning and an evening; four times a day, both start with
    /// what was changed at the desk before.
    pub roster_interval: Duration,
    /// Whether the access codes of the members' apps are fetched: the studio finds nobody by their content.
    pub access_codes: bool,
    /// The benefits that are asked for at the lanes; those of regular visitors are fetched.
    pub benefits: BTreeSet<String>,
    /// Up to this age a record's yes opens without asking. What regular visitors need is renewed at half of it.
    pub usable: Duration,
    /// How often it is looked whose benefits and codes have to be fetched.
    pub look_ahead: Duration,
}

impl Default for DirectorySettings {
    fn default() -> Self {
        Self {
            roster: true,
            roster_interval: Duration::from_secs(6 * 3600),
            access_codes: true,
            benefits: BTreeSet::new(),
            usable: Duration::from_secs(72 * 3600),
            look_ahead: Duration::from_secs(60),
        }
    }
}

/// The three tiers. Clones share them.
#[derive(Clone)]
pub struct Directory(Arc<Inner>);

struct Inner {
    settings: DirectorySettings,
    memory: Memory,
    store: Store,
    studio: StudioClient,
    budget: Budget,
    /// Questions under way: whoever asks the same meanwhile gets the same answer.
    questions: Cache<Question, Answer>,
    /// When somebody was last asked about by themselves: a slice of the roster that was under way then is older.
    asked: Cache<CustomerId, Monotonic>,
    refreshes: Arc<Semaphore>,
    outage: Outage,
    resync: Notify,
    /// A roster is complete: there may be people whose codes and benefits were never fetched.
    listed: Notify,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Question {
    credential: Credential,
    benefits: BTreeSet<String>,
}

impl Question {
    /// How many requests it takes, about.
    fn requests(&self) -> u32 {
        1 + u32::from(!self.benefits.is_empty())
    }
}

impl Directory {
    /// With an empty memory over what the store holds.
    #[must_use]
    pub fn new(store: Store, studio: StudioClient, budget: Budget, settings: DirectorySettings) -> Self {
        Self(Arc::new(Inner {
            settings,
            memory: Memory::new(),
            store,
            studio,
            budget,
            questions: Cache::new(MOST_QUESTIONS),
            asked: Cache::new(MOST_QUESTIONS),
            refreshes: Arc::new(Semaphore::new(MOST_REFRESHES)),
            outage: Outage::default(),
            resync: Notify::new(),
            listed: Notify::new(),
        }))
    }

    /// Fetches the roster and what regular visitors need, for ever. May be cut off at any moment.
    pub async fn keep_up(self) {
        tokio::join!(roster::run(&self), ahead::run(&self));
    }

    /// Fetches the roster now, whenever that was done last; after one that is under way, once more.
    pub fn resync(&self) {
        self.0.resync.notify_one();
    }

    /// When the last roster was begun, if it is complete.
    pub async fn roster_as_of(&self) -> Option<Timestamp> {
        let last = self.0.store.progress().await.ok().flatten()?;
        last.complete.then_some(last.started)
    }

    /// What the memory holds. Never waits for anything.
    pub async fn memory(&self, credential: &Credential) -> Recollection {
        self.0.memory.recall(credential).await
    }

    /// What the disk holds; fills the memory.
    pub async fn disk(&self, credential: &Credential) -> Recollection {
        match self.0.store.find(credential).await {
            Ok(Some(record)) => {
                let record = self.0.memory.put(record).await;
                // An answer of the studio may have come in between.
                if record.presents(credential) {
                    Recollection::Member(record)
                } else {
                    Recollection::Nothing
                }
            }
            Ok(None) => Recollection::Nothing,
            Err(error) => {
                warn!(%error, "cannot read the stored member records: going on without them");
                Recollection::Nothing
            }
        }
    }

    /// Asks the studio for the holder of a credential with these benefits, and fills memory and disk with the
    /// answer. It is one request however many ask at the same time, and it goes on when nobody waits any more.
    pub async fn ask(&self, credential: &Credential, benefits: &BTreeSet<String>) -> Answer {
        let question = Question {
            credential: credential.clone(),
            benefits: benefits.clone(),
        };
        let directory = self.clone();
        // A task of its own, so that the answer is fetched and read outside the controller.
        let asked = tokio::spawn(async move { directory.answer(question, false).await });
        asked.await.unwrap_or(Answer::Unavailable)
    }

    /// Asks behind the person's back.
    pub fn refresh(&self, credential: Credential, benefits: BTreeSet<String>) {
        let Ok(place) = Arc::clone(&self.0.refreshes).try_acquire_owned() else {
            return;
        };
        let directory = self.clone();
        tokio::spawn(async move {
            let question = Question { credential, benefits };
            // Before the question is under way: whoever stands at a lane with the same one must not wait for this.
            let budget = &directory.0.budget;
            budget.take(Rank::Refresh, question.requests()).await;
            directory.answer(question, true).await;
            drop(place);
        });
    }

    /// Asks the studio for one member's record now, with what it was known to be entitled to. `false` when the studio
    /// has no such customer, who is then forgotten.
    ///
    /// # Errors
    /// When the studio cannot be asked. What it has answered until then is kept.
    pub async fn refresh_member(&self, customer: CustomerId) -> Result<bool, StudioError> {
        let studio = &self.0.studio;
        let found = studio.member(customer).await?;
        self.0.outage.over();
        let Some(record) = found else {
            self.forget(customer).await;
            return Ok(false);
        };
        let record = self.keep(record).await;
        let benefits: Vec<String> = record.benefits.keys().cloned().collect();
        if !benefits.is_empty() {
            let states = studio.benefits(customer, &benefits).await?;
            self.keep(ask::entitled(MemberRecord::clone(&record), states))
                .await;
        }
        Ok(true)
    }

    /// The studio as it was last seen.
    #[must_use]
    pub fn studio_seen(&self) -> StudioSeen {
        self.0.outage.seen()
    }

    /// How many member records there are: in memory, and on disk where it can be read.
    pub async fn counts(&self) -> (u64, Option<u64>) {
        (self.0.memory.count(), self.0.store.count().await.ok().flatten())
    }

    /// Notes that somebody came in, so that what regular visitors need is there before they come.
    pub fn came(&self, customer: CustomerId, at: Timestamp) {
        self.0.store.came(customer, Day::of(at));
    }

    /// The answer, by the one request that is under way for it.
    async fn answer(&self, question: Question, paid: bool) -> Answer {
        let questions = &self.0.questions;
        let asking = async {
            if !paid {
                self.0.budget.spend(question.requests());
            }
            self.find_out(&question).await
        };
        let answer = questions.get_with(question.clone(), asking).await;
        // From here on the answer is in the tiers, and who asks next wants a new one.
        questions.invalidate(&question).await;
        answer
    }

    async fn find_out(&self, question: &Question) -> Answer {
        let Question { credential, benefits } = question;
        let inner = &self.0;
        let known = match self.memory(credential).await {
            Recollection::Nothing => self.disk(credential).await,
            recollection => recollection,
        };
        let known = match known {
            Recollection::Member(record) => Some(record),
            Recollection::Unknown { .. } | Recollection::Nothing => None,
        };
        let benefits: Vec<String> = benefits.iter().cloned().collect();
        let found = ask::holder(&inner.studio, credential, &benefits, known.as_deref()).await;
        inner.budget.note(&found);
        let found = match found {
            Ok(found) => found,
            Err(error) => {
                inner.outage.note(&error);
                return Answer::Unavailable;
            }
        };
        inner.outage.over();
        match found {
            Found::Holder(record) => Answer::Known(self.keep(record).await),
            Found::NoLonger(record) => {
                self.keep(record).await;
                self.keep_nobody(credential).await
            }
            Found::Gone => {
                if let Some(known) = known {
                    self.forget(known.customer).await;
                }
                self.keep_nobody(credential).await
            }
            Found::Nobody => self.keep_nobody(credential).await,
        }
    }

    async fn keep_nobody(&self, credential: &Credential) -> Answer {
        self.0.memory.put_nobody(credential).await;
        self.0.store.withdraw(credential);
        Answer::Unknown
    }

    async fn forget(&self, customer: CustomerId) {
        self.0.asked.insert(customer, clock::now().monotonic).await;
        self.0.memory.forget(customer).await;
        self.0.store.forget(customer);
    }

    /// Puts a record from the studio into memory and disk. What it does not speak of stays as it was known.
    async fn keep(&self, record: MemberRecord) -> Arc<MemberRecord> {
        self.0.asked.insert(record.customer, clock::now().monotonic).await;
        let before = match self.0.memory.member(record.customer).await {
            Some(_) => None,
            None => self.stored(record.customer).await,
        };
        let record = self.0.memory.put(joined(record, before)).await;
        self.0.store.put(Arc::clone(&record));
        record
    }

    /// Puts a record into the store. The memory is for those who come: it takes only what it holds already, unless
    /// there is no other place.
    async fn shelve(&self, record: MemberRecord) {
        self.brief(&record).await;
        self.0.store.put(Arc::new(record));
    }

    /// Tells the memory what goes to the store.
    async fn brief(&self, record: &MemberRecord) {
        if self.0.store.works() {
            self.0.memory.update(record.clone()).await;
        } else {
            self.0.memory.put(record.clone()).await;
        }
    }

    async fn stored(&self, customer: CustomerId) -> Option<Arc<MemberRecord>> {
        self.0.store.member(customer).await.ok().flatten().map(Arc::new)
    }
}

/// The newer of two records, with the other for what it does not speak of.
fn joined(record: MemberRecord, before: Option<Arc<MemberRecord>>) -> MemberRecord {
    match before {
        None => record,
        Some(before) if before.as_of > clock::wall() => {
            // From a clock that was wrong, then or now. It must not outweigh what the studio says today.
            let mut before = MemberRecord::clone(&before);
            before.as_of = record.as_of;
            before.access_code_as_of = before.access_code_as_of.min(Some(record.as_of));
            for state in before.benefits.values_mut() {
                state.as_of = state.as_of.min(record.as_of);
            }
            record.joined(&before)
        }
        // Read from disk, or fetched with the roster, while the studio was answering a swipe.
        Some(before) if before.as_of > record.as_of => MemberRecord::clone(&before).joined(&record),
        Some(before) => record.joined(&before),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::ToSpan;

    use super::*;
    use crate::domain::{AccessCode, BenefitState, MemberStatus};

    fn record(as_of: Timestamp, content: &str) -> MemberRecord {
        let state = BenefitState {
            valid: content == "new",
            as_of,
        };
        MemberRecord {
            customer: CustomerId(1),
            status: MemberStatus::Member,
            access_refused: content == "new",
            restrictions: Vec::new(),
            idle_periods: Vec::new(),
            benefits: BTreeMap::from([("GYM".to_owned(), state)]),
            access_code: Some(AccessCode {
                content: content.to_owned(),
                expires_at: None,
            }),
            access_code_as_of: Some(as_of),
            credentials: Vec::new(),
            language: None,
            as_of,
        }
    }

    #[test]
    fn the_newer_of_two_records_counts_whichever_comes_second() {
        let now = clock::wall();
        let new = record(now, "new");
        let old = record(now - 1.hour(), "old");
        assert_eq!(joined(new.clone(), Some(Arc::new(old.clone()))), new);
        assert_eq!(joined(old, Some(Arc::new(new.clone()))), new);
    }

    #[test]
    fn what_a_wrong_clock_has_dated_into_the_future_does_not_outweigh_todays_answer() {
        let now = clock::wall();
        let new = record(now, "new");
        let mut future = record(now + 1000.hours(), "old");
        future.benefits.insert(
            "POOL".to_owned(),
            BenefitState {
                valid: true,
                as_of: future.as_of,
            },
        );
        let joined = joined(new.clone(), Some(Arc::new(future)));
        assert!(joined.access_refused && joined.benefits["GYM"].valid);
        assert_eq!((joined.access_code, joined.as_of), (new.access_code, now));
        assert_eq!(
            joined.benefits["POOL"].as_of, now,
            "kept, but no newer than the answer"
        );
    }
}
