//! The running gateway: the controller task, the tasks around it and their end.

mod command;
mod controller;
mod decision_log;
mod presentation;
mod reader_states;
mod rejections;
mod stop;
mod supervisor;
mod watchdog;

pub use command::{COMMANDS, Command, LaneSeen, ReaderSeen, Seen};
pub use controller::{Controller, Notice, READER_EVENTS, Reader};
pub use presentation::Content;
pub use stop::{Stop, Stopper, asked_to_end, stop};
pub use supervisor::{Supervisor, TaskEnded};
pub use watchdog::Watchdog;
