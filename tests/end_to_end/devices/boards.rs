//! Boards of other makers: their documented frames at the far end, visits at the studio.

use std::path::Path;
use std::sync::{Arc, Mutex};

use super::far_end::FarEnd;
use super::{MEMBERS, PAUSE, SECOND, wait_for_visits, welcome};
use crate::operator::json;
use crate::rig::{Gateway, Pty, Studio, rdm6300, wait_for, write_tables};

/// The passage time of all lanes here; One-Tech tells whoever came later from whoever pushed the wrong way by it.
const PASSAGE: std::time::Duration = std::time::Duration::from_secs(2);

/// What a Digicon board is told and tells.
mod digicon {
    pub(super) const OPEN: &[u8] = &[0x02, 0x02, 0x00, b'H', 0x48];
    pub(super) const CONFIRMED: &[u8] = &[0x02, 0x02, 0x00, 0x06, 0x06];
    pub(super) const PASSED_IN: &[u8] = &[0x02, 0x02, 0x00, 0x1A, 0x1A];
    pub(super) const PASSED_OUT: &[u8] = &[0x02, 0x02, 0x00, 0x1B, 0x1B];
}

/// A lane with a reader and a board, and members who come one after the other.
struct Lane {
    studio: Studio,
    gateway: Gateway,
    reader: Pty,
    people: Vec<(i64, Vec<u8>)>,
}

impl Lane {
    /// With this in the `[[board]]` table. Visits count on passage, where the board sees it.
    fn start(folder: &Path, board: &str, check_in: &str) -> Self {
        let studio = Studio::start(MEMBERS);
        let reader = Pty::new(folder, "reader");
        let tables = format!(
            r#"
[[reader]]
name = "outside"
kind = "serial"
port = "{{folder}}/reader"
format = "rdm6300"
[[board]]
name = "turnstile"
port = "{{folder}}/board"
{board}
[[lane]]
name = "main"
[lane.entry]
reader = "outside"
board = "turnstile"
passage_time = "2s"
check_in = "{check_in}"
"#
        );
        let gateway = Gateway::start(&write_tables(folder, studio.address(), &tables));
        gateway.wait_for_log("reader connected", 1);
        gateway.wait_for_log("turnstile board in service", 1);
        gateway.wait_for_log("the roster is complete", 1);
        Self {
            studio,
            gateway,
            reader,
            people: welcome(5).map(|member| (member.id, member.uid)).collect(),
        }
    }

    fn presents(&mut self) -> i64 {
        let (customer, uid) = self.people.remove(0);
        self.reader.send(&rdm6300(&uid));
        customer
    }
}

#[test]
fn digicon_opens_when_it_has_confirmed_and_counts_who_passed() {
    use digicon::{CONFIRMED, OPEN, PASSED_IN, PASSED_OUT};
    let folder = tempfile::tempdir().unwrap();
    let mut board = Pty::new(folder.path(), "board");
    let mut lane = Lane::start(folder.path(), "kind = \"digicon\"", "on-passage");

    let visitor = lane.presents();
    board.wait_for(OPEN, 1, 5 * SECOND);
    board.send(CONFIRMED);
    lane.gateway.wait_for_log("lane opened", 1);
    board.send(PASSED_IN);
    wait_for_visits(&lane.studio, vec![visitor]);

    lane.presents();
    board.wait_for(OPEN, 2, 5 * SECOND);
    board.send(CONFIRMED);
    lane.gateway.wait_for_log("passage=\"not-taken\"", 1);

    lane.presents();
    board.wait_for(OPEN, 3, 5 * SECOND);
    board.send(CONFIRMED);
    lane.gateway.wait_for_log("lane opened", 3);
    board.send(PASSED_OUT);
    lane.gateway.wait_for_log("passage=\"wrong-way\"", 1);

    // Not a word about the command: the board is away until it says something.
    lane.presents();
    board.wait_for(OPEN, 4, 5 * SECOND);
    lane.gateway.wait_for_log("turnstile board out of service", 1);
    board.send(PASSED_OUT);
    lane.gateway.wait_for_log("turnstile board in service", 2);
    wait_for_visits(&lane.studio, vec![visitor]);
}

