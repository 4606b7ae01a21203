//! The rules of the door from outside: the core is fed with inputs and its effects are looked at. No clock, no file,
//! no network; a month takes seconds.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "this is a test"
)]

mod attackers;
mod benefits;
mod clocks;
mod dates;
mod freshness;
mod gym;
mod hours;
mod month;
mod order;
mod reference;
