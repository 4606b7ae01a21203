//! Keys and PINs.

use std::time::Duration;

use firmware_protocol::keypad::PinEntry;
use firmware_protocol::{Format, Key, Profile, Reading, Reject, decode, decode_with};

use super::{H10301, card};

#[test]
fn every_key_of_every_keypad_is_read() {
    let keys = "0123456789*#";
    let complement = |nibble: u32| format!("{:08b}", (!nibble & 0xF) << 4 | nibble);
    let parity = |nibble: u32| {
        let (high, low) = ((nibble >> 2).count_ones() % 2, 1 - (nibble & 3).count_ones() % 2);
        format!("{high}{nibble:04b}{low}")
    };
    let swapped = |nibble: u32| format!("{:08b}", nibble << 4 | !nibble & 0xF);
    let ten = |byte: &str| {
        let ones = |bits: &str| bits.bytes().filter(|bit| *bit == b'1').count();
        format!("{}{byte}{}", ones(&byte[..4]) % 2, 1 - ones(&byte[4..]) % 2)
    };
    for (nibble, key) in (0..).zip(keys.chars()) {
        let wanted = Ok(Reading::Key(Key::from_char(key).unwrap()));
        assert_eq!(decode(Format::W4, &format!("{nibble:04b}")), wanted);
        assert_eq!(decode(Format::W8Compl, &complement(nibble)), wanted);
        assert_eq!(decode(Format::W8Swapped, &swapped(nibble)), wanted);
        assert_eq!(decode(Format::W10, &ten(&format!("{nibble:08b}"))), wanted);
        assert_eq!(decode(Format::W10Compl, &ten(&complement(nibble))), wanted);
        assert_eq!(decode(Format::W10Swapped, &ten(&swapped(nibble))), wanted);
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
        (Format::W8Swapped, swapped(0xC)),
        (Format::W10, ten("00001100")),
        (Format::W10, ten("11110000")),
        (Format::W10Compl, ten(&complement(0xC))),
        (Format::W10Swapped, ten(&swapped(0xC))),
        (Format::W6Parity, parity(0xC)),
        (Format::W6Rosslare, parity(0)),
    ] {
        assert_eq!(decode(format, &frame), Err(Reject::UnknownKey), "{format:?}");
    }
    assert_eq!(decode(Format::W6Parity, "111110"), Err(Reject::SwappedWires));
    assert_eq!(decode(Format::W6Parity, "100001"), Err(Reject::Parity));
    for format in [Format::W10, Format::W10Compl, Format::W10Swapped] {
        assert_eq!(decode(format, "0000001001"), Err(Reject::Parity));
        assert_eq!(decode(format, "1111111101"), Err(Reject::SwappedWires));
    }
    assert_eq!(
        decode(Format::W10Compl, &ten("00000100")),
        Err(Reject::Complement)
    );
    assert_eq!(decode(Format::W8Swapped, "10001111"), Err(Reject::Complement));
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
