//! Wiegand from edges to cards, keys and PINs.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::time::Duration;

use firmware_protocol::keypad::PinEntry;
use firmware_protocol::wiegand::assembler::{Assembler, Line, Timing};
use firmware_protocol::wiegand::layout::{Check, Layout, LayoutError, Parity, ParityGroup, Span};
use firmware_protocol::wiegand::{self, Bits};
use firmware_protocol::{
    Card, Format, Key, Profile, Reading, Reject, Rendering, Wiring, decode, decode_with,
};
use proptest::prelude::*;

/// Facility 123, card 4567.
const H10301: &str = "10111101100010001110101110";
/// The fastest that the SIA 26-bit interface allows.
const FASTEST: Duration = Duration::from_micros(200);
/// The slowest.
const SLOWEST: Duration = Duration::from_millis(20);

fn bits(text: &str) -> Bits {
    Bits::parse(text).unwrap()
}

/// Feeds the bits from `start` on, one each `interval`; says what came out and when the last edge was.
fn send(
    assembler: &mut Assembler,
    bits: Bits,
    start: Duration,
    interval: Duration,
) -> (Vec<Result<Bits, Reject>>, Duration) {
    let mut at = start;
    let mut out = Vec::new();
    for bit in bits.iter() {
        at += interval;
        out.extend(assembler.feed(if bit { Line::D1 } else { Line::D0 }, at));
    }
    (out, at)
}

fn frame(assembler: &mut Assembler, sent: Bits, start: Duration, interval: Duration) -> Result<Bits, Reject> {
    let (out, last) = send(assembler, sent, start, interval);
    assert_eq!(out, []);
    let gap = Timing::default().frame_gap;
    assert_eq!(
        assembler.timeout(last + gap - Duration::from_nanos(1)),
        None,
        "too early"
    );
    let frame = assembler.timeout(last + gap).unwrap();
    assert_eq!(assembler.timeout(last + gap * 2), None, "only once");
    frame
}

#[test]
fn a_frame_at_any_legal_speed_comes_out_as_sent() {
    for interval in [
        FASTEST,
        Duration::from_millis(1),
        Duration::from_micros(2_400),
        SLOWEST,
    ] {
        let mut assembler = Assembler::default();
        for start in [0, 10, 20] {
            let sent = bits(H10301);
            assert_eq!(
                frame(&mut assembler, sent, Duration::from_secs(start), interval),
                Ok(sent),
                "{interval:?}"
            );
        }
    }
}

#[test]
fn the_next_frame_ends_the_one_before_it_when_no_time_out_did() {
    let mut assembler = Assembler::default();
    let (_, last) = send(&mut assembler, bits(H10301), Duration::ZERO, FASTEST);
    let (out, _) = send(
        &mut assembler,
        bits("1010"),
        last + Duration::from_millis(50),
        FASTEST,
    );
    assert_eq!(out, [Ok(bits(H10301))]);
}

#[test]
fn a_frame_with_a_dropped_edge_is_refused_in_every_format() {
    for format in Format::ALL
        .iter()
        .filter(|format| format.wiring() == Wiring::Wiegand)
    {
        let mut short = Bits::new();
        let len = length(*format);
        (1..len).for_each(|index| short.push(index % 3 == 0).unwrap());
        assert_eq!(
            wiegand::decode(&Profile::from(*format), short),
            Err(refusal(*format)),
            "{format:?}"
        );
    }
}

/// The only length that the format takes.
fn length(format: Format) -> u8 {
    let profile = Profile::from(format);
    let takes = |len: &u8| {
        let mut bits = Bits::new();
        (0..*len).for_each(|_| bits.push(true).unwrap());
        wiegand::decode(&profile, bits) != Err(Reject::Length)
    };
    (1..=128).find(takes).unwrap()
}

fn refusal(format: Format) -> Reject {
    if format == Format::Custom {
        Reject::NoLayout
    } else {
        Reject::Length
    }
}

#[test]
fn lost_edges_spoil_the_frames_on_both_sides_of_the_gap_and_no_other() {
    let mut assembler = Assembler::default();
    let (_, last) = send(&mut assembler, bits("101010"), Duration::ZERO, FASTEST);
    assembler.missed();
    let (out, last) = send(
        &mut assembler,
        bits(H10301),
        last + Duration::from_secs(1),
        FASTEST,
    );
    assert_eq!(out, [Err(Reject::MissedEdge)]);
    assert_eq!(
        assembler.timeout(last + SLOWEST * 3),
        Some(Err(Reject::MissedEdge))
    );
    assert_eq!(
        frame(&mut assembler, bits(H10301), last + SLOWEST * 10, FASTEST),
        Ok(bits(H10301))
    );
}

