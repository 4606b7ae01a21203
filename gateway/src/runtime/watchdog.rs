//! systemd's watchdog: fed by the controller's own heartbeat and by nothing that waits for a network or a disk.

use std::cell::Cell;
use std::time::Duration;

use sd_notify::NotifyState;

/// Without a service manager the controller still wakes up so often.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// Tells the service manager that the controller works.
#[derive(Debug)]
pub struct Watchdog {
    /// How often it has to be fed; none when nobody watches.
    interval: Option<Duration>,
    fed: Cell<Duration>,
}

impl Watchdog {
    /// Says that the gateway is ready.
    #[must_use]
    pub fn start() -> Self {
        // Fails only where no service manager listens.
        let _ = sd_notify::notify(&[NotifyState::Ready]);
        Self {
            // Half of what systemd allows, as sd_watchdog_enabled(3) advises.
            interval: sd_notify::watchdog_enabled().map(|limit| limit / 2),
            fed: Cell::new(Duration::ZERO),
        }
    }

    /// How often the controller has to wake up at least.
    pub(super) fn heartbeat(&self) -> Duration {
        self.interval.map_or(HEARTBEAT, |interval| interval.min(HEARTBEAT))
    }

    /// Feeds it, when it is time. `now` is the monotonic clock.
    pub(super) fn feed(&self, now: Duration) {
        let Some(interval) = self.interval else {
            return;
        };
        if now.saturating_sub(self.fed.get()) >= interval / 2 {
            self.fed.set(now);
            let _ = sd_notify::notify(&[NotifyState::Watchdog]);
        }
    }
}
