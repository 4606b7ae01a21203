//! Contacts that are no passage sensor: the front desk's button, the fire panel, the cover of the turnstile.

use std::time::Duration;

use tokio::time::timeout;
use turnstile_gateway::domain::Passage;
use turnstile_gateway::runtime::Notice;

use super::Gym;

const INPUTS: &str = "[[input]]
name = \"desk\"
kind = \"simulated\"
[[input]]
name = \"sensor\"
kind = \"simulated\"
[[input]]
name = \"cover\"
kind = \"simulated\"";

const ENTRY: &str = "button = \"desk\"
tamper = \"cover\"
passage_sensor = \"sensor\"
check_in = \"on-passage\"";

#[tokio::test]
async fn the_front_desks_button_opens_for_one_person_and_counts_no_visit() {
    let mut gym = Gym::open(ENTRY, INPUTS).await;
    gym.touches("desk").await;
    let on = gym.relay_is(true).await;
    let pulse = gym.relay_is(false).await - on;
    assert!(pulse >= Duration::from_millis(190), "{pulse:?}");
    gym.log.waits_for("lane opened by a button").await;
    gym.touches("sensor").await;
    let passed = gym.next().await;
    assert!(
        matches!(
            passed,
            Notice::Passage {
                passage: Passage::Taken,
                ..
            }
        ),
        "{passed:?}"
    );
    gym.is_quiet_for(Duration::from_secs(1)).await;
}

#[tokio::test]
async fn a_button_or_sensor_that_is_active_when_it_is_connected_does_nothing_and_a_fire_contact_does() {
    let mut gym = Gym::open(ENTRY, INPUTS).await;
    for name in ["desk", "sensor"] {
        gym.input(name).unplug().await;
        gym.input(name).set(true).await;
        gym.input(name).plug_in().await;
    }
    gym.is_quiet_for(Duration::from_secs(1)).await;
    assert!(gym.relay.try_recv().is_err(), "nobody has pressed");
    gym.input("fire").unplug().await;
    gym.input("fire").set(true).await;
    gym.input("fire").plug_in().await;
    gym.relay_is(true).await;
}

#[tokio::test]
async fn the_fire_contact_holds_the_lane_open_without_a_gap_until_it_is_over() {
    let mut gym = Gym::open(ENTRY, INPUTS).await;
    gym.input("fire").set(true).await;
    gym.relay_is(true).await;
    gym.log.waits_for("the lane is held open until it is over").await;
    // Longer than one of the pulses that hold it open.
    let gap = timeout(Duration::from_secs(11), gym.relay.recv()).await;
    assert!(gap.is_err(), "{gap:?}");
    gym.input("fire").set(false).await;
    gym.relay_is(false).await;
}

#[tokio::test]
async fn a_cover_that_is_opened_raises_an_alarm_and_opens_nothing() {
    let mut gym = Gym::open(ENTRY, INPUTS).await;
    gym.input("cover").set(true).await;
    gym.log.waits_for("ERROR").await;
    gym.log.waits_for("somebody meddles with the lane").await;
    gym.input("cover").set(false).await;
    gym.log.waits_for("tamper contact closed again").await;
    assert!(gym.relay.try_recv().is_err());
}
