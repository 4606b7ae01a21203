//! Readers, relays, boards, inputs, indicators and displays without a device, chosen in the settings like any other. They
//! speak and switch through the same code as the real ones and are played and watched by a control handle: in the demo, in
//! tests, at a desk. Nothing here pretends to be a person, a lane or a passage.

mod board;

use std::future::{Future, pending, ready};
use std::sync::Arc;
use std::time::Duration;

use firmware_protocol::{Decoder, Profile, Reading};
use tokio::sync::{broadcast, mpsc, watch};

use crate::clock::monotonic;
use crate::connection::{DisconnectCause, DisconnectReason};
use crate::display::{Display, Screen, display};
use crate::indicator::{Indicator, Lamps, Lit, indicator};
use crate::input::{InputEvent, State};
use crate::reader::{Frames, ReaderEvent, ReaderEventKind, Voice};
use crate::relay::{Relay, Switch, relay};

pub use self::board::{SimulatedBoard, simulated_board};

/// What stands for the port in logs and reasons.
const DEVICE: &str = "simulated";

/// Changes of a device that an observer may lag behind before it loses the oldest.
const CHANGES: usize = 64;

/// A reader that says what it is told to.
#[derive(Debug)]
pub struct SimulatedReader {
    voice: Voice,
    frames: Frames,
}

impl SimulatedReader {
    /// A reader of this name. It says nothing yet: [`Self::plug_in`] it first, as one does with any reader.
    pub fn new(name: Arc<str>, profile: impl Into<Profile>, events: mpsc::Sender<ReaderEvent>) -> Self {
        Self {
            voice: Voice::new(name, events),
            frames: Frames::new(Decoder::new(profile)),
        }
    }

    /// Says that it is connected.
    pub async fn plug_in(&mut self) {
        self.voice.connection(ReaderEventKind::Connected).await;
    }

    /// Says that it is unplugged.
    pub async fn unplug(&mut self) {
        self.voice
            .connection(ReaderEventKind::Disconnected(unplugged()))
            .await;
    }

    /// Reads a card, a code or a key, now.
    pub fn read(&mut self, reading: Reading) {
        self.voice.outcome(Ok(reading), monotonic());
    }

    /// Receives bytes as from a line that is quiet afterwards.
    pub fn receive(&mut self, bytes: &[u8]) {
        let now = monotonic();
        self.frames.receive(bytes, now, &mut self.voice);
        self.frames.quiet(now, &mut self.voice);
    }
}

/// The control handle of a simulated relay: shows what it does and unplugs it.
#[derive(Clone, Debug)]
pub struct SimulatedRelay {
    changes: broadcast::Sender<Switched>,
    plugged_in: watch::Sender<bool>,
}

/// A change of a simulated relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Switched {
    /// Switched on, or off.
    pub on: bool,
    /// When, on the monotonic clock.
    pub at: Duration,
}

/// A relay of this name that switches nothing: its handle, its control handle and its task, which runs until `stop`.
/// It is plugged in from the beginning, and off when the task ends.
pub fn simulated_relay(
    name: Arc<str>,
    stop: impl Future<Output = ()> + Send,
) -> (Relay, SimulatedRelay, impl Future<Output = ()> + Send) {
    let (relay, task) = relay(name, Arc::from(DEVICE));
    let control = SimulatedRelay {
        changes: broadcast::Sender::new(CHANGES),
        plugged_in: watch::Sender::new(true),
    };
    let changes = control.changes.clone();
    let plugged_in = control.plugged_in.subscribe();
    let connect = move || {
        let (changes, mut plugged_in) = (changes.clone(), plugged_in.clone());
        async move {
            until(&mut plugged_in, true).await;
            Ok(Coil {
                on: false,
                changes,
                plugged_in,
            })
        }
    };
    (relay, control, task.run(connect, stop))
}

impl SimulatedRelay {
    /// Every change from now on. Who reads them too slowly loses the oldest.
    #[must_use]
    pub fn changes(&self) -> broadcast::Receiver<Switched> {
        self.changes.subscribe()
    }

    /// Plugs it in again.
    pub fn plug_in(&self) {
        self.plugged_in.send_replace(true);
    }

    /// Unplugs it; it falls off.
    pub fn unplug(&self) {
        self.plugged_in.send_replace(false);
    }
}

struct Coil {
    on: bool,
    changes: broadcast::Sender<Switched>,
    plugged_in: watch::Receiver<bool>,
}

impl Coil {
    fn switch(&mut self, on: bool) {
        if self.on != on {
            self.on = on;
            let at = monotonic();
            // Nobody has to look.
            let _ = self.changes.send(Switched { on, at });
        }
    }
}

impl Switch for Coil {
    async fn set(&mut self, _channel: usize, on: bool) -> Result<(), DisconnectReason> {
        self.switch(on);
        Ok(())
    }