#[test]
fn edges_lost_in_the_middle_of_a_frame_spoil_it() {
    let mut assembler = Assembler::default();
    let (_, last) = send(&mut assembler, bits(H10301), Duration::ZERO, FASTEST);
    assembler.missed();
    assert_eq!(
        assembler.timeout(last + SLOWEST * 3),
        Some(Err(Reject::MissedEdge))
    );
}

#[test]
fn an_edge_faster_than_any_reader_spoils_the_frame_and_not_the_next() {
    let mut assembler = Assembler::default();
    let (_, last) = send(&mut assembler, bits(H10301), Duration::ZERO, FASTEST);
    assembler.feed(Line::D0, last + Duration::from_micros(40));
    assert_eq!(assembler.timeout(last + SLOWEST * 3), Some(Err(Reject::TooFast)));
    assert_eq!(
        frame(&mut assembler, bits(H10301), last + SLOWEST * 10, FASTEST),
        Ok(bits(H10301))
    );
}

#[test]
fn a_line_that_never_rests_fills_no_memory() {
    let mut assembler = Assembler::default();
    for edge in 0..100_000_u32 {
        assert_eq!(assembler.feed(Line::D1, FASTEST * edge), None);
    }
    assert_eq!(assembler.timeout(FASTEST * 200_000), Some(Err(Reject::TooLong)));
}

