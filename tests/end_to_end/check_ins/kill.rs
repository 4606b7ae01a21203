//! A gateway that is killed at random moments, at a studio that fails at the same time.
//!
//! A visit counts as reported when the log of the killed gateway says "visit on disk", which its journal says after
//! the commit. `KILL_ROUNDS=n` kills it `n` times instead of a few.

use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::json;
use turnstile_gateway::simulator::SimulatedMember;

use super::{SECOND, Written, list, quantile, start_again, swipe, wait_until_delivered, welcome, written};
use crate::rig::{Lane, ON, Studio};

/// Twenty swipes a second.
const BETWEEN_SWIPES: Duration = Duration::from_millis(50);

/// So many that none comes again within the repeat filter's two seconds.
const CARDS: usize = 60;

/// What is known of all lives together.
#[derive(Default)]
struct Record {
    /// Customer and wall clock in milliseconds of every swipe.
    swipes: Vec<(i64, i64)>,
    reported: Vec<Written>,
    /// How often the relay has been switched on.
    openings: usize,
    /// From the relay's frame to the visit on disk.
    windows: Vec<Duration>,
}

/// Numbers that look random and are the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) % end
    }
}

#[test]
fn a_gateway_killed_at_random_moments_loses_no_written_visit_and_reports_none_twice() {
    let rounds: usize = std::env::var("KILL_ROUNDS").map_or(6, |text| text.parse().unwrap());
    let studio = Studio::start(1000);
    let more = "[log]\nlevel = \"debug\"\nformat = \"json\"";
    let mut lane = Lane::start_with(studio.address(), "format = \"rdm6300\"", more);
    let cards = welcome(CARDS);
    let mut record = Record::default();
    let mut random = Random(1);

    // The first life meets everybody while the studio is well, so that later ones know them.
    live(&mut lane, &cards, CARDS, &mut record);
    kill(&mut lane, &mut record);
    let flaky = json!({
        "checkIn": { "timeout_after_rate": 0.2, "error_rate": 0.1, "drop_before_rate": 0.025, "drop_after_rate": 0.025 },
        "getCustomersCheckinHistory": { "error_rate": 0.1, "drop_before_rate": 0.05 },
    });
    studio.put("/_simulator/faults", &flaky);
    for round in 1..=rounds {
        start_again(&mut lane, round);
        let swipes = 5 + random.below(25) as usize;
        live(&mut lane, &cards, swipes, &mut record);
        std::thread::sleep(Duration::from_micros(random.below(50_000)));
        kill(&mut lane, &mut record);
    }

    studio.delete("/_simulator/faults");
    start_again(&mut lane, rounds + 1);
    // What was waiting is asked about before it is sent: two requests a visit, of ten that a second has room for.
    let limit = 60 * SECOND + Duration::from_millis(300) * u32::try_from(record.swipes.len()).unwrap();
    wait_until_delivered(&lane.folder.path().join("data"), limit);
    judge(&studio, rounds, record);
}

fn live(lane: &mut Lane, cards: &[SimulatedMember], swipes: usize, record: &mut Record) {
    for _ in 0..swipes {
        std::thread::sleep(BETWEEN_SWIPES);
        let member = &cards[record.swipes.len() % cards.len()];
        let at = turnstile_gateway::clock::wall().as_millisecond();
        record.swipes.push((member.id, at));
        swipe(&mut lane.reader, member);
    }
}

/// Ends this life and notes what its log and the relay's line say of it.
fn kill(lane: &mut Lane, record: &mut Record) {
    lane.gateway.signal(Signal::SIGKILL);
    lane.gateway.wait(5 * SECOND);
    // What the gateway wrote at its end is still on the line.
    std::thread::sleep(Duration::from_millis(50));
    let openings = lane.relay.arrivals(&ON);
    let of_this_life = &openings[record.openings..];
    let reported = written(&lane.gateway);
    assert!(
        of_this_life.len() >= reported.len(),
        "a visit without an opened lane"
    );
    let windows = reported.iter().zip(of_this_life);
    record
        .windows
        .extend(windows.map(|(visit, opened)| visit.durable.saturating_sub(*opened)));
    record.openings = openings.len();
    record.reported.extend(reported);
}

/// Holds the studio's list against what was reported.
fn judge(studio: &Studio, rounds: usize, mut record: Record) {
    let list = list(studio);
    let twice = list.values().filter(|count| **count > 1).count();
    let name = |visit: &Written| (visit.customer, visit.at.div_euclid(1000));
    let lost: Vec<&Written> = record
        .reported
        .iter()
        .filter(|visit| !list.contains_key(&name(visit)))
        .collect();
    let swiped = |customer, at| {
        let just_before = |swipe: &&(i64, i64)| swipe.0 == customer && (0..2000).contains(&(at - swipe.1));
        record.swipes.iter().any(|swipe| just_before(&swipe))
    };
    record.windows.sort();
    println!(
        "{rounds} rounds, {} swipes, {} lanes opened, {} visits reported as written, {} at the studio: \
         {twice} duplicates, {} losses; relay to disk: median {:?}, maximum {:?}",
        record.swipes.len(),
        record.openings,
        record.reported.len(),
        list.len(),
        lost.len(),
        quantile(&record.windows, 0.5),
        quantile(&record.windows, 1.0),
    );
    assert_eq!(twice, 0);
    assert!(lost.is_empty(), "{lost:?}");
    for visit in &record.reported {
        assert!(
            swiped(visit.customer, visit.at),
            "{visit:?} is not when its swipe was"
        );
    }
    for (customer, second) in list.keys() {
        assert!(
            swiped(*customer, second * 1000 + 999),
            "{customer} did not come at {second}"
        );
    }
}
