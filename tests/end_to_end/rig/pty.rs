//! A pseudo-terminal in place of a serial port, under a name that stays the same when it is replugged.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::{grantpt, posix_openpt, ptsname_r, unlockpt};
use nix::sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr};

use super::wait_for;

/// The far end of a serial line. The gateway opens the path.
pub(crate) struct Pty {
    path: PathBuf,
    line: Option<Line>,
}

struct Line {
    master: File,
    /// Held open so that the terminal keeps its raw mode while nobody else has it open.
    _terminal: File,
    received: Arc<Mutex<Vec<(Duration, u8)>>>,
    pulled: Arc<AtomicBool>,
    listener: Option<JoinHandle<()>>,
}

impl Drop for Line {
    /// The far end is closed when nobody reads from it any more.
    fn drop(&mut self) {
        self.pulled.store(true, Ordering::Relaxed);
        if let Some(listener) = self.listener.take() {
            let _ = listener.join();
        }
    }
}

impl Pty {
    /// A line that is plugged in, at `folder/name`.
    pub(crate) fn new(folder: &Path, name: &str) -> Self {
        let mut pty = Self {
            path: folder.join(name),
            line: None,
        };
        pty.plug();
        pty
    }

    /// Closes the far end: for the gateway the adapter is pulled out.
    pub(crate) fn unplug(&mut self) {
        let _ = std::fs::remove_file(&self.path);
        self.line = None;
    }

    /// Puts a new adapter in under the same name.
    pub(crate) fn plug(&mut self) {
        // Close-on-exec, or the gateway under test would inherit the far end of its own line.
        let far_end = posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC).unwrap();
        grantpt(&far_end).unwrap();
        unlockpt(&far_end).unwrap();
        let device = ptsname_r(&far_end).unwrap();
        let terminal = File::options().read(true).write(true).open(&device).unwrap();
        let mut mode = tcgetattr(&terminal).unwrap();
        cfmakeraw(&mut mode);
        tcsetattr(&terminal, SetArg::TCSANOW, &mode).unwrap();
        std::os::unix::fs::symlink(device, &self.path).unwrap();
        let master = File::from(OwnedFd::from(far_end));
        let received = Arc::new(Mutex::new(Vec::new()));
        let pulled = Arc::new(AtomicBool::new(false));
        let reading = master.try_clone().unwrap();
        let (log, end) = (Arc::clone(&received), Arc::clone(&pulled));
        let listener = std::thread::spawn(move || listen(reading, &log, &end));
        self.line = Some(Line {
            master,
            _terminal: terminal,
            received,
            pulled,
            listener: Some(listener),
        });
    }

    /// Sends bytes to the gateway. Gives back the moment before they were written.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> Duration {
        let before = hal::clock::monotonic();
        self.line.as_mut().unwrap().master.write_all(bytes).unwrap();
        before
    }

    /// Everything the gateway has written since the plug was put in, with the moments of arrival.
    pub(crate) fn received(&self) -> Vec<(Duration, u8)> {
        self.line.as_ref().unwrap().received.lock().unwrap().clone()
    }

    /// The moments at which `frame` arrived, in order.
    pub(crate) fn arrivals(&self, frame: &[u8]) -> Vec<Duration> {
        let received = self.received();
        received
            .windows(frame.len())
            .filter(|window| window.iter().map(|(_, byte)| byte).eq(frame))
            .filter_map(|window| window.last().map(|(at, _)| *at))
            .collect()
    }

    /// Waits until `frame` has arrived `count` times and gives the moment of the last one.
    pub(crate) fn wait_for(&self, frame: &[u8], count: usize, limit: Duration) -> Duration {
        wait_for(
            &format!("{count} times {frame:02X?} at {}", self.path.display()),
            limit,
            || self.arrivals(frame).get(count.checked_sub(1)?).copied(),
        )
    }
}

/// Notes every byte with its moment of arrival until the plug is pulled.
fn listen(mut line: File, log: &Mutex<Vec<(Duration, u8)>>, pulled: &AtomicBool) {
    let mut buffer = [0; 256];
    while !pulled.load(Ordering::Relaxed) {
        let mut ready = [PollFd::new(line.as_fd(), PollFlags::POLLIN)];
        if poll(&mut ready, PollTimeout::from(20_u8)).unwrap() == 0 {
            continue;
        }
        let Ok(count @ 1..) = line.read(&mut buffer) else {
            return;
        };
        let now = hal::clock::monotonic();
        let stamped = buffer[..count].iter().map(|byte| (now, *byte));
        log.lock().unwrap().extend(stamped);
    }
}
