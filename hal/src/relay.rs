//! Relays: a pulse as one operation, whatever switches it. A backend only knows how to switch; when to switch off,
//! what to refuse and when to connect again is decided here, once for all of them.
//!
//! The rules that keep a lane from standing open:
//! - the end of a pulse is settled before its beginning is written;
//! - all relays of a device are switched off when it is (re)connected, when its task stops, is dropped or panics;
//! - what was asked while the device was away is refused at once and never carried out later.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::sleep;
use tracing::{info, warn};

use crate::clock::monotonic;
use crate::connection::{DisconnectCause, DisconnectReason, Reconnect};

/// Pulses of one device that may wait for it. It takes one in microseconds; who comes to a full queue waits, and is
/// refused if its time passes meanwhile.
const WAITING_PULSES: usize = 16;

/// A relay that can be asked for pulses. Clones are the same relay.
#[derive(Clone, Debug)]
pub struct Relay {
    name: Arc<str>,
    channel: usize,
    requests: mpsc::Sender<Request>,
    /// Why the device is away; none while it is connected.
    trouble: watch::Receiver<Option<DisconnectReason>>,
}

/// Why a relay was not switched on.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RelayError {
    /// The device is away.
    #[error("relay {relay} is not connected: {reason}")]
    Disconnected {
        /// Its name.
        relay: Arc<str>,
        /// Why it is away.
        reason: DisconnectReason,
    },
    /// The moment up to which it might be switched on had passed.
    #[error("relay {relay} stays off: its turn came {} ms too late", .by.as_millis())]
    TooLate {
        /// Its name.
        relay: Arc<str>,
        /// How much too late.
        by: Duration,
    },
    /// Its task has ended: the gateway is stopping.
    #[error("relay {relay} has stopped")]
    Stopped {
        /// Its name.
        relay: Arc<str>,
    },
}

impl Relay {
    /// Its name in the settings.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Why its device is away; none while it is connected.
    #[must_use]
    pub fn trouble(&self) -> Option<DisconnectReason> {
        self.trouble.borrow().clone()
    }

    /// Resolves when its device has come or gone since this was last asked for; `false` when its task has ended.
    pub async fn changed(&mut self) -> bool {
        self.trouble.changed().await.is_ok()
    }

    /// Switches the relay on for `pulse` and resolves as soon as it is on, with that moment on the monotonic clock.
    /// It is switched off by the relay's task, whatever becomes of the caller.
    ///
    /// A pulse of a relay that is already on makes it stay on until the later of the two ends; it is never cut short.
    ///
    /// # Errors
    /// At once when the device is away; when `not_after` on the monotonic clock has passed before its turn; when the
    /// device is lost while it is written to. The relay is off, or is switched off when the device comes back.
    pub async fn pulse(&self, pulse: Duration, not_after: Duration) -> Result<Duration, RelayError> {
        let (answer, answered) = oneshot::channel();
        let request = Request {
            channel: self.channel,
            pulse,
            not_after,
            answer,
        };
        let refusal = match self.requests.send(request).await {
            Ok(()) => match answered.await {
                Ok(Ok(at)) => return Ok(at),
                Ok(Err(refusal)) => refusal,
                Err(_task_ended) => Refusal::Stopped,
            },
            Err(_task_ended) => Refusal::Stopped,
        };
        let relay = self.name.clone();
        Err(match refusal {
            Refusal::Disconnected(reason) => RelayError::Disconnected { relay, reason },
            Refusal::TooLate(by) => RelayError::TooLate { relay, by },
            Refusal::Stopped => RelayError::Stopped { relay },
        })
    }
}

/// What switches the relays of one device. Channels are counted from 0 in the order of the names.
pub(crate) trait Switch: Send {
    /// Switches one channel and returns when the device has been told.
    fn set(&mut self, channel: usize, on: bool) -> impl Future<Output = Result<(), DisconnectReason>> + Send;

    /// Switches all channels off without waiting for anything.
    fn all_off(&mut self) -> Result<(), DisconnectReason>;

    /// Resolves when the device is lost. Cancelling it does no harm.
    fn lost(&mut self) -> impl Future<Output = DisconnectReason> + Send;
}

