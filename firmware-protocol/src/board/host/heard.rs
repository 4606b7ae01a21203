//! What the board says and what follows from it. What is sent, and when, stands in the parent.

use core::time::Duration;

use super::{Connection, Host, MOST_EVENTS, Numbers, OUTCOME_GRACE, Sending};
use crate::board::Direction;
use crate::board::firmware::REPEAT;
use crate::board::frame::{Frame, FrameError};
use crate::board::message::{AckStatus, BoardHello, BoardInput, BoardMessage, Fault, Inputs, ReleaseId};
use crate::board::passages::Passages;
use crate::board::turnstile::{BoardEvent, OfflineReason, Refusal, Release};

/// Room for all events that one frame can cause.
const ROOM_FOR_ONE: usize = 16;

impl Host {
    pub(super) fn handle_frame(&mut self, frame: Frame<BoardMessage>, now: Duration) {
        if self.events.len() + ROOM_FOR_ONE > MOST_EVENTS {
            // As good as lost on the line: whatever matters comes again.
            return;
        }
        if let BoardMessage::Hello(hello) = &frame.message
            && self.asked
            && hello.challenge == self.challenge
        {
            return self.greeted(frame.nonce, *hello, now);
        }
        let Some(connection) = self
            .connection
            .as_mut()
            .filter(|_| self.numbers.nonce == frame.nonce)
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
            BoardMessage::Ack { release, status } => self.acknowledged(release, status, now),
            report => {
                // Acknowledged with the next heartbeat, repetitions too: their acknowledgement was lost.
                connection.heartbeat_at = now;
                if frame.sequence > self.numbers.accepted {
                    self.numbers.accepted = frame.sequence;
                    self.reported(report, now);
                }
            }
        }
    }

    /// A frame was refused. Newer firmware may say what we do not know: a report among that is acknowledged and
    /// passed over, so that those behind it are heard.
    pub(super) fn refused(&mut self, error: FrameError, now: Duration) {
        if self.events.is_full() {
            return;
        }
        if let FrameError::UnknownType(header) | FrameError::Value(header) = error
            && let Some(connection) = self.connection.as_mut()
            && self.numbers.nonce == header.nonce
            && (header.sequence > 0 || matches!(error, FrameError::UnknownType(_)))
        {
            if header.sequence > 0 {
                connection.heartbeat_at = now;
                self.numbers.accepted = self.numbers.accepted.max(header.sequence);
            }
            if !core::mem::replace(&mut connection.not_understood, true) {
                self.event(BoardEvent::NotUnderstood { kind: header.kind });
            }
            return;
        }
        self.rejected = self.rejected.wrapping_add(1);
        self.last_rejection = Some(error);
    }

    /// The board has answered our hello.
    fn greeted(&mut self, nonce: u32, hello: BoardHello, now: Duration) {
        self.asked = false;
        self.hello_at = None;
        if self.connection.is_some() && self.numbers.nonce == nonce {
            return;
        }
        self.disconnect(OfflineReason::Rebooted);
        if self.numbers.nonce != nonce {
            self.numbers = Numbers {
                nonce,
                released: 0,
                accepted: 0,
            };
        }
        self.numbers.released = self.numbers.released.max(hello.last_release);
        self.connection = Some(Connection {
            heard_at: now,
            served: false,
            clock: (hello.clock, now),
            heartbeat_at: now,
            sending: None,
            opened: Passages::default(),
            not_understood: false,
            inputs_seen: false,
            fault: None,
        });
        self.event(BoardEvent::Online { hello: Some(hello) });
    }

    fn acknowledged(&mut self, release: ReleaseId, status: AckStatus, now: Duration) {
        let Some(connection) = self.connection.as_mut() else {
            return;
        };
        // A board that does not know a value of the release names no grant.
        let is_ours = |sending: &mut Sending| {
            let unread = ReleaseId {
                grant: 0,
                ..sending.id()
            };
            sending.id() == release || (unread == release && status == AckStatus::Invalid)
        };
        let Some(sending) = connection.sending.take_if(is_ours) else {
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
                self.inputs.set(input, active);
                self.input_is(input, active, false);
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

    /// A heartbeat shows the contacts. Changes come as reports, each once; one that is still on its way would come
    /// again if it were told here as a change too. So what is new here is told as a state. The first heartbeat of a
    /// connection tells all that are active: whoever saw the board go away knows of none.
    fn inputs_are(&mut self, inputs: Inputs) {
        let Some(connection) = self.connection.as_mut() else {
            return;
        };
        let first = !core::mem::replace(&mut connection.inputs_seen, true);
        let before = core::mem::replace(&mut self.inputs, inputs);
        for input in BoardInput::ALL {
            let active = inputs.is_active(input);
            if before.is_active(input) != active || (first && active) {
                self.input_is(input, active, true);
            }
        }
    }

    fn input_is(&mut self, input: BoardInput, active: bool, initial: bool) {
        self.event(match input {
            BoardInput::Tamper => BoardEvent::Tamper { open: active },
            input => BoardEvent::Input {
                input,
                active,
                initial,
            },
        });
    }

    fn fault_is(&mut self, fault: Option<Fault>) {
        if let Some(connection) = self.connection.as_mut()
            && core::mem::replace(&mut connection.fault, fault) != fault
        {
            self.event(BoardEvent::Fault { grant: None, fault });
        }
    }
}
