//! Where facility code, card number, UID and checks stand in a frame, and how such a frame is read. The known
//! layouts are in a table beside this file; one from the config file is checked and then read the same way.

use core::fmt;

use heapless::Vec;

use super::{BITS_MAX, Bits, mask};
use crate::card::{Card, Code, UID_MAX};
use crate::format::Profile;
use crate::reading::Reject;

/// Bits `first` to `last`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Index of the first bit.
    pub first: u8,
    /// Index of the last bit.
    pub last: u8,
}

impl Span {
    /// Bits `first` to `last`, both included.
    pub const fn new(first: u8, last: u8) -> Self {
        Self { first, last }
    }

    /// How many bits they are.
    pub fn width(self) -> u8 {
        self.last.saturating_add(1).saturating_sub(self.first)
    }

    pub(super) fn mask(self) -> u128 {
        mask(self.first, self.width())
    }

    fn of(self, bits: &Bits) -> u128 {
        bits.number(self.first, self.width())
    }
}

/// One parity bit and the bits that it covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParityGroup {
    pub(super) at: u8,
    pub(super) odd: bool,
    /// The covered bits: bit n of the mask is bit n of the frame.
    pub(super) over: u128,
}

impl ParityGroup {
    /// The parity bit with index `at` makes the number of ones, itself included, odd or even over these bits.
    pub fn new(at: u8, odd: bool, over: &[Span]) -> Result<Self, LayoutError> {
        if at >= BITS_MAX
            || over
                .iter()
                .any(|span| span.first > span.last || span.last >= BITS_MAX)
        {
            return Err(LayoutError::Range);
        }
        Ok(Self {
            at,
            odd,
            over: over.iter().fold(0, |mask, span| mask | span.mask()),
        })
    }

    fn holds(&self, bits: &Bits) -> bool {
        let ones = bits.count(self.over | 1 << self.at);
        (ones % 2 == 1) == self.odd
    }
}

/// A check over the whole frame: the last unit is made of all the units before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// Exclusive-or of four-bit units.
    XorOfNibbles,
    /// Exclusive-or of bytes.
    XorOfBytes,
    /// Sum of bytes, lowest eight bits.
    SumOfBytes,
}

impl Check {
    fn unit(self) -> u8 {
        match self {
            Self::XorOfNibbles => 4,
            Self::XorOfBytes | Self::SumOfBytes => 8,
        }
    }

    fn holds(self, bits: &Bits) -> bool {
        let unit = self.unit();
        let last = bits.len().saturating_sub(unit);
        let units = (0..last)
            .step_by(usize::from(unit))
            .map(|first| bits.number(first, unit));
        let made = match self {
            Self::XorOfNibbles | Self::XorOfBytes => units.fold(0, |sum, unit| sum ^ unit),
            Self::SumOfBytes => units.sum::<u128>() & 0xFF,
        };
        made == bits.number(last, unit)
    }
}

/// Which parity bits a reader sets right. Some real cards fail one of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Parity {
    /// All of them.
    #[default]
    Both,
    /// Only the one in the last bit.
    Trailing,
    /// None; a lost bit then becomes another card's number.
    None,
}

/// A layout of a Wiegand frame.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// Length of the frame in bits.
    pub bits: u8,
    /// The UID, in whole bytes. A layout has either this or a card number.
    pub uid: Option<Span>,
    /// The facility code beside a card number.
    pub facility: Option<Span>,
    /// The card number.
    pub card: Option<Span>,
    /// The issue level.
    pub issue: Option<Span>,
    /// Bits that are the same in every frame, and their value.
    pub fixed: Option<(Span, u8)>,
    /// The parity bits, at most four.
    pub parity: Vec<ParityGroup, 4>,
    /// A check over the whole frame.
    pub check: Option<Check>,
}

/// What is wrong with a layout from the config file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayoutError {
    /// A frame has 1 to 128 bits.
    Bits,
    /// A range starts after its end or ends after the frame.
    Range,
    /// Neither a UID nor a card number, or both, or a UID with a facility code or an issue level.
    NoNumber,
    /// The UID is not 1 to 10 whole bytes, or the frame is not whole units of its check.
    NotWhole,
    /// A code of more than 64 bits, or more than 80 bits of facility code and card number together.
    TooWide,
}

impl fmt::Display for LayoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bits => "a frame has 1 to 128 bits",
            Self::Range => "a bit range ends before it starts or lies outside the frame",
            Self::NoNumber => "the layout needs either a uid, or a card number with or without facility code and issue level",
            Self::NotWhole => {
                "a uid has 1 to 10 whole bytes, and a check needs whole bytes (or nibbles) in the frame"
            }
            Self::TooWide => {
                "facility code and card number have at most 64 bits each and 80 together, the issue level 8"
            }
        })
    }
}

