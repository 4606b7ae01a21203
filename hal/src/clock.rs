//! The only place that reads the monotonic clock.

use std::time::Duration;

use tokio::time::timeout;

/// Time since boot by `CLOCK_MONOTONIC`, the clock that the kernel also stamps GPIO edges with, so that both can
/// be compared. It never goes back and takes no notice of changes to the wall clock.
pub fn monotonic() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    Duration::new(
        now.tv_sec.unsigned_abs(),
        u32::try_from(now.tv_nsec).unwrap_or_default(),
    )
}

/// What `future` resolves to, or `None` once it is `deadline`. Without a deadline it is awaited for ever.
pub(crate) async fn before<T>(deadline: Option<Duration>, future: impl Future<Output = T>) -> Option<T> {
    match deadline {
        Some(deadline) => timeout(deadline.saturating_sub(monotonic()), future).await.ok(),
        None => Some(future.await),
    }
}
