//! Host and board, the line between them, and a watch on the contact: it checks every closing. Tests and a fuzz target
//! share it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use firmware_protocol::board::firmware::{Boot, CONTACT_GAP, Firmware, MAX_PULSE};
use firmware_protocol::board::host::Host;
use firmware_protocol::board::message::{BoardInput, Fault, ResetCause};
use firmware_protocol::board::{BoardEvent, Direction, PerDirection, Refusal, Release, Turnstile};

pub(crate) const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// What the line does to a frame. Chances are out of 256.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Line {
    pub(crate) lose: u8,
    pub(crate) duplicate: u8,
    pub(crate) corrupt: u8,
    /// Each frame takes up to so long, so that frames overtake each other.
    pub(crate) delay_ms: u16,
}

/// The board's clock wraps 20 s into a test.
pub(crate) const BOARD_AHEAD: Duration = ms(u32::MAX as u64 - 20_000 - 1_000_000);

pub(crate) const CUT: Line = Line {
    lose: 255,
    duplicate: 0,
    corrupt: 0,
    delay_ms: 0,
};

/// A small random source, so that a failing case is a number.
pub(crate) struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn happens(&mut self, chance: u8) -> bool {
        chance == 255 || self.next() % 256 < u64::from(chance)
    }
}

/// What happens at either end.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Action {
    Release(Direction, u16),
    Walk(Direction),
    Input(BoardInput, bool),
    Fault(bool),
    Reboot,
    HostRestart,
    Cut(u16),
}

pub(crate) struct Rig {
    pub(crate) now: Duration,
    pub(crate) random: Random,
    pub(crate) line: Line,
    pub(crate) host: Host,
    pub(crate) board: Firmware,
    pub(crate) boots: u32,
    /// Frames on the line: when they arrive, whether at the board.
    pub(crate) flying: Vec<(Duration, bool, Vec<u8>)>,
    pub(crate) taken: BTreeMap<u64, Release>,
    pub(crate) forgotten: BTreeSet<u64>,
    pub(crate) contact: Option<(Direction, Duration)>,
    pub(crate) last_contact_end: Duration,
    /// How often the board closed a contact for each grant.
    pub(crate) openings: BTreeMap<u64, u32>,
    pub(crate) events: Vec<BoardEvent>,
}

pub(crate) fn boot(boots: u32) -> Boot {
    Boot {
        nonce: 0xB007_0000 + boots,
        firmware: [1, 0, 0],
        reset_cause: if boots == 1 {
            ResetCause::PowerOn
        } else {
            ResetCause::Watchdog
        },
        free: PerDirection::default(),
    }
}

impl Rig {
    pub(crate) fn new(line: Line, seed: u64) -> Self {
        let now = ms(1_000_000);
        Self {
            now,
            random: Random(seed | 1),
            line,
            host: Host::new(seed as u32, now),
            board: Firmware::new(boot(1), now + BOARD_AHEAD),
            boots: 1,
            flying: Vec::new(),
            taken: BTreeMap::new(),
            forgotten: BTreeSet::new(),
            contact: None,
            last_contact_end: Duration::ZERO,
            openings: BTreeMap::new(),
            events: Vec::new(),
        }
    }

    pub(crate) fn online() -> Self {
        let mut rig = Self::new(Line::default(), 1);
        rig.run(ms(100));
        assert!(
            matches!(rig.events[..], [BoardEvent::Online { hello: Some(_) }]),
            "{:?}",
            rig.events
        );
        rig.events.clear();
        rig
    }

    pub(crate) fn reboot(&mut self) {
        self.boots += 1;
        self.board = Firmware::new(boot(self.boots), self.board_now());
        self.settle();
    }

    /// What the old one had taken on is nobody's any more.
    pub(crate) fn restart_host(&mut self, seed: u32) {
        self.host = Host::new(seed, self.now);
        self.forgotten.extend(self.taken.keys());
        self.settle();
    }

