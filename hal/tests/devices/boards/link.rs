//! Our own board behind its line: the four outcomes, and what silence, disturbances and restarts make of them.

use std::time::Duration;

use firmware_protocol::board::firmware::{Outputs, SILENCE};
use hal::board::{
    BoardAway, BoardError, BoardEventKind, BoardFeedback, BoardInput, BoardKind, BoardSettings, Direction,
    Fault, Indicator, Refusal, Way,
};
use hal::clock::monotonic;
use hal::simulated::SimulatedBoard;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::desk::{Desk, PASSAGE, PULSE, settings};
use super::line::{PluggedLine, Weather};
use super::ms;
use crate::port::{PATIENCE, Socket};

struct Lane {
    socket: Socket,
    line: PluggedLine,
    board: SimulatedBoard,
    outputs: watch::Receiver<Outputs>,
}

impl Lane {
    /// Waits until the contact is this.
    async fn contact(&mut self, contact: Option<Direction>) -> Duration {
        let reached = self.outputs.wait_for(|outputs| outputs.contact == contact);
        timeout(PATIENCE, reached)
            .await
            .expect("the contact stays")
            .unwrap();
        monotonic()
    }
}

fn powered(socket: Socket) -> Lane {
    let (board, task) = SimulatedBoard::new();
    tokio::spawn(task);
    let line = PluggedLine::new(&socket, &board);
    let outputs = board.outputs();
    Lane {
        socket,
        line,
        board,
        outputs,
    }
}

/// A lane in service.
async fn lane() -> (Lane, Desk) {
    lane_with(settings()).await
}

async fn lane_with(settings: BoardSettings) -> (Lane, Desk) {
    let lane = powered(Socket::new());
    let mut desk = Desk::new(&lane.socket, BoardKind::Link, settings);
    desk.hears(BoardEventKind::Online).await;
    // A board that has just started closes no contact for a moment, and is served from the first heartbeat on.
    sleep(ms(300)).await;
    (lane, desk)
}

const fn passed(way: Way) -> BoardEventKind {
    BoardEventKind::Passed { way, granted: true }
}

#[tokio::test]
async fn a_release_closes_the_contact_for_its_pulse_and_the_passage_is_told() {
    let (mut lane, mut desk) = lane().await;
    let asked = monotonic();
    let opened = desk.open(Way::In).await.unwrap();
    assert!(asked < opened && opened - asked < PULSE);
    let closed = lane.contact(Some(Direction::A)).await;
    let open = lane.contact(None).await;
    assert!(
        open - closed > PULSE / 2 && open - closed < PULSE * 3,
        "{:?}",
        open - closed
    );
    lane.board.pass(Direction::A);
    desk.hears(passed(Way::In)).await;
    desk.hears_nothing_for(PASSAGE * 2).await;
}

#[tokio::test]
async fn nobody_passing_is_timed_out() {
    let (_lane, mut desk) = lane().await;
    let opened = desk.open(Way::Out).await.unwrap();
    desk.hears(BoardEventKind::TimedOut(Way::Out)).await;
    assert!(monotonic() - opened >= PASSAGE - ms(50));
    desk.hears_nothing_for(PASSAGE).await;
}

#[tokio::test]
async fn somebody_going_the_wrong_way_ends_the_opening() {
    let (mut lane, mut desk) = lane().await;
    desk.open(Way::In).await.unwrap();
    lane.board.pass(Direction::B);
    desk.hears(BoardEventKind::WrongWay {
        way: Way::Out,
        ended: Some(Way::In),
    })
    .await;
    lane.contact(None).await;
    lane.board.pass(Direction::B);
    desk.hears(BoardEventKind::WrongWay {
        way: Way::Out,
        ended: None,
    })
    .await;
    desk.hears_nothing_for(PASSAGE * 2).await;
}

#[tokio::test]
async fn the_entry_is_the_direction_that_the_settings_say() {
    let (mut lane, mut desk) = lane_with(BoardSettings {
        entry: Direction::B,
        ..settings()
    })
    .await;
    desk.open(Way::In).await.unwrap();
    lane.contact(Some(Direction::B)).await;
    lane.board.pass(Direction::B);
    desk.hears(passed(Way::In)).await;
}

