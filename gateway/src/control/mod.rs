//! What an operator says to the running gateway, over a Unix socket in its data folder: one request and its answers
//! per connection. It decides nothing and owns nothing: lanes are the controller's, records the directory's, check-ins
//! the journal's. No part of it is on the way of a swipe.

mod answers;
mod check_ins;
mod client;
mod explaining;
mod happening;
mod message;
mod server;

use std::path::{Path, PathBuf};
use std::time::Duration;

pub use check_ins::answer as answer_check_ins;
pub use client::{Answers, ControlError, ask};
pub use explaining::{moved, no_access_point, told};
pub use message::{
    Board, CheckIn, CheckInCounts, CheckInRequest, CheckSeen, Explanation, Happening, Lane, Members, Mode,
    Presented, Reader, Relay, Request, Response, Status, Studio,
};
pub use server::{Control, serve};

/// The longest request, in bytes; the content of a QR code is the longest part of one.
const LONGEST_REQUEST: u64 = 16 * 1024;

/// A client that says or takes nothing for this long is let go.
const PATIENCE: Duration = Duration::from_secs(5);

/// The longest that a client may wait for a read, in seconds.
pub const LONGEST_WAIT_FOR_READ: u64 = 300;

/// Where the socket of a gateway is, by its data folder.
#[must_use]
pub fn socket_path(data_dir: &Path) -> PathBuf {
    data_dir.join("control.sock")
}
