//! The studio client against a real HTTP server that answers well, badly or not at all.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests stop at the first surprise"
)]

mod answers;
mod calls;
mod contract;
mod desk;
mod failures;
mod lookups;
mod server;
mod tls;
mod writes;
