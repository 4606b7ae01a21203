//! How the frames of a reader are read: the settings in the words of the decoders. The settings hold no name that the
//! decoders do not know; a test holds the lists together.

use config::{
    Cards, Content as Text, Lines, Sends, SerialFrames, WiegandFormat, WiegandFrames, WiegandLayout,
};
use firmware_protocol::serial::line::{LineRules, Terminator};
use firmware_protocol::wiegand::layout::{Layout, LayoutError, Parity, ParityGroup, Span};
use firmware_protocol::{ByteOrder, Format, Profile, Rendering};

use crate::runtime::Content;

/// The profile of a serial reader.
pub(super) fn serial(reader: &SerialFrames) -> Result<Profile, LayoutError> {
    let mut profile = match &reader.carries {
        Some(carried) => {
            let mut profile = frame(carried)?;
            profile.carries = profile.format;
            profile.format = format(&reader.format);
            profile
        }
        None => Profile::from(format(&reader.format)),
    };
    match &reader.sends {
        Sends::Cards(cards) => set_cards(&mut profile, cards),
        Sends::Lines(lines) => profile.line = line_rules(lines),
    }
    Ok(profile)
}

/// The profile of a Wiegand reader.
pub(super) fn wiegand(reader: &WiegandFrames) -> Result<Profile, LayoutError> {
    let mut profile = frame(&reader.format)?;
    profile.keypad = reader.keypad.as_deref().map(format);
    profile.parity = match reader.parity {
        config::WiegandParity::Both => Parity::Both,
        config::WiegandParity::Trailing => Parity::Trailing,
        config::WiegandParity::None => Parity::None,
    };
    profile.swapped = reader.swapped;
    set_cards(&mut profile, &reader.cards);
    Ok(profile)
}

/// What the bits of an OSDP reader's cards are.
#[cfg(feature = "osdp")]
pub(super) fn osdp(reader: &config::OsdpReader) -> Result<hal::osdp::CardBits, LayoutError> {
    use hal::osdp::CardBits;
    Ok(match &reader.format {
        config::OsdpFormat::Uid => CardBits::Uid {
            byte_order: byte_order(&reader.cards),
            uid_len: reader.cards.uid_length,
        },
        config::OsdpFormat::Wiegand(format) => {
            let mut profile = frame(format)?;
            set_cards(&mut profile, &reader.cards);
            CardBits::Wiegand(Box::new(profile))
        }
    })
}

/// What the reads of such a reader mean.
pub(super) fn meaning(sends: &Sends) -> (Content, Rendering) {
    match sends {
        Sends::Cards(cards) => {
            let number = number(&cards.number);
            // A card reader that sends text sends the number of the card, written as the studio writes it.
            let text = match number {
                Rendering::HexMsb => Content::HexMsb,
                Rendering::HexLsb => Content::HexLsb,
                _ => Content::Decimal,
            };
            (text, number)
        }
        Sends::Lines(lines) => (content(lines.content), Rendering::Decimal),
    }
}

/// What a text means.
pub(super) fn content(text: Text) -> Content {
    match text {
        Text::Card(config::CardNumberFormat::Decimal) => Content::Decimal,
        Text::Card(config::CardNumberFormat::HexMsb) => Content::HexMsb,
        Text::Card(config::CardNumberFormat::HexLsb) => Content::HexLsb,
        Text::Code => Content::Code,
        Text::Pin => Content::Pin,
    }
}

/// How the studio writes the numbers of cards.
pub(super) fn number(name: &str) -> Rendering {
    Rendering::from_name(name).unwrap_or(Rendering::Decimal)
}

fn format(name: &str) -> Format {
    Format::from_name(name).unwrap_or(Format::Line)
}

fn frame(wiegand: &WiegandFormat) -> Result<Profile, LayoutError> {
    match wiegand {
        WiegandFormat::Named(name) => Ok(Profile::from(format(name))),
        WiegandFormat::Custom(custom) => Profile::custom(layout(custom)?),
    }
}

fn set_cards(profile: &mut Profile, cards: &Cards) {
    profile.byte_order = byte_order(cards);
    profile.uid_len = cards.uid_length;
}

fn byte_order(cards: &Cards) -> ByteOrder {
    match cards.byte_order {
        config::ByteOrder::AsSent => ByteOrder::AsSent,
        config::ByteOrder::Reversed => ByteOrder::Reversed,
    }
}

