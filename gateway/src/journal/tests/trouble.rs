//! The journal on a disk that fails: noise, torn pages, no room, no folder.

use std::io::{Seek, SeekFrom, Write};

use super::*;

#[test]
fn a_file_of_noise_is_set_aside_and_the_starts_go_on_counting() {
    let folder = TempDir::new().unwrap();
    drop(written(folder.path(), 3));
    let file = folder.path().join("check-ins.db");
    let noise: Vec<u8> = (0..20_000u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    std::fs::write(&file, &noise).unwrap();
    let (writer, opened) = Writer::open(settings(folder.path())).unwrap();
    assert_eq!(std::fs::read(opened.set_aside.unwrap()).unwrap(), noise);
    assert_eq!((opened.boot, opened.recovered), (2, 0));
    writer.handle().append(check_in(0));
    assert_eq!(sequences(&writer.handle()), [0]);
}

#[test]
fn rows_before_and_after_the_damage_are_carried_over_and_count_as_ambiguous() {
    let folder = TempDir::new().unwrap();
    drop(written(folder.path(), 900));
    let path = folder.path().join("check-ins.db");
    let mut file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    let middle = file.metadata().unwrap().len() / 2 / 1024 * 1024;
    file.seek(SeekFrom::Start(middle)).unwrap();
    file.write_all(&[0xA5; 4096]).unwrap();
    let (writer, opened) = Writer::open(settings(folder.path())).unwrap();
    assert!(opened.set_aside.is_some());
    let carried = sequences(&writer.handle());
    assert!(carried.len() > 700 && carried.len() < 900, "{}", carried.len());
    assert!(carried.contains(&0) && carried.contains(&899));
    writer.handle().each_undelivered(|visit| {
        assert_eq!(visit.state, State::Sent);
        true
    });
}

#[test]
fn a_file_that_is_damaged_while_open_is_filled_again_from_memory() {
    let folder = TempDir::new().unwrap();
    let mut writer = written(folder.path(), 300);
    let path = folder.path().join("check-ins.db");
    rusqlite::Connection::open(&path)
        .unwrap()
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .unwrap();
    let length = std::fs::metadata(&path).unwrap().len();
    std::fs::write(&path, vec![0xA5; usize::try_from(length).unwrap()]).unwrap();
    for sequence in 300..310 {
        writer.handle().append(check_in(sequence));
        writer.step();
    }
    drop(writer);
    let (writer, opened) = Writer::open(settings(folder.path())).unwrap();
    assert_eq!(opened.boot, 2);
    assert_eq!(sequences(&writer.handle()), (0..310).collect::<Vec<u32>>());
}

#[test]
fn a_full_disk_loses_nothing_and_everything_is_written_once_there_is_room() {
    let folder = TempDir::new().unwrap();
    let mut writer = written(folder.path(), 10);
    writer.store.as_ref().unwrap().limit_pages(1);
    for sequence in 10..500 {
        writer.handle().append(check_in(sequence));
    }
    writer.step();
    assert_eq!(writer.handle().counts().unwritten, 490);
    writer.store.as_ref().unwrap().limit_pages(1_000_000);
    writer.step();
    assert_eq!(writer.handle().counts().unwritten, 0);
    drop(writer);
    let (writer, _) = Writer::open(settings(folder.path())).unwrap();
    assert_eq!(sequences(&writer.handle()), (0..500).collect::<Vec<u32>>());
}

#[tokio::test]
async fn a_flush_says_when_the_disk_does_not_take_it() {
    let folder = TempDir::new().unwrap();
    let missing = folder.path().join("later");
    let (journal, opened) = open(settings(&missing)).unwrap();
    assert_eq!(opened.recovered, 0);
    journal.handle().append(check_in(0));
    assert!(!journal.handle().flush().await);
}

#[test]
fn a_disk_that_comes_late_brings_its_visits_and_the_true_number_of_this_start() {
    let folder = TempDir::new().unwrap();
    let late = folder.path().join("late");
    let early = folder.path().join("early");
    std::fs::create_dir(&early).unwrap();
    drop(written(&early, 2));

    let (mut writer, opened) = Writer::open(settings(&late)).unwrap();
    assert_eq!(opened.boot, 1);
    writer.handle().append(check_in(0));
    std::fs::rename(&early, &late).unwrap();
    writer.step();
    writer.handle().append(check_in(1));
    writer.step();
    let ids = |writer: &Writer| -> Vec<(u32, u32)> {
        writer
            .handle()
            .visits()
            .iter()
            .map(|visit| (visit.id.boot, visit.id.sequence))
            .collect()
    };
    let expected = [(1, 0), (1, 1), (2, 0), (2, 1)];
    assert_eq!(ids(&writer), expected);
    drop(writer);
    let (writer, _) = Writer::open(settings(&late)).unwrap();
    assert_eq!(ids(&writer), expected);
}

#[tokio::test]
async fn on_a_full_disk_only_visits_that_the_disk_does_not_know_may_leave() {
    let folder = TempDir::new().unwrap();
    let (mut writer, _) = Writer::open(settings(folder.path())).unwrap();
    let handle = writer.handle();
    handle.append(check_in(0));
    writer.step();
    writer.store.as_ref().unwrap().limit_pages(1);
    for sequence in 1..200 {
        handle.append(by(Visitor::Customer(CustomerId(7)), sequence));
    }
    handle.set_eager(true);
    writer.step();
    let ids: Vec<VisitId> = handle.visits().iter().take(2).map(|visit| visit.id).collect();
    assert_eq!(handle.mark_sent(&ids).await, ids[1..]);
}
