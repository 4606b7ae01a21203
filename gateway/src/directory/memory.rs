//! The memory tier: bounded, nothing expires in it.

use std::future::ready;
use std::sync::Arc;

use moka::future::Cache;
use moka::ops::compute::Op;

use super::joined;
use crate::clock;
use crate::domain::{Credential, CustomerId, MemberRecord, Monotonic, Recollection};

/// Members held in memory: about 1 KiB each with their credentials. More than come to one gym in a week; the others
/// are on disk.
const MEMBERS: u64 = 10_000;

/// Credentials held in memory: a card, an access code and a PIN for each member, and what nobody holds.
const CREDENTIALS: u64 = 4 * MEMBERS;

pub(super) struct Memory {
    members: Cache<CustomerId, Arc<MemberRecord>>,
    /// Where to look for the holder. Only the record itself says whether it is the holder still.
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
                .filter(|record| record.presents(credential))
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

    /// Joins a record with what is held of this member, and gives back what is held now.
    pub(super) async fn put(&self, record: MemberRecord) -> Arc<MemberRecord> {
        let customer = record.customer;
        let held = self
            .members
            .entry(customer)
            .and_upsert_with(|held| ready(Arc::new(joined(record, held.map(|held| held.into_value())))))
            .await
            .into_value();
        self.lead_to(&held).await;
        held
    }

    /// As [`Memory::put`], but only where the member is held already.
    pub(super) async fn update(&self, record: MemberRecord) {
        let customer = record.customer;
        let done = self.members.entry(customer).and_compute_with(|held| {
            ready(match held {
                Some(held) => Op::Put(Arc::new(joined(record, Some(held.into_value())))),
                None => Op::Nop,
            })
        });
        if let Some(held) = done.await.into_entry() {
            self.lead_to(held.value()).await;
        }
    }

    /// Nobody holds this credential any more.
    pub(super) async fn put_nobody(&self, credential: &Credential) {
        let as_of = clock::now().monotonic;
        let before = self.holders.get(credential).await;
        self.holders
            .insert(credential.clone(), Holder::Nobody { as_of })
            .await;
        if let Some(Holder::Customer(customer)) = before {
            self.members
                .entry(customer)
                .and_compute_with(|held| {
                    ready(match held {
                        Some(held) => Op::Put(Arc::new(held.into_value().without(credential))),
                        None => Op::Nop,
                    })
                })
                .await;
        }
    }

    /// This person is no member any more.
    pub(super) async fn forget(&self, customer: CustomerId) {
        self.members.invalidate(&customer).await;
    }

    async fn lead_to(&self, record: &MemberRecord) {
        for credential in record.presentable() {
            self.holders
                .insert(credential, Holder::Customer(record.customer))
                .await;
        }
    }
}
