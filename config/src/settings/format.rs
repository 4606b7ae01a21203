//! The frame formats that the file may name, and the ways to write the number of a card: which of them go together.
//! How a frame is read is not known here.

/// A frame format that a reader may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// Its name in the file.
    pub name: &'static str,
    /// Where it belongs.
    pub kind: FormatKind,
    /// What its cards are known by.
    pub cards: CardNumbers,
}

/// Where a frame format belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormatKind {
    /// A serial port: cards.
    Serial,
    /// A serial port: cards, but only in answer to a question.
    Polled,
    /// A serial port: text, so that the file must say what the text is.
    Text,
    /// Wiegand lines: cards.
    Wiegand,
    /// Wiegand lines: the keys of a keypad, alone or beside cards.
    Keypad,
}

/// What the cards of a format are known by, as far as the format says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardNumbers {
    /// A UID. `bytes` are the lengths that it can have; none: any.
    Uid {
        /// Its lengths in bytes.
        bytes: &'static [u8],
    },
    /// A card number.
    Card {
        /// Its bits, together with those of the facility code.
        bits: u8,
        /// Whether there is a facility code.
        facility: bool,
    },
    /// The format does not say.
    Unknown,
}

/// The lengths that a UID can have at all, in bytes.
const BYTES: &[u8] = &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

/// What is printed on EM4100 cards, and how many bits of the number it is made of.
const PRINTED: [(&str, u8); 8] = [
    ("6h8d", 24),
    ("6h10d", 24),
    ("8h10d", 32),
    ("2h3d-4h5d", 24),
    ("4h5d-4h5d", 32),
    ("10h12d", 40),
    ("10h13d", 40),
    ("10h14d", 40),
];

impl CardNumbers {
    /// A UID of so many bytes, 1 to 10.
    pub(crate) fn uid(bytes: u8) -> Self {
        let position = usize::from(bytes);
        Self::Uid {
            bytes: BYTES
                .get(position.saturating_sub(1)..position)
                .unwrap_or_default(),
        }
    }

    /// The same where only so many of the bytes are the UID.
    pub(crate) fn cut(self, uid_length: Option<u8>) -> Self {
        match (self, uid_length) {
            (Self::Uid { .. }, Some(length)) => Self::uid(length),
            _ => self,
        }
    }

    /// Why none of these cards can be written in this one of [`NUMBERS`]; `None` when some or all can.
    #[must_use]
    pub fn refusal(self, number: &str) -> Option<String> {
        let printed = PRINTED.iter().find(|(name, _)| *name == number);
        let lengths: Vec<u8> = match self {
            Self::Unknown => return None,
            Self::Uid { bytes } => bytes.iter().map(|bytes| bytes * 8).collect(),
            Self::Card { bits, .. } => vec![bits],
        };
        match printed {
            Some((_, least)) => {
                let fits = |bits: &u8| (*least..=40).contains(bits) && bits.is_multiple_of(4);
                if lengths.is_empty() || lengths.iter().any(fits) {
                    return None;
                }
                let lengths: Vec<String> = lengths.iter().map(u8::to_string).collect();
                let needed = if *least == 40 {
                    "40".to_owned()
                } else {
                    format!("{least} to 40, in whole hex digits")
                };
                Some(format!(
                    "it needs a number of {needed} bits, and these have {}",
                    lengths.join(" or ")
                ))
            }
            None if number.starts_with("facility") && !matches!(self, Self::Card { facility: true, .. }) => {
                Some("these cards have no facility code".to_owned())
            }
            None => None,
        }
    }

    /// Those of [`NUMBERS`] in which these cards can be written.
    pub(crate) fn possible(self) -> Vec<&'static str> {
        let possible = |number: &&str| self.refusal(number).is_none();
        NUMBERS.iter().copied().filter(possible).collect()
    }
}

impl Format {
    /// The format whose frames carry the bits of a Wiegand format.
    pub const CARRIER: &'static str = "twn3-ascii";

