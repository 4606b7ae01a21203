//! The formats by name, and how one whole frame is decoded. Not here: the stream of bytes ([`crate::serial`])
//! or edges around frames.

use heapless::Vec;

use crate::card::{ByteOrder, UID_MAX, Uid, bytes_from_hex};
use crate::reading::{Reading, Reject};
use crate::serial::line::LineRules;
use crate::serial::{BUFFER, Decoder};
use crate::wiegand::layout::{Layout, LayoutError, Parity};
use crate::wiegand::{self, Bits};

/// How frames of a format arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wiring {
    /// Bits on the two Wiegand lines.
    Wiegand,
    /// Bytes on a serial line, sent when there is something to say.
    Serial,
    /// Bytes on a serial line, only in answer to a question ([`crate::serial::poll`]).
    Polled,
    /// Characters, as a keyboard types them.
    Typed,
}

macro_rules! formats {
    ($($(#[doc = $meaning:literal])* $variant:ident = $name:literal, $wiring:ident;)*) => {
        /// A format of reader frames.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Format { $($(#[doc = $meaning])* $variant,)* }

        impl Format {
            /// All formats.
            pub const ALL: &'static [Format] = &[$(Format::$variant),*];

            /// The name in the config file and on the command line.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The format of that name.
            pub fn from_name(name: &str) -> Option<Format> {
                Self::ALL.iter().copied().find(|format| format.name() == name)
            }

            /// What it is, in a sentence or two.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => concat!($($meaning),*).trim_ascii(),)* }
            }

            /// How its frames arrive.
            pub fn wiring(self) -> Wiring {
                match self { $(Self::$variant => Wiring::$wiring,)* }
            }
        }
    };
}

formats! {
    /// 26 bits: facility 8, card 16.
    H10301 = "h10301", Wiegand;
    /// 30 bits, parity by halves: card 28 (CDVI).
    Half30 = "half30", Wiegand;
    /// 32 bits without parity: a four-byte UID.
    W32Csn = "w32-csn", Wiegand;
    /// 32 bits with parity: card 30.
    W32P = "w32-p", Wiegand;
    /// 33 bits: facility 7, card 24.
    D10202 = "d10202", Wiegand;
    /// 34 bits: facility 16, card 16. Also Northern N10002, whose leading parity may be wrong.
    H10306 = "h10306", Wiegand;
    /// 34 bits: a four-byte UID. Of a 125 kHz reader, whose numbers are no UIDs, take h10306: the number is the same.
    W34Uid = "w34-uid", Wiegand;
    /// 34 bits: facility 8, card 24.
    Bqt34 = "bqt34", Wiegand;
    /// 34 bits without parity: card 16 in front of facility 11.
    Optus34 = "optus34", Wiegand;
    /// 34 bits without parity: facility 13, issue 3, card 16.
    Smartpass34 = "smartpass34", Wiegand;
    /// 35 bits, HID Corporate 1000: facility 12, card 20.
    C1k35s = "c1k35s", Wiegand;
    /// 37 bits: card 35. No frame tells it from h10304.
    H10302 = "h10302", Wiegand;
    /// 37 bits: facility 16, card 19.
    H10304 = "h10304", Wiegand;
    /// 37 bits, AMAG: facility 6, card 29.
    S10401 = "s10401", Wiegand;
    /// 37 bits, parity rule unknown and not checked: facility 13, card 18.
    P10004 = "p10004", Wiegand;
    /// 40 bits without parity: a five-byte number.
    Raw40 = "raw40", Wiegand;
    /// 40 bits: facility 10, card 28.
    Verkada40 = "verkada40", Wiegand;
    /// 40 bits, Casi-Rusco, without parity: card 38. The last bit is ignored: C10106 badges that differ in it alone
    /// get one number, so take raw40 for them, or custom with facility in bits 2 to 20 and card in 21 to 39.
    Casi40 = "casi40", Wiegand;
    /// 40 bits, Honeywell: facility 12, card 16, exclusive-or of the bytes.
    P10001 = "p10001", Wiegand;
    /// 40 bits, Rosslare: a four-byte UID and the sum of its bytes. Its byte order has to be tried.
    Rosslare40 = "rosslare40", Wiegand;
    /// 42 bits, parity by halves: a five-byte number.
    Half42 = "half42", Wiegand;
    /// 44 bits, CDVI: a five-byte number and the exclusive-or of its nibbles. A keypad code comes as such a
    /// number too: its decimal form is the PIN.
    Cdvi44 = "cdvi44", Wiegand;
    /// 48 bits, HID Corporate 1000: facility 22, card 23.
    C1k48s = "c1k48s", Wiegand;
    /// 50 bits, parity by halves: a six-byte number.
    Half50 = "half50", Wiegand;
    /// 56 bits without parity: a seven-byte UID.
    W56Csn = "w56-csn", Wiegand;
    /// 56 bits, Inner Range, without parity: facility 24, card 32.
    Ir56 = "ir56", Wiegand;
    /// 56 bits, parity by halves: facility 20, card 34.
    Avigilon56 = "avigilon56", Wiegand;
    /// 58 bits, parity by halves: a seven-byte UID.
    Half58 = "half58", Wiegand;
    /// A layout of your own.
    Custom = "custom", Wiegand;
    /// Keypad, 4 bits a key.
    W4 = "w4", Wiegand;
    /// Keypad, 6 bits a key: a nibble between two parity bits.
    W6Parity = "w6-parity", Wiegand;
    /// Keypad, 6 bits a key, Rosslare's own code.
    W6Rosslare = "w6-rosslare", Wiegand;
    /// Keypad, 8 bits a key: the complement, then the nibble.
    W8Compl = "w8-compl", Wiegand;
    /// Keypad, 8 bits a key, Baltech: the nibble, then the complement.
    W8Swapped = "w8-swapped", Wiegand;
    /// Keypad, 10 bits a key, Baltech: a byte that is the key, between two parity bits.
    W10 = "w10", Wiegand;
    /// Keypad, 10 bits a key, Baltech: complement and nibble between two parity bits.
    W10Compl = "w10-compl", Wiegand;
    /// Keypad, 10 bits a key, Baltech: nibble and complement between two parity bits.
    W10Swapped = "w10-swapped", Wiegand;
    /// Keypad, a PIN up to 65,534 in a 26-bit frame of facility 0.
    Pin26 = "pin26", Wiegand;
    /// EM4100 reader RDM6300, RDM630, Seeed 125 kHz and clones: 02, ten hex digits, two of XOR, 03.
    Rdm6300 = "rdm6300", Serial;
    /// EM4100 reader EM-18: the same twelve digits without a frame.
    Em18Bare = "em18-bare", Serial;
    /// EM4100 readers ID-2LA, ID-12LA, ID-20LA: 02, twelve digits, CR, LF, 03.
    Id12la = "id12la", Serial;
    /// Gwiot 7941E: 02, length, type, data, exclusive-or, 03.
    Gwiot7941e = "gwiot7941e", Serial;
    /// Hanwha SSA-R1101, IDTECK SR10 and SR30: 02, eight or ten characters, 03, exclusive-or.
    SsaR1101 = "ssa-r1101", Serial;
    /// Elatec TWN3: number of bits, bits in hex, CR. The bits are a frame of a Wiegand format.
    Twn3Ascii = "twn3-ascii", Serial;
    /// Elatec TWN4, Simple Protocol in text.
    Twn4Simple = "twn4-simple", Polled;
    /// Elatec TWN4, Simple Protocol in text with CRC.
    Twn4SimpleCrc = "twn4-simple-crc", Polled;
    /// Elatec TWN4, Simple Protocol in bytes, with or without CRC.
    Twn4SimpleBin = "twn4-simple-bin", Polled;
    /// NXP PN532 on its serial port (HSU).
    Pn532Hsu = "pn532-hsu", Polled;
    /// Converter WG2RS232, WIE232: the 24 data bits of a 26-bit frame as six hex digits, ended by silence.
    Wg2rs232 = "wg2rs232", Serial;
    /// S4A converter: the number in ten decimal digits, CR, LF; a key as one byte.
    S4aDec = "s4a-dec", Serial;
    /// A line of text, as barcode and QR scanners send it.
    Line = "line", Serial;
    /// A line of hexadecimal digits that are a UID, as readers that act as a keyboard type it.
    Cardno = "cardno", Typed;
}

/// How one reader is set up: its format and what it does differently from the format's rule. Made from the
/// format or by [`Profile::custom`]; the fields are then set as the reader needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The format of its frames.
    pub format: Format,
    /// A keypad on the same Wiegand lines.
    pub keypad: Option<Format>,
    /// Which parity bits of a Wiegand frame must hold.
    pub parity: Parity,
    /// D0 and D1 are swapped and nobody can reach the wires.
    pub swapped: bool,
    /// The order in which it sends the bytes of a UID.
    pub byte_order: ByteOrder,
    /// How many of the bytes it sends are the UID, where it appends filler.
    pub uid_len: Option<u8>,
    /// The Wiegand format inside a serial frame that carries bits.
    pub carries: Format,
    /// The layout of [`Format::Custom`], already validated.
    pub(crate) layout: Option<Layout>,
    /// What stands around a text, for [`Format::Line`] and [`Format::Cardno`].
    pub line: LineRules,
}

