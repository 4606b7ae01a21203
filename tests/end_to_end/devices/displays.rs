//! A display on a serial port: what it says to whom, in which language, and that a lane does not need it.

use turnstile_gateway::simulator::{FIRST_ID, SimulatedMember, Story, members};

use super::{MEMBERS, SECOND, wait_for_visits, welcome};
use crate::rig::{Lane, ON, Pty, Studio, rdm6300};

const DISPLAY: &str = r#"display = "greeter"
[[display]]
name = "greeter"
kind = "serial"
port = "{folder}/display"
columns = 16
idle = "Hello"
show = "1s"
"#;

/// Every third member of the simulator has chosen German.
fn is_german(member: &SimulatedMember) -> bool {
    (member.id - FIRST_ID) % 3 == 0
}

fn who(story: Story, german: bool) -> SimulatedMember {
    members(1, MEMBERS)
        .find(|member| member.story == story && member.uid.len() == 5 && is_german(member) == german)
        .unwrap()
}

/// Cleared by a form feed, filled up to the end of the line.
fn shown(text: &str) -> Vec<u8> {
    format!("\x0C{text:16.16}").into_bytes()
}

#[test]
fn a_refusal_is_shown_in_the_members_language_and_a_lane_without_its_display_still_opens() {
    let studio = Studio::start(MEMBERS);
    let folder = tempfile::tempdir().unwrap();
    let mut display = Pty::new(folder.path(), "display");
    let more = DISPLAY.replace("{folder}", &folder.path().display().to_string());
    let mut lane = Lane::start_with(studio.address(), "format = \"rdm6300\"", &more);
    lane.gateway.wait_for_log("the roster is complete", 1);
    display.wait_for(&shown("Hello"), 1, 5 * SECOND);

    for (german, text) in [(true, "Bitte an der The"), (false, "Please see the f")] {
        lane.reader.send(&rdm6300(&who(Story::Paused, german).uid));
        display.wait_for(&shown(text), 1, 5 * SECOND);
    }
    display.wait_for(&shown("Hello"), 2, 5 * SECOND);
    let guest = who(Story::Active, true);
    lane.reader.send(&rdm6300(&guest.uid));
    display.wait_for(&shown("Willkommen"), 1, 5 * SECOND);
    lane.relay.wait_for(&ON, 1, 5 * SECOND);

    display.unplug();
    lane.gateway.wait_for_log("display disconnected", 1);
    let other = welcome(5).find(|member| member.id != guest.id).unwrap();
    lane.reader.send(&rdm6300(&other.uid));
    lane.relay.wait_for(&ON, 2, 5 * SECOND);
    display.plug();
    lane.gateway.wait_for_log("display connected", 2);
    display.wait_for(&shown("Hello"), 1, 5 * SECOND);
    wait_for_visits(&studio, vec![guest.id, other.id]);
}
