//! Boards of other makers through a pseudo-terminal: their documented frames at the far end, the outcomes here.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use hal::board::{BoardAway, BoardError, BoardEventKind, BoardKind, Fault, Refusal, Way};
use hal::clock::monotonic;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::desk::{Desk, PASSAGE, PULSE, settings};
use super::ms;
use crate::port::{FarEnd, PATIENCE, Socket};

const fn passed(way: Way) -> BoardEventKind {
    BoardEventKind::Passed { way, granted: true }
}

const fn wrong_way(way: Way) -> BoardEventKind {
    BoardEventKind::WrongWay {
        way,
        ended: Some(way.opposite()),
    }
}

/// A board that is taken to be there.
async fn connected(kind: BoardKind) -> (Socket, FarEnd, Desk) {
    let socket = Socket::new();
    let far_end = socket.plug();
    let mut desk = Desk::new(&socket, kind, settings());
    desk.hears(BoardEventKind::Online).await;
    assert!(!desk.board.kind().has_feedback());
    (socket, far_end, desk)
}

type Opening = JoinHandle<Result<Duration, BoardError>>;

/// Asks to open and takes the command that the board gets.
async fn asked(desk: &Desk, far_end: &FarEnd, way: Way, command: &[u8]) -> Opening {
    let board = desk.board.clone();
    let opening = tokio::spawn(async move { board.open(way, PULSE, monotonic() + ms(1000)).await });
    assert_eq!(far_end.receive(command.len()).await, command);
    opening
}

async fn answer(opening: Opening) -> Result<Duration, BoardError> {
    timeout(PATIENCE, opening).await.expect("no answer").unwrap()
}

mod digicon {
    use super::*;

    const IN: &[u8] = &[0x02, 0x02, 0x00, b'H', 0x48];
    const OUT: &[u8] = &[0x02, 0x02, 0x00, b'A', 0x41];
    const CONFIRMED: &[u8] = &[0x02, 0x02, 0x00, 0x06, 0x06];
    const NOT_UNDERSTOOD: &[u8] = &[0x02, 0x02, 0x00, 0x15, 0x15];
    const PASSED_IN: &[u8] = &[0x02, 0x02, 0x00, 0x1A, 0x1A];
    const PASSED_OUT: &[u8] = &[0x02, 0x02, 0x00, 0x1B, 0x1B];

    #[tokio::test]
    async fn opens_when_it_has_confirmed_and_tells_all_outcomes() {
        let (_socket, far_end, mut desk) = connected(BoardKind::Digicon).await;
        let opening = asked(&desk, &far_end, Way::In, IN).await;
        sleep(ms(50)).await;
        assert!(!opening.is_finished(), "opened without the board's word");
        far_end.send(CONFIRMED);
        answer(opening).await.unwrap();
        far_end.send(PASSED_IN);
        desk.hears(passed(Way::In)).await;

        let opening = asked(&desk, &far_end, Way::Out, OUT).await;
        far_end.send(CONFIRMED);
        answer(opening).await.unwrap();
        far_end.send(PASSED_IN);
        desk.hears(wrong_way(Way::In)).await;

        let opening = asked(&desk, &far_end, Way::Out, OUT).await;
        far_end.send(&[CONFIRMED, PASSED_OUT].concat());
        answer(opening).await.unwrap();
        desk.hears(passed(Way::Out)).await;

        let opening = asked(&desk, &far_end, Way::In, IN).await;
        far_end.send(CONFIRMED);
        let opened = answer(opening).await.unwrap();
        desk.hears(BoardEventKind::TimedOut(Way::In)).await;
        assert!(monotonic() - opened >= PASSAGE);
    }

    #[tokio::test]
    async fn that_does_not_understand_is_asked_again_and_then_refuses() {
        let (_socket, far_end, desk) = connected(BoardKind::Digicon).await;
        let opening = asked(&desk, &far_end, Way::In, IN).await;
        far_end.send(NOT_UNDERSTOOD);
        assert_eq!(far_end.receive(IN.len()).await, IN);
        far_end.send(NOT_UNDERSTOOD);
        while !opening.is_finished() {
            if !far_end.received().is_empty() {
                far_end.send(NOT_UNDERSTOOD);
            }
            sleep(ms(5)).await;
        }
        let refused = answer(opening).await.unwrap_err();
        assert!(
            matches!(
                refused,
                BoardError::Refused {
                    why: Refusal::NotUnderstood,
                    ..
                }
            ),
            "{refused:?}"
        );
    }

