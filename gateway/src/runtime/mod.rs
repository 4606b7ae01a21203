//! The running gateway: the controller task, the tasks around it and their end.

mod board_events;
mod command;
mod controller;
mod decision_log;
mod devices;
mod input_events;
mod presentation;
mod reader_events;
mod reader_states;
mod rejections;
mod relay_events;
mod signals;
mod stop;
mod supervisor;
mod time_sync;
mod utilization;
mod watchdog;

pub use command::{BoardSeen, COMMANDS, Command, LaneSeen, ReaderSeen, Seen};
pub use controller::{Controller, DeviceEvents, LANE_EVENTS, Notice, READER_EVENTS};
pub use devices::{BoardSides, Devices, InputTask, Opener, Reader, Side};
pub use presentation::Content;
pub use relay_events::{RelayEvent, watch_relay};
pub use signals::{Lights, Screen, Signals};
pub use stop::{Stop, Stopper, asked_to_end, stop};
pub use supervisor::{Supervisor, TaskEnded};
pub use time_sync::time_sync;
pub use utilization::watch_utilization;
pub use watchdog::Watchdog;
