//! What an operator sees and does with the commands for a running gateway, and with those that work on a stopped one.

use std::fs::Permissions;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use turnstile_gateway::simulator::{Story, members};

use crate::rig::{Lane, ON, PROGRAM, Studio, rdm6300, wait_for};

const SECOND: Duration = Duration::from_secs(1);

/// Runs a command on the gateway of this configuration.
pub(crate) fn operator(config: &Path, arguments: &[&str]) -> Output {
    Command::new(PROGRAM)
        .args(arguments)
        .arg("--config")
        .arg(config)
        .output()
        .unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What a command prints with `--json`, whatever its exit code.
pub(crate) fn json(config: &Path, arguments: &[&str]) -> Value {
    let output = operator(config, &[arguments, &["--json"]].concat());
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{arguments:?} printed no JSON: {}", text(&output.stderr)))
}

pub(crate) fn uid(story: Story) -> Vec<u8> {
    members(1, 1000)
        .find(|member| member.story == story && member.uid.len() == 5)
        .unwrap_or_else(|| panic!("nobody is {story:?}"))
        .uid
        .to_vec()
}

#[test]
fn the_status_of_a_running_gateway_tells_of_studio_readers_relays_lanes_members_and_check_ins() {
    let studio = Studio::start(1000);
    let mut lane = Lane::start(&studio);
    lane.reader.send(&rdm6300(&uid(Story::Active)));
    lane.relay.wait_for(&ON, 1, 5 * SECOND);
    lane.reader.send(b"\x02 no frame \x03 at all, only noise");
    lane.gateway.wait_for_log("read rejected", 1);
    let config = lane.config();
    let status = wait_for("a delivered check-in in the status", 40 * SECOND, || {
        let status = json(&config, &["status"]);
        (status["check_ins"]["delivered"] == 1).then_some(status)
    });
    assert_eq!(status["device"], "test");
    assert_eq!(status["readers"][0]["reads"], 1, "{status}");
    assert_ne!(status["readers"][0]["rejected"], 0, "{status}");
    assert_eq!(status["relays"][0]["connected"], true, "{status}");
    assert_eq!(status["lanes"][0]["mode"], "normal", "{status}");
    assert_ne!(status["members"]["on_disk"], 0, "{status}");
    assert_eq!(status["studio"]["silent_since"], Value::Null, "{status}");
    assert_ne!(status["studio"]["answered"], Value::Null, "{status}");
    assert_eq!(status["troubles"], Value::Array(vec![]), "{status}");
    let output = operator(&config, &["status"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));

    lane.relay.unplug();
    lane.gateway.wait_for_log("relay disconnected", 1);
    let output = operator(&config, &["status"]);
    assert_eq!(output.status.code(), Some(1));
    let printed = text(&output.stdout);
    assert!(
        printed.contains("relay \"entry relay\" is not connected"),
        "{printed}"
    );
}

#[test]
fn without_a_running_gateway_the_commands_say_what_to_do_and_a_socket_left_behind_is_no_hindrance() {
    let studio = Studio::start(10);
    let mut lane = Lane::start(&studio);
    let config = lane.config();
    let socket = lane.folder.path().join("data/control.sock");
    lane.gateway.signal(nix::sys::signal::Signal::SIGKILL);
    lane.gateway.wait(5 * SECOND);
    assert!(socket.exists(), "a killed gateway removes nothing");
    for command in [vec!["status"], vec!["lane", "open", "main"], vec!["watch"]] {
        let output = operator(&config, &command);
        assert_eq!(output.status.code(), Some(69), "{command:?}");
        assert!(text(&output.stderr).contains("systemctl start turnstile-gateway"));
    }
    let again = crate::rig::Gateway::start(&config);
    again.wait_for_log("ready", 2);
    assert_eq!(json(&config, &["status"])["device"], "test");
    again.signal(nix::sys::signal::Signal::SIGTERM);
    wait_for("the socket to go with the gateway", 5 * SECOND, || {
        (!socket.exists()).then_some(())
    });
}

#[test]
fn parked_check_ins_are_listed_tried_again_and_dropped_with_a_reason_also_on_a_stopped_gateway() {
    let studio = Studio::start(1000);
    let fault = json!({ "checkIn": { "error_rate": 1, "status": 404 } });
    studio.put("/_simulator/faults", &fault);
    let mut lane = Lane::start(&studio);
    let config = lane.config();
    let cards: Vec<_> = members(1, 1000)
        .filter(|member| member.story == Story::Active && member.uid.len() == 5)
        .take(2)
        .collect();
    for (count, member) in (1..).zip(&cards) {
        lane.reader.send(&rdm6300(&member.uid));
        lane.relay.wait_for(&ON, count, 5 * SECOND);
    }
    let list = |arguments: &[&str]| match json(&config, &[&["check-ins"], arguments].concat()) {
        Value::Array(list) => list,
        other => panic!("expected a list, got {other}"),
    };
    wait_for("two parked check-ins", 40 * SECOND, || {
        let parked = list(&["list"])
            .iter()
            .all(|check_in| check_in["state"] == "parked");
        (parked && list(&["list"]).len() == 2).then_some(())
    });
    let parked = list(&["list"]);
    assert_eq!(parked[0]["customer"], cards[0].id);
    assert!(
        parked[0]["message"]
            .as_str()
            .is_some_and(|message| !message.is_empty()),
        "{parked:?}"
    );
    let printed = text(&operator(&config, &["check-ins", "list"]).stdout);
    assert!(printed.contains("1-1") && printed.contains("parked"), "{printed}");
    assert_eq!(operator(&config, &["status"]).status.code(), Some(1));

    studio.delete("/_simulator/faults");
    let retried = operator(&config, &["check-ins", "retry", "1-1", "9-9"]);
    assert_eq!(retried.status.code(), Some(1), "9-9 does not exist");
    assert!(text(&retried.stderr).contains("9-9"));
    wait_for("the check-in that was tried again", 40 * SECOND, || {
        (studio.check_ins().len() == 1).then_some(())
    });

    // Nobody sits at a terminal here: it has to be said that it is meant.
    assert_eq!(
        operator(&config, &["check-ins", "drop", "1-2"]).status.code(),
        Some(1)
    );
    lane.gateway.signal(nix::sys::signal::Signal::SIGTERM);
    lane.gateway.wait(5 * SECOND);
    assert_eq!(list(&["list"]).len(), 1);
    let shown = text(&operator(&config, &["check-ins", "show", "1-2"]).stdout);
    assert!(shown.contains("1-2") && shown.contains("parked"), "{shown}");
    let reason = ["check-ins", "drop", "1-2", "--reason", "a test card", "--yes"];
    let dropped = operator(&config, &reason);
    assert_eq!(dropped.status.code(), Some(0), "{}", text(&dropped.stderr));
    assert!(list(&["list"]).is_empty());
    let export = text(&operator(&config, &["check-ins", "export"]).stdout);
    assert!(
        export.starts_with("check-in,came,") && export.contains(",delivered,"),
        "{export}"
    );
    assert!(!export.lines().any(|line| line.starts_with("1-2,")), "{export}");

    let _again = crate::rig::Gateway::start(&config);
    std::thread::sleep(2 * SECOND);
    assert_eq!(studio.check_ins().len(), 1, "what was dropped never arrives");
}

#[test]
fn a_lane_that_is_closed_or_opened_by_command_is_so_at_the_next_swipe() {
    let studio = Studio::start(1000);
    let mut lane = Lane::start_with(studio.address(), "format = \"rdm6300\"", "");
    let config = lane.config();
    let card = rdm6300(&uid(Story::Active));
    let done = operator(&config, &["lane", "close", "main"]);
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    lane.reader.send(&card);
    lane.gateway.wait_for_log("reason=lane-closed", 1);
    assert_eq!(json(&config, &["status"])["lanes"][0]["mode"], "closed");

    assert_eq!(
        operator(&config, &["lane", "open", "main"]).status.code(),
        Some(0)
    );
    lane.reader.send(&rdm6300(&[0x77, 1, 2, 3, 4]));
    lane.relay.wait_for(&ON, 1, 5 * SECOND);
    lane.gateway.wait_for_log("free-passage", 1);

    assert_eq!(
        operator(&config, &["lane", "normal", "main"]).status.code(),
        Some(0)
    );
    lane.reader.send(&rdm6300(&uid(Story::Paused)));
    lane.gateway.wait_for_log("lane stays shut", 2);

    let wrong = operator(&config, &["lane", "open", "mian"]);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(text(&wrong.stderr).contains("mian"));
    let forgiven = operator(&config, &["forgive", "1042"]);
    assert_eq!(forgiven.status.code(), Some(0), "{}", text(&forgiven.stderr));
}

#[test]
fn clients_that_send_garbage_ten_megabytes_or_nothing_disturb_nobody() {
    let studio = Studio::start(1000);
    let mut lane = Lane::start(&studio);
    let config = lane.config();
    let socket = lane.folder.path().join("data/control.sock");
    let connect = || {
        let stream = UnixStream::connect(&socket).unwrap();
        stream.set_read_timeout(Some(20 * SECOND)).unwrap();
        stream.set_write_timeout(Some(20 * SECOND)).unwrap();
        stream
    };
    let mode = std::fs::metadata(&socket).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o660);

    let mut garbage = connect();
    garbage
        .write_all(b"\x00\xFF{\"request\": \"open the door\", card 1173673668653440}\n")
        .unwrap();
    let mut answer = String::new();
    garbage.read_to_string(&mut answer).unwrap();
    assert!(
        answer.contains("no request") && !answer.contains("1173673668653440"),
        "{answer}"
    );

    let silent = connect();
    let half = connect();
    (&half).write_all(b"{\"request\"").unwrap();
    let mut flood = connect();
    // It is cut off long before the end.
    let taken = flood.write_all(&vec![b'x'; 10_000_000]);
    assert!(taken.is_err(), "the gateway took ten megabytes");

    lane.reader.send(&rdm6300(&uid(Story::Active)));
    lane.relay.wait_for(&ON, 1, 5 * SECOND);
    for (name, client) in [("silent", silent), ("half", half)] {
        let mut rest = Vec::new();
        (&client)
            .read_to_end(&mut rest)
            .unwrap_or_else(|error| panic!("{name} is not let go: {error}"));
    }

    // A full house tells who comes on top of it.
    let mut house = Vec::new();
    wait_for("a full house", 5 * SECOND, || {
        house.push(connect());
        let printed = text(&operator(&config, &["status"]).stderr);
        printed.contains("other commands are under way").then_some(())
    });
    assert!(house.len() >= 16, "full with {}", house.len());
    drop(house);
    wait_for("room again", 5 * SECOND, || {
        operator(&config, &["status"]).status.success().then_some(())
    });
    lane.gateway.wait_for_log("lane opened", 1);
}