    #[tokio::test]
    async fn that_says_nothing_is_not_asked_twice_and_is_back_with_its_next_word() {
        let (_socket, far_end, mut desk) = connected(BoardKind::Digicon).await;
        let opening = asked(&desk, &far_end, Way::In, IN).await;
        let unknown = answer(opening).await.unwrap_err();
        assert!(
            matches!(
                unknown,
                BoardError::Unknown {
                    reason: BoardAway::Silent { .. },
                    ..
                }
            ),
            "{unknown:?}"
        );
        assert!(matches!(desk.offline().await, BoardAway::Silent { .. }));
        far_end.receives_nothing_for(PASSAGE).await;
        far_end.send(PASSED_IN);
        desk.hears(BoardEventKind::Online).await;
        // Nobody was told that it had opened.
        let unasked = BoardEventKind::Passed {
            way: Way::In,
            granted: false,
        };
        desk.hears(unasked).await;
    }

    #[tokio::test]
    async fn that_is_unplugged_leaves_open_what_it_was_asked_and_is_never_asked_the_rest() {
        let (socket, far_end, mut desk) = connected(BoardKind::Digicon).await;
        let sent = asked(&desk, &far_end, Way::In, IN).await;
        let board = desk.board.clone();
        let waiting = tokio::spawn(async move { board.open(Way::Out, PULSE, monotonic() + ms(9000)).await });
        sleep(ms(50)).await;
        far_end.unplug();
        assert!(matches!(desk.offline().await, BoardAway::Port(_)));
        let sent = answer(sent).await.unwrap_err();
        assert!(matches!(sent, BoardError::Unknown { .. }), "{sent:?}");
        let waiting = answer(waiting).await.unwrap_err();
        assert!(matches!(waiting, BoardError::Away { .. }), "{waiting:?}");
        let far_end = socket.plug();
        far_end.receives_nothing_for(ms(2000)).await;
    }
}

mod one_tech {
    use super::*;

    const IN: &[u8] = &[0xFE, 0x80, 0x01, 0, 0, 0, 0xAB];
    const OUT: &[u8] = &[0xFE, 0x80, 0x02, 0, 0, 0, 0xAB];
    const PASSED_IN: &[u8] = &[0xFE, 0x81, 0x01, 0, 0, 0, 0xAB];
    const NOT_PASSED_IN: &[u8] = &[0xFE, 0x44, 0x01, 0, 0, 0, 0xAB];
    const NOT_PASSED_OUT: &[u8] = &[0xFE, 0x44, 0x02, 0, 0, 0, 0xAB];

    #[tokio::test]
    async fn opens_when_the_command_is_written_and_tells_all_outcomes() {
        let (_socket, far_end, mut desk) = connected(BoardKind::OneTech).await;
        answer(asked(&desk, &far_end, Way::In, IN).await).await.unwrap();
        far_end.send(PASSED_IN);
        desk.hears(passed(Way::In)).await;

        answer(asked(&desk, &far_end, Way::Out, OUT).await).await.unwrap();
        far_end.send(NOT_PASSED_OUT);
        desk.hears(wrong_way(Way::In)).await;

        answer(asked(&desk, &far_end, Way::In, IN).await).await.unwrap();
        sleep(PASSAGE + ms(50)).await;
        far_end.send(NOT_PASSED_IN);
        desk.hears(BoardEventKind::TimedOut(Way::In)).await;

        answer(asked(&desk, &far_end, Way::In, IN).await).await.unwrap();
        far_end.send(&[0xFE, 0x81, 0x01, 0, 1, 0, 0xAB]);
        desk.hears(BoardEventKind::TimedOut(Way::In)).await;
    }
}

mod mach_power {
    use super::*;

