//! The only place that reads the monotonic clock.

use std::time::Duration;

/// Time since boot by `CLOCK_MONOTONIC`, the clock that the kernel also stamps GPIO edges with, so that both can
/// be compared. It never goes back and takes no notice of changes to the wall clock.
pub fn monotonic() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    Duration::new(
        now.tv_sec.unsigned_abs(),
        u32::try_from(now.tv_nsec).unwrap_or_default(),
    )
}
