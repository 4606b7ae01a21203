//! What is presented at a reader. A credential is data: it is compared and looked up, never interpreted.

use std::fmt;
use std::hash::{Hash, Hasher};

/// What a person presents. `Debug` is redacted and there is no `Display`, so that none ends in a log.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Credential {
    /// A card or tag by its number.
    Card(CardNumber),
    /// The text of a scanned QR code or barcode.
    Code(String),
    /// The `uuid` of a QR code that holds a JSON text.
    CodeUuid(String),
    /// A number typed at a keypad.
    Pin(String),
    /// A pass in a phone's wallet.
    WalletPass(String),
}

impl Credential {
    /// Whether it can be tried out: typed, or shown on a screen. A card has to be made first.
    pub(super) fn can_be_guessed(&self) -> bool {
        matches!(self, Self::Code(_) | Self::CodeUuid(_) | Self::Pin(_))
    }

    /// A form for logs that lets an operator tell two presentations apart but gives no credential away: the kind,
    /// and for cards the last three digits of the decimal number.
    #[must_use]
    pub fn masked(&self) -> String {
        match self {
            Self::Card(number) => {
                let digits = number.decimal();
                let tail = digits.get(digits.len().saturating_sub(3)..).unwrap_or_default();
                format!("card ***{tail}")
            }
            Self::Code(_) | Self::CodeUuid(_) => "code ***".to_owned(),
            Self::Pin(_) => "pin ***".to_owned(),
            Self::WalletPass(_) => "wallet pass ***".to_owned(),
        }
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

/// The number of a card: its UID as one big-endian integer, with the length where the reader gave one.
///
/// Two numbers are equal when their values are: a reader that sends decimal digits gives no length, and the
/// studio compares by value too.
#[derive(Clone, Copy)]
pub struct CardNumber {
    value: u128,
    length: Option<u8>,
}

/// Why a text or UID is not a card number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardNumberError {
    /// No digits.
    Empty,
    /// A character that is not a digit of the format.
    NotADigit,
    /// More than ten bytes, the longest UID of ISO 14443.
    TooLong,
    /// An odd number of hexadecimal digits.
    HalfByte,
    /// All bits zero or all bits one: what a reader sends when it read nothing.
    Blank,
}

impl fmt::Display for CardNumberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the card number is empty",
            Self::NotADigit => "the card number has a character that is not a digit of its format",
            Self::TooLong => "the card number is longer than ten bytes",
            Self::HalfByte => "the card number has an odd number of hexadecimal digits",
            Self::Blank => "the card number is all zeros or all ones",
        })
    }
}

impl std::error::Error for CardNumberError {}

impl CardNumber {
    /// The longest UID in bytes (ISO 14443, triple size).
    pub const MAX_BYTES: usize = 10;

    /// From UID bytes, most significant (first transmitted) first.
    ///
    /// # Errors
    /// When the UID is empty, too long or blank.
    pub fn from_uid(uid: &[u8]) -> Result<Self, CardNumberError> {
        if uid.is_empty() {
            return Err(CardNumberError::Empty);
        }
        if uid.len() > Self::MAX_BYTES {
            return Err(CardNumberError::TooLong);
        }
        if uid.iter().all(|byte| *byte == 0) || uid.iter().all(|byte| *byte == 0xFF) {
            return Err(CardNumberError::Blank);
        }
        let value = uid.iter().fold(0, |value, byte| value << 8 | u128::from(*byte));
        Ok(Self {
            value,
            length: u8::try_from(uid.len()).ok(),
        })
    }

