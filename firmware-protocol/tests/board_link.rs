//! Host and board joined by a line on simulated time: what must hold whatever the line does to the bytes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use firmware_protocol::board::firmware::{Boot, CONTACT_GAP, Firmware, MAX_PULSE};
use firmware_protocol::board::host::Host;
use firmware_protocol::board::message::{BoardInput, BoardRead, Fault, Feedback, Indicator, ResetCause};
use firmware_protocol::board::{
    BoardEvent, Direction, OfflineReason, PerDirection, Refusal, Release, Turnstile,
};
use proptest::prelude::*;

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// What the line does to a frame. Chances are out of 256.
#[derive(Clone, Copy, Debug, Default)]
struct Line {
    lose: u8,
    duplicate: u8,
    corrupt: u8,
    /// Each frame takes up to so long, so that frames overtake each other.
    delay_ms: u16,
}

/// The board's clock wraps 20 s into a test.
const BOARD_AHEAD: Duration = ms(u32::MAX as u64 - 20_000 - 1_000_000);

const CUT: Line = Line {
    lose: 255,
    duplicate: 0,
    corrupt: 0,
    delay_ms: 0,
};

/// A small random source, so that a failing case is a number.
struct Random(u64);

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

struct Rig {
    now: Duration,
    random: Random,
    line: Line,
    host: Host,
    board: Firmware,
    boots: u32,
    /// Frames on the line: when they arrive, whether at the board.
    flying: Vec<(Duration, bool, Vec<u8>)>,
    taken: BTreeMap<u64, Release>,
    forgotten: BTreeSet<u64>,
    contact: Option<(Direction, Duration)>,
    last_contact_end: Duration,
    /// How often the board closed a contact for each grant.
    openings: BTreeMap<u64, u32>,
    events: Vec<BoardEvent>,
}

