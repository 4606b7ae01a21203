//! Simulated readers and relays obey the rules of the real ones.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use firmware_protocol::{Format, Key, Reading, Reject};
use hal::clock::monotonic;
use hal::relay::RelayError;
use hal::simulated::{SimulatedReader, Switched, simulated_relay};
use hal::{DisconnectCause, ReaderEventKind, Rejection};
use tokio::sync::{broadcast, mpsc};
use tokio::time::{sleep, timeout};

use crate::port::PATIENCE;

const PULSE: Duration = Duration::from_millis(100);

async fn next(changes: &mut broadcast::Receiver<Switched>) -> Switched {
    timeout(PATIENCE, changes.recv()).await.unwrap().unwrap()
}

fn later() -> Duration {
    monotonic() + PATIENCE
}

#[tokio::test]
async fn a_simulated_reader_speaks_through_the_decoder_of_its_profile() {
    let (sender, mut events) = mpsc::channel(16);
    let mut reader = SimulatedReader::new(Arc::from("entrance"), Format::Rdm6300, sender);
    reader.plug_in().await;
    reader.receive(b"\x026F007B39725F\x03");
    reader.receive(b"\x026F00");
    reader.unplug().await;
    let mut next = async || timeout(PATIENCE, events.recv()).await.unwrap().unwrap().kind;
    assert_eq!(next().await, ReaderEventKind::Connected);
    assert!(matches!(next().await, ReaderEventKind::Read(Reading::Card(_))));
    assert_eq!(
        next().await,
        ReaderEventKind::Rejected(Rejection::Frame(Reject::Incomplete))
    );
    assert!(
        matches!(next().await, ReaderEventKind::Disconnected(reason) if reason.cause == DisconnectCause::Unplugged)
    );
}

#[tokio::test]
async fn keys_are_told_as_the_pin_that_they_make_up_and_never_one_by_one() {
    let (sender, mut events) = mpsc::channel(16);
    let mut reader = SimulatedReader::new(Arc::from("entrance"), Format::S4aDec, sender);
    for key in "9*1234#".chars() {
        reader.read(Reading::Key(Key::from_char(key).unwrap()));
    }
    let event = timeout(PATIENCE, events.recv()).await.unwrap().unwrap();
    assert!(matches!(event.kind, ReaderEventKind::Read(Reading::Pin(keys)) if keys.as_str() == "1234"));
    assert!(events.is_empty());
}

#[tokio::test]
async fn a_simulated_relay_shows_both_ends_of_a_pulse() {
    let (relay, control, task) = simulated_relay(Arc::from("entrance"), pending());
    let mut changes = control.changes();
    let task = tokio::spawn(task);
    sleep(PULSE).await;
    let at = relay.pulse(PULSE, later()).await.unwrap();
    let (on, off) = (next(&mut changes).await, next(&mut changes).await);
    assert!(on.on && on.at <= at);
    assert!(!off.on && off.at - on.at >= PULSE - Duration::from_millis(1));
    task.abort();
}

#[tokio::test]
async fn an_unplugged_simulated_relay_is_off_and_refuses_until_it_is_plugged_in() {
    let (relay, control, task) = simulated_relay(Arc::from("entrance"), pending());
    let mut changes = control.changes();
    tokio::spawn(task);
    sleep(PULSE).await;
    relay.pulse(PATIENCE, later()).await.unwrap();
    assert!(next(&mut changes).await.on);
    control.unplug();
    assert!(!next(&mut changes).await.on);
    let refused = relay.pulse(PULSE, later()).await;
    assert!(matches!(refused, Err(RelayError::Disconnected { .. })));
    control.plug_in();
    while relay.pulse(PULSE, later()).await.is_err() {
        sleep(Duration::from_millis(10)).await;
    }
    assert!(next(&mut changes).await.on);
}
