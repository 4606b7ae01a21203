//! GPIO lines by the kernel's character device, version 2 of its interface (Linux 5.10 and later). All watched lines are
//! one request: only then does the kernel keep the order of their edges.
//!
//! Events are read by [`Request`] alone: the tokio types of gpiocdev 0.8 lose events that were read together, block on a
//! wake-up without an event, or spin on it.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use gpiocdev::line::{self, Bias, EdgeDetection, EdgeKind, EventClock, Offset, Value};
use gpiocdev::{Chip, Error, Request};
use tokio::io::unix::AsyncFd;

use super::{Edge, Edges, Level, OutputLine, Pull, WatchSettings};
use crate::connection::{DisconnectCause, DisconnectReason};

/// What `gpioinfo` shows for our lines.
const CONSUMER: &str = "turnstile-gateway";

/// Edges that the kernel keeps for us: some 15 of the longest Wiegand frames. Its own default of 16 a line is less than
/// one frame.
const KERNEL_EVENTS: u32 = 1024;

/// Events read in one go.
const READ_EVENTS: usize = 64;

/// Lines under watch.
pub(crate) struct Watch {
    request: AsyncFd<Request>,
    offsets: Vec<Offset>,
    names: Arc<str>,
    /// Read, but not handed out yet.
    edges: VecDeque<Edge>,
    /// The number of the last event that was read.
    sequence: u32,
    buffer: Vec<u64>,
}

impl fmt::Debug for Watch {
    /// Without the edges: they are the bits of a card.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch")
            .field("names", &self.names)
            .finish_non_exhaustive()
    }
}

impl Watch {
    pub(super) fn start(settings: &WatchSettings) -> Result<Self, DisconnectReason> {
        let lines = &settings.lines;
        let found = lines
            .iter()
            .map(|line| find(line).map_err(|cause| reason(line, cause)))
            .collect::<Result<Vec<Found>, _>>()?;
        let names: Arc<str> = Arc::from(lines.join(", "));
        let chip = found.first().map(|line| line.chip.clone()).unwrap_or_default();
        if found.iter().any(|line| line.chip != chip) {
            let message = "its lines are on different chips".to_owned();
            return Err(reason(
                &names,
                DisconnectCause::Failed {
                    operation: "watch",
                    message,
                },
            ));
        }
        let offsets: Vec<Offset> = found.iter().map(|line| line.offset).collect();
        let mut request = Request::builder();
        request
            .on_chip(chip)
            .with_consumer(CONSUMER)
            .with_kernel_event_buffer_size(KERNEL_EVENTS)
            .with_lines(&offsets)
            .as_input()
            .with_bias(match settings.pull {
                Pull::None => None,
                Pull::Up => Some(Bias::PullUp),
                Pull::Down => Some(Bias::PullDown),
            })
            .with_edge_detection(match settings.edges {
                Edges::Falling => EdgeDetection::FallingEdge,
                Edges::Both => EdgeDetection::BothEdges,
            })
            .with_event_clock(EventClock::Monotonic);
        if !settings.debounce.is_zero() {
            request.with_debounce_period(settings.debounce);
        }
        let request = request
            .request()
            .map_err(|error| not_taken(&names, &found, &error))?;
        let buffer = vec![0; READ_EVENTS * request.edge_event_u64_size()];
        #[allow(
            deprecated,
            reason = "its replacement is unsafe to call; a request has one descriptor from beginning to end"
        )]
        let request = AsyncFd::new(request).map_err(|error| reason(&names, failed("watch", &error)))?;
        Ok(Self {
            request,
            offsets,
            names,
            edges: VecDeque::with_capacity(READ_EVENTS),
            sequence: 0,
            buffer,
        })
    }

    pub(super) async fn edge(&mut self) -> Result<Edge, DisconnectReason> {
        loop {
            if let Some(edge) = self.edges.pop_front() {
                return Ok(edge);
            }
            let lost = |error: &dyn std::error::Error| reason(&self.names, failed("read", error));
            let mut ready = self.request.readable().await.map_err(|error| lost(&error))?;
            let request = self.request.get_ref();
            // The descriptor blocks, and a wake-up may be for an event that was read with the one before.
            if !request.has_edge_event().map_err(|error| lost(&error))? {
                ready.clear_ready();
                continue;
            }
            let words = request
                .read_edge_events_into_slice(&mut self.buffer)
                .map_err(|error| lost(&error))?;
            let events = self.buffer.get(..words).unwrap_or_default();
            for event in events.chunks_exact(request.edge_event_u64_size()) {
                let event = request
                    .edge_event_from_slice(event)
                    .map_err(|error| lost(&error))?;
                let expected = self.sequence.wrapping_add(1);
                self.sequence = event.seqno;
                let Some(line) = self.offsets.iter().position(|offset| *offset == event.offset) else {
                    continue;
                };
                self.edges.push_back(Edge {
                    line,
                    level: match event.kind {
                        EdgeKind::Rising => Level::High,
                        EdgeKind::Falling => Level::Low,
                    },
                    at: Duration::from_nanos(event.timestamp_ns),
                    missed: event.seqno != expected,
                });
            }
        }
    }

    pub(super) fn level(&self, line: usize) -> Result<Level, DisconnectReason> {
        let offset = self.offsets.get(line).copied().unwrap_or_default();
        match self.request.get_ref().value(offset) {
            Ok(Value::Active) => Ok(Level::High),
            Ok(Value::Inactive) => Ok(Level::Low),
            Err(error) => Err(reason(&self.names, failed("read", &error))),
        }
    }
}

