//! Devices on GPIO lines of a real kernel: its simulator moves the lines from outside. Two kinds of machine can run this:
//! one with gpio-sim, for the character device, and the same dressed up as a Raspberry Pi, for rppal. Anywhere else
//! nothing is run, and that is said. `hal/tests/rig-gpio` brings the one, `hal/tests/rig-pi` the other.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod character_device;
mod desk;
mod register_file;
mod registers;
mod sim;

use std::env::args;
use std::panic::catch_unwind;
use std::process::ExitCode;

type Test = (&'static str, fn());

fn main() -> ExitCode {
    match args().nth(1).as_deref() {
        Some(desk::HOLD) => desk::hold(),
        Some(desk::KILL) => {
            desk::kill_on_a_pi();
            return ExitCode::SUCCESS;
        }
        _ => {}
    }
    if !sim::available() {
        println!(
            "skipped: this kernel has no gpio-sim; hal/tests/rig-gpio and rig-pi run these tests on kernels that have"
        );
        return ExitCode::SUCCESS;
    }
    let tests: &[Test] = if register_file::available() {
        registers::TESTS
    } else {
        character_device::TESTS
    };
    let failed = tests.iter().filter(|(name, test)| {
        let passed = catch_unwind(test).is_ok();
        println!("test {name} ... {}", if passed { "ok" } else { "FAILED" });
        !passed
    });
    match failed.count() {
        0 => {
            println!("{} passed", tests.len());
            ExitCode::SUCCESS
        }
        failed => {
            println!("{failed} of {} failed", tests.len());
            ExitCode::FAILURE
        }
    }
}
