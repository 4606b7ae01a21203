//! The studio's webhooks over real HTTP: whoever changes at the studio is another person at the next swipe.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};
use turnstile_gateway::simulator::{SimulatedMember, Story, members};

use crate::rig::{Lane, ON, Studio, rdm6300, wait_for};

const SECOND: Duration = Duration::from_secs(1);

const KEY: &str = "the-key-of-the-webhooks";

struct Rig {
    studio: Studio,
    lane: Lane,
    webhooks: SocketAddr,
    _key: tempfile::NamedTempFile,
}

impl Rig {
    fn start() -> Self {
        let studio = Studio::start(1000);
        let webhooks = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut key = tempfile::NamedTempFile::new().unwrap();
        key.write_all(KEY.as_bytes()).unwrap();
        let more = format!(
            "[studio.webhooks]\nlisten = \"{webhooks}\"\napi_key = {{ file = {:?} }}",
            key.path()
        );
        let lane = Lane::start_with(studio.address(), "format = \"rdm6300\"", &more);
        lane.gateway
            .wait_for_log("listening for the studio's webhooks", 1);
        Self {
            studio,
            lane,
            webhooks,
            _key: key,
        }
    }

    /// Sends a request and gives the status of the answer, which has to come in time.
    fn send(&self, method: &str, key: Option<&str>, body: &[u8]) -> u16 {
        let mut stream = TcpStream::connect(self.webhooks).unwrap();
        stream.set_read_timeout(Some(5 * SECOND)).unwrap();
        let key = key.map_or_else(String::new, |key| format!("x-api-key: {key}\r\n"));
        let head = format!(
            "{method} /any/path HTTP/1.1\r\nhost: gateway\r\n{key}content-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        // A server that has seen enough of a long body answers and hangs up.
        let _ = stream
            .write_all(head.as_bytes())
            .and_then(|()| stream.write_all(body));
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).unwrap();
        String::from_utf8_lossy(&answer)[9..].parse().unwrap()
    }

    fn notify(&self, notification: &Value) -> u16 {
        self.send("POST", Some(KEY), notification.to_string().as_bytes())
    }

    fn look_ups(&self) -> u64 {
        self.studio.get("/_simulator/requests")["getCustomerById"]
            .as_u64()
            .unwrap_or_default()
    }
}

fn notification(member: &SimulatedMember, kind: &str) -> Value {
    json!({
        "entityId": member.id,
        "uuid": format!("uuid of {kind}"),
        "payload": [{ "timestamp": 1_764_000_000_000_u64, "type": kind }],
    })
}

fn member() -> SimulatedMember {
    members(1, 1000)
        .find(|member| member.story == Story::Active && member.uid.len() == 5)
        .unwrap()
}

#[test]
fn a_member_who_is_blocked_at_the_studio_is_refused_at_the_next_swipe_and_a_replay_asks_nothing() {
    let mut rig = Rig::start();
    let member = member();
    let card = rdm6300(&member.uid);
    rig.lane.reader.send(&card);
    rig.lane.relay.wait_for(&ON, 1, 5 * SECOND);
    let path = format!("/_simulator/members/{}/restriction", member.id);
    rig.studio.put(&path, &json!({ "reason": "owes the fee" }));
    std::thread::sleep(3 * SECOND);
    rig.lane.reader.send(&card);
    // The record is fresh: without news nobody would ask.
    rig.lane.relay.wait_for(&ON, 2, 5 * SECOND);

    let before = rig.look_ups();
    let blocked = notification(&member, "CUSTOMER_ACCESS_RESTRICTION_CREATED");
    assert_eq!(rig.notify(&blocked), 202);
    rig.lane
        .gateway
        .wait_for_log("a customer has changed at the studio", 1);
    std::thread::sleep(3 * SECOND);
    rig.lane.reader.send(&card);
    rig.lane.gateway.wait_for_log("reason=restricted", 1);
    assert_eq!(rig.look_ups(), before + 1);

    for _ in 0..5 {
        assert_eq!(rig.notify(&blocked), 202);
    }
    for kind in ["CUSTOMER_CHECKIN", "SOMETHING_NEW"] {
        assert_eq!(rig.notify(&notification(&member, kind)), 200);
    }
    std::thread::sleep(SECOND);
    assert_eq!(rig.look_ups(), before + 1);
}

