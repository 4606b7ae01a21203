//! One customer as the studio knows it, and its JSON texts. What may be done to a customer is decided by the handlers.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::card::{self, CardNumberFormat};
use super::error::ApiError;
use super::files::Document;
use super::media::{Medium, MediumValue};
use super::members::{
    ACCESS_BENEFIT, FIRST_ID, Identification, SAUNA_BENEFIT, SimulatedMember, Story, VISIT_PASS_BENEFIT,
};
use super::sign_up::Assignment;

/// A customer's record.
#[derive(Clone)]
pub(super) struct Customer {
    pub(super) id: i64,
    pub(super) customer_number: String,
    pub(super) debtor_id: String,
    pub(super) uuid: String,
    pub(super) status: Status,
    pub(super) access_refusal: bool,
    pub(super) restrictions: Vec<Restriction>,
    pub(super) idle_periods: Vec<Days>,
    pub(super) media: Vec<Medium>,
    pub(super) access_code: AccessCode,
    pub(super) benefits: Vec<Benefit>,
    pub(super) studio_id: i64,
    pub(super) person: Person,
    pub(super) additional_fields: Vec<Assignment>,
    pub(super) image_url: String,
    pub(super) documents: Vec<Document>,
    /// From the last weighing, in centimetres.
    pub(super) height: Option<f64>,
}

/// `status` of a customer.
#[derive(Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Status {
    #[default]
    Member,
    Prospect,
    FormerMember,
}

impl Status {
    pub(super) fn of(story: Story) -> Self {
        match story {
            Story::FormerMember => Self::FormerMember,
            Story::Prospect => Self::Prospect,
            _ => Self::Member,
        }
    }
}

/// Calendar days of the studio, both ends included.
#[derive(Clone, Copy)]
pub(super) struct Days {
    pub(super) first: Date,
    pub(super) last: Date,
}

/// An access restriction.
#[derive(Clone)]
pub(super) struct Restriction {
    pub(super) reason: String,
    /// None holds until it is lifted.
    pub(super) days: Option<Days>,
    /// Made through the API; only these may be changed through it.
    pub(super) by_integration: bool,
}

/// What the QR code in the member's app holds.
#[derive(Clone)]
pub(super) struct AccessCode {
    pub(super) content: String,
    pub(super) expires_at: Timestamp,
}

/// An entitlement.
#[derive(Clone)]
pub(super) struct Benefit {
    pub(super) key: String,
    pub(super) valid: bool,
    /// None: as often as one likes.
    pub(super) uses_left: Option<u32>,
}

/// What only the studio has a use for.
#[derive(Clone)]
pub(super) struct Person {
    pub(super) first_name: String,
    pub(super) last_name: String,
    pub(super) date_of_birth: Date,
    pub(super) email: String,
    pub(super) street: String,
    pub(super) zip_code: String,
    pub(super) city: String,
    pub(super) phone: String,
    pub(super) iban: String,
    pub(super) language: String,
}

impl Restriction {
    pub(super) fn json(&self) -> Value {
        match self.days {
            Some(days) => json!({ "reason": self.reason, "startDate": days.first, "endDate": days.last }),
            None => json!({ "reason": self.reason }),
        }
    }
}

impl Days {
    /// The days from `start` to `end`, both or neither of them.
    pub(super) fn given(start: Option<Date>, end: Option<Date>) -> Result<Option<Self>, ApiError> {
        match (start, end) {
            (None, None) => Ok(None),
            (Some(first), Some(last)) if first <= last => Ok(Some(Self { first, last })),
            (Some(_), Some(_)) => Err(ApiError::validation("endDate must not be before startDate.")),
            _ => Err(ApiError::validation(
                "Give both startDate and endDate or neither.",
            )),
        }
    }

    /// From so many days before (negative) or after `day` to so many days before or after it.
    fn around(day: Date, first: i64, last: i64) -> Self {
        Self {
            first: day.saturating_add(first.days()),
            last: day.saturating_add(last.days()),
        }
    }

    fn contains(self, day: Date) -> bool {
        self.first <= day && day <= self.last
    }
}

