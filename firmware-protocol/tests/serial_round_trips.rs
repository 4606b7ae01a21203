//! Serial frames from encoders of their own, which are written from the makers' papers and share nothing with the
//! decoders: what they encode is read, and what is damaged on the way is refused.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use firmware_protocol::{ByteOrder, Decoder, Format, Profile, Reading, Reject};
use proptest::prelude::*;
use proptest::sample::select;

fn xor(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |xor, byte| xor ^ byte)
}

fn hex(bytes: &[u8]) -> Vec<u8> {
    bytes
        .iter()
        .flat_map(|byte| format!("{byte:02X}").into_bytes())
        .collect()
}

/// Ten digits of card and two of check, with what the reader puts around them.
fn em4100(id: &[u8; 5], start: &[u8], end: &[u8]) -> Vec<u8> {
    [start, &hex(id), &hex(&[xor(id)]), end].concat()
}

fn gwiot(kind: u8, data: &[u8]) -> Vec<u8> {
    let inner = [&[data.len() as u8 + 5, kind], data].concat();
    [&[0x02], &inner[..], &[xor(&inner), 0x03]].concat()
}

/// CRC-16/MCRF4XX bit by bit: reflected 1021, initial FFFF.
fn crc(bytes: &[u8]) -> [u8; 2] {
    let mut crc = 0xFFFF_u16;
    for byte in bytes {
        crc ^= u16::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0x8408 } else { crc >> 1 };
        }
    }
    crc.to_le_bytes()
}

fn search_tag(kind: u8, id: &[u8]) -> Vec<u8> {
    [&[0, 1, kind, id.len() as u8 * 8, id.len() as u8], id].concat()
}

fn pn532(data: &[u8]) -> Vec<u8> {
    let sum = data.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
    let len = data.len() as u8;
    [
        &[0, 0, 0xFF, len, len.wrapping_neg()],
        data,
        &[sum.wrapping_neg(), 0],
    ]
    .concat()
}

/// One target of ISO 14443 type A, with or without the ATS of a smart card.
fn target(number: u8, uid: &[u8], ats: &[u8]) -> Vec<u8> {
    [&[number, 0x00, 0x44, 0x20, uid.len() as u8], uid, ats].concat()
}

fn read(profile: impl Into<Profile>, frame: &[u8]) -> Vec<Result<Reading, Reject>> {
    let mut decoder = Decoder::new(profile);
    let mut read: Vec<_> = frame.iter().filter_map(|byte| decoder.feed(*byte)).collect();
    read.extend(std::iter::from_fn(|| decoder.idle()));
    read
}

fn is_card(read: &[Result<Reading, Reject>], uid: &[u8]) -> bool {
    matches!(read, [Ok(Reading::Card(card))] if card.uid().unwrap().as_bytes() == uid)
}

fn no_card(read: &[Result<Reading, Reject>]) -> bool {
    !read.iter().any(|read| matches!(read, Ok(Reading::Card(_))))
}

/// A UID that is neither blank nor random nor the front half of another one.
fn uid(len: impl Into<prop::collection::SizeRange>) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), len).prop_map(|mut uid| {
        uid[0] = 0x04 | uid[0] & 0x03;
        uid
    })
}

fn iso14443a() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![uid(4), uid(7), uid(10)]
}

