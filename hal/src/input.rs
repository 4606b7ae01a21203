//! Inputs: passage sensors, buttons, the fire contact, tamper switches. What an input says, as events for the controller,
//! and the task of one on a GPIO line. What follows from it is for others to say.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::clock::monotonic;
use crate::connection::{DisconnectReason, Reconnect};
use crate::gpio::{Backend, Edges, Level, Pull, Watch, WatchSettings};

/// Something that happened to an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputEvent {
    /// The input's name in the settings.
    pub input: Arc<str>,
    /// When, on the monotonic clock: of an edge, the time that the kernel gave it.
    pub at: Duration,
    /// What.
    pub kind: InputEventKind,
}

/// What happened to an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InputEventKind {
    /// How it is from now on.
    State {
        /// Active: the beam is broken, the button is pressed.
        active: bool,
        /// Whether it was found so when the input was connected. Otherwise it has just changed. Only a change is a
        /// press of a button or a person who passes; a fire contact counts either way.
        initial: bool,
    },
    /// It can be watched from now on. Its state follows at once, as the first.
    Connected,
    /// It cannot, and why. Sent once, and again when the reason changes. Its state is unknown.
    Disconnected(DisconnectReason),
}

/// An input on a GPIO line.
#[derive(Clone, Debug)]
pub struct GpioInput {
    /// Its name in the settings, for its events.
    pub name: Arc<str>,
    /// What watches the line.
    pub backend: Backend,
    /// The line, named as [`Backend`] says.
    pub line: Arc<str>,
    /// The level at which it is active.
    pub active: Level,
    /// What holds the line when nothing else does: the other level, for a contact that closes to one.
    pub pull: Pull,
    /// How long a level must hold before it counts. Contacts bounce for some milliseconds. The kernel does it.
    pub debounce: Duration,
}

/// Watches the input for ever and sends its state when it is connected and whenever it changes.
///
/// A full channel is waited for: no change is lost, but what changed to and fro meanwhile is told late.
pub async fn gpio_input(input: GpioInput, events: mpsc::Sender<InputEvent>) {
    let line = WatchSettings {
        lines: vec![input.line],
        pull: input.pull,
        edges: Edges::Both,
        debounce: input.debounce,
    };
    let mut state = State::new(input.name, events);
    let mut reconnect = Reconnect::new();
    loop {
        let mut held = Duration::ZERO;
        let reason = match Watch::start(input.backend, &line) {
            Ok(watch) => {
                reconnect.connected();
                state.connected().await;
                let since = monotonic();
                let reason = watch_line(watch, input.active, &mut state).await;
                held = monotonic().saturating_sub(since);
                reason
            }
            Err(reason) => reason,
        };
        if reconnect.is_news(&reason) {
            state.disconnected(reason).await;
        }
        sleep(reconnect.wait_after(held)).await;
    }
}

/// Watches until the line is lost.
async fn watch_line(mut watch: Watch, active: Level, state: &mut State) -> DisconnectReason {
    let mut look = true;
    loop {
        if look {
            match watch.level(0) {
                Ok(level) => state.is(level == active, monotonic()).await,
                Err(reason) => return reason,
            }
        }
        match watch.edge().await {
            Ok(edge) => {
                state.is(edge.level == active, edge.at).await;
                // What was lost may have come after this edge.
                look = edge.missed;
            }
            Err(reason) => return reason,
        }
    }
}

/// What is known of an input, and the controller's channel.
#[derive(Debug)]
pub(crate) struct State {
    input: Arc<str>,
    events: mpsc::Sender<InputEvent>,
    active: Option<bool>,
}

impl State {
    pub(crate) fn new(input: Arc<str>, events: mpsc::Sender<InputEvent>) -> Self {
        Self {
            input,
            events,
            active: None,
        }
    }

    pub(crate) async fn connected(&mut self) {
        self.active = None;
        self.say(InputEventKind::Connected, monotonic()).await;
    }

    pub(crate) async fn disconnected(&mut self, reason: DisconnectReason) {
        self.active = None;
        self.say(InputEventKind::Disconnected(reason), monotonic()).await;
    }

    /// Tells the state if it is another than before, or the first.
    pub(crate) async fn is(&mut self, active: bool, at: Duration) {
        let before = self.active.replace(active);
        if before != Some(active) {
            let initial = before.is_none();
            self.say(InputEventKind::State { active, initial }, at).await;
        }
    }

    async fn say(&self, kind: InputEventKind, at: Duration) {
        let input = self.input.clone();
        // A controller that is gone is the gateway stopping.
        let _ = self.events.send(InputEvent { input, at, kind }).await;
    }
}
