//! The client of the studio's API: one function per operation, domain types in and out. The wire types are those
//! of the vendor's published description and never leave this folder. It asks and tells what came of it; it
//! does not remember, repeat, hold back or judge.

mod access_codes;
mod answer;
mod benefits;
mod check_ins;
mod client;
mod contracts;
mod customers;
mod device_api;
mod documents;
mod error;
mod ids;
mod information;
mod measurements;
mod mediums;
mod operation;
mod personal;
mod premises;
mod profiles;
mod restrictions;
mod settings;
mod slices;

mod tls;
mod transport;

pub use check_ins::PastCheckIn;
pub use client::StudioClient;
pub use contracts::{Contract, ContractStatus};
pub use device_api::{CodeType, DeviceAction, DeviceClient, DeviceSettings, Identification};
pub use documents::{Document, Upload};
pub use error::{Detail, StudioError};
pub use ids::{ContractId, DeviceId, DocumentId, InformationFieldId, InformationItemId, MediumId, StudioId};
pub use information::{InformationField, InformationItem, InformationKind, InformationValue};
pub use measurements::{Limbs, Measurement, Weighing};
pub use mediums::{AccessMedium, MediumKind};
pub use operation::Operation;
pub use personal::Personal;
pub use premises::{Closing, Device, DeviceModel, OpeningHours, StudioInformation, Utilization};
pub use profiles::{CustomerKey, CustomerProfile, CustomerSearch, Language, NewCustomer};
pub use settings::{ApiKey, CardNumberFormat, StudioSettings};
pub use slices::Slice;
