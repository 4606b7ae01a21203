//! The journal on real files: what is found again by the next start. `trouble` has what ails a disk.

mod trouble;

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use tempfile::TempDir;

use super::writer::Writer;
use super::*;
use crate::clock;
use crate::domain::{CardNumber, CheckIn, CheckInId, Credential, CustomerId, Direction, Monotonic, Visitor};

fn settings(folder: &Path) -> JournalSettings {
    JournalSettings {
        path: folder.join("check-ins.db"),
        device: "gate".into(),
        machine_boot: "this run".into(),
        ways: vec![Way::OpenApi],
        most_visits: 1000,
        keep_delivered: Duration::from_secs(30 * 24 * 3600),
    }
}

fn by(visitor: Visitor, sequence: u64) -> CheckIn {
    CheckIn {
        id: CheckInId {
            device: "gate".into(),
            boot: 1,
            sequence,
        },
        visitor,
        credential: Some(Credential::Pin("4711".into())),
        access_point: "north entry".into(),
        direction: Direction::In,
        at: Timestamp::from_millisecond(1_700_000_000_000 + i64::try_from(sequence).unwrap()).unwrap(),
        clock_set: true,
    }
}

fn check_in(sequence: u64) -> CheckIn {
    by(Visitor::Customer(CustomerId(7)), sequence)
}

fn sequences(journal: &JournalHandle) -> Vec<u32> {
    journal.visits().iter().map(|visit| visit.id.sequence).collect()
}

fn written(folder: &Path, count: u64) -> Writer {
    let (mut writer, _) = Writer::open(settings(folder)).unwrap();
    for sequence in 0..count {
        writer.handle().append(check_in(sequence));
    }
    writer.step();
    writer
}

#[tokio::test]
async fn what_was_flushed_is_found_by_the_next_start() {
    let folder = TempDir::new().unwrap();
    let (journal, opened) = open(settings(folder.path())).unwrap();
    assert_eq!((opened.boot, opened.recovered), (1, 0));
    let handle = journal.handle();
    handle.append(check_in(0));
    handle.append(check_in(1));
    assert!(handle.flush().await);
    let before = handle.visits();
    drop(journal);

    let (journal, opened) = open(settings(folder.path())).unwrap();
    assert_eq!((opened.boot, opened.recovered), (2, 2));
    assert_eq!(journal.handle().visits(), before);
}

#[test]
fn a_visit_is_on_disk_soon_without_anybody_asking() {
    let folder = TempDir::new().unwrap();
    let (journal, _) = open(settings(folder.path())).unwrap();
    journal.handle().append(check_in(0));
    let connection = rusqlite::Connection::open(folder.path().join("check-ins.db")).unwrap();
    let found = (0..500).any(|_| {
        std::thread::sleep(Duration::from_millis(2));
        let count: i64 = connection
            .query_row("SELECT count(*) FROM visits", [], |row| row.get(0))
            .unwrap();
        count == 1
    });
    assert!(found);
}

#[test]
fn closing_writes_what_is_left() {
    let folder = TempDir::new().unwrap();
    let (journal, _) = open(settings(folder.path())).unwrap();
    journal.handle().append(check_in(0));
    let id = journal.handle().visits()[0].id;
    journal.handle().delivered(id, clock::wall());
    journal.close();
    let (journal, opened) = open(settings(folder.path())).unwrap();
    assert_eq!(opened.recovered, 0);
    assert_eq!(journal.handle().counts().delivered, 1);
}

#[test]
fn every_kind_of_visitor_and_state_survives_a_restart() {
    let folder = TempDir::new().unwrap();
    let (mut writer, _) = Writer::open(settings(folder.path())).unwrap();
    let handle = writer.handle();
    let card = |text| Credential::Card(CardNumber::from_hex_msb(text).unwrap());
    let credentials = [
        card("0004a2b3"),
        Credential::Card(CardNumber::from_decimal("65535").unwrap()),
        Credential::Code("a:b".into()),
        Credential::CodeUuid("u".into()),
        Credential::Pin("4711".into()),
        Credential::WalletPass("w".into()),
    ];
    for (sequence, credential) in (0..).zip(credentials) {
        handle.append(by(Visitor::Unresolved(credential), sequence));
    }
    let ids: Vec<VisitId> = handle.visits().iter().map(|visit| visit.id).collect();
    handle.park(ids[0], "no such customer".into(), Some("trace".into()));
    handle.ambiguous(ids[1], 3, Monotonic::default());
    handle.resolve(ids[2], CustomerId(-1));
    handle.correct(ids[3], Timestamp::from_second(5).unwrap());
    let written_at = Timestamp::from_millisecond(handle.visits()[0].at.as_millisecond()).unwrap();
    assert_eq!(written_at, handle.visits()[0].at);
    writer.step();
    let mut before = handle.visits();
    drop(writer);
    let (writer, _) = Writer::open(settings(folder.path())).unwrap();
    let after = writer.handle().visits();
    // The time of parking is kept in milliseconds.
    if let (State::Parked(before), State::Parked(after)) = (&mut before[0].state, &after[0].state) {
        before.since = after.since;
    }
    assert_eq!(after, before);
    if let Visitor::Unresolved(Credential::Card(number)) = &after[0].visitor {
        assert_eq!(number.hex_msb(), "0004a2b3");
    }
}

