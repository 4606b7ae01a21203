//! Readers that have to be asked, on pseudo-terminals: the far end answers as the reader's manual says.

use std::future::Future;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use firmware_protocol::serial::{poll, wake_up};
use firmware_protocol::{Format, Reading, Reject};
use hal::polled::{PolledReader, polled_reader};
use hal::serial::PortSettings;
use hal::{DisconnectCause, ReaderEvent, ReaderEventKind, Rejection};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};
use tracing_subscriber::fmt::MakeWriter;

use crate::port::{FarEnd, PATIENCE, Socket};

const FORMATS: [Format; 4] = [
    Format::Twn4Simple,
    Format::Twn4SimpleCrc,
    Format::Twn4SimpleBin,
    Format::Pn532Hsu,
];
const PN532_ACK: &[u8] = b"\x00\x00\xFF\x00\xFF\x00";
const CARD: [u8; 4] = [0xDE, 0xAD, 0xBE, 0xEF];

/// The answer to a question, with a card (DEADBEEF) or without. A PN532 without a card says nothing.
fn answer(format: Format, card: bool) -> &'static [u8] {
    match (format, card) {
        (Format::Twn4Simple, true) => b"0001802004DEADBEEF\r",
        (Format::Twn4Simple, false) => b"0000\r",
        (Format::Twn4SimpleCrc, true) => b"0001802004DEADBEEFDFF8\r",
        (Format::Twn4SimpleCrc, false) => b"0000B8F0\r",
        (Format::Twn4SimpleBin, true) => b"\x09\x00\x00\x01\x80\x20\x04\xDE\xAD\xBE\xEF",
        (Format::Twn4SimpleBin, false) => b"\x02\x00\x00\x00",
        (Format::Pn532Hsu, true) => {
            b"\x00\x00\xFF\x0C\xF4\xD5\x4B\x01\x01\x00\x04\x08\x04\xDE\xAD\xBE\xEF\x96\x00"
        }
        _ => b"",
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mood {
    NoCard,
    Card,
    Spoiled,
    /// A TWN4 with a phone on it, which shows a new number each time (ISO 14443-3: it begins with 08).
    Phone,
    Mute,
    /// A card, and stray bytes before the answer.
    Noisy,
}

/// The far end: answers every question in its mood.
struct Reader {
    mood: Arc<Mutex<Mood>>,
    task: JoinHandle<()>,
    far_end: Arc<FarEnd>,
}

impl Reader {
    fn plug(socket: &Socket, format: Format) -> Self {
        let far_end = Arc::new(socket.plug());
        let mood = Arc::new(Mutex::new(Mood::NoCard));
        let task = tokio::spawn(play(far_end.clone(), format, mood.clone()));
        Self { mood, task, far_end }
    }

    fn is(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    async fn unplug(self) {
        self.task.abort();
        let _ = self.task.await;
        Arc::into_inner(self.far_end).unwrap().unplug();
    }
}

async fn play(far_end: Arc<FarEnd>, format: Format, mood: Arc<Mutex<Mood>>) {
    let question = poll(format).unwrap();
    let mut received = Vec::new();
    let mut awake = wake_up(format).is_none();
    let mut searching = false;
    loop {
        received.extend(far_end.received());
        let mood = *mood.lock().unwrap();
        if let Some(wake_up) = wake_up(format)
            && received == wake_up
        {
            received.clear();
            awake = true;
            if mood != Mood::Mute {
                far_end.send(&[PN532_ACK, b"\x00\x00\xFF\x02\xFE\xD5\x15\x16\x00"].concat());
            }
        }
        if received == PN532_ACK {
            received.clear();
            searching = false;
        }
        if received.ends_with(question) {
            assert_eq!(
                received.len(),
                question.len(),
                "another question before the answer"
            );
            received.clear();
            searching = awake && mood != Mood::Mute;
            if searching && format == Format::Pn532Hsu {
                far_end.send(PN532_ACK);
            }
        }
        let mut answer = match mood {
            Mood::Phone => b"000180200408A1B2C3\r".to_vec(),
            Mood::Noisy => [b"\xFF\x80\xAA\x55", answer(format, true)].concat(),
            mood => answer(format, mood == Mood::Card || mood == Mood::Spoiled).to_vec(),
        };
        if searching && !answer.is_empty() {
            searching = false;
            if mood == Mood::Spoiled {
                answer.truncate(answer.len() / 2);
            }
            far_end.send(&answer);
        }
        sleep(Duration::from_millis(2)).await;
    }
}

fn listen(socket: &Socket, format: Format) -> mpsc::Receiver<ReaderEvent> {
    let (sender, events) = mpsc::channel(16);
    let reader = PolledReader {
        name: Arc::from("entrance"),
        port: PortSettings::new(socket.path()),
        profile: format.into(),
    };
    tokio::spawn(polled_reader(reader, sender));
    events
}

async fn next(events: &mut mpsc::Receiver<ReaderEvent>) -> ReaderEventKind {
    timeout(PATIENCE, events.recv())
        .await
        .expect("nothing came")
        .unwrap()
        .kind
}

fn assert_card(kind: &ReaderEventKind, format: Format) {
    assert!(
        matches!(kind, ReaderEventKind::Read(Reading::Card(card)) if card.uid().unwrap().as_bytes() == CARD),
        "{format:?}: {kind:?}"
    );
}

async fn nothing_for(events: &mut mpsc::Receiver<ReaderEvent>, silence: Duration) {
    if let Ok(event) = timeout(silence, events.recv()).await {
        panic!("{event:?} came");
    }
}

/// Tries all formats at once.
async fn each_format<T: Future<Output = ()> + Send + 'static>(test: impl Fn(Format) -> T) {
    let mut tests: JoinSet<()> = FORMATS.into_iter().map(test).collect();
    while let Some(ended) = tests.join_next().await {
        ended.unwrap();
    }
}

async fn connected(format: Format) -> (Socket, Reader, mpsc::Receiver<ReaderEvent>) {
    let socket = Socket::new();
    let reader = Reader::plug(&socket, format);
    let mut events = listen(&socket, format);
    assert_eq!(next(&mut events).await, ReaderEventKind::Connected, "{format:?}");
    (socket, reader, events)
}

async fn disconnected(events: &mut mpsc::Receiver<ReaderEvent>) -> DisconnectCause {
    loop {
        match next(events).await {
            ReaderEventKind::Read(_) => {}
            ReaderEventKind::Disconnected(reason) => return reason.cause,
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_card_is_read_when_it_appears_told_while_it_stays_and_read_at_once_when_it_comes_again() {
    each_format(|format| async move {
        let (_socket, reader, mut events) = connected(format).await;
        nothing_for(&mut events, Duration::from_millis(300)).await;
        reader.is(Mood::Card);
        let mut told = Vec::new();
        for _ in 0..5 {
            let event = timeout(PATIENCE, events.recv())
                .await
                .expect("nothing came")
                .unwrap();
            assert_card(&event.kind, format);
            told.push(event.at);
        }
        for pair in told.windows(2) {
            let pause = pair[1] - pair[0];
            assert!(
                pause >= Duration::from_millis(250) && pause < Duration::from_millis(1000),
                "{pause:?}"
            );
        }
        reader.is(Mood::NoCard);
        sleep(Duration::from_millis(300)).await;
        while events.try_recv().is_ok() {}
        nothing_for(&mut events, Duration::from_millis(1500)).await;
        reader.is(Mood::Card);
        assert_card(&next(&mut events).await, format);
    })
    .await;
}

#[tokio::test]
async fn a_reader_that_does_not_answer_says_so_once_and_reads_again_by_itself() {
    each_format(|format| async move {
        let socket = Socket::new();
        let reader = Reader::plug(&socket, format);
        reader.is(Mood::Mute);
        let mut events = listen(&socket, format);
        assert_eq!(disconnected(&mut events).await, DisconnectCause::NotAnswering);
        nothing_for(&mut events, Duration::from_secs(5)).await;
        reader.is(Mood::Card);
        assert_eq!(next(&mut events).await, ReaderEventKind::Connected, "{format:?}");
        assert_card(&next(&mut events).await, format);
        reader.is(Mood::Mute);
        assert_eq!(disconnected(&mut events).await, DisconnectCause::NotAnswering);
    })
    .await;
}

#[tokio::test]
async fn half_an_answer_is_rejected_and_the_card_is_read_with_the_next() {
    each_format(|format| async move {
        let (_socket, reader, mut events) = connected(format).await;
        reader.is(Mood::Spoiled);
        let rejected = ReaderEventKind::Rejected(Rejection::Frame(Reject::Incomplete));
        assert_eq!(next(&mut events).await, rejected, "{format:?}");
        reader.is(Mood::Card);
        let mut kind = next(&mut events).await;
        while kind == rejected {
            kind = next(&mut events).await;
        }
        assert_card(&kind, format);
    })
    .await;
}

#[tokio::test]
async fn an_unplugged_reader_says_so_and_is_woken_and_asked_again_when_it_is_back() {
    each_format(|format| async move {
        let (socket, reader, mut events) = connected(format).await;
        reader.unplug().await;
        assert_eq!(
            disconnected(&mut events).await,
            DisconnectCause::Unplugged,
            "{format:?}"
        );
        let reader = Reader::plug(&socket, format);
        assert_eq!(next(&mut events).await, ReaderEventKind::Connected);
        reader.is(Mood::Card);
        assert_card(&next(&mut events).await, format);
    })
    .await;
}

#[tokio::test]
async fn a_phone_that_is_left_lying_is_rejected_once_and_the_reader_stays_connected() {
    let (_socket, reader, mut events) = connected(Format::Twn4Simple).await;
    reader.is(Mood::Phone);
    let rejected = ReaderEventKind::Rejected(Rejection::Frame(Reject::RandomUid));
    assert_eq!(next(&mut events).await, rejected);
    nothing_for(&mut events, Duration::from_secs(3)).await;
    reader.is(Mood::NoCard);
    sleep(Duration::from_millis(1500)).await;
    reader.is(Mood::Phone);
    assert_eq!(next(&mut events).await, rejected);
    reader.is(Mood::Card);
    assert_card(&next(&mut events).await, Format::Twn4Simple);
}

#[tokio::test]
async fn stray_bytes_before_an_answer_are_noise_and_a_reader_with_many_is_noisy() {
    each_format(|format| async move {
        let (_socket, reader, mut events) = connected(format).await;
        reader.is(Mood::Noisy);
        let (mut noise, mut cards) = (0, 0);
        loop {
            match next(&mut events).await {
                ReaderEventKind::Rejected(Rejection::Noise) => noise += 1,
                ReaderEventKind::Noisy => break,
                card => {
                    assert_card(&card, format);
                    cards += 1;
                    assert!(cards < 50, "{format:?}: {noise} of it is told as noise");
                }
            }
        }
        assert_eq!(noise, 10, "{format:?}");
        assert!(cards > 0, "a noisy reader is not read");
    })
    .await;
}

#[tokio::test]
async fn cards_for_which_the_controller_had_no_time_are_counted_in_the_log() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(log.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let (_socket, reader, mut events) = connected(Format::Twn4Simple).await;
    reader.is(Mood::Card);
    // There is room for sixteen, one each quarter of a second.
    let full = timeout(PATIENCE, async {
        while !log.text().contains("reads were dropped") {
            sleep(Duration::from_millis(50)).await;
        }
    });
    full.await.expect("nothing is said of dropped reads");
    assert!(
        log.text().contains("reader=\"entrance\" dropped=1"),
        "{}",
        log.text()
    );
    assert_card(&next(&mut events).await, Format::Twn4Simple);
}

/// What is logged meanwhile.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}
