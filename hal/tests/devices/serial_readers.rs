//! Serial readers on pseudo-terminals: frames in, events out, plugs pulled.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use firmware_protocol::{Format, Reading, Reject};
use hal::clock::monotonic;
use hal::reader::{Patience, SerialReader, serial_reader};
use hal::serial::PortSettings;
use hal::{DisconnectCause, ReaderEvent, ReaderEventKind, Rejection};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use crate::port::{FarEnd, PATIENCE, Socket};

/// Frames of two cards, each seen on a real RDM6300: 02, ten hex digits, their XOR, 03.
const FRAME: &[u8] = b"\x026F007B39725F\x03";
const CARD: [u8; 5] = [0x6F, 0x00, 0x7B, 0x39, 0x72];
const OTHER_FRAME: &[u8] = b"\x0201000734E0D2\x03";
const OTHER_CARD: [u8; 5] = [0x01, 0x00, 0x07, 0x34, 0xE0];

const MOMENT: Duration = Duration::from_millis(250);

struct Desk {
    events: mpsc::Receiver<ReaderEvent>,
}

impl Desk {
    fn listen(socket: &Socket, format: Format) -> Self {
        Self::listen_at(PortSettings::new(socket.path()), format)
    }

    fn listen_at(port: PortSettings, format: Format) -> Self {
        let (sender, events) = mpsc::channel(16);
        let reader = SerialReader {
            name: Arc::from("entrance"),
            port,
            profile: format.into(),
            patience: Patience::default(),
        };
        tokio::spawn(serial_reader(reader, sender));
        Self { events }
    }

    /// Listens to a reader that must be heard of every so often.
    fn listen_for_life(socket: &Socket, silent_after: Duration) -> Self {
        let (sender, events) = mpsc::channel(16);
        let reader = SerialReader {
            name: Arc::from("entrance"),
            port: PortSettings::new(socket.path()),
            profile: Format::Rdm6300.into(),
            patience: Patience {
                silent_after: Some(silent_after),
                ..Patience::default()
            },
        };
        tokio::spawn(serial_reader(reader, sender));
        Self { events }
    }

    async fn next(&mut self) -> ReaderEvent {
        timeout(PATIENCE, self.events.recv())
            .await
            .expect("nothing came")
            .unwrap()
    }

    async fn connected(&mut self) {
        assert_eq!(self.next().await.kind, ReaderEventKind::Connected);
    }

    /// The card's number as the reader sent it.
    async fn uid(&mut self) -> Vec<u8> {
        match self.next().await.kind {
            ReaderEventKind::Read(Reading::Card(card)) => card.uid().unwrap().as_bytes().to_vec(),
            other => panic!("{other:?} instead of a card"),
        }
    }

    async fn disconnected(&mut self) -> DisconnectCause {
        match self.next().await.kind {
            ReaderEventKind::Disconnected(reason) => reason.cause,
            other => panic!("{other:?} instead of a lost connection"),
        }
    }

    async fn rejected(&mut self) -> Rejection {
        match self.next().await.kind {
            ReaderEventKind::Rejected(rejection) => rejection,
            other => panic!("{other:?} instead of a rejection"),
        }
    }

    async fn hears_nothing_for(&mut self, silence: Duration) {
        if let Ok(event) = timeout(silence, self.events.recv()).await {
            panic!("{event:?} came");
        }
    }
}

async fn rdm6300() -> (Socket, FarEnd, Desk) {
    let socket = Socket::new();
    let far_end = socket.plug();
    let mut desk = Desk::listen(&socket, Format::Rdm6300);
    desk.connected().await;
    (socket, far_end, desk)
}

#[tokio::test]
async fn a_frame_becomes_an_event_with_the_reader_and_the_moment_of_its_last_byte() {
    let (_socket, far_end, mut desk) = rdm6300().await;
    let before = monotonic();
    far_end.send(FRAME);
    let event = desk.next().await;
    assert_eq!(&*event.reader, "entrance");
    assert!(before <= event.at && event.at <= monotonic());
    assert!(
        matches!(event.kind, ReaderEventKind::Read(Reading::Card(card)) if card.uid().unwrap().as_bytes() == CARD)
    );
    desk.hears_nothing_for(MOMENT).await;
}

