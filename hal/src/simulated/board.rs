//! A turnstile board without a turnstile: exactly the reference firmware, with a control handle in place of the
//! mechanism, the contacts and the people.

use std::fmt;
use std::future::{Future, pending, ready};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use firmware_protocol::board::Direction;
use firmware_protocol::board::firmware::{Boot, Firmware, Outputs};
use firmware_protocol::board::message::{BoardInput, BoardRead, Fault, ResetCause};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::{sleep, timeout};

use super::{DEVICE, unplugged};
use crate::board::{Board, BoardEvent, BoardKind, BoardSettings, Line, board_on};
use crate::clock::monotonic;
use crate::connection::{DisconnectCause, DisconnectReason};
use crate::reader::ReaderEvent;

/// What a simulated cable holds: more than a hundred frames.
const CABLE: usize = 4096;

/// A real transmitter waits for nobody. A frame that finds no room for so long is lost.
const NO_ROOM: Duration = Duration::from_millis(10);

/// The control handle of a simulated board: moves its people and contacts, cuts its cable and its power. Clones are
/// the same board. Directions are those of the board, as they are for whoever stands before a real one.
///
/// Nobody passing is a time-out by itself.
#[derive(Clone)]
pub struct SimulatedBoard {
    state: Arc<Mutex<State>>,
    outputs: watch::Sender<Outputs>,
    changed: Arc<Notify>,
}

impl fmt::Debug for SimulatedBoard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatedBoard").finish_non_exhaustive()
    }
}

struct State {
    boot: Boot,
    firmware: Firmware,
    /// A cable that the task has not taken yet.
    new_cable: Option<Box<dyn Cable>>,
    plugged_in: bool,
}

/// The board's end of a cable.
trait Cable: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Cable for T {}

/// A board that the gateway works with as with one on a port, and that is played by its control handle: the handle of
/// the gateway, the control handle, and the task of both ends, which runs until `stop`. It is powered and plugged in.
pub fn simulated_board(
    settings: BoardSettings,
    events: mpsc::Sender<BoardEvent>,
    reads: mpsc::Sender<ReaderEvent>,
    stop: impl Future<Output = ()> + Send,
) -> (Board, SimulatedBoard, impl Future<Output = ()> + Send) {
    let (control, firmware) = SimulatedBoard::new();
    control.state().plugged_in = true;
    let (board, task) = board_on(Arc::from(DEVICE), BoardKind::Link, settings, events, reads);
    let socket = control.clone();
    let connect = move || ready(socket.connect());
    let both = async move {
        tokio::select! {
            () = task.run(connect, stop) => {}
            () = firmware => {}
        }
    };
    (board, control, both)
}

impl SimulatedBoard {
    /// A board that has just been powered, with no cable yet, and the task that is its processor. For the far end of a
    /// line of one's own; [`simulated_board`] has both ends.
    pub fn new() -> (Self, impl Future<Output = ()> + Send) {
        let now = monotonic();
        let boot = Boot {
            // Grows from one start of the program to the next, as long as the machine runs.
            nonce: (now.as_millis() as u32).max(1),
            firmware: [0, 1, 0],
            reset_cause: ResetCause::PowerOn,
            free: Default::default(),
        };
        let firmware = Firmware::new(boot, now);
        let control = Self {
            outputs: watch::Sender::new(firmware.outputs()),
            state: Arc::new(Mutex::new(State {
                boot,
                firmware,
                new_cable: None,
                plugged_in: false,
            })),
            changed: Arc::new(Notify::new()),
        };
        (control.clone(), control.run())
    }

    /// What its pins show: the contact, the indicators, the buzzer.
    #[must_use]
    pub fn outputs(&self) -> watch::Receiver<Outputs> {
        self.outputs.subscribe()
    }

    /// Somebody passes in this direction, let in or not.
    pub fn pass(&self, direction: Direction) {
        self.with(|firmware, now| firmware.passed(direction, now));
    }

    /// A contact changes: fire, stop, a button, the housing.
    pub fn input(&self, input: BoardInput, active: bool) {
        self.with(|firmware, now| firmware.input(input, active, now));
    }

    /// The mechanism breaks, or is repaired.
    pub fn fault(&self, fault: Option<Fault>) {
        self.with(|firmware, now| firmware.fault(fault, now));
    }

