//! Decoders of reader frames and the link protocol to a turnstile board. No I/O, no clock, no allocation:
//! bytes and timed edges go in, reads come out.
#![no_std]
#![allow(
    clippy::large_enum_variant,
    reason = "there is no heap to put the big variants on"
)]

pub mod board;
pub mod card;
pub mod format;
pub mod keypad;
pub mod reading;
pub mod serial;
pub mod wiegand;

pub use card::{ByteOrder, Card, NotWritten, Rendering, Uid};
pub use format::{Format, Profile, Wiring, decode, decode_with};
pub use reading::{Answer, Key, Keys, Reading, Reject, Text};
pub use serial::Decoder;
