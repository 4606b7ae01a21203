//! Elatec readers: TWN3, which sends the bits of a card as text, and TWN4 with its Simple Protocol, which only
//! answers questions (`SearchTag`, DocRev 17).

use super::{Step, card};
use crate::card::bytes_from_hex;
use crate::format::{Format, Profile};
use crate::reading::{Answer, Reading, Reject};
use crate::wiegand::{self, Bits};

/// The longest answer that is a card is below this.
const LONGEST: usize = 64;

/// TWN3: two hex digits of bit count, the bits in hex filled up to whole bytes at the end, CR.
pub(super) fn twn3(profile: &Profile, buffer: &[u8]) -> Step {
    hex_line(buffer, |digits| {
        let bytes = bytes_from_hex::<LONGEST>(digits)?;
        let (count, data) = bytes.split_first().ok_or(Reject::Length)?;
        if data.len() != usize::from(count.div_ceil(8)) {
            return Err(Reject::Length);
        }
        let bits = Bits::from_bytes(data, *count)?;
        wiegand::card(profile, profile.carries, bits).map(Reading::Card)
    })
}

/// TWN4 in text: an answer in hex, CR.
pub(super) fn twn4_text(profile: &Profile, buffer: &[u8]) -> Step {
    hex_line(buffer, |digits| {
        let bytes = bytes_from_hex::<LONGEST>(digits)?;
        match profile.format {
            Format::Twn4SimpleCrc => answer(profile, without_crc(&bytes).ok_or(Reject::Checksum)?),
            _ => answer(profile, &bytes),
        }
    })
}

/// TWN4 in bytes: length of two bytes, low one first, then the answer. Whether a CRC follows is a setting of the
/// reader that the frame does not show; where the last two bytes are the CRC of the rest, they are taken as such.
pub(super) fn twn4_binary(profile: &Profile, buffer: &[u8]) -> Step {
    let (len, rest) = match buffer {
        [len, 0x00, rest @ ..] if (1..=LONGEST).contains(&usize::from(*len)) => (usize::from(*len), rest),
        [len] if (1..=LONGEST).contains(&usize::from(*len)) => return Step::More,
        _ => return Step::Noise(1),
    };
    let Some(payload) = rest.get(..len) else {
        return Step::More;
    };
    match answer(profile, without_crc(payload).unwrap_or(payload)) {
        // Only what is no answer at all may hold the start of one.
        Err(reject) if reject != Reject::ReaderError => Step::Frame(1, Err(reject)),
        answer => Step::Frame(2 + len, answer),
    }
}

/// A line of hexadecimal digits, ended by CR. Only the digits right before the CR count.
fn hex_line(buffer: &[u8], read: impl FnOnce(&[u8]) -> Result<Reading, Reject>) -> Step {
    let digits = buffer.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    match buffer.get(digits) {
        None if digits > 2 * LONGEST => Step::Frame(digits, Err(Reject::TooLong)),
        None => Step::More,
        Some(b'\r') if digits == 0 => Step::Blank(1),
        Some(b'\r') => Step::Frame(digits + 1, read(buffer.get(..digits).unwrap_or_default())),
        Some(b'\n') if digits == 0 => Step::Blank(1),
        Some(_) => Step::Noise(digits + 1),
    }
}

/// CRC-16/MCRF4XX over the answer, low byte first.
pub(super) fn crc(bytes: &[u8]) -> [u8; 2] {
    crc::Crc::<u16>::new(&crc::CRC_16_MCRF4XX)
        .checksum(bytes)
        .to_le_bytes()
}

fn without_crc(bytes: &[u8]) -> Option<&[u8]> {
    let (payload, check) = bytes.split_last_chunk::<2>()?;
    (crc(payload) == *check).then_some(payload)
}

/// An answer: an error number, and after 0 what was asked for. `SearchTag` answers whether there is a tag, its
/// type, its length in bits, the number of bytes and the bytes.
fn answer(profile: &Profile, payload: &[u8]) -> Result<Reading, Reject> {
    match payload {
        [0x01..=0x05, ..] => Err(Reject::ReaderError),
        [0x00, 0x00] => Ok(Reading::Answer(Answer::NoCard)),
        [0x00, 0x01, kind, bits, len, id @ ..] => {
            if id.len() != usize::from(*len) || id.len() != usize::from(bits.div_ceil(8)) {
                return Err(Reject::Length);
            }
            match kind {
                // ISO 14443 type A.
                0x80 => profile.iso14443a(id).map(card),
                _ => profile.uid(id).map(card),
            }
        }
        [0x00, ..] => Answer::payload(payload).map(Reading::Answer),
        _ => Err(Reject::Framing),
    }
}
