//! GPIO lines by the registers of a Raspberry Pi, with edges from the kernel. rppal watches each line in a thread and by a
//! request of its own, so edges of two lines arrive out of order; here they are put in order by their time.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use rppal::gpio::{self, Error, Event, Gpio, InputPin, OutputPin, Pin, Trigger};
use tokio::sync::mpsc;

use super::{Edge, Edges, Level, OutputLine, Pull, WatchSettings};
use crate::clock::before;
use crate::connection::{DisconnectCause, DisconnectReason};

/// How long an edge waits for earlier ones of other lines. A thread of rppal that is later than this costs the read.
pub(super) const SETTLE: Duration = Duration::from_millis(20);

/// Edges of a line that may wait for us, as many as rppal lets the kernel keep. Of more, the newest are lost, which their
/// sequence numbers show.
const EVENTS: usize = 1024;

/// Lines under watch.
pub(crate) struct Watch {
    pins: Vec<WatchedPin>,
    /// In the order of their times.
    waiting: VecDeque<Edge>,
    /// The time of the last edge that was handed out.
    handed_out: Duration,
}

struct WatchedPin {
    pin: InputPin,
    name: Arc<str>,
    /// Ends when the thread that watches the line ends.
    events: mpsc::Receiver<Event>,
    sequence: u32,
}

