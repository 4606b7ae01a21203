//! What one end says and the other does not know, as after an update of only one of them.

use firmware_protocol::board::frame::{Decoder, Frame};
use firmware_protocol::board::message::{AckStatus, BoardMessage, HostMessage, ReleaseId, ReleaseOrder};
use firmware_protocol::board::{BoardEvent, Direction, Refusal, Turnstile};

use super::rig::{CUT, Line, Rig, ms};

const NONCE: u32 = 0xB007_0001;

/// A right frame with this type and body.
fn frame(kind: u8, sequence: u32, nonce: u32, body: &[u8]) -> Vec<u8> {
    let mut raw = vec![1, 0, kind];
    raw.extend(sequence.to_le_bytes());
    raw.extend(nonce.to_le_bytes());
    raw.extend(body);
    raw.extend(
        crc::Crc::<u32>::new(&crc::CRC_32_ISCSI)
            .checksum(&raw)
            .to_le_bytes(),
    );
    let mut wire = vec![0; cobs::max_encoding_length(raw.len()) + 1];
    let length = cobs::encode(&raw, &mut wire);
    wire.truncate(length + 1);
    wire
}

fn acknowledged_by_host(rig: &mut Rig) -> Option<u32> {
    let mut decoder = Decoder::<HostMessage>::default();
    let sent: Vec<_> = std::iter::from_fn(|| rig.host.transmit(rig.now)).collect();
    let mut frames = sent.iter().flatten().filter_map(|byte| decoder.feed(*byte));
    frames.find_map(|frame| match frame {
        Ok(Frame {
            message: HostMessage::Heartbeat { acknowledged },
            ..
        }) => Some(acknowledged),
        _ => None,
    })
}

#[test]
fn a_report_that_the_host_does_not_know_is_acknowledged_and_those_behind_it_are_heard() {
    let unknown_type: (u8, &[u8]) = (0x8A, &[0xAA]);
    let unknown_input = (0x85, &[9, 1][..]);
    let unknown_format = (0x84, &[1, 3, 1, 0, 0x51][..]);
    for (kind, body) in [unknown_type, unknown_input, unknown_format] {
        let mut rig = Rig::online();
        rig.run(ms(1));
        for sequence in [1, 2] {
            rig.host.receive(&frame(kind, sequence, NONCE, body), rig.now);
            assert_eq!(acknowledged_by_host(&mut rig), Some(sequence));
        }
        let message = BoardMessage::WrongWay {
            release: None,
            direction: Direction::B,
        };
        let behind = Frame {
            sequence: 3,
            nonce: NONCE,
            message,
        };
        rig.host.receive(&behind.encode(), rig.now);
        let events: Vec<_> = std::iter::from_fn(|| rig.host.poll_event()).collect();
        let wrong_way = BoardEvent::WrongWay {
            grant: None,
            direction: Direction::B,
        };
        assert_eq!(events, [BoardEvent::NotUnderstood { kind }, wrong_way]);
        assert_eq!(rig.host.rejected(), 0, "no bad line");
    }
}

#[test]
fn what_is_broken_or_from_another_boot_is_not_acknowledged() {
    let mut rig = Rig::online();
    rig.run(ms(1));
    let another_boot = frame(0x8A, 1, NONCE + 1, &[]);
    let too_long = frame(0x85, 1, NONCE, &[0, 1, 0]);
    for (rejected, wrong) in (1..).zip([another_boot, too_long]) {
        rig.host.receive(&wrong, rig.now);
        assert_eq!(acknowledged_by_host(&mut rig), None);
        assert_eq!(rig.host.rejected(), rejected);
    }
}

#[test]
fn what_the_board_does_not_know_is_answered_opens_nothing_and_is_not_remembered() {
    let mut rig = Rig::online();
    rig.run(ms(200));
    let order = ReleaseOrder {
        grant: 7,
        direction: Direction::A,
        issued_at: rig.board_now().as_millis() as u32,
        ttl_ms: 1500,
        pulse_ms: 500,
        passage_ms: 5000,
    };
    let release = Frame {
        sequence: 1,
        nonce: NONCE,
        message: HostMessage::Release(order),
    }
    .encode();
    let mut raw = [0; 64];
    cobs::decode(&release[..release.len() - 1], &mut raw).unwrap();
    let mut third_direction = raw[11..30].to_vec();
    third_direction[8] = 3;
    let mut decoder = Decoder::<BoardMessage>::default();
    for (kind, body) in [(0x05, &[][..]), (0x03, &third_direction)] {
        rig.board.receive(&frame(kind, 1, NONCE, body), rig.board_now());
        let sent = rig.board.transmit(rig.board_now()).unwrap();
        let frame = sent.iter().find_map(|byte| decoder.feed(*byte)).unwrap().unwrap();
        let release = ReleaseId {
            sequence: 1,
            grant: 0,
        };
        let status = AckStatus::Invalid;
        assert_eq!(frame.message, BoardMessage::Ack { release, status });
        assert_eq!(rig.board.outputs().contact, None);
    }
    for unanswered in [frame(0x05, 0, NONCE, &[]), frame(0x05, 1, NONCE + 1, &[])] {
        rig.board.receive(&unanswered, rig.board_now());
        assert_eq!(rig.board.transmit(rig.board_now()), None);
    }
    rig.board.receive(&release, rig.board_now());
    assert_eq!(rig.board.outputs().contact, Some(Direction::A));
}

#[test]
fn a_release_that_the_board_does_not_know_is_refused_and_the_next_one_opens() {
    let mut rig = Rig::online();
    rig.line = CUT;
    rig.release(7, Direction::A, ms(1500)).unwrap();
    let release = ReleaseId {
        sequence: 1,
        grant: 0,
    };
    for status in [AckStatus::Opened, AckStatus::Invalid] {
        let message = BoardMessage::Ack { release, status };
        let ack = Frame {
            sequence: 0,
            nonce: NONCE,
            message,
        };
        rig.host.receive(&ack.encode(), rig.now);
    }
    rig.line = Line::default();
    rig.settle();
    let refused = BoardEvent::Refused {
        grant: 7,
        direction: Direction::A,
        why: Refusal::Invalid,
    };
    assert_eq!(rig.events, [refused]);
    rig.release(8, Direction::A, ms(1500)).unwrap();
    assert_eq!(rig.openings[&8], 1);
}
