//! The journal on real files: what is found again by the next start. `trouble` has what ails a disk.

mod trouble;

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use tempfile::TempDir;

use super::writer::Writer;
use super::*;
use crate::domain::{CardNumber, CheckIn, CheckInId, Credential, CustomerId, Direction, Monotonic, Visitor};

fn settings(folder: &Path) -> JournalSettings {
    JournalSettings {
        path: folder.join("check-ins.db"),
        device: "gate".into(),
        machine_boot: "this run".into(),
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
    journal.handle().delivered(id);
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
            handle.delivered(handle.visits()[0].id);
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

/// Measures what a visit costs the SD card: `cargo test -p turnstile-gateway --release bytes_per_visit -- --ignored
/// --nocapture` in a folder on a real disk (`TMPDIR`).
#[tokio::test]
#[ignore = "a measurement"]
async fn bytes_per_visit() {
    let folder = TempDir::new().unwrap();
    let written = || -> u64 {
        let io = std::fs::read_to_string("/proc/self/io").unwrap();
        let line = io
            .lines()
            .find_map(|line| line.strip_prefix("write_bytes: "))
            .unwrap();
        line.parse().unwrap()
    };
    for (name, batch, eager) in [
        ("one by one", 1, true),
        ("marked separately", 1, false),
        ("20 together", 20, false),
    ] {
        let folder = folder.path().join(name);
        std::fs::create_dir(&folder).unwrap();
        let (journal, _) = open(JournalSettings {
            most_visits: 20_000,
            ..settings(&folder)
        })
        .unwrap();
        let handle = journal.handle();
        handle.set_eager(eager);
        let before = written();
        let begun = hal::clock::monotonic();
        let visits = 2000;
        for first in (0..visits).step_by(batch) {
            for sequence in first..first + batch {
                handle.append(check_in(sequence as u64));
            }
            assert!(handle.flush().await);
            let mut ids = Vec::new();
            handle.each_undelivered(|visit| {
                ids.push(visit.id);
                true
            });
            handle.mark_sent(&ids).await;
            ids.iter().for_each(|id| handle.delivered(*id));
        }
        journal.close();
        println!(
            "{name}: {} bytes a visit, {:?} a visit, file {}",
            (written() - before) / visits as u64,
            (hal::clock::monotonic() - begun) / u32::try_from(visits).unwrap(),
            std::fs::metadata(folder.join("check-ins.db")).unwrap().len()
        );
    }
}