    /// A reader at the board reads something.
    pub fn read(&self, read: BoardRead) {
        self.with(|firmware, now| firmware.read(read, now));
    }

    /// Its power fails for a moment: it forgets everything and starts anew.
    pub fn reboot(&self) {
        let mut state = self.state();
        state.boot.nonce = state.boot.nonce.wrapping_add(1).max(1);
        state.boot.reset_cause = ResetCause::BrownOut;
        state.firmware = Firmware::new(state.boot, monotonic());
        self.show(&state);
    }

    /// Pulls its cable out. It keeps its power.
    pub fn unplug(&self) {
        let mut state = self.state();
        state.plugged_in = false;
        state.new_cable = None;
        self.show(&state);
    }

    /// Plugs it in again.
    pub fn plug_in(&self) {
        self.state().plugged_in = true;
    }

    /// Connects it to a line of one's own.
    pub fn plug_into(&self, line: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let mut state = self.state();
        state.plugged_in = true;
        state.new_cable = Some(Box::new(line));
        self.show(&state);
    }

    fn connect(&self) -> Result<Pipe, DisconnectReason> {
        if !self.state().plugged_in {
            return Err(DisconnectReason {
                device: Arc::from(DEVICE),
                cause: DisconnectCause::NoSuchPort,
            });
        }
        let (near, far) = duplex(CABLE);
        self.plug_into(far);
        Ok(Pipe(near))
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with(&self, act: impl FnOnce(&mut Firmware, Duration)) {
        let mut state = self.state();
        act(&mut state.firmware, monotonic());
        self.show(&state);
    }

    /// Shows the pins, and lets the processor look at what has changed.
    fn show(&self, state: &State) {
        let outputs = state.firmware.outputs();
        self.outputs
            .send_if_modified(|shown| std::mem::replace(shown, outputs) != outputs);
        self.changed.notify_one();
    }

    async fn run(self) {
        let mut cable: Option<Box<dyn Cable>> = None;
        let mut buffer = [0; 512];
        loop {
            let (frames, next) = self.step(&mut cable);
            for frame in frames {
                if let Some(line) = &mut cable
                    && let Ok(Err(_unplugged)) = timeout(NO_ROOM, line.write_all(&frame)).await
                {
                    cable = None;
                }
            }
            tokio::select! {
                () = self.changed.notified() => {}
                count = receive(&mut cable, &mut buffer) => match count {
                    0 => cable = None,
                    count => self.with(|firmware, now| {
                        firmware.receive(buffer.get(..count).unwrap_or_default(), now);
                    }),
                },
                () = sleep(next) => {}
            }
        }
    }

    /// One turn of the processor's main loop: what to send, and how long it may sleep.
    fn step(&self, cable: &mut Option<Box<dyn Cable>>) -> (Vec<Vec<u8>>, Duration) {
        let now = monotonic();
        let mut state = self.state();
        if let Some(new) = state.new_cable.take() {
            *cable = Some(new);
        } else if !state.plugged_in {
            *cable = None;
        }
        state.firmware.handle_timeout(now);
        let mut frames = Vec::new();
        while let Some(frame) = state.firmware.transmit(now) {
            frames.push(frame.to_vec());
        }
        let outputs = state.firmware.outputs();
        self.outputs
            .send_if_modified(|shown| std::mem::replace(shown, outputs) != outputs);
        let next = state.firmware.poll_timeout();
        (frames, next.map_or(Duration::MAX, |at| at.saturating_sub(now)))
    }
}

/// Waits for bytes; for ever without a cable. 0 when it is gone.
async fn receive(cable: &mut Option<Box<dyn Cable>>, buffer: &mut [u8]) -> usize {
    match cable {
        Some(line) => line.read(buffer).await.unwrap_or(0),
        None => pending().await,
    }
}

/// The gateway's end of a simulated cable.
struct Pipe(DuplexStream);

impl Line for Pipe {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, DisconnectReason> {
        match self.0.read(buffer).await {
            Ok(count) if count > 0 => Ok(count),
            _gone => Err(unplugged()),
        }
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), DisconnectReason> {
        self.0.write_all(bytes).await.map_err(|_gone| unplugged())
    }
}
