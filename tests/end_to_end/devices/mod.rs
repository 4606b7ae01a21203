//! Every kind of device at the gateway as a process: from its line in the configuration file to a lane that opens, and
//! back to the visit at the studio. What a device says is in the words of its maker's document.

mod boards;
mod displays;
mod far_end;
mod keyboards;
mod link_board;
mod plugs;
mod polled_readers;
mod serial_readers;

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use turnstile_gateway::simulator::{SimulatedMember, Story, members};

use crate::rig::{Pty, Studio, wait_for, write_tables};

const SECOND: Duration = Duration::from_secs(1);

/// Few enough that all their access codes are fetched ahead in a moment.
const MEMBERS: u32 = 200;

/// Longer than the silence that ends a frame.
const PAUSE: Duration = Duration::from_millis(300);

/// Members in good standing with a card of so many bytes: five are an EM4100 tag, four and seven an ISO 14443 card.
fn welcome(uid_length: usize) -> impl Iterator<Item = SimulatedMember> {
    members(1, MEMBERS).filter(move |member| {
        // No four bytes of a card begin with 08 or 88: these are made up anew each time, or half of a longer UID.
        let exists = uid_length != 4 || member.uid[0] & 0x7F != 0x08;
        member.story == Story::Active && member.uid.len() == uid_length && exists
    })
}

fn decimal(uid: &[u8]) -> String {
    let value = uid
        .iter()
        .fold(0_u128, |value, byte| value << 8 | u128::from(*byte));
    value.to_string()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut digits, byte| {
        write!(digits, "{byte:02X}").unwrap();
        digits
    })
}

/// Relay boards with eight relays each.
struct Relays(Vec<Pty>);

impl Relays {
    /// So many boards, on the ports `relays-0` and so on.
    fn new(folder: &Path, boards: usize) -> Self {
        Self(
            (0..boards)
                .map(|board| Pty::new(folder, &format!("relays-{board}")))
                .collect(),
        )
    }

    /// The `[[relay]]` table of the relay with this number, named `relay-<number>`.
    fn table(number: usize) -> String {
        let (board, channel) = (number / 8, number % 8 + 1);
        format!(
            "[[relay]]
name = \"relay-{number}\"
kind = \"usb-relay\"
port = \"{{folder}}/relays-{board}\"
channel = {channel}
"
        )
    }

    /// How often the relay with this number was switched on.
    fn openings(&self, number: usize) -> usize {
        let channel = u8::try_from(number % 8 + 1).unwrap();
        self.0[number / 8]
            .arrivals(&[0xA0, channel, 0x01, 0xA1 + channel])
            .len()
    }

    fn wait_for_opening(&self, number: usize, count: usize, what: &str) {
        wait_for(&format!("{count} openings by {what}"), 10 * SECOND, || {
            (self.openings(number) >= count).then_some(())
        });
    }
}

/// A gateway with a lane of one reader for each of these `[[reader]]` tables, each reader called as its lane.
fn lanes(folder: &Path, studio: &Studio, readers: &[(String, String)], more: &str) -> (PathBuf, Relays) {
    let mut tables = String::from(more);
    for (number, (name, reader)) in readers.iter().enumerate() {
        write!(
            tables,
            "
[[reader]]
name = \"{name}\"
{reader}
{relay}
[[lane]]
name = \"{name}\"
[lane.entry]
reader = \"{name}\"
relay = \"relay-{number}\"
pulse = \"300ms\"
",
            relay = Relays::table(number)
        )
        .unwrap();
    }
    let relays = Relays::new(folder, readers.len().div_ceil(8));
    (write_tables(folder, studio.address(), &tables), relays)
}

/// Waits until exactly these customers have come, each once.
fn wait_for_visits(studio: &Studio, mut customers: Vec<i64>) {
    customers.sort_unstable();
    let visits = || {
        let mut visits: Vec<i64> = studio
            .check_ins()
            .iter()
            .map(|visit| visit["customerId"].as_i64().unwrap())
            .collect();
        visits.sort_unstable();
        visits
    };
    wait_for(&format!("{} visits", customers.len()), 40 * SECOND, || {
        (visits().len() >= customers.len()).then_some(())
    });
    std::thread::sleep(PAUSE);
    assert_eq!(visits(), customers);
}
