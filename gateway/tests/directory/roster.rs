//! The roster: complete, resumed, renewed; who vanishes from it is withdrawn.

use turnstile_gateway::domain::MemberStatus;

use super::*;

/// Members of whom the list of the studio's members is made: all but former members and prospects.
fn listed(rig: &Rig) -> Vec<SimulatedMember> {
    members(1, rig.members)
        .filter(|member| !matches!(member.story, Story::FormerMember | Story::Prospect))
        .collect()
}

/// The listed members that the disk does not have.
async fn missing(rig: &Rig) -> usize {
    let directory = rig.directory();
    let mut missing = 0;
    for member in listed(rig) {
        missing += usize::from(recalled(&directory, &card(&member)).await.is_none());
    }
    missing
}

async fn wait_until_complete(rig: &Rig) {
    let last = listed(rig).pop().unwrap();
    wait_for_disk(rig, &card(&last), |_| true).await;
    wait_for("the end of the roster", || async {
        rig.roster_is_complete().then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_roster_brings_all_members_before_anybody_comes() {
    let rig = Rig::start(2_600).await;
    let working = tokio::spawn(rig.directory_with(roster()).keep_up());
    wait_until_complete(&rig).await;
    working.abort();
    assert_eq!(rig.requests("getCustomers"), 5, "2,470 members by 500");
    assert_eq!(missing(&rig).await, 0);
    rig.studio_is_down();
    let directory = rig.directory();
    for (story, wanted) in [
        (Story::Active, "nothing"),
        (Story::RestrictedNow, "restriction"),
        (Story::Paused, "pause"),
        (Story::AccessRefused, "refusal"),
    ] {
        let member = rig.who(story).last().unwrap();
        let record = recalled(&directory, &card(&member)).await.unwrap();
        assert_eq!(record.status, MemberStatus::Member);
        let held = if !record.restrictions.is_empty() {
            "restriction"
        } else if !record.idle_periods.is_empty() {
            "pause"
        } else if record.access_refused {
            "refusal"
        } else {
            "nothing"
        };
        assert_eq!(held, wanted, "{story}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_roster_that_was_cut_off_goes_on_where_it_stopped() {
    let rig = Rig::start(2_600).await;
    // The third slice and all later ones fail.
    rig.faults(json!({"getCustomers": {"rate_limit_per_minute": 2}}));
    let working = tokio::spawn(rig.directory_with(roster()).keep_up());
    let third = listed(&rig).swap_remove(999);
    wait_for_disk(&rig, &card(&third), |_| true).await;
    wait_for("the refusal", || async {
        (rig.requests("getCustomers") >= 3).then_some(())
    })
    .await;
    working.abort();
    let _ = working.await;
    assert!(missing(&rig).await > 1_000);

    rig.studio_is_well();
    let before = rig.requests("getCustomers");
    // The gateway was restarted, and with it the pause has gone.
    let rig = Rig {
        budget: Budget::new(60_000),
        ..rig
    };
    let working = tokio::spawn(rig.directory_with(roster()).keep_up());
    wait_until_complete(&rig).await;
    working.abort();
    assert_eq!(
        rig.requests("getCustomers") - before,
        3,
        "two slices of five were there"
    );
    assert_eq!(missing(&rig).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_of_every_kind_only_delay_the_roster() {
    let rig = Rig::start(1_500).await;
    rig.faults(json!({"getCustomers": {"error_rate": 0.3, "drop_after_rate": 0.3}}));
    let working = tokio::spawn(rig.directory_with(roster()).keep_up());
    wait_until_complete(&rig).await;
    working.abort();
    assert_eq!(missing(&rig).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_vanishes_from_the_roster_is_withdrawn_from_memory_and_disk() {
    let rig = Rig::start(600).await;
    let directory = rig.directory_with(roster());
    let working = tokio::spawn(directory.clone().keep_up());
    wait_until_complete(&rig).await;
    let [gone, staying] = rig
        .who(Story::Active)
        .take(2)
        .collect::<Vec<_>>()
        .try_into()
        .unwrap();
    let pin = Credential::Pin(gone.pin.clone());
    known(&directory, &card(&gone), &[]).await;
    assert!(rig.simulator.end_contract(gone.id));
    directory.resync();
    wait_for("the withdrawal", || async {
        (directory.memory(&card(&gone)).await == Recollection::Nothing).then_some(())
    })
    .await;
    working.abort();
    for credential in [&card(&gone), &pin] {
        assert_eq!(recall(&directory, credential).await, Recollection::Nothing);
        assert_eq!(recall(&rig.directory(), credential).await, Recollection::Nothing);
    }
    assert!(recalled(&directory, &card(&staying)).await.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_the_studio_speaks_of_during_a_roster_is_not_withdrawn_by_it() {
    let rig = Rig::start(600).await;
    let directory = rig.directory_with(roster());
    let working = tokio::spawn(directory.clone().keep_up());
    wait_until_complete(&rig).await;
    let [new, other] = rig
        .who(Story::Active)
        .take(2)
        .collect::<Vec<_>>()
        .try_into()
        .unwrap();
    // Both are missing in the second roster; one of them comes while it is fetched.
    assert!(rig.simulator.end_contract(new.id) && rig.simulator.end_contract(other.id));
    rig.faults(json!({"getCustomers": {"latency_ms": 800}}));
    directory.resync();
    wait_for("the second roster", || async {
        (rig.requests("getCustomers") >= 3).then_some(())
    })
    .await;
    known(&directory, &card(&new), &[]).await;
    wait_for("the withdrawal", || async {
        (recall(&rig.directory(), &card(&other)).await == Recollection::Nothing).then_some(())
    })
    .await;
    working.abort();
    let record = recalled(&rig.directory(), &card(&new)).await.unwrap();
    assert_eq!(record.status, MemberStatus::FormerMember);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_or_unreadable_roster_withdraws_nobody() {
    let rig = Rig::start(600).await;
    let working = tokio::spawn(rig.directory_with(roster()).keep_up());
    wait_until_complete(&rig).await;
    working.abort();
    let _ = working.await;
    let other = Rig::start(0).await;
    // The key was changed to another studio's, which has nobody.
    let rig = Rig {
        simulator: other.simulator,
        ..rig
    };
    let directory = rig.directory_with(roster());
    let working = tokio::spawn(directory.clone().keep_up());
    directory.resync();
    wait_for("the second roster", || async {
        (rig.requests("getCustomers") >= 1).then_some(())
    })
    .await;
    wait_for("its end", || async { rig.roster_is_complete().then_some(()) }).await;
    working.abort();
    assert_eq!(missing(&rig).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_roster_keeps_what_it_does_not_speak_of_and_brings_what_has_changed() {
    let rig = Rig::start(600).await;
    let directory = rig.directory_with(roster());
    let [at_hand, on_disk] = rig
        .who(Story::Active)
        .take(2)
        .collect::<Vec<_>>()
        .try_into()
        .unwrap();
    known(&directory, &card(&at_hand), &["GYM_ACCESS"]).await;
    // The other one came before the last restart.
    known(&rig.directory(), &card(&on_disk), &["GYM_ACCESS"]).await;
    wait_for_disk(&rig, &card(&on_disk), |_| true).await;
    for member in [&at_hand, &on_disk] {
        rig.simulator.set_restriction(member.id, Some("unpaid"));
    }
    let working = tokio::spawn(directory.clone().keep_up());
    wait_until_complete(&rig).await;
    working.abort();
    let by_memory = match directory.memory(&card(&at_hand)).await {
        Recollection::Member(record) => record,
        other => panic!("{other:?}"),
    };
    let by_disk = recalled(&rig.directory(), &card(&on_disk)).await.unwrap();
    for record in [by_memory, by_disk] {
        assert_eq!(record.restrictions.len(), 1);
        assert!(record.benefits["GYM_ACCESS"].valid);
        assert!(record.as_of > record.benefits["GYM_ACCESS"].as_of);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_roster_that_is_new_enough_is_not_fetched_again_at_the_start_but_on_the_schedule() {
    let rig = Rig::start(100).await;
    let working = tokio::spawn(rig.directory_with(roster()).keep_up());
    wait_until_complete(&rig).await;
    working.abort();
    let _ = working.await;
    let working = tokio::spawn(rig.directory_with(roster()).keep_up());
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(rig.requests("getCustomers"), 1);
    working.abort();
    let _ = working.await;
    let often = DirectorySettings {
        roster_interval: Duration::from_secs(1),
        ..roster()
    };
    let working = tokio::spawn(rig.directory_with(often).keep_up());
    wait_for("three more rosters", || async {
        (rig.requests("getCustomers") >= 4).then_some(())
    })
    .await;
    working.abort();
}

/// An end of the gateway in the middle of it all must not cost the next start its file.
impl Rig {
    fn roster_is_complete(&self) -> bool {
        let file = rusqlite::Connection::open(self.folder.path().join("members.db")).unwrap();
        file.query_row("SELECT complete FROM roster", [], |row| row.get(0))
            .unwrap_or(false)
    }
}
