//! The board's end of the link: the reference for firmware in any language, and what the simulated board runs. It
//! drives no pin and reads no sensor; [`Firmware::outputs`] says what the pins should be.
//!
//! At most one contact is closed at any time, and never without a moment at which it opens again. Without the host's
//! heartbeat no contact is closed at all.

use core::time::Duration;

use heapless::Vec;

use super::frame::{Decoder, Frame, FrameError, WireFrame};
use super::message::{
    AckStatus, BoardHeartbeat, BoardHello, BoardInput, BoardMessage, BoardRead, Fault, Feedback, HostMessage,
    Indicator, Inputs, ReleaseId, ReleaseOrder, ResetCause,
};
use super::passages::{Passages, Walk};
use super::{Direction, PerDirection};

/// How often each end sends its heartbeat.
pub const HEARTBEAT: Duration = Duration::from_millis(250);
/// Without a heartbeat for so long the board goes to its safe state: six lost in a row are no chance any more, and
/// nobody stands in front of a lane without control for longer than 1.5 s.
pub const SILENCE: Duration = Duration::from_millis(1500);
/// A numbered message is repeated after so long without an acknowledgement.
pub const REPEAT: Duration = Duration::from_millis(100);
/// Longest time for which a contact may be closed.
pub const MAX_PULSE: Duration = Duration::from_secs(10);
/// From opening one contact to closing the next. Turnstiles take overlapping contacts for another command (PERCo
/// manuals: both low = single passage both ways) and want gaps of the order of their minimum pulse, 100 ms.
pub const CONTACT_GAP: Duration = Duration::from_millis(100);
/// A read or a change of a contact that the host has not taken after so long is dropped: who presented a card or
/// pressed a button may be gone. How the contacts are, heartbeats say.
pub const STALE_AFTER: Duration = Duration::from_secs(1);
/// Most reports that wait for the host.
pub const MOST_REPORTS: usize = 8;
/// How far a host may believe the board's clock ahead of what it is: clocks of both ends drift between heartbeats.
const CLOCK_TOLERANCE_MS: i32 = 1000;

/// What is fixed for one boot of a board.
#[derive(Clone, Copy, Debug)]
pub struct Boot {
    /// Differs from that of every earlier boot, never 0: a counter in non-volatile memory, or a true random number.
    pub nonce: u32,
    /// Version of the firmware: major, minor, patch.
    pub firmware: [u8; 3],
    /// Why the board started.
    pub reset_cause: ResetCause,
    /// Directions in which one passes without a release, as out of a lane whose exit is not controlled.
    pub free: PerDirection<bool>,
}

/// What the pins should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outputs {
    /// The contact that is closed. One at most, by type.
    pub contact: Option<Direction>,
    /// Follows the fire contact, host or no host. It may drive the turnstile's fire input in addition to the wire
    /// from the fire panel, never instead of it.
    pub fire: bool,
    /// What the sides show.
    pub indicators: PerDirection<Indicator>,
    /// Whether the buzzer sounds.
    pub buzzer: bool,
}

/// The board.
#[derive(Debug)]
pub struct Firmware {
    boot: Boot,
    decoder: Decoder<HostMessage>,
    /// The last release that was dealt with, for repetitions.
    handled: Option<(ReleaseId, AckStatus)>,
    passages: Passages<ReleaseId>,
    counters: PerDirection<u32>,
    contact: Option<(Direction, Duration)>,
    contact_not_before: Duration,
    /// When the safe state begins; none in it.
    serving_until: Option<Duration>,
    inputs: Inputs,
    fault: Option<Fault>,
    indicators: PerDirection<Option<(Indicator, Duration)>>,
    buzzer_until: Option<Duration>,
    hello_due: Option<u32>,
    ack_due: Option<(ReleaseId, AckStatus)>,
    heartbeat_at: Duration,
    reports: Vec<Report, MOST_REPORTS>,
    last_report: u32,
    report_at: Duration,
}

#[derive(Clone, Debug)]
struct Report {
    sequence: u32,
    message: BoardMessage,
    /// Reads and inputs only.
    drop_at: Option<Duration>,
}