#[tokio::test]
async fn a_board_without_heartbeat_opens_its_contact_by_itself_and_is_back_when_it_is_heard_again() {
    let (mut lane, mut desk) = lane().await;
    let pulse = Duration::from_secs(10);
    desk.board
        .open(Way::In, pulse, monotonic() + pulse)
        .await
        .unwrap();
    lane.contact(Some(Direction::A)).await;
    let cut = monotonic();
    lane.line.set(Weather::Cut);
    let open = lane.contact(None).await;
    assert!(open - cut <= SILENCE + ms(200), "{:?}", open - cut);
    assert!(matches!(desk.offline().await, BoardAway::Silent { .. }));
    assert!(monotonic() > open, "out of service was told before the lane was");
    // Its pulse is longer than the passage time, so the board still waits for the person.
    desk.hears(BoardEventKind::Unknown(Way::In)).await;
    let refused = desk.open(Way::In).await.unwrap_err();
    assert!(matches!(refused, BoardError::Away { .. }), "{refused:?}");

    lane.line.set(Weather::Fair);
    desk.hears(BoardEventKind::Online).await;
    lane.board.pass(Direction::A);
    let late = BoardEventKind::Passed {
        way: Way::In,
        granted: false,
    };
    desk.hears(late).await;
    desk.open(Way::Out).await.unwrap();
    lane.contact(Some(Direction::B)).await;
}

/// Twenty visits: each opens the contact once and is one passage.
async fn visits_in(weather: Weather) {
    // On such a line the answer may come long after the opening.
    let (lane, mut desk) = lane_with(BoardSettings {
        passage_in: Duration::from_secs(20),
        passage_out: Duration::from_secs(20),
        ..settings()
    })
    .await;
    let mut outputs = lane.board.outputs();
    let counter = tokio::spawn(async move {
        let mut closings = 0;
        let mut before = None;
        while outputs.changed().await.is_ok() {
            let contact = outputs.borrow_and_update().contact;
            closings += usize::from(before.is_none() && contact.is_some());
            before = contact;
            if closings == 20 && contact.is_none() {
                sleep(ms(700)).await;
                return closings
                    + usize::from(outputs.has_changed().unwrap() && outputs.borrow().contact.is_some());
            }
        }
        closings
    });
    lane.line.set(weather);
    for _ in 0..20 {
        desk.open_before(Way::In, monotonic() + ms(5000)).await.unwrap();
        lane.board.pass(Direction::A);
        desk.hears(passed(Way::In)).await;
    }
    assert_eq!(timeout(PATIENCE, counter).await.unwrap().unwrap(), 20);
    desk.hears_nothing_for(ms(100)).await;
}

#[tokio::test]
async fn on_a_line_that_loses_every_fifth_frame_each_release_opens_once_and_each_passage_is_told_once() {
    visits_in(Weather::Lossy).await;
}

#[tokio::test]
async fn on_a_line_that_doubles_all_frames_each_release_opens_once_and_each_passage_is_told_once() {
    visits_in(Weather::Doubling).await;
}

#[tokio::test]
async fn on_a_line_that_loses_doubles_and_garbles_each_release_opens_once_and_each_passage_is_told_once() {
    visits_in(Weather::Stormy).await;
}

#[tokio::test]
async fn a_board_that_restarts_before_it_has_answered_leaves_the_release_unknown_and_does_not_open_again() {
    let (mut lane, mut desk) = lane().await;
    lane.line.set(Weather::BoardMuted);
    let open = tokio::spawn({
        let board = desk.board.clone();
        async move { board.open(Way::In, PULSE, monotonic() + ms(5000)).await }
    });
    lane.contact(Some(Direction::A)).await;
    lane.board.reboot();
    lane.line.set(Weather::Fair);
    let error = timeout(PATIENCE, open).await.unwrap().unwrap().unwrap_err();
    assert!(
        matches!(
            &error,
            BoardError::Unknown {
                reason: BoardAway::Restarted { .. },
                ..
            }
        ),
        "{error:?}"
    );
    assert!(matches!(desk.offline().await, BoardAway::Restarted { .. }));
    desk.hears(BoardEventKind::Online).await;
    lane.outputs.mark_unchanged();
    sleep(ms(1000)).await;
    assert_eq!(lane.outputs.borrow().contact, None);
    desk.hears_nothing_for(ms(100)).await;
    desk.open(Way::In).await.unwrap();
}

#[tokio::test]
async fn a_board_that_restarts_while_a_person_is_awaited_leaves_the_passage_unknown() {
    let (mut lane, mut desk) = lane().await;
    desk.open(Way::In).await.unwrap();
    lane.contact(Some(Direction::A)).await;
    lane.board.reboot();
    assert!(matches!(desk.offline().await, BoardAway::Restarted { .. }));
    desk.hears(BoardEventKind::Unknown(Way::In)).await;
    desk.hears(BoardEventKind::Online).await;
    desk.hears_nothing_for(PASSAGE * 2).await;
}

