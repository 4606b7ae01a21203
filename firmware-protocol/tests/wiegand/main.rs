//! Wiegand from edges to cards, keys and PINs.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod custom;
mod edges;
mod keypads;
mod layouts;
mod round_trips;

use firmware_protocol::wiegand::Bits;
use firmware_protocol::{Card, Profile, Reading, decode_with};

/// Facility 123, card 4567.
const H10301: &str = "10111101100010001110101110";

fn bits(text: &str) -> Bits {
    Bits::parse(text).unwrap()
}

fn card(profile: &Profile, input: &str) -> Card {
    match decode_with(profile, input) {
        Ok(Reading::Card(card)) => card,
        other => panic!("{input}: {other:?}"),
    }
}