impl Firmware {
    /// A board after its reset: everything off, saying hello.
    #[must_use]
    pub fn new(boot: Boot, now: Duration) -> Self {
        Self {
            boot,
            decoder: Decoder::default(),
            handled: None,
            passages: Passages::default(),
            counters: PerDirection::default(),
            contact: None,
            contact_not_before: now + CONTACT_GAP,
            serving_until: None,
            inputs: Inputs::default(),
            fault: None,
            indicators: PerDirection::default(),
            buzzer_until: None,
            hello_due: Some(0),
            ack_due: None,
            heartbeat_at: now,
            reports: Vec::new(),
            last_report: 0,
            report_at: now,
        }
    }

    /// What the pins should be. Ask after every other call.
    #[must_use]
    pub fn outputs(&self) -> Outputs {
        let indicator = |direction| match self.indicators.get(direction) {
            _ if self.serving_until.is_none() => Indicator::OutOfService,
            Some((indicator, _)) => *indicator,
            None => Indicator::Idle,
        };
        Outputs {
            contact: self.contact.map(|(direction, _)| direction),
            fire: self.inputs.is_active(BoardInput::Fire),
            indicators: PerDirection {
                a: indicator(Direction::A),
                b: indicator(Direction::B),
            },
            buzzer: self.buzzer_until.is_some(),
        }
    }

    /// The grant that waits for a person in this direction.
    #[must_use]
    pub fn awaited(&self, direction: Direction) -> Option<u64> {
        self.passages.get(direction).map(|release| release.grant)
    }

    /// Takes bytes from the line, in any portions. Frames that are not right are passed over.
    pub fn receive(&mut self, bytes: &[u8], now: Duration) {
        self.handle_timeout(now);
        for byte in bytes {
            match self.decoder.feed(*byte) {
                None => {}
                Some(Ok(frame)) => self.handle_frame(&frame, now),
                Some(Err(error)) => self.refused(error),
            }
        }
    }

    /// A passage sensor, or the turnstile's own passage output, says that somebody has passed.
    pub fn passed(&mut self, direction: Direction, now: Duration) {
        self.handle_timeout(now);
        let free = *self.boot.free.get(direction) || self.inputs.is_active(BoardInput::Fire);
        let message = match self.passages.walk(direction, free) {
            Walk::Passed(release) => {
                let counter = self.counters.get_mut(direction);
                *counter = counter.wrapping_add(1);
                BoardMessage::Passed {
                    release,
                    direction,
                    counter: *counter,
                }
            }
            Walk::WrongWay(release) => BoardMessage::WrongWay { release, direction },
        };
        // Whoever is through must not hold the lane open for the next one; whoever leaves freely does not shut it.
        if self
            .contact
            .is_some_and(|(open, _)| self.passages.get(open).is_none())
        {
            self.open_contact(now);
        }
        self.report(message, now);
    }

    /// A contact has changed, bounces already removed. Without a host it is not reported: a button that was pressed
    /// then must not open when the host is back.
    pub fn input(&mut self, input: BoardInput, active: bool, now: Duration) {
        self.handle_timeout(now);
        if self.inputs.set(input, active) {
            if active && matches!(input, BoardInput::Fire | BoardInput::Stop) {
                self.open_contact(now);
            }
            self.report_soon(BoardMessage::Input { input, active }, now);
        }
    }

    /// A reader at the board has read something. Without a host it is forgotten.
    pub fn read(&mut self, read: BoardRead, now: Duration) {
        self.handle_timeout(now);
        self.report_soon(BoardMessage::Read(read), now);
    }

    /// Something is wrong, or right again.
    pub fn fault(&mut self, fault: Option<Fault>, now: Duration) {
        self.handle_timeout(now);
        if self.fault == fault {
            return;
        }
        self.fault = fault;
        if fault.is_none() || self.passages.count() == 0 {
            self.report(BoardMessage::Fault { release: None, fault }, now);
            return;
        }
        self.open_contact(now);
        for direction in Direction::BOTH {
            if let Some(release) = self.passages.end(direction) {
                self.report(
                    BoardMessage::Fault {
                        release: Some(release),
                        fault,
                    },
                    now,
                );
            }
        }
    }