/// A checked frame of any format, and the card in it.
fn checked() -> impl Strategy<Value = (Format, Vec<u8>, Vec<u8>)> {
    let em4100 = (
        select(vec![Format::Rdm6300, Format::Id12la, Format::Em18Bare]),
        uid(5),
    )
        .prop_map(|(format, id)| {
            let (start, end): (&[u8], &[u8]) = match format {
                Format::Rdm6300 => (b"\x02", b"\x03"),
                Format::Id12la => (b"\x02", b"\r\n\x03"),
                _ => (b"", b""),
            };
            let frame = em4100(&id[..].try_into().unwrap(), start, end);
            (format, frame, id)
        });
    let kinds = select(vec![0x01, 0x02, 0x03, 0x10, 0x11, 0x20, 0x21, 0x22, 0x30, 0x50]);
    let gwiot = (kinds, uid(4..=10)).prop_map(|(kind, uid)| (Format::Gwiot7941e, gwiot(kind, &uid), uid));
    let twn4 = (any::<u8>(), iso14443a()).prop_map(|(kind, uid)| {
        let answer = search_tag(kind, &uid);
        let frame = [hex(&answer), hex(&crc(&answer)), vec![b'\r']].concat();
        (Format::Twn4SimpleCrc, frame, uid)
    });
    let ats = prop_oneof![Just(vec![]), Just(vec![0x05, 0x78, 0x80, 0x02, 0x02])];
    let pn532 = (iso14443a(), ats).prop_map(|(uid, ats)| {
        let answer = [&[0xD5, 0x4B, 1], &target(1, &uid, &ats)[..]].concat();
        (Format::Pn532Hsu, pn532(&answer), uid)
    });
    prop_oneof![em4100, gwiot, twn4, pn532]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_card_in_a_frame_made_by_the_rule_is_read((format, frame, uid) in checked()) {
        let said = read(format, &frame);
        prop_assert!(is_card(&said, &uid), "{format:?}: {said:?}");
        let mut reversed = Profile::from(format);
        reversed.byte_order = ByteOrder::Reversed;
        let backwards: Vec<u8> = uid.iter().rev().copied().collect();
        prop_assume!(backwards.len() != 4 || ![0x08, 0x88].contains(&backwards[0]));
        prop_assert!(is_card(&read(reversed, &frame), &backwards), "{format:?}");
    }

    #[test]
    fn one_wrong_byte_in_a_checked_frame_makes_no_card(
        (format, frame, uid) in checked(),
        at in any::<prop::sample::Index>(),
        wrong in any::<u8>(),
    ) {
        let mut damaged = frame.clone();
        *at.get_mut(&mut damaged) = wrong;
        let said = read(format, &damaged);
        // Lower case digits say the same, and nothing depends on the byte in front of or behind a frame of PN532.
        prop_assume!(!damaged.eq_ignore_ascii_case(&frame));
        let may_stay = format == Format::Pn532Hsu && [0, frame.len() - 1].contains(&at.index(frame.len()));
        prop_assert!(no_card(&said) || may_stay && is_card(&said, &uid), "{format:?}: {said:?}");
    }

    #[test]
    fn unchecked_answers_of_twn4_are_read_in_text_and_in_bytes(uid in iso14443a(), kind: u8) {
        let answer = search_tag(kind, &uid);
        let text = [hex(&answer), vec![b'\r']].concat();
        prop_assert!(is_card(&read(Format::Twn4Simple, &text), &uid));
        let sealed = [&answer[..], &crc(&answer)].concat();
        for payload in [answer, sealed] {
            let bytes = [&[payload.len() as u8, 0], &payload[..]].concat();
            prop_assert!(is_card(&read(Format::Twn4SimpleBin, &bytes), &uid));
        }
    }

    #[test]
    fn bits_in_a_frame_of_twn3_are_read_whatever_their_number(uid in uid(4)) {
        // 34 bits: even parity in front over the first half of the UID, odd parity behind over the second.
        let ones = |bytes: &[u8]| bytes.iter().map(|byte| byte.count_ones()).sum::<u32>();
        let number = u64::from(u32::from_be_bytes(uid[..].try_into().unwrap()));
        let frame = u64::from(ones(&uid[..2]) % 2) << 33 | number << 1 | u64::from((ones(&uid[2..]) + 1) % 2);
        let left = (frame << 6).to_be_bytes();
        let text = [hex(&[34]), hex(&left[3..]), vec![b'\r']].concat();
        let mut profile = Profile::from(Format::Twn3Ascii);
        profile.carries = Format::W34Uid;
        prop_assert!(is_card(&read(profile.clone(), &text), &uid));
        for len in [33, 35, 32, 41] {
            let text = [hex(&[len]), hex(&left[3..]), vec![b'\r']].concat();
            prop_assert_eq!(read(profile.clone(), &text), [Err(Reject::Length)]);
        }
    }

    #[test]
    fn the_check_of_an_ssa_reader_stands_behind_the_etx(text in "[0-9A-Z]{10}|[0-9A-Z]{8}", wrong: u8) {
        let inner = [b"\x02", text.as_bytes(), b"\x03"].concat();
        let frame = [&inner[..], &[xor(&inner)]].concat();
        let said = read(Format::SsaR1101, &frame);
        prop_assert!(matches!(&said[..], [Ok(Reading::Text(said))] if said.as_str() == text), "{said:?}");
        prop_assume!(wrong != xor(&inner));
        let said = read(Format::SsaR1101, &[&inner[..], &[wrong]].concat());
        prop_assert!(said.iter().all(Result::is_err) && !said.is_empty(), "{said:?}");
    }

    #[test]
    fn converters_send_what_the_lines_carried(facility: u8, number: u16, key in 0..10_u8) {
        let digits = format!("{facility:02X}{number:04X}");
        let said = read(Format::Wg2rs232, digits.as_bytes());
        let [Ok(Reading::Card(card))] = &said[..] else { panic!("{said:?}") };
        prop_assert_eq!((card.facility(), card.card()), (Some(facility.into()), Some(number.into())));
        let sent = u32::from(facility) << 16 | u32::from(number) | 1;
        let said = read(Format::S4aDec, format!("{sent:010}\r\n").as_bytes());
        let [Ok(Reading::Card(card))] = &said[..] else { panic!("{said:?}") };
        prop_assert_eq!(card.card(), Some(sent.into()));
        // A key is a character, or a nibble behind its complement.
        for byte in [b'0' + key, (!key & 0xF) << 4 | key] {
            let said = read(Format::S4aDec, &[byte]);
            let [Ok(Reading::Key(said))] = &said[..] else { panic!("{said:?}") };
            prop_assert_eq!(said.as_char(), char::from(b'0' + key));
        }
    }
}

