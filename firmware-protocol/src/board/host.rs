//! The gateway's end of the link: greets the board, keeps it alive, releases once and learns what came of it. It
//! decides nothing about people and opens no port.

mod heard;

use core::time::Duration;

use heapless::Deque;

use super::firmware::{HEARTBEAT, MAX_PULSE, REPEAT};
use super::frame::{Decoder, Frame, FrameError, WireFrame};
use super::message::{BoardMessage, Fault, Feedback, HostMessage, Inputs, ReleaseId, ReleaseOrder};
use super::passages::Passages;
use super::turnstile::{BoardEvent, Observes, OfflineReason, Refusal, Release, Turnstile};
use super::waiting::Waiting;
use super::{Direction, PerDirection};

/// A board that has not been heard for so long is offline. Longer than the board's own [`super::firmware::SILENCE`]:
/// when the gateway says that a lane is out of service, the lane is.
pub const OFFLINE_AFTER: Duration = Duration::from_secs(2);
/// How often a board that does not answer is greeted.
pub const GREETING: Duration = Duration::from_millis(500);
/// An outcome that is late by so much will not come any more.
const OUTCOME_GRACE: Duration = Duration::from_secs(5);
const MOST_EVENTS: usize = 32;

/// A board of ours, seen from the gateway.
#[derive(Debug)]
pub struct Host {
    decoder: Decoder<BoardMessage>,
    rejected: u32,
    last_rejection: Option<FrameError>,
    challenge: u32,
    /// Whether the last challenge waits for its answer.
    asked: bool,
    hello_at: Option<Duration>,
    last_hello: Option<Duration>,
    connection: Option<Connection>,
    /// The contacts as they were told last. They outlive a connection: fire is not over because a cable came loose.
    inputs: Inputs,
    numbers: Numbers,
    waiting: Waiting,
    feedback: PerDirection<Option<Feedback>>,
    events: Deque<BoardEvent, MOST_EVENTS>,
}

/// How far both ends have counted in one boot of the board; outlives a silence.
#[derive(Debug, Default)]
struct Numbers {
    nonce: u32,
    /// The highest number given to a release.
    released: u32,
    /// The highest number that has arrived from the board.
    accepted: u32,
}

/// What holds while the board is there.
#[derive(Debug)]
struct Connection {
    heard_at: Duration,
    /// Whether the board has heard us in this connection.
    served: bool,
    /// The board's clock in a frame, and when that frame arrived.
    clock: (u32, Duration),
    heartbeat_at: Duration,
    sending: Option<Sending>,
    opened: Passages<ReleaseId>,
    /// Whether it was told that the board says something which is not understood.
    not_understood: bool,
    /// Whether a heartbeat has shown the contacts in this connection.
    inputs_seen: bool,
    fault: Option<Fault>,
}

/// A release that the board has not acknowledged.
#[derive(Clone, Copy, Debug)]
struct Sending {
    release: Release,
    sequence: u32,
    order: ReleaseOrder,
    send_at: Duration,
}

impl Sending {
    /// Past its time to live it is still repeated: it opens nothing then, but the answer says whether it did before.
    /// A board that hears us and never answers is at fault.
    fn give_up_at(&self) -> Duration {
        self.release.not_after + OUTCOME_GRACE
    }

    const fn id(&self) -> ReleaseId {
        ReleaseId {
            sequence: self.sequence,
            grant: self.release.grant,
        }
    }
}

impl Host {
    /// A host that will greet its board. The first challenge should differ from one start to the next, so that an
    /// answer to an earlier run is not taken for one to this.
    #[must_use]
    pub fn new(first_challenge: u32, now: Duration) -> Self {
        Self {
            decoder: Decoder::default(),
            rejected: 0,
            last_rejection: None,
            challenge: first_challenge,
            asked: false,
            hello_at: Some(now),
            last_hello: None,
            connection: None,
            inputs: Inputs::default(),
            numbers: Numbers::default(),
            waiting: Waiting::default(),
            feedback: PerDirection::default(),
            events: Deque::new(),
        }
    }

    /// Why the last refused frame was refused. [`FrameError::Version`] here means that the firmware does not fit.
    #[must_use]
    pub const fn last_rejection(&self) -> Option<FrameError> {
        self.last_rejection
    }

    fn greet_soon(&mut self, now: Duration) {
        let soon = self.last_hello.map_or(now, |last| now.max(last + REPEAT));
        self.hello_at = Some(self.hello_at.map_or(soon, |at| at.min(soon)));
    }

    fn disconnect(&mut self, reason: OfflineReason) {
        let Some(mut connection) = self.connection.take() else {
            return;
        };
        self.event(BoardEvent::Offline(reason));
        if let Some(Sending { release, .. }) = connection.sending {
            self.event(BoardEvent::Unknown {
                grant: release.grant,
                direction: release.direction,
            });
        }
        for direction in Direction::BOTH {
            if let Some(release) = connection.opened.end(direction) {
                self.event(BoardEvent::Unknown {
                    grant: release.grant,
                    direction,
                });
            }
        }
        self.give_up_waiting();
    }

    /// Whoever waits for the board is told now: it must not open for them when it is back.
    fn give_up_waiting(&mut self) {
        while let Some(Release { grant, direction, .. }) = self.waiting.give_up() {
            self.event(BoardEvent::Refused {
                grant,
                direction,
                why: Refusal::Offline,
            });
        }
        self.feedback = PerDirection::default();
    }

    fn hello(&mut self, now: Duration) -> Frame<HostMessage> {
        self.challenge = self.challenge.wrapping_add(1).max(1);
        self.asked = true;
        self.last_hello = Some(now);
        self.hello_at = self.connection.is_none().then_some(now + GREETING);
        let challenge = self.challenge;
        Frame {
            sequence: 0,
            nonce: 0,
            message: HostMessage::Hello { challenge },
        }
    }

