//! The far end of a serial line: a pseudo-terminal under a stable name that can be unplugged and plugged in again.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::pty::openpty;
use nix::unistd::ttyname;
use tempfile::TempDir;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::time::timeout;

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
            master: AsyncFd::new(File::from(pty.master)).unwrap(),
            slave: pty.slave,
            link: self.path(),
        }
    }
}

/// The device's side of the line.
pub(crate) struct FarEnd {
    master: AsyncFd<File>,
    /// Held so that the line is not hung up while the gateway is away.
    slave: OwnedFd,
    link: PathBuf,
}

impl FarEnd {
    pub(crate) fn send(&self, bytes: &[u8]) {
        assert_eq!(self.master.get_ref().write(bytes).unwrap(), bytes.len());
    }

    pub(crate) async fn receive(&self, count: usize) -> Vec<u8> {
        let mut received = vec![0; count];
        let mut filled = 0;
        while filled < count {
            let read = self
                .master
                .async_io(Interest::READABLE, |mut file| file.read(&mut received[filled..]));
            match timeout(PATIENCE, read).await {
                Ok(read) => filled += read.unwrap(),
                Err(_) => panic!("only {:02X?} came", &received[..filled]),
            }
        }
        received
    }

    /// Fails if anything comes within `silence`.
    pub(crate) async fn receives_nothing_for(&self, silence: Duration) {
        let mut byte = [0];
        let read = self
            .master
            .async_io(Interest::READABLE, |mut file| file.read(&mut byte));
        assert!(timeout(silence, read).await.is_err(), "{byte:02X?} came");
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

pub(crate) fn file(folder: &Socket, name: &str) -> PathBuf {
    let path = folder.folder.path().join(name);
    std::fs::write(&path, "").unwrap();
    path
}

pub(crate) fn open_descriptors() -> usize {
    std::fs::read_dir(Path::new("/proc/self/fd")).unwrap().count()
}
