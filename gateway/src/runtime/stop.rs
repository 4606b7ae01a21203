//! The wish to stop, as every task sees it.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Asks all tasks to stop. Dropping it asks too.
#[derive(Debug)]
pub struct Stopper(watch::Sender<bool>);

/// Tells a task when to stop.
#[derive(Clone, Debug)]
pub struct Stop(watch::Receiver<bool>);

/// A pair of both.
#[must_use]
pub fn stop() -> (Stopper, Stop) {
    let (sender, receiver) = watch::channel(false);
    (Stopper(sender), Stop(receiver))
}

impl Stopper {
    /// Asks all tasks to stop.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Stop {
    /// [`Stop::requested`] as a future that stands for itself.
    pub async fn wished(mut self) {
        self.requested().await;
    }

    /// Resolves once stopping is wished for.
    pub async fn requested(&mut self) {
        // An error means that the stopper is gone, which is a wish to stop as well.
        let _ = self.0.wait_for(|stopped| *stopped).await;
    }
}

/// Resolves with the name of the signal when the process is asked to end: SIGTERM, SIGINT or SIGHUP of a closed
/// terminal.
///
/// # Errors
/// When the signals cannot be listened for.
pub async fn asked_to_end() -> std::io::Result<&'static str> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    tokio::select! {
        _ = terminate.recv() => Ok("SIGTERM"),
        _ = interrupt.recv() => Ok("SIGINT"),
        _ = hang_up.recv() => Ok("SIGHUP"),
    }
}
