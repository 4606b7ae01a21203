//! Boards of other makers whose serial protocols are documented, behind the same [`Turnstile`]. Only opening and its
//! outcome: free modes, arm drop and parameters of these boards stay with the maker's own tools.
//!
//! None of them knows grants, repeats or times to live, so a command is sent once and never repeated after silence.

mod digicon;
mod mach_power;
mod one_tech;
mod swing;

use core::time::Duration;

use heapless::{Deque, Vec};

pub use digicon::Digicon;
pub use mach_power::MachPower;
pub use one_tech::OneTech;
pub use swing::Swing;

use super::frame::WireFrame;
use super::message::Fault;
use super::passages::{Passages, Walk};
use super::turnstile::{BoardEvent, Observes, OfflineReason, Refusal, Release, Turnstile};
use super::waiting::Waiting;
use super::{Direction, PerDirection};

/// How long a board has to answer a command.
const ANSWER: Duration = Duration::from_millis(300);
/// How often a board is asked that says nothing by itself.
const POLL: Duration = Duration::from_millis(250);
/// A polled board that has not answered for so long is offline.
const OFFLINE_AFTER: Duration = Duration::from_secs(2);
/// How much later than the board itself the time-out of a passage is judged here.
const OUTCOME_GRACE: Duration = Duration::from_secs(1);
/// Longest silence inside a frame. The bytes of a frame follow each other at once; this leaves room for a slow reader
/// of the port.
const PAUSE: Duration = Duration::from_millis(300);
/// A command that was not understood is sent again after so long.
const AGAIN: Duration = Duration::from_millis(100);
const MOST_EVENTS: usize = 16;
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
    fault: Option<Fault>,
    rejected: u32,
    events: Deque<BoardEvent, MOST_EVENTS>,
}

#[derive(Clone, Copy, Debug)]
struct Opened {
    grant: u64,
    /// Before this moment a missing passage is no time-out.
    passage_over: Duration,
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
            self.event(BoardEvent::Offline(OfflineReason::Silent));
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

    fn reported(&mut self, report: Report, now: Duration) {
        if report == Report::Rejected {
            self.rejected = self.rejected.wrapping_add(1);
            return;
        }
        self.heard(now);
        match report {
            Report::Alive | Report::Rejected => {}
            Report::Confirmed => {
                if let Some((release, _)) = self.unconfirmed.take() {
                    self.opened(release.direction);
                }
            }
            Report::NotUnderstood => {
                if let Some((release, _)) = self.unconfirmed.take() {
                    let Release { grant, direction, .. } = release;
                    let why = Refusal::NotUnderstood;
                    self.passages.end(direction);
                    if self.waiting.again(release, now + AGAIN, why).is_err() {
                        self.event(BoardEvent::Refused {
                            grant,
                            direction,
                            why,
                        });
                    }
                }
            }
            Report::Passed(direction) => self.passed(self.mapped(direction)),
            Report::NotPassed(direction) => self.not_passed(self.mapped(direction), now),
            Report::Fault(fault) => self.fault_is(fault),
        }
    }

    fn passed(&mut self, direction: Direction) {
        match self.passages.walk(direction, *self.site.free.get(direction)) {
            Walk::Passed(opened) => {
                let grant = opened.map(|opened| self.ended(direction, opened));
                self.event(BoardEvent::Passed {
                    grant,
                    direction,
                    counter: None,
                });
            }
            Walk::WrongWay(opened) => {
                let grant = opened.map(|opened| self.ended(direction.opposite(), opened));
                self.event(BoardEvent::WrongWay { grant, direction });
            }
        }
    }

    fn not_passed(&mut self, direction: Direction, now: Duration) {
        let Some(opened) = self.passages.end(direction) else {
            return self.event(BoardEvent::TimedOut {
                grant: None,
                direction,
            });
        };
        let grant = Some(self.ended(direction, opened));
        // Before the passage time is over nobody can be too late.
        self.event(if now < opened.passage_over {
            BoardEvent::WrongWay {
                grant,
                direction: direction.opposite(),
            }
        } else {
            BoardEvent::TimedOut { grant, direction }
        });
    }

