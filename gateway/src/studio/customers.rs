//! Customers as the lane needs them: by credential, by id, and all of them in slices.

use std::collections::BTreeMap;

use futures_util::Stream;
use jiff::civil::Date;
use reqwest::Method;
use serde::Deserialize;

use super::mediums::WireMedium;
use super::restrictions::WireRestriction;
use super::slices::all_slices;
use super::{AccessMedium, CardNumberFormat, MediumKind, Operation, Slice, StudioClient, StudioError};
use crate::clock;
use crate::domain::{Credential, CustomerId, DateRange, MemberRecord, MemberStatus};

impl StudioClient {
    /// The holder of `credential` (`getCustomerBy`); none when nobody holds it. The record's `as_of` is the moment
    /// of the answer, its benefits are empty and it has no access code: those are operations of their own.
    ///
    /// # Errors
    /// [`StudioError::KindNotTaken`] for a wallet pass, which the studio looks up nowhere but at the device API:
    /// its holder is known from the roster.
    pub async fn member_by(&self, credential: &Credential) -> Result<Option<MemberRecord>, StudioError> {
        let operation = Operation::CustomerBy;
        let format = self.card_number_format();
        let call = self
            .call(operation, Method::GET, &["v1", "customers", "by"])
            .query(&holder_query(operation, credential, format)?);
        Ok(call.find().await?.map(|customer| record(customer, format)))
    }

    /// One customer (`getCustomerById`); none when there is no such customer. Otherwise as
    /// [`StudioClient::member_by`].
    ///
    /// # Errors
    /// When the studio could not be asked or gave no usable answer.
    pub async fn member(&self, customer: CustomerId) -> Result<Option<MemberRecord>, StudioError> {
        let format = self.card_number_format();
        let call = self
            .customer_call(Operation::CustomerById, Method::GET, customer, &[])
            .query(&[("cardNumberFormat", format.as_str())]);
        Ok(call.find().await?.map(|customer| record(customer, format)))
    }

    /// One slice of all members (`getCustomers`), from `offset` of the slice before it, with `slice_size` (50 to
    /// 500) records.
    ///
    /// # Errors
    /// When the studio could not be asked or gave no usable answer.
    pub async fn members_slice(
        &self,
        offset: Option<&str>,
        slice_size: u16,
    ) -> Result<Slice<MemberRecord>, StudioError> {
        let format = self.card_number_format();
        self.call(Operation::Customers, Method::GET, &["v1", "customers"])
            .query(&[("cardNumberFormat", format.as_str())])
            .query(&[("sliceSize", slice_size)])
            .bulk()
            .readable_slice(offset, |customer| record(customer, format))
            .await
    }

    /// All members, slice by slice.
    pub fn members(&self, slice_size: u16) -> impl Stream<Item = Result<Slice<MemberRecord>, StudioError>> {
        all_slices(move |offset| {
            let client = self.clone();
            async move { client.members_slice(offset.as_deref(), slice_size).await }
        })
    }
}

/// The query that names the holder of `credential`. PINs are known to the look-up of customers only, in
/// descriptions of the API from 1.11 on.
pub(super) fn holder_query(
    operation: Operation,
    credential: &Credential,
    format: CardNumberFormat,
) -> Result<Vec<(&'static str, String)>, StudioError> {
    Ok(match credential {
        Credential::Card(number) => vec![
            ("cardNumber", format.write(number)),
            ("cardNumberFormat", format.as_str().to_owned()),
        ],
        Credential::Code(text) => vec![("barcode", text.clone())],
        Credential::CodeUuid(uuid) => vec![("qrCodeUuid", uuid.clone())],
        Credential::Pin(pin) if operation == Operation::CustomerBy => vec![("pin", pin.clone())],
        Credential::Pin(_) => {
            return Err(StudioError::KindNotTaken {
                operation,
                kind: "PIN",
            });
        }
        Credential::WalletPass(_) => {
            return Err(StudioError::KindNotTaken {
                operation,
                kind: "wallet pass",
            });
        }
    })
}

/// A customer on the wire, without the fields that the gateway has no business with.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireCustomer {
    id: i64,
    uuid: Option<String>,
    status: String,
    access_refusal: bool,
    access_restrictions: Option<Vec<WireRestriction>>,
    idle_periods: Option<Vec<WireIdlePeriod>>,
    card_numbers: Option<Vec<String>>,
    access_mediums: Option<Vec<WireMedium>>,
    preferred_language: Option<WireLanguage>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireIdlePeriod {
    start_date: Date,
    end_date: Date,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireLanguage {
    language_code: Option<String>,
}

impl WireCustomer {
    /// The access media as the studio numbers them.
    pub(super) fn media(&self, format: CardNumberFormat) -> Vec<AccessMedium> {
        let media = self.access_mediums.iter().flatten();
        media.map(|medium| medium.read(format)).collect()
    }
}

/// What the gateway keeps of a customer. Where the studio says something this client does not know, the record
/// keeps the person out rather than in: a status that is none of the three counts as a former member, a block
/// with one date holds on its open side for ever.
pub(super) fn record(customer: WireCustomer, format: CardNumberFormat) -> MemberRecord {
    MemberRecord {
        customer: CustomerId(customer.id),
        status: match customer.status.as_str() {
            "MEMBER" => MemberStatus::Member,
            "PROSPECT" => MemberStatus::Prospect,
            _ => MemberStatus::FormerMember,
        },
        access_refused: customer.access_refusal,
        restrictions: customer
            .access_restrictions
            .into_iter()
            .flatten()
            .map(WireRestriction::read)
            .collect(),
        idle_periods: customer
            .idle_periods
            .into_iter()
            .flatten()
            .map(|period| DateRange {
                first: period.start_date,
                last: period.end_date,
            })
            .collect(),
        benefits: BTreeMap::new(),
        access_code: None,
        access_code_as_of: None,
        credentials: credentials(
            customer.card_numbers,
            customer.access_mediums,
            customer.uuid,
            format,
        ),
        language: customer
            .preferred_language
            .and_then(|language| language.language_code),
        as_of: clock::wall(),
    }
}

/// Everything that opens for a customer. Cards come from `cardNumbers`, which the vendor promises to be in the
/// asked format; media of type `CARD_NUMBER` count only where that list is absent. The `uuid` is what the app's QR
/// code can hold. Unknown types and unreadable numbers are left out: they open nothing.
fn credentials(
    card_numbers: Option<Vec<String>>,
    media: Option<Vec<WireMedium>>,
    uuid: Option<String>,
    format: CardNumberFormat,
) -> Vec<Credential> {
    let media_have_the_cards = card_numbers.is_none();
    let cards = card_numbers
        .into_iter()
        .flatten()
        .filter_map(|text| format.read(&text).ok().map(Credential::Card));
    let others = media
        .into_iter()
        .flatten()
        .map(|medium| medium.read(format))
        .filter(|medium| medium.kind != MediumKind::Card || media_have_the_cards)
        .filter_map(|medium| medium.credential);
    let uuid = uuid.filter(|uuid| !uuid.is_empty()).map(Credential::CodeUuid);
    let mut credentials = Vec::new();
    for credential in cards.chain(others).chain(uuid) {
        if !credentials.contains(&credential) {
            credentials.push(credential);
        }
    }
    credentials
}
