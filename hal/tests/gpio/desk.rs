//! What the tests of both backends share: a reader to listen to, frames to send it, a relay to hold on.

use std::env::{args, current_exe};
use std::fs::{read_dir, read_to_string};
use std::future::pending;
use std::process::{Child, Command};
use std::sync::Arc;
use std::time::Duration;

use firmware_protocol::wiegand::assembler::Timing;
use firmware_protocol::{Format, Profile, Reading};
use hal::clock::monotonic;
use hal::gpio::{Backend, Level, OutputLine};
use hal::reader::Patience;
use hal::wiegand::{WiegandReader, wiegand_reader};
use hal::{ReaderEvent, ReaderEventKind, gpio_relay};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Longer than anything here takes on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// For a machine that may stop this program in the middle of a frame for as long as others need it.
pub(crate) const PATIENT: Timing = Timing {
    min_interval: Duration::from_micros(100),
    frame_gap: Duration::from_millis(100),
};

/// The line of the relay.
pub(crate) const RELAY: usize = 17;

/// The argument with which this program switches the relay on and waits to be killed.
pub(crate) const HOLD: &str = "hold-the-relay";

pub(crate) fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// The bits of a frame H10301.
pub(crate) fn h10301(facility: u8, card: u16) -> String {
    let data = format!("{facility:08b}{card:016b}");
    let ones = |bits: &str| bits.bytes().filter(|bit| *bit == b'1').count();
    format!("{}{data}{}", ones(&data[..12]) % 2, 1 - ones(&data[12..]) % 2)
}

/// A reader on GPIO0 and GPIO1 that is listened to.
pub(crate) struct Desk {
    events: mpsc::Receiver<ReaderEvent>,
    task: JoinHandle<()>,
}

impl Desk {
    pub(crate) fn listen(backend: Backend, profile: impl Into<Profile>, timing: Timing) -> Self {
        Self::on(["GPIO0", "GPIO1"], backend, profile, timing)
    }

    /// The same by other names of the two lines.
    pub(crate) fn on(
        [d0, d1]: [&str; 2],
        backend: Backend,
        profile: impl Into<Profile>,
        timing: Timing,
    ) -> Self {
        let (sender, events) = mpsc::channel(64);
        let reader = WiegandReader {
            name: Arc::from("entrance"),
            backend,
            d0: Arc::from(d0),
            d1: Arc::from(d1),
            profile: profile.into(),
            timing,
            patience: Patience::default(),
        };
        let task = tokio::spawn(wiegand_reader(reader, sender));
        Self { events, task }
    }

    /// The same at a card reader of the usual kind that is connected.
    pub(crate) async fn connected(backend: Backend, timing: Timing) -> Self {
        let mut desk = Self::listen(backend, Format::H10301, timing);
        assert_eq!(desk.next().await.kind, ReaderEventKind::Connected);
        desk
    }

    /// Ends the reader's task.
    pub(crate) fn stop(&mut self) {
        self.task.abort();
    }

    pub(crate) async fn next(&mut self) -> ReaderEvent {
        let event = timeout(PATIENCE, self.events.recv()).await;
        event.expect("nothing came").unwrap()
    }

    /// What has been said until now.
    pub(crate) fn said(&mut self) -> Vec<ReaderEventKind> {
        std::iter::from_fn(|| self.events.try_recv().ok())
            .map(|event| event.kind)
            .collect()
    }

    /// Facility and card of the next event, which must be a read.
    pub(crate) async fn card(&mut self) -> (u64, u64) {
        match self.next().await.kind {
            ReaderEventKind::Read(Reading::Card(card)) => (card.facility().unwrap(), card.card().unwrap()),
            other => panic!("{other:?} instead of a card"),
        }
    }
}

pub(crate) fn relay_line(backend: Backend, active: Level) -> OutputLine {
    OutputLine {
        backend,
        line: Arc::from(format!("GPIO{RELAY}")),
        active,
    }
}

/// The argument with which this program shows on a Raspberry Pi what a killed process leaves behind.
pub(crate) const KILL: &str = "kill-on-a-pi";

/// Another process that holds the relay on.
pub(crate) fn start_holding(backend: &str) -> Child {
    Command::new(current_exe().unwrap())
        .args([HOLD, backend])
        .spawn()
        .unwrap()
}

/// Switches the relay on, and waits to be killed.
pub(crate) fn hold() -> ! {
    let backend = match args().nth(2).as_deref() {
        Some("rppal") => Backend::Rppal,
        _ => Backend::CharacterDevice,
    };
    runtime().block_on(async {
        let (relay, task) = gpio_relay(Arc::from("entrance"), relay_line(backend, Level::High), pending());
        tokio::spawn(task);
        let hour = Duration::from_secs(3600);
        loop {
            let _ = relay.pulse(hour, monotonic() + PATIENCE).await;
        }
    })
}

/// Waits until it is so.
pub(crate) fn until(what: &str, is_so: impl Fn() -> bool) {
    let end = monotonic() + PATIENCE;
    while !is_so() {
        assert!(monotonic() < end, "never: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Takes the lines of a reader and a relay and frees them again, many times.
pub(crate) async fn take_and_free(backend: Backend, rounds: usize) {
    let descriptors = || read_dir("/proc/self/fd").unwrap().count();
    let mut before = None;
    for round in 0..rounds {
        let line = relay_line(backend, Level::High);
        let (relay, task) = gpio_relay(Arc::from("entrance"), line, pending());
        let relay_task = tokio::spawn(task);
        let mut desk = Desk::connected(backend, PATIENT).await;
        let moment = Duration::from_millis(1);
        relay.pulse(moment, monotonic() + PATIENCE).await.unwrap();
        desk.stop();
        relay_task.abort();
        assert!((&mut desk.task).await.is_err() && relay_task.await.is_err());
        // What is opened once for all is open after the first round.
        let now = descriptors();
        assert_eq!(*before.get_or_insert(now), now, "round {round}");
    }
    println!("  {rounds} rounds");
}

/// On a Raspberry Pi with nothing on GPIO17, as root: what becomes of the relay's pin when the process is killed.
pub(crate) fn kill_on_a_pi() {
    // It may be mounted already.
    let _ = Command::new("mount")
        .args(["-t", "debugfs", "debug", "/sys/kernel/debug"])
        .status();
    for backend in ["character-device", "rppal"] {
        println!("{backend}");
        println!("  before: {}", pin());
        let mut holder = start_holding(backend);
        until("the relay is on", || pin().contains("gpio_out in hi"));
        println!("  relay on: {}", pin());
        holder.kill().unwrap();
        holder.wait().unwrap();
        println!("  after SIGKILL: {}", pin());
    }
    runtime().block_on(async {
        let line = relay_line(Backend::Rppal, Level::High);
        let (_relay, task) = gpio_relay(Arc::from("entrance"), line, pending());
        tokio::spawn(task);
        tokio::task::yield_now().await;
    });
    println!("  started again and stopped: {}", pin());
}

/// Function and level of the relay's pin, as the pin controller's driver tells them.
fn pin() -> String {
    let name = format!("(gpio{RELAY})");
    let controllers = read_dir("/sys/kernel/debug/pinctrl").unwrap();
    let pins =
        controllers.filter_map(|controller| read_to_string(controller.unwrap().path().join("pins")).ok());
    let pins: String = pins.collect();
    let pin = pins.lines().find(|line| line.contains(&name));
    pin.expect("no pin controller of a Raspberry Pi").to_owned()
}
