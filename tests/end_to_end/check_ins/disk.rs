//! Disks that fail under a working gateway. The lane goes on, the log raises the alarm, and what the studio does not
//! have is delivered in the end, once.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use nix::sys::signal::Signal;
use rusqlite::Connection;
use serde_json::json;

use super::{SECOND, list, start_again, swipe, wait_until_delivered, welcome};
use crate::rig::{Lane, ON, Studio, wait_for};

/// A small file system in memory, as long as this value lives.
struct Disk(PathBuf);

impl Disk {
    /// At this folder; none where mounting is not permitted.
    fn mount(at: &Path) -> Option<Self> {
        let mounted = mount(&["-t", "tmpfs", "-o", "size=1m", "tmpfs"], at);
        if !mounted {
            println!("skipped: this machine does not permit mounting a file system");
        }
        mounted.then(|| Self(at.to_owned()))
    }

    fn remount(&self, how: &str) {
        assert!(
            mount(&["-o", &format!("remount,{how}")], &self.0),
            "remount {how}"
        );
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn mount(arguments: &[&str], at: &Path) -> bool {
    let output = Command::new("mount").args(arguments).arg(at).output();
    output.is_ok_and(|output| output.status.success())
}

/// A lane that has been ended before anybody came, with an empty data folder, at a studio that takes no check-ins.
fn ended_lane(studio: &Studio) -> (Lane, PathBuf) {
    studio.put("/_simulator/faults", &json!({ "checkIn": { "error_rate": 1.0 } }));
    let mut lane = Lane::start(studio);
    end(&mut lane, Signal::SIGTERM);
    let data = lane.folder.path().join("data");
    std::fs::remove_dir_all(&data).unwrap();
    std::fs::create_dir(&data).unwrap();
    (lane, data)
}

fn end(lane: &mut Lane, signal: Signal) {
    lane.gateway.signal(signal);
    lane.gateway.wait(10 * SECOND);
}

/// The next so many of `people` come in, and each finds the lane open.
fn come_in(
    lane: &mut Lane,
    people: &mut impl Iterator<Item = turnstile_gateway::simulator::SimulatedMember>,
    count: usize,
) {
    for member in people.take(count) {
        let before = lane.relay.arrivals(&ON).len();
        swipe(&mut lane.reader, &member);
        lane.relay.wait_for(&ON, before + 1, 5 * SECOND);
    }
}

/// The studio takes check-ins again, and has each of so many visits once.
fn all_arrive(studio: &Studio, data: &Path, visits: usize) {
    studio.delete("/_simulator/faults");
    wait_for("the visits at the studio", 120 * SECOND, || {
        (list(studio).len() >= visits).then_some(())
    });
    wait_until_delivered(data, 60 * SECOND);
    let list = list(studio);
    assert_eq!(list.len(), visits);
    assert!(list.values().all(|times| *times == 1), "{list:?}");
}

#[test]
fn a_full_disk_stops_nobody_and_what_came_meanwhile_is_on_disk_once_there_is_room() {
    let studio = Studio::start(1000);
    let (mut lane, data) = ended_lane(&studio);
    let Some(_disk) = Disk::mount(&data) else { return };
    start_again(&mut lane, 1);
    let mut people = welcome(30).into_iter();
    come_in(&mut lane, &mut people, 5);
    let filler = data.join("filler");
    let full = std::fs::write(&filler, vec![0; 2 << 20]).unwrap_err();
    assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
    come_in(&mut lane, &mut people, 20);
    lane.gateway.wait_for_log("the journal cannot be written", 1);
    std::fs::remove_file(filler).unwrap();
    lane.gateway.wait_for_log("the journal can be written again", 1);
    end(&mut lane, Signal::SIGKILL);
    start_again(&mut lane, 2);
    lane.gateway.wait_for_log("check_ins_waiting=25", 1);
    come_in(&mut lane, &mut people, 5);
    all_arrive(&studio, &data, 30);
}

#[test]
fn a_disk_that_is_read_only_at_the_start_brings_its_visits_when_it_can_be_written() {
    let studio = Studio::start(1000);
    let (mut lane, data) = ended_lane(&studio);
    let Some(disk) = Disk::mount(&data) else { return };
    start_again(&mut lane, 1);
    let mut people = welcome(12).into_iter();
    come_in(&mut lane, &mut people, 4);
    end(&mut lane, Signal::SIGTERM);
    disk.remount("ro");
    start_again(&mut lane, 2);
    come_in(&mut lane, &mut people, 4);
    lane.gateway.wait_for_log("the journal cannot be written", 1);
    disk.remount("rw");
    lane.gateway.wait_for_log("the journal can be written again", 1);
    end(&mut lane, Signal::SIGKILL);
    start_again(&mut lane, 3);
    lane.gateway.wait_for_log("check_ins_waiting=8", 1);
    come_in(&mut lane, &mut people, 4);
    all_arrive(&studio, &data, 12);
}

#[test]
fn a_database_that_is_overwritten_with_noise_is_set_aside_and_filled_again_from_memory() {
    let studio = Studio::start(1000);
    let (mut lane, data) = ended_lane(&studio);
    start_again(&mut lane, 1);
    let mut people = welcome(12).into_iter();
    come_in(&mut lane, &mut people, 6);
    let file = data.join("journal.db");
    // All of it in the one file, so that none can be read back from the write-ahead log.
    wait_for("the end of writing", 10 * SECOND, || {
        let connection = Connection::open(&file).unwrap();
        let busy = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0));
        let count = connection.query_row("SELECT count(*) FROM visits", [], |row| row.get::<_, u32>(0));
        (!busy.unwrap() && count.unwrap() == 6).then_some(())
    });
    let length = std::fs::metadata(&file).unwrap().len();
    let noise: Vec<u8> = (0..length)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    std::fs::write(&file, noise).unwrap();
    come_in(&mut lane, &mut people, 3);
    lane.gateway.wait_for_log("a damaged database was set aside", 1);
    lane.gateway.wait_for_log("the journal can be written again", 1);
    end(&mut lane, Signal::SIGKILL);
    start_again(&mut lane, 2);
    lane.gateway.wait_for_log("check_ins_waiting=9", 1);
    come_in(&mut lane, &mut people, 3);
    all_arrive(&studio, &data, 12);
}

