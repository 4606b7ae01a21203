//! Golden bytes of version 1 of the link to the turnstile board. **This file must not be changed**: boards in the
//! field speak these bytes. A change that breaks it needs a new version number and its own file.
//!
//! The same examples stand in `docs/board-protocol.md`.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fmt::Debug;

use firmware_protocol::board::Direction;
use firmware_protocol::board::frame::{Decoder, Frame, FrameError, Header, Message};
use firmware_protocol::board::message::{
    AckStatus, BoardHeartbeat, BoardHello, BoardInput, BoardMessage, BoardRead, Fault, Feedback, HostMessage,
    Indicator, Inputs, ReleaseId, ReleaseOrder, ResetCause,
};

const NONCE: u32 = 0xC0FF_EE01;

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn show(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect::<Vec<_>>()
        .join(" ")
}

fn decode<M: Message>(wire: &[u8]) -> Result<Frame<M>, FrameError> {
    let mut decoder = Decoder::default();
    wire.iter()
        .find_map(|byte| decoder.feed(*byte))
        .expect("a delimiter ends the frame")
}

fn golden<M: Message + Debug + PartialEq>(sequence: u32, nonce: u32, message: M, wire: &str) {
    let frame = Frame {
        sequence,
        nonce,
        message,
    };
    assert_eq!(show(&frame.encode()), show(&hex(wire)), "{frame:?}");
    assert_eq!(decode(&hex(wire)), Ok(frame));
}

const fn header(kind: u8, sequence: u32) -> Header {
    Header {
        kind,
        sequence,
        nonce: NONCE,
    }
}

const RELEASE: ReleaseId = ReleaseId {
    sequence: 7,
    grant: 0x0102_0304,
};

#[test]
fn hello_of_the_host() {
    golden(
        0,
        0,
        HostMessage::Hello {
            challenge: 0x1234_5678,
        },
        "02 01 02 01 01 01 01 01 01 01 01 09 78 56 34 12 40 47 26 FE 00",
    );
}

#[test]
fn heartbeat_of_the_host() {
    golden(
        0,
        NONCE,
        HostMessage::Heartbeat { acknowledged: 3 },
        "02 01 02 02 01 01 01 06 01 EE FF C0 03 01 01 05 2A D7 3B 1F 00",
    );
}

#[test]
fn release() {
    let order = ReleaseOrder {
        grant: 0x0102_0304,
        direction: Direction::A,
        issued_at: 60_250,
        ttl_ms: 1500,
        pulse_ms: 500,
        passage_ms: 5000,
    };
    golden(
        7,
        NONCE,
        HostMessage::Release(order),
        "02 01 03 03 07 01 01 09 01 EE FF C0 04 03 02 01 01 01 01 04 01 5A EB 01 0B DC 05 F4 01 88 13 51 93 B1 B7 00",
    );
}

#[test]
fn feedback() {
    let feedback = Feedback {
        direction: Direction::B,
        indicator: Indicator::Denied,
        indicator_ms: 2000,
        buzzer_ms: 300,
    };
    golden(
        0,
        NONCE,
        HostMessage::Feedback(feedback),
        "02 01 02 04 01 01 01 0F 01 EE FF C0 02 02 D0 07 2C 01 A2 B0 96 C2 00",
    );
}

#[test]
fn hello_of_the_board() {
    let hello = BoardHello {
        challenge: 0x1234_5678,
        clock: 60_000,
        last_release: 6,
        firmware: [1, 4, 2],
        reset_cause: ResetCause::PowerOn,
    };
    golden(
        0,
        NONCE,
        BoardMessage::Hello(hello),
        "02 01 02 81 01 01 01 0B 01 EE FF C0 78 56 34 12 60 EA 01 02 06 01 01 09 01 04 02 01 D5 A6 84 3B 00",
    );
}

