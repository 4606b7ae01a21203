//! Boards of other makers whose serial protocols are documented, behind the same [`Turnstile`]. Only opening and its
//! outcome: free modes, arm drop and parameters of these boards stay with the maker's own tools.
//!
//! None of them knows grants, repeats or times to live, so a command is sent once and never repeated after silence.

mod digicon;
mod heard;
mod mach_power;
mod one_tech;
mod swing;
mod window;

use core::time::Duration;

use heapless::{Deque, Vec};

pub use digicon::Digicon;
pub use mach_power::MachPower;
pub use one_tech::OneTech;
pub use swing::Swing;

use super::frame::WireFrame;
use super::message::Fault;
use super::passages::Passages;
use super::turnstile::{BoardEvent, Observes, OfflineReason, Refusal, Release, Turnstile};
use super::waiting::Waiting;
use super::{Direction, PerDirection};

/// How long a board has to answer a command.
const ANSWER: Duration = Duration::from_millis(300);
/// Silence between two frames on the shared pair of wires of a board that is asked: the frame itself (8 bytes at
/// 19,200 baud are 4 ms) and time for both ends to let go of the line.
const GAP: Duration = Duration::from_millis(20);
/// How often a board is asked that says nothing by itself.
const POLL: Duration = Duration::from_millis(250);
/// A polled board that has not answered for so long is offline.
const OFFLINE_AFTER: Duration = Duration::from_secs(2);
/// How much later than the board itself the time-out of a passage is judged here.
const OUTCOME_GRACE: Duration = Duration::from_secs(1);
/// A board's own time-out may come early by this part of the passage time, a tenth: its oscillator is not ours, it may
/// count whole seconds, and it begins before we know.
const EARLY: u32 = 10;
/// Longest silence inside a frame. The bytes of a frame follow each other at once; this leaves room for a slow reader
/// of the port.
const PAUSE: Duration = Duration::from_millis(300);
/// A command that was not understood is sent again after so long.
const AGAIN: Duration = Duration::from_millis(100);
const MOST_EVENTS: usize = 32;
/// Places kept for events of grants: two each for those that wait, are sent or are open, and the connection.
const FOR_GRANTS: usize = 18;
const MOST_REPORTS: usize = 8;

/// What differs from one installation to the next.
#[derive(Clone, Copy, Debug, Default)]
pub struct Site {
    /// Exchanges the directions. Documents contradict each other about which is which (Digicon's table and example
    /// do), so it is settled by trying on site.
    pub swapped: bool,
    /// Directions in which one passes without a release.
    pub free: PerDirection<bool>,
}

/// One maker's frames. The direction here is the board's: the first that its document names is [`Direction::A`].
pub trait Protocol {
    /// How much the board tells.
    const OBSERVES: Observes;
    /// Whether it confirms each command.
    const CONFIRMS: bool;

    /// The command that lets one person through.
    fn open(&self, direction: Direction) -> WireFrame;

    /// The question that a silent board is asked again and again.
    fn poll(&self) -> Option<WireFrame> {
        None
    }

    /// The line has been silent for longer than inside a frame: what has come so far was none.
    fn pause(&mut self) -> Reports {
        Reports::new()
    }

    /// Takes one byte; says what a frame that it ends reports.
    fn feed(&mut self, byte: u8) -> Reports;
}

/// What one frame can report; mostly one thing.
pub type Reports = Vec<Report, MOST_REPORTS>;

/// What boards say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// A right frame without news.
    Alive,
    /// The command has been carried out.
    Confirmed,
    /// The command has not been understood, and not been carried out.
    NotUnderstood,
    /// Somebody has passed.
    Passed(Direction),
    /// The opening in this direction has ended without a passage: in time or by pushing the wrong way. One code for
    /// both, so the clock decides.
    NotPassed(Direction),
    /// The state of the board, none = all is well.
    Fault(Option<Fault>),
    /// Bytes that are no right frame.
    Rejected,
}

