//! Devices on real pseudo-terminals. What a pseudo-terminal does not show (baud rate, parity, USB) is listed in
//! `docs/decisions/0003-serial-ports.md`.

mod port;
mod usb_relays;