#[test]
fn each_way_has_a_row_of_its_own_and_only_the_device_api_keeps_what_was_presented() {
    let folder = TempDir::new().unwrap();
    let three = JournalSettings {
        ways: Way::ALL.to_vec(),
        ..settings(folder.path())
    };
    let (mut writer, _) = Writer::open(three.clone()).unwrap();
    writer.handle().append(check_in(0));
    writer.handle().append(CheckIn {
        direction: Direction::Out,
        ..check_in(1)
    });
    writer.step();
    drop(writer);
    let (mut writer, _) = Writer::open(three).unwrap();
    let names = |writer: &Writer| -> Vec<String> {
        let visits = writer.handle().visits();
        visits.iter().map(|visit| visit.id.to_string()).collect()
    };
    assert_eq!(
        names(&writer),
        ["1-0", "1-0-device-api", "1-0-benefit-use", "1-1"]
    );
    let presented = |writer: &Writer| -> Vec<bool> {
        let visits = writer.handle().visits();
        visits.iter().map(|visit| visit.presented.is_some()).collect()
    };
    assert_eq!(presented(&writer), [false, true, false, false]);
    writer
        .handle()
        .delivered("1-0-device-api".parse().unwrap(), clock::wall());
    writer.step();
    assert_eq!(presented(&writer), [false; 4]);
    drop(writer);
    let connection = rusqlite::Connection::open(folder.path().join("check-ins.db")).unwrap();
    let kept: i64 = connection
        .query_row("SELECT count(presented) FROM visits", [], |row| row.get(0))
        .unwrap();
    assert_eq!(kept, 0);
}

#[test]
fn starts_are_counted_even_when_nothing_comes_and_when_the_file_is_lost() {
    let folder = TempDir::new().unwrap();
    for boot in 1..=3 {
        let (_, opened) = Writer::open(settings(folder.path())).unwrap();
        assert_eq!(opened.boot, boot);
    }
    std::fs::remove_file(folder.path().join("check-ins.db")).unwrap();
    let (_, opened) = Writer::open(settings(folder.path())).unwrap();
    assert_eq!(opened.boot, 4);
}

#[test]
fn a_second_gateway_on_the_same_journal_is_refused() {
    let folder = TempDir::new().unwrap();
    let _first = Writer::open(settings(folder.path())).unwrap();
    let second = Writer::open(settings(folder.path()));
    assert!(matches!(second, Err(JournalError::InUse { .. })));
}

#[test]
fn a_journal_of_a_newer_version_is_refused_and_left_as_it_is() {
    let folder = TempDir::new().unwrap();
    drop(written(folder.path(), 1));
    let file = folder.path().join("check-ins.db");
    let connection = rusqlite::Connection::open(&file).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    let error = Writer::open(settings(folder.path())).map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("newer version (schema 99"), "{error}");
    let visits: i64 = connection
        .query_row("SELECT count(*) FROM visits", [], |row| row.get(0))
        .unwrap();
    assert_eq!(visits, 1);
}

#[tokio::test]
async fn a_journal_of_the_first_schema_version_is_brought_up_to_date() {
    let folder = TempDir::new().unwrap();
    let old = rusqlite::Connection::open(folder.path().join("check-ins.db")).unwrap();
    old.execute_batch(schema::MIGRATIONS[0]).unwrap();
    old.execute_batch(
        "INSERT INTO starts VALUES (1, 'gate', 'another run');
         INSERT INTO visits VALUES (4294967296, 7, 'north entry', 0, 1700000000000, 0, NULL, 0, 0, NULL, NULL, NULL);
         PRAGMA user_version = 1;",
    )
    .unwrap();
    drop(old);
    let (journal, opened) = open(settings(folder.path())).unwrap();
    assert_eq!((opened.boot, opened.recovered), (2, 1));
    let handle = journal.handle();
    assert!(handle.drop_visit(handle.visits()[0].id, "a test".into()).await);
    drop(journal);
    let now = rusqlite::Connection::open(folder.path().join("check-ins.db")).unwrap();
    let reason: String = now
        .query_row("SELECT reason FROM dropped", [], |row| row.get(0))
        .unwrap();
    assert_eq!(reason, "a test");
}

