//! The far end of a serial line: a pseudo-terminal under a stable name that can be unplugged and plugged in again.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::time::Duration;

use hal::clock::monotonic;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::pty::openpty;
use nix::unistd::ttyname;
use tempfile::TempDir;
use tokio::time::sleep;

/// Longer than anything here takes on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// A stable name for ports, like those in `/dev/serial/by-id`.
pub(crate) struct Socket {
    folder: TempDir,
}

impl Socket {
    pub(crate) fn new() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
        }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("usb-device")
    }

    /// A new device under the name. It comes up as a terminal does: line by line and with echo.
    pub(crate) fn plug(&self) -> FarEnd {
        let pty = openpty(None, None).unwrap();
        fcntl(&pty.master, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).unwrap();
        let _ = std::fs::remove_file(self.path());
        symlink(ttyname(&pty.slave).unwrap(), self.path()).unwrap();
        FarEnd {
            master: File::from(pty.master),
            slave: pty.slave,
            link: self.path(),
        }
    }
}

/// The device's side of the line.
pub(crate) struct FarEnd {
    master: File,
    /// Held so that the line is not hung up while the gateway is away.
    slave: OwnedFd,
    link: PathBuf,
}

impl FarEnd {
    pub(crate) fn send(&self, bytes: &[u8]) {
        assert_eq!((&self.master).write(bytes).unwrap(), bytes.len());
    }

    /// Sends what does not fit the line at once.
    pub(crate) async fn send_all(&self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            match (&self.master).write(bytes) {
                Ok(count) => bytes = &bytes[count..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => sleep(Duration::from_millis(1)).await,
                Err(error) => panic!("the line is broken: {error}"),
            }
        }
    }

    pub(crate) async fn receive(&self, count: usize) -> Vec<u8> {
        let received = self.receive_within(PATIENCE, count).await;
        assert_eq!(received.len(), count, "only {received:02X?} came");
        received
    }

    /// What has come so far, without waiting.
    pub(crate) fn received(&self) -> Vec<u8> {
        let mut buffer = [0; 4096];
        match (&self.master).read(&mut buffer) {
            Ok(count) => buffer[..count].to_vec(),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Vec::new(),
            Err(error) => panic!("the line is broken: {error}"),
        }
    }

    /// The line itself, for a device that reads and writes on its own.
    #[cfg(feature = "osdp")]
    pub(crate) fn line(&self) -> File {
        self.master.try_clone().unwrap()
    }

    /// Fails if anything comes within `silence`.
    pub(crate) async fn receives_nothing_for(&self, silence: Duration) {
        let received = self.receive_within(silence, 1).await;
        assert!(received.is_empty(), "{received:02X?} came");
    }

    async fn receive_within(&self, patience: Duration, count: usize) -> Vec<u8> {
        let end = monotonic() + patience;
        let mut received = Vec::new();
        let mut byte = [0];
        while received.len() < count && monotonic() < end {
            match (&self.master).read(&mut byte) {
                Ok(_) => received.extend(byte),
                Err(error) if error.kind() == ErrorKind::WouldBlock => sleep(Duration::from_millis(1)).await,
                Err(error) => panic!("the line is broken: {error}"),
            }
        }
        received
    }

    /// Fills the line until it takes no more, as when a device stops reading.
    pub(crate) fn jam(&self) {
        let slave = File::from(self.slave.try_clone().unwrap());
        fcntl(&slave, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).unwrap();
        while (&slave).write(&[0; 64]).is_ok() {}
    }

    pub(crate) fn unplug(self) {
        std::fs::remove_file(&self.link).unwrap();
    }
}
