//! Boards of other makers: the frames of their documents, and the way of a release through each.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::time::Duration;

use firmware_protocol::board::frame::WireFrame;
use firmware_protocol::board::message::Fault;
use firmware_protocol::board::third_party::{
    Digicon, MachPower, OneTech, Protocol, Report, Site, Swing, ThirdParty,
};
use firmware_protocol::board::{BoardEvent, Direction, Observes, OfflineReason, Refusal, Release, Turnstile};

mod frames;
mod properties;

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn hex(text: &str) -> WireFrame {
    text.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn reports(protocol: &mut impl Protocol, bytes: &[u8]) -> Vec<Report> {
    bytes.iter().flat_map(|byte| protocol.feed(*byte)).collect()
}

fn release(grant: u64, direction: Direction, now: Duration) -> Release {
    Release {
        grant,
        direction,
        pulse: ms(500),
        passage: ms(5000),
        not_after: now + ms(1500),
    }
}

fn board<P: Protocol>(protocol: P) -> ThirdParty<P> {
    ThirdParty::new(protocol, Site::default(), ms(0))
}

fn events(board: &mut impl Turnstile) -> Vec<BoardEvent> {
    std::iter::from_fn(|| board.poll_event()).collect()
}

const ONLINE: BoardEvent = BoardEvent::Online { hello: None };

fn opened(grant: u64, direction: Direction) -> BoardEvent {
    BoardEvent::Opened { grant, direction }
}

fn passed(grant: Option<u64>, direction: Direction) -> BoardEvent {
    BoardEvent::Passed {
        grant,
        direction,
        counter: None,
    }
}

/// A board that has taken this release and sent its command.
fn with_release<P: Protocol>(protocol: P, command: &str) -> ThirdParty<P> {
    let mut board = board(protocol);
    board.release(release(7, Direction::A, ms(0)), ms(0)).unwrap();
    assert_eq!(board.transmit(ms(0)).unwrap(), hex(command));
    board
}

fn swing_status(fault: u8, left: u8, right: u8) -> Vec<u8> {
    let mut status = vec![
        0x7F, 0x10, 1, fault, 0, 0, 0, 0, left, 0, 0, right, 0, 0, 0x78, 0, 0,
    ];
    status.push(!status.iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte)));
    status
}

#[test]
fn digicon_opens_when_it_confirms_and_reports_the_passage() {
    let mut board = with_release(Digicon::default(), "0202004848");
    assert_eq!(events(&mut board), [ONLINE]);
    board.receive(&hex("0202000606"), ms(20));
    board.receive(&hex("0202001A1A"), ms(900));
    assert_eq!(
        events(&mut board),
        [opened(7, Direction::A), passed(Some(7), Direction::A)]
    );
}

#[test]
fn digicon_that_does_not_understand_is_asked_again_until_the_time_to_live_is_over() {
    let mut board = with_release(Digicon::default(), "0202004848");
    board.receive(&hex("0202001515"), ms(20));
    assert_eq!(board.transmit(ms(20)), None);
    board.handle_timeout(ms(120));
    assert_eq!(board.transmit(ms(120)).unwrap(), hex("0202004848"));
    board.receive(&hex("0202001515"), ms(140));
    board.handle_timeout(ms(1500));
    let refused = BoardEvent::Refused {
        grant: 7,
        direction: Direction::A,
        why: Refusal::NotUnderstood,
    };
    assert_eq!(events(&mut board), [ONLINE, refused]);
}

#[test]
fn digicon_that_is_silent_is_not_asked_twice_and_its_passage_still_counts() {
    let mut board = with_release(Digicon::default(), "0202004848");
    board.handle_timeout(ms(300));
    assert_eq!(board.transmit(ms(300)), None);
    assert_eq!(
        events(&mut board),
        [ONLINE, BoardEvent::Offline(OfflineReason::Silent)]
    );
    board.receive(&hex("0202001A1A"), ms(900));
    assert_eq!(
        events(&mut board),
        [ONLINE, opened(7, Direction::A), passed(Some(7), Direction::A)]
    );
}

#[test]
fn digicon_that_stays_silent_leaves_the_grant_unknown() {
    let mut board = with_release(Digicon::default(), "0202004848");
    board.handle_timeout(ms(6000));
    assert_eq!(
        events(&mut board)[2],
        BoardEvent::Unknown {
            grant: 7,
            direction: Direction::A
        }
    );
}

#[test]
fn digicon_passage_the_other_way_and_missing_passage() {
    let mut board = with_release(Digicon::default(), "0202004848");
    board.receive(&hex("0202000606"), ms(20));
    board.receive(&hex("0202001B1B"), ms(900));
    let wrong_way = BoardEvent::WrongWay {
        grant: Some(7),
        direction: Direction::B,
    };
    assert_eq!(events(&mut board)[1..], [opened(7, Direction::A), wrong_way]);

    let mut board = with_release(Digicon::default(), "0202004848");
    board.receive(&hex("0202000606"), ms(20));
    board.handle_timeout(ms(5999));
    assert_eq!(events(&mut board).len(), 2);
    board.handle_timeout(ms(6000));
    assert_eq!(
        events(&mut board),
        [BoardEvent::TimedOut {
            grant: Some(7),
            direction: Direction::A
        }]
    );
}

