//! A serial port: opened for us alone, in raw mode, with every way of losing it told apart. What the bytes mean and
//! when to open it again is for the reader or the relay on it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use tokio_serial::{ClearBuffer, ErrorKind, SerialPort, SerialStream};
pub use tokio_serial::{DataBits, Parity, StopBits};

use crate::connection::{DisconnectCause, DisconnectReason};

/// A command of a few bytes leaves in milliseconds. A port that does not take it for so long is stuck.
const WRITE_TIMEOUT: Duration = Duration::from_millis(500);

/// Which port, and how it talks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortSettings {
    /// Best a name that stays when other devices come and go, as in `/dev/serial/by-id`. It is looked up anew each
    /// time the port is opened.
    pub path: PathBuf,
    /// Bits per second.
    pub baud: u32,
    /// Bits of a character.
    pub data_bits: DataBits,
    /// Parity bit of a character.
    pub parity: Parity,
    /// Stop bits of a character.
    pub stop_bits: StopBits,
}

impl PortSettings {
    /// The port at `path` with what nearly every reader and relay card comes with: 9600 baud, 8 data bits, no
    /// parity, 1 stop bit.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            baud: 9600,
            data_bits: DataBits::Eight,
            parity: Parity::None,
            stop_bits: StopBits::One,
        }
    }

    /// The port's name in logs and reasons.
    pub(crate) fn device(&self) -> Arc<str> {
        Arc::from(self.path.to_string_lossy())
    }
}

/// An open port. It is closed when dropped.
#[derive(Debug)]
pub(crate) struct Port {
    stream: SerialStream,
    device: Arc<str>,
    stuck: bool,
}

impl Port {
    /// Opens the port for us alone and drops what was received, or still to be sent, before: it was for someone else,
    /// or is old.
    pub(crate) async fn open(settings: &PortSettings) -> Result<Self, DisconnectReason> {
        let device = settings.device();
        let settings = settings.clone();
        // Setting up an USB adapter takes transfers on the bus: milliseconds, or seconds when it misbehaves.
        let opened = tokio::task::spawn_blocking(move || open(&settings)).await;
        let stream = opened
            .unwrap_or_else(|error| Err(failed("open", &error)))
            .map_err(|cause| DisconnectReason {
                device: device.clone(),
                cause,
            })?;
        Ok(Self {
            stream,
            device,
            stuck: false,
        })
    }

    /// Waits for bytes; at least one. Cancelling it loses none.
    pub(crate) async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, DisconnectReason> {
        match self.stream.read(buffer).await {
            // The kernel's word for a hung-up line, and for ever after.
            Ok(0) => Err(self.reason(DisconnectCause::Unplugged)),
            Ok(count) => Ok(count),
            Err(error) => Err(self.reason(lost("read", &error))),
        }
    }

    /// Bytes that are here already; 0 when there are none.
    #[cfg(feature = "osdp")]
    pub(crate) fn read_now(&mut self, buffer: &mut [u8]) -> Result<usize, DisconnectReason> {
        match self.stream.try_read(buffer) {
            Ok(0) => Err(self.reason(DisconnectCause::Unplugged)),
            Ok(count) => Ok(count),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
            Err(error) => Err(self.reason(lost("read", &error))),
        }
    }

    /// Hands all bytes to the kernel. It does not wait until they have left the line.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> Result<(), DisconnectReason> {
        match timeout(WRITE_TIMEOUT, self.stream.write_all(bytes)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(self.reason(lost("write", &error))),
            Err(_elapsed) => {
                // Bytes that cannot leave would hold up the closing of the port, by default for half a minute.
                let _ = self.stream.clear(ClearBuffer::Output);
                self.stuck = true;
                Err(self.reason(DisconnectCause::Stuck))
            }
        }
    }

    /// Hands the bytes to the kernel if it takes them at once: for a last word where nothing can be awaited.
    pub(crate) fn write_now(&mut self, bytes: &[u8]) -> Result<(), DisconnectReason> {
        if self.stuck {
            return Err(self.reason(DisconnectCause::Stuck));
        }
        match self.stream.try_write(bytes) {
            Ok(count) if count == bytes.len() => Ok(()),
            Ok(_too_few) => Err(self.reason(DisconnectCause::Stuck)),
            Err(error) => Err(self.reason(lost("write", &error))),
        }
    }

    fn reason(&self, cause: DisconnectCause) -> DisconnectReason {
        DisconnectReason {
            device: self.device.clone(),
            cause,
        }
    }
}

fn open(settings: &PortSettings) -> Result<SerialStream, DisconnectCause> {
    let builder = tokio_serial::new(settings.path.to_string_lossy(), settings.baud)
        .data_bits(settings.data_bits)
        .parity(settings.parity)
        .stop_bits(settings.stop_bits);
    let stream = SerialStream::open(&builder).map_err(|error| not_opened(&settings.path, &error))?;
    stream
        .clear(ClearBuffer::All)
        .map_err(|error| failed("open", &error))?;
    Ok(stream)
}

fn not_opened(path: &Path, error: &tokio_serial::Error) -> DisconnectCause {
    match error.kind() {
        ErrorKind::Io(io::ErrorKind::NotFound) => DisconnectCause::NoSuchPort,
        ErrorKind::Io(io::ErrorKind::PermissionDenied) => {
            DisconnectCause::PermissionDenied { group: "dialout" }
        }
        // That is what the library makes of a lock held by someone else.
        ErrorKind::NoDevice => DisconnectCause::InUse,
        _ if is_no_terminal(path) => DisconnectCause::NotASerialPort,
        _ => failed("open", error),
    }
}

/// Whether there is something that is no terminal. The library has no error of its own for it.
fn is_no_terminal(path: &Path) -> bool {
    use rustix::fs::{Mode, OFlags};
    let flags = OFlags::RDONLY | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    rustix::fs::open(path, flags, Mode::empty()).is_ok_and(|file| !rustix::termios::isatty(file))
}

fn lost(operation: &'static str, error: &io::Error) -> DisconnectCause {
    use rustix::io::Errno;
    match Errno::from_io_error(error) {
        Some(Errno::AGAIN) => DisconnectCause::Stuck,
        Some(Errno::IO | Errno::NXIO | Errno::NODEV) => DisconnectCause::Unplugged,
        _ => failed(operation, error),
    }
}

fn failed(operation: &'static str, error: &dyn std::error::Error) -> DisconnectCause {
    DisconnectCause::Failed {
        operation,
        message: error.to_string(),
    }
}
