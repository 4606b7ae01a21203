//! Bits to card numbers, by the known layouts.

use firmware_protocol::wiegand::layout::Parity;
use firmware_protocol::wiegand::{self, Bits};
use firmware_protocol::{Format, NotWritten, Profile, Reject, Rendering, Wiring, decode, decode_with};

use super::{H10301, bits, card};

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
    assert_eq!(
        h10304.render(Rendering::FacilityCardDigits),
        Err(NotWritten::CardTooGreat { most: 99_999 })
    );
    assert_eq!(
        h10304.render(Rendering::FacilityCardBits),
        Err(NotWritten::CardTooGreat { most: 65_535 })
    );
    assert_eq!(
        h10304.render(Rendering::H8D10),
        Err(NotWritten::Bits { least: 32, has: 35 })
    );
}

#[test]
fn what_is_printed_on_em4100_cards_is_written_from_as_much_of_the_number_as_a_reader_sends() {
    // 0008075634 is printed on the card, and 123,14706 beside it: 6F 00 7B 39 72.
    let wanted = [
        (Rendering::H6D8, 24, "08075634"),
        (Rendering::H6D10, 24, "0008075634"),
        (Rendering::H2D3H4D5, 24, "123,14706"),
        (Rendering::H8D10, 32, "0008075634"),
        (Rendering::H4D5H4D5, 32, "00123,14706"),
        (Rendering::H10D12, 40, "476749445490"),
        (Rendering::H10D13, 40, "0476749445490"),
        (Rendering::H10D14, 40, "00476749445490"),
    ];
    let h10301 = format!("0{:08b}{:016b}1", 0x7B, 0x3972);
    let half30 = format!("0{:028b}0", 0x07B_3972);
    let h10306 = format!("0{:016b}{:016b}1", 0x7B, 0x3972);
    let w32 = format!("{:032b}", 0x007B_3972);
    let raw40 = format!("{:040b}", 0x6F_007B_3972_u64);
    let h10302 = format!("0{:035b}0", 0x007B_3972);
    for (format, frame, has) in [
        (Format::H10301, h10301, 24),
        (Format::Half30, half30, 28),
        (Format::H10306, h10306, 32),
        (Format::W32Csn, w32, 32),
        (Format::Raw40, raw40, 40),
        (Format::H10302, h10302, 35),
        (Format::W56Csn, format!("{:056b}", 0x04), 56),
    ] {
        let mut profile = Profile::from(format);
        profile.parity = Parity::None;
        let card = card(&profile, &frame);
        for (rendering, least, written) in wanted {
            let said = card.render(rendering);
            if (least..=40).contains(&has) && has != 35 {
                assert_eq!(said.as_deref(), Ok(written), "{format:?} {rendering:?}");
            } else {
                assert_eq!(
                    said,
                    Err(NotWritten::Bits { least, has }),
                    "{format:?} {rendering:?}"
                );
            }
        }
        let facility = card.render(Rendering::FacilityCardBits);
        assert_eq!(facility == Err(NotWritten::NoFacility), card.facility().is_none());
    }
}

#[test]
fn a_number_of_a_125_khz_reader_that_no_uid_begins_with_is_read_as_facility_and_card() {
    let frame = format!("1{:032b}0", 0x0800_0001_u32);
    assert_eq!(decode(Format::W34Uid, &frame), Err(Reject::RandomUid));
    let number = card(&Format::H10306.into(), &frame);
    assert_eq!(number.render(Rendering::HexMsb).unwrap(), "08000001");
    assert_eq!(number.render(Rendering::H8D10).unwrap(), "0134217729");
    for reject in [Reject::RandomUid, Reject::PartialUid] {
        let why = reject.to_string();
        assert!(why.contains("byte_order") && why.contains("h10306"), "{why}");
    }
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
