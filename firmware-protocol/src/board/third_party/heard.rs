//! What a board of another maker says and what follows from it. What is sent, and when, stands in the parent.

use core::time::Duration;

use super::{AGAIN, Opened, Protocol, Report, ThirdParty};
use crate::board::Direction;
use crate::board::message::Fault;
use crate::board::passages::Walk;
use crate::board::turnstile::{BoardEvent, Refusal, Release};

impl<P: Protocol> ThirdParty<P> {
    pub(super) fn reported(&mut self, report: Report, now: Duration) {
        if report == Report::Rejected {
            self.rejected = self.rejected.wrapping_add(1);
            return;
        }
        self.heard(now);
        self.answer_until = None;
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
        // Well before the passage time is over nobody can be too late.
        self.event(if now < opened.late_from {
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
    pub(super) fn opened(&mut self, direction: Direction) {
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
}