proptest! {
    #[test]
    fn no_edges_make_the_assembler_fail(edges: Vec<(bool, bool, u32)>) {
        let mut assembler = Assembler::new(Timing { frame_gap: Duration::from_micros(400), ..Timing::default() });
        for (one, missed, at) in edges {
            if missed {
                assembler.missed();
            }
            let line = if one { Line::D1 } else { Line::D0 };
            assembler.feed(line, Duration::from_micros(at.into()));
            assembler.timeout(Duration::from_micros(at.into()));
        }
    }

    #[test]
    fn any_bits_at_any_legal_speed_come_out_as_sent(sent in prop::collection::vec(any::<bool>(), 1..=128), us in 200..=20_000_u64) {
        let mut wanted = Bits::new();
        sent.iter().for_each(|bit| wanted.push(*bit).unwrap());
        prop_assert_eq!(frame(&mut Assembler::default(), wanted, Duration::ZERO, Duration::from_micros(us)), Ok(wanted));
        prop_assert!(wanted.iter().eq(sent));
    }

    #[test]
    fn one_wrong_bit_in_a_frame_with_parity_never_passes(at in 0..26_usize) {
        let mut flipped: Vec<char> = H10301.chars().collect();
        flipped[at] = if flipped[at] == '0' { '1' } else { '0' };
        let flipped: String = flipped.into_iter().collect();
        prop_assert_eq!(decode(Format::H10301, &flipped), Err(Reject::Parity));
    }

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

fn card(profile: &Profile, input: &str) -> Card {
    match decode_with(profile, input) {
        Ok(Reading::Card(card)) => card,
        other => panic!("{input}: {other:?}"),
    }
}

#[test]
fn swapped_wires_are_named_where_parity_can_tell() {
    let inverted = |frame: &str| frame.replace('0', "x").replace('1', "0").replace('x', "1");
    let frames = [
        (Format::H10301, H10301),
        (Format::Half30, "100000000101010000110111100010"),
        (Format::W34Uid, "0011010110011110100010010110101100"),
        (Format::C1k35s, "10010100111001000000001000010110011"),
        (Format::H10302, "0010110000100101000101011100101000000"),
        (Format::S10401, "1101010011111111111111111111111110110"),
        (Format::Verkada40, "1000011001000000000000000000011111010011"),
        (Format::P10001, "1111001100100001000001010011100111101110"),
        (Format::Half42, "000000000100010011101010000011011100000010"),
        (Format::Cdvi44, "00000000000000000000101000111110100011110000"),
        (Format::C1k48s, "100000000011000000111001000000000110000001110010"),
        (
            Format::Half50,
            "00000000100000000100010011101010000011011100000011",
        ),
        (
            Format::Half58,
            "1000000000000000000000000100010011101010000011011100000011",
        ),
    ];
    for (format, frame) in frames {
        let swapped = inverted(frame);
        assert_eq!(decode(format, &swapped), Err(Reject::SwappedWires), "{format:?}");
        let mut profile = Profile::from(format);
        profile.swapped = true;
        assert_eq!(
            card(&profile, &swapped),
            card(&format.into(), frame),
            "{format:?}"
        );
    }
}

#[test]
fn one_parity_bit_alone_does_not_accuse_the_wiring() {
    let mut profile = Profile::from(Format::H10301);
    profile.parity = Parity::Trailing;
    assert_eq!(
        decode_with(&profile, "10111101100010001110101111"),
        Err(Reject::Parity)
    );
}

#[test]
fn a_card_whose_leading_parity_is_wrong_is_read_where_the_reader_is_set_so() {
    let n10002 = "0000000001100000110110000100010011";
    assert_eq!(decode(Format::H10306, n10002), Err(Reject::Parity));
    let mut profile = Profile::from(Format::H10306);
    profile.parity = Parity::Trailing;
    assert_eq!(card(&profile, n10002).facility(), Some(193));
    assert_eq!(card(&profile, n10002).card(), Some(45193));
    profile.parity = Parity::None;
    assert_eq!(card(&profile, n10002).card(), Some(45193));
}

#[test]
fn facility_and_card_are_joined_as_digits_or_as_bits_only_where_that_is_unambiguous() {
    let h10301 = card(&Format::H10301.into(), "00110010011100100000111111");
    assert_eq!(h10301.render(Rendering::FacilityCardDigits).unwrap(), "10058399");
    assert_eq!(h10301.render(Rendering::FacilityCardBits).unwrap(), "6611999");
    assert_eq!(h10301.render(Rendering::Decimal).unwrap(), "6611999");
    assert_eq!(h10301.render(Rendering::HexMsb).unwrap(), "64e41f");
    let h10304 = card(&Format::H10304.into(), "0111111111111111111111111111111111111");
    assert_eq!(h10304.render(Rendering::FacilityCardDigits), None);
    assert_eq!(h10304.render(Rendering::FacilityCardBits), None);
    assert_eq!(h10304.render(Rendering::H8D10), None);
}

#[test]
fn issue_and_reversed_order_of_fields_are_read() {
    let smartpass = card(
        &Format::Smartpass34.into(),
        &format!("0{:013b}{:03b}{:016b}0", 4321, 5, 54321),
    );
    assert_eq!(
        (smartpass.facility(), smartpass.issue(), smartpass.card()),
        (Some(4321), Some(5), Some(54321))
    );
    let optus = card(
        &Format::Optus34.into(),
        &format!("0{:016b}{:05b}{:011b}0", 54321, 0, 1234),
    );
    assert_eq!((optus.facility(), optus.card()), (Some(1234), Some(54321)));
    let bqt = card(&Format::Bqt34.into(), "0011010110011110100010010110101100");
    assert_eq!((bqt.facility(), bqt.card()), (Some(0x6B), Some(0x3D12D6)));
    let rosslare = card(
        &Format::Rosslare40.into(),
        &format!("{:032b}{:08b}", 0x6B3D_12D6, 0x90),
    );
    assert_eq!(rosslare.render(Rendering::HexMsb).unwrap(), "6b3d12d6");
}

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

#[test]
fn numbers_that_no_card_has_are_refused() {
    let w32 = |uid: u32| decode(Format::W32Csn, &format!("{uid:032b}"));
    assert_eq!(w32(0), Err(Reject::BlankNumber));
    assert_eq!(w32(u32::MAX), Err(Reject::BlankNumber));
    assert_eq!(w32(0x0801_0203), Err(Reject::RandomUid));
    assert_eq!(w32(0x8804_2B73), Err(Reject::PartialUid));
    assert!(w32(0x0301_0208).is_ok());
    // Two fields without any check.
    assert_eq!(decode(Format::Ir56, &"0".repeat(56)), Err(Reject::BlankNumber));
    // The random one is known by its first byte in card order, whichever comes first on the wire.
    let mut reversed = Profile::from(Format::W32Csn);
    reversed.byte_order = firmware_protocol::ByteOrder::Reversed;
    assert_eq!(
        decode_with(&reversed, &format!("{:032b}", 0x0302_0108)),
        Err(Reject::RandomUid)
    );
    // An EM4100 card may well start with 08.
    assert!(decode(Format::Rdm6300, "02 30383031313631444436 4434 03").is_ok());
    assert_eq!(
        decode(Format::Rdm6300, "02 30303030303030303030 3030 03"),
        Err(Reject::BlankNumber)
    );
}

#[test]
fn every_key_of_every_keypad_is_read() {
    let keys = "0123456789*#";
    let complement = |nibble: u32| format!("{:08b}", (!nibble & 0xF) << 4 | nibble);
    let parity = |nibble: u32| {
        let (high, low) = ((nibble >> 2).count_ones() % 2, 1 - (nibble & 3).count_ones() % 2);
        format!("{high}{nibble:04b}{low}")
    };
    for (nibble, key) in (0..).zip(keys.chars()) {
        let wanted = Ok(Reading::Key(Key::from_char(key).unwrap()));
        assert_eq!(decode(Format::W4, &format!("{nibble:04b}")), wanted);
        assert_eq!(decode(Format::W8Compl, &complement(nibble)), wanted);
        assert_eq!(decode(Format::W6Parity, &parity(nibble)), wanted);
        let rosslare = match key {
            '0' => 0xA,
            '*' => 0xB,
            '#' => 0xC,
            _ => nibble,
        };
        assert_eq!(decode(Format::W6Rosslare, &parity(rosslare)), wanted);
    }
    for (format, frame) in [
        (Format::W4, "1100".to_owned()),
        (Format::W8Compl, complement(0xC)),
        (Format::W6Parity, parity(0xC)),
        (Format::W6Rosslare, parity(0)),
    ] {
        assert_eq!(decode(format, &frame), Err(Reject::UnknownKey), "{format:?}");
    }
    assert_eq!(decode(Format::W6Parity, "111110"), Err(Reject::SwappedWires));
    assert_eq!(decode(Format::W6Parity, "100001"), Err(Reject::Parity));
    assert_eq!(decode(Format::W8Compl, "10001111"), Err(Reject::Complement));
}

#[test]
fn keys_and_cards_share_the_lines_of_one_reader() {
    let mut profile = Profile::from(Format::H10301);
    profile.keypad = Some(Format::W8Compl);
    assert_eq!(decode_with(&profile, "11100001"), Ok(Reading::Key(Key::Digit(1))));
    assert_eq!(card(&profile, H10301).card(), Some(4567));
    assert_eq!(decode_with(&profile, "1110"), Err(Reject::Length));
    assert_eq!(decode(Format::H10301, "11100001"), Err(Reject::Length));
}

#[test]
fn a_pin_in_a_26_bit_frame_is_a_pin_and_another_facility_is_a_card() {
    let frame = |facility: u32, number: u32| {
        let data = facility << 16 | number;
        let odd = 1 - (data & 0xFFF).count_ones() % 2;
        format!("{}{data:024b}{odd}", (data >> 12).count_ones() % 2)
    };
    let Ok(Reading::Pin(pin)) = decode(Format::Pin26, &frame(0, 4321)) else {
        panic!()
    };
    assert_eq!(pin.as_str(), "4321");
    assert_eq!(
        decode(Format::Pin26, &frame(0, 0xFFFF)),
        Err(Reject::PinErrorCode)
    );
    assert_eq!(card(&Format::Pin26.into(), &frame(7, 4321)).facility(), Some(7));
}

fn press(entry: &mut PinEntry, keys: &str, start: u64) -> Vec<String> {
    let keys = keys.chars().map(|key| Key::from_char(key).unwrap());
    let pins = keys
        .zip(start..)
        .filter_map(|(key, second)| entry.press(key, Duration::from_secs(second)));
    pins.map(|pin| pin.as_str().to_owned()).collect()
}

#[test]
fn a_pin_ends_with_hash_and_star_begins_it_again() {
    let mut entry = PinEntry::new(Duration::from_secs(5));
    assert_eq!(press(&mut entry, "1234#", 0), ["1234"]);
    assert_eq!(press(&mut entry, "99*1234#007#", 10), ["1234", "007"]);
    assert!(press(&mut entry, "##*#", 30).is_empty());
}

#[test]
fn a_pause_begins_the_pin_again() {
    let mut entry = PinEntry::new(Duration::from_secs(5));
    assert!(press(&mut entry, "12", 0).is_empty());
    assert_eq!(press(&mut entry, "34#", 7), ["34"]);
    assert!(press(&mut entry, "12", 20).is_empty());
    assert_eq!(press(&mut entry, "34#", 26), ["1234"]);
}

#[test]
fn an_overlong_entry_is_no_pin_and_the_next_one_is() {
    let mut entry = PinEntry::new(Duration::from_secs(5));
    assert_eq!(press(&mut entry, "12345678901234567890#1234#", 0), ["1234"]);
}

#[test]
fn nothing_secret_shows_in_debug_output_or_in_a_refusal() {
    let h10301 = decode(Format::H10301, H10301).unwrap();
    let text = decode(Format::Line, "343536370D").unwrap();
    let key = decode(Format::W4, "0111").unwrap();
    for reading in [h10301, text, key] {
        let shown = format!("{reading:?}");
        assert!(
            !shown.chars().any(|character| character.is_ascii_digit()),
            "{shown}"
        );
    }
    assert_eq!(format!("{:?}", bits(H10301)), "Bits(26 bits)");
    assert_eq!(
        format!("{:?}", card(&Format::H10301.into(), H10301).number().unwrap()),
        "Uid(..)"
    );
}
