//! Readers on a serial port that only answer: they are woken, and asked again and again whether a card is there. What
//! is asked and what an answer means stands in `firmware_protocol::serial`.

use std::sync::Arc;
use std::time::Duration;

use firmware_protocol::serial::{poll, wake_up};
use firmware_protocol::{Answer, Decoder, Format, Profile, Reading, Reject};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use crate::clock::monotonic;
use crate::connection::{DisconnectCause, DisconnectReason, Reconnect};
use crate::reader::{Noise, ReaderEvent, ReaderEventKind, Voice};
use crate::serial::{Port, PortSettings};

/// From an answer to the next question: nobody notices that a card is read so much later.
const PAUSE: Duration = Duration::from_millis(100);

/// How long a reader has for an answer. A search through all kinds of cards takes some hundred milliseconds.
const ANSWER: Duration = Duration::from_secs(1);

/// So many questions without an answer are no chance any more.
const UNANSWERED: u32 = 3;

/// A card that stays at the reader is told so often: well within the time for which it counts as one presentation,
/// and no more than needed for that.
const REPEAT: Duration = Duration::from_millis(250);

/// A card that was not seen for so long has been taken away.
const GONE: Duration = Duration::from_secs(1);

/// Makes a PN532 give up what it is asked (PN532 user manual, 6.2.1.3). Whether one that has said nothing since it took
/// the question is there at all, only another question tells.
const PN532_ABORT: [u8; 6] = [0x00, 0x00, 0xFF, 0x00, 0xFF, 0x00];

/// A reader on a serial port that has to be asked.
#[derive(Clone, Debug)]
pub struct PolledReader {
    /// Its name in the settings, for its events.
    pub name: Arc<str>,
    /// Its port.
    pub port: PortSettings,
    /// How it is to be asked and its answers read: a format of [`firmware_protocol::Wiring::Polled`].
    pub profile: Profile,
}

/// Asks the reader for ever and sends the cards that it sees as `events`: each when it appears, and again and again as
/// long as it stays. It counts as connected once it has answered, and as away when it answers no more.
///
/// A full channel never holds the reader up, and stray bytes before an answer are noise: see
/// [`crate::reader::serial_reader`].
pub async fn polled_reader(reader: PolledReader, events: mpsc::Sender<ReaderEvent>) {
    let mut voice = Voice::new(reader.name, events);
    let mut reconnect = Reconnect::new();
    loop {
        let mut held = Duration::ZERO;
        let reason = match Port::open(&reader.port).await {
            Ok(port) => {
                let since = monotonic();
                let mut conversation = Conversation {
                    port,
                    format: reader.profile.format,
                    decoder: Decoder::new(reader.profile.clone()),
                    noise: Noise::default(),
                    seen: None,
                    told: None,
                    useless: None,
                    voice: &mut voice,
                };
                let reason = match conversation.hold(&mut reconnect).await {
                    Ok(()) => DisconnectReason {
                        device: reader.port.device(),
                        cause: DisconnectCause::NotAnswering,
                    },
                    Err(reason) => reason,
                };
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

/// Questions and answers on an open port.
struct Conversation<'a> {
    port: Port,
    format: Format,
    decoder: Decoder,
    noise: Noise,
    /// The card in the last answer, and when it was here.
    seen: Option<(Reading, Duration)>,
    /// The card at the reader, and when it was told last.
    told: Option<(Reading, Duration)>,
    /// Why the card at the reader is no use, and when it was seen last.
    useless: Option<(Reject, Duration)>,
    voice: &'a mut Voice,
}

/// What a question has come to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// No answer in time, or one that cannot be read.
    Unanswered,
    /// It was taken, and is still being worked on.
    Taken,
    /// It was answered.
    Answered,
}

impl Conversation<'_> {
    /// Asks until the reader does not answer any more.
    async fn hold(&mut self, reconnect: &mut Reconnect) -> Result<(), DisconnectReason> {
        if let Some(wake_up) = wake_up(self.format) {
            // What it is good for shows at the first question.
            self.ask(wake_up).await?;
        }
        let question = poll(self.format).unwrap_or_default();
        let mut connected = false;
        let mut unanswered = 0;
        while unanswered < UNANSWERED {
            let outcome = self.ask(question).await?;
            if outcome == Outcome::Unanswered {
                unanswered += 1;
            } else {
                unanswered = 0;
                if !connected {
                    connected = true;
                    reconnect.connected();
                    self.voice.connection(ReaderEventKind::Connected).await;
                }
            }
            let now = monotonic();
            // Why a reader is not connected is told as such.
            if connected {
                self.noise.quiet(&self.decoder, now, self.voice);
            }
            self.voice.timeout(now);
            self.voice.tell_dropped();
            if let Some((card, at)) = self.seen.take() {
                self.present(card, at);
            }
            if outcome == Outcome::Taken {
                self.told = None;
                self.port.write(&PN532_ABORT).await?;
            }
            sleep(PAUSE).await;
        }
        Ok(())
    }

    /// Asks once and hears what is answered.
    async fn ask(&mut self, question: &[u8]) -> Result<Outcome, DisconnectReason> {
        self.port.write(question).await?;
        let mut buffer = [0; 128];
        let mut outcome = Outcome::Unanswered;
        let mut until = monotonic() + ANSWER;
        while outcome != Outcome::Answered {
            let now = monotonic();
            let Ok(read) = timeout(until.saturating_sub(now), self.port.read(&mut buffer)).await else {
                // An answer that is cut off is none.
                while let Some(heard) = self.decoder.idle() {
                    self.hear(heard, now);
                }
                break;
            };
            let count = read?;
            let at = monotonic();
            for byte in buffer.get(..count).unwrap_or_default() {
                let Some(heard) = self.decoder.feed(*byte) else {
                    continue;
                };
                match self.hear(heard, at) {
                    Outcome::Unanswered => {}
                    Outcome::Taken => {
                        outcome = Outcome::Taken;
                        until = at + ANSWER;
                    }
                    Outcome::Answered => outcome = Outcome::Answered,
                }
            }
        }
        Ok(outcome)
    }

    /// Tells the card unless that was done a moment ago.
    fn present(&mut self, card: Reading, at: Duration) {
        let is_told = self
            .told
            .as_ref()
            .is_some_and(|(before, told)| *before == card && at.saturating_sub(*told) < REPEAT);
        if !is_told {
            self.told = Some((card.clone(), at));
            self.voice.outcome(Ok(card), at);
        }
    }

    /// Takes note of one frame.
    fn hear(&mut self, heard: Result<Reading, Reject>, at: Duration) -> Outcome {
        match heard {
            Ok(Reading::Answer(Answer::Ack)) => Outcome::Taken,
            Ok(Reading::Answer(answer)) => {
                if answer == Answer::NoCard {
                    self.told = None;
                }
                Outcome::Answered
            }
            Ok(card) => {
                self.seen = Some((card, at));
                Outcome::Answered
            }
            // The reader is right: it is the card that is no use, such as a phone with a new number each time.
            Err(reject @ (Reject::RandomUid | Reject::PartialUid)) => {
                let before = self.useless.replace((reject, at));
                let lies_there =
                    before.is_some_and(|(why, seen)| why == reject && at.saturating_sub(seen) < GONE);
                if !lies_there {
                    self.voice.outcome(Err(reject), at);
                }
                Outcome::Answered
            }
            Err(reject) => {
                self.noise.rejected();
                self.voice.outcome(Err(reject), at);
                if reject == Reject::ReaderError {
                    Outcome::Answered
                } else {
                    Outcome::Unanswered
                }
            }
        }
    }
}
