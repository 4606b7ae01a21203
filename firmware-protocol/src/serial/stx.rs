//! Readers with frames in STX and ETX and a check byte: Gwiot 7941E, and the Hanwha and IDTECK readers that put
//! the check behind the ETX.

use super::{Step, card, xor};
use crate::format::Profile;
use crate::keypad;
use crate::reading::{Key, Reading, Reject, Text};

const STX: u8 = 0x02;
const ETX: u8 = 0x03;

/// Gwiot 7941E (manual r1.00): `02`, length of the whole frame, type, data, exclusive-or from length to data,
/// `03`. The data may contain `02` and `03`, so the length alone says where the frame ends.
pub(super) fn gwiot7941e(profile: &Profile, buffer: &[u8]) -> Step {
    const AROUND: usize = 5;
    const LONGEST: usize = 40;
    let (len, frame) = match buffer {
        [STX] => return Step::More,
        [STX, len, ..] if (AROUND + 1..=LONGEST).contains(&usize::from(*len)) => {
            (usize::from(*len), buffer.get(..usize::from(*len)))
        }
        _ => return Step::Noise(1),
    };
    match frame {
        None => Step::More,
        Some([_, sealed @ .., bcc, ETX]) if xor(sealed) == *bcc => match sealed {
            [_, kind, data @ ..] => Step::Frame(len, gwiot_data(profile, *kind, data)),
            _ => Step::Noise(1),
        },
        Some([.., ETX]) => Step::Frame(1, Err(Reject::Checksum)),
        Some(_) => Step::Noise(1),
    }
}

fn gwiot_data(profile: &Profile, kind: u8, data: &[u8]) -> Result<Reading, Reject> {
    match (kind, data) {
        // MIFARE 1K and 4K, CPU cards: type A of ISO 14443.
        (0x01 | 0x03 | 0x50, _) => profile.iso14443a(data).map(card),
        // Sector data.
        (0x51, _) => Err(Reject::NotANumber),
        // The keypad. The manual does not say whether as a character or as a number.
        (0xFF, [key]) => Key::from_char(char::from(*key))
            .map_or_else(|| keypad::nibble(*key), Ok)
            .map(Reading::Key),
        (0xFF, _) => Err(Reject::UnknownKey),
        _ => profile.uid(data).map(card),
    }
}

/// Hanwha SSA-R1101, IDTECK SR10 and SR30: `02`, eight or ten characters, `03`, exclusive-or of all of these.
pub(super) fn ssa_r1101(buffer: &[u8]) -> Step {
    let Some((&STX, rest)) = buffer.split_first() else {
        return Step::Noise(1);
    };
    let text = rest.iter().take_while(|byte| byte.is_ascii_graphic()).count();
    let frame = buffer.get(..text + 3);
    match (text, rest.get(text)) {
        (0..=10, None) => Step::More,
        (8 | 10, Some(&ETX)) => match frame {
            None => Step::More,
            Some(frame) if xor(frame) != 0 => Step::Frame(1, Err(Reject::Checksum)),
            Some(frame) => {
                let text = frame.get(1..=text).unwrap_or_default();
                Step::Frame(frame.len(), Text::new(text).map(Reading::Text))
            }
        },
        (0..4, _) => Step::Noise(1),
        _ => Step::Frame(1, Err(Reject::Framing)),
    }
}
