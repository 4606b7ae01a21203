//! Plugging in and out for ever. Alone in its process, because it counts all descriptors of it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[allow(dead_code, reason = "shared with the other tests of devices")]
#[path = "devices/port.rs"]
mod port;
#[allow(dead_code, reason = "shared with the other tests of devices")]
#[path = "devices/uinput.rs"]
mod uinput;

use std::fs::read_dir;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use firmware_protocol::Format;
use hal::ReaderEventKind;
use hal::board::{BoardKind, BoardSettings, Direction, board};
use hal::clock::monotonic;
use hal::display::{SerialDisplay, serial_display};
use hal::keyboard::{Ending, KeyboardReader, keyboard_reader};
use hal::polled::{PolledReader, polled_reader};
use hal::reader::{Patience, SerialReader, serial_reader};
use hal::serial::PortSettings;
use hal::usb_relay::{Channel, usb_relay};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use crate::port::{PATIENCE, Socket};
use crate::uinput::Keyboard;

/// Held long enough for the back-off to start anew.
const HELD: Duration = Duration::from_millis(250);

fn descriptors() -> usize {
    read_dir("/proc/self/fd").unwrap().count()
}

async fn descriptors_are(expected: usize, round: u32) {
    let end = monotonic() + PATIENCE;
    while descriptors() != expected && monotonic() < end {
        sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(descriptors(), expected, "round {round}");
}

/// Plugs one device of every kind in and out. `ROUNDS=1000` takes some minutes.
#[tokio::test]
async fn plugging_in_and_out_leaks_no_descriptor() {
    let rounds = std::env::var("ROUNDS").map_or(5, |rounds| rounds.parse().unwrap());
    let [reader, polled, relay, turnstile, panel] = [(); 5].map(|()| Socket::new());
    let (sender, mut events) = mpsc::channel(16);
    tokio::spawn(serial_reader(
        SerialReader {
            name: Arc::from("entrance"),
            port: PortSettings::new(reader.path()),
            profile: Format::Rdm6300.into(),
            patience: Patience::default(),
        },
        sender,
    ));
    let (unheard, _events) = mpsc::channel(16);
    tokio::spawn(polled_reader(
        PolledReader {
            name: Arc::from("exit"),
            port: PortSettings::new(polled.path()),
            profile: Format::Twn4Simple.into(),
        },
        unheard.clone(),
    ));
    let folder = tempfile::TempDir::new().unwrap();
    let keyboard_name = folder.path().join("reader-event-kbd");
    let (typed, mut typing) = mpsc::channel(16);
    tokio::spawn(keyboard_reader(
        KeyboardReader {
            name: Arc::from("desk"),
            device: keyboard_name.clone(),
            profile: Format::Line.into(),
            ending: Ending::Enter,
        },
        typed,
    ));
    let used = vec![(Channel::new(1).unwrap(), Arc::from("entrance"))];
    let (_relays, task) = usb_relay(PortSettings::new(relay.path()), used, pending());
    tokio::spawn(task);
    let settings = SerialDisplay {
        name: Arc::from("panel"),
        port: PortSettings::new(panel.path()),
        columns: 20,
        rows: 2,
        clear: Arc::from([0x0C]),
        idle: vec!["Welcome".to_owned()],
    };
    let (_panel, task) = serial_display(settings, pending());
    tokio::spawn(task);
    let settings = BoardSettings {
        name: Arc::from("lane 1"),
        entry: Direction::A,
        passage_in: Duration::from_secs(5),
        passage_out: Duration::from_secs(5),
        free: Vec::new(),
        readers: Vec::new(),
    };
    let (board_events, mut board_heard) = mpsc::channel(16);
    let port = PortSettings::new(turnstile.path());
    let (_board, task) = board(BoardKind::Link, port, settings, board_events, unheard, pending());
    tokio::spawn(task);
    tokio::spawn(async move { while board_heard.recv().await.is_some() {} });
    let mut next = async || timeout(PATIENCE, events.recv()).await.unwrap().unwrap().kind;
    assert!(matches!(next().await, ReaderEventKind::Disconnected(_)));

    let before = descriptors();
    for round in 0..rounds {
        let ends = [&reader, &polled, &relay, &turnstile, &panel].map(Socket::plug);
        let keyboard = Keyboard::plug(&keyboard_name);
        assert_eq!(next().await, ReaderEventKind::Connected);
        for end in &ends[1..] {
            // A question, the relays switched off, a greeting, a text.
            end.receive(1).await;
        }
        if keyboard.is_some() {
            while timeout(PATIENCE, typing.recv()).await.unwrap().unwrap().kind != ReaderEventKind::Connected
            {
            }
        }
        // Two ends of each line, and the gateway's own of each; the same of a keyboard but for one.
        let keyboards = if keyboard.is_some() { 2 } else { 0 };
        descriptors_are(before + 3 * ends.len() + keyboards, round).await;
        sleep(HELD).await;
        ends.into_iter().for_each(port::FarEnd::unplug);
        drop(keyboard);
        assert!(matches!(next().await, ReaderEventKind::Disconnected(_)));
        descriptors_are(before, round).await;
    }
}
