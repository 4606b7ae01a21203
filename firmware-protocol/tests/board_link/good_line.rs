//! What a release can come to while every frame arrives.

use firmware_protocol::board::firmware::{Boot, Firmware};
use firmware_protocol::board::message::{BoardInput, BoardRead, Fault, Feedback, Indicator};
use firmware_protocol::board::{BoardEvent, Direction, PerDirection, Refusal, Turnstile};

use super::rig::{CUT, Line, Rig, boot, ms};

#[test]
fn a_release_opens_and_the_passage_is_reported() {
    let mut rig = Rig::online();
    rig.release(7, Direction::A, ms(1500)).unwrap();
    assert_eq!(rig.board.outputs().contact, Some(Direction::A));
    rig.run(ms(1000));
    assert_eq!(
        rig.board.outputs().contact,
        None,
        "the board ends the pulse itself"
    );
    rig.walk(Direction::A);
    assert_eq!(
        rig.events,
        [
            BoardEvent::Opened {
                grant: 7,
                direction: Direction::A
            },
            BoardEvent::Passed {
                grant: Some(7),
                direction: Direction::A,
                counter: Some(1)
            },
        ]
    );
}

#[test]
fn a_release_that_nobody_uses_times_out() {
    let mut rig = Rig::online();
    rig.release(7, Direction::B, ms(1500)).unwrap();
    rig.run(ms(4999));
    assert_eq!(rig.events.len(), 1);
    rig.run(ms(1));
    assert_eq!(
        rig.events[1],
        BoardEvent::TimedOut {
            grant: Some(7),
            direction: Direction::B
        }
    );
}

#[test]
fn whoever_comes_the_other_way_ends_the_release_as_wrong_way() {
    let mut rig = Rig::online();
    rig.release(7, Direction::A, ms(1500)).unwrap();
    rig.walk(Direction::B);
    assert_eq!(rig.board.outputs().contact, None);
    assert_eq!(
        rig.events[1],
        BoardEvent::WrongWay {
            grant: Some(7),
            direction: Direction::B
        }
    );
}

#[test]
fn a_passage_without_a_release_is_wrong_way_without_a_grant() {
    let mut rig = Rig::online();
    rig.walk(Direction::A);
    assert_eq!(
        rig.events,
        [BoardEvent::WrongWay {
            grant: None,
            direction: Direction::A
        }]
    );
}

#[test]
fn whoever_leaves_freely_does_not_shut_the_lane_for_the_one_who_enters() {
    let mut rig = Rig::online();
    let free = PerDirection { a: false, b: true };
    rig.board = Firmware::new(Boot { free, ..boot(2) }, rig.board_now());
    rig.run(ms(500));
    rig.release(7, Direction::A, ms(1500)).unwrap();
    rig.walk(Direction::B);
    assert_eq!(rig.board.outputs().contact, Some(Direction::A));
    rig.walk(Direction::A);
    assert_eq!(rig.board.outputs().contact, None);
    let passed = |grant, direction| BoardEvent::Passed {
        grant,
        direction,
        counter: Some(1),
    };
    assert_eq!(
        rig.events[rig.events.len() - 2..],
        [passed(None, Direction::B), passed(Some(7), Direction::A)]
    );
}

#[test]
fn a_fault_ends_the_release_and_refuses_further_ones_until_it_is_gone() {
    let mut rig = Rig::online();
    rig.release(7, Direction::A, ms(1500)).unwrap();
    rig.board.fault(Some(Fault::MECHANISM), rig.board_now());
    rig.settle();
    assert_eq!(rig.board.outputs().contact, None);
    assert_eq!(
        rig.events[1],
        BoardEvent::Fault {
            grant: Some(7),
            fault: Some(Fault::MECHANISM)
        }
    );
    rig.run(ms(500));
    rig.release(8, Direction::A, ms(1500)).unwrap();
    assert_eq!(
        rig.events[2],
        BoardEvent::Refused {
            grant: 8,
            direction: Direction::A,
            why: Refusal::Faulty
        }
    );
    rig.board.fault(None, rig.board_now());
    rig.settle();
    assert_eq!(
        rig.events[3],
        BoardEvent::Fault {
            grant: None,
            fault: None
        }
    );
    rig.release(9, Direction::A, ms(1500)).unwrap();
    assert_eq!(
        rig.events[4],
        BoardEvent::Opened {
            grant: 9,
            direction: Direction::A
        }
    );
}

