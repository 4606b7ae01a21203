//! The kernel's character device.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use firmware_protocol::Reject;
use firmware_protocol::wiegand::assembler::Timing;
use hal::clock::monotonic;
use hal::gpio::{Backend, Level};
use hal::{ReaderEventKind, Rejection, gpio_relay};
use tokio::sync::oneshot;
use tokio::time::sleep;

use crate::Test;
use crate::desk::{Desk, PATIENCE, RELAY, h10301, relay_line, runtime, start_holding, until};
use crate::sim::Sim;

pub(crate) const TESTS: &[Test] = &[
    (
        "a_frame_of_edges_is_read_and_opens_a_line_for_the_length_of_a_pulse",
        opening,
    ),
    ("edges_at_the_fastest_legal_rate_are_all_read", fastest),
    ("a_frame_with_a_dropped_edge_is_rejected", dropped_edge),
    ("edges_that_the_kernel_had_no_room_for_reject_the_read", overflow),
    (
        "a_line_in_use_is_named_with_its_holder_and_taken_once_it_is_free",
        busy,
    ),
    (
        "a_relay_that_is_on_at_low_is_off_from_the_first_moment_and_free_at_the_end",
        active_low,
    ),
    ("a_relay_falls_off_when_the_process_is_killed", killed),
];

const BACKEND: Backend = Backend::CharacterDevice;
const WIDTH: Duration = Duration::from_micros(50);
const INTERVAL: Duration = Duration::from_millis(1);

/// Shorter gaps than readers leave, so that many frames take little time.
const HASTY: Timing = Timing {
    min_interval: Duration::from_micros(100),
    frame_gap: Duration::from_millis(20),
};

fn sim() -> Sim {
    let sim = Sim::new("rig", 32);
    sim.pull(0, true);
    sim.pull(1, true);
    sim
}

fn opening() {
    let sim = sim();
    runtime().block_on(async {
        let (relay, task) = gpio_relay(Arc::from("entrance"), relay_line(BACKEND, Level::High), pending());
        tokio::spawn(task);
        let mut desk = Desk::connected(BACKEND, Timing::default()).await;
        let began = monotonic();
        sim.send(&h10301(123, 4567), WIDTH, INTERVAL);
        let ended = monotonic();
        let read = desk.next().await;
        assert!(matches!(read.kind, ReaderEventKind::Read(_)), "{read:?}");
        assert!(
            began < read.at && read.at < ended,
            "the read has not the time of its last edge"
        );
        assert!(!sim.is_high(RELAY));
        let pulse = Duration::from_millis(200);
        let on = relay.pulse(pulse, monotonic() + PATIENCE).await.unwrap();
        assert!(sim.is_high(RELAY));
        println!(
            "  {:?} from the last edge to the open line, frame gap included",
            on - read.at
        );
        while sim.is_high(RELAY) {
            sleep(Duration::from_millis(1)).await;
        }
        assert!(monotonic() - on >= pulse);
    });
}

fn fastest() {
    let sim = sim();
    let frames = 200;
    runtime().block_on(async {
        let mut desk = Desk::connected(BACKEND, HASTY).await;
        let began = monotonic();
        for card in 0..frames {
            sim.send(
                &h10301(200, card * 257),
                Duration::from_micros(20),
                Duration::from_micros(200),
            );
            assert_eq!(desk.card().await, (200, u64::from(card) * 257));
        }
        println!(
            "  {} edges in frames of 26 at 200 us, all read, in {:?}",
            frames * 26,
            monotonic() - began
        );
    });
}

fn dropped_edge() {
    let sim = sim();
    runtime().block_on(async {
        let mut desk = Desk::connected(BACKEND, HASTY).await;
        let frame = h10301(123, 4567);
        sim.send(&frame[..25], WIDTH, INTERVAL);
        assert_eq!(desk.next().await.kind, rejected(Reject::Length));
        sim.send(&frame, WIDTH, INTERVAL);
        assert_eq!(desk.card().await, (123, 4567));
    });
}

/// While this thread sends, the reader's task, which is on the same thread, cannot read.
fn overflow() {
    let sim = sim();
    runtime().block_on(async {
        let mut desk = Desk::connected(BACKEND, HASTY).await;
        let frame = h10301(123, 4567);
        for _ in 0..50 {
            sim.send(&frame, Duration::from_micros(20), Duration::from_micros(200));
            std::thread::sleep(Duration::from_millis(30));
        }
        assert_eq!(desk.next().await.kind, rejected(Reject::MissedEdge));
        // 1,024 edges are 39 whole frames and the remains of one.
        for _ in 0..39 {
            assert_eq!(desk.card().await, (123, 4567));
        }
        sim.send(&frame, WIDTH, INTERVAL);
        assert_eq!(desk.card().await, (123, 4567));
    });
}

fn rejected(reject: Reject) -> ReaderEventKind {
    ReaderEventKind::Rejected(Rejection::Frame(reject))
}

fn busy() {
    let _sim = sim();
    runtime().block_on(async {
        let mut holder = Desk::connected(BACKEND, HASTY).await;
        let mut second = Desk::listen(BACKEND, firmware_protocol::Format::H10301, HASTY);
        let ReaderEventKind::Disconnected(reason) = second.next().await.kind else {
            panic!("two readers on the same lines");
        };
        assert_eq!(
            reason.to_string(),
            "in use by turnstile-gateway: free the line or take another one (GPIO0, GPIO1)"
        );
        holder.stop();
        assert_eq!(second.next().await.kind, ReaderEventKind::Connected);
    });
}

fn active_low() {
    let sim = sim();
    runtime().block_on(async {
        let (stop, stopped) = oneshot::channel::<()>();
        let (_relay, task) = gpio_relay(Arc::from("entrance"), relay_line(BACKEND, Level::Low), async {
            let _ = stopped.await;
        });
        let task = tokio::spawn(task);
        assert!(!sim.is_high(RELAY));
        tokio::task::yield_now().await;
        assert!(sim.is_high(RELAY));
        stop.send(()).unwrap();
        task.await.unwrap();
        assert!(!sim.is_high(RELAY), "the line is still held");
    });
}

fn killed() {
    let sim = sim();
    let mut holder = start_holding("character-device");
    until("the relay is on", || sim.is_high(RELAY));
    holder.kill().unwrap();
    holder.wait().unwrap();
    println!(
        "  level after SIGKILL: {}",
        if sim.is_high(RELAY) { "high" } else { "low" }
    );
    assert!(!sim.is_high(RELAY));
}
