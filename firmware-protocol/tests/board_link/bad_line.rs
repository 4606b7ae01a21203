//! Frames that are lost, repeated, late or from an earlier start of one end.

use std::collections::BTreeMap;

use firmware_protocol::board::firmware::Firmware;
use firmware_protocol::board::frame::Frame;
use firmware_protocol::board::host::Host;
use firmware_protocol::board::message::{
    BoardHeartbeat, BoardInput, BoardMessage, HostMessage, Indicator, Inputs, ReleaseOrder, ResetCause,
};
use firmware_protocol::board::{
    BoardEvent, Direction, OfflineReason, PerDirection, Refusal, Release, Turnstile,
};

use super::rig::{CUT, Line, Rig, boot, ms};

#[test]
fn without_a_heartbeat_the_board_is_safe_after_1500_ms_and_both_recover() {
    let mut rig = Rig::online();
    rig.run(ms(200));
    let idle = PerDirection {
        a: Indicator::Idle,
        b: Indicator::Idle,
    };
    let out_of_service = PerDirection {
        a: Indicator::OutOfService,
        b: Indicator::OutOfService,
    };
    assert_eq!(rig.board.outputs().indicators, idle);
    rig.line = CUT;
    let pulse = Release {
        grant: 7,
        direction: Direction::A,
        pulse: ms(10_000),
        passage: ms(10_000),
        not_after: rig.now + ms(1000),
    };
    rig.line = Line::default();
    rig.host.release(pulse, rig.now).unwrap();
    rig.taken.insert(7, pulse);
    rig.settle();
    assert_eq!(rig.board.outputs().contact, Some(Direction::A));
    rig.line = CUT;
    rig.run(ms(1249));
    assert_eq!(
        rig.board.outputs().contact,
        Some(Direction::A),
        "five lost heartbeats are no reason yet"
    );
    rig.run(ms(252));
    assert_eq!(rig.board.outputs().contact, None);
    assert_eq!(rig.board.outputs().indicators, out_of_service);
    rig.run(ms(1000));
    assert_eq!(
        rig.events[1..],
        [
            BoardEvent::Offline(OfflineReason::Silent),
            BoardEvent::Unknown {
                grant: 7,
                direction: Direction::A
            },
        ]
    );
    assert_eq!(rig.release(8, Direction::A, ms(1000)), Err(Refusal::Offline));
    rig.line = Line::default();
    rig.run(ms(600));
    assert!(matches!(rig.events[3], BoardEvent::Online { .. }));
    assert_eq!(rig.board.outputs().indicators, idle);
}

#[test]
fn a_board_that_does_not_hear_the_host_is_offline_although_it_is_heard() {
    let mut rig = Rig::online();
    for _ in 0..300 {
        rig.now += ms(10);
        rig.host.handle_timeout(rig.now);
        rig.board.handle_timeout(rig.board_now());
        while rig.host.transmit(rig.now).is_some() {}
        while let Some(frame) = rig.board.transmit(rig.board_now()) {
            rig.host.receive(&frame, rig.now);
        }
    }
    assert_eq!(
        rig.host.poll_event(),
        Some(BoardEvent::Offline(OfflineReason::Silent))
    );
}

#[test]
fn a_reboot_in_the_middle_of_a_release_is_reported_and_nothing_is_sent_again() {
    let mut rig = Rig::online();
    rig.release(7, Direction::A, ms(5000)).unwrap();
    rig.run(ms(100));
    rig.reboot();
    rig.run(ms(3000));
    assert_eq!(
        rig.events[1..3],
        [
            BoardEvent::Offline(OfflineReason::Rebooted),
            BoardEvent::Unknown {
                grant: 7,
                direction: Direction::A
            },
        ]
    );
    let Some(BoardEvent::Online { hello: Some(hello) }) = rig.events.get(3) else {
        panic!("{:?}", rig.events);
    };
    assert_eq!(hello.reset_cause, ResetCause::Watchdog);
    assert_eq!(rig.openings[&7], 1);
}

#[test]
fn an_unacknowledged_release_is_not_sent_to_the_next_boot() {
    let mut rig = Rig::online();
    rig.line = CUT;
    rig.release(7, Direction::A, ms(5000)).unwrap();
    rig.reboot();
    rig.line = Line::default();
    rig.run(ms(3000));
    assert!(rig.openings.is_empty());
    assert!(matches!(rig.end_of(7), (false, BoardEvent::Unknown { .. })));
}

#[test]
fn a_late_release_to_an_earlier_boot_opens_nothing_and_its_refusal_touches_no_other() {
    let mut rig = Rig::online();
    let release = |grant, now| {
        let not_after = now + ms(5000);
        Release {
            grant,
            direction: Direction::A,
            pulse: ms(500),
            passage: ms(5000),
            not_after,
        }
    };
    rig.host.release(release(7, rig.now), rig.now).unwrap();
    let late = rig.host.transmit(rig.now).unwrap();
    rig.reboot();
    rig.run(ms(500));
    rig.taken.insert(8, release(8, rig.now));
    rig.host.release(release(8, rig.now), rig.now).unwrap();
    while rig.host.transmit(rig.now).is_some() {}
    rig.board.receive(&late, rig.board_now());
    assert_eq!(rig.board.outputs().contact, None);
    rig.run(ms(1000));
    assert_eq!(rig.openings, BTreeMap::from([(8, 1)]));
    rig.walk(Direction::A);
    assert!(matches!(rig.end_of(8), (true, BoardEvent::Passed { .. })));
}

