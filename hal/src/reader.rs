//! Readers: what they say, as events for the controller, and the task of a reader on a serial port. Whose card it
//! is, whether the same card was just read and what may be logged of it is for others to say.

mod condition;

use std::sync::Arc;
use std::time::Duration;

use firmware_protocol::keypad::PinEntry;
use firmware_protocol::{Decoder, Profile, Reading, Reject};
use thiserror::Error;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::time::sleep;
use tracing::warn;

use self::condition::Condition;
use crate::clock::{before, monotonic};
use crate::connection::{DisconnectReason, Reconnect};
use crate::serial::{Port, PortSettings};

/// A line that was quiet for so long is at the end of a frame. Even at 9600 baud and behind the 16 ms that a USB
/// adapter may hold bytes back, no reader pauses so long within one.
const QUIET: Duration = Duration::from_millis(100);

/// Stray bytes in one go that are no noise: the line end that some readers put after their frame.
const LINE_END: u32 = 2;

/// Noise that never pauses is told every so many bytes.
const NOISE_MAX: u32 = 256;

/// Something that a reader said, or that happened to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReaderEvent {
    /// The reader's name in the settings.
    pub reader: Arc<str>,
    /// When, on the monotonic clock: of a read, the moment at which its last byte was here.
    pub at: Duration,
    /// What.
    pub kind: ReaderEventKind,
}

/// What a reader said, or what happened to it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "reads are what the channel is for, and it is bounded"
)]
pub enum ReaderEventKind {
    /// A whole and correct frame, or the PIN that the keys of a keypad make up: never a single key.
    Read(Reading),
    /// Something that is no use.
    Rejected(Rejection),
    /// The reader can be listened to from now on.
    Connected,
    /// It cannot, and why. Sent once, and again when the reason changes. Ends noise and silence.
    Disconnected(DisconnectReason),
    /// Much that comes from it is no use: ten rejections within ten seconds. Sent once.
    Noisy,
    /// For ten seconds nothing was rejected.
    NoiseEnded,
    /// It is connected, but nothing came from it for longer than [`Patience::silent_after`]. Sent once.
    Silent,
    /// Something came from it again.
    SilenceEnded,
}

/// Why something that came from a reader is no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Rejection {
    /// A frame that is not right.
    #[error("{0}")]
    Frame(Reject),
    /// Bytes that start no frame.
    #[error("noise: bytes of no frame; check baud rate, format and cable of the reader")]
    Noise,
}

/// How long a reader, and the person before it, is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// The longest pause between two keys of a PIN.
    pub next_key: Duration,
    /// For a reader that sends something even when nobody is there: how long it may send nothing.
    pub silent_after: Option<Duration>,
}

impl Default for Patience {
    /// 5 s between keys; silence is normal.
    fn default() -> Self {
        Self {
            next_key: Duration::from_secs(5),
            silent_after: None,
        }
    }
}

/// A reader on a serial port.
#[derive(Clone, Debug)]
pub struct SerialReader {
    /// Its name in the settings, for its events.
    pub name: Arc<str>,
    /// Its port.
    pub port: PortSettings,
    /// How its frames are to be read.
    pub profile: Profile,
    /// How long it is waited for.
    pub patience: Patience,
}

/// Listens to the reader for ever and sends what it says, without any delay, as `events`. When its port is away it is
/// opened again as soon as it is back.
///
/// A full channel never holds the reader up: the read is dropped, for it would be too old when there is room again,
/// and counted in the log. Changes of the connection wait for room.
pub async fn serial_reader(reader: SerialReader, events: mpsc::Sender<ReaderEvent>) {
    let mut voice = Voice::new(reader.name, events).with_patience(reader.patience);
    let mut reconnect = Reconnect::new();
    loop {
        let mut held = Duration::ZERO;
        let reason = match Port::open(&reader.port).await {
            Ok(port) => {
                reconnect.connected();
                voice.connection(ReaderEventKind::Connected).await;
                let since = monotonic();
                let reason = listen(port, Decoder::new(reader.profile.clone()), &mut voice).await;
                held = monotonic().saturating_sub(since);
                reason
            }
            Err(reason) => reason,
        };
        if reconnect.is_news(&reason) {
            voice.connection(ReaderEventKind::Disconnected(reason)).await;
        }
        sleep(reconnect.wait_after(held)).await;
    }
}

/// Listens until the port is lost.
async fn listen(mut port: Port, decoder: Decoder, voice: &mut Voice) -> DisconnectReason {
    let mut frames = Frames::new(decoder);
    let mut buffer = [0; 512];
    let mut at = monotonic();
    let mut quiet = true;
    loop {
        let end = (!quiet).then(|| at.saturating_add(QUIET));
        let next = end.into_iter().chain(voice.deadline()).min();
        match before(next, port.read(&mut buffer)).await {
            Some(Ok(count)) => {
                at = monotonic();
                quiet = false;
                voice.heard(at);
                frames.receive(buffer.get(..count).unwrap_or_default(), at, voice);
            }
            Some(Err(reason)) => return reason,
            None => {
                let now = monotonic();
                if end.is_some_and(|end| now >= end) {
                    quiet = true;
                    frames.quiet(at, voice);
                }
                voice.timeout(now);
            }
        }
    }
}

/// The way from bytes to reads.
#[derive(Debug)]
pub(crate) struct Frames {
    decoder: Decoder,
    noise: Noise,
}

