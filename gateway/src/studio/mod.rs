//! The client of the studio's API: one function per operation, domain types in and out. The wire types are those
//! of the vendor's published description and never leave this folder. It asks and tells what came of it; it
//! does not remember, repeat, hold back or judge.

mod access_codes;
mod benefits;
mod check_ins;
mod client;
mod customers;
mod error;
mod operation;
mod settings;
mod slices;
mod transport;

pub use check_ins::PastCheckIn;
pub use client::StudioClient;
pub use error::{Detail, StudioError};
pub use operation::Operation;
pub use settings::{ApiKey, CardNumberFormat, StudioSettings};
pub use slices::Slice;
