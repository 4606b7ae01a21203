//! One request however many ask; late answers; who holds a credential no longer.

use futures_util::future::join_all;
use turnstile_gateway::domain::CustomerId;
use turnstile_gateway::studio::MediumId;

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_swipes_of_one_new_card_are_one_request() {
    let rig = Rig::start(100).await;
    let directory = rig.directory();
    let card = card(&rig.who(Story::Active).next().unwrap());
    rig.faults(json!({"*": {"latency_ms": 100}}));
    let none = BTreeSet::new();
    let answers = join_all((0..200).map(|_| directory.ask(&card, &none))).await;
    assert!(answers.iter().all(|answer| matches!(answer, Answer::Known(_))));
    assert_eq!(rig.requests("getCustomerBy"), 1);
    // The next swipe needs none at all.
    assert!(matches!(directory.memory(&card).await, Recollection::Member(_)));
}

#[tokio::test]
async fn an_answer_that_nobody_waits_for_any_more_counts_for_the_next_try() {
    let rig = Rig::start(100).await;
    let directory = rig.directory();
    let member = rig.who(Story::RestrictedNow).next().unwrap();
    let card = card(&member);
    assert!(!known(&directory, &card, &[]).await.restrictions.is_empty());
    rig.simulator.set_restriction(member.id, None);
    rig.faults(json!({"*": {"latency_ms": 700}}));
    let none = BTreeSet::new();
    let gone = tokio::time::timeout(Duration::from_millis(200), directory.ask(&card, &none)).await;
    assert!(gone.is_err(), "it was to be too late");
    wait_for("the late answer", || async {
        let record = recalled(&directory, &card).await.unwrap();
        record.restrictions.is_empty().then_some(())
    })
    .await;
    assert_eq!(rig.requests("getCustomerBy"), 2);
    wait_for_disk(&rig, &card, |record| record.restrictions.is_empty()).await;
}

#[tokio::test]
async fn what_nobody_holds_is_remembered_in_memory_only() {
    let rig = Rig::start(100).await;
    let directory = rig.directory();
    let nobodys = Credential::Card(CardNumber::from_uid(&[0x77, 1, 2, 3, 4]).unwrap());
    assert_eq!(directory.ask(&nobodys, &BTreeSet::new()).await, Answer::Unknown);
    assert!(matches!(
        directory.memory(&nobodys).await,
        Recollection::Unknown { .. }
    ));
    assert_eq!(recall(&rig.directory(), &nobodys).await, Recollection::Nothing);
}

#[tokio::test]
async fn a_member_is_found_by_card_pin_barcode_pass_and_the_uuid_of_the_app() {
    let rig = Rig::start(100).await;
    let directory = rig.directory();
    let member = rig.who(Story::Active).next().unwrap();
    known(&directory, &card(&member), &[]).await;
    rig.studio_is_down();
    for credential in [
        Credential::Pin(member.pin.clone()),
        Credential::Code(member.barcode.clone()),
        Credential::WalletPass(member.wallet_pass.clone()),
        Credential::CodeUuid(member.uuid.clone()),
    ] {
        let record = recalled(&directory, &credential).await.expect("found in memory");
        assert_eq!(record.customer.0, member.id);
        wait_for_disk(&rig, &credential, |record| record.customer.0 == member.id).await;
    }
}

#[tokio::test]
async fn the_record_behind_a_wallet_pass_is_renewed_although_the_studio_finds_nobody_by_it() {
    let rig = Rig::start(100).await;
    let directory = rig.directory();
    let member = rig.who(Story::Active).next().unwrap();
    let pass = Credential::WalletPass(member.wallet_pass.clone());
    assert_eq!(directory.ask(&pass, &BTreeSet::new()).await, Answer::Unknown);
    known(&directory, &card(&member), &[]).await;
    rig.simulator.set_restriction(member.id, Some("unpaid"));
    assert_eq!(known(&directory, &pass, &[]).await.restrictions.len(), 1);
}

#[tokio::test]
async fn a_card_that_was_taken_away_leads_nowhere_in_any_tier_and_the_holder_keeps_the_others() {
    let rig = Rig::start(100).await;
    let directory = rig.directory();
    let member = rig.who(Story::Active).next().unwrap();
    let (card, pin) = (card(&member), Credential::Pin(member.pin.clone()));
    known(&directory, &card, &[]).await;
    wait_for_disk(&rig, &card, |_| true).await;
    // The simulator numbers the media of a member from here on; the first is the card.
    let medium = MediumId(member.id * 10);
    let customer = CustomerId(member.id);
    rig.studio().withdraw_medium(customer, medium).await.unwrap();
    assert_eq!(directory.ask(&card, &BTreeSet::new()).await, Answer::Unknown);
    assert!(recalled(&directory, &pin).await.is_some());
    wait_for("the disk", || async {
        // The PIN brings the record into memory, and with it every card that it still lists.
        let restarted = rig.directory();
        recalled(&restarted, &pin).await.expect("the PIN stays");
        recalled(&restarted, &card).await.is_none().then_some(())
    })
    .await;
}