#[derive(Debug)]
struct Request {
    channel: usize,
    pulse: Duration,
    not_after: Duration,
    answer: oneshot::Sender<Result<Duration, Refusal>>,
}

impl Request {
    fn answer(self, result: Result<Duration, Refusal>) {
        // Whoever asked may have gone; the pulse ends by itself all the same.
        let _ = self.answer.send(result);
    }
}

#[derive(Debug)]
enum Refusal {
    Disconnected(DisconnectReason),
    TooLate(Duration),
    Stopped,
}

/// The task side of one device's relays.
pub(crate) struct Relays {
    names: Vec<Arc<str>>,
    device: Arc<str>,
    requests: mpsc::Receiver<Request>,
    trouble: watch::Sender<Option<DisconnectReason>>,
}

/// The only relay of a device, and the side that the device's task works with.
pub(crate) fn relay(name: Arc<str>, device: Arc<str>) -> (Relay, Relays) {
    let (requests, relays) = device_side(vec![name.clone()], device);
    let handle = Relay {
        name,
        channel: 0,
        requests,
        trouble: relays.trouble.subscribe(),
    };
    (handle, relays)
}

/// The relays of one device: the handles in the order of their names, and the side that the device's task works with.
pub(crate) fn relays(names: Vec<Arc<str>>, device: Arc<str>) -> (Vec<Relay>, Relays) {
    let (requests, relays) = device_side(names, device);
    let handles = relays
        .names
        .iter()
        .enumerate()
        .map(|(channel, name)| Relay {
            name: name.clone(),
            channel,
            requests: requests.clone(),
            trouble: relays.trouble.subscribe(),
        })
        .collect();
    (handles, relays)
}

fn device_side(names: Vec<Arc<str>>, device: Arc<str>) -> (mpsc::Sender<Request>, Relays) {
    let (sender, requests) = mpsc::channel(WAITING_PULSES);
    let not_opened_yet = DisconnectReason {
        device: device.clone(),
        cause: DisconnectCause::NotOpenedYet,
    };
    let relays = Relays {
        names,
        device,
        requests,
        trouble: watch::Sender::new(Some(not_opened_yet)),
    };
    (sender, relays)
}

impl Relays {
    /// Connects with `connect` and serves pulses, for ever, until `stop`.
    pub(crate) async fn run<S, F>(self, connect: impl FnMut() -> F, stop: impl Future<Output = ()>)
    where
        S: Switch,
        F: Future<Output = Result<S, DisconnectReason>>,
    {
        tokio::select! {
            // Dropping the other branch switches everything off: see `Connected`.
            biased;
            () = stop => {}
            () = self.serve(connect) => {}
        }
    }

    async fn serve<S, F>(mut self, mut connect: impl FnMut() -> F)
    where
        S: Switch,
        F: Future<Output = Result<S, DisconnectReason>>,
    {
        let names = self.names.join(", ");
        let mut reconnect = Reconnect::new();
        let mut reason = DisconnectReason {
            device: self.device.clone(),
            cause: DisconnectCause::NotOpenedYet,
        };
        loop {
            let connected = self.refuse_during(connect(), &reason).await;
            let mut held = Duration::ZERO;
            reason = match connected.and_then(|switch| Connected::new(switch, self.names.len())) {
                Ok(connected) => {
                    info!(relay = names, port = &*self.device, "relay connected");
                    reconnect.connected();
                    self.trouble.send_replace(None);
                    let since = monotonic();
                    let reason = connected.serve(&mut self.requests).await;
                    held = monotonic().saturating_sub(since);
                    reason
                }
                Err(reason) => reason,
            };
            self.trouble.send_replace(Some(reason.clone()));
            if reconnect.is_news(&reason) {
                warn!(relay = names, port = &*self.device, %reason, "relay disconnected: trying to reconnect");
            }
            self.refuse_during(sleep(reconnect.wait_after(held)), &reason)
                .await;
        }
    }