#[test]
fn heartbeat_of_the_board() {
    let mut inputs = Inputs::default();
    inputs.set(BoardInput::Fire, true);
    inputs.set(BoardInput::Tamper, true);
    let heartbeat = BoardHeartbeat {
        clock: 60_250,
        serving: true,
        inputs,
        fault: Some(Fault::SENSOR),
    };
    golden(
        0,
        NONCE,
        BoardMessage::Heartbeat(heartbeat),
        "02 01 02 82 01 01 01 07 01 EE FF C0 5A EB 01 08 01 11 02 BF 19 A4 C4 00",
    );
}

#[test]
fn ack() {
    golden(
        0,
        NONCE,
        BoardMessage::Ack {
            release: RELEASE,
            status: AckStatus::Opened,
        },
        "02 01 02 83 01 01 01 06 01 EE FF C0 07 01 01 05 04 03 02 01 01 01 01 01 05 EC 6E C6 04 00",
    );
}

#[test]
fn every_ack_status_has_its_number() {
    for (number, status) in (0..).zip(AckStatus::ALL) {
        let wire = Frame {
            sequence: 0,
            nonce: NONCE,
            message: BoardMessage::Ack {
                release: RELEASE,
                status,
            },
        }
        .encode();
        let mut raw = [0; 32];
        let length = cobs::decode(wire.strip_suffix(&[0]).unwrap(), &mut raw)
            .unwrap()
            .frame_size();
        assert_eq!(raw[length - 5], number, "{status:?}");
    }
}

#[test]
fn read_of_wiegand_bits() {
    let read = BoardRead::bits(1, 26, &[0x92, 0x34, 0x56, 0x40]).unwrap();
    golden(
        4,
        NONCE,
        BoardMessage::Read(read),
        "02 01 03 84 04 01 01 08 01 EE FF C0 01 01 1A 09 92 34 56 40 F4 3A 35 21 00",
    );
}

#[test]
fn read_of_bytes() {
    let read = BoardRead::bytes(0, b"QR7").unwrap();
    golden(
        5,
        NONCE,
        BoardMessage::Read(read),
        "02 01 03 84 05 01 01 05 01 EE FF C0 03 02 03 08 51 52 37 93 09 12 4E 00",
    );
}

#[test]
fn input_changed() {
    golden(
        6,
        NONCE,
        BoardMessage::Input {
            input: BoardInput::Tamper,
            active: true,
        },
        "02 01 03 85 06 01 01 0B 01 EE FF C0 04 01 F2 5C 5C 3A 00",
    );
}

#[test]
fn passed() {
    let passed = BoardMessage::Passed {
        release: Some(RELEASE),
        direction: Direction::A,
        counter: 42,
    };
    golden(
        8,
        NONCE,
        passed,
        "02 01 03 86 08 01 01 06 01 EE FF C0 07 01 01 05 04 03 02 01 01 01 01 03 01 2A 01 01 05 24 57 2B C7 00",
    );
}

#[test]
fn timed_out() {
    golden(
        9,
        NONCE,
        BoardMessage::TimedOut {
            release: RELEASE,
            direction: Direction::A,
        },
        "02 01 03 87 09 01 01 06 01 EE FF C0 07 01 01 05 04 03 02 01 01 01 01 06 01 4B B3 4F E6 00",
    );
}

#[test]
fn wrong_way_without_a_release() {
    golden(
        10,
        NONCE,
        BoardMessage::WrongWay {
            release: None,
            direction: Direction::B,
        },
        "02 01 03 88 0A 01 01 05 01 EE FF C0 01 01 01 01 01 01 01 01 01 01 01 06 02 DF 7F 70 30 00",
    );
}

#[test]
fn fault_that_ended_a_release() {
    golden(
        11,
        NONCE,
        BoardMessage::Fault {
            release: Some(RELEASE),
            fault: Some(Fault::MECHANISM),
        },
        "02 01 03 89 0B 01 01 06 01 EE FF C0 07 01 01 05 04 03 02 01 01 01 01 06 01 9A C1 BC DA 00",
    );
}

