//! Member records as they stand on disk: JSON with short names, because a gym has many of them and an SD card wears.
//! Nothing of a person stands in it that no decision needs.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::{
    AccessCode, AccessRestriction, BenefitState, CardNumber, Credential, CustomerId, DateRange, MemberRecord,
    MemberStatus,
};

/// The record of one member. Short names keep it small; a field that is added later has a default, so that what an
/// older version has written stays readable.
#[derive(Serialize, Deserialize)]
pub(super) struct Row {
    #[serde(rename = "s")]
    status: Status,
    #[serde(rename = "x", default, skip_serializing_if = "is_false")]
    access_refused: bool,
    #[serde(rename = "r", default, skip_serializing_if = "Vec::is_empty")]
    restrictions: Vec<Restriction>,
    #[serde(rename = "i", default, skip_serializing_if = "Vec::is_empty")]
    idle_periods: Vec<(Date, Date)>,
    #[serde(rename = "b", default, skip_serializing_if = "BTreeMap::is_empty")]
    benefits: BTreeMap<String, (bool, Timestamp)>,
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    access_code: Option<(String, Option<Timestamp>)>,
    #[serde(rename = "ca", default, skip_serializing_if = "Option::is_none")]
    access_code_as_of: Option<Timestamp>,
    #[serde(rename = "k", default, skip_serializing_if = "Vec::is_empty")]
    credentials: Vec<Key>,
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    #[serde(rename = "t")]
    as_of: Timestamp,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
enum Status {
    #[serde(rename = "m")]
    Member,
    #[serde(rename = "p")]
    Prospect,
    #[serde(rename = "f")]
    FormerMember,
}

#[derive(Serialize, Deserialize)]
struct Restriction {
    #[serde(rename = "w")]
    reason: String,
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    period: Option<(Date, Date)>,
}

/// A credential as it is found on disk: a letter for its kind, then its content. A card is written by its value, so
/// that the same card is found by whatever rendering a reader gives.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Key(String);

impl Key {
    pub(super) fn of(credential: &Credential) -> Self {
        Self(match credential {
            Credential::Card(number) => format!("c{}", number.decimal()),
            Credential::Code(content) => format!("q{content}"),
            Credential::CodeUuid(uuid) => format!("u{uuid}"),
            Credential::Pin(digits) => format!("p{digits}"),
            Credential::WalletPass(pass) => format!("w{pass}"),
        })
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    fn credential(&self) -> Option<Credential> {
        let kind = self.0.chars().next()?;
        let content = self.0.get(kind.len_utf8()..)?;
        Some(match kind {
            'c' => Credential::Card(CardNumber::from_decimal(content).ok()?),
            'q' => Credential::Code(content.to_owned()),
            'u' => Credential::CodeUuid(content.to_owned()),
            'p' => Credential::Pin(content.to_owned()),
            'w' => Credential::WalletPass(content.to_owned()),
            _ => return None,
        })
    }
}

fn is_false(value: &bool) -> bool {
    !value
}

impl From<&MemberRecord> for Row {
    fn from(record: &MemberRecord) -> Self {
        let days = |range: &DateRange| (range.first, range.last);
        Self {
            status: match record.status {
                MemberStatus::Member => Status::Member,
                MemberStatus::Prospect => Status::Prospect,
                MemberStatus::FormerMember => Status::FormerMember,
            },
            access_refused: record.access_refused,
            restrictions: record
                .restrictions
                .iter()
                .map(|restriction| Restriction {
                    reason: restriction.reason.clone(),
                    period: restriction.period.as_ref().map(days),
                })
                .collect(),
            idle_periods: record.idle_periods.iter().map(days).collect(),
            benefits: record
                .benefits
                .iter()
                .map(|(key, state)| (key.clone(), (state.valid, state.as_of)))
                .collect(),
            access_code: record
                .access_code
                .as_ref()
                .map(|code| (code.content.clone(), code.expires_at)),
            access_code_as_of: record.access_code_as_of,
            credentials: record.credentials.iter().map(Key::of).collect(),
            language: record.language.clone(),
            as_of: record.as_of,
        }
    }
}

impl Row {
    /// The record of this customer.
    pub(super) fn into_record(self, customer: CustomerId) -> MemberRecord {
        let days = |(first, last)| DateRange { first, last };
        MemberRecord {
            customer,
            status: match self.status {
                Status::Member => MemberStatus::Member,
                Status::Prospect => MemberStatus::Prospect,
                Status::FormerMember => MemberStatus::FormerMember,
            },
            access_refused: self.access_refused,
            restrictions: self
                .restrictions
                .into_iter()
                .map(|restriction| AccessRestriction {
                    reason: restriction.reason,
                    period: restriction.period.map(days),
                })
                .collect(),
            idle_periods: self.idle_periods.into_iter().map(days).collect(),
            benefits: self
                .benefits
                .into_iter()
                .map(|(key, (valid, as_of))| (key, BenefitState { valid, as_of }))
                .collect(),
            access_code: self
                .access_code
                .map(|(content, expires_at)| AccessCode { content, expires_at }),
            access_code_as_of: self.access_code_as_of,
            credentials: self.credentials.iter().filter_map(Key::credential).collect(),
            language: self.language,
            as_of: self.as_of,
        }
    }
}