    #[tokio::test]
    async fn opens_when_the_command_is_written_and_says_nothing_of_what_nobody_sees() {
        let kind = BoardKind::MachPower { address: 1 };
        assert!(!kind.sees_passages());
        let (_socket, far_end, mut desk) = connected(kind).await;
        let opening = asked(&desk, &far_end, Way::In, &[0xEB, 0x01, 0x40, 0x00, 0xAA]).await;
        answer(opening).await.unwrap();
        let opening = asked(&desk, &far_end, Way::Out, &[0xEB, 0x01, 0x41, 0x00, 0xAB]).await;
        answer(opening).await.unwrap();
        desk.hears_nothing_for(2 * PASSAGE).await;
    }
}

mod swing {
    use super::*;

    const QUESTION: [u8; 8] = [0x7E, 0x00, 0x01, 0x10, 0, 0, 0, 0x70];
    const IN: [u8; 8] = [0x7E, 0x00, 0x01, 0x80, 0x01, 0, 0, 0xFF];
    const OUT: [u8; 8] = [0x7E, 0x00, 0x01, 0x82, 0x01, 0, 0, 0xFD];

    /// What the far end answers, and what it has been told.
    #[derive(Default)]
    struct Gate {
        fault: u8,
        left: u8,
        right: u8,
        mute: bool,
        commands: Vec<[u8; 8]>,
    }

    impl Gate {
        fn status(&self) -> [u8; 18] {
            let mut status = [0; 18];
            status[..4].copy_from_slice(&[0x7F, 0x10, 0x01, self.fault]);
            (status[8], status[11], status[14]) = (self.left, self.right, 0x78);
            status[17] = !status.iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte));
            status
        }
    }

    async fn play(far_end: FarEnd, gate: Arc<Mutex<Gate>>) {
        let mut received = Vec::new();
        loop {
            received.extend(far_end.received());
            while received.len() >= 8 {
                let frame: Vec<u8> = received.drain(..8).collect();
                let mut gate = gate.lock().unwrap();
                if frame != QUESTION {
                    gate.commands.push(frame.try_into().unwrap());
                } else if !gate.mute {
                    far_end.send(&gate.status());
                }
            }
            sleep(ms(2)).await;
        }
    }

    #[tokio::test]
    async fn is_there_once_it_answers_and_tells_all_outcomes_by_its_counters() {
        let socket = Socket::new();
        let gate = Arc::new(Mutex::new(Gate::default()));
        tokio::spawn(play(socket.plug(), gate.clone()));
        let mut desk = Desk::new(&socket, BoardKind::Swing { machine: 1 }, settings());
        desk.hears(BoardEventKind::Online).await;
        let told = || std::mem::take(&mut gate.lock().unwrap().commands);

        desk.open(Way::In).await.unwrap();
        gate.lock().unwrap().left += 1;
        desk.hears(passed(Way::In)).await;
        assert_eq!(told(), [IN]);

        desk.open(Way::Out).await.unwrap();
        gate.lock().unwrap().left += 1;
        desk.hears(wrong_way(Way::In)).await;
        assert_eq!(told(), [OUT]);

        desk.open(Way::Out).await.unwrap();
        desk.hears(BoardEventKind::TimedOut(Way::Out)).await;
        assert_eq!(told(), [OUT]);

        desk.open(Way::In).await.unwrap();
        gate.lock().unwrap().fault = 9;
        desk.hears(BoardEventKind::Fault {
            fault: Fault::from_code(9),
            ended: Some(Way::In),
        })
        .await;
        let refused = desk.open(Way::In).await.unwrap_err();
        assert!(
            matches!(
                refused,
                BoardError::Refused {
                    why: Refusal::Faulty,
                    ..
                }
            ),
            "{refused:?}"
        );
        gate.lock().unwrap().fault = 0;
        desk.hears(BoardEventKind::Fault {
            fault: None,
            ended: None,
        })
        .await;

        gate.lock().unwrap().mute = true;
        assert!(matches!(desk.offline().await, BoardAway::Silent { .. }));
        let refused = desk.open(Way::In).await.unwrap_err();
        assert!(matches!(refused, BoardError::Away { .. }), "{refused:?}");
        gate.lock().unwrap().mute = false;
        desk.hears(BoardEventKind::Online).await;
    }
}
