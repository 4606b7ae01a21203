//! What happens to the files: damage, no room, no folder; and what must never stand in them.

use std::collections::HashSet;
use std::path::Path;

use super::*;

/// What stands in the files of a folder.
fn contents(folder: &Path) -> String {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let bytes: Vec<u8> = files
        .iter()
        .flat_map(|file| std::fs::read(file).unwrap())
        .collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_personal_reaches_the_disk() {
    let rig = Rig::start(200).await;
    let settings = DirectorySettings {
        access_codes: true,
        benefits: benefits(&["GYM_ACCESS"]),
        ..roster()
    };
    let directory = rig.directory_with(settings);
    let working = tokio::spawn(directory.clone().keep_up());
    let everybody: Vec<_> = members(1, 200).collect();
    for member in everybody.iter().step_by(7) {
        let record = known(&directory, &card(member), &["GYM_ACCESS"]).await;
        directory.came(record.customer, record.as_of);
    }
    let last = rig.who(Story::Active).last().unwrap();
    wait_for_disk(&rig, &Credential::Code(last.access_code.clone()), |_| true).await;
    working.abort();
    let found = contents(rig.folder.path());
    // A text can only stand there when all its pieces do. That is quick to see, and the rest is few.
    let pieces: HashSet<&[u8]> = found.as_bytes().windows(6).collect();
    let stands =
        |text: &str| text.as_bytes().windows(6).all(|piece| pieces.contains(piece)) && found.contains(text);
    // The test looks where the records are.
    assert!(stands(&last.pin) && stands(&last.access_code));
    for member in &everybody {
        let names = [
            member.first_name.clone(),
            format!("\"{}\"", member.last_name),
            member.customer_number.clone(),
            member.debtor_id.clone(),
        ];
        for text in member.personal_details().into_iter().chain(names) {
            assert!(!stands(&text), "{text:?} of {member:?} stands in the files");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_damaged_while_the_lane_works_is_set_aside_and_filled_again() {
    let rig = Rig::start(2_600).await;
    let directory = rig.directory_with(roster());
    let working = tokio::spawn(directory.clone().keep_up());
    wait_for("the roster", || async { directory.roster_as_of().await }).await;
    let held = rig.who(Story::Active).next().unwrap();
    assert!(recalled(&directory, &card(&held)).await.is_some());

    for name in ["members.db", "members.db-wal"] {
        let file = rig.folder.path().join(name);
        let length = std::fs::metadata(&file).unwrap().len();
        let noise: Vec<u8> = (0..length).map(|place| (place * 31 % 251) as u8).collect();
        std::fs::write(&file, noise).unwrap();
    }
    // Who is in memory notices nothing; for the others the studio is asked.
    assert!(recalled(&directory, &card(&held)).await.is_some());
    for member in rig.who(Story::Active).step_by(50) {
        if recalled(&directory, &card(&member)).await.is_none() {
            known(&directory, &card(&member), &[]).await;
        }
    }
    wait_for("the file to be filled again", || async {
        let last = rig.who(Story::Active).last().unwrap();
        recalled(&rig.directory(), &card(&last)).await
    })
    .await;
    let aside = std::fs::read_dir(rig.folder.path())
        .unwrap()
        .filter(|entry| {
            entry
                .as_ref()
                .unwrap()
                .file_name()
                .to_string_lossy()
                .contains("damaged")
        })
        .count();
    assert!(aside > 0, "the damaged file is kept");
    working.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn noise_in_place_of_the_file_at_the_start_costs_the_records_and_nothing_else() {
    let rig = Rig::start(100).await;
    let noise: Vec<u8> = (0..100_000_u32).map(|place| (place * 31 % 251) as u8).collect();
    std::fs::write(rig.folder.path().join("members.db"), noise).unwrap();
    let directory = rig.directory();
    let card = card(&rig.who(Story::Active).next().unwrap());
    assert_eq!(recall(&directory, &card).await, Recollection::Nothing);
    known(&directory, &card, &[]).await;
    wait_for_disk(&rig, &card, |_| true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_disk_the_roster_goes_to_memory_and_is_fetched_once() {
    let rig = Rig::start(600).await;
    let nowhere = rig.folder.path().join("not there");
    let settings = DirectorySettings {
        access_codes: true,
        ..roster()
    };
    let directory = Directory::new(Store::open(&nowhere), rig.studio(), rig.budget.clone(), settings);
    let working = tokio::spawn(directory.clone().keep_up());
    let last = rig.who(Story::Active).last().unwrap();
    wait_for("the roster in memory", || async {
        recalled(&directory, &card(&last)).await
    })
    .await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    working.abort();
    assert_eq!(rig.requests("getCustomers"), 2);
    assert_eq!(rig.requests("getCustomerAccessCode"), 0, "they could not be kept");
}

/// Run as root: `cargo test -p turnstile-gateway --test directory -- --ignored`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "mounts a file system, which only root may"]
async fn a_full_disk_sends_the_records_to_memory_until_there_is_room() {
    let rig = Rig::start(2_600).await;
    let small = rig.folder.path().join("small");
    std::fs::create_dir(&small).unwrap();
    let mount = |arguments: &[&str]| {
        let done = std::process::Command::new(arguments[0])
            .args(&arguments[1..])
            .arg(&small)
            .status();
        assert!(done.unwrap().success(), "{arguments:?}");
    };
    mount(&["mount", "-t", "tmpfs", "-o", "size=1m", "none"]);
    let filler = small.join("filler");
    std::fs::write(&filler, vec![0; 700_000]).unwrap();
    let directory = Directory::new(Store::open(&small), rig.studio(), rig.budget.clone(), roster());
    let working = tokio::spawn(directory.clone().keep_up());
    let last = rig.who(Story::Active).last().unwrap();
    let found = wait_for("the roster", || async {
        recalled(&directory, &card(&last)).await
    })
    .await;
    assert_eq!(found.customer.0, last.id);
    assert!(
        directory.roster_as_of().await.is_none(),
        "there was no room for all of it"
    );
    let other = rig.who(Story::Active).next().unwrap();
    known(&directory, &card(&other), &["GYM_ACCESS"]).await;
    assert!(recalled(&directory, &card(&other)).await.is_some());

    mount(&["mount", "-o", "remount,size=20m"]);
    directory.resync();
    wait_for("the roster on disk", || async { directory.roster_as_of().await }).await;
    working.abort();
    drop(directory);
    let directory = Directory::new(Store::open(&small), rig.studio(), rig.budget.clone(), quiet());
    assert!(recalled(&directory, &card(&last)).await.is_some());
    drop(directory);
    wait_for("the file system to be left", || async {
        let left = std::process::Command::new("umount").arg(&small).status().unwrap();
        left.success().then_some(())
    })
    .await;
}