    fn all_off(&mut self) -> Result<(), DisconnectReason> {
        self.switch(false);
        Ok(())
    }

    async fn lost(&mut self) -> DisconnectReason {
        until(&mut self.plugged_in, false).await;
        unplugged()
    }
}

/// Waits until the plug is where it should be; for ever when nobody holds the control handle any more.
async fn until(plugged_in: &mut watch::Receiver<bool>, wanted: bool) {
    if plugged_in
        .wait_for(|plugged_in| *plugged_in == wanted)
        .await
        .is_err()
    {
        pending().await
    }
}

fn unplugged() -> DisconnectReason {
    DisconnectReason {
        device: Arc::from(DEVICE),
        cause: DisconnectCause::Unplugged,
    }
}

/// An input that is what it is told to be.
#[derive(Debug)]
pub struct SimulatedInput {
    state: State,
    active: bool,
    plugged_in: bool,
}

impl SimulatedInput {
    /// An input of this name, not active. It says nothing yet: [`Self::plug_in`] it first.
    pub fn new(name: Arc<str>, events: mpsc::Sender<InputEvent>) -> Self {
        Self {
            state: State::new(name, events),
            active: false,
            plugged_in: false,
        }
    }

    /// Says that it is connected, and its state.
    pub async fn plug_in(&mut self) {
        self.plugged_in = true;
        self.state.connected().await;
        self.state.is(self.active, monotonic()).await;
    }

    /// Says that it is unplugged.
    pub async fn unplug(&mut self) {
        self.plugged_in = false;
        self.state.disconnected(unplugged()).await;
    }

    /// Makes it active or not, now. While it is unplugged, nobody notices.
    pub async fn set(&mut self, active: bool) {
        self.active = active;
        if self.plugged_in {
            self.state.is(active, monotonic()).await;
        }
    }
}

/// A change of a simulated indicator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LitUp {
    /// What is on from then on.
    pub lit: Lit,
    /// When, on the monotonic clock.
    pub at: Duration,
}

/// The control handle of a simulated indicator: shows what it does.
#[derive(Clone, Debug)]
pub struct SimulatedIndicator(broadcast::Sender<LitUp>);

impl SimulatedIndicator {
    /// Every change from now on. Who reads them too slowly loses the oldest.
    #[must_use]
    pub fn changes(&self) -> broadcast::Receiver<LitUp> {
        self.0.subscribe()
    }
}

/// An indicator of this name that lights nothing: its handle, its control handle and its task, which runs until `stop`.
pub fn simulated_indicator(
    name: Arc<str>,
    stop: impl Future<Output = ()> + Send,
) -> (Indicator, SimulatedIndicator, impl Future<Output = ()> + Send) {
    let (handle, player) = indicator(name);
    let changes = broadcast::Sender::new(CHANGES);
    let control = SimulatedIndicator(changes.clone());
    let connect = move || {
        Ok(Lights {
            lit: Lit::DARK,
            changes: changes.clone(),
        })
    };
    (handle, control, player.run(connect, stop))
}

struct Lights {
    lit: Lit,
    changes: broadcast::Sender<LitUp>,
}

impl Lamps for Lights {
    fn show(&mut self, lit: Lit) -> Result<(), DisconnectReason> {
        if self.lit != lit {
            self.lit = lit;
            let at = monotonic();
            // Nobody has to look.
            let _ = self.changes.send(LitUp { lit, at });
        }
        Ok(())
    }
}

/// The control handle of a simulated display: shows what is on it.
#[derive(Clone, Debug)]
pub struct SimulatedDisplay(watch::Sender<Vec<String>>);

impl SimulatedDisplay {
    /// The lines that are shown, now and whenever they change.
    #[must_use]
    pub fn lines(&self) -> watch::Receiver<Vec<String>> {
        self.0.subscribe()
    }
}

/// A display of this name that nobody sees: its handle, its control handle and its task, which runs until `stop`.
pub fn simulated_display(
    name: Arc<str>,
    idle: Vec<String>,
    stop: impl Future<Output = ()> + Send,
) -> (Display, SimulatedDisplay, impl Future<Output = ()> + Send) {
    let (handle, shower) = display(name, idle);
    let lines = watch::Sender::new(Vec::new());
    let control = SimulatedDisplay(lines.clone());
    let connect = move || ready(Ok(Sheet(lines.clone())));
    (handle, control, shower.run(connect, stop))
}

struct Sheet(watch::Sender<Vec<String>>);

impl Screen for Sheet {
    async fn write(&mut self, lines: &[String]) -> Result<(), DisconnectReason> {
        self.0.send_replace(lines.to_vec());
        Ok(())
    }

    async fn lost(&mut self) -> DisconnectReason {
        pending().await
    }
}
