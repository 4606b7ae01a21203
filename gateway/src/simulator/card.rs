//! The three ways to write a card number. Written apart from the gateway's own card numbers on purpose, so that a
//! mistake there is not repeated here.

use serde::{Deserialize, Serialize};

/// How a card number is written (`cardNumberFormat` of the studio API).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CardNumberFormat {
    /// Digits of the UID read as one number.
    #[default]
    Decimal,
    /// Hexadecimal digits, most significant byte first.
    HexMsb,
    /// Hexadecimal digits, least significant byte first.
    HexLsb,
}

impl CardNumberFormat {
    /// Writes a UID, given most significant byte first.
    #[must_use]
    pub fn write(self, uid: &[u8]) -> String {
        match self {
            Self::Decimal => number(uid).to_string(),
            Self::HexMsb => hex(uid.iter()),
            Self::HexLsb => hex(uid.iter().rev()),
        }
    }

    /// Reads what [`CardNumberFormat::write`] writes; `None` when the text is not a card number of this format.
    #[must_use]
    pub fn read(self, text: &str) -> Option<Vec<u8>> {
        let mut uid = match self {
            Self::Decimal => {
                if !text.bytes().all(|byte| byte.is_ascii_digit()) {
                    return None;
                }
                let value: u128 = text.parse().ok()?;
                let bytes = value.to_be_bytes();
                bytes.into_iter().skip_while(|byte| *byte == 0).collect()
            }
            Self::HexMsb | Self::HexLsb => {
                if !text.len().is_multiple_of(2) || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                    return None;
                }
                let pairs = text.as_bytes().chunks(2);
                pairs
                    .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
                    .collect::<Option<Vec<u8>>>()?
            }
        };
        if self == Self::HexLsb {
            uid.reverse();
        }
        (!uid.is_empty() && uid.len() <= 10).then_some(uid)
    }
}

/// The UID as one number: two cards are the same when their numbers are.
pub(super) fn number(uid: &[u8]) -> u128 {
    uid.iter().fold(0, |value, byte| value << 8 | u128::from(*byte))
}

fn hex<'a>(bytes: impl Iterator<Item = &'a u8>) -> String {
    bytes.map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_card_is_written_and_read_in_the_three_formats() {
        let uid = [0x04, 0x2b, 0x73, 0x32, 0x1a, 0x31, 0x80];
        for (format, text) in [
            (CardNumberFormat::Decimal, "1173673668653440"),
            (CardNumberFormat::HexMsb, "042b73321a3180"),
            (CardNumberFormat::HexLsb, "80311a32732b04"),
        ] {
            assert_eq!(format.write(&uid), text);
            assert_eq!(format.read(text).unwrap(), uid);
        }
    }

    #[test]
    fn what_is_not_a_card_number_is_not_read() {
        for text in ["", "12x", "-1", "99999999999999999999999999"] {
            assert_eq!(CardNumberFormat::Decimal.read(text), None, "{text}");
        }
        for text in ["", "abc", "xy", "+f", "0102030405060708090a0b"] {
            assert_eq!(CardNumberFormat::HexMsb.read(text), None, "{text}");
        }
    }
}
