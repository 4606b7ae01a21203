//! What the passage sensor sees, and which of it is a visit.

use std::time::Duration;

use turnstile_gateway::domain::{DenyReason, Outcome, Passage};
use turnstile_gateway::runtime::Notice;
use turnstile_gateway::simulator::Story;

use super::{Gym, who};

const SENSOR: &str = "passage_sensor = \"sensor\"\ncheck_in = \"on-passage\"";
const INPUT: &str = "[[input]]\nname = \"sensor\"\nkind = \"simulated\"";

async fn passes(gym: &mut Gym) -> Passage {
    match gym.next().await {
        Notice::Passage { passage, .. } => passage,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_visit_counts_when_the_sensor_has_seen_the_person_and_not_when_nobody_came() {
    let mut gym = Gym::open(SENSOR, INPUT).await;
    let mut members = who(Story::Active);
    let visitor = members.next().unwrap();
    gym.presents(&visitor);
    assert!(matches!(gym.decides().await, Outcome::Granted(_)));
    gym.relay_is(true).await;
    gym.relay_is(false).await;
    gym.is_quiet_for(Duration::from_millis(300)).await;
    gym.touches("sensor").await;
    assert_eq!(passes(&mut gym).await, Passage::Taken);
    assert!(matches!(gym.next().await, Notice::CheckIn(_)));

    gym.presents(&members.next().unwrap());
    assert!(matches!(gym.decides().await, Outcome::Granted(_)));
    assert_eq!(passes(&mut gym).await, Passage::NotTaken);

    gym.touches("sensor").await;
    assert_eq!(passes(&mut gym).await, Passage::Forced);
    gym.log.waits_for("somebody passed without a grant").await;

    let second = members.next().unwrap();
    gym.presents(&second);
    assert!(matches!(gym.decides().await, Outcome::Granted(_)));
    gym.touches("sensor").await;
    assert_eq!(passes(&mut gym).await, Passage::Taken);
    gym.waits_for_visits(&[visitor.id, second.id]).await;
}

#[tokio::test]
async fn a_sensor_that_is_away_costs_visits_but_opens_the_lane_and_counts_again_when_it_is_back() {
    let mut gym = Gym::open(SENSOR, INPUT).await;
    let mut members = who(Story::Active);
    gym.input("sensor").unplug().await;
    gym.log.waits_for("input disconnected").await;
    gym.presents(&members.next().unwrap());
    assert!(matches!(gym.decides().await, Outcome::Granted(_)));
    gym.relay_is(true).await;
    gym.touches("sensor").await;
    assert_eq!(passes(&mut gym).await, Passage::NotTaken);

    gym.input("sensor").plug_in().await;
    let visitor = members.next().unwrap();
    gym.presents(&visitor);
    assert!(matches!(gym.decides().await, Outcome::Granted(_)));
    gym.touches("sensor").await;
    assert_eq!(passes(&mut gym).await, Passage::Taken);
    gym.waits_for_visits(&[visitor.id]).await;
}

#[tokio::test]
async fn a_relay_that_is_away_lets_nobody_in_and_counts_no_visit() {
    let mut gym = Gym::open("", "").await;
    let mut members = who(Story::Active);
    gym.devices.relays["relay"].unplug();
    gym.log.waits_for("its relay is away").await;
    gym.presents(&members.next().unwrap());
    gym.log.waits_for("reason=out-of-service").await;
    gym.devices.relays["relay"].plug_in();
    let works = || gym.log.text().matches("the lane works").count();
    super::soon(async {
        while works() < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    let visitor = members.next().unwrap();
    gym.presents(&visitor);
    gym.relay_is(true).await;
    gym.waits_for_visits(&[visitor.id]).await;
}

#[tokio::test]
async fn a_studio_that_says_it_is_full_lets_nobody_in() {
    let zone = "[[zone]]\nname = \"gym\"\ncapacity = \"studio\"\nforgive_at = \"04:00\"";
    let mut gym = Gym::open_with("", &format!("{zone}\n"), Some(0)).await;
    while gym.studio.requests("getUtilization") == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    gym.is_quiet_for(Duration::from_millis(200)).await;
    gym.presents(&who(Story::Active).next().unwrap());
    assert_eq!(gym.decides().await, Outcome::Denied(DenyReason::Full));
}
