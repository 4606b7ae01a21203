//! Readers of EM4100 cards: five bytes as ten hexadecimal digits, and the exclusive-or of the five as two more.

use super::{Step, xor};
use crate::card::{Card, Uid, bytes_from_hex};
use crate::reading::{Reading, Reject};

/// RDM6300 and clones: `02`, twelve digits, `03`.
pub(super) fn rdm6300(buffer: &[u8]) -> Step {
    framed::<14>(buffer, |frame| matches!(frame, [0x02, .., 0x03]))
}

/// A frame of `N` bytes that starts with `02` and twelve digits and ends as `closed` says.
fn framed<const N: usize>(buffer: &[u8], closed: fn(&[u8; N]) -> bool) -> Step {
    let digits = buffer
        .iter()
        .skip(1)
        .take(12)
        .take_while(|byte| byte.is_ascii_hexdigit())
        .count();
    match buffer.first_chunk::<N>() {
        _ if buffer.first() != Some(&0x02) => Step::Noise(1),
        _ if digits < 12 && digits + 1 < buffer.len() => Step::Frame(1, Err(Reject::Framing)),
        None => Step::More,
        Some(frame) if !closed(frame) => Step::Frame(1, Err(Reject::Framing)),
        Some(frame) => match card(frame.get(1..13).unwrap_or_default()) {
            Ok(card) => Step::Frame(N, Ok(card)),
            Err(reject) => Step::Frame(N, Err(reject)),
        },
    }
}

/// Twelve digits to a card.
fn card(digits: &[u8]) -> Result<Reading, Reject> {
    let bytes = bytes_from_hex::<6>(digits)?;
    if xor(&bytes) != 0 {
        return Err(Reject::Checksum);
    }
    let uid = Uid::new(bytes.get(..5).ok_or(Reject::Length)?)?;
    Ok(Reading::Card(Card::from_uid(uid)))
}