#[tokio::test]
async fn a_frame_may_come_byte_by_byte() {
    let (_socket, far_end, mut desk) = rdm6300().await;
    for byte in FRAME {
        far_end.send(&[*byte]);
        sleep(Duration::from_millis(2)).await;
    }
    assert_eq!(desk.uid().await, CARD);
}

#[tokio::test]
async fn two_frames_in_one_write_are_two_reads_in_order() {
    let (_socket, far_end, mut desk) = rdm6300().await;
    far_end.send(&[FRAME, OTHER_FRAME].concat());
    assert_eq!(desk.uid().await, CARD);
    assert_eq!(desk.uid().await, OTHER_CARD);
}

#[tokio::test]
async fn half_a_frame_is_rejected_once_the_line_is_quiet_and_the_next_card_is_read() {
    let (_socket, far_end, mut desk) = rdm6300().await;
    far_end.send(&FRAME[..7]);
    assert_eq!(desk.rejected().await, Rejection::Frame(Reject::Incomplete));
    far_end.send(OTHER_FRAME);
    assert_eq!(desk.uid().await, OTHER_CARD);
}

#[tokio::test]
async fn a_wrong_checksum_is_rejected_and_the_next_card_is_read() {
    let (_socket, far_end, mut desk) = rdm6300().await;
    far_end.send(b"\x026F007B39725E\x03");
    assert_eq!(desk.rejected().await, Rejection::Frame(Reject::Checksum));
    far_end.send(FRAME);
    assert_eq!(desk.uid().await, CARD);
}

#[tokio::test]
async fn garbage_is_told_as_noise_and_the_card_after_it_is_read() {
    let (_socket, far_end, mut desk) = rdm6300().await;
    far_end.send(&[0xFF; 40]);
    assert_eq!(desk.rejected().await, Rejection::Noise);
    far_end.send(FRAME);
    assert_eq!(desk.uid().await, CARD);
}

#[tokio::test]
async fn a_line_end_behind_each_frame_is_no_noise() {
    let (_socket, far_end, mut desk) = rdm6300().await;
    for _ in 0..3 {
        far_end.send(&[FRAME, b"\r\n"].concat());
        assert_eq!(desk.uid().await, CARD);
        desk.hears_nothing_for(MOMENT).await;
    }
}

#[tokio::test]
async fn the_line_is_raw_so_that_no_byte_is_eaten_changed_or_echoed() {
    let socket = Socket::new();
    let far_end = socket.plug();
    let mut desk = Desk::listen(&socket, Format::Line);
    desk.connected().await;
    // A terminal would take the first as interrupt, erase and end of file, turn CR into LF and echo it all.
    far_end.send(b"\x03\x7f\x04\r");
    assert_eq!(desk.rejected().await, Rejection::Frame(Reject::NotText));
    far_end.send(b"member-4711\r");
    let kind = desk.next().await.kind;
    assert!(matches!(kind, ReaderEventKind::Read(Reading::Text(text)) if text.as_str() == "member-4711"));
    far_end.receives_nothing_for(MOMENT).await;
}

#[tokio::test]
async fn an_unplugged_reader_says_so_once_and_reads_again_when_it_is_back_under_its_name() {
    let (socket, far_end, mut desk) = rdm6300().await;
    far_end.unplug();
    assert_eq!(desk.disconnected().await, DisconnectCause::Unplugged);
    desk.hears_nothing_for(MOMENT * 2).await;
    let far_end = socket.plug();
    desk.connected().await;
    far_end.send(FRAME);
    assert_eq!(desk.uid().await, CARD);
}