#[test]
fn at_the_bound_the_oldest_delivered_visits_go_and_undelivered_ones_never() {
    let folder = TempDir::new().unwrap();
    let bounded = JournalSettings {
        most_visits: 10,
        ..settings(folder.path())
    };
    let (mut writer, _) = Writer::open(bounded.clone()).unwrap();
    let handle = writer.handle();
    for sequence in 0..14 {
        handle.append(check_in(sequence));
        writer.step();
        if sequence < 5 {
            handle.delivered(handle.visits()[0].id, clock::wall());
        }
    }
    writer.step();
    drop(writer);
    let (mut writer, _) = Writer::open(bounded).unwrap();
    assert_eq!(sequences(&writer.handle()), [5, 6, 7, 8, 9, 10, 11, 12, 13, 4]);
    writer.handle().append(check_in(20));
    writer.handle().append(check_in(21));
    writer.step();
    assert_eq!(writer.handle().counts().waiting, 11);
    assert_eq!(writer.handle().counts().delivered, 0);
}

#[test]
fn a_visit_whose_clock_was_not_set_is_correctable_only_while_the_machine_runs_on() {
    let folder = TempDir::new().unwrap();
    let (mut writer, _) = Writer::open(settings(folder.path())).unwrap();
    writer.handle().append(CheckIn {
        clock_set: false,
        ..check_in(0)
    });
    writer.step();
    drop(writer);
    let clock = |machine_boot: &str| {
        let settings = JournalSettings {
            machine_boot: machine_boot.into(),
            ..settings(folder.path())
        };
        let (writer, _) = Writer::open(settings).unwrap();
        writer.handle().visits()[0].clock
    };
    assert!(matches!(clock("this run"), VisitClock::Unset(_)));
    assert_eq!(clock("the next run"), VisitClock::NeverSet);
}

#[tokio::test]
async fn a_visit_may_leave_once_the_disk_says_that_it_may_be_sent() {
    let folder = TempDir::new().unwrap();
    let (journal, _) = open(settings(folder.path())).unwrap();
    let handle = journal.handle();
    handle.append(check_in(0));
    assert!(handle.flush().await);
    let ids = [handle.visits()[0].id];
    assert_eq!(handle.mark_sent(&ids).await, ids);
    drop(journal);
    let (journal, _) = open(settings(folder.path())).unwrap();
    assert_eq!(journal.handle().visits()[0].state, State::Sent);
}

#[test]
fn with_an_eager_delivery_a_visit_is_written_as_sent_from_the_start() {
    let folder = TempDir::new().unwrap();
    let (mut writer, _) = Writer::open(settings(folder.path())).unwrap();
    writer.handle().set_eager(true);
    writer.handle().append(check_in(0));
    writer.step();
    assert_eq!(writer.handle().visits()[0].state, State::Waiting);
    drop(writer);
    let (writer, _) = Writer::open(settings(folder.path())).unwrap();
    assert_eq!(writer.handle().visits()[0].state, State::Sent);
}

#[tokio::test]
async fn a_parked_visit_that_is_tried_again_is_asked_for_first_and_others_are_left_alone() {
    let folder = TempDir::new().unwrap();
    let (journal, _) = open(settings(folder.path())).unwrap();
    let handle = journal.handle();
    handle.append(check_in(0));
    handle.append(check_in(1));
    let ids: Vec<VisitId> = handle.visits().iter().map(|visit| visit.id).collect();
    handle.park(ids[0], "a test".into(), None);
    assert!(handle.retry(ids[0]).await);
    assert!(!handle.retry(ids[1]).await);
    let states: Vec<State> = handle.visits().into_iter().map(|visit| visit.state).collect();
    assert_eq!(states, [State::Sent, State::Waiting]);
}

/// What this thread has written so far, in bytes.
fn bytes_written() -> u64 {
    let io = std::fs::read_to_string("/proc/thread-self/io").unwrap();
    let line = io.lines().find_map(|line| line.strip_prefix("wchar: "));
    line.unwrap().parse().unwrap()
}

/// Every byte wears the SD card; the file system adds to those that are written here. Visits come `together` between
/// two commits; the network takes each at once.
fn bytes_per_visit(together: u64) -> u64 {
    let folder = TempDir::new().unwrap();
    let (mut writer, _) = Writer::open(settings(folder.path())).unwrap();
    let handle = writer.handle();
    handle.set_eager(true);
    let (visits, before) = (600, bytes_written());
    for first in (0..visits).step_by(usize::try_from(together).unwrap()) {
        for sequence in first..first + together {
            handle.append(check_in(sequence));
        }
        writer.step();
        for visit in handle.visits() {
            handle.delivered(visit.id, clock::wall());
        }
    }
    writer.step();
    assert_eq!(handle.counts().delivered, usize::try_from(visits).unwrap());
    drop(writer);
    (bytes_written() - before) / visits
}

#[test]
fn a_visit_writes_less_than_two_kilobytes_alone_and_less_than_half_of_one_in_a_crowd() {
    let (alone, crowd) = (bytes_per_visit(1), bytes_per_visit(20));
    println!("{alone} bytes a visit one by one, {crowd} with 20 together");
    assert!(alone < 2048 && crowd < 512, "{alone} and {crowd} bytes a visit");
}