#[test]
fn of_two_cards_in_the_field_of_a_pn532_the_first_is_read() {
    let (first, second) = (
        [0x04, 0x2B, 0x73, 0x32, 0x1A, 0x31, 0x80],
        [0xE4, 0x3A, 0xC9, 0xD2],
    );
    let both = [target(1, &first, &[]), target(2, &second, &[])].concat();
    let answer = [&[0xD5, 0x4B, 2], &both[..]].concat();
    assert!(is_card(&read(Format::Pn532Hsu, &pn532(&answer)), &first));
}

#[test]
fn a_reader_that_answers_with_an_error_has_read_no_card() {
    for error in 1..=5_u8 {
        let text = [hex(&[error]), vec![b'\r']].concat();
        assert_eq!(
            read(Format::Twn4Simple, &text),
            [Err(Reject::ReaderError)],
            "{error}"
        );
        let sealed = [hex(&[error]), hex(&crc(&[error])), vec![b'\r']].concat();
        assert_eq!(
            read(Format::Twn4SimpleCrc, &sealed),
            [Err(Reject::ReaderError)],
            "{error}"
        );
        assert_eq!(
            read(Format::Twn4SimpleBin, &[1, 0, error]),
            [Err(Reject::ReaderError)],
            "{error}"
        );
    }
    assert_eq!(
        read(Format::Pn532Hsu, &pn532(&[0x7F])),
        [Err(Reject::ReaderError)]
    );
}

#[test]
fn a_key_of_a_7941e_is_a_key_and_sector_data_is_no_card() {
    for (byte, key) in [
        (b'7', '7'),
        (7, '7'),
        (b'*', '*'),
        (0x0A, '*'),
        (b'#', '#'),
        (0x0B, '#'),
    ] {
        let said = read(Format::Gwiot7941e, &gwiot(0xFF, &[byte]));
        let [Ok(Reading::Key(said))] = &said[..] else {
            panic!("{byte:02x}: {said:?}")
        };
        assert_eq!(said.as_char(), key);
    }
    for keys in [&[0x0C][..], &[1, 2]] {
        assert_eq!(
            read(Format::Gwiot7941e, &gwiot(0xFF, keys)),
            [Err(Reject::UnknownKey)]
        );
    }
    assert_eq!(
        read(Format::Gwiot7941e, &gwiot(0x51, &[1, 2, 3, 4])),
        [Err(Reject::NotANumber)]
    );
}
