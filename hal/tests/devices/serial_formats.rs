//! Every format of serial readers through a pseudo-terminal, with all that happens to bytes on the way.

#[path = "../../../firmware-protocol/tests/frames/mod.rs"]
mod frames;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use firmware_protocol::{Format, Reading, Reject, Wiring};
use hal::reader::{SerialReader, serial_reader};
use hal::serial::PortSettings;
use hal::{ReaderEvent, ReaderEventKind, Rejection};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use self::frames::FRAMES;
use crate::port::{FarEnd, PATIENCE, Socket};

/// Longer than the silence that ends a frame.
const SILENCE: Duration = Duration::from_millis(300);

/// Frames of these say by themselves where they start, so that noise right before them does no harm.
const MARKED: [Format; 4] = [
    Format::Rdm6300,
    Format::Id12la,
    Format::Gwiot7941e,
    Format::SsaR1101,
];

struct Desk {
    format: Format,
    frame: &'static [u8],
    far_end: FarEnd,
    events: mpsc::Receiver<ReaderEvent>,
    /// What a lone frame is read as.
    reading: Option<Reading>,
    _socket: Socket,
}

impl Desk {
    async fn new(format: Format) -> Self {
        let (_, frame, _) = FRAMES
            .iter()
            .find(|(of, ..)| *of == format)
            .expect("no frame of this format");
        let socket = Socket::new();
        let far_end = socket.plug();
        let (sender, mut events) = mpsc::channel(1024);
        let reader = SerialReader {
            name: Arc::from("entrance"),
            port: PortSettings::new(socket.path()),
            profile: format.into(),
            patience: hal::reader::Patience::default(),
        };
        tokio::spawn(serial_reader(reader, sender));
        let connected = timeout(PATIENCE, events.recv()).await.unwrap().unwrap();
        assert_eq!(connected.kind, ReaderEventKind::Connected);
        let mut desk = Self {
            format,
            frame,
            far_end,
            events,
            reading: None,
            _socket: socket,
        };
        desk.far_end.send(frame);
        desk.reads().await;
        desk
    }

    /// The next read, which must be that of the frame; rejections before it are passed over.
    async fn reads(&mut self) {
        let format = self.format;
        loop {
            let event = timeout(PATIENCE, self.events.recv()).await;
            let event = event
                .unwrap_or_else(|_| panic!("{format:?} is not read"))
                .unwrap();
            let ReaderEventKind::Read(reading) = event.kind else {
                continue;
            };
            assert!(
                matches!(reading, Reading::Card(_) | Reading::Text(_)),
                "{format:?}"
            );
            let first = self.reading.get_or_insert_with(|| reading.clone());
            return assert_eq!(*first, reading, "{format:?}");
        }
    }

    async fn says_nothing_more(&mut self) {
        if let Ok(event) = timeout(SILENCE, self.events.recv()).await {
            panic!("{:?}: {event:?}", self.format);
        }
    }
}

/// Tries all serial formats at once.
async fn each_format<T: Future<Output = ()> + Send + 'static>(test: impl Fn(Desk) -> T) {
    let mut tests = JoinSet::new();
    let is_serial = |format: &&Format| format.wiring() == Wiring::Serial;
    for format in Format::ALL.iter().filter(is_serial) {
        tests.spawn(test(Desk::new(*format).await));
    }
    assert!(tests.len() >= 9, "formats are missing");
    while let Some(ended) = tests.join_next().await {
        ended.unwrap();
    }
}

#[tokio::test]
async fn a_frame_is_one_read_also_byte_by_byte() {
    each_format(|mut desk| async move {
        desk.says_nothing_more().await;
        for byte in desk.frame {
            desk.far_end.send(&[*byte]);
            sleep(Duration::from_millis(5)).await;
        }
        desk.reads().await;
        desk.says_nothing_more().await;
    })
    .await;
}

#[tokio::test]
async fn a_frame_may_be_split_anywhere() {
    each_format(|mut desk| async move {
        for cut in 1..desk.frame.len() {
            desk.far_end.send(&desk.frame[..cut]);
            sleep(Duration::from_millis(20)).await;
            desk.far_end.send(&desk.frame[cut..]);
            desk.reads().await;
            if desk.format == Format::Wg2rs232 {
                sleep(SILENCE).await;
            }
        }
        desk.says_nothing_more().await;
    })
    .await;
}

#[tokio::test]
async fn two_frames_in_one_write_are_two_reads() {
    each_format(|mut desk| async move {
        // This one is ended by silence, so two in one write are none.
        if desk.format != Format::Wg2rs232 {
            desk.far_end.send(&desk.frame.repeat(2));
            desk.reads().await;
            desk.reads().await;
        }
        desk.says_nothing_more().await;
    })
    .await;
}

#[tokio::test]
async fn noise_between_frames_is_no_read_and_hides_none() {
    each_format(|mut desk| async move {
        for noise in [&[0xFF; 7][..], &[0x00, 0xFF, 0x80, 0xAA], &[0x02, 0x80, 0xFE]] {
            desk.far_end.send(noise);
            if !MARKED.contains(&desk.format) {
                sleep(SILENCE).await;
            }
            desk.far_end.send(desk.frame);
            desk.reads().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_wrong_checksum_is_rejected_and_the_next_frame_is_read() {
    each_format(|mut desk| async move {
        let (_, _, wrong) = FRAMES.iter().find(|(of, ..)| *of == desk.format).unwrap();
        let Some(wrong) = wrong else { return };
        desk.far_end.send(wrong);
        let reject = match desk.format {
            Format::Twn3Ascii => Reject::Parity,
            _ => Reject::Checksum,
        };
        let event = timeout(PATIENCE, desk.events.recv()).await.unwrap().unwrap();
        let rejected = ReaderEventKind::Rejected(Rejection::Frame(reject));
        assert_eq!(event.kind, rejected, "{:?}", desk.format);
        sleep(SILENCE).await;
        desk.far_end.send(desk.frame);
        desk.reads().await;
    })
    .await;
}

#[tokio::test]
async fn a_megabyte_of_random_bytes_shows_no_card_and_the_next_frame_is_read() {
    each_format(|mut desk| async move {
        let mut random = 0x2545_F491_4F6C_DD1D_u64;
        let mut cards = 0;
        for _ in 0..(1 << 20) / 4096 {
            let bytes: Vec<u8> = std::iter::repeat_with(|| {
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                random.to_le_bytes()[3]
            })
            .take(4096)
            .collect();
            desk.far_end.send_all(&bytes).await;
            while let Ok(event) = desk.events.try_recv() {
                cards += usize::from(matches!(event.kind, ReaderEventKind::Read(Reading::Card(_))));
            }
        }
        sleep(SILENCE).await;
        while let Ok(event) = desk.events.try_recv() {
            cards += usize::from(matches!(event.kind, ReaderEventKind::Read(Reading::Card(_))));
        }
        assert_eq!(cards, 0, "{:?}", desk.format);
        desk.far_end.send(desk.frame);
        desk.reads().await;
    })
    .await;
}
