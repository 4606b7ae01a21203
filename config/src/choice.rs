//! Settings that are one of a few words: which words mean what, for reading and for writing.

use toml::de::DeValue;

use crate::settings::{
    Active, AntiPassback, BoardDirection, ByteOrder, CardNumberFormat, CheckInMoment, Clock, Content,
    GpioBackend, KeyLayout, KeyTerminator, LaneMode, LogFormat, LogLevel, Offline, Parity, Terminator,
    WiegandParity,
};
use crate::value::{Complaint, word};

/// A value that is one of a few words.
pub(crate) trait Choice: Copy + 'static {
    /// All of them, in the order in which they are offered.
    const ALL: &'static [Self];
    /// The word in the file.
    fn word(self) -> &'static str;
}

/// One of the choices of `T`.
pub(crate) fn choice<T: Choice>(value: &DeValue<'_>) -> Result<T, Complaint> {
    let words: Vec<&str> = T::ALL.iter().map(|choice| choice.word()).collect();
    let word = word(value, &words)?;
    T::ALL
        .iter()
        .find(|choice| choice.word() == word)
        .copied()
        .ok_or_else(|| Complaint::new("has an unknown value", "not one of the choices", "choose another"))
}

macro_rules! choices {
    ($($type:ident { $($variant:ident = $word:literal),* $(,)? })*) => {
        $(impl Choice for $type {
            const ALL: &'static [Self] = &[$(Self::$variant),*];

            fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }
        })*
    };
}

choices! {
    Clock { Synchronised = "synchronised", Trusted = "trusted" }
    CardNumberFormat { Decimal = "decimal", HexMsb = "hex-msb", HexLsb = "hex-lsb" }
    Offline { Deny = "deny", Members = "members", Everyone = "everyone" }
    AntiPassback { Off = "off", Soft = "soft", Hard = "hard" }
    Parity { None = "none", Even = "even", Odd = "odd" }
    ByteOrder { AsSent = "as-sent", Reversed = "reversed" }
    Terminator { Any = "any", Cr = "cr", Lf = "lf", CrLf = "crlf", Idle = "idle" }
    WiegandParity { Both = "both", Trailing = "trailing", None = "none" }
    KeyLayout { Us = "us" }
    KeyTerminator { Enter = "enter", Tab = "tab", Idle = "idle" }
    GpioBackend { CharacterDevice = "character-device", Rppal = "rppal" }
    Active { High = "high", Low = "low" }
    BoardDirection { A = "a", B = "b" }
    LaneMode { Normal = "normal", Open = "open", Closed = "closed" }
    CheckInMoment { OnGrant = "on-grant", OnPassage = "on-passage" }
    LogLevel { Error = "error", Warn = "warn", Info = "info", Debug = "debug", Trace = "trace" }
    LogFormat { Text = "text", Json = "json" }
}

impl Choice for Content {
    const ALL: &'static [Self] = &[
        Self::Card(CardNumberFormat::Decimal),
        Self::Card(CardNumberFormat::HexMsb),
        Self::Card(CardNumberFormat::HexLsb),
        Self::Code,
        Self::Pin,
    ];

    fn word(self) -> &'static str {
        match self {
            Self::Card(format) => format.word(),
            Self::Code => "code",
            Self::Pin => "pin",
        }
    }
}
