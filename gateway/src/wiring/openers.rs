//! The relays and boards of the settings as running tasks.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use config::{BoardDirection, BoardProtocol, RelayKind, Settings};
use firmware_protocol::board::Direction as BoardWay;
use hal::ReaderEvent;
use hal::board::{Board, BoardEvent, BoardKind, BoardSettings, Way, board};
use hal::gpio_relay;
use hal::relay::Relay;
use hal::serial::PortSettings;
use hal::simulated::{simulated_board, simulated_relay};
use hal::usb_relay::{Channel, usb_relay};
use tokio::sync::mpsc;

use super::{Simulated, StartError, gpio, readers, rules};
use crate::domain::{AccessPointId, Direction};
use crate::runtime::{BoardSides, LANE_EVENTS, Opener, RelayEvent, Stop, Supervisor, watch_relay};

/// The relays in use behind one USB port.
#[derive(Default)]
struct UsbRelays {
    baud: u32,
    channels: Vec<(Channel, Arc<str>)>,
}

/// Starts the relays; gives their handles by name.
pub(super) fn relays(
    settings: &Settings,
    stop: &Stop,
    supervisor: &mut Supervisor,
    simulated: &mut Simulated,
) -> BTreeMap<String, Relay> {
    let mut handles = BTreeMap::new();
    let mut usb: BTreeMap<&Path, UsbRelays> = BTreeMap::new();
    for relay in &settings.relays {
        let name: Arc<str> = Arc::from(relay.name.as_str());
        match &relay.kind {
            RelayKind::UsbRelay(described) => {
                let behind_port = usb.entry(&described.port).or_default();
                behind_port.baud = described.baud;
                // The settings hold no other channels than there are.
                if let Some(channel) = Channel::new(described.channel) {
                    behind_port.channels.push((channel, name));
                }
            }
            RelayKind::Gpio(line) => {
                let line = gpio::output(settings, &line.line, line.active);
                let (handle, task) = gpio_relay(name, line, stop.clone().wished());
                supervisor.spawn(format!("relay {}", relay.name), task);
                handles.insert(relay.name.clone(), handle);
            }
            RelayKind::Simulated => {
                let (handle, control, task) = simulated_relay(name, stop.clone().wished());
                supervisor.spawn(format!("relay {}", relay.name), task);
                simulated.relays.insert(relay.name.clone(), control);
                handles.insert(relay.name.clone(), handle);
            }
        }
    }
    for (path, UsbRelays { baud, channels }) in usb {
        let (relays, task) = usb_relay(port(path, baud), channels, stop.clone().wished());
        supervisor.spawn(format!("USB relays {}", path.display()), task);
        handles.extend(relays.into_iter().map(|relay| (relay.name().to_owned(), relay)));
    }
    handles
}

/// Starts the turnstile boards; gives their handles by name.
pub(super) fn boards(
    settings: &Settings,
    stop: &Stop,
    events: &mpsc::Sender<BoardEvent>,
    reads: &mpsc::Sender<ReaderEvent>,
    supervisor: &mut Supervisor,
    simulated: &mut Simulated,
) -> Result<BTreeMap<String, Board>, StartError> {
    let start = |described: &config::Board| {
        let installed = BoardSettings {
            name: Arc::from(described.name.as_str()),
            entry: match described.entry {
                BoardDirection::A => BoardWay::A,
                BoardDirection::B => BoardWay::B,
            },
            passage_in: passage_time(settings, &described.name, Direction::In),
            passage_out: passage_time(settings, &described.name, Direction::Out),
            free: described.free_exit.then_some(Way::Out).into_iter().collect(),
            readers: readers::at_board(settings, &described.name)?,
        };
        let task_name = format!("board {}", described.name);
        let (events, reads, stop) = (events.clone(), reads.clone(), stop.clone().wished());
        let handle = match &described.kind {
            config::BoardKind::Serial(serial) => {
                let port = port(&serial.port, serial.baud);
                let (handle, task) = board(speaks(serial.protocol), port, installed, events, reads, stop);
                supervisor.spawn(task_name, task);
                handle
            }
            config::BoardKind::Simulated => {
                let (handle, control, task) = simulated_board(installed, events, reads, stop);
                supervisor.spawn(task_name, task);
                simulated.boards.insert(described.name.clone(), control);
                handle
            }
        };
        Ok((described.name.clone(), handle))
    };
    settings.boards.iter().map(start).collect()
}

