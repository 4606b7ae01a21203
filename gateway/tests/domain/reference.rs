//! What the design says of one presentation, written down a second time: as tables that are looked up, without a
//! state machine. Slow and plain on purpose; it shares nothing with the core but its words.

use std::time::Duration;

use turnstile_gateway::domain::lane::Strictness;
use turnstile_gateway::domain::{Basis, DenyReason, Direction, LaneMode, Offline, Outcome};

/// What a record says of its holder when it is judged today.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Word {
    Yes,
    No(DenyReason),
    /// Nothing against them, but a benefit was never asked for.
    Gap,
}

/// What the tiers hold.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Tiers {
    Nothing,
    /// The studio's "nobody", so long ago.
    Nobody {
        ago: Duration,
    },
    /// A record of this age, with benefits of that age.
    Record {
        word: Word,
        age: Duration,
        benefits: Duration,
    },
}

/// What the studio answers when it is asked, and after how long; `None` is never.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Studio {
    Down { after: Duration },
    Nobody { after: Duration },
    Says { word: Word, after: Duration },
    Silent,
}

/// Everything that one decision depends on.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) mode: LaneMode,
    pub(crate) direction: Direction,
    pub(crate) offline: Offline,
    pub(crate) fresh: Duration,
    pub(crate) usable: Duration,
    pub(crate) offline_limit: Duration,
    pub(crate) clock_set: bool,
    pub(crate) pin: bool,
    pub(crate) locked: bool,
    pub(crate) staff: bool,
    /// From the read to the core.
    pub(crate) on_the_way: Duration,
    pub(crate) tiers: Tiers,
    pub(crate) studio: Studio,
    pub(crate) open_hours: bool,
    pub(crate) full: bool,
    pub(crate) inside: bool,
    pub(crate) strictness: Strictness,
}

/// How long the studio's "nobody" is believed, how long a decision waits, how long a read may open anything.
pub(crate) const NOBODY: Duration = Duration::from_secs(30);
pub(crate) const DEADLINE: Duration = Duration::from_millis(800);
pub(crate) const READ_DEADLINE: Duration = Duration::from_secs(3);

/// What has to come of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Expected {
    pub(crate) outcome: Outcome,
    pub(crate) asked: bool,
    pub(crate) refreshed: bool,
    pub(crate) passback: bool,
}

/// The columns of the table: how old the word is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Age {
    Fresh,
    Usable,
    Older,
}

/// The cells of the table.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Cell {
    Open,
    OpenAndRefresh,
    Deny,
    Ask,
}

/// The table itself: age, then what it says when the record says yes, no, and not everything.
const TABLE: [(Age, Cell, Cell, Cell); 3] = [
    (Age::Fresh, Cell::Open, Cell::Deny, Cell::Ask),
    (Age::Usable, Cell::OpenAndRefresh, Cell::Ask, Cell::Ask),
    (Age::Older, Cell::Ask, Cell::Ask, Cell::Ask),
];

fn cell(word: Word, age: Age) -> Cell {
    let (_, yes, no, gap) = TABLE.into_iter().find(|(row, ..)| *row == age).unwrap();
    match word {
        Word::Yes => yes,
        Word::No(_) => no,
        Word::Gap => gap,
    }
}

impl Case {
    fn leaving(&self) -> bool {
        self.direction == Direction::Out
    }

    fn age(&self, age: Duration) -> Age {
        if !self.clock_set {
            Age::Usable
        } else if age <= self.fresh {
            Age::Fresh
        } else if age <= self.usable {
            Age::Usable
        } else {
            Age::Older
        }
    }

    /// Whoever is inside may leave: every word about them is a yes.
    fn word(&self, word: Word) -> Word {
        if self.leaving() { Word::Yes } else { word }
    }

    /// The age of the word: the oldest value of a yes, the value that says no.
    fn age_of(&self, word: Word, age: Duration, benefits: Duration) -> Duration {
        match word {
            _ if self.leaving() => age,
            Word::Yes | Word::Gap => age.max(benefits),
            Word::No(DenyReason::BenefitMissing) => benefits,
            Word::No(_) => age,
        }
    }

    /// The last row of the table: nobody could be asked in time. A stored no stays a no.
    fn offline(&self, stored: Option<(Word, Duration)>) -> Result<Basis, DenyReason> {
        if self.leaving() {
            return Ok(Basis::OfflineAllowance);
        }
        if let Some((Word::No(reason), _)) = stored {
            return Err(reason);
        }
        let member = stored.is_some_and(|(_, age)| !self.clock_set || age <= self.offline_limit);
        match self.offline {
            Offline::Everyone => Ok(Basis::OfflineAllowance),
            Offline::Members if member => Ok(Basis::OfflineAllowance),
            Offline::Members | Offline::Deny => Err(DenyReason::StudioUnreachable),
        }
    }