    /// Both ends count from different moments.
    pub(crate) fn board_now(&self) -> Duration {
        self.now + BOARD_AHEAD
    }

    pub(crate) fn release(&mut self, grant: u64, direction: Direction, ttl: Duration) -> Result<(), Refusal> {
        let release = Release {
            grant,
            direction,
            pulse: ms(500),
            passage: ms(5000),
            not_after: self.now + ttl,
        };
        let taken = self.host.release(release, self.now);
        if taken.is_ok() {
            self.taken.insert(grant, release);
        }
        self.settle();
        taken
    }

    /// The board opens, and its acknowledgement is lost.
    pub(crate) fn release_on_one_way_line(&mut self, grant: u64) {
        let not_after = self.now + ms(1500);
        let release = Release {
            grant,
            direction: Direction::A,
            pulse: ms(500),
            passage: ms(5000),
            not_after,
        };
        self.host.release(release, self.now).unwrap();
        self.taken.insert(grant, release);
        while let Some(frame) = self.host.transmit(self.now) {
            self.board.receive(&frame, self.board_now());
        }
        while self.board.transmit(self.board_now()).is_some() {}
        self.look_at_contact();
        assert_eq!(self.openings[&grant], 1);
    }

    pub(crate) fn walk(&mut self, direction: Direction) {
        self.board.passed(direction, self.board_now());
        self.settle();
    }

    pub(crate) fn put_on_line(&mut self, to_board: bool, frame: &[u8]) {
        let copies = 1 + usize::from(self.random.happens(self.line.duplicate));
        for _ in 0..copies {
            if self.random.happens(self.line.lose) {
                continue;
            }
            let mut bytes = frame.to_vec();
            if self.random.happens(self.line.corrupt) {
                let hit = self.random.next() as usize % bytes.len();
                match self.random.next() % 3 {
                    0 => bytes[hit] ^= 1 << (self.random.next() % 8),
                    1 => bytes.truncate(hit),
                    _ => bytes.insert(hit, self.random.next() as u8),
                }
            }
            let delay = ms(self.random.next() % (u64::from(self.line.delay_ms) + 1));
            self.flying.push((self.now + delay, to_board, bytes));
        }
    }

    /// Exchanges everything that is due now and checks the pins.
    pub(crate) fn settle(&mut self) {
        for _ in 0..1000 {
            self.host.handle_timeout(self.now);
            self.board.handle_timeout(self.board_now());
            self.look_at_contact();
            while let Some(frame) = self.host.transmit(self.now) {
                self.put_on_line(true, &frame);
            }
            while let Some(frame) = self.board.transmit(self.board_now()) {
                self.put_on_line(false, &frame);
            }
            while let Some(event) = self.host.poll_event() {
                self.events.push(event);
            }
            let Some(next) = self.flying.iter().position(|(at, ..)| *at <= self.now) else {
                return;
            };
            let (_, to_board, bytes) = self.flying.remove(next);
            if to_board {
                self.board.receive(&bytes, self.board_now());
            } else {
                self.host.receive(&bytes, self.now);
            }
            self.look_at_contact();
        }
        panic!("both ends keep talking without time passing");
    }

    pub(crate) fn look_at_contact(&mut self) {
        let contact = self.board.outputs().contact;
        if contact == self.contact.map(|(direction, _)| direction) {
            return;
        }
        if let Some((_, since)) = self.contact.take() {
            assert!(self.now - since <= MAX_PULSE, "closed for too long");
            self.last_contact_end = self.now;
        }
        if let Some(direction) = contact {
            assert!(
                self.now >= self.last_contact_end + CONTACT_GAP || self.boots > 1,
                "contacts without a gap"
            );
            let grant = self
                .board
                .awaited(direction)
                .expect("a contact closes for a grant only");
            assert!(
                self.now < self.taken[&grant].not_after,
                "opened after its time to live"
            );
            *self.openings.entry(grant).or_default() += 1;
            self.contact = Some((direction, self.now));
        }
    }

