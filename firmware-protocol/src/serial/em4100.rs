//! Readers of EM4100 cards: five bytes as ten hexadecimal digits, and the exclusive-or of the five as two more.
//!
//! Sources: Seeed 113020002 data sheet, ID-2LA/12LA/20LA data sheet X1.

use super::{Step, xor};
use crate::card::bytes_from_hex;
use crate::format::Profile;
use crate::reading::{Reading, Reject};

const DIGITS: usize = 12;

/// RDM6300 and clones: `02`, twelve digits, `03`.
pub(super) fn rdm6300(profile: &Profile, buffer: &[u8]) -> Step {
    framed(profile, buffer, &[0x03])
}

/// ID-12LA and its sisters: `02`, twelve digits, CR, LF, `03`.
pub(super) fn id12la(profile: &Profile, buffer: &[u8]) -> Step {
    framed(profile, buffer, &[b'\r', b'\n', 0x03])
}

/// EM-18: twelve digits and nothing around them. They are counted from the last silence or other character on.
/// No other position is tried: the exclusive-or of rotated digits is zero too, so the check would let a shifted
/// frame pass.
pub(super) fn bare(profile: &Profile, buffer: &[u8]) -> Step {
    match digits(buffer) {
        (digits, []) if digits.len() < DIGITS => Step::More,
        (digits, _) if digits.len() < DIGITS => Step::Noise(digits.len() + 1),
        (digits, _) => Step::Frame(DIGITS, card(profile, digits)),
    }
}

fn framed(profile: &Profile, buffer: &[u8], end: &[u8]) -> Step {
    let Some((0x02, rest)) = buffer.split_first() else {
        return Step::Noise(1);
    };
    match digits(rest) {
        (digits, []) if digits.len() < DIGITS => Step::More,
        // A stray 02 is noise; a frame that breaks off is worth a word.
        (digits, _) if digits.len() < 4 => Step::Noise(1),
        (digits, _) if digits.len() < DIGITS => Step::Frame(1, Err(Reject::Framing)),
        (_, tail) if tail.len() < end.len() && end.starts_with(tail) => Step::More,
        (_, tail) if !tail.starts_with(end) => Step::Frame(1, Err(Reject::Framing)),
        (digits, _) => match card(profile, digits) {
            Ok(card) => Step::Frame(1 + DIGITS + end.len(), Ok(card)),
            Err(reject) => Step::Frame(1, Err(reject)),
        },
    }
}

/// The hexadecimal digits in front, at most a frame's worth, and what follows them.
fn digits(buffer: &[u8]) -> (&[u8], &[u8]) {
    let len = buffer
        .iter()
        .take(DIGITS)
        .take_while(|byte| byte.is_ascii_hexdigit())
        .count();
    buffer.split_at_checked(len).unwrap_or((buffer, &[]))
}

fn card(profile: &Profile, digits: &[u8]) -> Result<Reading, Reject> {
    let bytes = bytes_from_hex::<6>(digits)?;
    if xor(&bytes) != 0 {
        return Err(Reject::Checksum);
    }
    let uid = profile.uid(bytes.get(..5).ok_or(Reject::Length)?)?;
    Ok(super::card(uid))
}