impl Profile {
    /// A reader with a layout of its own.
    pub fn custom(layout: Layout) -> Result<Self, LayoutError> {
        layout.validate()?;
        Ok(Self {
            layout: Some(layout),
            ..Self::from(Format::Custom)
        })
    }

    /// A UID as this reader sends it: some append filler bytes, some send the last byte first.
    pub(crate) fn uid(&self, sent: &[u8]) -> Result<Uid, Reject> {
        Uid::new(&self.in_card_order(sent)?)
    }

    /// The same from a card of ISO 14443 type A.
    pub(crate) fn iso14443a(&self, sent: &[u8]) -> Result<Uid, Reject> {
        Uid::iso14443a(&self.in_card_order(sent)?)
    }

    fn in_card_order(&self, sent: &[u8]) -> Result<Vec<u8, UID_MAX>, Reject> {
        let len = self.uid_len.map_or(sent.len(), usize::from);
        let uid = sent.get(..len).ok_or(Reject::Length)?;
        let mut bytes = Vec::from_slice(uid).map_err(|_| Reject::Length)?;
        if self.byte_order == ByteOrder::Reversed {
            bytes.reverse();
        }
        Ok(bytes)
    }
}

impl From<Format> for Profile {
    fn from(format: Format) -> Self {
        Self {
            format,
            keypad: None,
            parity: Parity::default(),
            swapped: false,
            byte_order: ByteOrder::default(),
            uid_len: None,
            carries: Format::H10301,
            layout: None,
            line: LineRules::default(),
        }
    }
}

/// Decodes one whole frame that is given as text: bits as `0` and `1`, bytes as hexadecimal digits (the number
/// itself for [`Format::Cardno`]), spaces allowed. Anything besides the frame is refused.
pub fn decode(format: Format, input: &str) -> Result<Reading, Reject> {
    decode_with(&Profile::from(format), input)
}

/// [`decode`] for a reader that differs from the format's rule.
pub fn decode_with(profile: &Profile, input: &str) -> Result<Reading, Reject> {
    match profile.format.wiring() {
        Wiring::Wiegand => wiegand::decode(profile, Bits::parse(input)?),
        Wiring::Typed => Decoder::whole_frame(profile.clone(), input.as_bytes()),
        Wiring::Serial | Wiring::Polled => {
            let bytes = bytes_from_hex::<BUFFER>(input.as_bytes())?;
            Decoder::whole_frame(profile.clone(), &bytes)
        }
    }
}