    pub(crate) fn run(&mut self, span: Duration) {
        let end = self.now + span;
        loop {
            self.settle();
            let arrival = self.flying.iter().map(|(at, ..)| *at).min();
            let board = self.board.poll_timeout().map(|due| due - BOARD_AHEAD);
            let due = [self.host.poll_timeout(), board, arrival];
            let next = due.into_iter().flatten().min().unwrap();
            assert!(next > self.now, "something is due for ever");
            if next > end {
                break;
            }
            self.now = next;
        }
        self.now = end;
        self.settle();
    }

    /// How a grant ended, and whether its opening was reported before. More than one end is a failure.
    pub(crate) fn end_of(&self, grant: u64) -> (bool, BoardEvent) {
        let mut opened = false;
        let mut end = None;
        for event in &self.events {
            match event {
                BoardEvent::Opened { grant: which, .. } if *which == grant => {
                    assert!(
                        !opened && end.is_none(),
                        "opened twice or after its end: {:?}",
                        self.events
                    );
                    opened = true;
                }
                BoardEvent::Refused { grant: which, .. } | BoardEvent::Unknown { grant: which, .. }
                    if *which == grant =>
                {
                    assert!(
                        end.replace(event.clone()).is_none(),
                        "two ends: {:?}",
                        self.events
                    );
                }
                BoardEvent::Passed {
                    grant: Some(which), ..
                }
                | BoardEvent::TimedOut {
                    grant: Some(which), ..
                }
                | BoardEvent::WrongWay {
                    grant: Some(which), ..
                }
                | BoardEvent::Fault {
                    grant: Some(which), ..
                } if *which == grant => {
                    assert!(opened, "an end without an opening: {:?}", self.events);
                    assert!(
                        end.replace(event.clone()).is_none(),
                        "two ends: {:?}",
                        self.events
                    );
                }
                _ => {}
            }
        }
        (
            opened,
            end.unwrap_or_else(|| panic!("grant {grant} has no end: {:?}", self.events)),
        )
    }

    /// One action; `number` is its grant, if it is a release.
    pub(crate) fn act(&mut self, number: u64, action: Action) {
        match action {
            Action::Release(direction, ttl) => {
                let _refused = self.release(number, direction, ms(ttl.into()));
            }
            Action::Walk(direction) => self.walk(direction),
            Action::Input(input, active) => self.board.input(input, active, self.board_now()),
            Action::Fault(faulty) => self
                .board
                .fault(faulty.then_some(Fault::SENSOR), self.board_now()),
            Action::Reboot => self.reboot(),
            Action::HostRestart => self.restart_host(number as u32),
            Action::Cut(span) => {
                let line = std::mem::replace(&mut self.line, CUT);
                self.run(ms(span.into()));
                self.line = line;
            }
        }
        self.settle();
    }

    /// The line is good from now on: every grant has opened at most once and comes to its one end. Then it is cut:
    /// the board closes nothing any more.
    pub(crate) fn finish(mut self) {
        self.line = Line::default();
        self.run(ms(20_000));
        assert!(
            self.openings.values().all(|openings| *openings == 1),
            "{:?}",
            self.openings
        );
        for grant in self.taken.keys().filter(|grant| !self.forgotten.contains(grant)) {
            let (opened, end) = self.end_of(*grant);
            let openings = self.openings.get(grant).copied().unwrap_or_default();
            let refused = matches!(end, BoardEvent::Refused { .. });
            assert!(!(opened && openings == 0), "an opening that was none");
            assert!(
                !(refused && openings == 1),
                "refused and opened: {:?}",
                self.events
            );
        }
        self.line = CUT;
        self.run(ms(12_000));
        assert_eq!(self.board.outputs().contact, None);
    }
}
