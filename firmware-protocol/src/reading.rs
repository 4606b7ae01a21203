//! What a reader said, decoded, and why a frame is refused. Not here: who the person is.

use core::fmt;

use heapless::{String, Vec};

use crate::card::Card;

/// The longest text of one read, in bytes: a dense QR code of a wallet pass is well below it.
pub const TEXT_MAX: usize = 256;

/// The longest run of keys that is kept as one entry.
pub const KEYS_MAX: usize = 16;

/// One decoded frame. `Debug` is redacted throughout: a number, a code or a PIN must never reach a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// A card.
    Card(Card),
    /// A barcode, a QR code, or the number of a reader that sends it as text.
    Text(Text),
    /// One key of a keypad.
    Key(Key),
    /// A whole PIN in one frame, as a number: leading zeros are lost.
    Pin(Keys),
    /// An answer of a polled reader that brings no card.
    Answer(Answer),
}

/// Text as scanned, without the frame around it. `Debug` is redacted.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Text(String<TEXT_MAX>);

impl Text {
    /// Takes printable UTF-8.
    pub fn new(bytes: &[u8]) -> Result<Self, Reject> {
        let text = core::str::from_utf8(bytes).map_err(|_| Reject::NotText)?;
        if text.is_empty() || text.chars().any(char::is_control) {
            return Err(Reject::NotText);
        }
        String::try_from(text).map(Self).map_err(|_| Reject::TooLong)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One key of a keypad. `Debug` is redacted: keys make up PINs.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Key {
    /// `0` to `9`.
    Digit(u8),
    /// `*`, which clears an entry.
    Star,
    /// `#`, which ends an entry.
    Hash,
}

impl Key {
    /// The key whose character this is.
    pub fn from_char(character: char) -> Option<Self> {
        match character {
            '*' => Some(Self::Star),
            '#' => Some(Self::Hash),
            _ => character
                .to_digit(10)
                .and_then(|digit| u8::try_from(digit).ok())
                .map(Self::Digit),
        }
    }

    /// What is printed on the key.
    pub fn as_char(self) -> char {
        match self {
            Self::Digit(digit) => char::from_digit(u32::from(digit), 10).unwrap_or('?'),
            Self::Star => '*',
            Self::Hash => '#',
        }
    }
}

/// Keys pressed one after the other, as a PIN. `Debug` is redacted.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Keys(String<KEYS_MAX>);

impl Keys {
    /// Adds a key; says no once the entry is full.
    pub fn push(&mut self, key: Key) -> Result<(), Reject> {
        self.0.push(key.as_char()).map_err(|_| Reject::TooLong)
    }

    /// The keys in order, `"1234"`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True before the first key.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// An answer of a polled reader that brings no card.
#[derive(Clone, PartialEq, Eq)]
pub enum Answer {
    /// The command arrived.
    Ack,
    /// The command did not arrive whole; send it again.
    Nack,
    /// Asked for a card; there is none in the field.
    NoCard,
    /// Any other answer, without the frame around it.
    Payload(Vec<u8, TEXT_MAX>),
}

impl Answer {
    pub(crate) fn payload(bytes: &[u8]) -> Result<Self, Reject> {
        Vec::from_slice(bytes)
            .map(Self::Payload)
            .map_err(|_| Reject::TooLong)
    }
}

macro_rules! redacted {
    ($($name:ident)*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    )*};
}
redacted!(Text Key Keys Answer);

/// Why a frame is refused. The text never holds a digit of the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reject {
    /// The frame has another length than its format.
    Length,
    /// More bytes than any frame of this format has.
    TooLong,
    /// The line went quiet in the middle of a frame.
    Incomplete,
    /// The fixed bytes around the data are not where they belong.
    Framing,
    /// Another frame behind the one that was to be decoded alone.
    SecondFrame,
    /// The checksum does not fit the data.
    Checksum,
    /// The parity bits do not fit the data.
    Parity,
    /// The parity bits do not fit, but would if D0 and D1 were swapped.
    SwappedWires,
    /// An edge was lost.
    MissedEdge,
    /// Edges faster than any reader sends them.
    TooFast,
    /// The two halves of a key's frame are not each other's complement.
    Complement,
    /// A frame that belongs to no key.
    UnknownKey,
    /// The keypad says that the entry was no PIN.
    PinErrorCode,
    /// The reader answered with an error.
    ReaderError,
    /// Data from a card that is not its number.
    NotANumber,
    /// The custom format has no layout, or this format has none.
    NoLayout,
    /// A character that is not `0` or `1`.
    NotBits,
    /// A character that is not a hexadecimal digit.
    NotHex,
    /// An odd number of hexadecimal digits.
    HalfByte,
    /// A character that is not a decimal digit, or a decimal number too great for its format.
    NotDecimal,
    /// Not printable text.
    NotText,
    /// The configured prefix or suffix is missing.
    Affix,
    /// A number of all zeros or all ones.
    BlankNumber,
    /// A UID that the card draws anew each time: it begins with 08 (NXP AN10927).
    RandomUid,
    /// The front half of a longer UID: it begins with 88.
    PartialUid,
}

/// What it may be instead of a UID that is no use.
macro_rules! no_uid {
    () => {
        "the reader sends the bytes in the other order (setting byte_order), or it is a 125 kHz reader, \
         whose numbers are no UIDs (format h10306 reads them from 34 bits)"
    };
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Length => "wrong length for this format",
            Self::TooLong => "too long for this format",
            Self::Incomplete => "the frame broke off in the middle",
            Self::Framing => "not a frame of this format",
            Self::SecondFrame => "more than one frame: give one alone",
            Self::Checksum => "the checksum does not fit the data",
            Self::Parity => "the parity bits do not fit the data",
            Self::SwappedWires => "the parity bits do not fit; D0 and D1 seem to be swapped at the reader",
            Self::MissedEdge => "an edge was lost, so the frame is not whole",
            Self::TooFast => "edges too close together: noise on the line",
            Self::Complement => "the two halves of the key code are not each other's complement",
            Self::UnknownKey => "a code that belongs to no key",
            Self::PinErrorCode => "the keypad reports an error code instead of a PIN",
            Self::ReaderError => "the reader answers with an error",
            Self::NotANumber => "data from a card that is not its number",
            Self::NoLayout => "no layout of bits is set for this format",
            Self::NotBits => "a character that is not 0 or 1",
            Self::NotDecimal => "not a decimal number of this format",
            Self::NotHex => "a character that is not a hexadecimal digit",
            Self::HalfByte => "an odd number of hexadecimal digits: one is missing or too many",
            Self::NotText => "not printable text",
            Self::Affix => "the configured prefix or suffix is missing",
            Self::BlankNumber => "a number of all zeros or all ones, as a faulty reader sends it",
            Self::RandomUid => concat!(
                "the card shows another random number each time and cannot be used; or ",
                no_uid!()
            ),
            Self::PartialUid => concat!("only the first half of a longer card number; or ", no_uid!()),
        })
    }
}

impl core::error::Error for Reject {}