    /// The next frame to send.
    pub fn transmit(&mut self, now: Duration) -> Option<WireFrame> {
        let (sequence, message) = self.next_message(now)?;
        Some(
            Frame {
                sequence,
                nonce: self.boot.nonce,
                message,
            }
            .encode(),
        )
    }

    /// When [`Self::handle_timeout`] or [`Self::transmit`] has something to do.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        let report = (self.serving_until.is_some() && !self.reports.is_empty()).then_some(self.report_at);
        [
            Some(self.heartbeat_at),
            report,
            self.serving_until,
            self.contact.map(|(_, until)| until),
            self.passages.next_expiry(),
            self.indicators.a.map(|(_, until)| until),
            self.indicators.b.map(|(_, until)| until),
            self.buzzer_until,
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Does what is due. Calling it early or twice is harmless.
    pub fn handle_timeout(&mut self, now: Duration) {
        let is_over = |until: Duration| until <= now;
        if self.serving_until.is_some_and(is_over) {
            self.serving_until = None;
            self.buzzer_until = None;
            self.indicators = PerDirection::default();
            self.open_contact(now);
        }
        if self.contact.is_some_and(|(_, until)| is_over(until)) {
            self.open_contact(now);
        }
        while let Some((direction, release)) = self.passages.expire(now) {
            self.report(BoardMessage::TimedOut { release, direction }, now);
        }
        for direction in Direction::BOTH {
            let shown = self.indicators.get_mut(direction);
            *shown = shown.filter(|(_, until)| !is_over(*until));
        }
        self.buzzer_until = self.buzzer_until.filter(|until| !is_over(*until));
        self.reports.retain(|report| !report.drop_at.is_some_and(is_over));
    }

    fn next_message(&mut self, now: Duration) -> Option<(u32, BoardMessage)> {
        if let Some(challenge) = self.hello_due.take() {
            let hello = BoardHello {
                challenge,
                clock: clock(now),
                last_release: self.handled.map_or(0, |(release, _)| release.sequence),
                firmware: self.boot.firmware,
                reset_cause: self.boot.reset_cause,
            };
            return Some((0, BoardMessage::Hello(hello)));
        }
        if let Some((release, status)) = self.ack_due.take() {
            return Some((0, BoardMessage::Ack { release, status }));
        }
        if self.heartbeat_at <= now {
            self.heartbeat_at = now + HEARTBEAT;
            let heartbeat = BoardHeartbeat {
                clock: clock(now),
                serving: self.serving_until.is_some(),
                inputs: self.inputs,
                fault: self.fault,
            };
            return Some((0, BoardMessage::Heartbeat(heartbeat)));
        }
        let oldest = self.reports.first()?;
        if self.serving_until.is_none() || self.report_at > now {
            return None;
        }
        self.report_at = now + REPEAT;
        Some((oldest.sequence, oldest.message.clone()))
    }

    fn handle_frame(&mut self, frame: &Frame<HostMessage>, now: Duration) {
        let meant_for_us = frame.nonce == self.boot.nonce;
        match frame.message {
            HostMessage::Hello { challenge } => self.hello_due = Some(challenge),
            HostMessage::Heartbeat { acknowledged } if meant_for_us => {
                self.serving_until = Some(now + SILENCE);
                let waiting = self.reports.len();
                self.reports.retain(|report| report.sequence > acknowledged);
                if self.reports.len() < waiting {
                    self.report_at = now;
                }
            }
            HostMessage::Release(order) => {
                let release = ReleaseId {
                    sequence: frame.sequence,
                    grant: order.grant,
                };
                let status = if meant_for_us {
                    self.release(release, order, now)
                } else {
                    AckStatus::WrongNonce
                };
                self.ack_due = Some((release, status));
            }
            HostMessage::Feedback(feedback) if meant_for_us => self.show(feedback, now),
            HostMessage::Heartbeat { .. } | HostMessage::Feedback(_) => {}
        }
    }

    /// What a newer host numbers and this board does not know is answered, so that the host need not repeat it.
    fn refused(&mut self, error: FrameError) {
        if let FrameError::UnknownType(header) | FrameError::Value(header) = error
            && header.nonce == self.boot.nonce
            && header.sequence > 0
        {
            let release = ReleaseId {
                sequence: header.sequence,
                grant: 0,
            };
            self.ack_due = Some((release, AckStatus::Invalid));
        }
    }

    fn release(&mut self, release: ReleaseId, order: ReleaseOrder, now: Duration) -> AckStatus {
        match self.handled {
            Some((handled, status)) if handled == release => return status,
            Some((handled, _)) if handled.sequence >= release.sequence => return AckStatus::Superseded,
            _ => {}
        }
        let status = self.judge(release.sequence, &order, now);
        self.handled = Some((release, status));
        if status == AckStatus::Opened {
            let pulse = Duration::from_millis(order.pulse_ms.into());
            let passage = Duration::from_millis(order.passage_ms.into());
            self.contact = Some((order.direction, now + pulse));
            self.passages
                .open(order.direction, release, now + passage.max(pulse));
        }
        status
    }

    /// Whether a release that has not been seen before opens now.
    fn judge(&self, sequence: u32, order: &ReleaseOrder, now: Duration) -> AckStatus {
        let pulse = Duration::from_millis(order.pulse_ms.into());
        // Differences of wrapping clocks are right as long as they are below half their range, 24 days.
        let age = clock(now).wrapping_sub(order.issued_at).cast_signed();
        let in_time = -CLOCK_TOLERANCE_MS <= age && age < i32::from(order.ttl_ms);
        if sequence == 0 || pulse.is_zero() || pulse > MAX_PULSE {
            AckStatus::Invalid
        } else if !in_time {
            AckStatus::Expired
        } else if self.inputs.is_active(BoardInput::Fire) {
            AckStatus::Fire
        } else if self.inputs.is_active(BoardInput::Stop) {
            AckStatus::Stopped
        } else if self.fault.is_some() {
            AckStatus::Faulty
        } else if self.serving_until.is_none() {
            AckStatus::OutOfService
        } else if self.contact.is_some()
            || now < self.contact_not_before
            || self.passages.get(order.direction).is_some()
            || !self.has_room()
        {
            AckStatus::Busy
        } else {
            AckStatus::Opened
        }
    }

    fn show(&mut self, feedback: Feedback, now: Duration) {
        let until = |milliseconds: u16| now + Duration::from_millis(milliseconds.into());
        *self.indicators.get_mut(feedback.direction) = (feedback.indicator_ms > 0
            && self.serving_until.is_some())
        .then(|| (feedback.indicator, until(feedback.indicator_ms)));
        if feedback.buzzer_ms > 0 && self.serving_until.is_some() {
            self.buzzer_until = Some(until(feedback.buzzer_ms));
        }
    }

    fn open_contact(&mut self, now: Duration) {
        if self.contact.take().is_some() {
            self.contact_not_before = now + CONTACT_GAP;
        }
    }

    /// Whether one more report fits, with a place kept for the outcome of every opening.
    fn has_room(&self) -> bool {
        self.reports.len() + self.passages.count() < MOST_REPORTS
    }

    fn report(&mut self, message: BoardMessage, now: Duration) {
        self.queue(message, None, now);
    }

    /// Reports what is of use at once or never.
    fn report_soon(&mut self, message: BoardMessage, now: Duration) {
        if self.serving_until.is_some() {
            self.queue(message, Some(now + STALE_AFTER), now);
        }
    }

    /// Queues a report. The outcome of an opening always finds its place; when there is none for another report, it
    /// is dropped: heartbeats carry the contacts and the fault, the counter shows missed passages.
    fn queue(&mut self, message: BoardMessage, drop_at: Option<Duration>, now: Duration) {
        if !self.has_room() {
            return;
        }
        if self.reports.is_empty() {
            self.report_at = now;
        }
        self.last_report += 1;
        let report = Report {
            sequence: self.last_report,
            message,
            drop_at,
        };
        // There is room.
        drop(self.reports.push(report));
    }
}

/// The board's clock as it stands in frames.
fn clock(now: Duration) -> u32 {
    (now.as_secs() as u32)
        .wrapping_mul(1000)
        .wrapping_add(now.subsec_millis())
}