#[test]
fn whoever_watches_sees_what_happens_at_the_lanes_without_a_card_number() {
    let studio = Studio::start(1000);
    let mut lane = Lane::start(&studio);
    let mut watching = Command::new(PROGRAM)
        .args(["watch", "--json", "--config"])
        .arg(lane.config())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(watching.stdout.take().unwrap()).lines();
    let mut next = || -> Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
    std::thread::sleep(SECOND);
    lane.reader.send(&rdm6300(&uid(Story::Paused)));
    let denied = next();
    assert_eq!(
        (&denied["what"], &denied["detail"]),
        (&json!("denied"), &json!("paused"))
    );
    assert!(
        denied["credential"].as_str().unwrap().starts_with("card ***"),
        "{denied}"
    );
    lane.reader.send(&rdm6300(&uid(Story::Active)));
    let mut seen = [next(), next()].map(|happening| happening["what"].as_str().unwrap().to_owned());
    seen.sort();
    assert_eq!(seen, ["check-in", "opened"]);
    lane.gateway.signal(nix::sys::signal::Signal::SIGTERM);
    let status = wait_for("the end of the watching", 5 * SECOND, || {
        watching.try_wait().unwrap()
    });
    assert_eq!(status.code(), Some(1));
}

#[test]
fn a_user_without_the_right_is_told_to_run_the_command_as_root() {
    let studio = Studio::start(10);
    let lane = Lane::start(&studio);
    let nobody = 65_534;
    let open = |path: &Path| std::fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
    open(lane.folder.path());
    open(&lane.folder.path().join("data"));
    let output = Command::new(PROGRAM)
        .args(["status", "--config"])
        .arg(lane.config())
        .uid(nobody)
        .gid(nobody)
        .output();
    // Only root can become another user, and that one may not even reach the program.
    if let Ok(output) = output {
        assert_eq!(output.status.code(), Some(77), "{}", text(&output.stderr));
        assert!(text(&output.stderr).contains("sudo"));
    }
}

