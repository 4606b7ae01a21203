//! Turnstile boards on pseudo-terminals: ours is the reference firmware itself behind a line that can be disturbed,
//! those of other makers are their documented frames.

mod desk;
mod line;
mod link;
mod service;
mod third_party;

use std::time::Duration;

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}
