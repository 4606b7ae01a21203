//! How the studio is asked who holds a credential: which of its operations, in which order.

use std::collections::BTreeMap;

use crate::clock;
use crate::domain::{BenefitState, CardNumber, Credential, MemberRecord};
use crate::studio::{StudioClient, StudioError};

/// What the studio said of a credential.
pub(super) enum Found {
    /// Nobody holds it.
    Nobody,
    /// This person holds it.
    Holder(MemberRecord),
    /// This person held it, and does not any more: the app shows a new code, the PIN was changed.
    NoLonger(MemberRecord),
    /// The person who held it is not a customer any more.
    Gone,
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
        // The studio finds nobody by a wallet pass or by the content of an access code, and not every studio by a PIN.
        // Whose they are, is known from the records.
        (Credential::Code(_) | Credential::Pin(_) | Credential::WalletPass(_), Some(record)) => {
            known_holder(studio, record, credential, benefits).await
        }
        _ => match found_by(studio, credential).await? {
            None => Ok(Found::Nobody),
            Some(record) => with_benefits(studio, record, benefits)
                .await
                .map(|record| Found::Holder(holding(record, credential))),
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
        Some(record) => Ok(Found::Holder(holding(entitled(record, states?), credential))),
    }
}

/// Asks for the person who is known as the holder, and whether it is so still.
async fn known_holder(
    studio: &StudioClient,
    known: &MemberRecord,
    credential: &Credential,
    benefits: &[String],
) -> Result<Found, StudioError> {
    let customer = known.customer;
    let code_is_presented = known
        .access_code
        .as_ref()
        .is_some_and(|code| matches!(credential, Credential::Code(content) if *content == code.content));
    let code = async {
        if code_is_presented {
            studio.access_code(customer).await.map(Some)
        } else {
            Ok(None)
        }
    };
    let (found, code) = tokio::join!(studio.member(customer), code);
    let Some(mut record) = found? else {
        return Ok(Found::Gone);
    };
    if let Some(code) = code? {
        record.access_code = code;
        record.access_code_as_of = Some(clock::wall());
    }
    let record = with_benefits(studio, record, benefits).await?;
    Ok(if record.presents(credential) {
        Found::Holder(record)
    } else {
        Found::NoLonger(record)
    })
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
    Ok(entitled(record, states))
}

/// With the studio's answer about benefits, which it has given now.
pub(super) fn entitled(record: MemberRecord, states: BTreeMap<String, bool>) -> MemberRecord {
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

/// The studio has found this person by the credential, whether the record lists it or not.
fn holding(mut record: MemberRecord, credential: &Credential) -> MemberRecord {
    if !record.presents(credential) {
        record.credentials.push(credential.clone());
    }
    record
}