/// A line that is set.
#[derive(Debug)]
pub(crate) struct Output {
    request: Request,
    name: Arc<str>,
}

impl Output {
    /// The kernel sets the level together with the direction.
    pub(super) fn start(output: &OutputLine) -> Result<Self, DisconnectReason> {
        let name = output.line.clone();
        let found = find(&name).map_err(|cause| reason(&name, cause))?;
        let mut request = Request::builder();
        request
            .on_chip(&found.chip)
            .with_consumer(CONSUMER)
            .with_line(found.offset)
            .as_output(Value::Inactive);
        if output.active == Level::Low {
            request.as_active_low();
        }
        let request = request
            .request()
            .map_err(|error| not_taken(&name, std::slice::from_ref(&found), &error))?;
        Ok(Self { request, name })
    }

    pub(super) fn set(&mut self, on: bool) -> Result<(), DisconnectReason> {
        let value = if on { Value::Active } else { Value::Inactive };
        self.request
            .set_lone_value(value)
            .map_err(|error| reason(&self.name, failed("write", &error)))
    }
}

/// Where a line is.
#[derive(Debug)]
struct Found {
    chip: PathBuf,
    offset: Offset,
}

fn find(name: &str) -> Result<Found, DisconnectCause> {
    if let Some((chip, line)) = name.rsplit_once(':') {
        let chip = Chip::from_path(Path::new("/dev").join(chip)).map_err(|error| no_chip(&error))?;
        let info = match line.parse() {
            Ok(offset) => chip.line_info(offset).ok(),
            Err(_) => chip.find_line_info(line),
        };
        return info
            .map(|line::Info { offset, .. }| Found {
                chip: chip.path().to_owned(),
                offset,
            })
            .ok_or(DisconnectCause::NoSuchLine);
    }
    let chips = gpiocdev::chip::chips().map_err(|error| no_chip(&error))?;
    let mut cause = DisconnectCause::NoGpioChip;
    for path in chips {
        match Chip::from_path(&path) {
            Ok(chip) => match chip.find_line_info(name) {
                Some(line::Info { offset, .. }) => return Ok(Found { chip: path, offset }),
                None => cause = DisconnectCause::NoSuchLine,
            },
            Err(error) => cause = no_chip(&error),
        }
    }
    Err(cause)
}

fn no_chip(error: &Error) -> DisconnectCause {
    match error {
        Error::Os(errno) => match io::Error::from_raw_os_error(errno.0).kind() {
            io::ErrorKind::PermissionDenied => DisconnectCause::PermissionDenied { group: "gpio" },
            io::ErrorKind::NotFound => DisconnectCause::NoGpioChip,
            _ => failed("open", error),
        },
        _ => failed("open", error),
    }
}

/// Why the kernel refused lines: most often because somebody has one of them.
fn not_taken(names: &str, lines: &[Found], error: &Error) -> DisconnectReason {
    let holder = lines.iter().find_map(|line| {
        let info = Chip::from_path(&line.chip).and_then(|chip| chip.line_info(line.offset));
        info.ok().filter(|info| info.used).map(|info| info.consumer)
    });
    let cause = match holder {
        Some(by) if by.is_empty() => DisconnectCause::InUse,
        Some(by) => DisconnectCause::LineInUse { by },
        None => failed("open", error),
    };
    reason(names, cause)
}

fn reason(names: &str, cause: DisconnectCause) -> DisconnectReason {
    DisconnectReason {
        device: Arc::from(names),
        cause,
    }
}

fn failed(operation: &'static str, error: &dyn std::error::Error) -> DisconnectCause {
    DisconnectCause::Failed {
        operation,
        message: error.to_string(),
    }
}
