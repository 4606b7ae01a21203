//! The whole way of a visit: bytes on a serial port, a decision, a relay, a check-in at the studio; and what happens
//! when something on the way goes wrong.

use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::json;
use turnstile_gateway::simulator::{Story, members};

use crate::rig::{Lane, OFF, ON, PULSE, Studio, rdm6300, wait_for};

const SECOND: Duration = Duration::from_secs(1);

/// The UIDs of members with this story whose tags a reader of 125 kHz can read.
fn uids(story: Story) -> impl Iterator<Item = Vec<u8>> {
    members(1, 1000)
        .filter(move |member| member.story == story && member.uid.len() == 5)
        .map(|member| member.uid.to_vec())
}

fn wait_for_check_ins(studio: &Studio, count: usize, limit: Duration) {
    wait_for(&format!("{count} check-ins"), limit, || {
        (studio.check_ins().len() >= count).then_some(())
    });
}

#[test]
fn a_frame_opens_the_lane_for_the_length_of_the_pulse_and_the_visit_reaches_the_studio() {
    let studio = Studio::start(1000);
    let mut lane = Lane::start(&studio);
    let sent = lane.reader.send(&rdm6300(&uids(Story::Active).next().unwrap()));
    let on = lane.relay.wait_for(&ON, 1, 5 * SECOND);
    let off = lane.relay.wait_for(&OFF, 2, 5 * SECOND);
    assert!(
        on - sent < Duration::from_millis(900),
        "opened after {:?}",
        on - sent
    );
    let pulse = off - on;
    assert!(
        pulse > PULSE - Duration::from_millis(20) && pulse < PULSE + Duration::from_millis(100),
        "a pulse of {pulse:?}"
    );
    wait_for_check_ins(&studio, 1, 40 * SECOND);
    std::thread::sleep(SECOND);
    assert_eq!(studio.check_ins().len(), 1);
    lane.gateway.wait_for_log("outcome=\"granted\"", 1);
}

#[test]
fn each_refusal_keeps_the_lane_shut_and_says_why() {
    let studio = Studio::start(1000);
    let more = "required_benefits = { all = [\"GYM_ACCESS\"] }";
    let mut lane = Lane::start_with(studio.address(), "format = \"rdm6300\"", more);
    let refusals = [
        (Story::RestrictedNow, "reason=restricted"),
        (Story::Paused, "reason=paused"),
        (Story::FormerMember, "reason=former-member"),
        (Story::Prospect, "reason=no-contract"),
        (Story::AccessRefused, "reason=access-refused"),
        (Story::BenefitMissing, "reason=benefit-missing"),
    ];
    for (story, reason) in refusals {
        let uid = uids(story)
            .next()
            .unwrap_or_else(|| panic!("nobody is {story:?}"));
        lane.reader.send(&rdm6300(&uid));
        lane.gateway.wait_for_log(reason, 1);
    }
    lane.reader.send(&rdm6300(&[0x77, 1, 2, 3, 4]));
    lane.gateway.wait_for_log("reason=unknown", 1);
    assert_eq!(lane.relay.arrivals(&ON), []);

    // Nothing of that was about the lane itself.
    lane.reader
        .send(&rdm6300(&uids(Story::RestrictedLastYear).next().unwrap()));
    lane.relay.wait_for(&ON, 1, 5 * SECOND);
    assert_eq!(lane.gateway.log().matches("lane stays shut").count(), 7);
}

#[test]
fn known_cards_open_at_once_while_the_studio_stalls_and_their_visits_arrive_afterwards() {
    let studio = Studio::start(1000);
    let mut lane = Lane::start(&studio);
    let cards: Vec<_> = uids(Story::Active).take(6).collect();
    for (count, uid) in (1..).zip(&cards) {
        lane.reader.send(&rdm6300(uid));
        lane.relay.wait_for(&ON, count, 5 * SECOND);
    }
    wait_for_check_ins(&studio, 6, 40 * SECOND);
    // Past the repeat filter.
    std::thread::sleep(Duration::from_millis(2_500));

    studio.put("/_simulator/faults", &json!({ "*": { "latency_ms": 10_000 } }));
    let mut delays = Vec::new();
    for (count, uid) in (7..).zip(&cards) {
        let sent = lane.reader.send(&rdm6300(uid));
        let on = lane.relay.wait_for(&ON, count, 5 * SECOND);
        delays.push(on - sent);
        std::thread::sleep(Duration::from_millis(100));
    }
    delays.sort();
    println!(
        "last byte to relay frame under a stalled studio: median {:?}, maximum {:?}",
        delays[3], delays[5]
    );
    assert!(delays[5] < Duration::from_millis(20), "{delays:?}");
    assert_eq!(studio.check_ins().len(), 6, "no visit can have arrived yet");
    studio.delete("/_simulator/faults");
    wait_for_check_ins(&studio, 12, 60 * SECOND);
}

#[test]
fn a_term_signal_in_the_middle_of_a_pulse_switches_the_relay_off_and_ends_the_process_well() {
    let studio = Studio::start(1000);
    let mut lane = Lane::start(&studio);
    lane.reader.send(&rdm6300(&uids(Story::Active).next().unwrap()));
    let on = lane.relay.wait_for(&ON, 1, 5 * SECOND);
    lane.gateway.signal(Signal::SIGTERM);
    let status = lane.gateway.wait(2 * SECOND);
    assert_eq!(status.code(), Some(0));
    let off = lane.relay.wait_for(&OFF, 2, SECOND);
    assert!(off - on < PULSE, "the signal came in the middle of the pulse");

    // The visit is not lost with the process.
    let again = crate::rig::Gateway::start(&lane.config());
    wait_for_check_ins(&studio, 1, 40 * SECOND);
    drop(again);
    assert_eq!(studio.check_ins().len(), 1);
}

