//! Frames of the link: known check values, splitting, noise, damage.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use firmware_protocol::board::Direction;
use firmware_protocol::board::frame::{Decoder, Frame, FrameError, Header, MAX_FRAME, MAX_WIRE, Message};
use firmware_protocol::board::message::{
    AckStatus, BoardHeartbeat, BoardInput, BoardMessage, BoardRead, Fault, Feedback, HostMessage, Indicator,
    Inputs, MAX_READ, ReleaseId, ReleaseOrder,
};
use proptest::prelude::*;

fn feed<M: Message>(decoder: &mut Decoder<M>, bytes: &[u8]) -> Vec<Result<Frame<M>, FrameError>> {
    bytes.iter().filter_map(|byte| decoder.feed(*byte)).collect()
}

fn decode<M: Message>(bytes: &[u8]) -> Vec<Result<Frame<M>, FrameError>> {
    feed(&mut Decoder::default(), bytes)
}

fn crc(bytes: &[u8]) -> u32 {
    crc::Crc::<u32>::new(&crc::CRC_32_ISCSI).checksum(bytes)
}

/// A frame from unstuffed content, with a right CRC.
fn frame_of(content: &[u8]) -> Vec<u8> {
    let mut raw = content.to_vec();
    raw.extend(crc(content).to_le_bytes());
    stuff(&raw)
}

fn stuff(raw: &[u8]) -> Vec<u8> {
    let mut wire = vec![0; cobs::max_encoding_length(raw.len()) + 1];
    let length = cobs::encode(raw, &mut wire);
    wire.truncate(length);
    wire.push(0);
    wire
}

fn heartbeat() -> Frame<HostMessage> {
    Frame {
        sequence: 0,
        nonce: 0x0102_0304,
        message: HostMessage::Heartbeat { acknowledged: 9 },
    }
}

#[test]
fn the_crc_has_the_check_value_of_the_catalogue() {
    assert_eq!(crc(b"123456789"), 0xE306_9283);
}

/// Cheshire and Baker's algorithm; runs of 254 are where encoders differ, so they stand here.
#[test]
fn stuffing_follows_the_known_vectors() {
    let run = |first: u16, count: u16| (first..first + count).map(|byte| byte as u8).collect::<Vec<u8>>();
    let vectors: [(Vec<u8>, Vec<u8>); 7] = [
        (vec![0, 0], vec![1, 1, 1]),
        (vec![0x11, 0x22, 0, 0x33], vec![3, 0x11, 0x22, 2, 0x33]),
        (vec![0x11, 0, 0, 0], vec![2, 0x11, 1, 1, 1]),
        (run(1, 254), [vec![0xFF], run(1, 254)].concat()),
        (run(0, 255), [vec![1, 0xFF], run(1, 254)].concat()),
        (run(1, 255), [vec![0xFF], run(1, 254), vec![2, 0xFF]].concat()),
        (
            [run(3, 253), vec![0, 1]].concat(),
            [vec![0xFE], run(3, 253), vec![2, 1]].concat(),
        ),
    ];
    for (raw, stuffed) in vectors {
        assert_eq!(stuff(&raw), [stuffed, vec![0]].concat());
    }
}

#[test]
fn a_frame_may_come_in_any_portions() {
    let wire = heartbeat().encode();
    for split in 0..wire.len() {
        let mut decoder = Decoder::default();
        assert_eq!(feed::<HostMessage>(&mut decoder, &wire[..split]), []);
        assert_eq!(feed(&mut decoder, &wire[split..]), [Ok(heartbeat())]);
    }
}

#[test]
fn empty_frames_are_passed_over() {
    let wire = [&[0, 0, 1, 0, 0][..], &heartbeat().encode()].concat();
    assert_eq!(decode(&wire), [Ok(heartbeat())]);
}

#[test]
fn noise_costs_nothing_beyond_the_next_delimiter() {
    let wire = heartbeat().encode();
    let torn = [&wire[5..], &wire, &wire[..7], &wire, &wire].concat();
    let frames = decode::<HostMessage>(&torn);
    assert_eq!(
        frames.iter().filter(|frame| **frame == Ok(heartbeat())).count(),
        2
    );
    assert_eq!(
        frames.len(),
        4,
        "the torn one takes its neighbour with it, no more"
    );
}