impl core::error::Error for LayoutError {}

impl Layout {
    /// Checks a layout that somebody wrote by hand.
    pub fn validate(&self) -> Result<(), LayoutError> {
        if self.bits == 0 || self.bits > BITS_MAX {
            return Err(LayoutError::Bits);
        }
        let inside = |span: Span| span.first <= span.last && span.last < self.bits;
        let fixed = self.fixed.map(|(span, _)| span);
        let spans = [self.uid, self.facility, self.card, self.issue, fixed];
        let covered = mask(0, self.bits);
        let parity = |group: &ParityGroup| group.at < self.bits && group.over & !covered == 0;
        if !spans.into_iter().flatten().all(inside) || !self.parity.iter().all(parity) {
            return Err(LayoutError::Range);
        }
        let coded = self.facility.or(self.issue).is_some();
        if self.uid.is_some() == self.card.is_some() || (self.uid.is_some() && coded) {
            return Err(LayoutError::NoNumber);
        }
        let uid_whole = |uid: Span| uid.width().is_multiple_of(8) && usize::from(uid.width() / 8) <= UID_MAX;
        let check_whole = |check: Check| self.bits.is_multiple_of(check.unit()) && self.bits > check.unit();
        if !self.uid.is_none_or(uid_whole) || !self.check.is_none_or(check_whole) {
            return Err(LayoutError::NotWhole);
        }
        let width = |span: Option<Span>| span.map_or(0, Span::width);
        let widths = [width(self.facility), width(self.card)];
        let short = width(self.issue).max(width(fixed)) <= 8;
        if !short || widths.iter().any(|width| *width > 64) || widths.iter().sum::<u8>() > 80 {
            return Err(LayoutError::TooWide);
        }
        Ok(())
    }

    /// Reads a frame of this layout.
    pub(crate) fn read(&self, profile: &Profile, bits: Bits) -> Result<Card, Reject> {
        if bits.len() != self.bits {
            return Err(Reject::Length);
        }
        self.verify(profile.parity, &bits)?;
        let code = |span: Span| Code {
            value: u64::try_from(span.of(&bits)).unwrap_or(u64::MAX),
            bits: span.width(),
        };
        match (self.uid, self.card) {
            (Some(span), _) => {
                let bytes = span.of(&bits).to_be_bytes();
                let sent = bytes.len().checked_sub(usize::from(span.width() / 8));
                profile
                    .iso14443a(sent.and_then(|sent| bytes.get(sent..)).ok_or(Reject::Length)?)
                    .map(Card::from_uid)
            }
            (None, Some(_)) if self.unchecked() && self.is_blank(&bits) => Err(Reject::BlankNumber),
            (None, Some(span)) => {
                let issue = self.issue.and_then(|issue| u8::try_from(issue.of(&bits)).ok());
                Ok(Card::from_number(self.facility.map(code), code(span), issue))
            }
            (None, None) => Err(Reject::NoLayout),
        }
    }

    fn unchecked(&self) -> bool {
        self.parity.is_empty() && self.check.is_none() && self.fixed.is_none()
    }

    fn is_blank(&self, bits: &Bits) -> bool {
        let data = [self.facility, self.card]
            .into_iter()
            .flatten()
            .fold(0, |data, span| data | span.mask());
        bits.count(data) == 0 || bits.count(data) == data.count_ones()
    }

    /// The checks in the frame. Where they fail and would all hold with every bit inverted, D0 and D1 are
    /// swapped; a single parity bit is too little to say so.
    fn verify(&self, parity: Parity, bits: &Bits) -> Result<(), Reject> {
        let groups = |bits: &Bits| {
            let mut groups = self.parity.iter().filter(|group| match parity {
                Parity::Both => true,
                Parity::Trailing => group.at + 1 == self.bits,
                Parity::None => false,
            });
            groups.all(|group| group.holds(bits))
        };
        let rest = |bits: &Bits| {
            self.check.is_none_or(|check| check.holds(bits))
                && self
                    .fixed
                    .is_none_or(|(span, value)| span.of(bits) == u128::from(value))
        };
        let inverted = bits.inverted();
        let strong = self.check.is_some() || (self.parity.len() > 1 && parity == Parity::Both);
        match (groups(bits), rest(bits)) {
            (true, true) => Ok(()),
            _ if strong && groups(&inverted) && rest(&inverted) => Err(Reject::SwappedWires),
            (false, _) => Err(Reject::Parity),
            (true, false) => Err(Reject::Checksum),
        }
    }
}
