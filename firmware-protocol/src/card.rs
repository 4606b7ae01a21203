//! Card numbers: the bytes that a card carries and the ways in which the trade writes them down.
//! Not here: how a number is looked up, and which rendering a studio uses; that is the caller's choice.

use core::fmt;
use core::fmt::Write as _;

use heapless::{String, Vec};

use crate::reading::Reject;

/// The longest UID of ISO 14443: a triple-size one.
pub const UID_MAX: usize = 10;

/// A card number as bytes, most significant first (UID0 first, as ISO 14443 transmits it). Its length matters:
/// a leading `00` belongs to the number. `Debug` is redacted.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Uid {
    bytes: [u8; UID_MAX],
    len: u8,
}

impl Uid {
    /// Takes 1 to 10 bytes, most significant first. All zeros and all ones are what a broken reader says
    /// and are refused.
    pub fn new(bytes: &[u8]) -> Result<Self, Reject> {
        if bytes.iter().all(|&b| b == 0x00) || bytes.iter().all(|&b| b == 0xFF) {
            return Err(Reject::BlankNumber);
        }
        Self::unchecked(bytes)
    }

    /// Like [`Uid::new`] for a card of ISO 14443 type A (NXP AN10927): a four-byte UID that starts with 08 is
    /// drawn anew at every presentation, and one that starts with 88 is the front of a longer UID.
    pub fn iso14443a(bytes: &[u8]) -> Result<Self, Reject> {
        match bytes {
            [0x08, _, _, _] => Err(Reject::RandomUid),
            [0x88, _, _, _] => Err(Reject::PartialUid),
            _ => Self::new(bytes),
        }
    }

    fn unchecked(bytes: &[u8]) -> Result<Self, Reject> {
        let mut uid = Self {
            bytes: [0; UID_MAX],
            len: 0,
        };
        if bytes.is_empty() {
            return Err(Reject::Length);
        }
        uid.bytes
            .get_mut(..bytes.len())
            .ok_or(Reject::Length)?
            .copy_from_slice(bytes);
        uid.len = u8::try_from(bytes.len()).map_err(|_| Reject::Length)?;
        Ok(uid)
    }

    /// The lowest `bits` bits of `value`, in as many whole bytes as they need.
    fn from_value(value: u128, bits: u32) -> Option<Self> {
        let bytes = value.to_be_bytes();
        let len = bits.div_ceil(8) as usize;
        Self::unchecked(bytes.get(bytes.len().checked_sub(len)?..)?).ok()
    }

    /// The bytes, most significant first.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }

    /// The same number from a reader that sends the last byte first.
    pub fn reversed(self) -> Self {
        let mut reversed = self;
        for (to, from) in reversed.bytes.iter_mut().zip(self.as_bytes().iter().rev()) {
            *to = *from;
        }
        reversed
    }

    fn value(&self) -> u128 {
        self.as_bytes()
            .iter()
            .fold(0, |value, &byte| value << 8 | u128::from(byte))
    }

    fn low(&self, bits: u32) -> u128 {
        self.value() & ((1 << bits) - 1)
    }
}

impl fmt::Debug for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Uid(..)")
    }
}

/// What a reader said of a card. At least one of UID and card number is there. `Debug` is redacted.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Card {
    uid: Option<Uid>,
    facility: Option<Code>,
    card: Option<Code>,
    issue: Option<u8>,
}

/// A number of so many bits, as it stands in a frame. `Debug` is redacted.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Code {
    /// The number.
    pub value: u64,
    /// Its width in the frame, at most 64.
    pub bits: u8,
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(..)")
    }
}

impl Card {
    /// A card known by its UID.
    pub fn from_uid(uid: Uid) -> Self {
        Self {
            uid: Some(uid),
            facility: None,
            card: None,
            issue: None,
        }
    }

    /// A card known by its number, below a facility code where there is one.
    pub fn from_number(facility: Option<Code>, card: Code, issue: Option<u8>) -> Self {
        Self {
            uid: None,
            facility,
            card: Some(card),
            issue,
        }
    }

    /// The UID, where the format carries one.
    pub fn uid(&self) -> Option<Uid> {
        self.uid
    }

    /// The facility (site) code.
    pub fn facility(&self) -> Option<u64> {
        self.facility.map(|facility| facility.value)
    }

    /// The card number below the facility code, or the whole number of a format without one.
    pub fn card(&self) -> Option<u64> {
        self.card.map(|card| card.value)
    }

