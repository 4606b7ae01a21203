//! The formats by name, and how one whole frame is decoded. Not here: the stream of bytes ([`crate::serial`])
//! or edges around frames.

use crate::card::{ByteOrder, bytes_from_hex};
use crate::reading::{Reading, Reject};
use crate::serial::line::LineRules;
use crate::serial::{BUFFER, Decoder};

/// How frames of a format arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wiring {
    /// Bits on the two Wiegand lines.
    Wiegand,
    /// Bytes on a serial line, sent when there is something to say.
    Serial,
    /// Bytes on a serial line, only in answer to a question.
    Polled,
}

macro_rules! formats {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $wiring:ident;)*) => {
        /// A format of reader frames.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Format { $($(#[$doc])* $variant,)* }

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

            /// How its frames arrive.
            pub fn wiring(self) -> Wiring {
                match self { $(Self::$variant => Wiring::$wiring,)* }
            }
        }
    };
}

formats! {
    /// EM4100 reader RDM6300, RDM630, Seeed 125 kHz and clones: 02, ten hex digits, two of XOR, 03.
    Rdm6300 = "rdm6300", Serial;
    /// A line of text, as barcode and QR scanners send it.
    Line = "line", Serial;
}

/// How one reader is set up: its format and what it does differently from the format's rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The format of its frames.
    pub format: Format,
    /// The order in which it sends the bytes of a UID.
    pub byte_order: ByteOrder,
    /// What stands around a text; for [`Format::Line`] only.
    pub line: LineRules,
}

impl From<Format> for Profile {
    fn from(format: Format) -> Self {
        Self {
            format,
            byte_order: ByteOrder::default(),
            line: LineRules::default(),
        }
    }
}

/// Decodes one whole frame that is given as text: bits as `0` and `1`, bytes as hexadecimal digits, spaces
/// allowed. Anything after the frame is refused.
pub fn decode(format: Format, input: &str) -> Result<Reading, Reject> {
    decode_with(&Profile::from(format), input)
}

/// [`decode`] for a reader that differs from the format's rule.
pub fn decode_with(profile: &Profile, input: &str) -> Result<Reading, Reject> {
    let bytes = bytes_from_hex::<BUFFER>(input.as_bytes())?;
    Decoder::whole_frame(profile.clone(), &bytes)
}
