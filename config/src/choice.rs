//! Settings that are one of a few words: which words mean what, for reading and for writing.

use toml::de::DeValue;

use crate::settings::{CardNumberFormat, CheckInMoment, Content, LogFormat, LogLevel, Offline, Parity};
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

impl Choice for CardNumberFormat {
    const ALL: &'static [Self] = &[Self::Decimal, Self::HexMsb, Self::HexLsb];

    fn word(self) -> &'static str {
        match self {
            Self::Decimal => "decimal",
            Self::HexMsb => "hex-msb",
            Self::HexLsb => "hex-lsb",
        }
    }
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

impl Choice for Offline {
    const ALL: &'static [Self] = &[Self::Deny, Self::Members, Self::Everyone];

    fn word(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::Members => "members",
            Self::Everyone => "everyone",
        }
    }
}

impl Choice for Parity {
    const ALL: &'static [Self] = &[Self::None, Self::Even, Self::Odd];

    fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Even => "even",
            Self::Odd => "odd",
        }
    }
}

impl Choice for CheckInMoment {
    const ALL: &'static [Self] = &[Self::OnGrant];

    fn word(self) -> &'static str {
        match self {
            Self::OnGrant => "on-grant",
        }
    }
}

impl Choice for LogLevel {
    const ALL: &'static [Self] = &[Self::Error, Self::Warn, Self::Info, Self::Debug, Self::Trace];

    fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

impl Choice for LogFormat {
    const ALL: &'static [Self] = &[Self::Text, Self::Json];

    fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
        }
    }
}
