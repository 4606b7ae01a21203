//! The relays and boards of the settings as running tasks.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use config::{BoardDirection, RelayKind, Settings};
use firmware_protocol::board::Direction as BoardWay;
use hal::ReaderEvent;
use hal::board::{Board, BoardEvent, BoardKind, BoardSettings, Way, board};
use hal::gpio_relay;
use hal::relay::Relay;
use hal::serial::PortSettings;
use hal::simulated::simulated_relay;
use hal::usb_relay::{BoardRelay, usb_relay};
use tokio::sync::mpsc;

use super::{Simulated, gpio, rules};
use crate::domain::{AccessPointId, Direction};
use crate::runtime::{BoardSides, Opener, Stop, Supervisor};

/// The relays in use of one USB board.
#[derive(Default)]
struct UsbBoard {
    baud: u32,
    channels: Vec<(BoardRelay, Arc<str>)>,
}

/// Starts the relays; gives their handles by name.
pub(super) fn relays(
    settings: &Settings,
    stop: &Stop,
    supervisor: &mut Supervisor,
    simulated: &mut Simulated,
) -> BTreeMap<String, Relay> {
    let mut handles = BTreeMap::new();
    let mut boards: BTreeMap<&Path, UsbBoard> = BTreeMap::new();
    for relay in &settings.relays {
        let name: Arc<str> = Arc::from(relay.name.as_str());
        match &relay.kind {
            RelayKind::UsbRelay(usb) => {
                let board = boards.entry(&usb.port).or_default();
                board.baud = usb.baud;
                // The settings hold no other channels than boards have.
                if let Some(channel) = BoardRelay::new(usb.channel) {
                    board.channels.push((channel, name));
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
    for (path, UsbBoard { baud, channels }) in boards {
        let (relays, task) = usb_relay(port(path, baud), channels, stop.clone().wished());
        supervisor.spawn(format!("relay board {}", path.display()), task);
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
) -> BTreeMap<String, Board> {
    let start = |described: &config::Board| {
        let kind = match described.kind {
            config::BoardKind::Link => BoardKind::Link,
            config::BoardKind::Digicon => BoardKind::Digicon,
            config::BoardKind::MachPower { address } => BoardKind::MachPower { address },
            config::BoardKind::OneTech => BoardKind::OneTech,
            config::BoardKind::Swing7e { address } => BoardKind::Swing { machine: address },
        };
        let installed = BoardSettings {
            name: Arc::from(described.name.as_str()),
            entry: match described.entry {
                BoardDirection::A => BoardWay::A,
                BoardDirection::B => BoardWay::B,
            },
            passage: longest_passage(settings, &described.name),
            free: Vec::new(),
            readers: Vec::new(),
        };
        let port = port(&described.port, described.baud);
        let (handle, task) = board(
            kind,
            port,
            installed,
            events.clone(),
            reads.clone(),
            stop.clone().wished(),
        );
        supervisor.spawn(format!("board {}", described.name), task);
        (described.name.clone(), handle)
    };
    settings.boards.iter().map(start).collect()
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

/// The lane of each board.
pub(super) fn sides_of_boards(settings: &Settings) -> BTreeMap<Arc<str>, BoardSides> {
    let mut boards = BTreeMap::new();
    for (position, (lane, direction, side)) in (0..).zip(rules::sides(settings)) {
        let config::Opener::Board(name) = &side.opener else {
            continue;
        };
        let sides = boards.entry(Arc::from(name.as_str())).or_insert(BoardSides {
            lane: lane.name.clone(),
            entry: None,
            exit: None,
            silence_means_away: settings
                .boards
                .iter()
                .filter(|board| board.name == *name)
                .any(|board| {
                    matches!(
                        board.kind,
                        config::BoardKind::Link | config::BoardKind::Swing7e { .. }
                    )
                }),
        });
        match direction {
            Direction::In => sides.entry = Some(AccessPointId(position)),
            Direction::Out => sides.exit = Some(AccessPointId(position)),
        }
    }
    boards
}

/// A board has one passage time; the longer of its two sides.
fn longest_passage(settings: &Settings, board: &str) -> Duration {
    rules::sides(settings)
        .filter(|(_, _, side)| matches!(&side.opener, config::Opener::Board(name) if name == board))
        .map(|(_, _, side)| side.passage_time)
        .max()
        .unwrap_or(config::AccessPoint::DEFAULT_PASSAGE_TIME)
}

fn port(path: &Path, baud: u32) -> PortSettings {
    PortSettings {
        baud,
        ..PortSettings::new(path)
    }
}