#[test]
fn a_frame_that_is_too_long_is_refused_once_and_the_next_one_is_read() {
    let wire = [stuff(&[7; MAX_FRAME + 1]), heartbeat().encode().to_vec()].concat();
    assert_eq!(decode(&wire), [Err(FrameError::TooLong), Ok(heartbeat())]);
    let endless = vec![7; 100_000];
    assert_eq!(decode::<HostMessage>(&endless), []);
}

#[test]
fn each_kind_of_wrong_frame_has_its_own_error() {
    let good = [1, 0, 2, 0, 0, 0, 0, 4, 3, 2, 1, 9, 0, 0, 0];
    assert_eq!(decode(&frame_of(&good)), [Ok(heartbeat())]);
    let with = |position: usize, value: u8| {
        let mut content = good;
        content[position] = value;
        decode::<HostMessage>(&frame_of(&content))
    };
    assert_eq!(with(0, 2), [Err(FrameError::Version(2))]);
    assert_eq!(with(1, 0x80), [Err(FrameError::Authenticated)]);
    assert_eq!(with(1, 0xC0), [Err(FrameError::Authenticated)]);
    assert_eq!(with(1, 0x01), [Err(FrameError::Flags(1))]);
    let header = |kind| Header {
        kind,
        sequence: 0,
        nonce: 0x0102_0304,
    };
    assert_eq!(with(2, 0x7F), [Err(FrameError::UnknownType(header(0x7F)))]);
    assert_eq!(
        with(2, 0x82),
        [Err(FrameError::UnknownType(header(0x82)))],
        "a message of the board"
    );
    assert_eq!(
        decode::<HostMessage>(&frame_of(&good[..14])),
        [Err(FrameError::Length)]
    );
    assert_eq!(
        decode::<HostMessage>(&frame_of(&[&good[..], &[0]].concat())),
        [Err(FrameError::Length)]
    );
    assert_eq!(decode::<HostMessage>(&[2, 7, 0]), [Err(FrameError::TooShort)]);
    assert_eq!(decode::<HostMessage>(&[9, 7, 0]), [Err(FrameError::Stuffing)]);
    assert_eq!(decode::<HostMessage>(&stuff(&good)), [Err(FrameError::Checksum)]);
}

/// Some encoders end a message of 254 bytes without a zero with one more block, an empty one.
#[test]
fn a_full_block_may_be_followed_by_an_empty_one() {
    let full = [&[0xFF][..], &[5; 254]].concat();
    for end in [&[0][..], &[1, 0]] {
        let frames = decode::<HostMessage>(&[&full, end].concat());
        assert_eq!(
            frames,
            [Err(FrameError::Checksum)],
            "unstuffed, and only then found wrong"
        );
    }
}

#[test]
fn the_examples_of_the_document_are_the_golden_bytes() {
    let document = include_str!("../../docs/board-protocol.md");
    let golden = include_str!("board_golden_v1.rs");
    let examples = document
        .lines()
        .filter_map(|line| line.strip_suffix(" 00` |")?.rsplit_once('`'));
    let mut count = 0;
    for (message, example) in examples {
        assert!(golden.contains(&format!("\"{example} 00\"")), "{message}");
        count += 1;
    }
    assert_eq!(count, 18);
}

fn direction() -> impl Strategy<Value = Direction> {
    prop_oneof![Just(Direction::A), Just(Direction::B)]
}

fn host_message() -> impl Strategy<Value = HostMessage> {
    let indicator = prop_oneof![
        Just(Indicator::Idle),
        Just(Indicator::Granted),
        Just(Indicator::Denied),
        Just(Indicator::OutOfService)
    ];
    prop_oneof![
        any::<u32>().prop_map(|challenge| HostMessage::Hello { challenge }),
        any::<u32>().prop_map(|acknowledged| HostMessage::Heartbeat { acknowledged }),
        (any::<u64>(), direction(), any::<u32>(), any::<[u16; 3]>()).prop_map(
            |(grant, direction, issued_at, [ttl_ms, pulse_ms, passage_ms])| HostMessage::Release(
                ReleaseOrder {
                    grant,
                    direction,
                    issued_at,
                    ttl_ms,
                    pulse_ms,
                    passage_ms
                }
            )
        ),
        (direction(), indicator, any::<[u16; 2]>()).prop_map(
            |(direction, indicator, [indicator_ms, buzzer_ms])| {
                HostMessage::Feedback(Feedback {
                    direction,
                    indicator,
                    indicator_ms,
                    buzzer_ms,
                })
            }
        ),
    ]
}

