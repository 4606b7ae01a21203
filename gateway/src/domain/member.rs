//! What the gateway keeps of a customer: only what a decision needs.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;

use super::{Credential, Monotonic};

/// The studio's number of a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CustomerId(pub i64);

impl fmt::Display for CustomerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The gateway's copy of a customer record.
#[derive(Clone, Debug, PartialEq)]
pub struct MemberRecord {
    /// Whose record this is.
    pub customer: CustomerId,
    /// Contract state.
    pub status: MemberStatus,
    /// The studio says that this person has an access block now.
    pub access_refused: bool,
    /// Blocks with their reasons and dates.
    pub restrictions: Vec<AccessRestriction>,
    /// Periods in which the membership is paused.
    pub idle_periods: Vec<DateRange>,
    /// Entitlements by benefit key, as far as they have been asked for.
    pub benefits: BTreeMap<String, BenefitState>,
    /// The code that the member's app shows.
    pub access_code: Option<AccessCode>,
    /// When the studio was last asked for that code; `None` before the first time.
    pub access_code_as_of: Option<Timestamp>,
    /// Cards, PINs, barcodes and passes of this person.
    pub credentials: Vec<Credential>,
    /// Language for texts on displays, as an ISO 639-1 code.
    pub language: Option<String>,
    /// When the studio said so.
    pub as_of: Timestamp,
}

impl MemberRecord {
    /// Everything this person can present: cards, PINs, barcodes, passes, and the access code of the app.
    pub fn presentable(&self) -> impl Iterator<Item = Credential> {
        let code = self
            .access_code
            .iter()
            .map(|code| Credential::Code(code.content.clone()));
        self.credentials.iter().cloned().chain(code)
    }

    /// Whether this person can present the credential.
    #[must_use]
    pub fn presents(&self, credential: &Credential) -> bool {
        let shown =
            |code: &AccessCode| matches!(credential, Credential::Code(content) if *content == code.content);
        self.credentials.contains(credential) || self.access_code.as_ref().is_some_and(shown)
    }

    /// The record without a credential that is this person's no longer.
    #[must_use]
    pub fn without(&self, credential: &Credential) -> Self {
        let mut record = self.clone();
        record.credentials.retain(|held| held != credential);
        if record.presents(credential) {
            record.access_code = None;
        }
        record
    }

    /// What the studio has just said, with `before` for all that it did not speak of.
    ///
    /// Which of the two is newer is not read from their times: a clock that was wrong for a while, or is not set
    /// yet, would let an old record win over the studio's word.
    #[must_use]
    pub fn joined(mut self, before: &Self) -> Self {
        for (key, state) in &before.benefits {
            self.benefits.entry(key.clone()).or_insert(*state);
        }
        if self.access_code_as_of.is_none() {
            self.access_code.clone_from(&before.access_code);
            self.access_code_as_of = before.access_code_as_of;
        }
        self
    }
}

/// Contract state of a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberStatus {
    /// Has a contract.
    Member,
    /// Has no contract yet.
    Prospect,
    /// Had a contract.
    FormerMember,
}

/// A block that keeps a person out. The reason is for the operator, never for bystanders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessRestriction {
    /// The studio's reason.
    pub reason: String,
    /// The days it holds; none means until it is lifted.
    pub period: Option<DateRange>,
}

/// Calendar days of the studio, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateRange {
    /// First day.
    pub first: Date,
    /// Last day.
    pub last: Date,
}

impl DateRange {
    /// Whether `day` lies in the range.
    #[must_use]
    pub fn contains(&self, day: Date) -> bool {
        self.first <= day && day <= self.last
    }
}

/// The studio's answer about one benefit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BenefitState {
    /// Whether the person is entitled.
    pub valid: bool,
    /// When the studio said so.
    pub as_of: Timestamp,
}

/// The content of the code that the member's app shows.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessCode {
    /// What a scanner reads.
    pub content: String,
    /// The moment it stops being valid, if it does.
    pub expires_at: Option<Timestamp>,
}

impl fmt::Debug for AccessCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessCode")
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// What the tiers hold of a credential, without asking the studio.
#[derive(Clone, Debug, PartialEq)]
pub enum Recollection {
    /// The record of its holder.
    Member(Arc<MemberRecord>),
    /// The studio said that nobody holds it.
    Unknown {
        /// When it said so.
        as_of: Monotonic,
    },
    /// Nothing.
    Nothing,
}

/// What the studio said of a credential when it was asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// The record of its holder, with the benefits that were asked for.
    Known(Arc<MemberRecord>),
    /// Nobody holds it.
    Unknown,
    /// The studio could not be asked or did not answer.
    Unavailable,
}
