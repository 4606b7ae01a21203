//! When a board is in service, what is said when it is not, its readers, and a gateway that is too busy to listen.

use std::future::pending;
use std::sync::Arc;

use firmware_protocol::board::message::{BoardInput as Contact, BoardRead};
use firmware_protocol::{Format, Reading, Reject};
use hal::board::{BoardAway, BoardError, BoardEventKind, BoardKind, BoardReader, Direction, Way};
use hal::clock::monotonic;
use hal::simulated::{SimulatedBoard, simulated_board};
use hal::{DisconnectCause, ReaderEventKind, Rejection};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, timeout};

use super::desk::{Desk, PULSE, settings};
use super::line::PluggedLine;
use super::ms;
use crate::port::{PATIENCE, Socket};

#[tokio::test]
async fn a_board_without_a_port_is_told_once_and_refuses_at_once() {
    let socket = Socket::new();
    let mut desk = Desk::new(&socket, BoardKind::Link, settings());
    let BoardAway::Port(reason) = desk.offline().await else {
        panic!("without a port");
    };
    assert_eq!(reason.cause, DisconnectCause::NoSuchPort);
    let asked = monotonic();
    let refused = desk.open(Way::In).await.unwrap_err();
    assert!(monotonic() - asked < ms(100));
    assert_eq!(
        refused.to_string(),
        format!(
            "turnstile board lane 1 is out of service: no such port: is the device plugged in? ({})",
            socket.path().display()
        )
    );
    desk.hears_nothing_for(ms(500)).await;
}

#[tokio::test]
async fn a_port_on_which_nothing_answers_is_told_from_one_on_which_nothing_can_be_understood() {
    let socket = Socket::new();
    let far_end = socket.plug();
    let mut desk = Desk::new(&socket, BoardKind::Link, settings());
    assert!(matches!(desk.offline().await, BoardAway::Silent { .. }));
    let refused = desk.open(Way::In).await.unwrap_err();
    assert!(
        matches!(
            refused,
            BoardError::Away {
                reason: BoardAway::Silent { .. },
                ..
            }
        ),
        "{refused:?}"
    );
    for _ in 0..4 {
        far_end.send(b"\x01\x02\x03\x00");
    }
    assert!(matches!(desk.offline().await, BoardAway::Garbled { .. }));
    desk.hears_nothing_for(ms(500)).await;
}

#[tokio::test]
async fn while_the_gateway_is_too_busy_the_board_stays_in_service_and_nothing_it_reports_is_lost() {
    let socket = Socket::new();
    let (board, task) = SimulatedBoard::new();
    tokio::spawn(task);
    let _line = PluggedLine::new(&socket, &board);
    let mut desk = Desk::new(&socket, BoardKind::Link, settings());
    desk.hears(BoardEventKind::Online).await;
    sleep(ms(300)).await;
    // The channel holds 16, and the task 64 more.
    for round in 0..60 {
        board.input(Contact::Auxiliary, round % 2 == 0);
        sleep(ms(30)).await;
    }
    let opened = desk.open(Way::In).await;
    board.pass(Direction::A);
    opened.unwrap();
    let mut changes = 0;
    loop {
        match desk.next().await {
            BoardEventKind::Input {
                active,
                initial: false,
                ..
            } => {
                assert_eq!(active, changes % 2 == 0);
                changes += 1;
            }
            // A heartbeat that was due just then.
            BoardEventKind::Input { .. } => {}
            BoardEventKind::Passed { granted: true, .. } => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(changes, 60);
}

#[tokio::test]
async fn readers_at_the_board_speak_as_any_other_reader() {
    let socket = Socket::new();
    let (board, task) = SimulatedBoard::new();
    tokio::spawn(task);
    let _line = PluggedLine::new(&socket, &board);
    let mut settings = settings();
    settings.readers.push(BoardReader {
        number: 2,
        name: Arc::from("scanner"),
        profile: Format::Line.into(),
        patience: hal::reader::Patience::default(),
    });
    let mut desk = Desk::new(&socket, BoardKind::Link, settings);
    desk.hears(BoardEventKind::Online).await;
    sleep(ms(300)).await;
    board.read(BoardRead::bytes(3, b"nobody").unwrap());
    board.read(BoardRead::bits(1, 26, &[0xBD, 0x88, 0xEB, 0x80]).unwrap());
    board.read(BoardRead::bits(1, 26, &[0xBD, 0x98, 0xEB, 0x80]).unwrap());
    board.read(BoardRead::bytes(2, b"member-4711\r").unwrap());
    let mut next = async || {
        timeout(PATIENCE, desk.reads.recv())
            .await
            .expect("nothing came")
            .unwrap()
    };
    let mut said = Vec::new();
    for _ in 0..3 {
        let event = next().await;
        said.push((event.reader.to_string(), event.kind));
    }
    let parity = Rejection::Frame(Reject::Parity);
    assert!(
        said.iter()
            .any(|(reader, kind)| reader == "entrance"
                && matches!(kind, ReaderEventKind::Read(Reading::Card(_)))),
        "{said:?}"
    );
    assert!(
        said.contains(&("entrance".into(), ReaderEventKind::Rejected(parity))),
        "{said:?}"
    );
    assert!(
        matches!(&said[2], (reader, ReaderEventKind::Read(Reading::Text(text)))
        if reader == "scanner" && text.as_str() == "member-4711"),
        "{said:?}"
    );
}

#[tokio::test]
async fn a_simulated_board_is_a_board_like_any_other() {
    let (events, heard) = mpsc::channel(16);
    let (reads, read) = mpsc::channel(16);
    let (stop, stopped) = oneshot::channel::<()>();
    let (handle, board, task) = simulated_board(settings(), events, reads, async {
        if stopped.await.is_err() {
            pending().await
        }
    });
    let task = tokio::spawn(task);
    let mut desk = Desk {
        board: handle,
        events: heard,
        reads: read,
    };
    desk.hears(BoardEventKind::Online).await;
    desk.open(Way::In).await.unwrap();
    board.pass(Direction::A);
    desk.hears(BoardEventKind::Passed {
        way: Way::In,
        granted: true,
    })
    .await;
    board.unplug();
    assert!(matches!(desk.offline().await, BoardAway::Port(_)));
    sleep(ms(300)).await;
    board.plug_in();
    desk.hears(BoardEventKind::Online).await;
    board.reboot();
    assert!(matches!(desk.offline().await, BoardAway::Restarted { .. }));
    desk.hears(BoardEventKind::Online).await;
    stop.send(()).unwrap();
    timeout(PATIENCE, task).await.unwrap().unwrap();
    let stopped = desk.board.open(Way::In, PULSE, monotonic() + PULSE).await;
    assert!(matches!(stopped, Err(BoardError::Stopped { .. })), "{stopped:?}");
}
