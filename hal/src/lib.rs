//! The devices of a lane: readers, relays, inputs, indicators and displays as asynchronous tasks. Knows nothing of the
//! configuration file, of members or of decisions.
//!
//! Every device is a future that the gateway runs as a task. A reader sends [`ReaderEvent`]s, an input
//! [`input::InputEvent`]s; a relay, an indicator and a display are asked through a handle. A device that goes away is
//! awaited for ever and says so once; it never ends the task.

pub mod board;
pub mod clock;
mod connection;
pub mod display;
pub mod gpio;
mod gpio_relay;
pub mod indicator;
pub mod input;
pub mod keyboard;
#[cfg(feature = "osdp")]
pub mod osdp;
pub mod polled;
pub mod reader;
pub mod relay;
pub mod serial;
pub mod simulated;
pub mod usb_relay;
pub mod wiegand;

pub use connection::{DisconnectCause, DisconnectReason};
pub use gpio_relay::gpio_relay;
pub use reader::{ReaderEvent, ReaderEventKind, Rejection};