impl fmt::Debug for Watch {
    /// Without the edges: they are the bits of a card.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.pins.iter().map(|pin| &pin.name);
        f.debug_struct("Watch")
            .field("names", &names.collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

impl Watch {
    pub(super) fn start(settings: &WatchSettings) -> Result<Self, DisconnectReason> {
        let pins = settings
            .lines
            .iter()
            .map(|name| WatchedPin::start(name, settings));
        Ok(Self {
            pins: pins.collect::<Result<_, _>>()?,
            waiting: VecDeque::new(),
            handed_out: Duration::ZERO,
        })
    }

    pub(super) async fn edge(&mut self) -> Result<Edge, DisconnectReason> {
        loop {
            let ripe = self.waiting.front().map(|edge| edge.at.saturating_add(SETTLE));
            // Lines that never pause must not make us wait for ever.
            let arrived = if self.waiting.len() < EVENTS {
                before(ripe, arrival(&mut self.pins)).await
            } else {
                None
            };
            if let Some((line, event)) = arrived {
                self.take(line, event)?;
            } else if let Some(mut edge) = self.waiting.pop_front() {
                edge.missed |= edge.at < self.handed_out;
                self.handed_out = self.handed_out.max(edge.at);
                return Ok(edge);
            }
        }
    }

    /// Puts an edge in its place.
    fn take(&mut self, line: usize, event: Option<Event>) -> Result<(), DisconnectReason> {
        let Some(pin) = self.pins.get_mut(line) else {
            return Ok(());
        };
        let event = event.ok_or_else(|| pin.ended())?;
        let expected = pin.sequence.wrapping_add(1);
        pin.sequence = event.seqno;
        let edge = Edge {
            line,
            level: match event.trigger {
                Trigger::RisingEdge => Level::High,
                _ => Level::Low,
            },
            at: event.timestamp,
            missed: event.seqno != expected,
        };
        let place = self.waiting.partition_point(|earlier| earlier.at <= edge.at);
        self.waiting.insert(place, edge);
        Ok(())
    }

    pub(super) fn level(&self, line: usize) -> Level {
        match self.pins.get(line).map(|watched| watched.pin.read()) {
            Some(gpio::Level::High) => Level::High,
            _ => Level::Low,
        }
    }
}

/// The next event of any line, in the order in which the threads bring them; `None` of a line that is watched no more.
async fn arrival(pins: &mut [WatchedPin]) -> (usize, Option<Event>) {
    poll_fn(|context| {
        for (line, pin) in pins.iter_mut().enumerate() {
            if let Poll::Ready(event) = pin.events.poll_recv(context) {
                return Poll::Ready((line, event));
            }
        }
        Poll::Pending
    })
    .await
}

impl WatchedPin {
    fn start(name: &Arc<str>, settings: &WatchSettings) -> Result<Self, DisconnectReason> {
        let pin = take(name)?;
        let mut pin = match settings.pull {
            Pull::None => pin.into_input(),
            Pull::Up => pin.into_input_pullup(),
            Pull::Down => pin.into_input_pulldown(),
        };
        let trigger = match settings.edges {
            Edges::Falling => Trigger::FallingEdge,
            Edges::Both => Trigger::Both,
        };
        let debounce = (!settings.debounce.is_zero()).then_some(settings.debounce);
        let (sender, events) = mpsc::channel(EVENTS);
        // An asynchronous interrupt on a line that is in use seems to succeed; a synchronous one says so.
        pin.set_interrupt(trigger, debounce)
            .and_then(|()| pin.clear_interrupt())
            .and_then(|()| {
                pin.set_async_interrupt(trigger, debounce, move |event| {
                    // A full channel shows in the sequence numbers.
                    let _ = sender.try_send(event);
                })
            })
            .map_err(|error| reason(name, "watch", &error))?;
        Ok(Self {
            pin,
            name: name.clone(),
            events,
            sequence: 0,
        })
    }

    /// Why the line is watched no more: what its thread ended with.
    fn ended(&mut self) -> DisconnectReason {
        match self.pin.clear_async_interrupt() {
            Err(error) => reason(&self.name, "watch", &error),
            Ok(()) => DisconnectReason {
                device: self.name.clone(),
                cause: DisconnectCause::Unplugged,
            },
        }
    }
}

/// A line that is set. Its mode from before is restored when it is dropped.
#[derive(Debug)]
pub(crate) struct Output {
    pin: OutputPin,
    active: Level,
}

impl Output {
    /// The level is written before the line becomes an output.
    pub(super) fn start(output: &OutputLine) -> Result<Self, DisconnectReason> {
        let pin = take(&output.line)?;
        let pin = match output.active.when(false) {
            Level::Low => pin.into_output_low(),
            Level::High => pin.into_output_high(),
        };
        Ok(Self {
            pin,
            active: output.active,
        })
    }

    pub(super) fn set(&mut self, on: bool) {
        match self.active.when(on) {
            Level::Low => self.pin.set_low(),
            Level::High => self.pin.set_high(),
        }
    }
}

fn take(name: &Arc<str>) -> Result<Pin, DisconnectReason> {
    let number = name.strip_prefix("GPIO").and_then(|number| number.parse().ok());
    let Some(number) = number else {
        return Err(DisconnectReason {
            device: name.clone(),
            cause: DisconnectCause::NoSuchLine,
        });
    };
    Gpio::new()
        .and_then(|gpio| gpio.get(number))
        .map_err(|error| reason(name, "open", &error))
}

fn reason(name: &Arc<str>, operation: &'static str, error: &Error) -> DisconnectReason {
    use std::io::ErrorKind;
    let cause = match error {
        Error::PinUsed(_) => DisconnectCause::LineInUse {
            by: "another device of these settings".to_owned(),
        },
        Error::PinNotAvailable(_) => DisconnectCause::NoSuchLine,
        Error::PermissionDenied(_) => DisconnectCause::PermissionDenied { group: "gpio" },
        Error::UnknownModel => DisconnectCause::NoGpioChip,
        Error::Io(io) => match io.kind() {
            ErrorKind::NotFound => DisconnectCause::NoGpioChip,
            ErrorKind::PermissionDenied => DisconnectCause::PermissionDenied { group: "gpio" },
            ErrorKind::ResourceBusy => DisconnectCause::InUse,
            _ => DisconnectCause::Failed {
                operation,
                message: io.to_string(),
            },
        },
        Error::ThreadPanic => DisconnectCause::Failed {
            operation,
            message: error.to_string(),
        },
    };
    DisconnectReason {
        device: name.clone(),
        cause,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_edges_that_wait_are_no_part_of_what_is_shown() {
        let watch = Watch {
            pins: Vec::new(),
            waiting: [0, 1, 1].map(bit).into(),
            handed_out: Duration::ZERO,
        };
        assert_eq!(format!("{watch:?}"), "Watch { names: [], .. }");
        assert_eq!(format!("{:?}", watch.waiting), "[Edge(..), Edge(..), Edge(..)]");
    }

    fn bit(line: usize) -> Edge {
        Edge {
            line,
            level: Level::Low,
            at: Duration::ZERO,
            missed: false,
        }
    }
}
