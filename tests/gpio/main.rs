//! The whole gateway on GPIO lines of a real kernel, with a simulated studio beside it: a frame of edges comes in, the
//! relay is switched on, the passage sensor's line goes low, and the visit arrives. On a kernel dressed up as a Raspberry
//! Pi all of it goes by rppal. Needs gpio-sim; where the kernel has none, nothing is run and that is said.
//! `hal/tests/rig-gpio` and `hal/tests/rig-pi` run it on kernels that have.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "../../hal/tests/gpio/register_file.rs"]
#[allow(dead_code, reason = "the tests of the devices use the rest of it")]
mod register_file;
#[path = "../end_to_end/rig/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the other tests use the rest of it")]
mod rig;
#[path = "../../hal/tests/gpio/sim.rs"]
#[allow(dead_code, reason = "the tests of the devices use the rest of it")]
mod sim;

use std::process::Command;
use std::time::Duration;

use hal::clock::monotonic;
use turnstile_gateway::simulator::{Story, members};

use rig::{Gateway, Studio, wait_for, write_tables};
use sim::Sim;

const SECOND: Duration = Duration::from_secs(1);
const MEMBERS: u32 = 200;

/// Lines by number. The reader is on 0 and 1. The relay's is the one that [`register_file`] looks at.
const RELAY: usize = 17;
const SENSOR: usize = 24;

const TABLES: &str = r#"
[decisions]
repeat_window = "200ms"
[[reader]]
name = "entry reader"
kind = "wiegand"
d0 = "GPIO0"
d1 = "GPIO1"
format = "h10301"
frame_gap = "100ms"
[[relay]]
name = "entry relay"
kind = "gpio"
line = "GPIO17"
[[input]]
name = "entry passage"
kind = "gpio"
line = "GPIO24"
[[lane]]
name = "main"
[lane.entry]
reader = "entry reader"
relay = "entry relay"
pulse = "400ms"
passage_time = "10s"
passage_sensor = "entry passage"
check_in = "on-passage"
"#;

/// The bits of a frame H10301.
fn h10301(facility: u8, card: u16) -> String {
    let data = format!("{facility:08b}{card:016b}");
    let ones = |bits: &str| bits.bytes().filter(|bit| *bit == b'1').count();
    format!("{}{data}{}", ones(&data[..12]) % 2, 1 - ones(&data[12..]) % 2)
}

fn main() {
    if !sim::available() {
        println!(
            "skipped: this kernel has no gpio-sim; hal/tests/rig-gpio and rig-pi run this on kernels that have"
        );
        return;
    }
    // A machine that has just started for this has no loopback yet.
    let loopback = Command::new("ip").args(["link", "set", "lo", "up"]).status();
    if !loopback.is_ok_and(|status| status.success()) {
        println!("skipped: there is no loopback, and `ip link set lo up` makes none");
        return;
    }
    a_frame_of_edges_opens_the_lane_and_the_passage_is_a_visit();
    println!("1 passed");
}

/// The lines of the lane, from outside.
struct Header {
    sim: Sim,
    /// By rppal, whose outputs are writes to registers.
    registers: bool,
}

impl Header {
    fn new() -> Self {
        let registers = register_file::available();
        let label = if registers { "pinctrl-bcm2835" } else { "rig" };
        let sim = Sim::new(label, 54);
        for line in [0, 1, SENSOR] {
            sim.pull(line, true);
        }
        if registers {
            register_file::reset();
        }
        Self { sim, registers }
    }

    const fn backend(&self) -> &'static str {
        if self.registers {
            "[gpio]\nbackend = \"rppal\"\n"
        } else {
            ""
        }
    }

    /// Before something is waited for.
    fn forget(&self) {
        if self.registers {
            register_file::forget();
        }
    }

    /// Whether the relay was switched on.
    fn is_on(&self) -> bool {
        if self.registers {
            register_file::set_high()
        } else {
            self.sim.is_high(RELAY)
        }
    }

    /// Whether it was switched off again.
    fn is_off(&self) -> bool {
        if self.registers {
            register_file::set_low()
        } else {
            !self.sim.is_high(RELAY)
        }
    }

    fn send(&self, bits: &str) {
        self.sim
            .send(bits, Duration::from_micros(50), Duration::from_millis(1));
    }
}

fn a_frame_of_edges_opens_the_lane_and_the_passage_is_a_visit() {
    let header = Header::new();
    let studio = Studio::start(MEMBERS);
    let member = members(1, MEMBERS)
        .find(|member| member.story == Story::Active)
        .unwrap();
    let (facility, card) = (123, 4567);
    let number = u32::from(facility) << 16 | u32::from(card);
    studio.give_card(member.id, &number.to_string());
    let folder = tempfile::tempdir().unwrap();
    let tables = format!("{}{TABLES}", header.backend());
    let gateway = Gateway::start(&write_tables(folder.path(), studio.address(), &tables));
    for ready in [
        "reader connected",
        "relay connected",
        "input connected",
        "the roster is complete",
    ] {
        gateway.wait_for_log(ready, 1);
    }
    // rppal begins to watch in threads of its own, some time after it said so.
    std::thread::sleep(SECOND / 2);
    assert!(!header.is_on(), "on before anybody came");

    header.forget();
    header.send(&h10301(facility, card));
    let sent = monotonic();
    let on = wait_for("the relay to be switched on", 10 * SECOND, || {
        header.is_on().then(monotonic)
    });
    let off = wait_for("the relay to be switched off", 10 * SECOND, || {
        header.is_off().then(monotonic)
    });
    println!(
        "  {:?} from the last edge to the open line, frame gap of 100 ms included; open for {:?}",
        on - sent,
        off - on
    );
    assert!(off - on >= Duration::from_millis(380), "{:?}", off - on);
    assert_eq!(studio.check_ins().len(), 0, "nobody has passed yet");
    header.sim.pull(SENSOR, false);
    gateway.wait_for_log("passage=\"taken\"", 1);
    header.sim.pull(SENSOR, true);
    wait_for("the visit", 30 * SECOND, || {
        (studio.check_ins().len() == 1).then_some(())
    });
    assert_eq!(studio.check_ins()[0]["customerId"], member.id);

    // Without its last edge it is nobody's card.
    header.forget();
    header.send(&h10301(facility, card)[..25]);
    gateway.wait_for_log("read rejected", 1);
    std::thread::sleep(SECOND / 2);
    assert!(!header.is_on());
    assert_eq!(gateway.log().matches("lane opened").count(), 1);
}
