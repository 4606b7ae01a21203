//! USB relay cards on pseudo-terminals: every frame that must come, and when.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use hal::DisconnectCause;
use hal::clock::monotonic;
use hal::relay::{Relay, RelayError};
use hal::serial::PortSettings;
use hal::usb_relay::{Channel, usb_relay};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::port::{FarEnd, PATIENCE, Socket};

const ON: [u8; 4] = [0xA0, 0x01, 0x01, 0xA2];
const OFF: [u8; 4] = [0xA0, 0x01, 0x00, 0xA1];
const PULSE: Duration = Duration::from_millis(200);
const LONG_PULSE: Duration = Duration::from_secs(60);

fn later() -> Duration {
    monotonic() + PATIENCE
}

fn board(socket: &Socket, relays: &[(u8, &str)]) -> (Vec<Relay>, oneshot::Sender<()>, JoinHandle<()>) {
    let (stop, stopped) = oneshot::channel();
    let used = relays
        .iter()
        .map(|(number, name)| (Channel::new(*number).unwrap(), Arc::from(*name)))
        .collect();
    let (handles, task) = usb_relay(PortSettings::new(socket.path()), used, async {
        if stopped.await.is_err() {
            pending().await
        }
    });
    (handles, stop, tokio::spawn(task))
}

/// A board with one relay that is connected.
async fn one_relay() -> (Socket, FarEnd, Relay, oneshot::Sender<()>, JoinHandle<()>) {
    let socket = Socket::new();
    let far_end = socket.plug();
    let (mut relays, stop, task) = board(&socket, &[(1, "entrance")]);
    assert_eq!(far_end.receive(4).await, OFF);
    (socket, far_end, relays.remove(0), stop, task)
}

async fn until_connected(relay: &Relay) -> Duration {
    loop {
        match relay.pulse(PULSE, later()).await {
            Ok(at) => return at,
            Err(_) => sleep(Duration::from_millis(10)).await,
        }
    }
}

#[tokio::test]
async fn a_pulse_is_an_on_frame_at_once_and_an_off_frame_at_its_end() {
    let (_socket, far_end, relay, _stop, _task) = one_relay().await;
    let asked = monotonic();
    let on = relay.pulse(PULSE, later()).await.unwrap();
    assert!(asked <= on && on <= monotonic());
    assert!(on - asked < PULSE, "pulse() waited for the end of the pulse");
    assert_eq!(far_end.receive(4).await, ON);
    assert_eq!(far_end.receive(4).await, OFF);
    let off = monotonic();
    assert!(off - asked >= PULSE, "off came after {:?}", off - asked);
    assert!(off - on < PULSE * 3, "off came after {:?}", off - on);
    far_end.receives_nothing_for(PULSE * 2).await;
}

#[tokio::test]
async fn all_relays_in_use_are_switched_off_at_start_and_each_has_its_own_pulse() {
    let socket = Socket::new();
    let far_end = socket.plug();
    let (relays, _stop, _task) = board(&socket, &[(1, "entrance"), (8, "exit")]);
    let off_8 = [0xA0, 0x08, 0x00, 0xA8];
    assert_eq!(far_end.receive(8).await, [OFF, off_8].concat());
    relays[0].pulse(PULSE * 2, later()).await.unwrap();
    relays[1].pulse(PULSE, later()).await.unwrap();
    let expected = [ON, [0xA0, 0x08, 0x01, 0xA9], off_8, OFF].concat();
    assert_eq!(far_end.receive(16).await, expected);
}

#[tokio::test]
async fn a_second_pulse_makes_the_first_longer_and_never_shorter() {
    let (_socket, far_end, relay, _stop, _task) = one_relay().await;
    let began = relay.pulse(PULSE * 2, later()).await.unwrap();
    relay.pulse(Duration::from_millis(1), later()).await.unwrap();
    assert_eq!(far_end.receive(12).await, [ON, ON, OFF].concat());
    assert!(monotonic() - began >= PULSE * 2 - Duration::from_millis(1));
}

#[tokio::test]
async fn a_pulse_ends_although_nobody_waits_for_it_any_more() {
    let (_socket, far_end, relay, _stop, _task) = one_relay().await;
    tokio::spawn(async move { relay.pulse(PULSE, later()).await });
    assert_eq!(far_end.receive(8).await, [ON, OFF].concat());
}