    fn asked(&self, stored: Option<(Word, Duration)>) -> Result<Basis, DenyReason> {
        let in_time = |after: Duration| self.on_the_way + after < DEADLINE;
        // The stored record has grown older by the wait.
        let after_waiting = |wait: Duration| stored.map(|(word, age)| (word, age + wait));
        match self.studio {
            Studio::Nobody { after } if in_time(after) => Err(DenyReason::Unknown),
            Studio::Says { word, after } if in_time(after) => match self.word(word) {
                Word::Yes => Ok(Basis::Live),
                Word::No(reason) => Err(reason),
                Word::Gap => self.offline(Some((Word::Gap, Duration::ZERO))),
            },
            Studio::Down { after } if in_time(after) => self.offline(after_waiting(after)),
            _ => self.offline(after_waiting(DEADLINE.saturating_sub(self.on_the_way))),
        }
    }

    /// Hours, then capacity, then anti-passback, for those who come in.
    fn lane(&self, basis: Basis, known: bool) -> Result<(Basis, bool), DenyReason> {
        let inside = known && self.inside && self.strictness != Strictness::Off;
        match () {
            () if self.leaving() => Ok((basis, false)),
            () if self.clock_set && !self.open_hours => Err(DenyReason::OutsideHours),
            () if self.full && !(known && self.inside) => Err(DenyReason::Full),
            () if inside && self.strictness == Strictness::Hard => Err(DenyReason::AntiPassback),
            () => Ok((basis, inside)),
        }
    }

    pub(crate) fn expected(&self) -> Expected {
        let (mut asked, mut refreshed) = (false, false);
        let decided = if self.mode == LaneMode::Open {
            Ok((Basis::FreePassage, false))
        } else if self.locked && self.pin {
            // Not even staff's: a reader that is guessed at does not say which guess was right.
            return self.shut(DenyReason::LockedOut);
        } else if self.mode == LaneMode::Closed && !self.leaving() {
            Err(DenyReason::LaneClosed)
        } else if self.on_the_way > READ_DEADLINE {
            Err(DenyReason::TooLate)
        } else {
            let too_late_to_ask = self.on_the_way >= DEADLINE;
            let mut ask = |stored| {
                asked = !too_late_to_ask;
                refreshed = too_late_to_ask;
                if too_late_to_ask {
                    self.offline(stored)
                } else {
                    self.asked(stored)
                }
            };
            let (known, admitted) = match self.tiers {
                Tiers::Nothing => (false, ask(None)),
                Tiers::Nobody { ago } if ago < NOBODY => (false, Err(DenyReason::Unknown)),
                Tiers::Nobody { .. } => (false, ask(None)),
                Tiers::Record { word, age, benefits } => {
                    let told = self.word(word);
                    let age_of_word = self.age_of(word, age, benefits);
                    let basis = Basis::Cached {
                        age: if self.clock_set {
                            age_of_word
                        } else {
                            Duration::ZERO
                        },
                    };
                    let admitted = match (cell(told, self.age(age_of_word)), told) {
                        (Cell::Open, _) => Ok(basis),
                        (Cell::OpenAndRefresh, _) => {
                            refreshed = true;
                            Ok(basis)
                        }
                        (Cell::Deny, Word::No(reason)) => Err(reason),
                        _ => ask(Some((told, age))),
                    };
                    (true, admitted)
                }
            };
            let answered =
                matches!(self.studio, Studio::Says { after, .. } if self.on_the_way + after < DEADLINE);
            admitted.and_then(|basis| self.lane(basis, known || (asked && answered)))
        };
        let (outcome, passback) = match decided {
            _ if self.on_the_way > READ_DEADLINE && self.mode != LaneMode::Closed => {
                return self.shut(DenyReason::TooLate);
            }
            Ok((basis, passback)) => (Outcome::Granted(basis), passback),
            // What nobody else may: open in spite of all, but not after the read's own deadline.
            Err(_) if self.staff && self.on_the_way > READ_DEADLINE => {
                return self.shut(DenyReason::TooLate);
            }
            Err(_) if self.staff => (Outcome::Granted(Basis::Staff), false),
            Err(reason) => (Outcome::Denied(reason), false),
        };
        Expected {
            outcome,
            asked,
            refreshed,
            passback,
        }
    }

    fn shut(&self, reason: DenyReason) -> Expected {
        Expected {
            outcome: Outcome::Denied(reason),
            asked: false,
            refreshed: false,
            passback: false,
        }
    }
}
