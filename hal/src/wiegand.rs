//! The task of a reader on two Wiegand lines. Edges become frames in [`firmware_protocol::wiegand`]; here are the lines
//! and the waiting.

use std::sync::Arc;
use std::time::Duration;

use firmware_protocol::Profile;
use firmware_protocol::Reject;
use firmware_protocol::wiegand::assembler::{Assembler, Line, Timing};
use firmware_protocol::wiegand::{self, Bits};
use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::clock::{before, monotonic};
use crate::connection::{DisconnectReason, Reconnect};
use crate::gpio::{Backend, Edges, Pull, Watch, WatchSettings};
use crate::reader::{Patience, ReaderEvent, ReaderEventKind, Voice};

/// A reader on two Wiegand lines.
#[derive(Clone, Debug)]
pub struct WiegandReader {
    /// Its name in the settings, for its events.
    pub name: Arc<str>,
    /// What watches the lines.
    pub backend: Backend,
    /// The line of the bits 0, named as [`Backend`] says.
    pub d0: Arc<str>,
    /// The line of the bits 1.
    pub d1: Arc<str>,
    /// How its frames are to be read.
    pub profile: Profile,
    /// How fast it sends.
    pub timing: Timing,
    /// How long it is waited for.
    pub patience: Patience,
}

/// Listens to the reader for ever and sends what it says as `events`; of a read, `at` is the time of its last edge. A
/// frame from which an edge may be missing is rejected. Lines that cannot be watched are tried again.
///
/// The lines are held up by the chip's own resistors, for a reader that is not plugged in.
///
/// A full channel is treated as by [`serial_reader`](crate::reader::serial_reader).
pub async fn wiegand_reader(reader: WiegandReader, events: mpsc::Sender<ReaderEvent>) {
    let lines = WatchSettings {
        lines: vec![reader.d0, reader.d1],
        pull: Pull::Up,
        edges: Edges::Falling,
        debounce: Duration::ZERO,
    };
    let mut voice = Voice::new(reader.name, events).with_patience(reader.patience);
    let mut reconnect = Reconnect::new();
    loop {
        let mut held = Duration::ZERO;
        let reason = match Watch::start(reader.backend, &lines) {
            Ok(watch) => {
                reconnect.connected();
                voice.connection(ReaderEventKind::Connected).await;
                let since = monotonic();
                let reason = listen(watch, reader.timing, &reader.profile, &mut voice).await;
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

/// Listens until the lines are lost.
async fn listen(mut watch: Watch, timing: Timing, profile: &Profile, voice: &mut Voice) -> DisconnectReason {
    let mut assembler = Assembler::new(timing);
    let mut at = Duration::ZERO;
    let tell = |frame: Option<Result<Bits, Reject>>, at, voice: &mut Voice| {
        if let Some(frame) = frame {
            voice.outcome(frame.and_then(|bits| wiegand::decode(profile, bits)), at);
        }
    };
    loop {
        let delay = watch.delay();
        let end = assembler.deadline().map(|end| end.saturating_add(delay));
        let next = end.into_iter().chain(voice.deadline()).min();
        match before(next, watch.edge()).await {
            Some(Ok(edge)) => {
                if edge.missed {
                    assembler.missed();
                }
                let line = if edge.line == 0 { Line::D0 } else { Line::D1 };
                tell(assembler.feed(line, edge.at), at, voice);
                at = edge.at;
                voice.heard(monotonic());
            }
            Some(Err(reason)) => return reason,
            None => {
                let now = monotonic();
                tell(assembler.timeout(now.saturating_sub(delay)), at, voice);
                voice.timeout(now);
                voice.tell_dropped();
            }
        }
    }
}
