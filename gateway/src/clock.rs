//! The only place in the gateway that reads a clock.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::domain::{Monotonic, Now};

/// Whether the wall clock can be believed. Until somebody doubts it: commands without a lane have no reason to.
static WALL_IS_SET: AtomicBool = AtomicBool::new(true);

/// Both clocks, sampled together.
#[must_use]
pub fn now() -> Now {
    Now {
        monotonic: Monotonic(hal::clock::monotonic()),
        wall: wall(),
        wall_set: WALL_IS_SET.load(Ordering::Relaxed),
    }
}

/// The wall clock.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the clock module")]
pub fn wall() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// Says whether the wall clock can be believed from now on: a Pi without a battery clock starts in the past.
pub(crate) fn believe_wall(set: bool) {
    WALL_IS_SET.store(set, Ordering::Relaxed);
}
