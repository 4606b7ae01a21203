//! The running gateway: the controller task, the tasks around it and their end.

mod controller;
mod decision_log;
mod presentation;
mod rejections;
mod stop;
mod supervisor;
mod time_sync;
mod watchdog;

pub use controller::{Controller, Notice, READER_EVENTS, Reader};
pub use presentation::Content;
pub use stop::{Stop, Stopper, asked_to_end, stop};
pub use supervisor::{Supervisor, TaskEnded};
pub use time_sync::time_sync;
pub use watchdog::Watchdog;
