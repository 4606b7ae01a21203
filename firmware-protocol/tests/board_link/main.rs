//! Host and board joined by a line on simulated time: what must hold whatever the line does to the bytes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod any_line;
mod bad_line;
mod contacts;
mod good_line;
mod not_known;
mod rig;
mod waiting;