#[test]
fn who_passes_a_board_that_answers_too_late_is_counted() {
    use digicon::{CONFIRMED, OPEN, PASSED_IN};
    let folder = tempfile::tempdir().unwrap();
    let mut board = Pty::new(folder.path(), "board");
    let mut lane = Lane::start(folder.path(), "kind = \"digicon\"", "on-passage");
    let visitor = lane.presents();
    board.wait_for(OPEN, 1, 5 * SECOND);
    lane.gateway
        .wait_for_log("nobody knows whether the lane opened", 1);
    board.send(CONFIRMED);
    board.send(PASSED_IN);
    lane.gateway.wait_for_log("passage=\"taken\"", 1);
    wait_for_visits(&lane.studio, vec![visitor]);
}

#[test]
fn the_status_names_a_board_that_is_away() {
    let folder = tempfile::tempdir().unwrap();
    let mut board = Pty::new(folder.path(), "board");
    let lane = Lane::start(folder.path(), "kind = \"digicon\"", "on-passage");
    let status = || json(&folder.path().join("gateway.toml"), &["status"]);
    let seen = status();
    assert_eq!(seen["boards"][0]["working"], true, "{seen}");
    assert_eq!(seen["troubles"], serde_json::json!([]));
    board.unplug();
    lane.gateway.wait_for_log("turnstile board out of service", 1);
    let seen = status();
    assert_eq!(seen["boards"][0]["working"], false, "{seen}");
    let trouble = seen["troubles"][0].as_str().unwrap();
    assert!(
        trouble.starts_with("board \"turnstile\" opens nothing: "),
        "{trouble}"
    );
}

#[test]
fn whoever_leaves_by_a_free_exit_takes_nobodys_opening() {
    use digicon::{CONFIRMED, OPEN, PASSED_IN, PASSED_OUT};
    let folder = tempfile::tempdir().unwrap();
    let mut board = Pty::new(folder.path(), "board");
    let mut lane = Lane::start(
        folder.path(),
        "kind = \"digicon\"\nfree_exit = true",
        "on-passage",
    );
    let visitor = lane.presents();
    board.wait_for(OPEN, 1, 5 * SECOND);
    board.send(CONFIRMED);
    lane.gateway.wait_for_log("lane opened", 1);
    board.send(PASSED_OUT);
    board.send(PASSED_IN);
    wait_for_visits(&lane.studio, vec![visitor]);
    assert!(!lane.gateway.log().contains("wrong-way"));
}

#[test]
fn one_tech_opens_at_once_and_tells_by_its_clock_whoever_did_not_pass() {
    const OPEN: &[u8] = &[0xFE, 0x80, 0x01, 0, 0, 0, 0xAB];
    const PASSED: &[u8] = &[0xFE, 0x81, 0x01, 0, 0, 0, 0xAB];
    const NOT_PASSED: &[u8] = &[0xFE, 0x44, 0x01, 0, 0, 0, 0xAB];
    let folder = tempfile::tempdir().unwrap();
    let mut board = Pty::new(folder.path(), "board");
    let mut lane = Lane::start(folder.path(), "kind = \"one-tech\"\nbaud = 9600", "on-passage");

    let visitor = lane.presents();
    board.wait_for(OPEN, 1, 5 * SECOND);
    board.send(PASSED);
    wait_for_visits(&lane.studio, vec![visitor]);

    lane.presents();
    board.wait_for(OPEN, 2, 5 * SECOND);
    board.send(NOT_PASSED);
    lane.gateway.wait_for_log("passage=\"wrong-way\"", 1);

    lane.presents();
    board.wait_for(OPEN, 3, 5 * SECOND);
    std::thread::sleep(PASSAGE + PAUSE);
    board.send(NOT_PASSED);
    lane.gateway.wait_for_log("passage=\"not-taken\"", 1);
    wait_for_visits(&lane.studio, vec![visitor]);
}