/// A board of another maker.
#[derive(Debug)]
pub struct ThirdParty<P> {
    protocol: P,
    site: Site,
    waiting: Waiting,
    sending: Option<Release>,
    unconfirmed: Option<(Release, Duration)>,
    passages: Passages<Opened>,
    online: bool,
    heard_at: Duration,
    received_at: Duration,
    poll_at: Option<Duration>,
    /// Until when the answer to a question is awaited.
    answer_until: Option<Duration>,
    /// Until when the line is left to what was sent or heard last.
    quiet_until: Duration,
    fault: Option<Fault>,
    rejected: u32,
    events: Deque<BoardEvent, MOST_EVENTS>,
}

#[derive(Clone, Copy, Debug)]
struct Opened {
    grant: u64,
    /// Before this moment a missing passage is no time-out.
    late_from: Duration,
    /// Whether the opening has been reported, which needs the board's word where it gives one.
    reported: bool,
}

impl<P: Protocol> ThirdParty<P> {
    /// A board that answers questions is offline until it does; any other is taken to be there.
    #[must_use]
    pub fn new(protocol: P, site: Site, now: Duration) -> Self {
        let polled = protocol.poll().is_some();
        let mut board = Self {
            protocol,
            site,
            waiting: Waiting::default(),
            sending: None,
            unconfirmed: None,
            passages: Passages::default(),
            online: false,
            heard_at: now,
            received_at: now,
            poll_at: polled.then_some(now),
            answer_until: None,
            quiet_until: now,
            fault: None,
            rejected: 0,
            events: Deque::new(),
        };
        if !polled {
            board.heard(now);
        }
        board
    }

    fn heard(&mut self, now: Duration) {
        self.heard_at = now;
        if !self.online {
            self.online = true;
            self.event(BoardEvent::Online { hello: None });
        }
    }

    fn went_silent(&mut self) {
        if self.online {
            self.online = false;
            // Told again if it is still there: whoever hears that the board is back takes it for sound.
            self.fault = None;
            self.event(BoardEvent::Offline(OfflineReason::Silent));
            self.give_up_waiting();
        }
    }

    /// From when on something may be sent. A board that is asked shares its wires with us: a command that is sent
    /// while it answers is lost together with the answer.
    fn line_free_at(&self) -> Option<Duration> {
        self.poll_at?;
        Some(
            self.answer_until
                .map_or(self.quiet_until, |until| until.max(self.quiet_until)),
        )
    }

    /// Refuses whoever has not been sent: it must not open for them when the board is back.
    fn give_up_waiting(&mut self) {
        while let Some(release) = self.sending.take().or_else(|| self.waiting.give_up()) {
            let Release { grant, direction, .. } = release;
            self.event(BoardEvent::Refused {
                grant,
                direction,
                why: Refusal::Offline,
            });
        }
    }

    /// The site's direction for the board's, and the other way round.
    const fn mapped(&self, direction: Direction) -> Direction {
        if self.site.swapped {
            direction.opposite()
        } else {
            direction
        }
    }

    fn send_next(&mut self, now: Duration) {
        if self.sending.is_none() && self.unconfirmed.is_none() && self.fault.is_none() {
            let passages = &self.passages;
            self.sending = self
                .waiting
                .next(now, |direction| passages.get(direction).is_none());
        }
    }

    fn event(&mut self, event: BoardEvent) {
        let without_grant = matches!(
            event,
            BoardEvent::Passed { grant: None, .. }
                | BoardEvent::TimedOut { grant: None, .. }
                | BoardEvent::WrongWay { grant: None, .. }
                | BoardEvent::Fault { grant: None, .. }
        );
        // The caller takes the events after each call; a flood within one call costs nobody an end.
        if !without_grant || self.events.len() + FOR_GRANTS < MOST_EVENTS {
            drop(self.events.push_back(event));
        }
    }
}

impl<P: Protocol> Turnstile for ThirdParty<P> {
    fn observes(&self) -> Observes {
        P::OBSERVES
    }