    /// Waits for `work` and refuses every pulse that is asked for meanwhile.
    async fn refuse_during<T>(&mut self, work: impl Future<Output = T>, reason: &DisconnectReason) -> T {
        tokio::pin!(work);
        loop {
            tokio::select! {
                biased;
                Some(request) = self.requests.recv() => {
                    request.answer(Err(Refusal::Disconnected(reason.clone())));
                }
                result = &mut work => return result,
            }
        }
    }
}

/// A connected device. Dropping it, in whatever way, switches its relays off.
struct Connected<S: Switch> {
    switch: S,
    /// By channel: until when it is on.
    on_until: Vec<Option<Duration>>,
}

impl<S: Switch> Connected<S> {
    fn new(mut switch: S, channels: usize) -> Result<Self, DisconnectReason> {
        switch.all_off()?;
        Ok(Self {
            switch,
            on_until: vec![None; channels],
        })
    }

    /// Serves pulses until the device is lost.
    async fn serve(mut self, requests: &mut mpsc::Receiver<Request>) -> DisconnectReason {
        loop {
            if let Err(reason) = self.switch_off_what_is_due().await {
                return reason;
            }
            let next_end = self.on_until.iter().flatten().min().copied();
            let wait = next_end.map_or(Duration::MAX, |end| end.saturating_sub(monotonic()));
            tokio::select! {
                biased;
                reason = self.switch.lost() => return reason,
                Some(request) = requests.recv() => {
                    if let Err(reason) = self.pulse(request).await {
                        return reason;
                    }
                }
                () = sleep(wait) => {}
            }
        }
    }

    async fn switch_off_what_is_due(&mut self) -> Result<(), DisconnectReason> {
        let now = monotonic();
        for (channel, on_until) in self.on_until.iter_mut().enumerate() {
            if on_until.is_some_and(|end| end <= now) {
                self.switch.set(channel, false).await?;
                *on_until = None;
            }
        }
        Ok(())
    }

    async fn pulse(&mut self, request: Request) -> Result<(), DisconnectReason> {
        let now = monotonic();
        if now > request.not_after {
            let by = now.saturating_sub(request.not_after);
            request.answer(Err(Refusal::TooLate(by)));
            return Ok(());
        }
        if let Some(on_until) = self.on_until.get_mut(request.channel) {
            *on_until = (*on_until).max(Some(now.saturating_add(request.pulse)));
        }
        match self.switch.set(request.channel, true).await {
            Ok(()) => {
                request.answer(Ok(monotonic()));
                Ok(())
            }
            Err(reason) => {
                request.answer(Err(Refusal::Disconnected(reason.clone())));
                Err(reason)
            }
        }
    }
}

impl<S: Switch> Drop for Connected<S> {
    fn drop(&mut self) {
        let was_on = self.on_until.iter().any(Option::is_some);
        if let Err(reason) = self.switch.all_off()
            && was_on
        {
            warn!(%reason, "a relay may still be on: it could not be switched off");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};
    use std::sync::Mutex;

    use super::*;

    /// Breaks down when it is switched on.
    struct Broken(Arc<Mutex<Vec<&'static str>>>);

    impl Switch for Broken {
        async fn set(&mut self, _channel: usize, _on: bool) -> Result<(), DisconnectReason> {
            self.0.lock().unwrap().push("on");
            panic!("as a defect in a backend would");
        }

        fn all_off(&mut self) -> Result<(), DisconnectReason> {
            self.0.lock().unwrap().push("all off");
            Ok(())
        }

        async fn lost(&mut self) -> DisconnectReason {
            pending().await
        }
    }

    #[tokio::test]
    async fn a_panic_in_the_middle_of_a_pulse_switches_off() {
        let done = Arc::new(Mutex::new(Vec::new()));
        let (relay, task) = relay(Arc::from("entrance"), Arc::from("broken"));
        let device = done.clone();
        let task = tokio::spawn(task.run(move || ready(Ok(Broken(device.clone()))), pending()));
        tokio::task::yield_now().await;
        let hour = Duration::from_secs(3600);
        let refused = relay.pulse(hour, monotonic() + hour).await;
        assert!(matches!(refused, Err(RelayError::Stopped { .. })));
        assert!(task.await.unwrap_err().is_panic());
        assert_eq!(*done.lock().unwrap(), ["all off", "on", "all off"]);
    }
}