#[test]
fn somebody_who_is_deleted_at_the_studio_is_nobody_at_the_next_swipe() {
    let mut rig = Rig::start();
    let member = member();
    rig.lane.reader.send(&rdm6300(&member.uid));
    rig.lane.relay.wait_for(&ON, 1, 5 * SECOND);
    // It lists whoever the simulator has, and that cannot be less.
    rig.lane.gateway.wait_for_log("the roster is complete", 1);
    let gone = json!({ "error_rate": 1, "status": 404 });
    rig.studio.put(
        "/_simulator/faults",
        &json!({ "getCustomerById": gone, "getCustomerBy": gone }),
    );
    assert_eq!(rig.notify(&notification(&member, "CUSTOMER_DELETED")), 202);
    rig.lane.gateway.wait_for_log("there=false", 1);
    std::thread::sleep(3 * SECOND);
    rig.lane.reader.send(&rdm6300(&member.uid));
    rig.lane.gateway.wait_for_log("reason=unknown", 1);
}

#[test]
fn the_answer_comes_at_once_while_the_studio_is_down_and_the_change_is_asked_for_until_it_is_back() {
    let rig = Rig::start();
    let overloaded = json!({ "error_rate": 1, "status": 503 });
    rig.studio
        .put("/_simulator/faults", &json!({ "getCustomerById": overloaded }));
    assert_eq!(rig.notify(&notification(&member(), "CONTRACT_CANCELLED")), 202);
    std::thread::sleep(2 * SECOND);
    rig.studio.delete("/_simulator/faults");
    rig.lane
        .gateway
        .wait_for_log("a customer has changed at the studio", 1);
}

#[test]
fn strangers_garbage_and_floods_are_turned_away_and_nothing_of_them_is_logged() {
    let rig = Rig::start();
    let body = notification(&member(), "CUSTOMER_UPDATED").to_string();
    let body = body.as_bytes();
    for key in [
        None,
        Some(""),
        Some("the-key-of-the-webhooks2"),
        Some("the-key-of-the"),
    ] {
        assert_eq!(rig.send("POST", key, body), 401, "{key:?}");
    }
    assert_eq!(rig.send("GET", Some(KEY), b""), 405);
    for malformed in [
        &b"{\"entityId\": \"secret-words\"}"[..],
        b"",
        b"\xFF\xFE",
        &body[1..],
    ] {
        assert_eq!(rig.send("POST", Some(KEY), malformed), 400);
    }
    assert_eq!(rig.send("POST", Some(KEY), &vec![b' '; 65 * 1024]), 413);

    // One that never ends is let go in time, and keeps nobody else waiting.
    let mut endless = TcpStream::connect(rig.webhooks).unwrap();
    endless.set_read_timeout(Some(6 * SECOND)).unwrap();
    let head = format!("POST / HTTP/1.1\r\nhost: gateway\r\nx-api-key: {KEY}\r\ncontent-length: 100\r\n\r\n");
    endless.write_all(head.as_bytes()).unwrap();
    assert_eq!(rig.send("POST", Some(KEY), body), 202);
    let mut answer = [0; 12];
    endless.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 408");

    let log = rig.lane.gateway.log();
    let refused = log.lines().filter(|line| line.contains("wrong key")).count();
    assert_eq!(refused, 1, "once, not at every knock");
    assert!(!log.contains("secret-words") && !log.contains(KEY), "{log}");
}

#[test]
fn connections_that_say_nothing_take_few_descriptors_and_keep_no_notification_away_for_long() {
    let rig = Rig::start();
    let before = rig.lane.gateway.descriptors();
    let silent: Vec<TcpStream> = (0..100)
        .map(|_| TcpStream::connect(rig.webhooks).unwrap())
        .collect();
    std::thread::sleep(SECOND);
    let taken = rig.lane.gateway.descriptors() - before;
    assert!((1..=40).contains(&taken), "{taken} descriptors");
    // The first of them have been given up; those that still wait are of no use to anybody.
    drop(silent);
    wait_for("a notification to be taken", 20 * SECOND, || {
        (rig.notify(&notification(&member(), "CUSTOMER_UPDATED")) == 202).then_some(())
    });
}