fn line_rules(lines: &Lines) -> LineRules {
    let affix = |text: &str| text.parse().unwrap_or_default();
    LineRules {
        prefix: affix(&lines.prefix),
        suffix: affix(&lines.suffix),
        terminator: match lines.terminator {
            config::Terminator::Any => Terminator::Any,
            config::Terminator::Cr => Terminator::Cr,
            config::Terminator::Lf => Terminator::Lf,
            config::Terminator::CrLf => Terminator::CrLf,
            config::Terminator::Idle => Terminator::Idle,
        },
        aim_id: lines.aim_id,
    }
}

fn layout(custom: &WiegandLayout) -> Result<Layout, LayoutError> {
    let span = |range: &config::BitRange| Span {
        first: range.first,
        last: range.last,
    };
    let (uid, facility, card, issue) = match &custom.number {
        config::LayoutNumber::Uid(uid) => (Some(span(uid)), None, None, None),
        config::LayoutNumber::Card {
            facility,
            card,
            issue,
        } => (
            None,
            facility.as_ref().map(span),
            Some(span(card)),
            issue.as_ref().map(span),
        ),
    };
    let parity = custom
        .parity
        .iter()
        .map(|bit| {
            let over: Vec<Span> = bit.over.iter().map(span).collect();
            ParityGroup::new(bit.at, bit.odd, &over)
        })
        .collect::<Result<_, _>>()?;
    Ok(Layout {
        bits: custom.bits,
        uid,
        facility,
        card,
        issue,
        fixed: None,
        parity,
        check: None,
    })
}

#[cfg(test)]
mod tests {
    use config::{CardNumbers, FormatKind};
    use firmware_protocol::card::Code;
    use firmware_protocol::wiegand::known_layout;
    use firmware_protocol::{Card, Uid, Wiring};

    use super::*;

    #[test]
    fn every_format_and_number_that_the_settings_may_name_is_known_to_the_decoders() {
        for format in config::FORMATS {
            let known = Format::from_name(format.name);
            let wiring = match format.kind {
                FormatKind::Serial | FormatKind::Text => Wiring::Serial,
                FormatKind::Polled => Wiring::Polled,
                FormatKind::Wiegand | FormatKind::Keypad => Wiring::Wiegand,
            };
            assert_eq!(known.map(Format::wiring), Some(wiring), "{}", format.name);
        }
        for name in config::NUMBERS {
            assert!(Rendering::from_name(name).is_some(), "{name}");
        }
    }

    #[test]
    fn the_settings_know_what_the_cards_of_every_wiegand_format_are() {
        let wiegand = config::FORMATS
            .iter()
            .filter(|format| format.kind == FormatKind::Wiegand);
        for format in wiegand {
            // A PIN in the frame of such a card.
            let name = if format.name == "pin26" {
                "h10301"
            } else {
                format.name
            };
            let layout = Format::from_name(name).and_then(known_layout).unwrap();
            let width = |span: Option<Span>| span.map_or(0, Span::width);
            match format.cards {
                CardNumbers::Uid { bytes } => assert_eq!(bytes, [width(layout.uid) / 8], "{name}"),
                CardNumbers::Card { bits, facility } => {
                    assert_eq!(bits, width(layout.facility) + width(layout.card), "{name}");
                    assert_eq!(facility, layout.facility.is_some(), "{name}");
                }
                CardNumbers::Unknown => panic!("{name}"),
            }
        }
    }

    #[test]
    fn the_settings_refuse_the_numbers_in_which_no_such_card_can_be_written() {
        for format in config::FORMATS {
            let Some(card) = card_of(format.cards) else {
                continue;
            };
            for number in config::NUMBERS {
                let written = card.render(Rendering::from_name(number).unwrap());
                let refused = format.cards.refusal(number);
                assert_eq!(written.is_err(), refused.is_some(), "{} {number}", format.name);
            }
        }
    }

    /// One card of this kind.
    fn card_of(cards: CardNumbers) -> Option<Card> {
        let code = |bits| Code { value: 1, bits };
        match cards {
            CardNumbers::Uid { bytes: [length] } => {
                Some(Card::from_uid(Uid::new(&vec![1; usize::from(*length)]).unwrap()))
            }
            CardNumbers::Card { bits, facility: true } => {
                Some(Card::from_number(Some(code(8)), code(bits - 8), None))
            }
            CardNumbers::Card {
                bits,
                facility: false,
            } => Some(Card::from_number(None, code(bits), None)),
            CardNumbers::Uid { .. } | CardNumbers::Unknown => None,
        }
    }
}