#[tokio::test]
async fn a_pulse_whose_time_has_passed_is_refused_and_writes_nothing() {
    let (_socket, far_end, relay, _stop, _task) = one_relay().await;
    let refused = relay.pulse(PULSE, monotonic() - Duration::from_millis(5)).await;
    assert!(matches!(refused, Err(RelayError::TooLate { by, .. }) if by >= Duration::from_millis(5)));
    far_end.receives_nothing_for(PULSE).await;
}

#[tokio::test]
async fn stopping_in_the_middle_of_a_pulse_switches_off_and_ends_the_task() {
    let (_socket, far_end, relay, stop, task) = one_relay().await;
    relay.pulse(LONG_PULSE, later()).await.unwrap();
    assert_eq!(far_end.receive(4).await, ON);
    stop.send(()).unwrap();
    assert_eq!(far_end.receive(4).await, OFF);
    task.await.unwrap();
    let refused = relay.pulse(PULSE, later()).await;
    assert!(matches!(refused, Err(RelayError::Stopped { .. })));
}

#[tokio::test]
async fn dropping_the_task_in_the_middle_of_a_pulse_switches_off() {
    let (_socket, far_end, relay, _stop, task) = one_relay().await;
    relay.pulse(LONG_PULSE, later()).await.unwrap();
    assert_eq!(far_end.receive(4).await, ON);
    task.abort();
    assert_eq!(far_end.receive(4).await, OFF);
}

#[tokio::test]
async fn a_board_that_is_away_refuses_at_once_and_says_why() {
    let socket = Socket::new();
    let (relays, _stop, _task) = board(&socket, &[(1, "entrance")]);
    sleep(PULSE).await;
    let asked = monotonic();
    let refused = relays[0].pulse(PULSE, later()).await.unwrap_err();
    assert!(monotonic() - asked < PULSE);
    let path = socket.path();
    assert_eq!(
        refused.to_string(),
        format!(
            "relay entrance is not connected: no such port: is the device plugged in? ({})",
            path.display()
        )
    );
}

#[tokio::test]
async fn after_a_loss_in_the_middle_of_a_pulse_the_board_gets_off_first_and_nothing_asked_meanwhile() {
    let (socket, far_end, relay, _stop, _task) = one_relay().await;
    relay.pulse(LONG_PULSE, later()).await.unwrap();
    assert_eq!(far_end.receive(4).await, ON);
    far_end.unplug();
    sleep(Duration::from_millis(50)).await;
    for _ in 0..20 {
        let refused = relay.pulse(PULSE, later()).await;
        assert!(
            matches!(refused, Err(RelayError::Disconnected { .. })),
            "{refused:?}"
        );
    }
    let far_end = socket.plug();
    assert_eq!(far_end.receive(4).await, OFF);
    far_end.receives_nothing_for(PULSE).await;
    until_connected(&relay).await;
    assert_eq!(far_end.receive(8).await, [ON, OFF].concat());
}

#[tokio::test]
async fn a_stuck_board_is_given_up_in_time_and_not_waited_for_for_ever() {
    let (_socket, far_end, relay, _stop, _task) = one_relay().await;
    far_end.jam();
    let asked = monotonic();
    let refused = relay.pulse(PULSE, later()).await;
    assert!(
        matches!(&refused, Err(RelayError::Disconnected { reason, .. }) if reason.cause == DisconnectCause::Stuck),
        "{refused:?}"
    );
    assert!(monotonic() - asked < Duration::from_secs(2));
}

#[tokio::test]
async fn a_port_in_use_is_not_opened_a_second_time() {
    let (socket, far_end, _relay, _stop, _task) = one_relay().await;
    let (second, _second_stop, _second_task) = board(&socket, &[(2, "exit")]);
    sleep(PULSE).await;
    let refused = second[0].pulse(PULSE, later()).await;
    assert!(
        matches!(&refused, Err(RelayError::Disconnected { reason, .. }) if reason.cause == DisconnectCause::InUse),
        "{refused:?}"
    );
    far_end.receives_nothing_for(PULSE).await;
}