    /// The issue level, which a re-issued card counts up.
    pub fn issue(&self) -> Option<u8> {
        self.issue
    }

    /// The number that [`Rendering`] writes down: the UID; without one, the facility code followed by the card
    /// number, bit by bit as sent, in whole bytes. So 26-bit Wiegand yields three bytes. They identify the card
    /// at this reader, but do not lead back to its UID: the reader has thrown a byte of that away.
    pub fn number(&self) -> Option<Uid> {
        self.uid.or_else(|| {
            let card = self.card?;
            let facility = self.facility.unwrap_or(Code { value: 0, bits: 0 });
            let value = u128::from(facility.value) << card.bits | u128::from(card.value);
            Uid::from_value(value, u32::from(facility.bits) + u32::from(card.bits))
        })
    }

    /// How many bits the number has: of a UID whole bytes, otherwise facility code and card number as they stand in
    /// the frame.
    fn bits(&self) -> u8 {
        let width = |code: Option<Code>| code.map_or(0, |code| code.bits);
        self.uid.map_or_else(
            || width(self.facility).saturating_add(width(self.card)),
            |uid| uid.len.saturating_mul(8),
        )
    }

    /// Writes the number down.
    ///
    /// # Errors
    /// When the rendering does not apply to this card.
    pub fn render(&self, rendering: Rendering) -> Result<Rendered, NotWritten> {
        let mut out = Rendered::new();
        let has = self.bits();
        let bits = |least| NotWritten::Bits { least, has };
        let number = self.number().ok_or(bits(1))?;
        // A reader may send only the low digits of an EM4100 number: they are printed on the card all the same.
        let printed = |low: u8| {
            let there = (low..=EM4100_BITS).contains(&has) && has.is_multiple_of(4);
            there.then(|| number.low(low.into())).ok_or(bits(low))
        };
        let facility_and_card = |most: u32| {
            let facility = self.facility().ok_or(NotWritten::NoFacility)?;
            let card = self.card().filter(|card| *card <= most.into());
            let card = card.ok_or(NotWritten::CardTooGreat { most })?;
            Ok((u128::from(facility), u128::from(card)))
        };
        match rendering {
            Rendering::Decimal => write!(out, "{}", number.value()),
            Rendering::HexMsb => number.as_bytes().iter().try_for_each(|b| write!(out, "{b:02x}")),
            Rendering::HexLsb => number
                .as_bytes()
                .iter()
                .rev()
                .try_for_each(|b| write!(out, "{b:02x}")),
            Rendering::FacilityCardDigits => {
                let (facility, card) = facility_and_card(99_999)?;
                write!(out, "{}", facility * 100_000 + card)
            }
            Rendering::FacilityCardBits => {
                let (facility, card) = facility_and_card(0xFFFF)?;
                write!(out, "{}", facility << 16 | card)
            }
            Rendering::H6D8 => write!(out, "{:08}", printed(24)?),
            Rendering::H6D10 => write!(out, "{:010}", printed(24)?),
            Rendering::H8D10 => write!(out, "{:010}", printed(32)?),
            Rendering::H2D3H4D5 => write!(out, "{:03},{:05}", printed(24)? >> 16, number.low(16)),
            Rendering::H4D5H4D5 => write!(out, "{:05},{:05}", printed(32)? >> 16, number.low(16)),
            Rendering::H10D12 => write!(out, "{:012}", printed(40)?),
            Rendering::H10D13 => write!(out, "{:013}", printed(40)?),
            Rendering::H10D14 => write!(out, "{:014}", printed(40)?),
        }
        .map_err(|fmt::Error| bits(1))?;
        Ok(out)
    }
}

/// The length of the number of an EM4100 card in bits.
const EM4100_BITS: u8 = 40;

/// Why a card cannot be written down in a rendering. The text never holds a digit of the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotWritten {
    /// The number is shorter than what is printed, longer than that of an EM4100 card, or no whole hex digits of it.
    Bits {
        /// The shortest number from which it can be made, in bits.
        least: u8,
        /// The length of this one.
        has: u8,
    },
    /// There is no facility code.
    NoFacility,
    /// The card number is too great for its place.
    CardTooGreat {
        /// The greatest one.
        most: u32,
    },
}

