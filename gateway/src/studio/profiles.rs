//! Customers as the front desk needs them: with name and number, found by name, created, moved. Only these
//! operations read or write personal fields.

use jiff::civil::Date;
use reqwest::Method;
use serde::{Deserialize, Serialize};

use super::customers::{WireCustomer, holder_query, record};
use super::information::InformationValue;
use super::{AccessMedium, CardNumberFormat, Operation, Personal, StudioClient, StudioError, StudioId};
use crate::domain::{Credential, CustomerId, MemberRecord};

/// A customer with the fields by which people know each other.
#[derive(Clone, Debug, PartialEq)]
pub struct CustomerProfile {
    /// What the lane keeps of the customer.
    pub record: MemberRecord,
    /// The number on the contract.
    pub number: Option<String>,
    /// The customer's own studio.
    pub studio: Option<StudioId>,
    /// Cards, PINs, barcodes and passes with their numbers.
    pub media: Vec<AccessMedium>,
    /// First name.
    pub first_name: Option<Personal<String>>,
    /// Surname.
    pub last_name: Option<Personal<String>>,
    /// Birthday.
    pub date_of_birth: Option<Personal<Date>>,
    /// E-mail address.
    pub email: Option<Personal<String>>,
    /// A link to the picture, good for 15 minutes.
    pub image_url: Option<Personal<String>>,
}

/// What names one customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CustomerKey {
    /// Something that the customer holds.
    Credential(Credential),
    /// The number on the contract, such as `1-10003`.
    CustomerNumber(String),
    /// The number of the customer's debtor account.
    DebtorId(String),
}

impl CustomerKey {
    /// The query parameters of the key.
    pub(super) fn query(
        &self,
        operation: Operation,
        format: CardNumberFormat,
    ) -> Result<Vec<(&'static str, String)>, StudioError> {
        match self {
            Self::Credential(credential) => holder_query(operation, credential, format),
            Self::CustomerNumber(number) => Ok(vec![("customerNumber", number.clone())]),
            Self::DebtorId(id) => Ok(vec![("debtorId", id.clone())]),
        }
    }
}

/// What to search customers by; all given fields must fit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustomerSearch {
    /// How the first name begins.
    pub first_name: Option<Personal<String>>,
    /// How the surname begins.
    pub last_name: Option<Personal<String>>,
    /// The whole e-mail address.
    pub email: Option<Personal<String>>,
    /// The birthday.
    pub date_of_birth: Option<Personal<Date>>,
}

/// A prospect to create. The studio asks for all fields that are not optional here.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewCustomer {
    /// First name.
    pub first_name: Personal<String>,
    /// Surname.
    pub last_name: Personal<String>,
    /// Birthday.
    pub date_of_birth: Personal<Date>,
    /// E-mail address.
    pub email: Personal<String>,
    /// Language of letters and messages.
    pub language: Language,
    /// Street.
    pub street: Personal<String>,
    /// House number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub house_number: Option<Personal<String>>,
    /// Postal code.
    pub zip_code: Personal<String>,
    /// City.
    pub city: Personal<String>,
    /// Country, ISO 3166-1.
    pub country_code: String,
    /// Mobile telephone number.
    #[serde(rename = "phoneNumberMobile", skip_serializing_if = "Option::is_none")]
    pub phone: Option<Personal<String>>,
    /// The number of this person in the caller's own system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub third_party_id: Option<String>,
    /// Values of the studio's own fields.
    #[serde(
        rename = "additionalInformationFieldAssignments",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub information: Vec<InformationValue>,
}

/// A language, perhaps as spoken in one country.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Language {
    /// ISO 639-1.
    pub language_code: String,
    /// ISO 3166-1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country_code: Option<String>,
}

impl StudioClient {
    /// One customer by id (`getCustomerById`), with personal fields.
    ///
    /// # Errors
    /// When the studio could not be asked or gave no usable answer.
    pub async fn profile(&self, customer: CustomerId) -> Result<Option<CustomerProfile>, StudioError> {
        let format = self.card_number_format();
        let call = self
            .customer_call(Operation::CustomerById, Method::GET, customer, &[])
            .query(&[("cardNumberFormat", format.as_str())]);
        Ok(call.find::<WireProfile>().await?.map(|found| found.read(format)))
    }