#[test]
fn an_outcome_that_comes_before_the_acknowledgement_proves_the_opening() {
    let mut rig = Rig::online();
    rig.release_on_one_way_line(7);
    rig.line = Line::default();
    rig.walk(Direction::A);
    let passed = BoardEvent::Passed {
        grant: Some(7),
        direction: Direction::A,
        counter: Some(1),
    };
    assert_eq!(
        rig.events,
        [
            BoardEvent::Opened {
                grant: 7,
                direction: Direction::A
            },
            passed
        ]
    );
    rig.run(ms(12_000));
    assert_eq!(rig.events.len(), 2, "{:?}", rig.events);
}

#[test]
fn a_report_whose_acknowledgement_was_lost_in_a_long_silence_is_not_heard_twice() {
    let mut rig = Rig::online();
    rig.board.passed(Direction::B, rig.board_now());
    while let Some(frame) = rig.board.transmit(rig.board_now()) {
        rig.host.receive(&frame, rig.now);
    }
    rig.line = CUT;
    rig.run(ms(4000));
    rig.line = Line::default();
    rig.run(ms(4000));
    let wrong_way = rig
        .events
        .iter()
        .filter(|event| matches!(event, BoardEvent::WrongWay { .. }))
        .count();
    assert_eq!(wrong_way, 1, "{:?}", rig.events);
    assert!(matches!(rig.events.last(), Some(BoardEvent::Online { .. })));
}

#[test]
fn an_answer_to_an_earlier_greeting_is_not_believed() {
    let now = ms(5000);
    let mut host = Host::new(1, now);
    let mut board = Firmware::new(boot(1), now);
    board.receive(&host.transmit(now).unwrap(), now);
    let late = board.transmit(now).unwrap();
    let now = now + ms(500);
    host.handle_timeout(now);
    let mut board = Firmware::new(boot(2), now);
    board.receive(&host.transmit(now).unwrap(), now);
    host.receive(&late, now);
    assert_eq!(host.poll_event(), None);
    host.receive(&board.transmit(now).unwrap(), now);
    assert!(matches!(host.poll_event(), Some(BoardEvent::Online { .. })));
}

#[test]
fn a_heartbeat_that_was_overtaken_does_not_turn_back_the_contacts() {
    let mut rig = Rig::online();
    rig.run(ms(1000));
    let heartbeat = |clock, inputs| {
        let message = BoardMessage::Heartbeat(BoardHeartbeat {
            clock,
            serving: true,
            inputs,
            fault: None,
        });
        Frame {
            sequence: 0,
            nonce: 0xB007_0001,
            message,
        }
        .encode()
    };
    let clock = rig.board_now().as_millis() as u32;
    let mut fire = Inputs::default();
    fire.set(BoardInput::Fire, true);
    rig.host.receive(&heartbeat(clock + 2, fire), rig.now);
    rig.host
        .receive(&heartbeat(clock + 1, Inputs::default()), rig.now);
    assert_eq!(
        rig.host.poll_event(),
        Some(BoardEvent::Input {
            input: BoardInput::Fire,
            active: true,
            initial: true
        })
    );
    assert_eq!(rig.host.poll_event(), None);
}

#[test]
fn a_number_that_was_used_for_another_grant_opens_nothing() {
    let mut rig = Rig::online();
    rig.release(7, Direction::A, ms(1500)).unwrap();
    rig.run(ms(1000));
    rig.walk(Direction::A);
    rig.run(ms(200));
    let order = ReleaseOrder {
        grant: 8,
        direction: Direction::A,
        issued_at: rig.board_now().as_millis() as u32,
        ttl_ms: 1500,
        pulse_ms: 500,
        passage_ms: 5000,
    };
    for (sequence, opens) in [(1, None), (2, Some(Direction::A))] {
        let frame = Frame {
            sequence,
            nonce: 0xB007_0001,
            message: HostMessage::Release(order),
        };
        rig.board.receive(&frame.encode(), rig.board_now());
        assert_eq!(rig.board.outputs().contact, opens, "number {sequence}");
    }
}

#[test]
fn a_lost_release_is_repeated_and_opens_once() {
    let mut rig = Rig::online();
    rig.line = CUT;
    rig.release(7, Direction::A, ms(1500)).unwrap();
    rig.run(ms(150));
    assert!(rig.openings.is_empty());
    rig.line = Line {
        duplicate: 255,
        ..Line::default()
    };
    rig.run(ms(6000));
    assert_eq!(rig.openings[&7], 1);
    assert!(matches!(rig.end_of(7), (true, BoardEvent::TimedOut { .. })));
}

#[test]
fn a_frame_that_was_held_up_past_its_time_to_live_opens_nothing() {
    for (held_up, opens) in [(299, Some(Direction::A)), (300, None)] {
        let mut rig = Rig::online();
        let not_after = rig.now + ms(300);
        let release = Release {
            grant: 7,
            direction: Direction::A,
            pulse: ms(500),
            passage: ms(5000),
            not_after,
        };
        rig.host.release(release, rig.now).unwrap();
        rig.taken.insert(7, release);
        let frame = rig.host.transmit(rig.now).unwrap();
        rig.now += ms(held_up);
        rig.board.receive(&frame, rig.board_now());
        assert_eq!(rig.board.outputs().contact, opens, "held up for {held_up} ms");
    }
}

#[test]
fn a_host_that_starts_anew_goes_on_with_fresh_numbers() {
    let mut rig = Rig::online();
    rig.release(7, Direction::A, ms(1500)).unwrap();
    rig.restart_host(99);
    rig.run(ms(200));
    rig.release(7, Direction::B, ms(2000)).unwrap();
    rig.run(ms(600));
    assert_eq!(rig.board.outputs().contact, Some(Direction::B));
    rig.events.clear();
    rig.walk(Direction::A);
    assert_eq!(
        rig.events,
        [BoardEvent::Passed {
            grant: None,
            direction: Direction::A,
            counter: Some(1)
        }]
    );
}
