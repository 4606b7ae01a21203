//! Readers that are connected to a board: their raw reads become the events of ordinary readers. Whether they can be
//! heard is the board's matter, so they tell nothing of a connection.

use std::sync::Arc;
use std::time::Duration;

use firmware_protocol::board::message::{BoardRead, ReadFormat};
use firmware_protocol::wiegand::{self, Bits};
use firmware_protocol::{Decoder, Profile, Reject};
use tokio::sync::mpsc;
use tracing::warn;

use super::BoardSettings;
use crate::reader::{Frames, ReaderEvent, Voice};

/// The readers of one board.
pub(super) struct Readers {
    board: Arc<str>,
    readers: Vec<Reader>,
    /// Whether the log knows of a reader that the settings do not name.
    told_stranger: bool,
}

struct Reader {
    number: u8,
    profile: Profile,
    frames: Frames,
    voice: Voice,
}

impl Readers {
    pub(super) fn new(settings: &BoardSettings, reads: mpsc::Sender<ReaderEvent>) -> Self {
        let readers = settings.readers.iter().map(|reader| Reader {
            number: reader.number,
            profile: reader.profile.clone(),
            frames: Frames::new(Decoder::new(reader.profile.clone())),
            voice: Voice::new(reader.name.clone(), reads.clone()).with_patience(reader.patience),
        });
        Self {
            board: settings.name.clone(),
            readers: readers.collect(),
            told_stranger: false,
        }
    }

    /// The time is now `now`: tells that readers are noisy no more. Calling it often is harmless.
    pub(super) fn timeout(&mut self, now: Duration) {
        for reader in &mut self.readers {
            reader.voice.timeout(now);
        }
    }

    /// Takes a read that was here at `at`.
    pub(super) fn read(&mut self, read: &BoardRead, at: Duration) {
        let Some(reader) = self
            .readers
            .iter_mut()
            .find(|reader| reader.number == read.reader)
        else {
            if !self.told_stranger {
                warn!(
                    board = &*self.board,
                    number = read.reader,
                    "a reader at the turnstile board is not in the settings: its reads are ignored"
                );
                self.told_stranger = true;
            }
            return;
        };
        match read.format() {
            ReadFormat::Bits => {
                let outcome = u8::try_from(read.count())
                    .map_err(|_| Reject::TooLong)
                    .and_then(|count| Bits::from_bytes(read.content(), count))
                    .and_then(|bits| wiegand::decode(&reader.profile, bits));
                reader.voice.outcome(outcome, at);
            }
            // The board has seen the end of the frame.
            ReadFormat::Bytes => {
                reader.frames.receive(read.content(), at, &mut reader.voice);
                reader.frames.quiet(at, &mut reader.voice);
            }
        }
    }
}