#[tokio::test]
async fn half_a_frame_from_before_an_unplugging_does_not_spoil_the_first_card_after_it() {
    let (socket, far_end, mut desk) = rdm6300().await;
    far_end.send(&FRAME[..7]);
    sleep(Duration::from_millis(20)).await;
    far_end.unplug();
    while !matches!(desk.next().await.kind, ReaderEventKind::Disconnected(_)) {}
    let far_end = socket.plug();
    desk.connected().await;
    far_end.send(FRAME);
    assert_eq!(desk.uid().await, CARD);
}

#[tokio::test]
async fn a_code_shown_before_the_port_was_opened_opens_nothing_later() {
    let socket = Socket::new();
    let far_end = socket.plug();
    far_end.send(b"member-4711\n");
    let mut desk = Desk::listen(&socket, Format::Line);
    desk.connected().await;
    desk.hears_nothing_for(MOMENT).await;
}

#[tokio::test]
async fn a_port_that_cannot_be_opened_says_why() {
    let socket = Socket::new();
    let file = socket.path().with_file_name("notes.txt");
    fs::write(&file, "").unwrap();
    for (path, cause) in [
        (socket.path(), DisconnectCause::NoSuchPort),
        (file, DisconnectCause::NotASerialPort),
        ("/dev/null".into(), DisconnectCause::NotASerialPort),
        ("/tmp".into(), DisconnectCause::NotASerialPort),
    ] {
        let mut desk = Desk::listen_at(PortSettings::new(path), Format::Rdm6300);
        assert_eq!(desk.disconnected().await, cause);
        desk.hears_nothing_for(MOMENT).await;
    }
}

#[tokio::test]
async fn a_port_in_use_is_refused_to_the_second_reader_and_the_first_reads_on() {
    let (socket, far_end, mut first) = rdm6300().await;
    let mut second = Desk::listen(&socket, Format::Rdm6300);
    assert_eq!(second.disconnected().await, DisconnectCause::InUse);
    far_end.send(FRAME);
    assert_eq!(first.uid().await, CARD);
}

#[tokio::test]
async fn a_full_channel_drops_reads_and_does_not_hold_the_reader_up() {
    let (_socket, far_end, mut desk) = rdm6300().await;
    for _ in 0..40 {
        far_end.send(FRAME);
        sleep(Duration::from_millis(1)).await;
    }
    sleep(MOMENT).await;
    for _ in 0..16 {
        assert_eq!(desk.uid().await, CARD);
    }
    far_end.send(OTHER_FRAME);
    assert_eq!(desk.uid().await, OTHER_CARD);
}

#[tokio::test]
async fn a_reader_that_sends_much_that_is_no_use_is_called_noisy_once() {
    let socket = Socket::new();
    let far_end = socket.plug();
    let mut desk = Desk::listen(&socket, Format::Rdm6300);
    desk.connected().await;
    for _ in 0..12 {
        far_end.send(b"\x026F007B397200\x03");
    }
    for _ in 0..10 {
        desk.rejected().await;
    }
    assert_eq!(desk.next().await.kind, ReaderEventKind::Noisy);
    for _ in 0..2 {
        desk.rejected().await;
    }
    far_end.send(FRAME);
    assert_eq!(desk.uid().await, CARD, "a noisy reader is not read");
}

#[tokio::test]
async fn a_reader_that_must_be_heard_of_is_called_silent_once_and_then_heard_again() {
    let socket = Socket::new();
    let far_end = socket.plug();
    let mut desk = Desk::listen_for_life(&socket, MOMENT);
    desk.connected().await;
    let connected = monotonic();
    let silent = desk.next().await;
    assert_eq!(silent.kind, ReaderEventKind::Silent);
    assert!(silent.at + Duration::from_millis(20) >= connected + MOMENT);
    sleep(2 * MOMENT).await;
    far_end.send(FRAME);
    assert_eq!(desk.next().await.kind, ReaderEventKind::SilenceEnded);
    assert_eq!(desk.uid().await, CARD);
    assert_eq!(desk.next().await.kind, ReaderEventKind::Silent);
}
