//! How the studio is asked who holds a credential: which of its operations, in which order.

use std::collections::BTreeMap;

use crate::clock;
use crate::domain::{BenefitState, CardNumber, Credential, CustomerId, MemberRecord};
use crate::studio::{StudioClient, StudioError};

/// What the studio said of a credential.
pub(super) enum Found {
    /// Nobody holds it.
    Nobody,
    /// This person holds it.
    Holder(MemberRecord),
    /// This person held it, and does not any more: the app shows a new code.
    NoLonger(MemberRecord),
}

/// Asks for the credential's holder with these benefits. `known` is what the tiers hold of the holder.
pub(super) async fn holder(
    studio: &StudioClient,
    credential: &Credential,
    benefits: &[String],
    known: Option<&MemberRecord>,
) -> Result<Found, StudioError> {
    match (credential, known) {
        (Credential::Card(number), _) if !benefits.is_empty() => {
            card(studio, credential, number, benefits).await
        }
        // The studio finds nobody by the content of an access code; whose it is, is known from the code itself.
        (Credential::Code(content), Some(record)) if shows(record, content) => {
            access_code(studio, record.customer, content, benefits).await
        }
        _ => match found_by(studio, credential).await? {
            None => Ok(Found::Nobody),
            Some(record) => with_benefits(studio, record, benefits).await.map(Found::Holder),
        },
    }
}

/// What the studio will never find is nobody's: a text that is no credential to it, and a kind of credential that it
/// has no look-up for. An outage would let such people in where the offline setting is generous.
async fn found_by(
    studio: &StudioClient,
    credential: &Credential,
) -> Result<Option<MemberRecord>, StudioError> {
    match studio.member_by(credential).await {
        Err(StudioError::Refused { status: 400, .. } | StudioError::KindNotTaken { .. }) => Ok(None),
        found => found,
    }
}

/// The benefits of a card are asked for by its number, at the same time as its holder: the person waits for one
/// answer and not for two.
async fn card(
    studio: &StudioClient,
    credential: &Credential,
    number: &CardNumber,
    benefits: &[String],
) -> Result<Found, StudioError> {
    let (found, states) = tokio::join!(
        found_by(studio, credential),
        studio.benefits_by_card(number, benefits)
    );
    match found? {
        // Nobody's card has no benefits: there the second answer is an error, and of no interest.
        None => Ok(Found::Nobody),
        Some(record) => Ok(Found::Holder(holding(record, states?))),
    }
}

async fn access_code(
    studio: &StudioClient,
    customer: CustomerId,
    content: &str,
    benefits: &[String],
) -> Result<Found, StudioError> {
    let (found, code) = tokio::join!(studio.member(customer), studio.access_code(customer));
    let Some(record) = found? else {
        return Ok(Found::Nobody);
    };
    let record = MemberRecord {
        access_code: code?,
        access_code_as_of: Some(clock::wall()),
        ..record
    };
    let record = with_benefits(studio, record, benefits).await?;
    if record
        .presentable()
        .any(|held| held == Credential::Code(content.to_owned()))
    {
        Ok(Found::Holder(record))
    } else {
        Ok(Found::NoLonger(record))
    }
}

async fn with_benefits(
    studio: &StudioClient,
    record: MemberRecord,
    benefits: &[String],
) -> Result<MemberRecord, StudioError> {
    if benefits.is_empty() {
        return Ok(record);
    }
    let states = studio.benefits(record.customer, benefits).await?;
    Ok(holding(record, states))
}

fn holding(record: MemberRecord, states: BTreeMap<String, bool>) -> MemberRecord {
    let as_of = clock::wall();
    let state = |valid| BenefitState { valid, as_of };
    MemberRecord {
        benefits: states
            .into_iter()
            .map(|(key, valid)| (key, state(valid)))
            .collect(),
        ..record
    }
}

fn shows(record: &MemberRecord, content: &str) -> bool {
    record
        .access_code
        .as_ref()
        .is_some_and(|code| code.content == content)
}
