//! What the tests stand on: pseudo-terminals as reader and relay, the studio simulator and the gateway as processes.

mod gateway;
mod lane;
mod pty;
mod studio;

pub(crate) use gateway::{Gateway, KEY_VARIABLE, PROGRAM};
pub(crate) use lane::{Lane, OFF, ON, PULSE, rdm6300, write_config, write_tables};
pub(crate) use pty::Pty;
pub(crate) use studio::Studio;

use std::time::Duration;

/// Looks at `probe` until it gives something, at most `limit`. The tests' only way to wait.
pub(crate) fn wait_for<T>(what: &str, limit: Duration, mut probe: impl FnMut() -> Option<T>) -> T {
    let end = hal::clock::monotonic() + limit;
    loop {
        if let Some(found) = probe() {
            return found;
        }
        assert!(
            hal::clock::monotonic() < end,
            "waited {limit:?} in vain for {what}"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}
