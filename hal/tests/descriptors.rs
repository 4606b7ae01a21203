//! Plugging in and out for ever. Alone in its process, because it counts all descriptors of it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[allow(dead_code, reason = "shared with the other tests of devices")]
#[path = "devices/port.rs"]
mod port;

use std::fs::read_dir;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use firmware_protocol::Format;
use hal::ReaderEventKind;
use hal::reader::{Patience, SerialReader, serial_reader};
use hal::serial::PortSettings;
use hal::usb_relay::{BoardRelay, usb_relay};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use crate::port::{PATIENCE, Socket};

/// Held long enough for the back-off to start anew.
const HELD: Duration = Duration::from_millis(250);

fn descriptors() -> usize {
    read_dir("/proc/self/fd").unwrap().count()
}

/// `ROUNDS=1000` takes some minutes.
#[tokio::test]
async fn plugging_in_and_out_leaks_no_descriptor() {
    let rounds = std::env::var("ROUNDS").map_or(5, |rounds| rounds.parse().unwrap());
    let (reader, board) = (Socket::new(), Socket::new());
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
    let used = vec![(BoardRelay::new(1).unwrap(), Arc::from("entrance"))];
    let (_relays, task) = usb_relay(PortSettings::new(board.path()), used, pending());
    tokio::spawn(task);
    let mut next = async || timeout(PATIENCE, events.recv()).await.unwrap().unwrap().kind;
    assert!(matches!(next().await, ReaderEventKind::Disconnected(_)));

    let before = descriptors();
    for round in 0..rounds {
        let (reader_end, board_end) = (reader.plug(), board.plug());
        assert_eq!(next().await, ReaderEventKind::Connected);
        board_end.receive(4).await;
        // Two ends of each line, and the gateway's own of each.
        assert_eq!(descriptors(), before + 6, "round {round}");
        sleep(HELD).await;
        reader_end.unplug();
        board_end.unplug();
        assert!(matches!(next().await, ReaderEventKind::Disconnected(_)));
        sleep(Duration::from_millis(20)).await;
        assert_eq!(descriptors(), before, "round {round}");
    }
}