#[test]
fn swapped_directions_are_swapped_both_ways() {
    let site = Site {
        swapped: true,
        ..Site::default()
    };
    let mut board = ThirdParty::new(OneTech::default(), site, ms(0));
    board.release(release(7, Direction::A, ms(0)), ms(0)).unwrap();
    assert_eq!(board.transmit(ms(0)).unwrap(), hex("FE8002000000AB"));
    board.receive(&hex("FE8102000000AB"), ms(900));
    assert_eq!(
        events(&mut board)[1..],
        [opened(7, Direction::A), passed(Some(7), Direction::A)]
    );
}

#[test]
fn mach_power_opens_and_says_that_nobody_will_learn_more() {
    let mut board = with_release(MachPower { address: 1 }, "EB014000AA");
    assert_eq!(board.observes(), Observes::Nothing);
    let unknown = BoardEvent::Unknown {
        grant: 7,
        direction: Direction::A,
    };
    assert_eq!(events(&mut board), [ONLINE, opened(7, Direction::A), unknown]);
}

#[test]
fn one_tech_code_for_both_is_wrong_way_in_the_passage_time_and_time_out_after_it() {
    let mut board = with_release(OneTech::default(), "FE8001000000AB");
    board.receive(&hex("FE4401000000AB"), ms(4499));
    let wrong_way = BoardEvent::WrongWay {
        grant: Some(7),
        direction: Direction::B,
    };
    assert_eq!(events(&mut board), [ONLINE, opened(7, Direction::A), wrong_way]);

    let mut board = with_release(OneTech::default(), "FE8001000000AB");
    // Its clock is a little faster than ours.
    board.receive(&hex("FE4401000000AB"), ms(4500));
    assert_eq!(
        events(&mut board)[2],
        BoardEvent::TimedOut {
            grant: Some(7),
            direction: Direction::A
        }
    );
}

#[test]
fn swing_is_offline_until_it_answers_and_reports_by_its_counters() {
    let mut board = board(Swing::new(1));
    assert_eq!(
        board.release(release(7, Direction::A, ms(0)), ms(0)),
        Err(Refusal::Offline)
    );
    assert_eq!(board.transmit(ms(0)).unwrap(), hex("7E00011000000070"));
    assert_eq!(board.transmit(ms(0)), None);
    assert_eq!(board.poll_timeout(), Some(ms(300)), "the time to answer");
    board.receive(&swing_status(0, 5, 2), ms(20));
    board.release(release(7, Direction::A, ms(40)), ms(40)).unwrap();
    assert_eq!(board.transmit(ms(40)).unwrap(), hex("7E000180010000FF"));
    board.receive(&swing_status(0, 5, 2), ms(280));
    board.receive(&swing_status(0, 6, 2), ms(530));
    assert_eq!(
        events(&mut board),
        [ONLINE, opened(7, Direction::A), passed(Some(7), Direction::A)]
    );
    board.receive(&swing_status(0, 6, 3), ms(780));
    assert_eq!(
        events(&mut board),
        [BoardEvent::WrongWay {
            grant: None,
            direction: Direction::B
        }]
    );
    board.handle_timeout(ms(2780));
    assert_eq!(events(&mut board), [BoardEvent::Offline(OfflineReason::Silent)]);
}

#[test]
fn swing_fault_ends_the_release_and_takes_no_other_until_it_is_gone() {
    let mut board = board(Swing::new(1));
    board.receive(&swing_status(0, 5, 2), ms(0));
    board.release(release(7, Direction::A, ms(0)), ms(0)).unwrap();
    board.transmit(ms(20)).unwrap();
    board.receive(&swing_status(9, 5, 2), ms(250));
    let fault = Fault::from_code(9);
    assert_eq!(
        events(&mut board)[2],
        BoardEvent::Fault {
            grant: Some(7),
            fault
        }
    );
    assert_eq!(
        board.release(release(8, Direction::A, ms(300)), ms(300)),
        Err(Refusal::Faulty)
    );
    board.receive(&swing_status(0, 5, 2), ms(500));
    assert_eq!(
        events(&mut board),
        [BoardEvent::Fault {
            grant: None,
            fault: None
        }]
    );
    assert_eq!(board.release(release(9, Direction::A, ms(500)), ms(500)), Ok(()));
}

#[test]
fn a_command_that_waits_past_its_time_to_live_is_never_sent() {
    let mut board = board(OneTech::default());
    board.release(release(7, Direction::A, ms(0)), ms(0)).unwrap();
    assert_eq!(board.transmit(ms(1500)), None);
    let refused = BoardEvent::Refused {
        grant: 7,
        direction: Direction::A,
        why: Refusal::Expired,
    };
    assert_eq!(events(&mut board), [ONLINE, refused]);
}

