//! That every visit reaches the studio exactly once, whatever is killed, filled up, damaged or away meanwhile.

mod devices;
mod disk;
mod kill;
mod offline;
mod ways;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use serde_json::Value;
use turnstile_gateway::simulator::{SimulatedMember, Story, members};

use crate::rig::{Gateway, Lane, Pty, Studio, rdm6300, wait_for};

const SECOND: Duration = Duration::from_secs(1);

/// Members who may come in, with tags that a reader of 125 kHz can read.
fn welcome(count: usize) -> Vec<SimulatedMember> {
    let welcome: Vec<SimulatedMember> = members(1, 1000)
        .filter(|member| member.story == Story::Active && member.uid.len() == 5)
        .take(count)
        .collect();
    assert_eq!(welcome.len(), count);
    welcome
}

/// Starts the lane's gateway again; it has ended. This life has a log of its own.
fn start_again(lane: &mut Lane, life: usize) {
    let config = std::fs::read_to_string(lane.config()).unwrap();
    let path = lane.folder.path().join(format!("life-{life}.toml"));
    std::fs::write(&path, config.replace("[studio]", "[studio]\ntimeout = \"1s\"")).unwrap();
    lane.gateway = Gateway::start(&path);
    lane.gateway.wait_for_log("reader connected", 1);
    lane.gateway.wait_for_log("relay connected", 1);
}

/// What the studio has: how often each customer came at each second.
fn list(studio: &Studio) -> BTreeMap<(i64, i64), usize> {
    let mut list = BTreeMap::new();
    for check_in in studio.check_ins() {
        let time = check_in["checkInDateTime"]
            .as_str()
            .unwrap()
            .parse::<jiff::Timestamp>();
        let visit = (
            check_in["customerId"].as_i64().unwrap(),
            time.unwrap().as_second(),
        );
        *list.entry(visit).or_default() += 1;
    }
    list
}

/// A visit that the log of a gateway reports as on disk.
#[derive(Clone, Debug)]
struct Written {
    customer: i64,
    /// When the person came, in milliseconds since 1970.
    at: i64,
    /// When it was on disk, on the monotonic clock.
    durable: Duration,
}

/// The visits that were written for the first time, in the order in which they came. The log is in JSON at debug level;
/// its last line may have been cut off by a kill.
fn written(gateway: &Gateway) -> Vec<Written> {
    let mut seen = BTreeMap::new();
    for line in gateway
        .log()
        .lines()
        .filter(|line| line.contains("visit on disk"))
    {
        let Ok(line) = serde_json::from_str::<Value>(line) else {
            continue;
        };
        let text = |field: &str| line[field].as_str().unwrap().to_owned();
        let digits: String = text("visitor").chars().filter(char::is_ascii_digit).collect();
        let written = Written {
            customer: digits.parse().unwrap(),
            at: text("at").parse::<jiff::Timestamp>().unwrap().as_millisecond(),
            durable: Duration::from_micros(line["monotonic"].to_string().trim_matches('"').parse().unwrap()),
        };
        let name = text("visit");
        let (boot, sequence) = name.split_once('-').unwrap();
        let name: (u32, u32) = (boot.parse().unwrap(), sequence.parse().unwrap());
        seen.entry(name).or_insert(written);
    }
    // Those of earlier lives are written again when they are sent.
    let last = seen.keys().map(|(boot, _)| *boot).max();
    seen.retain(|(boot, _), _| Some(*boot) == last);
    seen.into_values().collect()
}

/// How many visits of the journal in this data folder the studio does not have, as far as the disk knows.
fn undelivered(data: &Path) -> usize {
    let connection =
        Connection::open_with_flags(data.join("journal.db"), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    connection
        .query_row("SELECT count(*) FROM visits WHERE state < 3", [], |row| {
            row.get(0)
        })
        .unwrap()
}

fn wait_until_delivered(data: &Path, limit: Duration) {
    wait_for("the end of the queue", limit, || {
        (undelivered(data) == 0).then_some(())
    });
}

fn swipe(reader: &mut Pty, member: &SimulatedMember) {
    reader.send(&rdm6300(&member.uid));
}

/// The value below which this share of the sorted values lies.
fn quantile(sorted: &[Duration], share: f64) -> Duration {
    let position = (sorted.len() as f64 * share) as usize;
    sorted[position.min(sorted.len() - 1)]
}