fn boot(boots: u32) -> Boot {
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
    fn new(line: Line, seed: u64) -> Self {
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

    fn online() -> Self {
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

    fn reboot(&mut self) {
        self.boots += 1;
        self.board = Firmware::new(boot(self.boots), self.board_now());
        self.settle();
    }

    /// What the old one had taken on is nobody's any more.
    fn restart_host(&mut self, seed: u32) {
        self.host = Host::new(seed, self.now);
        self.forgotten.extend(self.taken.keys());
        self.settle();
    }

    /// Both ends count from different moments.
    fn board_now(&self) -> Duration {
        self.now + BOARD_AHEAD
    }

    fn release(&mut self, grant: u64, direction: Direction, ttl: Duration) -> Result<(), Refusal> {
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

    fn walk(&mut self, direction: Direction) {
        self.board.passed(direction, self.board_now());
        self.settle();
    }

    fn put_on_line(&mut self, to_board: bool, frame: &[u8]) {
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
    fn settle(&mut self) {
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

    fn look_at_contact(&mut self) {
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

    fn run(&mut self, span: Duration) {
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
    fn end_of(&self, grant: u64) -> (bool, BoardEvent) {
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
}

#[test]
fn a_release_opens_and_the_passage_is_reported() {
    let mut rig = Rig::online();
    rig.release(7, Direction::A, ms(1500)).unwrap();
    assert_eq!(rig.board.outputs().contact, Some(Direction::A));
    rig.run(ms(1000));
    assert_eq!(
        rig.board.outputs().contact,
        None,
        "the board ends the pulse itself"
    );
    rig.walk(Direction::A);
    assert_eq!(
        rig.events,
        [
            BoardEvent::Opened {
                grant: 7,
                direction: Direction::A
            },
            BoardEvent::Passed {
                grant: Some(7),
                direction: Direction::A,
                counter: Some(1)
            },
        ]
    );
}

#[test]
fn a_release_that_nobody_uses_times_out() {
    let mut rig = Rig::online();
    rig.release(7, Direction::B, ms(1500)).unwrap();
    rig.run(ms(4999));
    assert_eq!(rig.events.len(), 1);
    rig.run(ms(1));
    assert_eq!(
        rig.events[1],
        BoardEvent::TimedOut {
            grant: Some(7),
            direction: Direction::B
        }
    );
}

#[test]
fn whoever_comes_the_other_way_ends_the_release_as_wrong_way() {
    let mut rig = Rig::online();
    rig.release(7, Direction::A, ms(1500)).unwrap();
    rig.walk(Direction::B);
    assert_eq!(rig.board.outputs().contact, None);
    assert_eq!(
        rig.events[1],
        BoardEvent::WrongWay {
            grant: Some(7),
            direction: Direction::B
        }
    );
}

#[test]
fn a_passage_without_a_release_is_wrong_way_without_a_grant() {
    let mut rig = Rig::online();
    rig.walk(Direction::A);
    assert_eq!(
        rig.events,
        [BoardEvent::WrongWay {
            grant: None,
            direction: Direction::A
        }]
    );
}

#[test]
fn a_fault_ends_the_release_and_refuses_further_ones_until_it_is_gone() {
    let mut rig = Rig::online();
    rig.release(7, Direction::A, ms(1500)).unwrap();
    rig.board.fault(Some(Fault::MECHANISM), rig.board_now());
    rig.settle();
    assert_eq!(rig.board.outputs().contact, None);
    assert_eq!(
        rig.events[1],
        BoardEvent::Fault {
            grant: Some(7),
            fault: Some(Fault::MECHANISM)
        }
    );
    rig.run(ms(500));
    rig.release(8, Direction::A, ms(1500)).unwrap();
    assert_eq!(
        rig.events[2],
        BoardEvent::Refused {
            grant: 8,
            direction: Direction::A,
            why: Refusal::Faulty
        }
    );
    rig.board.fault(None, rig.board_now());
    rig.settle();
    assert_eq!(
        rig.events[3],
        BoardEvent::Fault {
            grant: None,
            fault: None
        }
    );
    rig.release(9, Direction::A, ms(1500)).unwrap();
    assert_eq!(
        rig.events[4],
        BoardEvent::Opened {
            grant: 9,
            direction: Direction::A
        }
    );
}

#[test]
fn without_a_heartbeat_the_board_is_safe_after_1500_ms_and_both_recover() {
    let mut rig = Rig::online();
    rig.run(ms(200));
    let idle = PerDirection {
        a: Indicator::Idle,
        b: Indicator::Idle,
    };
    let out_of_service = PerDirection {
        a: Indicator::OutOfService,
        b: Indicator::OutOfService,
    };
    assert_eq!(rig.board.outputs().indicators, idle);
    rig.line = CUT;
    let pulse = Release {
        grant: 7,
        direction: Direction::A,
        pulse: ms(10_000),
        passage: ms(10_000),
        not_after: rig.now + ms(1000),
    };
    rig.line = Line::default();
    rig.host.release(pulse, rig.now).unwrap();
    rig.taken.insert(7, pulse);
    rig.settle();
    assert_eq!(rig.board.outputs().contact, Some(Direction::A));
    rig.line = CUT;
    rig.run(ms(1249));
    assert_eq!(
        rig.board.outputs().contact,
        Some(Direction::A),
        "five lost heartbeats are no reason yet"
    );
    rig.run(ms(252));
    assert_eq!(rig.board.outputs().contact, None);
    assert_eq!(rig.board.outputs().indicators, out_of_service);
    rig.run(ms(1000));
    assert_eq!(
        rig.events[1..],
        [
            BoardEvent::Offline(OfflineReason::Silent),
            BoardEvent::Unknown {
                grant: 7,
                direction: Direction::A
            },
        ]
    );
    assert_eq!(rig.release(8, Direction::A, ms(1000)), Err(Refusal::Offline));
    rig.line = Line::default();
    rig.run(ms(600));
    assert!(matches!(rig.events[3], BoardEvent::Online { .. }));
    assert_eq!(rig.board.outputs().indicators, idle);
}

#[test]
fn a_board_that_does_not_hear_the_host_is_offline_although_it_is_heard() {
    let mut rig = Rig::online();
    for _ in 0..300 {
        rig.now += ms(10);
        rig.host.handle_timeout(rig.now);
        rig.board.handle_timeout(rig.board_now());
        while rig.host.transmit(rig.now).is_some() {}
        while let Some(frame) = rig.board.transmit(rig.board_now()) {
            rig.host.receive(&frame, rig.now);
        }
    }
    assert_eq!(
        rig.host.poll_event(),
        Some(BoardEvent::Offline(OfflineReason::Silent))
    );
}

#[test]
fn a_reboot_in_the_middle_of_a_release_is_reported_and_nothing_is_sent_again() {
    let mut rig = Rig::online();
    rig.release(7, Direction::A, ms(5000)).unwrap();
    rig.run(ms(100));
    rig.reboot();
    rig.run(ms(3000));
    assert_eq!(
        rig.events[1..3],
        [
            BoardEvent::Offline(OfflineReason::Rebooted),
            BoardEvent::Unknown {
                grant: 7,
                direction: Direction::A
            },
        ]
    );
    let Some(BoardEvent::Online { hello: Some(hello) }) = rig.events.get(3) else {
        panic!("{:?}", rig.events);
    };
    assert_eq!(hello.reset_cause, ResetCause::Watchdog);
    assert_eq!(rig.openings[&7], 1);
}

#[test]
fn an_unacknowledged_release_is_not_sent_to_the_next_boot() {
    let mut rig = Rig::online();
    rig.line = CUT;
    rig.release(7, Direction::A, ms(5000)).unwrap();
    rig.reboot();
    rig.line = Line::default();
    rig.run(ms(3000));
    assert!(rig.openings.is_empty());
    assert!(matches!(rig.end_of(7), (false, BoardEvent::Unknown { .. })));
}

#[test]
fn a_lost_release_is_repeated_and_opens_once() {
    let mut rig = Rig::online();
    rig.line = CUT;
    rig.release(7, Direction::A, ms(1500)).unwrap();
    rig.run(ms(150));
    assert!(rig.openings.is_empty());
    rig.line = Line {
        duplicate: 255,
        ..Line::default()
    };
    rig.run(ms(6000));
    assert_eq!(rig.openings[&7], 1);
    assert!(matches!(rig.end_of(7), (true, BoardEvent::TimedOut { .. })));
}

#[test]
fn a_frame_that_was_held_up_past_its_time_to_live_opens_nothing() {
    for (held_up, opens) in [(299, Some(Direction::A)), (300, None)] {
        let mut rig = Rig::online();
        let not_after = rig.now + ms(300);
        let release = Release {
            grant: 7,
            direction: Direction::A,
            pulse: ms(500),
            passage: ms(5000),
            not_after,
        };
        rig.host.release(release, rig.now).unwrap();
        rig.taken.insert(7, release);
        let frame = rig.host.transmit(rig.now).unwrap();
        rig.now += ms(held_up);
        rig.board.receive(&frame, rig.board_now());
        assert_eq!(rig.board.outputs().contact, opens, "held up for {held_up} ms");
    }
}

#[test]
fn both_directions_one_after_the_other_never_overlap_and_wait_for_the_gap() {
    let mut rig = Rig::online();
    rig.release(7, Direction::A, ms(2000)).unwrap();
    rig.release(8, Direction::B, ms(2000)).unwrap();
    assert_eq!(rig.board.outputs().contact, Some(Direction::A));
    rig.run(ms(599));
    assert!(!rig.openings.contains_key(&8));
    rig.run(ms(200));
    assert_eq!(rig.openings[&8], 1);
    rig.walk(Direction::B);
    rig.walk(Direction::A);
    assert!(matches!(rig.end_of(7), (true, BoardEvent::Passed { .. })));
    assert!(matches!(rig.end_of(8), (true, BoardEvent::Passed { .. })));
}

#[test]
fn the_second_person_of_a_direction_waits_for_the_first_and_is_refused_when_that_takes_too_long() {
    let mut rig = Rig::online();
    rig.release(7, Direction::A, ms(1500)).unwrap();
    rig.release(8, Direction::A, ms(3000)).unwrap();
    rig.release(9, Direction::A, ms(1500)).unwrap();
    rig.run(ms(2000));
    assert_eq!(
        rig.end_of(9).1,
        BoardEvent::Refused {
            grant: 9,
            direction: Direction::A,
            why: Refusal::Busy
        }
    );
    assert!(!rig.openings.contains_key(&8));
    rig.walk(Direction::A);
    rig.run(ms(200));
    assert_eq!(rig.openings[&8], 1);
}

#[test]
fn a_fifth_waiting_release_is_not_taken() {
    let mut rig = Rig::online();
    for grant in 1..=5 {
        rig.release(grant, Direction::A, ms(3000)).unwrap();
    }
    assert_eq!(rig.release(6, Direction::A, ms(3000)), Err(Refusal::Busy));
}

#[test]
fn a_pulse_that_the_board_would_not_take_is_refused_before_it_is_sent() {
    let mut rig = Rig::online();
    for pulse in [Duration::ZERO, ms(10_001)] {
        let release = Release {
            grant: 1,
            direction: Direction::A,
            pulse,
            passage: ms(5000),
            not_after: rig.now + ms(9),
        };
        assert_eq!(rig.host.release(release, rig.now), Err(Refusal::Invalid));
    }
}

#[test]
fn fire_opens_the_contact_of_no_release_and_frees_passages() {
    let mut rig = Rig::online();
    rig.release(7, Direction::A, ms(1500)).unwrap();
    rig.board.input(BoardInput::Fire, true, rig.board_now());
    rig.settle();
    assert_eq!(rig.board.outputs().contact, None);
    assert!(rig.board.outputs().fire);
    assert_eq!(
        rig.events[1],
        BoardEvent::Input {
            input: BoardInput::Fire,
            active: true
        }
    );
    rig.walk(Direction::B);
    assert_eq!(
        rig.events[2],
        BoardEvent::Passed {
            grant: None,
            direction: Direction::B,
            counter: Some(1)
        }
    );
    rig.run(ms(500));
    rig.release(8, Direction::B, ms(1500)).unwrap();
    assert_eq!(
        rig.end_of(8).1,
        BoardEvent::Refused {
            grant: 8,
            direction: Direction::B,
            why: Refusal::Fire
        }
    );
}

#[test]
fn a_contact_that_was_active_before_the_host_came_is_reported_once() {
    let mut rig = Rig::new(CUT, 1);
    rig.board.input(BoardInput::Tamper, true, rig.board_now());
    rig.run(ms(3000));
    rig.line = Line::default();
    rig.run(ms(3000));
    let tamper = rig
        .events
        .iter()
        .filter(|event| **event == BoardEvent::Tamper { open: true })
        .count();
    assert_eq!(tamper, 1, "{:?}", rig.events);
}

#[test]
fn a_read_reaches_the_host_once_and_an_old_one_never() {
    let mut rig = Rig::online();
    let read = BoardRead::bits(0, 26, &[0x92, 0x34, 0x56, 0x40]).unwrap();
    rig.line = Line {
        duplicate: 255,
        ..Line::default()
    };
    rig.board.read(read.clone(), rig.board_now());
    rig.run(ms(500));
    assert_eq!(rig.events, [BoardEvent::Read(read.clone())]);
    rig.line = CUT;
    rig.board.read(read, rig.board_now());
    rig.run(ms(1001));
    rig.line = Line::default();
    rig.run(ms(3000));
    assert_eq!(rig.events.len(), 1, "{:?}", rig.events);
}

#[test]
fn feedback_is_shown_for_its_time() {
    let mut rig = Rig::online();
    let feedback = Feedback {
        direction: Direction::B,
        indicator: Indicator::Denied,
        indicator_ms: 2000,
        buzzer_ms: 300,
    };
    rig.host.feedback(feedback, rig.now);
    rig.settle();
    assert_eq!(
        rig.board.outputs().indicators,
        PerDirection {
            a: Indicator::Idle,
            b: Indicator::Denied
        }
    );
    assert!(rig.board.outputs().buzzer);
    rig.run(ms(300));
    assert!(!rig.board.outputs().buzzer);
    rig.run(ms(1700));
    assert_eq!(rig.board.outputs().indicators.b, Indicator::Idle);
}

#[test]
fn a_host_that_starts_anew_goes_on_with_fresh_numbers() {
    let mut rig = Rig::online();
    rig.release(7, Direction::A, ms(1500)).unwrap();
    rig.restart_host(99);
    rig.run(ms(200));
    rig.release(7, Direction::B, ms(2000)).unwrap();
    rig.run(ms(600));
    assert_eq!(rig.board.outputs().contact, Some(Direction::B));
    rig.events.clear();
    rig.walk(Direction::A);
    assert_eq!(
        rig.events,
        [BoardEvent::Passed {
            grant: None,
            direction: Direction::A,
            counter: Some(1)
        }]
    );
}

#[test]
fn a_read_keeps_its_content_out_of_debug() {
    let read = BoardRead::bytes(0, b"4711").unwrap();
    let shown = format!("{:?}", BoardEvent::Read(read));
    assert!(!shown.contains("4711") && !shown.contains("52"), "{shown}");
}

#[derive(Clone, Copy, Debug)]
enum Action {
    Release(Direction, u16),
    Walk(Direction),
    Input(BoardInput, bool),
    Fault(bool),
    Reboot,
    HostRestart,
    Cut(u16),
}

fn direction() -> impl Strategy<Value = Direction> {
    prop_oneof![Just(Direction::A), Just(Direction::B)]
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        8 => (direction(), 1..4000_u16).prop_map(|(direction, ttl)| Action::Release(direction, ttl)),
        5 => direction().prop_map(Action::Walk),
        1 => (prop_oneof![Just(BoardInput::Fire), Just(BoardInput::Stop)], any::<bool>())
            .prop_map(|(input, active)| Action::Input(input, active)),
        1 => any::<bool>().prop_map(Action::Fault),
        1 => Just(Action::Reboot),
        1 => Just(Action::HostRestart),
        1 => (1..4000_u16).prop_map(Action::Cut),
    ]
}

fn line() -> impl Strategy<Value = Line> {
    (0..140_u8, 0..140_u8, 0..100_u8, 0..1200_u16).prop_map(|(lose, duplicate, corrupt, delay_ms)| Line {
        lose,
        duplicate,
        corrupt,
        delay_ms,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// `look_at_contact` checks each closing, `end_of` the events.
    #[test]
    fn whatever_the_line_does_a_grant_opens_at_most_once_in_time_and_comes_to_one_end(
        line in line(),
        seed in any::<u64>(),
        actions in prop::collection::vec((0..1500_u64, action()), 1..40),
    ) {
        let mut rig = Rig::new(line, seed);
        for (grant, (pause, action)) in (1..).zip(actions) {
            rig.run(ms(pause));
            match action {
                Action::Release(direction, ttl) => {
                    let _refused = rig.release(grant, direction, ms(ttl.into()));
                }
                Action::Walk(direction) => rig.walk(direction),
                Action::Input(input, active) => rig.board.input(input, active, rig.board_now()),
                Action::Fault(faulty) => rig.board.fault(faulty.then_some(Fault::SENSOR), rig.board_now()),
                Action::Reboot => rig.reboot(),
                Action::HostRestart => rig.restart_host(grant as u32),
                Action::Cut(span) => {
                    rig.line = CUT;
                    rig.run(ms(span.into()));
                    rig.line = line;
                }
            }
            rig.settle();
        }
        rig.line = Line::default();
        rig.run(ms(20_000));
        prop_assert!(rig.openings.values().all(|openings| *openings == 1), "{:?}", rig.openings);
        for grant in rig.taken.keys().filter(|grant| !rig.forgotten.contains(grant)) {
            let (opened, end) = rig.end_of(*grant);
            let openings = rig.openings.get(grant).copied().unwrap_or_default();
            let refused = matches!(end, BoardEvent::Refused { .. });
            prop_assert!(!(opened && openings == 0), "an opening that was none");
            prop_assert!(!(refused && openings == 1), "refused and opened: {:?}", rig.events);
        }
        rig.line = CUT;
        rig.run(ms(12_000));
        prop_assert_eq!(rig.board.outputs().contact, None);
    }

    #[test]
    fn on_a_good_line_every_grant_that_is_taken_opens_or_is_refused_for_a_reason(
        walks in prop::collection::vec((0..3000_u64, direction(), any::<bool>()), 1..20),
    ) {
        let mut rig = Rig::online();
        for (grant, (pause, direction, walk)) in (1..).zip(walks) {
            let _refused = rig.release(grant, direction, ms(1500));
            rig.run(ms(pause));
            if walk && rig.board.awaited(direction).is_some() {
                rig.walk(direction);
            }
        }
        rig.run(ms(20_000));
        for grant in rig.taken.keys() {
            let (opened, end) = rig.end_of(*grant);
            let fine = match end {
                BoardEvent::Passed { .. } | BoardEvent::TimedOut { .. } => opened,
                BoardEvent::Refused { why, .. } => why == Refusal::Busy && !opened,
                _ => false,
            };
            prop_assert!(fine, "{end:?}");
        }
    }

    #[test]
    fn neither_end_panics_on_anything(
        portions in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..20),
    ) {
        let mut rig = Rig::online();
        for portion in portions {
            rig.now += ms(7);
            rig.host.receive(&portion, rig.now);
            rig.board.receive(&portion, rig.board_now());
            rig.settle();
        }
    }
}
