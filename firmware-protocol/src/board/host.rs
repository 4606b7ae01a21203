//! The gateway's end of the link: greets the board, keeps it alive, releases once and learns what came of it. It
//! decides nothing about people and opens no port.

use core::time::Duration;

use heapless::Deque;

use super::firmware::{HEARTBEAT, MAX_PULSE, REPEAT};
use super::frame::{Decoder, Frame, FrameError, WireFrame};
use super::message::{
    AckStatus, BoardHello, BoardInput, BoardMessage, Fault, Feedback, HostMessage, Inputs, ReleaseId,
    ReleaseOrder,
};
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
/// Room for all events that one report or one change of the connection can cause.
const ROOM_FOR_ONE: usize = 16;

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
    /// The highest number given to a release, and for which boot of the board.
    numbered: (u32, u32),
    waiting: Waiting,
    feedback: PerDirection<Option<Feedback>>,
    events: Deque<BoardEvent, MOST_EVENTS>,
}

/// What holds while the board is there.
#[derive(Debug)]
struct Connection {
    nonce: u32,
    heard_at: Duration,
    /// Whether the board has heard us in this connection.
    served: bool,
    /// The board's clock in a frame, and when that frame arrived.
    clock: (u32, Duration),
    heartbeat_at: Duration,
    /// The highest number that has arrived from the board.
    accepted: u32,
    sending: Option<Sending>,
    opened: Passages<ReleaseId>,
    inputs: Inputs,
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
            numbered: (0, 0),
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

    fn handle_frame(&mut self, frame: Frame<BoardMessage>, now: Duration) {
        if let BoardMessage::Hello(hello) = &frame.message
            && self.asked
            && hello.challenge == self.challenge
        {
            return self.greeted(frame.nonce, *hello, now);
        }
        let Some(connection) = self
            .connection
            .as_mut()
            .filter(|connection| connection.nonce == frame.nonce)
        else {
            // Another boot of the board, perhaps a frame from before: only the answer to a fresh hello tells.
            return self.greet_soon(now);
        };
        match frame.message {
            BoardMessage::Hello(_) => {}
            BoardMessage::Heartbeat(heartbeat) => {
                let age = heartbeat.clock.wrapping_sub(connection.clock.0).cast_signed();
                if age < 0 {
                    return;
                }
                // A board that does not hear us is as good as silent; one that did before is in its safe state now.
                if heartbeat.serving {
                    connection.heard_at = now;
                    connection.served = true;
                } else if connection.served {
                    self.disconnect(OfflineReason::Silent);
                    return self.greet_soon(now);
                }
                connection.clock = (heartbeat.clock, now);
                self.inputs_are(heartbeat.inputs);
                self.fault_is(heartbeat.fault);
            }
            BoardMessage::Ack { sequence, status } => self.acknowledged(sequence, status, now),
            report => {
                // Acknowledged with the next heartbeat, repetitions too: their acknowledgement was lost.
                connection.heartbeat_at = now;
                if frame.sequence > connection.accepted && self.events.len() + ROOM_FOR_ONE <= MOST_EVENTS {
                    connection.accepted = frame.sequence;
                    self.reported(report, now);
                }
            }
        }
    }

    /// The board has answered our hello.
    fn greeted(&mut self, nonce: u32, hello: BoardHello, now: Duration) {
        self.asked = false;
        self.hello_at = None;
        if self
            .connection
            .as_ref()
            .is_some_and(|connection| connection.nonce == nonce)
        {
            return;
        }
        self.disconnect(OfflineReason::Rebooted);
        let used = if self.numbered.0 == nonce {
            self.numbered.1
        } else {
            0
        };
        self.numbered = (nonce, used.max(hello.last_release));
        self.connection = Some(Connection {
            nonce,
            heard_at: now,
            served: false,
            clock: (hello.clock, now),
            heartbeat_at: now,
            accepted: 0,
            sending: None,
            opened: Passages::default(),
            inputs: Inputs::default(),
            fault: None,
        });
        self.event(BoardEvent::Online { hello: Some(hello) });
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
        self.feedback = PerDirection::default();
    }

    fn acknowledged(&mut self, sequence: u32, status: AckStatus, now: Duration) {
        let Some(connection) = self.connection.as_mut() else {
            return;
        };
        let Some(sending) = connection.sending.take_if(|sending| sending.sequence == sequence) else {
            return;
        };
        let release = sending.release;
        let refused = match status {
            AckStatus::Busy | AckStatus::OutOfService => {
                let why = Refusal::from_status(status).unwrap_or(Refusal::Busy);
                self.waiting.again(release, now + REPEAT, why).err().map(|_| why)
            }
            _ => Refusal::from_status(status),
        };
        match refused {
            Some(why) => {
                let Release { grant, direction, .. } = release;
                self.event(BoardEvent::Refused {
                    grant,
                    direction,
                    why,
                });
            }
            None if status == AckStatus::Opened => self.opened(sending, now),
            None => {}
        }
    }

    fn opened(&mut self, sending: Sending, now: Duration) {
        let Release {
            grant,
            direction,
            pulse,
            passage,
            ..
        } = sending.release;
        if let Some(connection) = self.connection.as_mut() {
            connection
                .opened
                .open(direction, sending.id(), now + pulse.max(passage) + OUTCOME_GRACE);
        }
        self.event(BoardEvent::Opened { grant, direction });
    }

