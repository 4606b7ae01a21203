//! Streams of bytes as serial lines bring them: split, joined, noisy, broken off.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "frames/mod.rs"]
mod frames;

use firmware_protocol::serial::line::Terminator;
use firmware_protocol::{Decoder, Format, Profile, Reading, Reject, Wiring};
use proptest::prelude::*;

use crate::frames::FRAMES;

/// Formats whose frames say by themselves where they start, so that noise right before them does no harm.
const MARKED: [Format; 5] = [
    Format::Rdm6300,
    Format::Id12la,
    Format::Gwiot7941e,
    Format::SsaR1101,
    Format::Pn532Hsu,
];

fn fed(decoder: &mut Decoder, bytes: &[u8]) -> Vec<Result<Reading, Reject>> {
    bytes.iter().filter_map(|byte| decoder.feed(*byte)).collect()
}

fn quiet(decoder: &mut Decoder) -> Vec<Result<Reading, Reject>> {
    std::iter::from_fn(|| decoder.idle()).collect()
}

fn reads(format: Format, bytes: &[u8]) -> Vec<Result<Reading, Reject>> {
    let mut decoder = Decoder::new(format);
    let mut outcomes = fed(&mut decoder, bytes);
    outcomes.extend(quiet(&mut decoder));
    outcomes
}

fn the_reading(format: Format) -> Reading {
    let (_, frame, _) = FRAMES.iter().find(|(of, ..)| *of == format).unwrap();
    let outcomes = reads(format, frame);
    let [Ok(reading)] = outcomes.as_slice() else {
        panic!("{format:?}: {outcomes:?}")
    };
    reading.clone()
}

#[test]
fn every_format_of_bytes_has_a_frame_here() {
    for format in Format::ALL
        .iter()
        .filter(|format| format.wiring() != Wiring::Wiegand)
    {
        the_reading(*format);
    }
}

#[test]
fn two_frames_in_one_write_are_two_readings() {
    for (format, frame, _) in FRAMES.iter().filter(|(format, ..)| *format != Format::Wg2rs232) {
        let reading = the_reading(*format);
        let twice = [*frame, *frame].concat();
        assert_eq!(
            reads(*format, &twice),
            [Ok(reading.clone()), Ok(reading)],
            "{format:?}"
        );
    }
}

#[test]
fn a_wrong_checksum_is_refused_and_the_next_frame_is_read() {
    for (format, frame, wrong) in FRAMES {
        let Some(wrong) = wrong else { continue };
        let outcomes = reads(*format, &[*wrong, *frame].concat());
        let reject = if *format == Format::Twn3Ascii {
            Reject::Parity
        } else {
            Reject::Checksum
        };
        assert_eq!(outcomes.first(), Some(&Err(reject)), "{format:?}");
        assert_eq!(outcomes.last(), Some(&Ok(the_reading(*format))), "{format:?}");
    }
}

#[test]
fn an_em18_frame_that_lost_a_digit_ends_with_silence() {
    let mut decoder = Decoder::new(Format::Em18Bare);
    assert_eq!(
        fed_and_quiet(&mut decoder, b"500C5D1E9B8"),
        [Err(Reject::Incomplete)]
    );
    assert_eq!(
        fed_and_quiet(&mut decoder, b"4500C5D1E9B8"),
        [Ok(the_reading(Format::Em18Bare))]
    );
}

#[test]
fn half_a_frame_before_silence_is_never_a_card_and_harms_no_later_frame() {
    for (format, frame, _) in FRAMES
        .iter()
        .filter(|(format, ..)| !matches!(format, Format::Line | Format::Cardno))
    {
        for cut in 1..frame.len() {
            let mut decoder = Decoder::new(*format);
            let mut outcomes = fed(&mut decoder, &frame[..cut]);
            outcomes.extend(quiet(&mut decoder));
            // What follows the check byte may be missing: the PN532's postamble.
            let complete = *format == Format::Pn532Hsu && cut + 1 == frame.len();
            let card = outcomes
                .iter()
                .any(|outcome| matches!(outcome, Ok(Reading::Card(_) | Reading::Text(_))));
            assert_eq!(card, complete, "{format:?} cut at {cut}");
            assert_eq!(
                fed_and_quiet(&mut decoder, frame),
                [Ok(the_reading(*format))],
                "{format:?} cut at {cut}"
            );
        }
    }
}

fn fed_and_quiet(decoder: &mut Decoder, bytes: &[u8]) -> Vec<Result<Reading, Reject>> {
    let mut outcomes = fed(decoder, bytes);
    outcomes.extend(quiet(decoder));
    outcomes
}

#[test]
fn a_megabyte_of_random_bytes_shows_no_card_and_the_next_frame_is_read() {
    for (format, frame, _) in FRAMES {
        let mut decoder = Decoder::new(*format);
        let mut random = 0x2545_F491_4F6C_DD1D_u64;
        let mut cards = 0;
        for _ in 0..1 << 20 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let outcome = decoder.feed(random.to_le_bytes()[3]);
            cards += usize::from(matches!(outcome, Some(Ok(Reading::Card(_)))));
        }
        quiet(&mut decoder);
        // A line of hexadecimal digits has no check, so chance makes short ones.
        assert!(cards == 0 || *format == Format::Cardno, "{format:?}: {cards}");
        assert_eq!(
            fed_and_quiet(&mut decoder, frame),
            [Ok(the_reading(*format))],
            "{format:?}"
        );
    }
}

