//! Converters from Wiegand to serial. They have thrown the parity away: all that is left to check is the exact
//! number of digits.

use super::Step;
use crate::card::{Card, Code, bytes_from_hex};
use crate::format::{Format, Profile};
use crate::keypad;
use crate::reading::{Key, Reading, Reject};
use crate::wiegand::Bits;

/// WG2RS232, WIE232-A: the 24 data bits of a 26-bit frame as six hexadecimal digits. No terminator is
/// documented, so silence ends the frame.
pub(super) fn wg2rs232(buffer: &[u8], quiet: bool) -> Step {
    if !quiet {
        return if buffer.len() > 64 {
            Step::Noise(1)
        } else {
            Step::More
        };
    }
    let read = || match bytes_from_hex::<3>(buffer)?.as_slice() {
        [facility, high, low] => {
            let card = Code {
                value: u64::from(u16::from_be_bytes([*high, *low])),
                bits: 16,
            };
            let facility = Code {
                value: u64::from(*facility),
                bits: 8,
            };
            Ok(Reading::Card(Card::from_number(Some(facility), card, None)))
        }
        _ => Err(Reject::Length),
    };
    Step::Frame(buffer.len(), read())
}

/// S4A: ten decimal digits, CR, LF. A key is one byte without CR and LF: a character from a keypad of four bits,
/// the eight bits of [`Format::W8Compl`] from one of eight.
pub(super) fn s4a(profile: &Profile, buffer: &[u8], quiet: bool) -> Step {
    let digits = buffer.iter().take_while(|byte| byte.is_ascii_digit()).count();
    match (digits, buffer.get(digits), buffer.get(digits + 1)) {
        (10, Some(b'\r'), Some(b'\n')) => Step::Frame(12, number(buffer.get(..10).unwrap_or_default())),
        (0, Some(b'\r' | b'\n'), _) => Step::Blank(1),
        (_, Some(b'\r'), Some(b'\n')) => Step::Frame(digits + 2, Err(Reject::Length)),
        (_, Some(b'\r'), None) | (0..=10, None, _) if !quiet => Step::More,
        (0, Some(_), None) if !quiet => Step::More,
        (0..=1, _, _) if buffer.len() == 1 => Step::Frame(1, key(profile, buffer)),
        (_, Some(_), _) => Step::Noise(digits + 1),
        (_, None, _) => Step::Frame(digits.max(1), Err(Reject::Incomplete)),
    }
}

fn number(digits: &[u8]) -> Result<Reading, Reject> {
    let digits = core::str::from_utf8(digits).map_err(|_| Reject::NotDecimal)?;
    let number: u32 = digits.parse().map_err(|_| Reject::NotDecimal)?;
    if number == 0 || number == u32::MAX {
        return Err(Reject::BlankNumber);
    }
    Ok(Reading::Card(Card::from_number(
        None,
        Code {
            value: u64::from(number),
            bits: 32,
        },
        None,
    )))
}

fn key(profile: &Profile, byte: &[u8]) -> Result<Reading, Reject> {
    let [byte] = byte else { return Err(Reject::Length) };
    let bits = Bits::from_bytes(&[if profile.swapped { !byte } else { *byte }], 8)?;
    let key = Key::from_char(char::from(*byte)).map_or_else(|| keypad::key(Format::W8Compl, bits), Ok)?;
    Ok(Reading::Key(key))
}
