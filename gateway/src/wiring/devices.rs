//! Readers and relays of the settings as running tasks.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use config::{ReaderKind, RelayKind, Settings};
use firmware_protocol::{Format, Profile, Rendering};
use hal::reader::{SerialReader, serial_reader};
use hal::relay::Relay;
use hal::serial::{DataBits, Parity, PortSettings, StopBits};
use hal::simulated::{SimulatedReader, simulated_relay};
use hal::usb_relay::{BoardRelay, usb_relay};
use hal::ReaderEvent;
use tokio::sync::mpsc;

use super::{ReaderName, Simulated, rules};
use crate::domain::AccessPointId;
use crate::runtime::{Content, Reader, Stop, Supervisor};

/// Starts the relays; gives their handles by name.
pub(super) fn relays(
    settings: &Settings,
    stop: &Stop,
    supervisor: &mut Supervisor,
    simulated: &mut Simulated,
) -> BTreeMap<String, Relay> {
    let mut handles = BTreeMap::new();
    let mut boards: BTreeMap<&Path, (u32, Vec<(BoardRelay, Arc<str>)>)> = BTreeMap::new();
    for relay in &settings.relays {
        match &relay.kind {
            RelayKind::UsbRelay(usb) => {
                let board = boards.entry(&usb.port).or_insert((usb.baud, Vec::new()));
                // The settings hold no other channels than boards have.
                if let Some(channel) = BoardRelay::new(usb.channel) {
                    board.1.push((channel, Arc::from(relay.name.as_str())));
                }
            }
            RelayKind::Simulated => {
                let name = Arc::from(relay.name.as_str());
                let (handle, control, task) = simulated_relay(name, stop.clone().wished());
                supervisor.spawn(format!("relay {}", relay.name), task);
                simulated.relays.insert(relay.name.clone(), control);
                handles.insert(relay.name.clone(), handle);
            }
        }
    }
    for (path, (baud, channels)) in boards {
        let port = PortSettings {
            baud,
            ..PortSettings::new(path)
        };
        let (relays, task) = usb_relay(port, channels, stop.clone().wished());
        supervisor.spawn(format!("relay board {}", path.display()), task);
        handles.extend(relays.into_iter().map(|relay| (relay.name().to_owned(), relay)));
    }
    handles
}

/// Starts the readers; gives what the controller has to know of each.
pub(super) fn readers(
    settings: &Settings,
    stop: &Stop,
    events: &mpsc::Sender<ReaderEvent>,
    supervisor: &mut Supervisor,
    simulated: &mut Simulated,
) -> BTreeMap<ReaderName, Reader> {
    let mut known = BTreeMap::new();
    for reader in &settings.readers {
        let position = rules::sides(settings).position(|(_, _, side)| side.reader == reader.name);
        let Some(access_point) = position.map(AccessPointId) else {
            continue;
        };
        let name: ReaderName = Arc::from(reader.name.as_str());
        let content = match &reader.kind {
            ReaderKind::Serial(serial) => {
                let task = serial_reader(
                    SerialReader {
                        name: Arc::clone(&name),
                        port: port(serial),
                        profile: Profile::from(format(&serial.format)),
                    },
                    events.clone(),
                );
                supervisor.spawn_until(stop, format!("reader {name}"), task);
                rules::content(serial.content)
            }
            ReaderKind::Simulated => {
                let control = SimulatedReader::new(Arc::clone(&name), Format::Rdm6300, events.clone());
                simulated.readers.insert(reader.name.clone(), control);
                Content::Code
            }
        };
        known.insert(
            name,
            Reader {
                access_point,
                content,
                number: Rendering::Decimal,
            },
        );
    }
    known
}

/// The settings name no other formats than there are; a test holds the two lists together.
fn format(name: &str) -> Format {
    Format::from_name(name).unwrap_or(Format::Line)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_that_the_settings_may_name_can_be_decoded() {
        for format in config::FORMATS {
            assert!(Format::from_name(format.name).is_some(), "{}", format.name);
        }
    }
}
