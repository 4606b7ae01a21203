//! The budget between lanes and roster, and what a "too many requests" does.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_used_up_budget_stops_the_roster_but_no_swipe() {
    let rig = Rig::start(2_600).await;
    let rig = Rig {
        // One request in two seconds, eight at once.
        budget: Budget::new(30),
        ..rig
    };
    let directory = rig.directory_with(roster());
    rig.budget.spend(8);
    let working = tokio::spawn(directory.clone().keep_up());
    let start = hal::clock::monotonic();
    for member in rig.who(Story::Active).take(20) {
        known(&directory, &card(&member), &[]).await;
    }
    assert_eq!(rig.requests("getCustomerBy"), 20);
    let swipes = hal::clock::monotonic() - start;
    assert!(swipes < Duration::from_secs(10), "twenty swipes took {swipes:?}");
    // What they took beyond the budget is saved before the roster begins.
    assert_eq!(rig.requests("getCustomers"), 0);
    working.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_429_only_who_stands_at_a_lane_is_asked_for() {
    let rig = Rig::start(2_600).await;
    rig.faults(json!({"getCustomers": {"rate_limit_per_minute": 1}}));
    let settings = DirectorySettings {
        access_codes: true,
        ..roster()
    };
    let directory = rig.directory_with(settings);
    let working = tokio::spawn(directory.clone().keep_up());
    wait_for("the refusal", || async {
        (rig.requests("getCustomers") >= 2).then_some(())
    })
    .await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let codes = rig.requests("getCustomerAccessCode");
    let member = rig.who(Story::Active).last().unwrap();
    known(&directory, &card(&member), &[]).await;
    directory.refresh(card(&member), BTreeSet::new());
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(
        rig.requests("getCustomers"),
        2,
        "the studio has asked to wait for a minute"
    );
    assert_eq!(rig.requests("getCustomerAccessCode"), codes);
    assert_eq!(rig.requests("getCustomerBy"), 1, "the refresh waits as well");
    // A refresh that waits does not make the next swipe wait.
    let start = hal::clock::monotonic();
    known(&directory, &card(&member), &[]).await;
    assert!(hal::clock::monotonic() - start < Duration::from_secs(5));
    working.abort();
}