proptest! {
    #[test]
    fn after_any_noise_and_silence_a_frame_is_read(noise: Vec<u8>, index in 0..FRAMES.len()) {
        let (format, frame, _) = FRAMES[index];
        let mut decoder = Decoder::new(format);
        fed_and_quiet(&mut decoder, &noise);
        prop_assert_eq!(fed_and_quiet(&mut decoder, frame), [Ok(the_reading(format))]);
    }

    #[test]
    fn a_frame_that_marks_its_start_is_read_right_after_noise(noise: Vec<u8>, index in 0..MARKED.len()) {
        let format = MARKED[index];
        let (_, frame, _) = FRAMES.iter().find(|(of, ..)| *of == format).unwrap();
        let outcomes = reads(format, &[&noise, *frame].concat());
        prop_assert!(outcomes.contains(&Ok(the_reading(format))), "{format:?}: {outcomes:?}");
    }

    #[test]
    fn no_bytes_make_a_decoder_fail(bytes: Vec<u8>, index in 0..Format::ALL.len(), pauses: Vec<u8>) {
        let mut decoder = Decoder::new(Format::ALL[index]);
        for (at, byte) in bytes.iter().enumerate() {
            decoder.feed(*byte);
            if pauses.get(at).is_some_and(|pause| *pause > 200) {
                quiet(&mut decoder);
            }
        }
        quiet(&mut decoder);
        prop_assert_eq!(decoder.idle(), None);
    }

    #[test]
    fn no_input_makes_decode_fail(input: String, index in 0..Format::ALL.len()) {
        let _ = firmware_protocol::decode(Format::ALL[index], &input);
    }
}

fn line(set: impl FnOnce(&mut Profile)) -> Decoder {
    let mut profile = Profile::from(Format::Line);
    set(&mut profile);
    Decoder::new(profile)
}

fn texts(decoder: &mut Decoder, bytes: &[u8]) -> Vec<Result<String, Reject>> {
    let outcomes = fed_and_quiet(decoder, bytes).into_iter();
    outcomes
        .map(|outcome| match outcome {
            Ok(Reading::Text(text)) => Ok(text.as_str().to_owned()),
            Ok(other) => panic!("{other:?}"),
            Err(reject) => Err(reject),
        })
        .collect()
}

#[test]
fn a_line_ends_only_at_the_terminator_that_is_set() {
    let ends: [(Terminator, &[u8]); 4] = [
        (Terminator::Cr, b"\r"),
        (Terminator::Lf, b"\n"),
        (Terminator::CrLf, b"\r\n"),
        (Terminator::Any, b"\r\n"),
    ];
    for (terminator, end) in ends {
        let mut decoder = line(|profile| profile.line.terminator = terminator);
        let bytes = [b"one", end, b"two", end].concat();
        assert_eq!(
            texts(&mut decoder, &bytes),
            [Ok("one".to_owned()), Ok("two".to_owned())],
            "{terminator:?}"
        );
    }
    let mut cr = line(|profile| profile.line.terminator = Terminator::Cr);
    assert_eq!(texts(&mut cr, b"half"), [Err(Reject::Incomplete)]);
    let mut idle = line(|profile| profile.line.terminator = Terminator::Idle);
    assert_eq!(texts(&mut idle, b"whole"), [Ok("whole".to_owned())]);
}

#[test]
fn prefix_suffix_frame_characters_and_aim_identifier_are_taken_away() {
    let mut decoder = line(|profile| {
        profile.line.prefix = "<".try_into().unwrap();
        profile.line.suffix = ">".try_into().unwrap();
        profile.line.aim_id = true;
    });
    assert_eq!(
        texts(&mut decoder, b"\x02<]Q1GYM:1>\x03\r\n"),
        [Ok("GYM:1".to_owned())]
    );
    assert_eq!(texts(&mut decoder, b"<GYM:1>\r"), [Ok("GYM:1".to_owned())]);
    assert_eq!(texts(&mut decoder, b"GYM:1>\r"), [Err(Reject::Affix)]);
    assert_eq!(texts(&mut decoder, b"<GYM:1\r"), [Err(Reject::Affix)]);
}

#[test]
fn a_text_keeps_what_is_not_set_to_be_taken_away() {
    assert_eq!(
        texts(&mut line(|_| ()), b"]Q1GYM:1\r"),
        [Ok("]Q1GYM:1".to_owned())]
    );
    assert_eq!(
        texts(&mut line(|_| ()), "café \r".as_bytes()),
        [Ok("café ".to_owned())]
    );
}

#[test]
fn a_line_that_never_ends_is_refused_whole_and_the_next_one_is_read() {
    let mut decoder = line(|_| ());
    let bytes = [vec![b'A'; 5_000], b"\rnext\r".to_vec()].concat();
    assert_eq!(
        texts(&mut decoder, &bytes),
        [Err(Reject::TooLong), Ok("next".to_owned())]
    );
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    assert_eq!(texts(&mut line(|_| ()), b"\xFF\xFE\r"), [Err(Reject::NotText)]);
    assert_eq!(texts(&mut line(|_| ()), b"a\x1Bb\r"), [Err(Reject::NotText)]);
}

#[test]
fn noise_is_counted_and_frames_are_not() {
    let mut decoder = Decoder::new(Format::Rdm6300);
    fed_and_quiet(&mut decoder, b"xyz\x026F007B39725F\x03zz");
    assert_eq!(decoder.noise(), 5);
}