#[test]
fn garbage_half_frames_and_two_frames_in_one_write_harm_nothing() {
    let studio = Studio::start(1000);
    let mut lane = Lane::start(&studio);
    let cards: Vec<_> = uids(Story::Active).take(4).collect();
    lane.reader.send(b"\x00\xFF garbage \x02\x03\x02\x02 3F0");
    lane.gateway.wait_for_log("read rejected", 1);

    let mut wrong = rdm6300(&cards[0]);
    wrong[12] ^= 1;
    lane.reader.send(&wrong);
    let frame = rdm6300(&cards[0]);
    let (half, rest) = frame.split_at(7);
    lane.reader.send(half);
    std::thread::sleep(Duration::from_millis(20));
    lane.reader.send(rest);
    lane.relay.wait_for(&ON, 1, 5 * SECOND);

    lane.reader
        .send(&[rdm6300(&cards[1]), rdm6300(&cards[2])].concat());
    lane.relay.wait_for(&ON, 3, 5 * SECOND);
    wait_for_check_ins(&studio, 3, 40 * SECOND);

    // Half a frame and then silence: the next whole frame stands for itself.
    lane.reader.send(half);
    std::thread::sleep(SECOND);
    lane.reader.send(&rdm6300(&cards[3]));
    lane.relay.wait_for(&ON, 4, 5 * SECOND);
}

#[test]
fn a_reader_and_a_relay_that_are_pulled_out_work_again_when_they_are_back() {
    let studio = Studio::start(1000);
    let mut lane = Lane::start(&studio);
    let cards: Vec<_> = uids(Story::Active).take(3).collect();
    lane.reader.unplug();
    lane.gateway.wait_for_log("reader disconnected", 1);
    lane.reader.plug();
    lane.gateway.wait_for_log("reader connected", 2);
    lane.reader.send(&rdm6300(&cards[0]));
    lane.relay.wait_for(&ON, 1, 5 * SECOND);

    lane.relay.unplug();
    lane.gateway.wait_for_log("its relay is away", 1);
    lane.reader.send(&rdm6300(&cards[1]));
    lane.gateway.wait_for_log("reason=out-of-service", 1);
    lane.relay.plug();
    lane.gateway.wait_for_log("the lane works", 2);
    // Off when the port is opened, and nothing that was asked for while it was away.
    lane.relay.wait_for(&OFF, 1, 5 * SECOND);
    assert_eq!(lane.relay.arrivals(&ON), []);
    lane.reader.send(&rdm6300(&cards[2]));
    lane.relay.wait_for(&ON, 1, 5 * SECOND);
    wait_for_check_ins(&studio, 2, 40 * SECOND);
    std::thread::sleep(SECOND);
    assert_eq!(
        studio.check_ins().len(),
        2,
        "a lane that did not open counts no visit"
    );
}

#[test]
fn a_port_that_is_not_there_is_named_once_and_works_as_soon_as_it_is() {
    let studio = Studio::start(1000);
    let mut lane = Lane::start(&studio);
    lane.gateway.signal(Signal::SIGTERM);
    lane.gateway.wait(2 * SECOND);
    lane.reader.unplug();
    let gateway = crate::rig::Gateway::start(&lane.config());
    gateway.wait_for_log("no such port", 1);
    std::thread::sleep(SECOND);
    let named = gateway.log().matches("no such port").count();
    assert_eq!(named, 1, "{}", gateway.log());
    lane.reader.plug();
    gateway.wait_for_log("reader connected", 2);
    lane.reader.send(&rdm6300(&uids(Story::Active).next().unwrap()));
    lane.relay.wait_for(&ON, 1, 5 * SECOND);
}

#[test]
fn a_wrong_key_is_named_in_the_log_and_known_members_are_not_turned_away_for_it() {
    let studio = Studio::start(1000);
    let uid = uids(Story::Active).next().unwrap();
    let mut lane = Lane::start_with_key(studio.address(), "format = \"rdm6300\"", "", "wrong");
    lane.reader.send(&rdm6300(&uid));
    lane.gateway.wait_for_log("API key", 1);
    lane.gateway.wait_for_log("reason=studio-unreachable", 1);
    assert_eq!(lane.relay.arrivals(&ON), []);
}

#[test]
fn no_card_number_and_no_key_stands_in_the_log() {
    let studio = Studio::start(1000);
    let mut lane = Lane::start_with(
        studio.address(),
        "format = \"rdm6300\"",
        "[log]\nlevel = \"trace\"",
    );
    let member = members(1, 1000)
        .find(|member| member.story == Story::Active && member.uid.len() == 5)
        .unwrap();
    lane.reader.send(&rdm6300(&member.uid));
    lane.relay.wait_for(&ON, 1, 5 * SECOND);
    wait_for_check_ins(&studio, 1, 40 * SECOND);
    let log = lane.gateway.log().to_lowercase();
    let hex: String = member.uid.iter().map(|byte| format!("{byte:02x}")).collect();
    let decimal = member
        .uid
        .iter()
        .fold(0u64, |value, byte| value << 8 | u64::from(*byte))
        .to_string();
    assert!(
        !log.contains(&hex) && !log.contains(&decimal),
        "the card number is in the log"
    );
    assert!(!log.contains("x-api-key: simulator"));
}
