//! What is there before its owner comes: access codes of all members, benefits of those who come often.

use jiff::{Timestamp, ToSpan};
use turnstile_gateway::domain::CustomerId;

use super::*;

fn codes() -> DirectorySettings {
    DirectorySettings {
        access_codes: true,
        ..roster()
    }
}

fn scan(member: &SimulatedMember) -> Credential {
    Credential::Code(member.access_code.clone())
}

/// So many days ago, at this time of the day.
fn days_ago(days: i64) -> Timestamp {
    turnstile_gateway::clock::wall()
        .saturating_sub((24 * days).hours())
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_code_of_every_members_app_is_known_before_it_is_scanned_and_fetched_once() {
    let rig = Rig::start(120).await;
    let directory = rig.directory_with(codes());
    let working = tokio::spawn(directory.clone().keep_up());
    let expected: Vec<_> = members(1, 120)
        .filter(|member| !matches!(member.story, Story::FormerMember | Story::Prospect))
        .collect();
    for member in &expected {
        wait_for_disk(&rig, &scan(member), |record| record.customer.0 == member.id).await;
    }
    // Several looks later none has been fetched twice.
    tokio::time::sleep(Duration::from_millis(300)).await;
    working.abort();
    assert_eq!(rig.requests("getCustomerAccessCode"), expected.len() as u64);

    rig.studio_is_down();
    let member = rig.who(Story::ExpiredAccessCode).next().unwrap();
    let record = recalled(&directory, &scan(&member)).await.unwrap();
    let end = record.access_code.as_ref().unwrap().expires_at.unwrap();
    assert!(end < record.as_of, "the core refuses it by this");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_that_the_app_has_replaced_leads_to_its_member_no_longer() {
    let rig = Rig::start(100).await;
    let directory = rig.directory_with(codes());
    let working = tokio::spawn(directory.clone().keep_up());
    let member = rig.who(Story::Active).next().unwrap();
    let old = scan(&member);
    wait_for_disk(&rig, &old, |_| true).await;
    working.abort();
    let later = days_ago(-1);
    assert!(rig.simulator.set_access_code(member.id, "0049999", later));
    recalled(&directory, &old).await.expect("known by the old code");
    assert_eq!(directory.ask(&old, &BTreeSet::new()).await, Answer::Unknown);
    let new = Credential::Code("0049999".to_owned());
    assert!(
        recalled(&directory, &new).await.is_some(),
        "the new one came with the answer"
    );
    wait_for("the disk", || async {
        let restarted = rig.directory();
        let old = recalled(&restarted, &old).await;
        let new = recalled(&restarted, &new).await;
        (old.is_none() && new.is_some()).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn benefits_of_regular_visitors_are_renewed_before_they_come_and_nobody_elses() {
    let rig = Rig::start(100).await;
    let settings = DirectorySettings {
        benefits: benefits(&["VISIT_PASS"]),
        // Due at half of it.
        usable: Duration::from_secs(2),
        ..quiet()
    };
    let directory = rig.directory_with(settings);
    let [regular, rare] = rig
        .who(Story::Active)
        .take(2)
        .collect::<Vec<_>>()
        .try_into()
        .unwrap();
    for (member, days) in [(&regular, vec![0, 3, 9]), (&rare, vec![0, 9, 20])] {
        let card = card(member);
        let record = known(&directory, &card, &["VISIT_PASS"]).await;
        assert!(record.benefits["VISIT_PASS"].valid);
        wait_for_disk(&rig, &card, |_| true).await;
        for day in days.into_iter().rev() {
            // Twice a day counts once.
            directory.came(record.customer, days_ago(day));
            directory.came(record.customer, days_ago(day));
        }
        for _ in 0..10 {
            rig.studio()
                .use_benefit(CustomerId(member.id), "VISIT_PASS")
                .await
                .unwrap();
        }
    }
    let asked = rig.requests("getCustomerBy");
    let working = tokio::spawn(directory.clone().keep_up());
    wait_for("the renewed benefit", || async {
        let record = recalled(&directory, &card(&regular)).await.unwrap();
        (!record.benefits["VISIT_PASS"].valid).then_some(())
    })
    .await;
    wait_for_disk(&rig, &card(&regular), |record| {
        !record.benefits["VISIT_PASS"].valid
    })
    .await;
    working.abort();
    assert!(recalled(&directory, &card(&rare)).await.unwrap().benefits["VISIT_PASS"].valid);
    assert_eq!(
        rig.requests("getCustomerBy"),
        asked,
        "nobody had to come for that"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_studio_that_fails_is_not_asked_ahead_again_and_again() {
    let rig = Rig::start(200).await;
    let settings = DirectorySettings {
        look_ahead: Duration::from_secs(1),
        ..codes()
    };
    rig.faults(json!({"getCustomerAccessCode": {"error_rate": 1.0, "status": 500}}));
    let working = tokio::spawn(rig.directory_with(settings).keep_up());
    wait_for("the first failures", || async {
        (rig.requests("getCustomerAccessCode") >= 3).then_some(())
    })
    .await;
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    working.abort();
    let requests = rig.requests("getCustomerAccessCode");
    assert!(requests <= 12, "three each second, but it were {requests}");
}