impl Frames {
    pub(crate) fn new(decoder: Decoder) -> Self {
        Self {
            decoder,
            noise: Noise::default(),
        }
    }

    /// Takes bytes that were here at `at`.
    pub(crate) fn receive(&mut self, bytes: &[u8], at: Duration, voice: &mut Voice) {
        for byte in bytes {
            if let Some(outcome) = self.decoder.feed(*byte) {
                self.tell(outcome, at, voice);
            }
        }
        self.noise.tell_above(NOISE_MAX, &self.decoder, at, voice);
    }

    /// The line has been quiet since `at`: nothing that was begun can still be completed.
    pub(crate) fn quiet(&mut self, at: Duration, voice: &mut Voice) {
        while let Some(outcome) = self.decoder.idle() {
            self.tell(outcome, at, voice);
        }
        self.noise.quiet(&self.decoder, at, voice);
        voice.tell_dropped();
    }

    fn tell(&mut self, outcome: Result<Reading, Reject>, at: Duration, voice: &mut Voice) {
        if outcome.is_err() {
            self.noise.rejected();
        }
        voice.outcome(outcome, at);
    }
}

/// The noise of a decoder, as far as it is news.
#[derive(Debug, Default)]
pub(crate) struct Noise {
    /// The decoder's count up to which nothing is to be told any more.
    told: u32,
    /// A frame was rejected since the line was quiet: its remains count as noise, but are no news.
    rejected: bool,
}

impl Noise {
    /// A frame was rejected.
    pub(crate) fn rejected(&mut self) {
        self.rejected = true;
    }

    /// The line is quiet, or an answer has ended: what came before it was noise, or the line end of a frame.
    pub(crate) fn quiet(&mut self, decoder: &Decoder, at: Duration, voice: &mut Voice) {
        if !self.rejected {
            self.tell_above(LINE_END, decoder, at, voice);
        }
        self.told = decoder.noise();
        self.rejected = false;
    }

    fn tell_above(&mut self, limit: u32, decoder: &Decoder, at: Duration, voice: &mut Voice) {
        let noise = decoder.noise();
        if noise.saturating_sub(self.told) > limit {
            self.told = noise;
            voice.reject(Rejection::Noise, at);
        }
    }
}

/// What a reader speaks through: its name and the controller's channel.
#[derive(Debug)]
pub(crate) struct Voice {
    reader: Arc<str>,
    events: mpsc::Sender<ReaderEvent>,
    /// The PIN that keys are making up.
    pin: PinEntry,
    condition: Condition,
    /// Reads and rejections for which there was no room, since the log was told.
    dropped: u64,
}

impl Voice {
    pub(crate) fn new(reader: Arc<str>, events: mpsc::Sender<ReaderEvent>) -> Self {
        let patience = Patience::default();
        Self {
            reader,
            events,
            pin: PinEntry::new(patience.next_key),
            condition: Condition::new(patience.silent_after),
            dropped: 0,
        }
    }

    pub(crate) fn with_patience(self, patience: Patience) -> Self {
        Self {
            pin: PinEntry::new(patience.next_key),
            condition: Condition::new(patience.silent_after),
            ..self
        }
    }

    /// Tells what came of a frame. Keys are kept until they are a PIN.
    pub(crate) fn outcome(&mut self, outcome: Result<Reading, Reject>, at: Duration) {
        match outcome {
            Ok(Reading::Key(key)) => {
                if let Some(keys) = self.pin.press(key, at) {
                    self.say(ReaderEventKind::Read(Reading::Pin(keys)), at);
                }
            }
            Ok(reading) => self.say(ReaderEventKind::Read(reading), at),
            Err(reject) => self.reject(Rejection::Frame(reject), at),
        }
    }

    fn reject(&mut self, rejection: Rejection, at: Duration) {
        self.say(ReaderEventKind::Rejected(rejection), at);
        if let Some(noisy) = self.condition.rejected(at) {
            self.say(noisy, at);
        }
    }

    /// Something came from the reader.
    pub(crate) fn heard(&mut self, at: Duration) {
        if let Some(heard) = self.condition.heard(at) {
            self.say(heard, at);
        }
    }

    /// When to call [`Self::timeout`].
    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.condition.deadline()
    }

    /// The time is now `now`: tells what has changed by it. Calling it too early is harmless.
    pub(crate) fn timeout(&mut self, now: Duration) {
        while let Some(change) = self.condition.timeout(now) {
            self.say(change, now);
        }
    }

    /// Sends if there is room.
    fn say(&mut self, kind: ReaderEventKind, at: Duration) {
        // A controller that is gone is the gateway stopping.
        if let Err(TrySendError::Full(_)) = self.events.try_send(self.event(kind, at)) {
            self.dropped += 1;
        }
    }

    pub(crate) fn tell_dropped(&mut self) {
        if self.dropped > 0 {
            warn!(
                reader = &*self.reader,
                dropped = self.dropped,
                "reads were dropped: the controller was too busy for them"
            );
            self.dropped = 0;
        }
    }

    /// Sends a change of the connection, as soon as there is room.
    pub(crate) async fn connection(&mut self, kind: ReaderEventKind) {
        let now = monotonic();
        self.condition
            .connection(matches!(kind, ReaderEventKind::Connected), now);
        let event = self.event(kind, now);
        let _ = self.events.send(event).await;
    }

    fn event(&self, kind: ReaderEventKind, at: Duration) -> ReaderEvent {
        ReaderEvent {
            reader: self.reader.clone(),
            at,
            kind,
        }
    }
}