    fn reported(&mut self, report: BoardMessage, now: Duration) {
        match report {
            BoardMessage::Read(read) => self.event(BoardEvent::Read(read)),
            BoardMessage::Input { input, active } => {
                let mut inputs = self
                    .connection
                    .as_ref()
                    .map_or(Inputs::default(), |connection| connection.inputs);
                inputs.set(input, active);
                self.inputs_are(inputs);
            }
            BoardMessage::Passed {
                release,
                direction,
                counter,
            } => {
                let grant = self.ended(release, now);
                self.event(BoardEvent::Passed {
                    grant,
                    direction,
                    counter: Some(counter),
                });
            }
            BoardMessage::TimedOut { release, direction } => {
                let grant = self.ended(Some(release), now);
                self.event(BoardEvent::TimedOut { grant, direction });
            }
            BoardMessage::WrongWay { release, direction } => {
                let grant = self.ended(release, now);
                self.event(BoardEvent::WrongWay { grant, direction });
            }
            BoardMessage::Fault { release: None, fault } => self.fault_is(fault),
            BoardMessage::Fault { release, fault } => {
                if let Some(connection) = self.connection.as_mut() {
                    connection.fault = fault;
                }
                let grant = self.ended(release, now);
                self.event(BoardEvent::Fault { grant, fault });
            }
            BoardMessage::Hello(_) | BoardMessage::Heartbeat(_) | BoardMessage::Ack { .. } => {}
        }
    }

    /// Takes a release out that has come to its end. None if it has done so before, or was not ours.
    fn ended(&mut self, release: Option<ReleaseId>, now: Duration) -> Option<u64> {
        let release = release?;
        let connection = self.connection.as_mut()?;
        // The outcome has overtaken the acknowledgement, or that was lost.
        if let Some(sending) = connection.sending.take_if(|sending| sending.id() == release) {
            self.opened(sending, now);
        }
        let opened = &mut self.connection.as_mut()?.opened;
        let direction = Direction::BOTH
            .into_iter()
            .find(|direction| opened.get(*direction) == Some(release))?;
        opened.end(direction).map(|release| release.grant)
    }

    fn inputs_are(&mut self, inputs: Inputs) {
        let Some(connection) = self.connection.as_mut() else {
            return;
        };
        let before = core::mem::replace(&mut connection.inputs, inputs);
        for input in BoardInput::ALL {
            let active = inputs.is_active(input);
            if before.is_active(input) != active {
                self.event(match input {
                    BoardInput::Tamper => BoardEvent::Tamper { open: active },
                    input => BoardEvent::Input { input, active },
                });
            }
        }
    }

    fn fault_is(&mut self, fault: Option<Fault>) {
        if let Some(connection) = self.connection.as_mut()
            && core::mem::replace(&mut connection.fault, fault) != fault
        {
            self.event(BoardEvent::Fault { grant: None, fault });
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
        self.numbered.1 = self.numbered.1.saturating_add(1);
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
            sequence: self.numbered.1,
            order,
            send_at: now,
        });
    }

    fn event(&mut self, event: BoardEvent) {
        // The caller takes the events after each call, and no call causes as many as fit.
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
        *self.feedback.get_mut(feedback.direction) = Some(feedback);
    }

    fn receive(&mut self, bytes: &[u8], now: Duration) {
        self.handle_timeout(now);
        for byte in bytes {
            match self.decoder.feed(*byte) {
                None => {}
                Some(Ok(frame)) => self.handle_frame(frame, now),
                Some(Err(error)) => {
                    self.rejected = self.rejected.wrapping_add(1);
                    self.last_rejection = Some(error);
                }
            }
        }
        self.send_next(now);
    }

    fn transmit(&mut self, now: Duration) -> Option<WireFrame> {
        if self.hello_at.is_some_and(|at| at <= now) {
            self.challenge = self.challenge.wrapping_add(1).max(1);
            self.asked = true;
            self.last_hello = Some(now);
            self.hello_at = self.connection.is_none().then_some(now + GREETING);
            let message = HostMessage::Hello {
                challenge: self.challenge,
            };
            return Some(
                Frame {
                    sequence: 0,
                    nonce: 0,
                    message,
                }
                .encode(),
            );
        }
        let connection = self.connection.as_mut()?;
        let nonce = connection.nonce;
        if connection.heartbeat_at <= now {
            connection.heartbeat_at = now + HEARTBEAT;
            let message = HostMessage::Heartbeat {
                acknowledged: connection.accepted,
            };
            return Some(
                Frame {
                    sequence: 0,
                    nonce,
                    message,
                }
                .encode(),
            );
        }
        if let Some(sending) = connection
            .sending
            .as_mut()
            .filter(|sending| sending.send_at <= now)
        {
            sending.send_at = now + REPEAT;
            let message = HostMessage::Release(sending.order);
            return Some(
                Frame {
                    sequence: sending.sequence,
                    nonce,
                    message,
                }
                .encode(),
            );
        }
        let feedback = self.feedback.a.take().or_else(|| self.feedback.b.take())?;
        Some(
            Frame {
                sequence: 0,
                nonce,
                message: HostMessage::Feedback(feedback),
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

    fn rejected(&self) -> u32 {
        self.rejected
    }
}

/// Whole milliseconds, at most what fits a field.
fn milliseconds(span: Duration) -> u16 {
    u16::try_from(span.as_millis()).unwrap_or(u16::MAX)
}
