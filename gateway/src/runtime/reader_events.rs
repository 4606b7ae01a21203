//! What readers say: reads for the core, states and lines of the log.

use hal::{ReaderEvent, ReaderEventKind};
use tracing::{error, info, warn};

use super::controller::Controller;
use super::presentation;
use crate::clock;
use crate::domain::{Input, Monotonic};

impl Controller {
    pub(super) fn reader_event(&mut self, event: ReaderEvent) {
        let Some(reader) = self.devices.readers.get(&event.reader) else {
            return;
        };
        let name = &*event.reader;
        match event.kind {
            ReaderEventKind::Read(reading) => {
                match presentation::credential(&reading, reader.content, reader.number) {
                    Ok(Some(credential)) => {
                        self.states.read(name);
                        let window = self.core.settings().decisions.repeat_window;
                        let Some(credential) = self.states.not_awaited(name, credential, event.at, window)
                        else {
                            return;
                        };
                        let read = Input::Read {
                            access_point: reader.access_point,
                            staff: self.staff.name_of(&credential),
                            credential,
                            at: Monotonic(event.at),
                        };
                        self.core.handle(read, clock::now());
                    }
                    Ok(None) => {}
                    Err(reason) => {
                        self.states.rejected(name);
                        self.rejections.note(name, &reason.to_string(), event.at);
                    }
                }
            }
            ReaderEventKind::Rejected(reason) => {
                self.states.rejected(name);
                self.rejections.note(name, &reason.to_string(), event.at);
            }
            ReaderEventKind::Connected => {
                self.states.connected(name);
                info!(reader = name, "reader connected");
            }
            ReaderEventKind::Disconnected(reason) => {
                self.states.disconnected(name, &reason.to_string());
                warn!(reader = name, %reason, "reader disconnected: trying to reconnect");
            }
            ReaderEventKind::Noisy => {
                self.states
                    .disconnected(name, "noisy: most of what it sends is no use");
                error!(
                    reader = name,
                    "noisy reader: check its cable, its shielding and its settings"
                );
            }
            ReaderEventKind::NoiseEnded => {
                self.states.connected(name);
                info!(reader = name, "the reader is no longer noisy");
            }
            ReaderEventKind::Silent => {
                self.states.disconnected(name, "silent: it gives no sign of life");
                error!(
                    reader = name,
                    "silent reader: it gives no sign of life, check its power"
                );
            }
            ReaderEventKind::SilenceEnded => {
                self.states.connected(name);
                info!(reader = name, "the reader gives signs of life again");
            }
        }
    }
}
