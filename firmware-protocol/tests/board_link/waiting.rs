//! Releases that wait for the ones before them.

use std::time::Duration;

use firmware_protocol::board::{BoardEvent, Direction, Refusal, Release, Turnstile};

use super::rig::{CUT, Line, Rig, ms};

#[test]
fn both_directions_one_after_the_other_never_overlap_and_wait_for_the_gap() {
    let mut rig = Rig::online();
    rig.release(7, Direction::A, ms(2000)).unwrap();
    rig.release(8, Direction::B, ms(2000)).unwrap();
    assert_eq!(rig.board.outputs().contact, Some(Direction::A));
    rig.run(ms(599));
    assert!(!rig.openings.contains_key(&8));
    rig.run(ms(200));
    assert_eq!(rig.openings[&8], 1);
    rig.walk(Direction::B);
    rig.walk(Direction::A);
    assert!(matches!(rig.end_of(7), (true, BoardEvent::Passed { .. })));
    assert!(matches!(rig.end_of(8), (true, BoardEvent::Passed { .. })));
}

#[test]
fn the_second_person_of_a_direction_waits_for_the_first_and_is_refused_when_that_takes_too_long() {
    let mut rig = Rig::online();
    rig.release(7, Direction::A, ms(1500)).unwrap();
    rig.release(8, Direction::A, ms(3000)).unwrap();
    rig.release(9, Direction::A, ms(1500)).unwrap();
    rig.run(ms(2000));
    assert_eq!(
        rig.end_of(9).1,
        BoardEvent::Refused {
            grant: 9,
            direction: Direction::A,
            why: Refusal::Busy
        }
    );
    assert!(!rig.openings.contains_key(&8));
    rig.walk(Direction::A);
    rig.run(ms(200));
    assert_eq!(rig.openings[&8], 1);
}

#[test]
fn a_fifth_waiting_release_is_not_taken() {
    let mut rig = Rig::online();
    for grant in 1..=5 {
        rig.release(grant, Direction::A, ms(3000)).unwrap();
    }
    assert_eq!(rig.release(6, Direction::A, ms(3000)), Err(Refusal::Busy));
}

#[test]
fn a_pulse_that_the_board_would_not_take_is_refused_before_it_is_sent() {
    let mut rig = Rig::online();
    for pulse in [Duration::ZERO, ms(10_001)] {
        let release = Release {
            grant: 1,
            direction: Direction::A,
            pulse,
            passage: ms(5000),
            not_after: rig.now + ms(9),
        };
        assert_eq!(rig.host.release(release, rig.now), Err(Refusal::Invalid));
    }
}

#[test]
fn nobody_is_let_in_when_a_lost_line_is_back() {
    let mut rig = Rig::online();
    rig.run(ms(300));
    rig.line = CUT;
    for (grant, direction) in [(7, Direction::A), (8, Direction::B)] {
        rig.release(grant, direction, ms(3000)).unwrap();
    }
    rig.run(ms(200));
    rig.host.line_lost();
    rig.settle();
    let unknown = BoardEvent::Unknown {
        grant: 7,
        direction: Direction::A,
    };
    let refused = BoardEvent::Refused {
        grant: 8,
        direction: Direction::B,
        why: Refusal::Offline,
    };
    assert_eq!(rig.events, [unknown, refused]);
    rig.line = Line::default();
    rig.run(ms(1000));
    assert!(rig.openings.is_empty());
    rig.release(9, Direction::A, ms(1000)).unwrap();
    rig.walk(Direction::A);
    assert!(matches!(rig.end_of(9), (true, BoardEvent::Passed { .. })));
}
