//! Layouts from a config file.

use firmware_protocol::wiegand::layout::{Check, Layout, LayoutError, ParityGroup, Span};
use firmware_protocol::wiegand::{self, Bits};
use firmware_protocol::{Format, Profile, Reading, Reject, Rendering, decode, decode_with};
use proptest::prelude::*;

use super::{H10301, card};

fn custom() -> Layout {
    Layout {
        bits: 26,
        facility: Some(Span::new(1, 8)),
        card: Some(Span::new(9, 24)),
        parity: [
            ParityGroup::new(0, false, &[Span::new(1, 12)]).unwrap(),
            ParityGroup::new(25, true, &[Span::new(13, 20), Span::new(21, 24)]).unwrap(),
        ]
        .into_iter()
        .collect(),
        ..Layout::default()
    }
}

#[test]
fn a_layout_from_the_config_file_reads_like_a_known_one() {
    let profile = Profile::custom(custom()).unwrap();
    assert_eq!(card(&profile, H10301), card(&Format::H10301.into(), H10301));
    assert_eq!(
        decode_with(&profile, &H10301.replacen('1', "0", 1)),
        Err(Reject::Parity)
    );
    assert_eq!(decode(Format::Custom, H10301), Err(Reject::NoLayout));
}

#[test]
fn a_layout_that_cannot_be_read_is_refused_with_its_reason() {
    let refused = |layout: Layout| Profile::custom(layout).unwrap_err();
    let none = Span::new(0, 0);
    assert_eq!(refused(Layout { bits: 0, ..custom() }), LayoutError::Bits);
    assert_eq!(
        refused(Layout {
            bits: 129,
            ..custom()
        }),
        LayoutError::Bits
    );
    assert_eq!(refused(Layout { bits: 25, ..custom() }), LayoutError::Range);
    assert_eq!(
        refused(Layout {
            card: Some(Span::new(9, 26)),
            ..custom()
        }),
        LayoutError::Range
    );
    assert_eq!(
        refused(Layout {
            card: Some(Span::new(9, 8)),
            ..custom()
        }),
        LayoutError::Range
    );
    let uid = Some(Span::new(1, 8));
    assert_eq!(refused(Layout { uid, ..custom() }), LayoutError::NoNumber);
    assert_eq!(
        refused(Layout {
            uid,
            card: None,
            ..custom()
        }),
        LayoutError::NoNumber
    );
    assert_eq!(
        refused(Layout {
            card: None,
            ..custom()
        }),
        LayoutError::NoNumber
    );
    assert_eq!(
        refused(Layout {
            uid: Some(Span::new(1, 9)),
            card: None,
            facility: None,
            ..custom()
        }),
        LayoutError::NotWhole
    );
    assert_eq!(
        refused(Layout {
            check: Some(Check::XorOfBytes),
            ..custom()
        }),
        LayoutError::NotWhole
    );
    assert_eq!(
        refused(Layout {
            bits: 100,
            card: Some(Span::new(0, 64)),
            ..custom()
        }),
        LayoutError::TooWide
    );
    assert_eq!(ParityGroup::new(128, false, &[none]), Err(LayoutError::Range));
    assert_eq!(
        ParityGroup::new(0, false, &[Span::new(1, 128)]),
        Err(LayoutError::Range)
    );
}

proptest! {
    #[test]
    fn no_layout_from_a_config_file_makes_the_reader_fail(
        length: u8,
        spans: [Option<(u8, u8)>; 4],
        groups in prop::collection::vec(any::<(u8, bool, u8, u8)>(), 0..4),
        check in prop::option::of(prop::sample::select(vec![Check::XorOfNibbles, Check::XorOfBytes, Check::SumOfBytes])),
        sent: u128,
    ) {
        let span = |index: usize| spans[index].map(|(first, last)| Span::new(first, last));
        let groups = groups.iter().filter_map(|(at, odd, first, last)| {
            ParityGroup::new(*at, *odd, &[Span::new(*first, *last)]).ok()
        });
        let layout = Layout {
            bits: length, uid: span(0), facility: span(1), card: span(2), issue: span(3), check,
            parity: groups.collect(), fixed: None,
        };
        if let Ok(profile) = Profile::custom(layout) {
            let mut bits = Bits::new();
            (0..length).for_each(|bit| bits.push(sent >> bit & 1 == 1).unwrap());
            if let Ok(Reading::Card(card)) = wiegand::decode(&profile, bits) {
                Rendering::all().for_each(|rendering| drop(card.render(rendering)));
                prop_assert!(card.number().is_some());
            }
        }
    }
}
