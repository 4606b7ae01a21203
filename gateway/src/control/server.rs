//! The listening side: takes connections, reads one request from each and writes the answers. A client that says
//! nothing, says nonsense or never stops is answered or let go; it disturbs nobody.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hal::relay;
use jiff::Timestamp;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, broadcast, mpsc};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tracing::{error, warn};

use super::message::{Request, Response};
use super::{LONGEST_REQUEST, PATIENCE};
use crate::directory::Directory;
use crate::journal::JournalHandle;
use crate::runtime::{Command, Notice};

/// Connections served at the same time. Whoever comes to a full house is told so.
const MOST_CLIENTS: usize = 16;

/// Pause after the operating system could not hand over a connection.
const PAUSE: Duration = Duration::from_secs(1);

/// What requests are answered from.
pub struct Control {
    /// The gateway's name.
    pub device: String,
    /// When it started.
    pub started: Timestamp,
    /// To the controller.
    pub commands: mpsc::Sender<Command>,
    /// The member records.
    pub directory: Directory,
    /// The check-ins.
    pub journal: JournalHandle,
    /// In the order of the settings.
    pub relays: Vec<relay::Relay>,
    /// What happens at the lanes.
    pub notices: broadcast::Sender<Notice>,
}

/// Listens at `path` and answers, until it is dropped. Where it cannot listen the gateway works without it.
pub async fn serve(path: PathBuf, control: Control) {
    let listener = match listen(&path) {
        Ok(listener) => listener,
        Err(error) => {
            error!(
                socket = %path.display(), %error,
                "cannot listen for commands such as status: going on without them"
            );
            return std::future::pending().await;
        }
    };
    let _socket = Socket(path);
    let control = Arc::new(control);
    let places = Arc::new(Semaphore::new(MOST_CLIENTS));
    let mut clients = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => match Arc::clone(&places).try_acquire_owned() {
                    Ok(place) => {
                        let control = Arc::clone(&control);
                        clients.spawn(async move {
                            attend(stream, &control).await;
                            drop(place);
                        });
                    }
                    Err(_full) => refuse(&stream),
                },
                Err(error) => {
                    warn!(%error, "a connection to the control socket failed");
                    sleep(PAUSE).await;
                }
            },
            Some(_) = clients.join_next() => {}
        }
    }
}

/// The socket's file, removed with it.
struct Socket(PathBuf);

impl Drop for Socket {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// A socket that was left behind by a killed gateway is in nobody's use: the journal's lock tells two gateways apart.
fn listen(path: &Path) -> io::Result<UnixListener> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, Permissions::from_mode(0o660))?;
    Ok(listener)
}

fn refuse(stream: &UnixStream) {
    let full = Response::Failed(format!(
        "{MOST_CLIENTS} other commands are under way: end one of them and try again"
    ));
    // It fits into an empty buffer or is of no use to anybody.
    let _ = stream.try_write(&line(&full));
}

async fn attend(stream: UnixStream, control: &Control) {
    let (mut reading, writing) = stream.into_split();
    let mut client = Client { writing };
    let outcome = match timeout(PATIENCE, request(&mut reading)).await {
        Ok(Ok(Some(request))) => {
            // A client that leaves takes its request along.
            tokio::select! {
                outcome = control.answer(request, &mut client) => outcome,
                () = left(&mut reading) => Ok(()),
            }
        }
        Ok(Ok(None)) => Ok(()),
        Ok(Err(error)) => client.say(&Response::Failed(error.to_string())).await,
        Err(_silent) => Ok(()),
    };
    // Whoever does not take its answer has it no more.
    let _ = outcome;
}

/// The one request of a connection; none when the client left without one.
async fn request(reading: &mut OwnedReadHalf) -> io::Result<Option<Request>> {
    let mut line = Vec::new();
    BufReader::new(reading.take(LONGEST_REQUEST))
        .read_until(b'\n', &mut line)
        .await?;
    if line.is_empty() {
        return Ok(None);
    }
    serde_json::from_slice(&line).map(Some).map_err(|_| {
        // Not the parser's own words: they quote what was said, which may be a credential.
        io::Error::other("this is no request: are gateway and command of the same version?")
    })
}

/// Resolves when the client has left. What it says after its request is of no interest.
async fn left(reading: &mut OwnedReadHalf) {
    let mut ignored = [0; 512];
    while let Ok(1..) = reading.read(&mut ignored).await {}
}

/// The way back to a client.
pub(super) struct Client {
    writing: OwnedWriteHalf,
}

impl Client {
    /// Says something.
    ///
    /// # Errors
    /// When the client has left or takes nothing for too long.
    pub(super) async fn say(&mut self, response: &Response) -> io::Result<()> {
        timeout(PATIENCE, self.writing.write_all(&line(response))).await?
    }
}

fn line(response: &Response) -> Vec<u8> {
    let mut line = serde_json::to_vec(response).unwrap_or_default();
    line.push(b'\n');
    line
}