impl fmt::Display for NotWritten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bits { least: 40, has } => write!(f, "it needs a number of 40 bits, and this has {has}"),
            Self::Bits { least, has } => {
                write!(
                    f,
                    "it needs a number of {least} to 40 bits in whole hex digits, and this has {has}"
                )
            }
            Self::NoFacility => f.write_str("it needs a facility code, and this number has none"),
            Self::CardTooGreat { most } => {
                write!(f, "it needs a card number up to {most}, and this one is greater")
            }
        }
    }
}

impl core::error::Error for NotWritten {}

impl fmt::Debug for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Card(..)")
    }
}

/// A number written down. Long enough for ten bytes in decimal. It is a card number: keep it out of logs.
pub type Rendered = String<32>;

/// A way to write a card number down. A studio knows its cards by exactly one of them.
///
/// Numbers above 2^53 lose digits in programs that keep them as floating point: pass them on as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rendering {
    /// The bytes as one big-endian integer, without leading zeros. Going back needs the length of the UID.
    Decimal,
    /// The bytes in hexadecimal, most significant first, lower case, leading zeros kept.
    HexMsb,
    /// The same bytes in reverse order.
    HexLsb,
    /// Facility x 100,000 + card: the digits side by side. Only for card numbers up to 99,999.
    FacilityCardDigits,
    /// Facility x 65,536 + card: the bits side by side. Only for card numbers up to 65,535.
    FacilityCardBits,
    /// EM4100: low 24 bits, 8 digits. Of any number of 24 to 40 bits in whole hex digits, like all of
    /// the low 24.
    H6D8,
    /// EM4100: low 24 bits, 10 digits.
    H6D10,
    /// EM4100: low 32 bits, 10 digits, the number most often printed on a card. Of any number of 32 to 40
    /// bits in whole hex digits.
    H8D10,
    /// EM4100: bits 16-23 and the low 16 bits, `123,14706`.
    H2D3H4D5,
    /// EM4100: bits 16-31 and the low 16 bits, `00123,14706`.
    H4D5H4D5,
    /// EM4100: all 40 bits, 12 digits. Only of a number of 40 bits.
    H10D12,
    /// EM4100: all 40 bits, 13 digits.
    H10D13,
    /// EM4100: all 40 bits, 14 digits.
    H10D14,
}

impl Rendering {
    /// All of them with the name that the config file uses.
    const NAMES: [(Self, &'static str); 13] = [
        (Self::Decimal, "decimal"),
        (Self::HexMsb, "hex-msb"),
        (Self::HexLsb, "hex-lsb"),
        (Self::FacilityCardDigits, "facility-card-digits"),
        (Self::FacilityCardBits, "facility-card-bits"),
        (Self::H6D8, "6h8d"),
        (Self::H6D10, "6h10d"),
        (Self::H8D10, "8h10d"),
        (Self::H2D3H4D5, "2h3d-4h5d"),
        (Self::H4D5H4D5, "4h5d-4h5d"),
        (Self::H10D12, "10h12d"),
        (Self::H10D13, "10h13d"),
        (Self::H10D14, "10h14d"),
    ];

    /// All renderings.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::NAMES.into_iter().map(|(rendering, _)| rendering)
    }

    /// The name in the config file.
    pub fn name(self) -> &'static str {
        Self::NAMES
            .iter()
            .find(|(rendering, _)| *rendering == self)
            .map_or("", |(_, name)| name)
    }

    /// The rendering of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES
            .iter()
            .find(|(_, known)| *known == name)
            .map(|(rendering, _)| *rendering)
    }
}

/// The order in which a reader sends the bytes of a UID.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ByteOrder {
    /// UID0 first, as ISO 14443 transmits it.
    #[default]
    AsSent,
    /// The last byte first.
    Reversed,
}

/// Reads hexadecimal digits of either case, spaces allowed, into bytes.
pub(crate) fn bytes_from_hex<const N: usize>(digits: &[u8]) -> Result<Vec<u8, N>, Reject> {
    let mut bytes = Vec::new();
    let mut high = None;
    for digit in digits.iter().filter(|digit| !digit.is_ascii_whitespace()) {
        let value = char::from(*digit)
            .to_digit(16)
            .and_then(|v| u8::try_from(v).ok())
            .ok_or(Reject::NotHex)?;
        high = match high {
            None => Some(value),
            Some(high) => {
                bytes.push(high << 4 | value).map_err(|_| Reject::TooLong)?;
                None
            }
        };
    }
    if high.is_some() {
        Err(Reject::HalfByte)
    } else {
        Ok(bytes)
    }
}
