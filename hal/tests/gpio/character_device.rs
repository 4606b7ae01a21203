//! The kernel's character device.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use firmware_protocol::{Format, Profile, Reading, Reject};
use hal::clock::monotonic;
use hal::gpio::{Backend, Level, OutputLine, Pull};
use hal::indicator::{GpioIndicator, Lit, Pattern, Step, gpio_indicator};
use hal::input::{GpioInput, InputEventKind, gpio_input};
use hal::{ReaderEventKind, Rejection, gpio_relay};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, timeout};

use crate::Test;
use crate::desk::{
    Desk, PATIENCE, PATIENT, RELAY, h10301, relay_line, runtime, start_holding, take_and_free, until,
};
use crate::sim::Sim;

pub(crate) const TESTS: &[Test] = &[
    (
        "a_frame_of_edges_is_read_and_opens_a_line_for_the_length_of_a_pulse",
        opening,
    ),
    (
        "a_line_is_found_on_the_chip_that_is_named_with_it_by_name_and_by_number",
        chip,
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
    (
        "an_input_tells_its_state_and_its_changes_but_not_the_bouncing_of_its_contact",
        bouncing,
    ),
    ("an_indicator_sets_its_lines_and_ends_dark", indicator),
    ("keys_on_the_lines_of_a_reader_become_a_pin", keys),
    (
        "taking_and_freeing_lines_again_and_again_leaks_no_descriptor",
        leaks,
    ),
    ("a_relay_falls_off_when_the_process_is_killed", killed),
];

const BACKEND: Backend = Backend::CharacterDevice;
const WIDTH: Duration = Duration::from_micros(50);
const INTERVAL: Duration = Duration::from_millis(1);

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
        let mut desk = Desk::connected(BACKEND, PATIENT).await;
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

fn chip() {
    let sim = sim();
    let name = |line: &str| format!("{}:{line}", sim.chip);
    runtime().block_on(async {
        let lines = [name("GPIO0"), name("1")];
        let mut desk = Desk::on(
            lines.each_ref().map(String::as_str),
            BACKEND,
            Format::H10301,
            PATIENT,
        );
        assert_eq!(desk.next().await.kind, ReaderEventKind::Connected);
        sim.send(&h10301(123, 4567), WIDTH, INTERVAL);
        assert_eq!(desk.card().await, (123, 4567));
        desk.stop();
        let path = format!("/dev/{}", name("GPIO0"));
        for (d0, why) in [
            (path.as_str(), None),
            (&name("GPIO99"), Some("no such GPIO line")),
        ] {
            let mut desk = Desk::on([d0, &name("GPIO1")], BACKEND, Format::H10301, PATIENT);
            let said = match desk.next().await.kind {
                ReaderEventKind::Connected => None,
                ReaderEventKind::Disconnected(reason) => Some(reason.to_string()),
                other => panic!("{other:?}"),
            };
            assert_eq!(said.is_some(), why.is_some(), "{said:?}");
            assert!(said.unwrap_or_default().contains(why.unwrap_or_default()));
            desk.stop();
        }
    });
}

fn fastest() {
    let sim = sim();
    let frames = 50;
    runtime().block_on(async {
        let mut desk = Desk::connected(BACKEND, PATIENT).await;
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
        let mut desk = Desk::connected(BACKEND, PATIENT).await;
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
        let mut desk = Desk::connected(BACKEND, PATIENT).await;
        let frame = h10301(123, 4567);
        for _ in 0..50 {
            sim.send(&frame, Duration::from_micros(20), Duration::from_micros(200));
            std::thread::sleep(PATIENT.frame_gap);
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
        let mut holder = Desk::connected(BACKEND, PATIENT).await;
        let mut second = Desk::listen(BACKEND, Format::H10301, PATIENT);
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

fn keys() {
    let sim = sim();
    runtime().block_on(async {
        let mut profile = Profile::from(Format::H10301);
        profile.keypad = Some(Format::W8Compl);
        let mut desk = Desk::listen(BACKEND, profile, PATIENT);
        assert_eq!(desk.next().await.kind, ReaderEventKind::Connected);
        // 4711 and #: the complement of the key, then the key.
        for key in [4, 7, 1, 1, 0xB] {
            sim.send(&format!("{:04b}{key:04b}", 15 - key), WIDTH, INTERVAL);
            sleep(PATIENT.frame_gap * 2).await;
        }
        let read = desk.next().await.kind;
        assert!(matches!(read, ReaderEventKind::Read(Reading::Pin(keys)) if keys.as_str() == "4711"));
        sim.send(&h10301(123, 4567), WIDTH, INTERVAL);
        assert_eq!(desk.card().await, (123, 4567));
    });
}

fn leaks() {
    let _sim = sim();
    runtime().block_on(take_and_free(BACKEND, 100));
}

fn bouncing() {
    const PASSAGE: usize = 5;
    let sim = sim();
    sim.pull(PASSAGE, false);
    runtime().block_on(async {
        let (sender, mut events) = mpsc::channel(16);
        let input = GpioInput {
            name: Arc::from("passage"),
            backend: BACKEND,
            line: Arc::from(format!("{}:{PASSAGE}", sim.chip)),
            active: Level::Low,
            pull: Pull::None,
            debounce: Duration::from_millis(20),
        };
        tokio::spawn(gpio_input(input, sender));
        let mut next = async || timeout(PATIENCE, events.recv()).await.unwrap().unwrap();
        assert_eq!(next().await.kind, InputEventKind::Connected);
        let state = |active, initial| InputEventKind::State { active, initial };
        assert_eq!(next().await.kind, state(true, true));
        let began = monotonic();
        for up in [true, false, true, false, true] {
            sim.pull(PASSAGE, up);
            std::thread::sleep(Duration::from_millis(2));
        }
        let inactive = next().await;
        assert_eq!(inactive.kind, state(false, false));
        assert!(inactive.at >= began + Duration::from_millis(20));
        sim.pull(PASSAGE, false);
        let active = next().await;
        assert_eq!(active.kind, state(true, false));
        assert!(active.at > inactive.at);
    });
}

fn indicator() {
    let sim = sim();
    let line = |line: usize, active| OutputLine {
        backend: BACKEND,
        line: Arc::from(format!("GPIO{line}")),
        active,
    };
    runtime().block_on(async {
        let settings = GpioIndicator {
            name: Arc::from("entrance"),
            green: Some(line(22, Level::Low)),
            red: Some(line(23, Level::High)),
            buzzer: None,
        };
        let (indicator, task) = gpio_indicator(settings, pending());
        tokio::spawn(task);
        tokio::task::yield_now().await;
        assert!(sim.is_high(22) && !sim.is_high(23), "it is not dark at the start");
        let green = Lit {
            green: true,
            ..Lit::DARK
        };
        let time = Duration::from_millis(100);
        indicator.play(&Pattern::from(vec![Step { lit: green, time }]));
        sleep(time / 2).await;
        assert!(!sim.is_high(22) && !sim.is_high(23));
        sleep(time * 2).await;
        assert!(sim.is_high(22) && !sim.is_high(23), "it does not end dark");
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