#[test]
fn the_next_read_goes_over_the_socket_to_whoever_asks_for_it_and_opens_nothing() {
    let studio = Studio::start(1000);
    let mut lane = Lane::start(&studio);
    let socket = lane.folder.path().join("data/control.sock");
    let ask = |reader: &str, seconds: u64| {
        let mut stream = UnixStream::connect(&socket).unwrap();
        let request = json!({ "request": "next-read", "reader": reader, "seconds": seconds });
        writeln!(stream, "{request}").unwrap();
        BufReader::new(stream)
    };
    let answer = |mut stream: BufReader<UnixStream>| -> Value {
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    };
    let nobody = answer(ask("no reader", 5));
    assert!(nobody["with"].as_str().unwrap().contains("no reader"), "{nobody}");
    assert!(
        answer(ask("entry reader", 1))["with"]
            .as_str()
            .unwrap()
            .contains("within 1 second")
    );

    let waiting = ask("entry reader", 20);
    std::thread::sleep(SECOND);
    let card = uid(Story::Active);
    // Held to the reader, it reads more than once.
    lane.reader.send(&[rdm6300(&card), rdm6300(&card)].concat());
    let number = card
        .iter()
        .fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
    let expected = json!({ "kind": "card", "content": number.to_string() });
    assert_eq!(answer(waiting)["with"], expected);
    std::thread::sleep(SECOND);
    assert_eq!(lane.relay.arrivals(&ON), []);
    assert!(!lane.gateway.log().contains(&number.to_string()));

    // Whoever has left has no claim: the next card is decided on.
    drop(ask("entry reader", 20));
    std::thread::sleep(SECOND);
    let other = members(1, 1000)
        .filter(|member| member.story == Story::Active && member.uid.len() == 5)
        .nth(1)
        .unwrap();
    lane.reader.send(&rdm6300(&other.uid));
    lane.relay.wait_for(&ON, 1, 5 * SECOND);
}
