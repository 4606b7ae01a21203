//! The memory tier: bounded, nothing expires in it.

use std::sync::Arc;

use moka::future::Cache;

use crate::clock;
use crate::domain::{Credential, CustomerId, MemberRecord, Monotonic, Recollection};

/// Members held in memory: about 1 KiB each with their credentials. More than come to one gym in a week; the others
/// are on disk.
const MEMBERS: u64 = 20_000;

/// Credentials held in memory: a card, an access code and a PIN for each member, and what nobody holds.
const CREDENTIALS: u64 = 4 * MEMBERS;

pub(super) struct Memory {
    members: Cache<CustomerId, Arc<MemberRecord>>,
    holders: Cache<Credential, Holder>,
}

#[derive(Clone, Copy)]
enum Holder {
    Customer(CustomerId),
    Nobody { as_of: Monotonic },
}

impl Memory {
    pub(super) fn new() -> Self {
        Self {
            members: Cache::new(MEMBERS),
            holders: Cache::new(CREDENTIALS),
        }
    }

    pub(super) async fn recall(&self, credential: &Credential) -> Recollection {
        match self.holders.get(credential).await {
            Some(Holder::Customer(customer)) => self
                .member(customer)
                .await
                .map_or(Recollection::Nothing, Recollection::Member),
            Some(Holder::Nobody { as_of }) => Recollection::Unknown { as_of },
            None => Recollection::Nothing,
        }
    }

    pub(super) async fn member(&self, customer: CustomerId) -> Option<Arc<MemberRecord>> {
        self.members.get(&customer).await
    }

    /// How many members it holds, a moment ago.
    pub(super) fn count(&self) -> u64 {
        self.members.entry_count()
    }

    /// Replaces what is held of this member; credentials that are no longer theirs lead nowhere afterwards.
    pub(super) async fn put(&self, record: &Arc<MemberRecord>) {
        let before = self.members.get(&record.customer).await;
        self.members.insert(record.customer, Arc::clone(record)).await;
        let gone = before.iter().flat_map(|before| before.presentable());
        for credential in gone.filter(|credential| !record.presentable().any(|held| held == *credential)) {
            self.holders.invalidate(&credential).await;
        }
        for credential in record.presentable() {
            self.holders
                .insert(credential, Holder::Customer(record.customer))
                .await;
        }
    }

    pub(super) async fn put_nobody(&self, credential: &Credential) {
        let as_of = clock::now().monotonic;
        self.holders
            .insert(credential.clone(), Holder::Nobody { as_of })
            .await;
    }
}