#[test]
fn mach_power_opens_at_once_and_the_visit_counts_when_it_does() {
    const OPEN: &[u8] = &[0xEB, 0x05, 0x40, 0x00, 0xAE];
    let folder = tempfile::tempdir().unwrap();
    let board = Pty::new(folder.path(), "board");
    let mut lane = Lane::start(folder.path(), "kind = \"mach-power\"\naddress = 5", "on-grant");
    let visitor = lane.presents();
    board.wait_for(OPEN, 1, 5 * SECOND);
    wait_for_visits(&lane.studio, vec![visitor]);
}

/// A swing gate: answers the question for its status, notes commands.
#[derive(Default)]
struct Gate {
    fault: u8,
    left: u8,
    right: u8,
    mute: bool,
    opened: usize,
    asked: Vec<u8>,
}

impl Gate {
    fn turn(&mut self, bytes: &[u8]) -> Vec<u8> {
        const QUESTION: [u8; 8] = [0x7E, 0x00, 0x01, 0x10, 0, 0, 0, 0x70];
        const OPEN: [u8; 8] = [0x7E, 0x00, 0x01, 0x80, 0x01, 0, 0, 0xFF];
        self.asked.extend_from_slice(bytes);
        let mut said = Vec::new();
        while self.asked.len() >= QUESTION.len() {
            let frame: Vec<u8> = self.asked.drain(..QUESTION.len()).collect();
            self.opened += usize::from(frame == OPEN);
            if frame == QUESTION && !self.mute {
                said.extend(self.status());
            }
        }
        said
    }

    fn status(&self) -> [u8; 18] {
        let mut status = [0; 18];
        status[..4].copy_from_slice(&[0x7F, 0x10, 0x01, self.fault]);
        (status[8], status[11], status[14]) = (self.left, self.right, 0x78);
        status[17] = !status.iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte));
        status
    }
}

#[test]
fn a_swing_gate_tells_by_its_counters_and_takes_its_lane_out_of_service_by_its_fault_number() {
    let folder = tempfile::tempdir().unwrap();
    let gate = Arc::new(Mutex::new(Gate::default()));
    let played = Arc::clone(&gate);
    let line = Pty::new(folder.path(), "board");
    let _board = FarEnd::play(line, move |bytes| played.lock().unwrap().turn(bytes));
    let mut lane = Lane::start(folder.path(), "kind = \"swing-7e\"", "on-passage");
    let wait_for_opening = |count: usize| {
        wait_for(&format!("{count} openings"), 10 * SECOND, || {
            (gate.lock().unwrap().opened >= count).then_some(())
        });
    };

    let visitor = lane.presents();
    wait_for_opening(1);
    gate.lock().unwrap().left += 1;
    wait_for_visits(&lane.studio, vec![visitor]);

    lane.presents();
    wait_for_opening(2);
    lane.gateway.wait_for_log("passage=\"not-taken\"", 1);

    lane.presents();
    wait_for_opening(3);
    gate.lock().unwrap().right += 1;
    lane.gateway.wait_for_log("passage=\"wrong-way\"", 1);

    gate.lock().unwrap().fault = 9;
    lane.gateway.wait_for_log("the turnstile reports a fault", 1);
    lane.presents();
    lane.gateway.wait_for_log("reason=out-of-service", 1);
    gate.lock().unwrap().fault = 0;
    lane.gateway.wait_for_log("the turnstile works again", 1);

    gate.lock().unwrap().mute = true;
    lane.gateway.wait_for_log("turnstile board out of service", 1);
    lane.presents();
    lane.gateway.wait_for_log("reason=out-of-service", 2);
    gate.lock().unwrap().mute = false;
    lane.gateway.wait_for_log("turnstile board in service", 2);
    let second = lane.presents();
    wait_for_opening(4);
    gate.lock().unwrap().left += 1;
    wait_for_visits(&lane.studio, vec![visitor, second]);
}