    fn fault_is(&mut self, fault: Option<Fault>) {
        if core::mem::replace(&mut self.fault, fault) == fault {
            return;
        }
        if fault.is_none() || self.passages.count() == 0 {
            return self.event(BoardEvent::Fault { grant: None, fault });
        }
        for direction in Direction::BOTH {
            if let Some(opened) = self.passages.end(direction) {
                let grant = Some(self.ended(direction, opened));
                self.event(BoardEvent::Fault { grant, fault });
            }
        }
    }

    /// Reports the opening of a direction, once.
    fn opened(&mut self, direction: Direction) {
        if let Some(opened) = self.passages.get_mut(direction).filter(|opened| !opened.reported) {
            opened.reported = true;
            let grant = opened.grant;
            self.event(BoardEvent::Opened { grant, direction });
        }
    }

    /// The grant of an opening that has come to its end. The end proves the opening, if the board has not yet.
    fn ended(&mut self, direction: Direction, opened: Opened) -> u64 {
        let grant = opened.grant;
        self.unconfirmed.take_if(|(release, _)| release.grant == grant);
        if !opened.reported {
            self.event(BoardEvent::Opened { grant, direction });
        }
        grant
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
        // The caller takes the events after each call, and no call causes as many as fit.
        drop(self.events.push_back(event));
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
        for byte in bytes {
            for report in self.protocol.feed(*byte) {
                self.reported(report, now);
            }
        }
        self.send_next(now);
    }

    fn transmit(&mut self, now: Duration) -> Option<WireFrame> {
        let Some(release) = self.sending.take() else {
            let due = self.poll_at.filter(|at| *at <= now)?;
            self.poll_at = Some(due.max(now) + POLL);
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
        let passage_over = now + passage;
        let opened = Opened {
            grant,
            passage_over,
            reported: false,
        };
        self.passages
            .open(direction, opened, passage_over + OUTCOME_GRACE);
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
        [
            self.poll_at,
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

    fn rejected(&self) -> u32 {
        self.rejected
    }
}

/// The last bytes from the line, as many as the longest frame of a board has, in which a frame is sought. Boards
/// without a delimiter need it: a first byte may also stand inside a frame.
#[derive(Debug, Default)]
struct Window<const N: usize>(Vec<u8, N>);

impl<const N: usize> Window<N> {
    /// Forgets what is no frame.
    fn clear(&mut self) -> Reports {
        let rejected = (!self.0.is_empty()).then_some(Report::Rejected);
        self.0.clear();
        rejected.into_iter().collect()
    }

    /// Adds a byte and takes out the first frame. `frame` says how many bytes a frame at the front has, `None` if
    /// there cannot be one; `Some` of a length that is not there yet waits for it. Bytes in front of a frame are
    /// passed over and counted as one rejection.
    fn feed(&mut self, byte: u8, frame: impl Fn(&[u8]) -> Option<usize>) -> (Option<Vec<u8, N>>, bool) {
        let mut rejected = false;
        // Full only if a frame claims more than fits, which no `frame` does.
        if self.0.push(byte).is_err() {
            self.0.clear();
            return (None, true);
        }
        while !self.0.is_empty() {
            match frame(&self.0) {
                None => {
                    self.0.remove(0);
                    rejected = true;
                }
                Some(length) => match self.0.get(..length) {
                    None => break,
                    Some(found) => {
                        let found = Vec::from_slice(found).unwrap_or_default();
                        self.0 = self
                            .0
                            .get(length..)
                            .and_then(|rest| Vec::from_slice(rest).ok())
                            .unwrap_or_default();
                        return (Some(found), rejected);
                    }
                },
            }
        }
        (None, rejected)
    }
}

/// A frame out of a few bytes.
fn wire(bytes: &[u8]) -> WireFrame {
    WireFrame::from_slice(bytes).unwrap_or_default()
}
