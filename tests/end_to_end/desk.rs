//! What the front desk does, and that it holds at the next swipe: cards are given, replaced and withdrawn, people
//! blocked and unblocked.

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use turnstile_gateway::simulator::{SimulatedMember, Story, members};

use crate::rig::{KEY_VARIABLE, Lane, ON, PROGRAM, Studio, rdm6300};

const SECOND: Duration = Duration::from_secs(1);

/// A card that nobody has.
const NEW_CARD: [u8; 5] = [0x5A, 0x12, 0x34, 0x56, 0x78];

fn command(config: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command
        .args(arguments)
        .arg("--config")
        .arg(config)
        .env(KEY_VARIABLE, "simulator")
        .stdin(Stdio::null());
    command
}

fn desk(config: &Path, arguments: &[&str]) -> Output {
    command(config, arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Does something and asserts that it is done.
fn done(config: &Path, arguments: &[&str]) -> String {
    let output = desk(config, arguments);
    let (printed, failed) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {printed}{failed}");
    printed
}

/// Tries something and asserts that it is refused.
fn refused(config: &Path, arguments: &[&str]) -> String {
    let output = desk(config, arguments);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
    text(&output.stderr)
}

fn json(config: &Path, arguments: &[&str]) -> Value {
    let output = desk(config, &[arguments, &["--json"]].concat());
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{arguments:?} printed no JSON: {}", text(&output.stderr)))
}

/// Members without trouble whose cards a reader of tags can read.
fn good_members() -> impl Iterator<Item = SimulatedMember> {
    members(1, 1000).filter(|member| member.story == Story::Active && member.uid.len() == 5)
}

/// Starts a command that waits for a card, and waits until the gateway knows of it.
fn waiting(config: &Path, arguments: &[&str]) -> Child {
    let child = command(config, arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(2 * SECOND);
    child
}

fn end(child: Child) -> (Option<i32>, String) {
    let output = child.wait_with_output().unwrap();
    let printed = text(&output.stdout) + &text(&output.stderr);
    (output.status.code(), printed)
}

#[test]
fn a_blocked_member_is_refused_at_the_next_swipe_and_granted_again_once_unblocked() {
    let studio = Studio::start(1000);
    let mut lane = Lane::start(&studio);
    let config = lane.config();
    let member = good_members().next().unwrap();
    let (id, card) = (member.id.to_string(), rdm6300(&member.uid));
    lane.reader.send(&card);
    lane.relay.wait_for(&ON, 1, 5 * SECOND);

    let block = ["block", &id, "--reason", "owes the fee"];
    let unsure = refused(&config, &block);
    assert!(unsure.contains("--yes"), "{unsure}");
    let printed = done(&config, &[&block[..], &["--yes"]].concat());
    assert!(printed.contains("next swipe"), "{printed}");
    std::thread::sleep(2 * SECOND);
    lane.reader.send(&card);
    lane.gateway.wait_for_log("reason=restricted", 1);

    let shown = json(&config, &["customer", "show", &id]);
    assert_eq!(shown["restrictions"][0]["reason"], "owes the fee", "{shown}");
    let printed = done(&config, &["unblock", &id, "--yes"]);
    assert!(printed.contains("next swipe"), "{printed}");
    std::thread::sleep(2 * SECOND);
    lane.reader.send(&card);
    lane.relay.wait_for(&ON, 2, 5 * SECOND);

    let nothing_to_lift = refused(&config, &["unblock", &id, "--yes"]);
    assert!(nothing_to_lift.contains("status 404"), "{nothing_to_lift}");
}

#[test]
fn an_enrolled_card_opens_a_replaced_one_does_not_and_a_card_of_somebody_else_is_explained() {
    let studio = Studio::start(1000);
    let mut lane = Lane::start(&studio);
    let config = lane.config();
    let mut people = good_members();
    let (member, other) = (people.next().unwrap(), people.next().unwrap());
    let id = member.id.to_string();
    lane.reader.send(&rdm6300(&NEW_CARD));
    lane.gateway.wait_for_log("reason=unknown", 1);

    let enrol = ["enrol", "--reader", "entry reader", "--customer", &id, "--yes"];
    let enrolling = waiting(&config, &enrol);
    lane.reader.send(&rdm6300(&other.uid));
    let (code, printed) = end(enrolling);
    assert_eq!(code, Some(1), "{printed}");
    assert!(printed.contains(&other.customer_number), "{printed}");

    let enrolling = waiting(&config, &enrol);
    lane.reader.send(&rdm6300(&NEW_CARD));
    let (code, printed) = end(enrolling);
    assert_eq!(code, Some(0), "{printed}");
    assert!(printed.contains("card ***"), "{printed}");
    std::thread::sleep(2 * SECOND);
    lane.reader.send(&rdm6300(&NEW_CARD));
    lane.relay.wait_for(&ON, 1, 5 * SECOND);

    let shown = json(&config, &["customer", "show", &id]);
    let medium = shown["media"].as_array().unwrap().last().unwrap()["id"].to_string();
    let newer_card = [0x5B, 0x12, 0x34, 0x56, 0x79];
    let replace = ["medium", "replace", "--customer", &id, "--medium", &medium];
    let more = ["--reader", "entry reader", "--yes"];
    let replacing = waiting(&config, &[&replace[..], &more].concat());
    lane.reader.send(&rdm6300(&newer_card));
    let (code, printed) = end(replacing);
    assert_eq!(code, Some(0), "{printed}");
    std::thread::sleep(2 * SECOND);
    lane.reader.send(&rdm6300(&NEW_CARD));
    lane.gateway.wait_for_log("reason=unknown", 2);
    lane.reader.send(&rdm6300(&newer_card));
    lane.relay.wait_for(&ON, 2, 5 * SECOND);

    done(
        &config,
        &[
            "medium",
            "remove",
            "--customer",
            &id,
            "--medium",
            &medium,
            "--yes",
        ],
    );
    std::thread::sleep(2 * SECOND);
    lane.reader.send(&rdm6300(&newer_card));
    lane.gateway.wait_for_log("reason=unknown", 3);
}

#[test]
fn customers_are_found_by_name_card_and_number_and_names_are_shown_only_where_asked_for() {
    let studio = Studio::start(1000);
    let lane = Lane::start(&studio);
    let config = lane.config();
    let member = good_members().next().unwrap();
    let hex: String = member.uid.iter().map(|byte| format!("{byte:02x}")).collect();
    let name = format!("{} {}", member.first_name, member.last_name);
    for what in [&member.customer_number, &hex, &name, &member.last_name] {
        let found = json(&config, &["customer", "find", what]);
        let ids = found.as_array().unwrap().iter();
        assert!(
            ids.clone().any(|found| found["id"] == member.id),
            "{what}: {found}"
        );
        assert!(!found.to_string().contains(&member.last_name), "{found}");
    }
    let found = json(
        &config,
        &["customer", "find", &member.customer_number, "--personal"],
    );
    assert_eq!(found[0]["name"], name, "{found}");

    let id = member.id.to_string();
    let shown = done(&config, &["customer", "show", &id]);
    assert!(!shown.contains(&member.last_name), "{shown}");
    assert!(!shown.contains(&hex) && shown.contains("card ***"), "{shown}");
    assert!(done(&config, &["customer", "show", &id, "--personal"]).contains(&name));
    let nobody = desk(&config, &["customer", "find", "9-99999999"]);
    assert_eq!(nobody.status.code(), Some(1));
    assert!(refused(&config, &["customer", "show", "1"]).contains("no customer 1"));
}

#[test]
fn without_a_gateway_the_desk_works_and_says_that_the_lanes_do_not_know_yet() {
    let studio = Studio::start(1000);
    let folder = tempfile::tempdir().unwrap();
    let config = crate::rig::write_config(folder.path(), studio.address(), "format = \"rdm6300\"", "");
    let id = good_members().next().unwrap().id.to_string();
    let printed = done(&config, &["use-benefit", &id, "VISIT_PASS", "--yes"]);
    assert!(printed.contains("does not run"), "{printed}");
    let visits = json(&config, &["visits", &id]);
    assert_eq!(visits.as_array().map(Vec::len), Some(1), "{visits}");
    let enrol = ["enrol", "--reader", "entry reader", "--customer", &id, "--yes"];
    assert_eq!(desk(&config, &enrol).status.code(), Some(69));
}

#[test]
fn a_missing_scope_is_named() {
    let studio = Studio::start(1000);
    let folder = tempfile::tempdir().unwrap();
    let config = crate::rig::write_config(folder.path(), studio.address(), "format = \"rdm6300\"", "");
    let forbidden = serde_json::json!({ "error_rate": 1, "status": 403 });
    studio.put(
        "/_simulator/faults",
        &serde_json::json!({ "setAccessRestriction": forbidden, "getCustomersContracts": forbidden }),
    );
    let id = good_members().next().unwrap().id.to_string();
    let said = refused(&config, &["block", &id, "--reason", "owes the fee", "--yes"]);
    assert!(said.contains("CUSTOMER_ACCESS_RESTRICTION_WRITE"), "{said}");
    let shown = desk(&config, &["customer", "show", &id]);
    assert_eq!(shown.status.code(), Some(1));
    let printed = text(&shown.stdout);
    assert!(
        printed.contains("CUSTOMER_CONTRACT_READ") && printed.contains("card ***"),
        "{printed}"
    );
}
