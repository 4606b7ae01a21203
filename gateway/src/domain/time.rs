//! Time as it is handed to the core.

use std::ops::Add;
use std::time::Duration;

/// A moment on the monotonic clock: the time since boot. Deadlines use this clock only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Monotonic(pub Duration);

impl Monotonic {
    /// The time from `earlier` to this moment, zero if `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for Monotonic {
    type Output = Self;

    fn add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(span))
    }
}

/// One sample of both clocks, taken once per wake-up of the controller.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Now {
    /// For deadlines.
    pub monotonic: Monotonic,
    /// For dates, schedules and records.
    pub wall: jiff::Timestamp,
    /// Whether the wall clock can be believed; `false` on a Pi without a battery clock before time sync.
    pub wall_set: bool,
}
