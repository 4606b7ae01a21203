//! From what a reader said to the credential that is looked up: by the reader's settings, never by guessing. A
//! credential is data: nothing in it is ever carried out.

use std::fmt;

use firmware_protocol::{Card, Reading, Rendering};
use serde::Deserialize;

use crate::domain::{CardNumber, CardNumberError, Credential};

/// What the text of a reader means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// A card number in decimal digits.
    Decimal,
    /// A card number in hexadecimal digits, most significant byte first.
    HexMsb,
    /// A card number in hexadecimal digits, least significant byte first.
    HexLsb,
    /// A QR code or barcode.
    Code,
    /// A PIN.
    Pin,
}

impl Content {
    /// The credential that a text of this content is.
    ///
    /// # Errors
    /// When it is to be a card number and is none.
    pub fn credential(self, text: &str) -> Result<Credential, CardNumberError> {
        let number = match self {
            Self::Decimal => CardNumber::from_decimal(text),
            Self::HexMsb => CardNumber::from_hex_msb(text),
            Self::HexLsb => CardNumber::from_hex_lsb(text),
            Self::Code => return Ok(code(text)),
            Self::Pin => return Ok(Credential::Pin(text.to_owned())),
        };
        number.map(Credential::Card)
    }
}

/// Why a read leads to no credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unusable {
    /// It is no card number.
    CardNumber(CardNumberError),
    /// The card cannot be written the way the studio knows its cards.
    Rendering,
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CardNumber(error) => error.fmt(f),
            Self::Rendering => {
                f.write_str("this card cannot be written the way the reader's setting \"number\" asks for")
            }
        }
    }
}

/// The credential that was presented; none for what is no presentation, such as a single key.
///
/// # Errors
/// When the read cannot be looked up.
pub(super) fn credential(
    reading: &Reading,
    content: Content,
    number: Rendering,
) -> Result<Option<Credential>, Unusable> {
    match reading {
        Reading::Card(card) => card_number(card, number).map(|number| Some(Credential::Card(number))),
        Reading::Text(text) => content
            .credential(text.as_str())
            .map(Some)
            .map_err(Unusable::CardNumber),
        Reading::Pin(keys) => Ok(Some(Credential::Pin(keys.as_str().to_owned()))),
        Reading::Key(_) | Reading::Answer(_) => Ok(None),
    }
}

fn card_number(card: &Card, rendering: Rendering) -> Result<CardNumber, Unusable> {
    let number = match rendering {
        // The bytes themselves: the length stays known.
        Rendering::Decimal | Rendering::HexMsb => {
            let number = card.number().ok_or(Unusable::Rendering)?;
            CardNumber::from_uid(number.as_bytes())
        }
        Rendering::HexLsb => {
            let number = card.number().ok_or(Unusable::Rendering)?.reversed();
            CardNumber::from_uid(number.as_bytes())
        }
        printed => {
            let digits = card.render(printed).map_err(|_| Unusable::Rendering)?;
            let digits: String = digits.chars().filter(char::is_ascii_digit).collect();
            CardNumber::from_decimal(&digits)
        }
    };
    number.map_err(Unusable::CardNumber)
}

/// The app's QR code can hold a JSON text; its `uuid` is what the studio finds its owner by.
fn code(text: &str) -> Credential {
    #[derive(Deserialize)]
    struct AppCode {
        uuid: String,
    }
    match serde_json::from_str::<AppCode>(text) {
        Ok(AppCode { uuid }) if !uuid.is_empty() => Credential::CodeUuid(uuid),
        Ok(_) | Err(_) => Credential::Code(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use firmware_protocol::{Format, decode};

    use super::*;

    fn text(text: &str, content: Content) -> Result<Option<Credential>, Unusable> {
        let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
        credential(
            &decode(Format::Line, &(hex + "0d")).unwrap(),
            content,
            Rendering::Decimal,
        )
    }

    fn card(decimal: &str) -> Credential {
        Credential::Card(CardNumber::from_decimal(decimal).unwrap())
    }

    #[test]
    fn a_line_of_text_means_what_the_setting_says() {
        assert_eq!(
            text("1173673668653440", Content::Decimal),
            Ok(Some(card("1173673668653440")))
        );
        assert_eq!(
            text("042b73321a3180", Content::HexMsb),
            Ok(Some(card("1173673668653440")))
        );
        assert_eq!(
            text("80311a32732b04", Content::HexLsb),
            Ok(Some(card("1173673668653440")))
        );
        assert_eq!(
            text("4711", Content::Pin),
            Ok(Some(Credential::Pin("4711".into())))
        );
        assert_eq!(
            text("hello", Content::Decimal),
            Err(Unusable::CardNumber(CardNumberError::NotADigit))
        );
    }

    #[test]
    fn a_scanned_json_text_is_found_by_its_uuid_and_nothing_else_in_it_counts() {
        let json = r#"{"uuid": "8f14e45f", "customer_number": "1-10003", "config": {"open": true}}"#;
        assert_eq!(
            text(json, Content::Code),
            Ok(Some(Credential::CodeUuid("8f14e45f".into())))
        );
        let other = r#"{"config": "open"}"#;
        assert_eq!(
            text(other, Content::Code),
            Ok(Some(Credential::Code(other.into())))
        );
        assert_eq!(
            text("PSZEYAZ7", Content::Code),
            Ok(Some(Credential::Code("PSZEYAZ7".into())))
        );
    }

    #[test]
    fn a_tag_is_looked_up_as_the_studio_writes_it() {
        let tag = decode(Format::Rdm6300, "0233463032423737354432324403").unwrap();
        let number = |rendering| credential(&tag, Content::Code, rendering);
        assert_eq!(number(Rendering::Decimal), Ok(Some(card("270628517330"))));
        assert_eq!(number(Rendering::H8D10), Ok(Some(card("45577682"))));
        assert_eq!(number(Rendering::H2D3H4D5), Ok(Some(card("18330162"))));
        assert_eq!(number(Rendering::FacilityCardBits), Err(Unusable::Rendering));
    }
}