impl Customer {
    /// How the story of a simulated member looks in the studio's records at `now`, on the day `today` of the studio.
    pub(super) fn of(member: &SimulatedMember, studio_id: i64, now: Timestamp, today: Date) -> Self {
        let story = member.story;
        let position = member.id - FIRST_ID;
        let status = Status::of(story);
        let restriction = |reason: &str, days| Restriction {
            reason: reason.to_owned(),
            days,
            by_integration: false,
        };
        let restrictions = match story {
            Story::RestrictedNow if position / 40 % 2 == 0 => {
                vec![restriction("Payment overdue", Some(Days::around(today, -7, 30)))]
            }
            Story::RestrictedNow => vec![restriction("Broke the house rules", None)],
            Story::RestrictedLastYear => {
                vec![restriction(
                    "Payment overdue",
                    Some(Days::around(today, -400, -365)),
                )]
            }
            _ => Vec::new(),
        };
        let idle_periods = match story {
            Story::Paused => vec![Days::around(today, -14, 30)],
            _ => Vec::new(),
        };
        let [street, _, email, phone, iban] = member.personal_details();
        let entitled = status == Status::Member && story != Story::BenefitMissing;
        let benefit = |key: &str, held: bool, uses_left| Benefit {
            key: key.to_owned(),
            valid: entitled && held,
            uses_left,
        };
        let code_lasts = if story == Story::ExpiredAccessCode {
            -24
        } else {
            24
        }
        .hours();
        let medium = |place: i64, value| Medium {
            id: member.id * 10 + place,
            value,
        };
        Self {
            id: member.id,
            customer_number: member.customer_number.clone(),
            debtor_id: member.debtor_id.clone(),
            uuid: member.uuid.clone(),
            status,
            access_refusal: story == Story::AccessRefused,
            restrictions,
            idle_periods,
            media: vec![
                medium(0, MediumValue::Card(member.uid.clone())),
                medium(1, MediumValue::Barcode(member.barcode.clone())),
                medium(2, MediumValue::Pin(member.pin.clone())),
                medium(3, MediumValue::WalletPass(member.wallet_pass.clone())),
            ],
            access_code: AccessCode {
                content: member.access_code.clone(),
                expires_at: now.saturating_add(code_lasts).unwrap_or(now),
            },
            benefits: vec![
                benefit(ACCESS_BENEFIT, true, None),
                benefit(SAUNA_BENEFIT, position % 2 == 0, None),
                benefit(VISIT_PASS_BENEFIT, true, Some(10)),
            ],
            studio_id,
            person: Person {
                first_name: member.first_name.clone(),
                last_name: member.last_name.clone(),
                date_of_birth: member.date_of_birth(),
                email,
                street,
                zip_code: "00000".to_owned(),
                city: "Sampletown".to_owned(),
                phone,
                iban,
                language: if position % 3 == 0 { "de" } else { "en" }.to_owned(),
            },
            additional_fields: Vec::new(),
            image_url: format!("https://images.example.com/{}", member.uuid),
            documents: Vec::new(),
            height: None,
        }
    }

    /// Whether this identification is the customer's.
    pub(super) fn is(&self, identification: &Identification) -> bool {
        match identification {
            Identification::Uuid(uuid) => self.uuid.eq_ignore_ascii_case(uuid),
            Identification::CustomerNumber(number) => self.customer_number == *number,
            Identification::DebtorId(number) => self.debtor_id == *number,
            Identification::AccessCode(content) => self.access_code.content == *content,
            Identification::Card(uid) => {
                let number = card::number(uid);
                self.media.iter().any(
                    |medium| matches!(&medium.value, MediumValue::Card(own) if card::number(own) == number),
                )
            }
            other => self
                .media
                .iter()
                .any(|medium| medium.value.identification() == *other),
        }
    }

    /// Whether the customer has the benefit now.
    pub(super) fn has_benefit(&self, key: &str) -> bool {
        self.benefits
            .iter()
            .any(|benefit| benefit.key == key && benefit.valid && benefit.uses_left != Some(0))
    }

    /// Whether one of the access restrictions holds on this day.
    pub(super) fn restricted_on(&self, today: Date) -> bool {
        let holds = |restriction: &Restriction| restriction.days.is_none_or(|days| days.contains(today));
        self.restrictions.iter().any(holds)
    }

    /// Whether the membership is paused on this day.
    pub(super) fn paused_on(&self, today: Date) -> bool {
        self.idle_periods.iter().any(|days| days.contains(today))
    }

    /// The record as the API answers it.
    pub(super) fn json(&self, format: CardNumberFormat) -> Value {
        let person = &self.person;
        let cards = self
            .media
            .iter()
            .filter(|medium| matches!(medium.value, MediumValue::Card(_)));
        let idle_periods = (1..).zip(&self.idle_periods).map(|(place, days): (i64, _)| {
            json!({
                "id": self.id * 10 + place,
                "startDate": days.first,
                "endDate": days.last,
                "reason": "Travelling",
                "contract": { "id": self.id, "rateName": "Basic" },
            })
        });
        json!({
            "id": self.id,
            "customerNumber": self.customer_number,
            "firstName": person.first_name,
            "lastName": person.last_name,
            "dateOfBirth": person.date_of_birth,
            "email": person.email,
            "gender": "UNISEX",
            "street": person.street,
            "houseNumber": "1",
            "zipCode": person.zip_code,
            "city": person.city,
            "country": "DE",
            "status": self.status,
            "cardNumbers": cards.map(|medium| medium.value.write(format)).collect::<Vec<_>>(),
            "imageUrl": self.image_url,
            "phonePrivate": person.phone,
            "phonePrivateMobile": person.phone,
            "idlePeriods": idle_periods.collect::<Vec<_>>(),
            "bankAccount": {
                "accountHolder": format!("{} {}", person.first_name, person.last_name),
                "bankName": "Sample Bank",
                "bic": "SAMPLEXXXXX",
                "iban": person.iban,
            },
            "accessRefusal": self.access_refusal,
            "accessRestrictions": self.restrictions.iter().map(Restriction::json).collect::<Vec<_>>(),
            "uuid": self.uuid,
            "studioId": self.studio_id,
            "preferredLanguage": { "languageCode": person.language },
            "additionalInformationFieldAssignments": self.additional_fields,
            "accessMediums": self.media.iter().map(|medium| medium.json(format)).collect::<Vec<_>>(),
        })
    }
}