/// The tables of the first version, with one visit that waits.
const FIRST_VERSION: &str = "
    CREATE TABLE starts (boot INTEGER PRIMARY KEY, device TEXT NOT NULL, machine_boot TEXT NOT NULL) STRICT;
    CREATE TABLE visits (
        id INTEGER PRIMARY KEY, visitor ANY NOT NULL, access_point TEXT NOT NULL, outward INTEGER NOT NULL,
        at INTEGER NOT NULL, clock INTEGER NOT NULL, monotonic INTEGER, state INTEGER NOT NULL,
        attempts INTEGER NOT NULL, since INTEGER, message TEXT, trace TEXT
    ) STRICT;
    INSERT INTO starts VALUES (7, 'test', 'an earlier run');
    INSERT INTO visits VALUES (30064771075, 1001, 'main/in', 0, 1767600000000, 0, NULL, 0, 0, NULL, NULL, NULL);
    PRAGMA user_version = 1;";

#[test]
fn a_journal_of_the_first_version_is_brought_up_to_date_and_its_visit_delivered() {
    let studio = Studio::start(1000);
    let (mut lane, data) = ended_lane(&studio);
    Connection::open(data.join("journal.db"))
        .unwrap()
        .execute_batch(FIRST_VERSION)
        .unwrap();
    start_again(&mut lane, 1);
    lane.gateway.wait_for_log("start=8 check_ins_waiting=1", 1);
    let mut people = welcome(9).into_iter().filter(|member| member.id != 1001);
    come_in(&mut lane, &mut people, 2);
    std::thread::sleep(Duration::from_millis(100));
    all_arrive(&studio, &data, 3);
    assert_eq!(list(&studio).get(&(1001, 1_767_600_000)), Some(&1));
}
