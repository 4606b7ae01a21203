//! Our own turnstile board, played by the reference firmware: what comes of a release, and of a board that is silent,
//! starts anew or goes away.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use firmware_protocol::board::Direction;
use firmware_protocol::board::firmware::{Boot, Firmware};
use firmware_protocol::board::message::{BoardInput, BoardRead, Fault, ResetCause};
use hal::clock::monotonic;

use super::far_end::FarEnd;
use super::{MEMBERS, PAUSE, SECOND, wait_for_visits, welcome};
use crate::operator::json;
use crate::rig::{Gateway, Pty, Studio, rdm6300, wait_for, write_tables};

/// A lane with readers on both sides and one board.
const TABLES: &str = r#"
[decisions]
repeat_window = "200ms"
[[reader]]
name = "outside"
kind = "serial"
port = "{folder}/outside"
format = "rdm6300"
[[reader]]
name = "inside"
kind = "serial"
port = "{folder}/inside"
format = "rdm6300"
[[board]]
name = "turnstile"
kind = "link"
port = "{folder}/board"
[[lane]]
name = "main"
[lane.entry]
reader = "outside"
board = "turnstile"
pulse = "300ms"
passage_time = "2s"
check_in = "on-passage"
[lane.exit]
reader = "inside"
board = "turnstile"
pulse = "300ms"
passage_time = "2s"
check_in = "on-passage"
"#;

/// The board's processor, its mechanism, and what disturbs its line.
#[derive(Clone)]
struct Board {
    boots: u32,
    firmware: Arc<Mutex<Firmware>>,
    mute: Arc<AtomicBool>,
}

fn boot(nonce: u32) -> Firmware {
    let boot = Boot {
        nonce,
        firmware: [1, 0, 0],
        reset_cause: ResetCause::PowerOn,
        free: Default::default(),
    };
    Firmware::new(boot, monotonic())
}

impl Board {
    fn new() -> Self {
        Self {
            boots: 1,
            firmware: Arc::new(Mutex::new(boot(1))),
            mute: Arc::default(),
        }
    }

    fn plug(&self, line: Pty) -> FarEnd {
        let board = self.clone();
        FarEnd::play(line, move |bytes| {
            let mut firmware = board.firmware.lock().unwrap();
            let (now, mute) = (monotonic(), board.mute.load(Ordering::Relaxed));
            if !mute {
                firmware.receive(bytes, now);
            }
            firmware.handle_timeout(now);
            let frames = std::iter::from_fn(|| firmware.transmit(now));
            let said: Vec<u8> = frames.flat_map(|frame| frame.to_vec()).collect();
            if mute { Vec::new() } else { said }
        })
    }

    fn with(&self, act: impl FnOnce(&mut Firmware, Duration)) {
        act(&mut self.firmware.lock().unwrap(), monotonic());
    }

    fn pass(&self, direction: Direction) {
        self.with(|firmware, now| firmware.passed(direction, now));
    }

    fn contact(&self) -> Option<Direction> {
        self.firmware.lock().unwrap().outputs().contact
    }

    fn wait_for_contact(&self, contact: Option<Direction>) {
        wait_for(&format!("the contact to be {contact:?}"), 10 * SECOND, || {
            (self.contact() == contact).then_some(())
        });
    }

    fn reboot(&mut self) {
        self.boots += 1;
        *self.firmware.lock().unwrap() = boot(self.boots);
    }
}

struct Lane {
    studio: Studio,
    gateway: Gateway,
    outside: Pty,
    inside: Pty,
    board: Board,
    line: Option<FarEnd>,
    people: Vec<(i64, Vec<u8>)>,
    folder: tempfile::TempDir,
}

impl Lane {
    fn start() -> Self {
        let lane = Self::with(TABLES);
        lane.gateway.wait_for_log("reader connected", 2);
        lane
    }