#[test]
fn a_frame_is_found_after_noise_that_looks_like_its_beginning() {
    let mut one_tech = with_release(OneTech::default(), "FE8001000000AB");
    one_tech.receive(&hex("FE81FE8101FE8101000000AB"), ms(900));
    assert_eq!(events(&mut one_tech)[2], passed(Some(7), Direction::A));
    assert!(one_tech.rejected() > 0);

    let mut board = board(Digicon::default());
    board.receive(&hex("0205"), ms(5));
    board.release(release(7, Direction::A, ms(300)), ms(300)).unwrap();
    board.transmit(ms(300)).unwrap();
    board.receive(&hex("0202000606"), ms(320));
    assert_eq!(
        events(&mut board)[1],
        opened(7, Direction::A),
        "a pause ends what is no frame"
    );
}

fn offline(grant: u64, direction: Direction) -> BoardEvent {
    BoardEvent::Refused {
        grant,
        direction,
        why: Refusal::Offline,
    }
}

#[test]
fn whoever_waits_for_a_board_that_goes_silent_is_refused_and_not_let_in_later() {
    let mut board = with_release(Digicon::default(), "0202004848");
    board.release(release(8, Direction::B, ms(10)), ms(10)).unwrap();
    assert_eq!(board.transmit(ms(10)), None);
    board.handle_timeout(ms(300));
    assert_eq!(
        events(&mut board)[1..],
        [
            BoardEvent::Offline(OfflineReason::Silent),
            offline(8, Direction::B)
        ]
    );
    assert_eq!(board.transmit(ms(300)), None);
    board.receive(&hex("0202000606"), ms(400));
    assert_eq!(board.transmit(ms(400)), None);
}

#[test]
fn whoever_waits_when_the_line_is_lost_is_refused_and_what_was_sent_comes_to_its_end() {
    let mut board = with_release(OneTech::default(), "FE8001000000AB");
    board.release(release(8, Direction::A, ms(0)), ms(0)).unwrap();
    board.release(release(9, Direction::B, ms(0)), ms(0)).unwrap();
    board.line_lost();
    let told = events(&mut board);
    assert_eq!(told[2..], [offline(9, Direction::B), offline(8, Direction::A)]);
    board.receive(&hex("FE8101000000AB"), ms(900));
    assert_eq!(board.transmit(ms(900)), None);
    assert_eq!(events(&mut board), [passed(Some(7), Direction::A)]);
}

#[test]
fn swing_fault_is_told_again_when_a_silent_board_is_back_with_it() {
    let mut board = board(Swing::new(1));
    board.receive(&swing_status(3, 0, 0), ms(20));
    board.handle_timeout(ms(2500));
    events(&mut board);
    board.receive(&swing_status(3, 0, 0), ms(3000));
    let fault = BoardEvent::Fault {
        grant: None,
        fault: Fault::from_code(3),
    };
    assert_eq!(events(&mut board), [ONLINE, fault]);
}

/// A pair of wires at 19,200 baud, half a millisecond for a byte, and a board that answers after a while, or not.
/// Nobody may speak while another does, nor right after.
#[test]
fn swing_commands_and_questions_never_meet_an_answer_on_the_wires() {
    const APART: u64 = 5;
    for asked_at in 1000..1600 {
        for answers_after in [Some(2), Some(40), Some(120), None] {
            let mut board = board(Swing::new(1));
            // When the wires were last in use, and the answer that is under way: its beginning and its end.
            let (mut busy_until, mut answer) = (0, None);
            let mut sent_at = None;
            for now in 0..asked_at + 400 {
                if let Some((_, end)) = answer.filter(|(_, end)| *end == now) {
                    board.receive(&swing_status(0, 5, 2), ms(now));
                    (busy_until, answer) = (end, None);
                }
                if now == asked_at - 700 && answers_after.is_none() {
                    board.receive(&swing_status(0, 5, 2), ms(now));
                    busy_until = now;
                }
                board.handle_timeout(ms(now));
                if now == asked_at {
                    board.release(release(7, Direction::A, ms(now)), ms(now)).unwrap();
                }
                while let Some(frame) = board.transmit(ms(now)) {
                    let begins = answer.map(|(begins, _)| begins);
                    assert!(
                        begins.is_none(),
                        "{now}: a frame into an answer that begins at {begins:?}"
                    );
                    assert!(
                        now == 0 || now >= busy_until + APART,
                        "{now}: a frame right after another"
                    );
                    busy_until = now + frame.len() as u64 / 2;
                    if frame[3] == 0x10 {
                        answer = answers_after.map(|after| (busy_until + after, busy_until + after + 9));
                    } else {
                        sent_at = Some(now);
                    }
                }
            }
            let sent_at = sent_at.expect("the command is sent");
            assert!(sent_at <= asked_at + 320, "{asked_at}: sent at {sent_at}");
        }
    }
}