    /// The one of [`FORMATS`] of that name.
    pub(crate) fn of(name: &str) -> Option<&'static Self> {
        FORMATS.iter().find(|format| format.name == name)
    }

    const fn new(kind: FormatKind, name: &'static str, cards: CardNumbers) -> Self {
        Self { name, kind, cards }
    }

    const fn serial(name: &'static str, cards: CardNumbers) -> Self {
        Self::new(FormatKind::Serial, name, cards)
    }

    const fn polled(name: &'static str, bytes: &'static [u8]) -> Self {
        Self::new(FormatKind::Polled, name, CardNumbers::Uid { bytes })
    }

    /// A Wiegand format with a facility code.
    const fn facility(name: &'static str, bits: u8) -> Self {
        let facility = true;
        Self::new(FormatKind::Wiegand, name, CardNumbers::Card { bits, facility })
    }

    /// A Wiegand format with a card number and nothing else.
    const fn card(name: &'static str, bits: u8) -> Self {
        let facility = false;
        Self::new(FormatKind::Wiegand, name, CardNumbers::Card { bits, facility })
    }

    /// A Wiegand format with a UID.
    const fn uid(name: &'static str, bytes: &'static [u8]) -> Self {
        Self::new(FormatKind::Wiegand, name, CardNumbers::Uid { bytes })
    }

    const fn keypad(name: &'static str) -> Self {
        Self::new(FormatKind::Keypad, name, CardNumbers::Unknown)
    }
}

/// The number of an EM4100 card.
const EM4100: CardNumbers = CardNumbers::Uid { bytes: &[5] };
/// UIDs of whatever cards a reader knows.
const ANY_UID: CardNumbers = CardNumbers::Uid { bytes: &[] };

/// Every frame format that the file may name: the only list of them. A layout of one's own is
/// [`WiegandFormat::Custom`](super::WiegandFormat::Custom).
pub const FORMATS: &[Format] = &[
    Format::serial("rdm6300", EM4100),
    Format::serial("em18-bare", EM4100),
    Format::serial("id12la", EM4100),
    Format::serial("gwiot7941e", ANY_UID),
    Format::serial("ssa-r1101", CardNumbers::Unknown),
    Format::serial(Format::CARRIER, CardNumbers::Unknown),
    Format::polled("twn4-simple", &[]),
    Format::polled("twn4-simple-crc", &[]),
    Format::polled("twn4-simple-bin", &[]),
    Format::polled("pn532-hsu", &[4, 7, 10]),
    Format::serial(
        "wg2rs232",
        CardNumbers::Card {
            bits: 24,
            facility: true,
        },
    ),
    Format::serial(
        "s4a-dec",
        CardNumbers::Card {
            bits: 32,
            facility: false,
        },
    ),
    Format::new(FormatKind::Text, "line", CardNumbers::Unknown),
    Format::facility("h10301", 24),
    Format::card("half30", 28),
    Format::uid("w32-csn", &[4]),
    Format::card("w32-p", 30),
    Format::facility("d10202", 31),
    Format::facility("h10306", 32),
    Format::uid("w34-uid", &[4]),
    Format::facility("bqt34", 32),
    Format::facility("optus34", 27),
    Format::facility("smartpass34", 29),
    Format::facility("c1k35s", 32),
    Format::card("h10302", 35),
    Format::facility("h10304", 35),
    Format::facility("s10401", 35),
    Format::facility("p10004", 31),
    Format::uid("raw40", &[5]),
    Format::facility("verkada40", 38),
    Format::card("casi40", 38),
    Format::facility("p10001", 28),
    Format::uid("rosslare40", &[4]),
    Format::uid("half42", &[5]),
    Format::uid("cdvi44", &[5]),
    Format::facility("c1k48s", 45),
    Format::uid("half50", &[6]),
    Format::uid("w56-csn", &[7]),
    Format::facility("ir56", 56),
    Format::facility("avigilon56", 54),
    Format::uid("half58", &[7]),
    Format::facility("pin26", 24),
    Format::keypad("w4"),
    Format::keypad("w6-parity"),
    Format::keypad("w6-rosslare"),
    Format::keypad("w8-compl"),
    Format::keypad("w8-swapped"),
    Format::keypad("w10"),
    Format::keypad("w10-compl"),
    Format::keypad("w10-swapped"),
];

/// How the number of a card may be written: the only list of the ways, `decimal` first. Those with an `h` are what
/// is printed on EM4100 cards: how many hex digits of the number make how many decimal digits.
pub const NUMBERS: &[&str] = &[
    "decimal",
    "hex-msb",
    "hex-lsb",
    "facility-card-digits",
    "facility-card-bits",
    "6h8d",
    "6h10d",
    "8h10d",
    "2h3d-4h5d",
    "4h5d-4h5d",
    "10h12d",
    "10h13d",
    "10h14d",
];
