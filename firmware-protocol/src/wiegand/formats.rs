//! The table of known layouts. Sources: the formats' public descriptions by HID, CIVINTEC (CN56 manual), CDVI
//! (DGLIMWLC manual), Rosslare (AY series manuals) and Gwiot (7941E manual), cross-checked with the encoder of
//! the Proxmark project.

use super::layout::{Check, Layout, ParityGroup, Span};
use crate::format::Format;

/// The layout of a format whose frames are a card, except [`Format::Custom`].
pub(super) fn layout(format: Format) -> Option<Layout> {
    let layout = match format {
        Format::H10301 => frame(26)
            .facility(1, 8)
            .card(9, 24)
            .even(0, 1, 12)
            .odd(25, 13, 24),
        Format::Half30 => frame(30).card(1, 28).even(0, 1, 14).odd(29, 15, 28),
        Format::W32Csn => frame(32).uid(0, 31),
        Format::W32P => frame(32).card(1, 30).even(0, 1, 15).odd(31, 16, 30),
        Format::D10202 => frame(33)
            .facility(1, 7)
            .card(8, 31)
            .even(0, 1, 16)
            .odd(32, 16, 31),
        Format::H10306 => half(34).facility(1, 16).card(17, 32),
        Format::W34Uid => half(34).uid(1, 32),
        Format::Bqt34 => half(34).facility(1, 8).card(9, 32),
        Format::Optus34 => frame(34).facility(22, 32).card(1, 16),
        Format::Smartpass34 => frame(34).facility(1, 13).issue(14, 16).card(17, 32),
        Format::C1k35s => frame(35)
            .facility(2, 13)
            .card(14, 33)
            .group(ParityGroup {
                at: 1,
                odd: false,
                over: pairs(2, 33),
            })
            .group(ParityGroup {
                at: 34,
                odd: true,
                over: pairs(1, 32),
            })
            .odd(0, 1, 34),
        // Bit 18 is in both groups.
        Format::H10302 => frame(37).card(1, 35).even(0, 1, 18).odd(36, 18, 35),
        Format::H10304 => frame(37)
            .facility(1, 16)
            .card(17, 35)
            .even(0, 1, 18)
            .odd(36, 18, 35),
        Format::S10401 => frame(37)
            .facility(1, 6)
            .card(7, 35)
            .even(0, 1, 17)
            .odd(36, 18, 35),
        // Its parity rule is not published.
        Format::P10004 => frame(37).facility(1, 13).card(14, 31),
        Format::Raw40 => frame(40).uid(0, 39),
        Format::Verkada40 => frame(40)
            .facility(1, 10)
            .card(11, 38)
            .even(0, 1, 10)
            .even(39, 11, 38),
        Format::Casi40 => frame(40).card(1, 38),
        Format::P10001 => frame(40)
            .facility(4, 15)
            .card(16, 31)
            .fixed(0, 3, 0xF)
            .check(Check::XorOfBytes),
        Format::Rosslare40 => frame(40).uid(0, 31).check(Check::SumOfBytes),
        Format::Half42 => half(42).uid(1, 40),
        Format::Cdvi44 => frame(44).uid(0, 39).check(Check::XorOfNibbles),
        Format::C1k48s => frame(48)
            .facility(2, 23)
            .card(24, 46)
            .group(ParityGroup {
                at: 1,
                odd: false,
                over: pairs(3, 46),
            })
            .group(ParityGroup {
                at: 47,
                odd: true,
                over: pairs(2, 45),
            })
            .odd(0, 1, 47),
        Format::Half50 => half(50).uid(1, 48),
        Format::W56Csn => frame(56).uid(0, 55),
        Format::Ir56 => frame(56).facility(0, 23).card(24, 55),
        Format::Avigilon56 => half(56).facility(1, 20).card(21, 54),
        Format::Half58 => half(58).uid(1, 56),
        _ => return None,
    };
    Some(layout.0)
}

/// A layout being written down.
struct Row(Layout);

fn frame(bits: u8) -> Row {
    Row(Layout {
        bits,
        ..Layout::default()
    })
}

/// Even parity in front over the first half of the data, odd parity behind over the second half.
fn half(bits: u8) -> Row {
    let middle = bits / 2;
    frame(bits).even(0, 1, middle - 1).odd(bits - 1, middle, bits - 2)
}

/// Two of every three bits: `first`, `first + 1`, `first + 3`, `first + 4` and so on up to `last`.
fn pairs(first: u8, last: u8) -> u128 {
    (first..=last)
        .filter(|bit| (bit - first) % 3 != 2)
        .fold(0, |mask, bit| mask | 1 << bit)
}

impl Row {
    fn uid(self, first: u8, last: u8) -> Self {
        Self(Layout {
            uid: Some(Span::new(first, last)),
            ..self.0
        })
    }

    fn facility(self, first: u8, last: u8) -> Self {
        Self(Layout {
            facility: Some(Span::new(first, last)),
            ..self.0
        })
    }

    fn card(self, first: u8, last: u8) -> Self {
        Self(Layout {
            card: Some(Span::new(first, last)),
            ..self.0
        })
    }

    fn issue(self, first: u8, last: u8) -> Self {
        Self(Layout {
            issue: Some(Span::new(first, last)),
            ..self.0
        })
    }

    fn fixed(self, first: u8, last: u8, value: u8) -> Self {
        Self(Layout {
            fixed: Some((Span::new(first, last), value)),
            ..self.0
        })
    }

    fn check(self, check: Check) -> Self {
        Self(Layout {
            check: Some(check),
            ..self.0
        })
    }

    fn even(self, at: u8, first: u8, last: u8) -> Self {
        self.group(ParityGroup {
            at,
            odd: false,
            over: Span::new(first, last).mask(),
        })
    }

    fn odd(self, at: u8, first: u8, last: u8) -> Self {
        self.group(ParityGroup {
            at,
            odd: true,
            over: Span::new(first, last).mask(),
        })
    }

    fn group(mut self, group: ParityGroup) -> Self {
        let added = self.0.parity.push(group);
        debug_assert!(added.is_ok(), "no known layout has more parity bits than fit");
        self
    }
}