    /// One customer by credential or number (`getCustomerBy`), with personal fields.
    ///
    /// # Errors
    /// [`StudioError::KindNotTaken`] for a wallet pass.
    pub async fn profile_by(&self, key: &CustomerKey) -> Result<Option<CustomerProfile>, StudioError> {
        let operation = Operation::CustomerBy;
        let format = self.card_number_format();
        let call = self
            .call(operation, Method::GET, &["v1", "customers", "by"])
            .query(&key.query(operation, format)?);
        Ok(call.find::<WireProfile>().await?.map(|found| found.read(format)))
    }

    /// The customers that fit `search` (`searchCustomers`), with personal fields.
    ///
    /// # Errors
    /// [`StudioError::Refused`] when the search is too wide or empty.
    pub async fn search(&self, search: &CustomerSearch) -> Result<Vec<CustomerProfile>, StudioError> {
        let format = self.card_number_format();
        let path = ["v1", "customers", "search"];
        let found: Vec<WireProfile> = self
            .call(Operation::SearchCustomers, Method::POST, &path)
            .json(&WireSearch {
                first_name: search.first_name.as_ref(),
                last_name: search.last_name.as_ref(),
                email: search.email.as_ref(),
                date_of_birth: search.date_of_birth.as_ref(),
                card_number_format: format.as_str(),
            })
            .answer()
            .await?;
        Ok(found.into_iter().map(|found| found.read(format)).collect())
    }

    /// Creates a prospect (`createCustomer`).
    ///
    /// # Errors
    /// [`StudioError::Refused`] when the studio does not like a field; its message names it.
    pub async fn create_customer(&self, customer: &NewCustomer) -> Result<CustomerId, StudioError> {
        let path = ["v1", "customers", "create"];
        let created: WireCreated = self
            .call(Operation::CreateCustomer, Method::POST, &path)
            .json(customer)
            .answer()
            .await?;
        Ok(CustomerId(created.customer_id))
    }

    /// Moves a customer from this studio to `target` (`switchStudio`), as of `date`, which is today or earlier.
    ///
    /// # Errors
    /// [`StudioError::Refused`] when the customer is not of this studio or `target` is not of the chain.
    pub async fn switch_studio(
        &self,
        customer: CustomerId,
        target: StudioId,
        date: Date,
        description: Option<&str>,
    ) -> Result<(), StudioError> {
        let path = ["switch-studio"];
        self.customer_call(Operation::SwitchStudio, Method::POST, customer, &path)
            .json(&WireSwitch {
                target_studio_id: target,
                switch_date: date,
                description,
            })
            .done()
            .await
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireSearch<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    first_name: Option<&'a Personal<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_name: Option<&'a Personal<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a Personal<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date_of_birth: Option<&'a Personal<Date>>,
    card_number_format: &'static str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireCreated {
    customer_id: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireSwitch<'a> {
    target_studio_id: StudioId,
    switch_date: Date,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireProfile {
    #[serde(flatten)]
    customer: WireCustomer,
    customer_number: Option<String>,
    studio_id: Option<StudioId>,
    first_name: Option<Personal<String>>,
    last_name: Option<Personal<String>>,
    date_of_birth: Option<Personal<Date>>,
    email: Option<Personal<String>>,
    image_url: Option<Personal<String>>,
}

impl WireProfile {
    fn read(self, format: CardNumberFormat) -> CustomerProfile {
        let media = self.customer.media(format);
        CustomerProfile {
            record: record(self.customer, format),
            number: self.customer_number,
            studio: self.studio_id,
            media,
            first_name: self.first_name,
            last_name: self.last_name,
            date_of_birth: self.date_of_birth,
            email: self.email,
            image_url: self.image_url,
        }
    }
}
