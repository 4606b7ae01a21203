//! A day without the studio, and its return with a limit: how the queue drains and what swipes notice of it.
//! `OFFLINE_VISITS=3000` is the whole day; without it a small part.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;
use turnstile_gateway::simulator::SimulatedMember;

use super::{SECOND, list, quantile, swipe, wait_until_delivered, welcome};
use crate::rig::{Lane, ON, Studio, wait_for};

/// So many that none comes again within the repeat filter's two seconds.
const CARDS: usize = 120;

/// Requests of one kind that the studio takes in a minute.
const LIMIT: usize = 600;

/// From the last byte of a card to the relay's frame, for one person after the other.
fn swipes(
    lane: &mut Lane,
    people: &mut impl Iterator<Item = SimulatedMember>,
    count: usize,
    every: Duration,
) -> Vec<Duration> {
    let mut delays: Vec<Duration> = people
        .take(count)
        .map(|member| {
            let before = lane.relay.arrivals(&ON).len();
            let sent = hal::clock::monotonic();
            swipe(&mut lane.reader, &member);
            let delay = lane
                .relay
                .wait_for(&ON, before + 1, 5 * SECOND)
                .saturating_sub(sent);
            std::thread::sleep(every.saturating_sub(delay));
            delay
        })
        .collect();
    delays.sort();
    delays
}

#[test]
fn after_a_day_offline_the_queue_drains_in_order_inside_the_limit_and_no_swipe_notices() {
    let visits: usize = std::env::var("OFFLINE_VISITS").map_or(100, |text| text.parse().unwrap());
    let samples = (visits / 3).min(200);
    let mut studio = Studio::start(1000);
    let address = studio.address().to_owned();
    let mut lane = Lane::start(&studio);
    let data = lane.folder.path().join("data");
    let mut people = welcome(CARDS).into_iter().cycle();
    // Everybody is known before the studio goes.
    swipes(&mut lane, &mut people, CARDS, SECOND / 40);
    wait_until_delivered(&data, 60 * SECOND);
    drop(studio);

    swipes(&mut lane, &mut people, visits, SECOND / 40);
    let without = swipes(&mut lane, &mut people, samples, SECOND / 5);
    studio = Studio::start_at(&address, 1000);
    studio.put(
        "/_simulator/faults",
        &json!({ "checkIn": { "rate_limit_per_minute": LIMIT } }),
    );
    let pause = 310 * SECOND;
    wait_for("the first visit after the return", pause, || {
        (!list(&studio).is_empty()).then_some(())
    });
    let with = swipes(&mut lane, &mut people, samples, SECOND / 5);
    let left = list(&studio).len();
    wait_until_delivered(
        &data,
        60 * SECOND + Duration::from_millis(110) * u32::try_from(visits).unwrap(),
    );

    let requests = studio.get("/_simulator/requests")["checkIn"].as_u64().unwrap();
    let check_ins = studio.check_ins();
    let expected = visits + 2 * samples;
    println!(
        "{expected} visits, {left} of them delivered while {samples} people came; {requests} requests; \
         card to relay without the drain: p50 {:?}, p99 {:?}; with it: p50 {:?}, p99 {:?}",
        quantile(&without, 0.5),
        quantile(&without, 0.99),
        quantile(&with, 0.5),
        quantile(&with, 0.99),
    );
    assert_eq!(check_ins.len(), expected);
    assert!(list(&studio).values().all(|times| *times == 1));
    let refused = usize::try_from(requests).unwrap() - expected;
    assert!(
        refused <= 8 * (1 + expected / LIMIT),
        "{refused} requests beyond the limit"
    );
    let mut last: BTreeMap<i64, String> = BTreeMap::new();
    for check_in in check_ins {
        let time = check_in["checkInDateTime"].as_str().unwrap().to_owned();
        let before = last.insert(check_in["customerId"].as_i64().unwrap(), time.clone());
        assert!(before.is_none_or(|before| before < time), "out of order");
    }
    let slack = Duration::from_millis(100);
    assert!(
        quantile(&with, 0.5) < quantile(&without, 0.5) * 4 + slack,
        "{with:?}"
    );
}
