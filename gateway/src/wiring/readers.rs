//! The readers of the settings as running tasks.

use std::collections::BTreeMap;
use std::sync::Arc;

use config::{BoardFrames, KeyTerminator, ReaderKind, Settings};
use firmware_protocol::wiegand::assembler::Timing;
use firmware_protocol::{Format, Profile, Rendering, Wiring};
use hal::ReaderEvent;
use hal::board::BoardReader;
use hal::keyboard::{Ending, KeyboardReader, keyboard_reader};
use hal::polled::{PolledReader, polled_reader};
use hal::reader::{Patience, SerialReader, serial_reader};
use hal::serial::{DataBits, Parity, PortSettings, StopBits};
use hal::simulated::SimulatedReader;
use hal::wiegand::{WiegandReader, wiegand_reader};
use tokio::sync::mpsc;

use super::{Simulated, StartError, frames, gpio, osdp, rules};
use crate::domain::AccessPointId;
use crate::runtime::{Content, Reader, Stop, Supervisor};

/// Starts the readers; gives what the controller has to know of each.
pub(super) fn start(
    settings: &Settings,
    stop: &Stop,
    events: &mpsc::Sender<ReaderEvent>,
    supervisor: &mut Supervisor,
    lights: &mut osdp::Lights,
    simulated: &mut Simulated,
) -> Result<BTreeMap<Arc<str>, Reader>, StartError> {
    let mut known = BTreeMap::new();
    for reader in &settings.readers {
        let position = rules::sides(settings).position(|(_, _, side)| side.reader == reader.name);
        let Some(access_point) = position.map(AccessPointId) else {
            continue;
        };
        let name: Arc<str> = Arc::from(reader.name.as_str());
        let task_name = format!("reader {name}");
        let mut board = None;
        let layout_error = |error| StartError::Layout {
            reader: reader.name.clone(),
            error,
        };
        let (content, number) = match &reader.kind {
            ReaderKind::Serial(serial) => {
                let profile = frames::serial(&serial.frames).map_err(layout_error)?;
                let port = port(serial);
                if profile.format.wiring() == Wiring::Polled {
                    let reader = PolledReader {
                        name: Arc::clone(&name),
                        port,
                        profile,
                    };
                    supervisor.spawn_until(stop, task_name, polled_reader(reader, events.clone()));
                } else {
                    let reader = SerialReader {
                        name: Arc::clone(&name),
                        port,
                        profile,
                        patience: Patience {
                            next_key: serial.pin_timeout,
                            silent_after: serial.silent_after,
                        },
                    };
                    supervisor.spawn_until(stop, task_name, serial_reader(reader, events.clone()));
                }
                frames::meaning(&serial.frames.sends)
            }
            ReaderKind::Wiegand(wiegand) => {
                let profile = frames::wiegand(&wiegand.frames).map_err(layout_error)?;
                let task = WiegandReader {
                    name: Arc::clone(&name),
                    backend: gpio::backend(settings),
                    d0: gpio::line(&settings.gpio, &wiegand.d0),
                    d1: gpio::line(&settings.gpio, &wiegand.d1),
                    profile,
                    timing: Timing {
                        min_interval: wiegand.minimum_interval,
                        frame_gap: wiegand.frame_gap,
                    },
                    patience: Patience {
                        next_key: wiegand.pin_timeout,
                        silent_after: None,
                    },
                };
                supervisor.spawn_until(stop, task_name, wiegand_reader(task, events.clone()));
                (Content::Code, frames::number(&wiegand.frames.cards.number))
            }
            ReaderKind::Keyboard(keyboard) => {
                let task = KeyboardReader {
                    name: Arc::clone(&name),
                    device: keyboard.device.clone(),
                    profile: Profile::from(Format::Line),
                    ending: match keyboard.terminator {
                        KeyTerminator::Enter => Ending::Enter,
                        KeyTerminator::Tab => Ending::Tab,
                        KeyTerminator::Idle => Ending::Silence,
                    },
                };
                supervisor.spawn_until(stop, task_name, keyboard_reader(task, events.clone()));
                (frames::content(keyboard.content), Rendering::Decimal)
            }
            ReaderKind::Osdp(described) => {
                let lit = lights.of(&reader.name).subscribe();
                let task = osdp::reader(&reader.name, described, lit, events.clone())?;
                supervisor.spawn_until(stop, task_name, task);
                (Content::Code, frames::number(&described.cards.number))
            }
            // The board's task speaks for it.
            ReaderKind::Board(at_board) => {
                board = Some(Arc::from(at_board.board.as_str()));
                match &at_board.frames {
                    BoardFrames::Wiegand(frames) => (Content::Code, frames::number(&frames.cards.number)),
                    BoardFrames::Serial(frames) => frames::meaning(&frames.sends),
                }
            }
            ReaderKind::Simulated => {
                let control = SimulatedReader::new(Arc::clone(&name), Format::Rdm6300, events.clone());
                simulated.readers.insert(reader.name.clone(), control);
                (Content::Code, Rendering::Decimal)
            }
        };
        known.insert(
            name,
            Reader {
                access_point,
                content,
                number,
                board,
            },
        );
    }
    Ok(known)
}

/// The readers that are connected to a board.
///
/// # Errors
/// When the layout of one does not work.
pub(super) fn at_board(settings: &Settings, board: &str) -> Result<Vec<BoardReader>, StartError> {
    let mut readers = Vec::new();
    for reader in &settings.readers {
        let ReaderKind::Board(described) = &reader.kind else {
            continue;
        };
        if described.board != board {
            continue;
        }
        let profile = match &described.frames {
            BoardFrames::Wiegand(frames) => frames::wiegand(frames),
            BoardFrames::Serial(frames) => frames::serial(frames),
        };
        readers.push(BoardReader {
            number: described.slot,
            name: Arc::from(reader.name.as_str()),
            profile: profile.map_err(|error| StartError::Layout {
                reader: reader.name.clone(),
                error,
            })?,
            patience: Patience {
                next_key: described.pin_timeout,
                silent_after: None,
            },
        });
    }
    Ok(readers)
}

fn port(serial: &config::SerialReader) -> PortSettings {
    PortSettings {
        baud: serial.line.baud,
        data_bits: match serial.line.data_bits {
            7 => DataBits::Seven,
            _ => DataBits::Eight,
        },
        parity: match serial.line.parity {
            config::Parity::None => Parity::None,
            config::Parity::Even => Parity::Even,
            config::Parity::Odd => Parity::Odd,
        },
        stop_bits: match serial.line.stop_bits {
            2 => StopBits::Two,
            _ => StopBits::One,
        },
        ..PortSettings::new(&serial.port)
    }
}
