//! rppal on a machine that looks like a Raspberry Pi 3B: edges come through the kernel, outputs are writes to registers,
//! which are a plain file here.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use hal::clock::monotonic;
use hal::gpio::{Backend, Level};
use hal::{ReaderEventKind, gpio_relay};
use tokio::sync::oneshot;
use tokio::time::sleep;

use crate::Test;
use crate::desk::{
    Desk, PATIENCE, PATIENT, h10301, relay_line, runtime, start_holding, take_and_free, until,
};
use crate::register_file::{forget, is_output, reset, set_high, set_low};
use crate::sim::Sim;

pub(crate) const TESTS: &[Test] = &[
    ("edges_at_the_fastest_rate_are_all_read_in_their_order", edges),
    ("a_missing_edge_rejects_the_read", missing_edge),
    ("a_line_in_use_is_noticed", busy),
    (
        "taking_and_freeing_lines_again_and_again_leaks_no_descriptor",
        leaks,
    ),
    (
        "a_relay_is_switched_by_the_registers_and_released_at_the_end",
        switched,
    ),
    (
        "a_relay_stays_on_when_the_process_is_killed_and_is_off_after_the_next_start",
        killed,
    ),
];

const BACKEND: Backend = Backend::Rppal;

fn sim() -> Sim {
    reset();
    let sim = Sim::new("pinctrl-bcm2835", 54);
    sim.pull(0, true);
    sim.pull(1, true);
    sim
}

/// A reader that is watched: rppal begins to watch in threads of its own, some time after it said so.
async fn watched() -> Desk {
    let desk = Desk::connected(BACKEND, PATIENT).await;
    sleep(Duration::from_millis(500)).await;
    desk
}

fn send(sim: &Sim, frame: &str) {
    sim.send(frame, Duration::from_micros(20), Duration::from_micros(200));
}

fn edges() {
    let sim = sim();
    runtime().block_on(async {
        let mut desk = watched().await;
        let frames = 50;
        for card in 0..frames {
            let card = card * 257;
            send(&sim, &h10301(200, card));
            assert_eq!(desk.card().await, (200, u64::from(card)));
        }
        println!("  {frames} frames of 26 edges at 200 us, all read");
    });
}

fn missing_edge() {
    let sim = sim();
    runtime().block_on(async {
        let mut desk = watched().await;
        let frame = h10301(200, 4567);
        for missing in 0..frame.len() {
            let kept = format!("{}{}", &frame[..missing], &frame[missing + 1..]);
            send(&sim, &kept);
            let said = desk.next().await.kind;
            assert!(matches!(said, ReaderEventKind::Rejected(_)), "{said:?}");
            // It may be called noisy after so many.
            sleep(PATIENT.frame_gap).await;
            let more = desk.said();
            assert!(
                more.iter().all(|said| *said == ReaderEventKind::Noisy),
                "{more:?}"
            );
        }
    });
}

fn busy() {
    let _sim = sim();
    runtime().block_on(async {
        let mut holder = Desk::connected(Backend::CharacterDevice, PATIENT).await;
        let mut second = Desk::listen(BACKEND, firmware_protocol::Format::H10301, PATIENT);
        let ReaderEventKind::Disconnected(reason) = second.next().await.kind else {
            panic!("two readers on the same lines");
        };
        assert_eq!(reason.to_string(), "in use by another program (GPIO0)");
        holder.stop();
        assert_eq!(second.next().await.kind, ReaderEventKind::Connected);
    });
}

fn leaks() {
    let _sim = sim();
    runtime().block_on(take_and_free(BACKEND, 1000));
}

fn switched() {
    let _sim = sim();
    runtime().block_on(async {
        let (stop, stopped) = oneshot::channel::<()>();
        let (relay, task) = gpio_relay(Arc::from("entrance"), relay_line(BACKEND, Level::High), async {
            let _ = stopped.await;
        });
        let task = tokio::spawn(task);
        tokio::task::yield_now().await;
        assert!(is_output());
        assert!(set_low() && !set_high(), "it was on at the start");
        forget();
        relay.pulse(PATIENCE, monotonic() + PATIENCE).await.unwrap();
        assert!(set_high() && !set_low());
        stop.send(()).unwrap();
        task.await.unwrap();
        assert!(set_low() && !is_output());
    });
}

fn killed() {
    let _sim = sim();
    let mut holder = start_holding("rppal");
    until("the relay is on", set_high);
    forget();
    holder.kill().unwrap();
    holder.wait().unwrap();
    println!(
        "  after SIGKILL: {}, {}",
        if is_output() {
            "still an output"
        } else {
            "an input"
        },
        if set_low() {
            "switched off"
        } else {
            "never switched off"
        }
    );
    assert!(is_output() && !set_low(), "the decision record says otherwise");
    runtime().block_on(async {
        let (_relay, task) = gpio_relay(Arc::from("entrance"), relay_line(BACKEND, Level::High), pending());
        tokio::spawn(task);
        tokio::task::yield_now().await;
    });
    assert!(set_low());
}