const fn speaks(protocol: BoardProtocol) -> BoardKind {
    match protocol {
        BoardProtocol::Link => BoardKind::Link,
        BoardProtocol::Digicon => BoardKind::Digicon,
        BoardProtocol::MachPower { address } => BoardKind::MachPower { address },
        BoardProtocol::OneTech => BoardKind::OneTech,
        BoardProtocol::Swing7e { address } => BoardKind::Swing { machine: address },
    }
}

/// What opens each side, by position of the access point.
pub(super) fn by_side(
    settings: &Settings,
    relays: &BTreeMap<String, Relay>,
    boards: &BTreeMap<String, Board>,
) -> Vec<Opener> {
    rules::sides(settings)
        .filter_map(|(_, direction, side)| match &side.opener {
            config::Opener::Relay(name) => relays.get(name).cloned().map(Opener::Relay),
            config::Opener::Board(name) => boards.get(name).cloned().map(|board| Opener::Board {
                board,
                way: match direction {
                    Direction::In => Way::In,
                    Direction::Out => Way::Out,
                },
            }),
        })
        .collect()
}

/// Tells of the relays that come and go.
pub(super) fn watch(
    openers: &[Opener],
    stop: &Stop,
    supervisor: &mut Supervisor,
) -> mpsc::Receiver<RelayEvent> {
    let (sender, events) = mpsc::channel(LANE_EVENTS);
    for (opener, access_point) in openers.iter().zip((0..).map(AccessPointId)) {
        if let Opener::Relay(relay) = opener {
            let name = format!("state of relay {}", relay.name());
            supervisor.spawn_until(
                stop,
                name,
                watch_relay(relay.clone(), access_point, sender.clone()),
            );
        }
    }
    events
}

/// The lane of each board.
pub(super) fn sides_of_boards(settings: &Settings) -> BTreeMap<Arc<str>, BoardSides> {
    let mut boards = BTreeMap::new();
    for (position, (lane, direction, side)) in (0..).zip(rules::sides(settings)) {
        let config::Opener::Board(name) = &side.opener else {
            continue;
        };
        let described = settings.boards.iter().find(|board| board.name == *name);
        let silence_means_away = described.is_some_and(|board| match &board.kind {
            config::BoardKind::Serial(serial) => matches!(
                serial.protocol,
                BoardProtocol::Link | BoardProtocol::Swing7e { .. }
            ),
            config::BoardKind::Simulated => true,
        });
        let sides = boards
            .entry(Arc::from(name.as_str()))
            .or_insert_with(|| BoardSides::new(&lane.name, silence_means_away));
        match direction {
            Direction::In => sides.entry = Some(AccessPointId(position)),
            Direction::Out => sides.exit = Some(AccessPointId(position)),
        }
    }
    boards
}

/// How long a person has for passing a board this way.
fn passage_time(settings: &Settings, board: &str, way: Direction) -> Duration {
    let opens =
        |side: &config::AccessPoint| matches!(&side.opener, config::Opener::Board(name) if name == board);
    rules::sides(settings)
        .find(|(_, direction, side)| *direction == way && opens(side))
        .map_or(config::AccessPoint::DEFAULT_PASSAGE_TIME, |(_, _, side)| {
            side.passage_time
        })
}

fn port(path: &Path, baud: u32) -> PortSettings {
    PortSettings {
        baud,
        ..PortSettings::new(path)
    }
}