#[tokio::test]
async fn a_release_waits_for_the_person_before_it_and_is_refused_when_its_time_is_over() {
    let (lane, mut desk) = lane().await;
    desk.open(Way::In).await.unwrap();
    let refused = desk
        .open_before(Way::In, monotonic() + PASSAGE / 3)
        .await
        .unwrap_err();
    assert!(
        matches!(
            &refused,
            BoardError::Refused {
                why: Refusal::Busy | Refusal::Expired,
                ..
            }
        ),
        "{refused:?}"
    );
    let second = tokio::spawn({
        let board = desk.board.clone();
        async move { board.open(Way::In, PULSE, monotonic() + ms(5000)).await }
    });
    lane.board.pass(Direction::A);
    desk.hears(passed(Way::In)).await;
    timeout(PATIENCE, second).await.unwrap().unwrap().unwrap();
    let too_late = desk.open_before(Way::Out, monotonic() - ms(1)).await.unwrap_err();
    assert!(matches!(too_late, BoardError::Refused { .. }), "{too_late:?}");
}

#[tokio::test]
async fn a_passage_while_the_cable_was_out_for_a_moment_is_told_when_it_is_back() {
    let (lane, mut desk) = lane().await;
    desk.open(Way::In).await.unwrap();
    let Lane {
        socket, line, board, ..
    } = lane;
    line.unplug().await;
    assert!(matches!(desk.offline().await, BoardAway::Port(_)));
    let refused = desk.open(Way::In).await.unwrap_err();
    assert!(
        matches!(
            refused,
            BoardError::Away {
                reason: BoardAway::Port(_),
                ..
            }
        ),
        "{refused:?}"
    );
    board.pass(Direction::A);
    let _line = PluggedLine::new(&socket, &board);
    desk.hears(BoardEventKind::Online).await;
    desk.hears(passed(Way::In)).await;
    desk.hears_nothing_for(PASSAGE).await;
}

#[tokio::test]
async fn feedback_is_shown_at_its_side_for_its_time() {
    let (mut lane, desk) = lane().await;
    assert!(desk.board.kind().has_feedback());
    desk.board.feedback(BoardFeedback {
        way: Way::Out,
        indicator: Indicator::Denied,
        shown: ms(300),
        buzzer: ms(100),
    });
    let shown = lane
        .outputs
        .wait_for(|outputs| outputs.indicators.b == Indicator::Denied && outputs.buzzer);
    timeout(PATIENCE, shown).await.unwrap().unwrap();
    assert_eq!(lane.outputs.borrow().indicators.a, Indicator::Idle);
    let idle = lane
        .outputs
        .wait_for(|outputs| outputs.indicators.b == Indicator::Idle && !outputs.buzzer);
    timeout(PATIENCE, idle).await.unwrap().unwrap();
}

#[tokio::test]
async fn contacts_tamper_and_faults_are_told() {
    use firmware_protocol::board::message::BoardInput as Contact;
    let (lane, mut desk) = lane().await;
    lane.board.input(Contact::Tamper, true);
    desk.hears(BoardEventKind::Tamper(true)).await;
    lane.board.input(Contact::ButtonB, true);
    let changed = |input, active| BoardEventKind::Input {
        input,
        active,
        initial: false,
    };
    desk.hears(changed(BoardInput::Button(Way::Out), true)).await;
    lane.board.input(Contact::Stop, true);
    desk.hears(changed(BoardInput::Stop, true)).await;
    let refused = desk.open(Way::In).await.unwrap_err();
    assert!(
        matches!(
            refused,
            BoardError::Refused {
                why: Refusal::Stopped,
                ..
            }
        ),
        "{refused:?}"
    );
    lane.board.input(Contact::Stop, false);
    desk.hears(changed(BoardInput::Stop, false)).await;
    desk.open(Way::In).await.unwrap();
    lane.board.fault(Some(Fault::MECHANISM));
    desk.hears(BoardEventKind::Fault {
        fault: Some(Fault::MECHANISM),
        ended: Some(Way::In),
    })
    .await;
    lane.board.fault(None);
    desk.hears(BoardEventKind::Fault {
        fault: None,
        ended: None,
    })
    .await;
}
