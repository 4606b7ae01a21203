//! Devices on real pseudo-terminals. What a pseudo-terminal does not show (baud rate, parity, USB) is listed in
//! `docs/decisions/0003-serial-ports.md`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod boards;
mod indicators;
mod inputs;
mod keyboards;
#[cfg(feature = "osdp")]
mod osdp;
mod polled_readers;
mod port;
mod serial_formats;
mod serial_readers;
mod simulated;
mod uinput;
mod usb_relays;
