//! Text lines of barcode and QR scanners, with what a scanner may be set to put around them.

use heapless::String;

use super::{Step, card};
use crate::card::{UID_MAX, bytes_from_hex};
use crate::format::{Format, Profile};
use crate::reading::{Reading, Reject, Text};

/// The longest prefix or suffix.
pub const AFFIX_MAX: usize = 16;

/// What stands around a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineRules {
    /// Must stand before the text and is taken away.
    pub prefix: String<AFFIX_MAX>,
    /// Must stand after the text and is taken away.
    pub suffix: String<AFFIX_MAX>,
    /// What ends a line.
    pub terminator: Terminator,
    /// Take away the AIM identifier of the symbology (`]Q1`), where there is one.
    pub aim_id: bool,
}

/// What ends a line. Set the one that the scanner sends: then half a line is refused instead of looked up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Terminator {
    /// CR, LF, both, or silence: for a scanner that nobody has looked at yet.
    #[default]
    Any,
    /// CR.
    Cr,
    /// LF.
    Lf,
    /// CR LF.
    CrLf,
    /// Silence.
    Idle,
}

impl LineRules {
    /// The end of the line in `buffer`: length of the text before it, and of both together.
    fn end(&self, buffer: &[u8], quiet: bool) -> Option<(usize, usize)> {
        let at = |byte: u8| buffer.iter().position(|&b| b == byte);
        match self.terminator {
            Terminator::Any => buffer
                .iter()
                .position(|&b| b == b'\r' || b == b'\n')
                .map(|end| (end, end + 1)),
            Terminator::Cr => at(b'\r').map(|end| (end, end + 1)),
            Terminator::Lf => at(b'\n').map(|end| (end, end + 1)),
            Terminator::CrLf => buffer
                .windows(2)
                .position(|pair| pair == b"\r\n")
                .map(|end| (end, end + 2)),
            Terminator::Idle => None,
        }
        .or_else(|| {
            let by_silence = matches!(self.terminator, Terminator::Any | Terminator::Idle);
            (quiet && by_silence).then_some((buffer.len(), buffer.len()))
        })
    }

    /// Whether this byte ends a line, whatever came before.
    pub(super) fn ends_at(&self, byte: u8) -> bool {
        match self.terminator {
            Terminator::Any => byte == b'\r' || byte == b'\n',
            Terminator::Cr => byte == b'\r',
            Terminator::Lf | Terminator::CrLf => byte == b'\n',
            Terminator::Idle => false,
        }
    }

    fn text<'a>(&self, line: &'a [u8]) -> Result<&'a [u8], Reject> {
        let line = line.strip_prefix(self.prefix.as_bytes()).ok_or(Reject::Affix)?;
        let line = line.strip_suffix(self.suffix.as_bytes()).ok_or(Reject::Affix)?;
        Ok(match line {
            [b']', letter, modifier, text @ ..]
                if self.aim_id && letter.is_ascii_alphabetic() && modifier.is_ascii_alphanumeric() =>
            {
                text
            }
            text => text,
        })
    }
}

/// Takes the frame characters STX and ETX off both ends, and the line ends that silence left there.
fn trim(mut line: &[u8]) -> &[u8] {
    const FRAME: [u8; 4] = [0x02, 0x03, b'\r', b'\n'];
    while let [first, rest @ ..] = line
        && FRAME.contains(first)
    {
        line = rest;
    }
    while let [rest @ .., last] = line
        && FRAME.contains(last)
    {
        line = rest;
    }
    line
}

/// The framer.
pub(super) fn step(profile: &Profile, buffer: &[u8], quiet: bool) -> Step {
    let Some((text, whole)) = profile.line.end(buffer, quiet) else {
        return Step::More;
    };
    match trim(buffer.get(..text).unwrap_or_default()) {
        [] => Step::Blank(whole),
        line => Step::Frame(whole, read(profile, line)),
    }
}

fn read(profile: &Profile, line: &[u8]) -> Result<Reading, Reject> {
    let text = profile.line.text(line)?;
    match profile.format {
        Format::Cardno => profile.iso14443a(&bytes_from_hex::<UID_MAX>(text)?).map(card),
        _ => Text::new(text).map(Reading::Text),
    }
}
