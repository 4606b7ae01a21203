//! rppal on a machine that looks like a Raspberry Pi 3B: edges come through the kernel, outputs are writes to registers,
//! which are a plain file here.

use std::fs::{read, write};
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
    Desk, PATIENCE, PATIENT, RELAY, h10301, relay_line, runtime, start_holding, take_and_free, until,
};
use crate::sim::Sim;

pub(crate) const TESTS: &[Test] = &[
    ("edges_of_both_lines_are_read_in_the_order_of_their_times", edges),
    ("a_line_in_use_is_noticed", busy),
    (
        "taking_and_freeing_lines_again_and_again_leaks_no_descriptor",
        leaks,
    ),
    (
        "a_relay_is_switched_by_the_registers_and_released_at_the_end",
        registers,
    ),
    (
        "a_relay_stays_on_when_the_process_is_killed_and_is_off_after_the_next_start",
        killed,
    ),
];

const BACKEND: Backend = Backend::Rppal;

/// BCM2835 ARM Peripherals, 6.1: offsets of the registers.
const FUNCTION_SELECT_1: usize = 0x04;
const SET_0: usize = 0x1C;
const CLEAR_0: usize = 0x28;

fn sim() -> Sim {
    write("/dev/gpiomem", vec![0; 4096]).unwrap();
    let sim = Sim::new("pinctrl-bcm2835", 54);
    sim.pull(0, true);
    sim.pull(1, true);
    sim
}

fn register(offset: usize) -> u32 {
    let registers = read("/dev/gpiomem").unwrap();
    u32::from_le_bytes(registers[offset..offset + 4].try_into().unwrap())
}

fn is_output() -> bool {
    register(FUNCTION_SELECT_1) >> 21 & 0b111 == 0b001
}

fn edges() {
    let sim = sim();
    let frames = 50;
    runtime().block_on(async {
        let mut desk = Desk::connected(BACKEND, PATIENT).await;
        // rppal begins to watch in threads of its own, some time after it said so.
        sleep(Duration::from_millis(100)).await;
        for card in 0..frames {
            sim.send(
                &h10301(200, card * 257),
                Duration::from_micros(20),
                Duration::from_micros(200),
            );
            assert_eq!(desk.card().await, (200, u64::from(card) * 257));
        }
        println!("  {} edges in frames of 26 at 200 us, all read", frames * 26);
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
    runtime().block_on(take_and_free(BACKEND, 100));
}

fn registers() {
    let _sim = sim();
    runtime().block_on(async {
        let (stop, stopped) = oneshot::channel::<()>();
        let (relay, task) = gpio_relay(Arc::from("entrance"), relay_line(BACKEND, Level::High), async {
            let _ = stopped.await;
        });
        let task = tokio::spawn(task);
        tokio::task::yield_now().await;
        assert!(is_output());
        assert_eq!(
            (register(SET_0), register(CLEAR_0)),
            (0, 1 << RELAY),
            "it was on at the start"
        );
        write("/dev/gpiomem", vec![0; 4096]).unwrap();
        relay.pulse(PATIENCE, monotonic() + PATIENCE).await.unwrap();
        assert_eq!((register(SET_0), register(CLEAR_0)), (1 << RELAY, 0));
        stop.send(()).unwrap();
        task.await.unwrap();
        assert_eq!(register(CLEAR_0), 1 << RELAY);
        assert!(!is_output());
    });
}

fn killed() {
    let _sim = sim();
    let mut holder = start_holding("rppal");
    until("the relay is on", || register(SET_0) == 1 << RELAY);
    write_clear();
    holder.kill().unwrap();
    holder.wait().unwrap();
    println!(
        "  after SIGKILL: {}, {}",
        if is_output() {
            "still an output"
        } else {
            "an input"
        },
        if register(CLEAR_0) == 0 {
            "never switched off"
        } else {
            "switched off"
        }
    );
    assert!(
        is_output() && register(CLEAR_0) == 0,
        "the decision record says otherwise"
    );
    runtime().block_on(async {
        let (_relay, task) = gpio_relay(Arc::from("entrance"), relay_line(BACKEND, Level::High), pending());
        tokio::spawn(task);
        tokio::task::yield_now().await;
    });
    assert_eq!(register(CLEAR_0), 1 << RELAY);
}

/// Forgets that the relay was switched off at the start.
fn write_clear() {
    use std::os::unix::fs::FileExt;
    let registers = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/gpiomem")
        .unwrap();
    registers.write_all_at(&[0; 4], CLEAR_0 as u64).unwrap();
}
