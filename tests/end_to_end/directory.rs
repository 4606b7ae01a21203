//! What the gateway knows when the studio is gone, slow, or back.

use std::time::Duration;

use serde_json::json;
use turnstile_gateway::simulator::{SimulatedMember, Story, members};

use crate::rig::{Gateway, Lane, OFF, ON, Studio, rdm6300};

const SECOND: Duration = Duration::from_secs(1);
const MEMBERS: u32 = 10_000;

/// Past the repeat filter, and past `fresh` of these tests.
const LATER: Duration = Duration::from_millis(2_500);

/// Whatever is older than a second is stale.
const STALE_SOON: &str = "[decisions]\nfresh = \"1s\"\n";

/// Members with this story whose tags a reader of 125 kHz can read.
fn who(story: Story) -> impl Iterator<Item = SimulatedMember> {
    members(1, MEMBERS).filter(move |member| member.story == story && member.uid.len() == 5)
}

fn restriction(member: &SimulatedMember) -> String {
    format!("/_simulator/members/{}/restriction", member.id)
}

#[test]
fn after_a_restart_without_the_studio_every_member_is_decided_rightly_and_then_as_the_studio_says() {
    let studio = Studio::start(MEMBERS);
    let address = studio.address().to_owned();
    let mut lane = Lane::start_with(&address, "format = \"rdm6300\"", STALE_SOON);
    lane.gateway.wait_for_log("the roster is complete", 1);
    drop(studio);
    lane.gateway = {
        let config = lane.config();
        drop(lane.gateway);
        Gateway::start(&config)
    };
    lane.gateway.wait_for_log("reader connected", 2);
    lane.relay.wait_for(&OFF, 2, 5 * SECOND);

    let active: Vec<_> = who(Story::Active).step_by(40).take(8).collect();
    for (count, member) in (1..).zip(&active) {
        lane.reader.send(&rdm6300(&member.uid));
        lane.relay.wait_for(&ON, count, 5 * SECOND);
    }
    for (story, reason) in [
        (Story::RestrictedNow, "reason=restricted"),
        (Story::Paused, "reason=paused"),
        (Story::AccessRefused, "reason=access-refused"),
    ] {
        for (count, member) in (1..).zip(who(story).take(2)) {
            lane.reader.send(&rdm6300(&member.uid));
            lane.gateway.wait_for_log(reason, count);
        }
    }
    // Nobody knows this one, and the setting says that only members get in then.
    lane.reader.send(&rdm6300(&[0x77, 1, 2, 3, 4]));
    lane.gateway.wait_for_log("reason=studio-unreachable", 1);
    assert_eq!(lane.relay.arrivals(&ON).len(), active.len());

    let studio = Studio::start_at(&address, MEMBERS);
    let blocked = &active[0];
    std::thread::sleep(LATER);
    studio.put(&restriction(blocked), &json!({ "reason": "unpaid" }));
    // The stale yes opens once more, and is renewed behind the person's back.
    lane.reader.send(&rdm6300(&blocked.uid));
    lane.relay.wait_for(&ON, active.len() + 1, 5 * SECOND);
    std::thread::sleep(LATER);
    let refused = lane.gateway.log().matches("reason=restricted").count();
    lane.reader.send(&rdm6300(&blocked.uid));
    lane.gateway.wait_for_log("reason=restricted", refused + 1);
    assert_eq!(lane.relay.arrivals(&ON).len(), active.len() + 1);
}

#[test]
fn whoever_has_paid_gets_in_on_the_second_try_without_a_new_wait_however_slow_the_studio() {
    let studio = Studio::start(MEMBERS);
    let mut lane = Lane::start_with(studio.address(), "format = \"rdm6300\"", STALE_SOON);
    let member = who(Story::Active).next().unwrap();
    studio.put(&restriction(&member), &json!({ "reason": "unpaid" }));
    lane.reader.send(&rdm6300(&member.uid));
    lane.gateway.wait_for_log("reason=restricted", 1);
    lane.gateway.wait_for_log("the roster is complete", 1);

    studio.delete(&restriction(&member));
    studio.put("/_simulator/faults", &json!({ "*": { "latency_ms": 5_000 } }));
    std::thread::sleep(LATER);
    lane.reader.send(&rdm6300(&member.uid));
    lane.gateway.wait_for_log("reason=restricted", 2);
    std::thread::sleep(6 * SECOND);
    let sent = lane.reader.send(&rdm6300(&member.uid));
    let opened = lane.relay.wait_for(&ON, 1, 5 * SECOND);
    assert!(
        opened - sent < Duration::from_millis(700),
        "opened after {:?}",
        opened - sent
    );
}