    /// From decimal digits (`DECIMAL`); leading zeros carry no meaning.
    ///
    /// # Errors
    /// When the text is not a decimal number of at most ten bytes, or zero.
    pub fn from_decimal(text: &str) -> Result<Self, CardNumberError> {
        if text.is_empty() {
            return Err(CardNumberError::Empty);
        }
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(CardNumberError::NotADigit);
        }
        let value: u128 = text.parse().map_err(|_| CardNumberError::TooLong)?;
        match value {
            0 => Err(CardNumberError::Blank),
            value if value >> (8 * Self::MAX_BYTES) != 0 => Err(CardNumberError::TooLong),
            value => Ok(Self { value, length: None }),
        }
    }

    /// From hexadecimal digits, most significant byte first (`HEX_MSB`).
    ///
    /// # Errors
    /// When the text is not a whole number of bytes in hexadecimal digits, or the UID is not one.
    pub fn from_hex_msb(text: &str) -> Result<Self, CardNumberError> {
        let mut bytes = [0; Self::MAX_BYTES];
        let bytes = hex_bytes(text, &mut bytes)?;
        Self::from_uid(bytes)
    }

    /// From hexadecimal digits, least significant byte first (`HEX_LSB`).
    ///
    /// # Errors
    /// As [`CardNumber::from_hex_msb`].
    pub fn from_hex_lsb(text: &str) -> Result<Self, CardNumberError> {
        let mut bytes = [0; Self::MAX_BYTES];
        let bytes = hex_bytes(text, &mut bytes)?;
        bytes.reverse();
        Self::from_uid(bytes)
    }

    /// Decimal digits without leading zeros.
    #[must_use]
    pub fn decimal(&self) -> String {
        self.value.to_string()
    }

    /// Hexadecimal digits, most significant byte first; as many bytes as the UID has, or as the value needs where
    /// the length is not known.
    #[must_use]
    pub fn hex_msb(&self) -> String {
        format!("{:0width$x}", self.value, width = 2 * self.length())
    }

    /// Hexadecimal digits, least significant byte first; length as for [`CardNumber::hex_msb`].
    #[must_use]
    pub fn hex_lsb(&self) -> String {
        self.value
            .to_le_bytes()
            .iter()
            .take(self.length())
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    fn length(&self) -> usize {
        let needed = (128 - self.value.leading_zeros() as usize).div_ceil(8);
        self.length.map_or(needed, usize::from)
    }
}

fn hex_bytes<'a>(
    text: &str,
    bytes: &'a mut [u8; CardNumber::MAX_BYTES],
) -> Result<&'a mut [u8], CardNumberError> {
    let digits = text.as_bytes();
    if digits.is_empty() {
        return Err(CardNumberError::Empty);
    }
    if !digits.len().is_multiple_of(2) {
        return Err(CardNumberError::HalfByte);
    }
    let bytes = bytes
        .get_mut(..digits.len() / 2)
        .ok_or(CardNumberError::TooLong)?;
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
        for digit in pair {
            let digit = char::from(*digit)
                .to_digit(16)
                .ok_or(CardNumberError::NotADigit)?;
            *byte = *byte << 4 | u8::try_from(digit).unwrap_or_default();
        }
    }
    Ok(bytes)
}

impl PartialEq for CardNumber {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl Eq for CardNumber {}

impl Hash for CardNumber {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.value.hash(state);
    }
}

impl fmt::Debug for CardNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CardNumber(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_renderings_of_one_card_are_one_number() {
        let msb = CardNumber::from_hex_msb("042b73321a3180").unwrap();
        assert_eq!(msb.decimal(), "1173673668653440");
        assert_eq!(msb.hex_lsb(), "80311a32732b04");
        assert_eq!(msb, CardNumber::from_decimal("1173673668653440").unwrap());
        assert_eq!(msb, CardNumber::from_hex_lsb("80311A32732B04").unwrap());
    }

    #[test]
    fn a_leading_zero_byte_is_kept_where_the_length_is_known() {
        let number = CardNumber::from_uid(&[0x00, 0xAB, 0xCD]).unwrap();
        assert_eq!(number.hex_msb(), "00abcd");
        assert_eq!(number.hex_lsb(), "cdab00");
        assert_eq!(CardNumber::from_decimal("43981").unwrap().hex_msb(), "abcd");
    }

    #[test]
    fn what_is_not_a_card_number_is_refused_with_its_reason() {
        assert_eq!(CardNumber::from_decimal(""), Err(CardNumberError::Empty));
        assert_eq!(CardNumber::from_decimal("12a"), Err(CardNumberError::NotADigit));
        assert_eq!(CardNumber::from_decimal("+12"), Err(CardNumberError::NotADigit));
        assert_eq!(CardNumber::from_decimal("0000"), Err(CardNumberError::Blank));
        assert_eq!(
            CardNumber::from_decimal(&"9".repeat(40)),
            Err(CardNumberError::TooLong)
        );
        assert_eq!(CardNumber::from_hex_msb("abc"), Err(CardNumberError::HalfByte));
        assert_eq!(CardNumber::from_hex_msb("ffffffff"), Err(CardNumberError::Blank));
        assert_eq!(CardNumber::from_hex_msb("+f"), Err(CardNumberError::NotADigit));
        assert_eq!(CardNumber::from_uid(&[1; 11]), Err(CardNumberError::TooLong));
    }

    #[test]
    fn no_number_is_seen_in_debug_or_masked_form() {
        let credential = Credential::Card(CardNumber::from_decimal("1173673668653440").unwrap());
        assert_eq!(format!("{credential:?}"), "card ***440");
        assert_eq!(format!("{:?}", Credential::Pin("4711".into())), "pin ***");
    }
}
