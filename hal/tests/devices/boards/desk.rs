//! The gateway's side of a board in these tests: what it asks, and what it hears.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use hal::ReaderEvent;
use hal::board::{
    Board, BoardAway, BoardError, BoardEvent, BoardEventKind, BoardKind, BoardReader, BoardSettings,
    Direction, Way, board,
};
use hal::clock::monotonic;
use hal::reader::Patience;
use hal::serial::PortSettings;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::ms;
use crate::port::{PATIENCE, Socket};

pub(super) const PULSE: Duration = ms(200);
pub(super) const PASSAGE: Duration = ms(600);

pub(super) fn settings() -> BoardSettings {
    BoardSettings {
        name: Arc::from("lane 1"),
        entry: Direction::A,
        passage_in: PASSAGE,
        passage_out: PASSAGE,
        free: Vec::new(),
        readers: vec![BoardReader {
            number: 1,
            name: Arc::from("entrance"),
            profile: firmware_protocol::Format::H10301.into(),
            patience: Patience::default(),
        }],
    }
}

pub(super) struct Desk {
    pub(super) board: Board,
    pub(super) events: mpsc::Receiver<BoardEvent>,
    pub(super) reads: mpsc::Receiver<ReaderEvent>,
}

impl Desk {
    pub(super) fn new(socket: &Socket, kind: BoardKind, settings: BoardSettings) -> Self {
        let (events, heard) = mpsc::channel(16);
        let (reads, read) = mpsc::channel(16);
        let (board, task) = board(
            kind,
            PortSettings::new(socket.path()),
            settings,
            events,
            reads,
            pending(),
        );
        tokio::spawn(task);
        Self {
            board,
            events: heard,
            reads: read,
        }
    }

    pub(super) async fn next(&mut self) -> BoardEventKind {
        let event = timeout(PATIENCE, self.events.recv())
            .await
            .expect("nothing came")
            .unwrap();
        assert_eq!(&*event.board, "lane 1");
        assert!(event.at <= monotonic());
        event.kind
    }

    pub(super) async fn hears(&mut self, expected: BoardEventKind) {
        assert_eq!(self.next().await, expected);
    }

    pub(super) async fn offline(&mut self) -> BoardAway {
        match self.next().await {
            BoardEventKind::Offline(reason) => reason,
            other => panic!("{other:?} instead of an absence"),
        }
    }

    pub(super) async fn hears_nothing_for(&mut self, silence: Duration) {
        if let Ok(event) = timeout(silence, self.events.recv()).await {
            panic!("{event:?} came");
        }
    }

    pub(super) async fn open(&self, way: Way) -> Result<Duration, BoardError> {
        self.open_before(way, monotonic() + ms(1500)).await
    }

    pub(super) async fn open_before(&self, way: Way, not_after: Duration) -> Result<Duration, BoardError> {
        timeout(PATIENCE, self.board.open(way, PULSE, not_after))
            .await
            .expect("no answer")
    }
}
