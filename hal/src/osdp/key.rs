//! The key of a secure channel. Where it is kept is for others to say.

use std::fmt;

use thiserror::Error;

/// The key of the secure channel between the gateway and one reader (SCBK). `Debug` is redacted.
#[derive(Clone, PartialEq, Eq)]
pub struct Key([u8; Self::LEN]);

impl Key {
    const LEN: usize = 16;

    /// The key that every reader is delivered with (SCBK-D, IEC 60839-11-5 annex D): everybody knows it.
    const DEFAULT: [u8; Self::LEN] = *b"0123456789:;<=>?";

    /// Reads 32 hex digits.
    ///
    /// # Errors
    /// When it is not a key, or one that everybody knows.
    pub fn from_hex(digits: &str) -> Result<Self, KeyError> {
        let digits: Vec<u8> = digits
            .chars()
            .map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
            .collect::<Option<_>>()
            .ok_or(KeyError::NotHex)?;
        let bytes: Vec<u8> = digits
            .chunks(2)
            .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit))
            .collect();
        let key = Self::bytes(&bytes, digits.len())?;
        let same = key
            .windows(2)
            .all(|pair| matches!(pair, [first, second] if first == second));
        match key {
            Self::DEFAULT => Err(KeyError::Default),
            _ if same => Err(KeyError::Weak),
            _ => Ok(Self(key)),
        }
    }

    fn bytes(bytes: &[u8], digits: usize) -> Result<[u8; Self::LEN], KeyError> {
        match bytes.try_into() {
            Ok(key) if digits == 2 * Self::LEN => Ok(key),
            _ => Err(KeyError::Length { digits }),
        }
    }

    pub(super) fn expose(&self) -> [u8; Self::LEN] {
        self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// Why something is no key for a secure channel. Never shows a digit of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum KeyError {
    /// Something else than hex digits.
    #[error(
        "the key holds something else than hex digits: write 32 of them, as `openssl rand -hex 16` makes them"
    )]
    NotHex,
    /// Too long or too short.
    #[error("the key has {digits} hex digits, not 32: make one with `openssl rand -hex 16`")]
    Length {
        /// How many it has.
        digits: usize,
    },
    /// SCBK-D.
    #[error(
        "the key is the one that every OSDP reader is delivered with, so it protects nothing: \
         make one with `openssl rand -hex 16`"
    )]
    Default,
    /// The same byte again and again.
    #[error("the key is one byte, repeated, so it can be guessed: make one with `openssl rand -hex 16`")]
    Weak,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_32_hex_digits_and_does_not_show_itself() {
        let key = Key::from_hex("944b8eddCBAA2b5fe2b0148d1b2f95c9").unwrap();
        assert_eq!(key.expose()[..4], [0x94, 0x4B, 0x8E, 0xDD]);
        assert_eq!(format!("{key:?}"), "Key(..)");
    }

    #[test]
    fn what_is_no_key_or_everybodys_key_is_refused() {
        let refused = |digits: &str| Key::from_hex(digits).unwrap_err();
        assert_eq!(refused(""), KeyError::Length { digits: 0 });
        assert_eq!(
            refused("944b8eddcbaa2b5fe2b0148d1b2f95c"),
            KeyError::Length { digits: 31 }
        );
        assert_eq!(refused(&"ab".repeat(17)), KeyError::Length { digits: 34 });
        assert_eq!(refused("944b8eddcbaa2b5fe2b0148d1b2f95cg"), KeyError::NotHex);
        assert_eq!(refused("303132333435363738393A3B3C3D3E3F"), KeyError::Default);
        assert_eq!(refused(&"00".repeat(16)), KeyError::Weak);
    }
}