fn release_id() -> impl Strategy<Value = ReleaseId> {
    (1..=u32::MAX, any::<u64>()).prop_map(|(sequence, grant)| ReleaseId { sequence, grant })
}

fn board_message() -> impl Strategy<Value = BoardMessage> {
    prop_oneof![
        (any::<u32>(), any::<bool>(), any::<u8>(), any::<u8>()).prop_map(
            |(clock, serving, inputs, fault)| {
                let fault = Fault::from_code(fault);
                BoardMessage::Heartbeat(BoardHeartbeat {
                    clock,
                    serving,
                    inputs: Inputs(inputs),
                    fault,
                })
            }
        ),
        (release_id(), prop::sample::select(&AckStatus::ALL[..]))
            .prop_map(|(release, status)| BoardMessage::Ack { release, status }),
        (any::<u8>(), prop::collection::vec(any::<u8>(), 1..=MAX_READ))
            .prop_map(|(reader, bytes)| BoardMessage::Read(BoardRead::bytes(reader, &bytes).unwrap())),
        (prop::sample::select(&BoardInput::ALL[..]), any::<bool>())
            .prop_map(|(input, active)| BoardMessage::Input { input, active }),
        (prop::option::of(release_id()), direction(), any::<u32>()).prop_map(
            |(release, direction, counter)| BoardMessage::Passed {
                release,
                direction,
                counter
            }
        ),
        (release_id(), direction())
            .prop_map(|(release, direction)| BoardMessage::TimedOut { release, direction }),
        (prop::option::of(release_id()), direction())
            .prop_map(|(release, direction)| BoardMessage::WrongWay { release, direction }),
        (prop::option::of(release_id()), any::<u8>()).prop_map(|(release, fault)| BoardMessage::Fault {
            release,
            fault: Fault::from_code(fault)
        }),
    ]
}

proptest! {
    #[test]
    fn what_a_host_says_is_what_a_board_hears(
        sequence in any::<u32>(), nonce in any::<u32>(), message in host_message(),
    ) {
        let frame = Frame { sequence, nonce, message };
        let wire = frame.encode();
        prop_assert_eq!(wire.iter().filter(|byte| **byte == 0).count(), 1);
        prop_assert_eq!(decode(&wire), [Ok(frame)]);
    }

    #[test]
    fn what_a_board_says_is_what_a_host_hears(
        sequence in any::<u32>(), nonce in any::<u32>(), message in board_message(),
    ) {
        let frame = Frame { sequence, nonce, message };
        let wire = frame.encode();
        prop_assert!(wire.len() <= MAX_WIRE);
        prop_assert_eq!(decode(&wire), [Ok(frame)]);
    }

    #[test]
    fn a_few_wrong_bits_are_noticed(
        message in host_message(), hits in prop::collection::vec(any::<prop::sample::Index>(), 1..=5),
    ) {
        let wire = Frame { sequence: 1, nonce: 2, message }.encode();
        let mut damaged = wire.to_vec();
        for hit in hits {
            let bit = hit.index(wire.len() * 8);
            damaged[bit / 8] ^= 1 << (bit % 8);
        }
        prop_assume!(damaged != wire[..]);
        damaged.push(0);
        prop_assert!(decode::<HostMessage>(&damaged).iter().all(Result::is_err));
    }

    #[test]
    fn no_bytes_make_the_decoder_panic_and_a_frame_after_them_is_read(
        noise in prop::collection::vec(any::<u8>(), 0..2000),
    ) {
        let mut decoder = Decoder::<HostMessage>::default();
        feed(&mut decoder, &noise);
        feed(&mut decoder, &[0]);
        prop_assert_eq!(feed(&mut decoder, &heartbeat().encode()), [Ok(heartbeat())]);
        let mut decoder = Decoder::<BoardMessage>::default();
        feed(&mut decoder, &noise);
    }

    /// Content behind a right CRC, so that the fields themselves meet nonsense.
    #[test]
    fn no_content_makes_the_decoder_panic(kind in any::<u8>(), body in prop::collection::vec(any::<u8>(), 0..245)) {
        let content = [&[1, 0, kind, 0, 0, 0, 0, 0, 0, 0, 0][..], &body].concat();
        decode::<HostMessage>(&frame_of(&content));
        for frame in decode::<BoardMessage>(&frame_of(&content)).into_iter().flatten() {
            // What is taken has one spelling only, apart from bits and codes without a meaning.
            let again = decode::<BoardMessage>(&frame.encode());
            prop_assert_eq!(again, [Ok(frame)]);
        }
    }
}