    fn with(tables: &str) -> Self {
        let studio = Studio::start(MEMBERS);
        let folder = tempfile::tempdir().unwrap();
        let outside = Pty::new(folder.path(), "outside");
        let inside = Pty::new(folder.path(), "inside");
        let board = Board::new();
        let line = board.plug(Pty::new(folder.path(), "board"));
        let gateway = Gateway::start(&write_tables(folder.path(), studio.address(), tables));
        gateway.wait_for_log("turnstile board in service", 1);
        gateway.wait_for_log("the roster is complete", 1);
        Self {
            studio,
            gateway,
            outside,
            inside,
            board,
            line: Some(line),
            people: welcome(5).map(|member| (member.id, member.uid)).collect(),
            folder,
        }
    }

    /// The next member comes, and the board closes its contact.
    fn enters(&mut self) -> i64 {
        let customer = self.presents();
        self.board.wait_for_contact(Some(Direction::A));
        customer
    }

    /// The next member holds the card to the reader outside.
    fn presents(&mut self) -> i64 {
        let (customer, uid) = self.people.remove(0);
        self.outside.send(&rdm6300(&uid));
        customer
    }
}

#[test]
fn a_visit_counts_when_the_person_passed_and_not_when_nobody_did_or_somebody_came_from_the_other_side() {
    let mut lane = Lane::start();
    let visitor = lane.enters();
    lane.board.wait_for_contact(None);
    assert_eq!(lane.studio.check_ins().len(), 0, "nobody has passed yet");
    lane.board.pass(Direction::A);
    lane.gateway.wait_for_log("passage=\"taken\"", 1);
    wait_for_visits(&lane.studio, vec![visitor]);

    lane.enters();
    lane.gateway.wait_for_log("passage=\"not-taken\"", 1);

    lane.enters();
    lane.board.pass(Direction::B);
    lane.gateway.wait_for_log("passage=\"wrong-way\"", 1);

    // Who goes out is no visit.
    let member = welcome(5).find(|member| member.id == visitor).unwrap();
    lane.inside.send(&rdm6300(&member.uid));
    lane.board.wait_for_contact(Some(Direction::B));
    lane.board.pass(Direction::B);
    lane.gateway.wait_for_log("passage=\"taken\"", 2);

    lane.board.pass(Direction::A);
    lane.gateway.wait_for_log("somebody", 2);
    let second = lane.enters();
    lane.board.pass(Direction::A);
    lane.gateway.wait_for_log("passage=\"taken\"", 3);
    wait_for_visits(&lane.studio, vec![visitor, second]);
}

#[test]
fn a_lane_whose_board_is_silent_is_out_of_service_and_works_again_when_it_is_heard() {
    let mut lane = Lane::start();
    lane.enters();
    lane.board.mute.store(true, Ordering::Relaxed);
    // By itself, without being told.
    lane.board.wait_for_contact(None);
    lane.gateway.wait_for_log("turnstile board out of service", 1);
    lane.presents();
    lane.gateway.wait_for_log("reason=out-of-service", 1);
    assert_eq!(lane.board.contact(), None);

    lane.board.mute.store(false, Ordering::Relaxed);
    lane.gateway.wait_for_log("turnstile board in service", 2);
    std::thread::sleep(PAUSE);
    let visitor = lane.enters();
    lane.board.pass(Direction::A);
    wait_for_visits(&lane.studio, vec![visitor]);
}

#[test]
fn a_board_that_restarts_in_the_middle_of_a_release_forgets_it_and_counts_no_visit() {
    let mut lane = Lane::start();
    lane.enters();
    lane.board.reboot();
    assert_eq!(lane.board.contact(), None);
    lane.gateway.wait_for_log("the board has restarted", 1);
    lane.gateway.wait_for_log("turnstile board in service", 2);
    std::thread::sleep(3 * SECOND);
    assert_eq!(lane.board.contact(), None, "the release came a second time");
    assert_eq!(lane.studio.check_ins().len(), 0);
    let visitor = lane.enters();
    lane.board.pass(Direction::A);
    wait_for_visits(&lane.studio, vec![visitor]);
}

