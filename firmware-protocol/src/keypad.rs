//! Keypads on the Wiegand lines: one short frame per key, or a whole PIN in a card-like frame; and the entry
//! that keys make up. Not here: whose PIN it is.
//!
//! Sources: HID 7393760 rev E, HID 7393800 rev D (PIN in 26 bits), Rosslare AY-G/H6xx0 7.5, Camden CV-550, Baltech
//! configuration reference (Wiegand: `PinMessageFormat`, `Mode`).

use core::fmt::Write as _;
use core::time::Duration;

use heapless::String;

use crate::format::{Format, Profile};
use crate::reading::{Key, Keys, Reading, Reject};
use crate::wiegand::{self, Bits};

/// The length of a key's frame; `None` for a format that is no keypad.
pub(crate) fn bits(format: Format) -> Option<u8> {
    match format {
        Format::W4 => Some(4),
        Format::W6Parity | Format::W6Rosslare => Some(6),
        Format::W8Compl | Format::W8Swapped => Some(8),
        Format::W10 | Format::W10Compl | Format::W10Swapped => Some(10),
        _ => None,
    }
}

/// Decodes one key.
pub(crate) fn key(format: Format, frame: Bits) -> Result<Key, Reject> {
    if bits(format) != Some(frame.len()) {
        return Err(Reject::Length);
    }
    let value = frame.iter().fold(0u16, |value, bit| value << 1 | u16::from(bit));
    let byte = if frame.len() == 10 { ten(value)? } else { value };
    let value = u8::try_from(byte).map_err(|_| Reject::Length)?;
    match format {
        Format::W8Compl | Format::W10Compl => halves(value).and_then(|(_, low)| nibble(low)),
        Format::W8Swapped | Format::W10Swapped => halves(value).and_then(|(high, _)| nibble(high)),
        Format::W6Parity => six(value).and_then(nibble),
        // The same code, with 0, * and # one place further.
        Format::W6Rosslare => match six(value)? {
            0xA => Ok(Key::Digit(0)),
            0xB => Ok(Key::Star),
            0xC => Ok(Key::Hash),
            digit @ 1..=9 => Ok(Key::Digit(digit)),
            _ => Err(Reject::UnknownKey),
        },
        _ => nibble(value),
    }
}

pub(crate) fn nibble(value: u8) -> Result<Key, Reject> {
    match value {
        0..=9 => Ok(Key::Digit(value)),
        0xA => Ok(Key::Star),
        0xB => Ok(Key::Hash),
        _ => Err(Reject::UnknownKey),
    }
}

/// The two nibbles of a byte, which are each other's complement.
fn halves(byte: u8) -> Result<(u8, u8), Reject> {
    let (high, low) = (byte >> 4, byte & 0xF);
    if high == !low & 0xF {
        Ok((high, low))
    } else {
        Err(Reject::Complement)
    }
}

/// Ten bits: even parity over the first nibble, odd parity over the second one, the byte between.
fn ten(value: u16) -> Result<u16, Reject> {
    let holds = |value: u16| {
        (value >> 5).count_ones().is_multiple_of(2) && !(value & 0b1_1111).count_ones().is_multiple_of(2)
    };
    match value {
        _ if holds(value) => Ok(value >> 1 & 0xFF),
        _ if holds(!value & 0b11_1111_1111) => Err(Reject::SwappedWires),
        _ => Err(Reject::Parity),
    }
}

/// Six bits: even parity over the first three, odd parity over the last three, four bits of key between.
fn six(value: u8) -> Result<u8, Reject> {
    let holds = |value: u8| {
        (value >> 3).count_ones().is_multiple_of(2) && !(value & 0b111).count_ones().is_multiple_of(2)
    };
    match value {
        _ if holds(value) => Ok(value >> 1 & 0xF),
        _ if holds(!value & 0b11_1111) => Err(Reject::SwappedWires),
        _ => Err(Reject::Parity),
    }
}

/// A PIN as the card number of a 26-bit frame with facility code 0. Any other facility code is a card: reader
/// and keypad share the lines. All ones mean that the entry could not be sent as a number.
pub(crate) fn pin26(profile: &Profile, bits: Bits) -> Result<Reading, Reject> {
    let card = wiegand::card(profile, Format::H10301, bits)?;
    match (card.facility(), card.card()) {
        (Some(0), Some(0xFFFF)) => Err(Reject::PinErrorCode),
        (Some(0), Some(pin)) => {
            let mut digits: String<8> = String::new();
            write!(digits, "{pin}").map_err(|_| Reject::TooLong)?;
            let mut keys = Keys::default();
            digits
                .chars()
                .filter_map(Key::from_char)
                .try_for_each(|key| keys.push(key))?;
            Ok(Reading::Pin(keys))
        }
        _ => Ok(Reading::Card(card)),
    }
}

/// Keys on their way to a PIN: `#` ends the entry, `*` clears it, and so does too long a pause.
#[derive(Clone, Debug)]
pub struct PinEntry {
    timeout: Duration,
    keys: Keys,
    overlong: bool,
    last: Duration,
}

impl PinEntry {
    /// An empty entry. `timeout` is the longest pause between two keys.
    pub fn new(timeout: Duration) -> Self {
        Self {
            timeout,
            keys: Keys::default(),
            overlong: false,
            last: Duration::ZERO,
        }
    }

    /// Takes a key pressed at `now`; hands out the PIN that it ends. An entry that grew too long, or that is
    /// empty, ends without one.
    pub fn press(&mut self, key: Key, now: Duration) -> Option<Keys> {
        self.expire(now);
        self.last = now;
        match key {
            Key::Digit(_) => {
                self.overlong |= self.keys.push(key).is_err();
                None
            }
            Key::Star => {
                self.clear();
                None
            }
            Key::Hash => {
                let whole = !self.overlong && !self.keys.is_empty();
                let keys = self.clear();
                whole.then_some(keys)
            }
        }
    }

    /// Clears an entry that nobody has continued. Calling it too early is harmless.
    pub fn expire(&mut self, now: Duration) {
        if now.saturating_sub(self.last) > self.timeout {
            self.clear();
        }
    }

    fn clear(&mut self) -> Keys {
        self.overlong = false;
        core::mem::take(&mut self.keys)
    }
}