#[test]
fn fire_opens_the_contact_of_no_release_and_frees_passages() {
    let mut rig = Rig::online();
    rig.release(7, Direction::A, ms(1500)).unwrap();
    rig.board.input(BoardInput::Fire, true, rig.board_now());
    rig.settle();
    assert_eq!(rig.board.outputs().contact, None);
    assert!(rig.board.outputs().fire);
    assert_eq!(
        rig.events[1],
        BoardEvent::Input {
            input: BoardInput::Fire,
            active: true,
            initial: false
        }
    );
    rig.walk(Direction::B);
    assert_eq!(
        rig.events[2],
        BoardEvent::Passed {
            grant: None,
            direction: Direction::B,
            counter: Some(1)
        }
    );
    rig.run(ms(500));
    rig.release(8, Direction::B, ms(1500)).unwrap();
    assert_eq!(
        rig.end_of(8).1,
        BoardEvent::Refused {
            grant: 8,
            direction: Direction::B,
            why: Refusal::Fire
        }
    );
}

#[test]
fn a_contact_that_was_active_before_the_host_came_is_reported_once() {
    let mut rig = Rig::new(CUT, 1);
    rig.board.input(BoardInput::Tamper, true, rig.board_now());
    rig.run(ms(3000));
    rig.line = Line::default();
    rig.run(ms(3000));
    let tamper = rig
        .events
        .iter()
        .filter(|event| **event == BoardEvent::Tamper { open: true })
        .count();
    assert_eq!(tamper, 1, "{:?}", rig.events);
}

#[test]
fn a_read_reaches_the_host_once_and_an_old_one_never() {
    let mut rig = Rig::online();
    let read = BoardRead::bits(0, 26, &[0x92, 0x34, 0x56, 0x40]).unwrap();
    rig.line = Line {
        duplicate: 255,
        ..Line::default()
    };
    rig.board.read(read.clone(), rig.board_now());
    rig.run(ms(500));
    assert_eq!(rig.events, [BoardEvent::Read(read.clone())]);
    rig.line = CUT;
    rig.board.read(read, rig.board_now());
    rig.run(ms(1001));
    rig.line = Line::default();
    rig.run(ms(3000));
    assert_eq!(rig.events.len(), 1, "{:?}", rig.events);
}

#[test]
fn feedback_is_shown_for_its_time() {
    let mut rig = Rig::online();
    let feedback = Feedback {
        direction: Direction::B,
        indicator: Indicator::Denied,
        indicator_ms: 2000,
        buzzer_ms: 300,
    };
    rig.host.feedback(feedback, rig.now);
    rig.settle();
    assert_eq!(
        rig.board.outputs().indicators,
        PerDirection {
            a: Indicator::Idle,
            b: Indicator::Denied
        }
    );
    assert!(rig.board.outputs().buzzer);
    rig.run(ms(300));
    assert!(!rig.board.outputs().buzzer);
    rig.run(ms(1700));
    assert_eq!(rig.board.outputs().indicators.b, Indicator::Idle);
}

#[test]
fn a_read_keeps_its_content_out_of_debug() {
    let read = BoardRead::bytes(0, b"4711").unwrap();
    let shown = format!("{:?}", BoardEvent::Read(read));
    assert!(!shown.contains("4711") && !shown.contains("52"), "{shown}");
}

#[test]
fn neither_end_shows_what_a_reader_said_in_debug() {
    let mut rig = Rig::online();
    rig.run(ms(300));
    let read = BoardRead::bytes(0, &[0xDE, 0xAD, 0xBE, 0xEF]).unwrap();
    rig.board.read(read, rig.board_now());
    let frame = rig.board.transmit(rig.board_now()).unwrap();
    let (most, _delimiter) = frame.split_at(frame.len() - 1);
    rig.host.receive(most, rig.now);
    for shown in [format!("{:?}", rig.host), format!("{:?}", rig.board)] {
        assert!(
            !shown.contains("222") && !shown.to_lowercase().contains("de, ad"),
            "{shown}"
        );
    }
}