    fn release(&mut self, release: Release, now: Duration) -> Result<(), Refusal> {
        if self.poll_at.is_some() && !self.online {
            return Err(Refusal::Offline);
        }
        if self.fault.is_some() {
            return Err(Refusal::Faulty);
        }
        self.waiting.add(release, now)?;
        self.send_next(now);
        Ok(())
    }

    fn receive(&mut self, bytes: &[u8], now: Duration) {
        self.handle_timeout(now);
        if self.received_at + PAUSE <= now {
            for report in self.protocol.pause() {
                self.reported(report, now);
            }
        }
        self.received_at = now;
        self.quiet_until = now + GAP;
        for byte in bytes {
            for report in self.protocol.feed(*byte) {
                self.reported(report, now);
            }
        }
        self.send_next(now);
    }

    fn transmit(&mut self, now: Duration) -> Option<WireFrame> {
        if self.line_free_at().is_some_and(|at| at > now) {
            return None;
        }
        let Some(release) = self.sending.take() else {
            let due = self.poll_at.filter(|at| *at <= now)?;
            self.poll_at = Some(due.max(now) + POLL);
            self.answer_until = Some(now + ANSWER);
            self.quiet_until = now + GAP;
            return self.protocol.poll();
        };
        let Release {
            grant,
            direction,
            passage,
            ..
        } = release;
        if release.not_after <= now {
            self.event(BoardEvent::Refused {
                grant,
                direction,
                why: Refusal::Expired,
            });
            return None;
        }
        self.quiet_until = now + GAP;
        let opened = Opened {
            grant,
            late_from: now + passage - passage / EARLY,
            reported: false,
        };
        self.passages
            .open(direction, opened, now + passage + OUTCOME_GRACE);
        if P::CONFIRMS {
            self.unconfirmed = Some((release, now + ANSWER));
        } else {
            self.opened(direction);
        }
        if P::OBSERVES == Observes::Nothing {
            self.passages.end(direction);
            self.event(BoardEvent::Unknown { grant, direction });
        }
        Some(self.protocol.open(self.mapped(direction)))
    }

    fn poll_event(&mut self) -> Option<BoardEvent> {
        self.events.pop_front()
    }

    fn poll_timeout(&self) -> Option<Duration> {
        let offline = (self.poll_at.is_some() && self.online).then_some(self.heard_at + OFFLINE_AFTER);
        let free_at = self.line_free_at();
        [
            self.poll_at
                .map(|at| free_at.map_or(at, |free_at| at.max(free_at))),
            self.sending.and(free_at),
            offline,
            self.unconfirmed.map(|(_, until)| until),
            self.sending.map(|release| release.not_after),
            self.passages.next_expiry(),
            self.waiting.next_deadline(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn handle_timeout(&mut self, now: Duration) {
        if self.unconfirmed.is_some_and(|(_, until)| until <= now) {
            // It may have opened all the same, so the passage is still awaited.
            self.unconfirmed = None;
            self.went_silent();
        }
        if self.poll_at.is_some() && self.heard_at + OFFLINE_AFTER <= now {
            self.went_silent();
        }
        while let Some((direction, opened)) = self.passages.expire(now) {
            let grant = opened.grant;
            self.event(if opened.reported && self.online {
                BoardEvent::TimedOut {
                    grant: Some(grant),
                    direction,
                }
            } else {
                BoardEvent::Unknown { grant, direction }
            });
        }
        if let Some(release) = self.sending.take_if(|release| release.not_after <= now) {
            let Release { grant, direction, .. } = release;
            self.event(BoardEvent::Refused {
                grant,
                direction,
                why: Refusal::Expired,
            });
        }
        while let Some((release, why)) = self.waiting.expire(now) {
            let Release { grant, direction, .. } = release;
            self.event(BoardEvent::Refused {
                grant,
                direction,
                why,
            });
        }
        self.send_next(now);
    }

    fn line_lost(&mut self) {
        self.give_up_waiting();
    }

    fn rejected(&self) -> u32 {
        self.rejected
    }
}

/// A frame out of a few bytes.
fn wire(bytes: &[u8]) -> WireFrame {
    WireFrame::from_slice(bytes).unwrap_or_default()
}
