//! What the gateway knows of each member: memory, then disk, then the studio. It says what is known and since when;
//! whether that is fresh enough is for the core to judge.

mod ask;
mod memory;
mod outage;
mod row;
mod store;

use std::collections::BTreeSet;
use std::sync::Arc;

use moka::future::Cache;
use tokio::sync::Semaphore;
use tracing::warn;

use self::ask::Found;
use self::memory::Memory;
use self::outage::Outage;
pub use self::outage::StudioSeen;
pub use self::store::{Store, StoreError, stored};
use crate::domain::{Answer, Credential, CustomerId, MemberRecord, Recollection};
use crate::studio::{StudioClient, StudioError};

/// Refreshes behind people's backs that may be under way at once. One that finds no place is left out: the next visit
/// asks again.
const MOST_REFRESHES: usize = 8;

/// Questions that may be under way at once; only a bound for the bookkeeping, far above what lanes can ask.
const MOST_QUESTIONS: u64 = 10_000;

/// The three tiers. Clones share them.
#[derive(Clone)]
pub struct Directory(Arc<Inner>);

struct Inner {
    memory: Memory,
    store: Store,
    studio: StudioClient,
    /// Questions under way: whoever asks the same meanwhile gets the same answer.
    questions: Cache<Question, Answer>,
    refreshes: Arc<Semaphore>,
    outage: Outage,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Question {
    credential: Credential,
    benefits: BTreeSet<String>,
}

impl Directory {
    /// With an empty memory over what the store holds.
    #[must_use]
    pub fn new(store: Store, studio: StudioClient) -> Self {
        Self(Arc::new(Inner {
            memory: Memory::new(),
            store,
            studio,
            questions: Cache::new(MOST_QUESTIONS),
            refreshes: Arc::new(Semaphore::new(MOST_REFRESHES)),
            outage: Outage::default(),
        }))
    }

    /// What the memory holds. Never waits for anything.
    pub async fn memory(&self, credential: &Credential) -> Recollection {
        self.0.memory.recall(credential).await
    }

    /// What the disk holds; fills the memory.
    pub async fn disk(&self, credential: &Credential) -> Recollection {
        match self.0.store.find(credential).await {
            Ok(Some(record)) => {
                let record = Arc::new(record);
                self.0.memory.put(&record).await;
                Recollection::Member(record)
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
        let asked = tokio::spawn(async move {
            let inner = &directory.0;
            let answer = inner
                .questions
                .get_with(question.clone(), directory.find_out(&question))
                .await;
            // From here on the answer is in the tiers, and who asks next wants a new one.
            inner.questions.invalidate(&question).await;
            answer
        });
        asked.await.unwrap_or(Answer::Unavailable)
    }

    /// Asks behind the person's back.
    pub fn refresh(&self, credential: Credential, benefits: BTreeSet<String>) {
        let Ok(place) = Arc::clone(&self.0.refreshes).try_acquire_owned() else {
            return;
        };
        let directory = self.clone();
        tokio::spawn(async move {
            directory.ask(&credential, &benefits).await;
            drop(place);
        });
    }

    /// Asks the studio for one member's record now, with what it was known to be entitled to. `false` when the studio
    /// has no such customer.
    ///
    /// # Errors
    /// When the studio cannot be asked.
    pub async fn refresh_member(&self, customer: CustomerId) -> Result<bool, StudioError> {
        let found = self.0.studio.member(customer).await?;
        self.0.outage.over();
        match found {
            Some(record) => {
                self.keep(record).await;
                Ok(true)
            }
            None => Ok(false),
        }
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

    async fn find_out(&self, question: &Question) -> Answer {
        let Question { credential, benefits } = question;
        let inner = &self.0;
        let known = match self.memory(credential).await {
            Recollection::Member(record) => Some(record),
            Recollection::Unknown { .. } | Recollection::Nothing => None,
        };
        let benefits: Vec<String> = benefits.iter().cloned().collect();
        let found = match ask::holder(&inner.studio, credential, &benefits, known.as_deref()).await {
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
            Found::Nobody => self.keep_nobody(credential).await,
        }
    }

    async fn keep_nobody(&self, credential: &Credential) -> Answer {
        self.0.memory.put_nobody(credential).await;
        self.0.store.withdraw(credential);
        Answer::Unknown
    }

    /// Puts a record from the studio into memory and disk. What it does not speak of stays as it was known.
    async fn keep(&self, record: MemberRecord) -> Arc<MemberRecord> {
        let inner = &self.0;
        let before = match inner.memory.member(record.customer).await {
            Some(before) => Some(before),
            None => inner
                .store
                .member(record.customer)
                .await
                .ok()
                .flatten()
                .map(Arc::new),
        };
        let record = Arc::new(match before {
            Some(before) => record.joined(&before),
            None => record,
        });
        inner.memory.put(&record).await;
        inner.store.put(Arc::clone(&record));
        record
    }
}
