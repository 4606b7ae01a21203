//! Wiegand: from edges to bits ([`assembler`]), from bits to a card ([`layout`]) or a key
//! ([`crate::keypad`]). A layout is never guessed from the length: 32, 34, 37, 40 and 56 bits each have several.

pub mod assembler;
pub mod layout;

mod formats;

use core::fmt;

use crate::format::{Format, Profile};
use crate::keypad;
use crate::reading::{Reading, Reject};
use layout::Layout;

/// The longest frame in bits.
pub const BITS_MAX: u8 = 128;

/// The bits of one frame. Bit 0 is the first one sent. `Debug` is redacted.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Bits {
    /// Bit n of the frame is bit n of this number, so that a parity group is a mask.
    set: u128,
    len: u8,
}

impl Bits {
    /// No bits.
    pub const fn new() -> Self {
        Self { set: 0, len: 0 }
    }

    /// Reads `0` and `1`, spaces allowed.
    pub fn parse(text: &str) -> Result<Self, Reject> {
        let mut bits = Self::new();
        for character in text.chars().filter(|character| !character.is_whitespace()) {
            match character {
                '0' => bits.push(false)?,
                '1' => bits.push(true)?,
                _ => return Err(Reject::NotBits),
            }
        }
        Ok(bits)
    }

    /// The first `len` bits of `bytes`, most significant bit first.
    pub fn from_bytes(bytes: &[u8], len: u8) -> Result<Self, Reject> {
        let mut bits = Self::new();
        let all = bytes
            .iter()
            .flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1 == 1));
        for bit in all.take(usize::from(len)) {
            bits.push(bit)?;
        }
        if bits.len == len {
            Ok(bits)
        } else {
            Err(Reject::Length)
        }
    }

    /// Adds the next bit sent.
    pub fn push(&mut self, bit: bool) -> Result<(), Reject> {
        if self.len == BITS_MAX {
            return Err(Reject::TooLong);
        }
        self.set |= u128::from(bit) << self.len;
        self.len += 1;
        Ok(())
    }

    /// How many bits.
    pub fn len(&self) -> u8 {
        self.len
    }

    /// True before the first bit.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The bits in the order sent. They are a card number: keep them out of logs.
    pub fn iter(&self) -> impl Iterator<Item = bool> + use<> {
        let set = self.set;
        (0..self.len).map(move |index| set >> index & 1 == 1)
    }

    /// The frame as it looks when D0 and D1 are swapped.
    pub fn inverted(self) -> Self {
        Self {
            set: !self.set & mask(0, self.len),
            len: self.len,
        }
    }

    /// The number in bits `first..first + width`, most significant bit first.
    fn number(&self, first: u8, width: u8) -> u128 {
        ((self.set & mask(first, width)) >> first)
            .reverse_bits()
            .checked_shr(128 - u32::from(width))
            .unwrap_or(0)
    }

    fn count(&self, over: u128) -> u32 {
        (self.set & over).count_ones()
    }
}

impl fmt::Debug for Bits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bits({} bits)", self.len)
    }
}

/// A mask of `width` bits from bit `first` on; what lies beyond the longest frame is left out.
fn mask(first: u8, width: u8) -> u128 {
    let ones = u128::MAX
        .checked_shr(u32::from(BITS_MAX.saturating_sub(width)))
        .unwrap_or(0);
    ones.checked_shl(u32::from(first)).unwrap_or(0)
}

/// Decodes the bits of one frame. Short frames of the profile's keypad are keys, all others must have the
/// length of the profile's format.
pub fn decode(profile: &Profile, bits: Bits) -> Result<Reading, Reject> {
    let bits = if profile.swapped { bits.inverted() } else { bits };
    let keypad = profile
        .keypad
        .filter(|keypad| keypad::bits(*keypad) == Some(bits.len()));
    let format = keypad.unwrap_or(profile.format);
    match format {
        _ if keypad::bits(format).is_some() => keypad::key(format, bits).map(Reading::Key),
        Format::Pin26 => keypad::pin26(profile, bits),
        _ => card(profile, format, bits).map(Reading::Card),
    }
}

/// The layout of a format whose frames are cards. A profile brings that of [`Format::Custom`] itself.
pub fn known_layout(format: Format) -> Option<Layout> {
    formats::layout(format)
}

/// How many bits a frame of this format has, with the layout of the profile where it is [`Format::Custom`]. `None` of
/// what has no bits.
pub fn frame_bits(profile: &Profile, format: Format) -> Option<u8> {
    let format = if format == Format::Pin26 {
        Format::H10301
    } else {
        format
    };
    keypad::bits(format).or_else(|| layout_of(profile, format).map(|layout| layout.bits))
}

fn layout_of(profile: &Profile, format: Format) -> Option<Layout> {
    match format {
        Format::Custom => profile.layout.clone(),
        _ => known_layout(format),
    }
}

/// Decodes the bits of a card.
pub(crate) fn card(profile: &Profile, format: Format, bits: Bits) -> Result<crate::Card, Reject> {
    layout_of(profile, format)
        .ok_or(Reject::NoLayout)?
        .read(profile, bits)
}