#[test]
fn contacts_and_faults_of_the_board_are_heard_and_its_plug_may_be_pulled() {
    let mut lane = Lane::start();
    lane.board
        .with(|firmware, now| firmware.input(BoardInput::Fire, true, now));
    lane.gateway.wait_for_line(&["fire contact", "cause=\"fire\""]);
    // The board's own output opens the turnstile; a contact stays as it is.
    lane.board.with(|firmware, _| assert!(firmware.outputs().fire));
    assert_eq!(lane.board.contact(), None);
    lane.board
        .with(|firmware, now| firmware.input(BoardInput::Fire, false, now));

    lane.board
        .with(|firmware, now| firmware.input(BoardInput::Tamper, true, now));
    lane.gateway
        .wait_for_log("housing of the turnstile has been opened", 1);
    lane.board
        .with(|firmware, now| firmware.fault(Fault::from_code(9), now));
    lane.gateway.wait_for_log("the turnstile reports a fault", 1);
    lane.presents();
    lane.gateway.wait_for_log("reason=out-of-service", 1);
    lane.board.with(|firmware, now| firmware.fault(None, now));
    lane.gateway.wait_for_log("the turnstile works again", 1);

    let mut line = lane.line.take().unwrap().unplug();
    lane.gateway.wait_for_log("turnstile board out of service", 1);
    lane.presents();
    lane.gateway.wait_for_log("reason=out-of-service", 2);
    line.plug();
    lane.line = Some(lane.board.plug(line));
    lane.gateway.wait_for_log("turnstile board in service", 2);
    std::thread::sleep(PAUSE);
    let visitor = lane.enters();
    lane.board.pass(Direction::A);
    wait_for_visits(&lane.studio, vec![visitor]);
}

#[test]
fn whoever_passes_in_the_moment_in_which_the_lane_opens_is_counted() {
    let mut lane = Lane::start();
    let visitors: Vec<i64> = (0..30)
        .map(|_| {
            let visitor = lane.enters();
            lane.board.pass(Direction::A);
            lane.board.wait_for_contact(None);
            visitor
        })
        .collect();
    lane.gateway.wait_for_log("passage=\"taken\"", visitors.len());
    wait_for_visits(&lane.studio, visitors);
}

/// 34 bits: a UID of four bytes between its parities.
fn w34(uid: &[u8]) -> BoardRead {
    let uid = u64::from(u32::from_be_bytes(uid.try_into().unwrap()));
    let even = u64::from((uid >> 16).count_ones() % 2);
    let odd = u64::from((uid & 0xFFFF).count_ones() % 2 == 0);
    let frame = (even << 33 | uid << 1 | odd) << 6;
    BoardRead::bits(1, 34, &frame.to_be_bytes()[3..]).unwrap()
}

#[test]
fn readers_at_the_board_open_its_lane_and_are_away_when_it_is() {
    let at_board = |slot, format| {
        format!("kind = \"board\"\nboard = \"turnstile\"\nslot = {slot}\nformat = \"{format}\"")
    };
    let serial = |name| format!("kind = \"serial\"\nport = \"{{folder}}/{name}\"\nformat = \"rdm6300\"");
    let tables = TABLES
        .replace(&serial("outside"), &at_board(1, "w34-uid"))
        .replace(&serial("inside"), &at_board(2, "rdm6300"));
    let lane = Lane::with(&tables);
    let member = welcome(4).next().unwrap();
    lane.board
        .with(|firmware, now| firmware.read(w34(&member.uid), now));
    lane.board.wait_for_contact(Some(Direction::A));
    lane.board.pass(Direction::A);
    wait_for_visits(&lane.studio, vec![member.id]);

    let (_, uid) = &lane.people[0];
    let frame = BoardRead::bytes(2, &rdm6300(uid)).unwrap();
    lane.board.with(|firmware, now| firmware.read(frame, now));
    lane.board.wait_for_contact(Some(Direction::B));

    let readers = || json(&lane.folder.path().join("gateway.toml"), &["status"])["readers"].clone();
    assert_eq!(readers()[0]["connected"], true, "{}", readers());
    lane.board.mute.store(true, Ordering::Relaxed);
    lane.gateway.wait_for_log("turnstile board out of service", 1);
    for reader in readers().as_array().unwrap() {
        assert!(
            reader["trouble"]
                .as_str()
                .unwrap()
                .starts_with("its board is away"),
            "{reader}"
        );
    }
}
