//! A relay on a GPIO line. The rules of a pulse are in [`crate::relay`]; here is only the line.

use std::future::{Future, pending, ready};
use std::sync::Arc;

use crate::connection::DisconnectReason;
use crate::gpio::{Output, OutputLine};
use crate::relay::{Relay, Switch, relay};

/// A relay of this name on this line: its handle, and its task, which runs until `stop`. The relay is off from the moment
/// at which the line becomes an output, and when the task ends; the line is free then.
///
/// What becomes of it when the process is killed depends on the [`Backend`](crate::gpio::Backend).
pub fn gpio_relay(
    name: Arc<str>,
    line: OutputLine,
    stop: impl Future<Output = ()> + Send,
) -> (Relay, impl Future<Output = ()> + Send) {
    let (relay, task) = relay(name, line.line.clone());
    let connect = move || ready(Output::start(&line).map(Coil));
    (relay, task.run(connect, stop))
}

struct Coil(Output);

impl Switch for Coil {
    async fn set(&mut self, _channel: usize, on: bool) -> Result<(), DisconnectReason> {
        self.0.set(on)
    }

    fn all_off(&mut self) -> Result<(), DisconnectReason> {
        self.0.set(false)
    }

    /// A line does not go away; should its chip, then setting it fails.
    async fn lost(&mut self) -> DisconnectReason {
        pending().await
    }
}
