//! The asking side, for the commands of an operator. It blocks: a command has nothing else to do.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::message::{Request, Response};
use super::{LONGEST_WAIT_FOR_READ, PATIENCE, socket_path};

/// Why a running gateway could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// Nothing listens.
    #[error("the gateway does not run: nothing answers at {}. Start it: systemctl start turnstile-gateway", path.display())]
    NotRunning {
        /// The socket.
        path: PathBuf,
    },
    /// The operating system does not let this user.
    #[error("no permission to ask the gateway at {}. Run the command as root: sudo turnstile-gateway ...", path.display())]
    NoPermission {
        /// The socket.
        path: PathBuf,
    },
    /// The connection failed.
    #[error("asking the gateway at {} failed: {source}", path.display())]
    Failed {
        /// The socket.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// The gateway said what this program does not know.
    #[error("the gateway at {} answered what this command does not understand: it is of another version, restart it", path.display())]
    Odd {
        /// The socket.
        path: PathBuf,
    },
}

/// What the gateway answers, as it comes.
pub struct Answers {
    path: PathBuf,
    lines: BufReader<UnixStream>,
}

/// Asks the gateway that keeps its data in `data_dir`.
///
/// # Errors
/// When none runs there, or it cannot be asked.
pub fn ask(data_dir: &Path, request: &Request) -> Result<Answers, ControlError> {
    let path = socket_path(data_dir);
    let sent = UnixStream::connect(&path).and_then(|mut stream| {
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_read_timeout(patience(request))?;
        let mut line = serde_json::to_vec(request).map_err(io::Error::other)?;
        line.push(b'\n');
        stream.write_all(&line)?;
        Ok(stream)
    });
    match sent {
        Ok(stream) => Ok(Answers {
            path,
            lines: BufReader::new(stream),
        }),
        Err(source) => Err(match source.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => ControlError::NotRunning { path },
            io::ErrorKind::PermissionDenied => ControlError::NoPermission { path },
            _ => ControlError::Failed { path, source },
        }),
    }
}

/// How long the gateway may take for an answer.
fn patience(request: &Request) -> Option<Duration> {
    match request {
        Request::Watch => None,
        Request::NextRead { .. } => Some(Duration::from_secs(LONGEST_WAIT_FOR_READ) + 2 * PATIENCE),
        // It may ask the studio first, or wait for the disk.
        _ => Some(12 * PATIENCE),
    }
}

impl Iterator for Answers {
    type Item = Result<Response, ControlError>;

    /// The next answer; none when the gateway has nothing more to say.
    fn next(&mut self) -> Option<Self::Item> {
        let mut line = String::new();
        let path = self.path.clone();
        match self.lines.read_line(&mut line) {
            Ok(0) => None,
            Ok(_) => Some(serde_json::from_str(&line).map_err(|_| ControlError::Odd { path })),
            Err(source) => Some(Err(ControlError::Failed { path, source })),
        }
    }
}