/// A release as above, with the flag for a MAC, eight bytes of it and a right CRC.
#[test]
fn a_frame_with_a_mac_is_refused_as_such() {
    assert_eq!(
        decode::<HostMessage>(&hex(
            "05 01 80 03 07 01 01 09 01 EE FF C0 04 03 02 01 01 01 01 04 01 5A EB 01 13 DC 05 F4 01 88 13 A0 A1 A2 A3 A4 A5 A6 A7 F4 68 09 A5 00"
        )),
        Err(FrameError::Authenticated)
    );
}

/// Release 7 as above with everything wrong; then one thing after the other is put right, in the order of the document.
#[test]
fn what_is_wrong_is_found_in_the_order_of_the_document() {
    let refused = [
        (
            "05 02 01 7F 07 01 01 09 01 EE FF C0 04 03 02 01 01 01 01 04 03 5A EB 01 0C DC 05 F4 01 88 13 EE 74 E7 16 C3 00",
            FrameError::Checksum,
        ),
        (
            "05 02 01 7F 07 01 01 09 01 EE FF C0 04 03 02 01 01 01 01 04 03 5A EB 01 0C DC 05 F4 01 88 13 EE 75 E7 16 C3 00",
            FrameError::Version(2),
        ),
        (
            "05 01 01 7F 07 01 01 09 01 EE FF C0 04 03 02 01 01 01 01 04 03 5A EB 01 0C DC 05 F4 01 88 13 EE E2 46 FF 4A 00",
            FrameError::Flags(1),
        ),
        (
            "02 01 03 7F 07 01 01 09 01 EE FF C0 04 03 02 01 01 01 01 04 03 5A EB 01 0C DC 05 F4 01 88 13 EE EB 07 44 5F 00",
            FrameError::UnknownType(header(0x7F, 7)),
        ),
        (
            "02 01 03 03 07 01 01 09 01 EE FF C0 04 03 02 01 01 01 01 04 03 5A EB 01 0C DC 05 F4 01 88 13 EE 4F 04 2F DC 00",
            FrameError::Length,
        ),
        (
            "02 01 03 03 07 01 01 09 01 EE FF C0 04 03 02 01 01 01 01 04 03 5A EB 01 0B DC 05 F4 01 88 13 22 0A BE 9C 00",
            FrameError::Value(header(0x03, 7)),
        ),
    ];
    for (wire, error) in refused {
        assert_eq!(decode::<HostMessage>(&hex(wire)), Err(error), "{wire}");
    }
}

/// Reports of newer firmware: report 12 of the type 8A, report 13 of input 9, report 14 of a read in format 3. Their
/// numbers are known, so that they can be acknowledged and passed over.
#[test]
fn what_is_not_known_can_be_acknowledged() {
    let decoded = |wire| decode::<BoardMessage>(&hex(wire));
    assert_eq!(
        decoded("02 01 03 8A 0C 01 01 0A 01 EE FF C0 AA F8 46 63 AB 00"),
        Err(FrameError::UnknownType(header(0x8A, 12)))
    );
    assert_eq!(
        decoded("02 01 03 85 0D 01 01 0B 01 EE FF C0 09 01 F1 77 AC E4 00"),
        Err(FrameError::Value(header(0x85, 13)))
    );
    assert_eq!(
        decoded("02 01 03 84 0E 01 01 08 01 EE FF C0 01 03 02 07 51 52 7E D7 C0 54 00"),
        Err(FrameError::Value(header(0x84, 14)))
    );
}

/// The answer to release 7 of which the board does not know a value.
#[test]
fn ack_of_what_is_not_known() {
    golden(
        0,
        NONCE,
        BoardMessage::Ack {
            release: ReleaseId { grant: 0, ..RELEASE },
            status: AckStatus::Invalid,
        },
        "02 01 02 83 01 01 01 06 01 EE FF C0 07 01 01 01 01 01 01 01 01 01 01 06 09 F3 C2 C9 46 00",
    );
}