    /// Numbers the next release when the board has answered the one before.
    fn send_next(&mut self, now: Duration) {
        let Some(connection) = self
            .connection
            .as_mut()
            .filter(|connection| connection.sending.is_none())
        else {
            return;
        };
        let is_free = |direction| connection.opened.get(direction).is_none();
        let Some(release) = self.waiting.next(now, is_free) else {
            return;
        };
        self.numbers.released = self.numbers.released.saturating_add(1);
        let (clock, heard) = connection.clock;
        let order = ReleaseOrder {
            grant: release.grant,
            direction: release.direction,
            // The frame with that clock took some time to arrive, so the board's clock is this or later, and the
            // release expires in time or earlier.
            issued_at: clock.wrapping_add(now.saturating_sub(heard).as_millis() as u32),
            ttl_ms: milliseconds(release.not_after.saturating_sub(now)),
            pulse_ms: milliseconds(release.pulse),
            passage_ms: milliseconds(release.passage),
        };
        connection.sending = Some(Sending {
            release,
            sequence: self.numbers.released,
            order,
            send_at: now,
        });
    }

    fn event(&mut self, event: BoardEvent) {
        // The caller takes the events after each call, and `handle_frame` leaves room for one more frame.
        drop(self.events.push_back(event));
    }
}

impl Turnstile for Host {
    fn observes(&self) -> Observes {
        Observes::Outcomes
    }

    fn release(&mut self, release: Release, now: Duration) -> Result<(), Refusal> {
        if self.connection.is_none() {
            return Err(Refusal::Offline);
        }
        if milliseconds(release.pulse) == 0 || release.pulse > MAX_PULSE {
            return Err(Refusal::Invalid);
        }
        self.waiting.add(release, now)?;
        self.send_next(now);
        Ok(())
    }

    fn feedback(&mut self, feedback: Feedback, _now: Duration) {
        if self.connection.is_some() {
            *self.feedback.get_mut(feedback.direction) = Some(feedback);
        }
    }

    fn receive(&mut self, bytes: &[u8], now: Duration) {
        self.handle_timeout(now);
        for byte in bytes {
            match self.decoder.feed(*byte) {
                None => {}
                Some(Ok(frame)) => self.handle_frame(frame, now),
                Some(Err(error)) => self.refused(error, now),
            }
        }
        self.send_next(now);
    }

    fn transmit(&mut self, now: Duration) -> Option<WireFrame> {
        if self.hello_at.is_some_and(|at| at <= now) {
            return Some(self.hello(now).encode());
        }
        let connection = self.connection.as_mut()?;
        let (sequence, message) = if connection.heartbeat_at <= now {
            connection.heartbeat_at = now + HEARTBEAT;
            let acknowledged = self.numbers.accepted;
            (0, HostMessage::Heartbeat { acknowledged })
        } else if let Some(sending) = connection
            .sending
            .as_mut()
            .filter(|sending| sending.send_at <= now)
        {
            sending.send_at = now + REPEAT;
            (sending.sequence, HostMessage::Release(sending.order))
        } else {
            let feedback = self.feedback.a.take().or_else(|| self.feedback.b.take())?;
            (0, HostMessage::Feedback(feedback))
        };
        let nonce = self.numbers.nonce;
        Some(
            Frame {
                sequence,
                nonce,
                message,
            }
            .encode(),
        )
    }

    fn poll_event(&mut self) -> Option<BoardEvent> {
        self.events.pop_front()
    }

    fn poll_timeout(&self) -> Option<Duration> {
        let connection = self.connection.as_ref();
        let of_connection = connection.into_iter().flat_map(|connection| {
            [
                Some(connection.heard_at + OFFLINE_AFTER),
                Some(connection.heartbeat_at),
                connection
                    .sending
                    .map(|sending| sending.send_at.min(sending.give_up_at())),
                connection.opened.next_expiry(),
            ]
        });
        of_connection
            .chain([self.hello_at, self.waiting.next_deadline()])
            .flatten()
            .min()
    }

    fn handle_timeout(&mut self, now: Duration) {
        if self
            .connection
            .as_ref()
            .is_some_and(|connection| connection.heard_at + OFFLINE_AFTER <= now)
        {
            self.disconnect(OfflineReason::Silent);
            self.greet_soon(now);
        }
        while let Some((release, why)) = self.waiting.expire(now) {
            let Release { grant, direction, .. } = release;
            self.event(BoardEvent::Refused {
                grant,
                direction,
                why,
            });
        }
        if let Some(Sending { release, .. }) = self
            .connection
            .as_mut()
            .and_then(|connection| connection.sending.take_if(|sending| sending.give_up_at() <= now))
        {
            self.event(BoardEvent::Unknown {
                grant: release.grant,
                direction: release.direction,
            });
        }
        while let Some((direction, release)) = self
            .connection
            .as_mut()
            .and_then(|connection| connection.opened.expire(now))
        {
            self.event(BoardEvent::Unknown {
                grant: release.grant,
                direction,
            });
        }
        self.send_next(now);
    }

    fn line_lost(&mut self) {
        let sending = self.connection.as_mut().and_then(|it| it.sending.take());
        if let Some(Sending { release, .. }) = sending {
            self.event(BoardEvent::Unknown {
                grant: release.grant,
                direction: release.direction,
            });
        }
        self.give_up_waiting();
    }

    fn rejected(&self) -> u32 {
        self.rejected
    }
}

/// Whole milliseconds, at most what fits a field.
fn milliseconds(span: Duration) -> u16 {
    u16::try_from(span.as_millis()).unwrap_or(u16::MAX)
}
