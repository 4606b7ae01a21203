//! The running gateway: the controller task, the tasks around it and their end.

mod command;
mod controller;
mod decision_log;
mod device_events;
mod devices;
mod presentation;
mod reader_states;
mod rejections;
mod relay_states;
mod signals;
mod stop;
mod supervisor;
mod time_sync;
mod utilization;
mod watchdog;

pub use command::{COMMANDS, Command, LaneSeen, ReaderSeen, Seen};
pub use controller::{Controller, DeviceEvents, LANE_EVENTS, Notice, READER_EVENTS};
pub use devices::{BoardSides, Devices, InputTask, Opener, Reader, Side};
pub use presentation::Content;
pub use relay_states::{RelayEvent, watch_relay};
pub use signals::{Lights, Screen, Signals};
pub use stop::{Stop, Stopper, asked_to_end, stop};
pub use supervisor::{Supervisor, TaskEnded};
pub use time_sync::time_sync;
pub use utilization::watch_utilization;
pub use watchdog::Watchdog;
