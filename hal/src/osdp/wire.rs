//! The bus as libosdp sees it: a channel that never waits. What it cannot be told, why the port was lost and whether the
//! reader may be believed, stays here for the task of the reader.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use libosdp::{Channel, ChannelError, OsdpEvent};

use super::replies::Replies;
use crate::clock::monotonic;
use crate::connection::DisconnectReason;
use crate::serial::Port;

/// Events that may wait for the task: libosdp has at most one for each time it is refreshed.
const EVENTS: usize = 16;

/// What the task of a reader and libosdp share.
#[derive(Debug, Default)]
struct Shared {
    port: Option<Port>,
    replies: Replies,
    /// What is left of a reply that libosdp takes in pieces.
    rest: VecDeque<u8>,
    /// Only replies that are fit for a secure channel are handed on.
    secure: bool,
    state: State,
}

/// What has happened on the bus.
#[derive(Debug, Default)]
pub(super) struct State {
    /// What the reader has said.
    pub(super) events: Vec<OsdpEvent>,
    /// Why the port is lost.
    pub(super) lost: Option<DisconnectReason>,
    /// When the last whole reply was here.
    pub(super) heard: Option<Duration>,
    /// Something came that must not be believed.
    pub(super) unprotected: bool,
}

/// A bus. Clones are the same one.
///
/// libosdp's wrapper keeps its channel and its callback for ever. So there is one bus for the life of a reader, and with
/// each try some ten bytes are lost, not the port.
#[derive(Clone, Debug, Default)]
pub(super) struct Wire(Arc<Mutex<Shared>>);

impl Wire {
    /// From now on over this port.
    pub(super) fn connect(&self, port: Port, secure: bool) {
        *self.lock() = Shared {
            port: Some(port),
            secure,
            ..Shared::default()
        };
    }

    /// The port is closed.
    pub(super) fn disconnect(&self) {
        self.lock().port = None;
    }

    /// What has happened; the events are handed over.
    pub(super) fn state(&self) -> State {
        let mut shared = self.lock();
        State {
            events: std::mem::take(&mut shared.state.events),
            lost: shared.state.lost.clone(),
            heard: shared.state.heard,
            unprotected: shared.state.unprotected,
        }
    }

    /// Keeps an event for the task.
    pub(super) fn keep(&self, event: OsdpEvent) {
        let mut shared = self.lock();
        if shared.state.events.len() < EVENTS {
            shared.state.events.push(event);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    fn lose(&mut self, reason: DisconnectReason) -> ChannelError {
        self.port = None;
        self.state.lost = Some(reason);
        ChannelError::TransportError
    }

    /// Looks for the next reply that may be believed.
    fn receive(&mut self) -> Result<(), DisconnectReason> {
        let Some(port) = &mut self.port else {
            return Ok(());
        };
        let mut byte = [0];
        while self.rest.is_empty() && port.read_now(&mut byte)? > 0 {
            let [byte] = byte;
            match self.replies.feed(byte) {
                Some(reply) if self.secure && !reply.is_fit_for_a_secure_channel() => {
                    self.state.unprotected = true;
                }
                Some(reply) => {
                    self.state.heard = Some(monotonic());
                    self.rest.extend(reply.bytes());
                }
                None => {}
            }
        }
        Ok(())
    }

    /// Whoever asks anew does not wait for the rest of an old answer.
    fn forget(&mut self) {
        self.replies.clear();
        self.rest.clear();
    }
}

impl Channel for Wire {
    fn get_id(&self) -> i32 {
        0
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ChannelError> {
        let mut shared = self.lock();
        if shared.rest.is_empty() {
            shared.receive().map_err(|reason| shared.lose(reason))?;
        }
        let count = buffer.len().min(shared.rest.len());
        for (place, byte) in buffer.iter_mut().zip(shared.rest.drain(..count)) {
            *place = byte;
        }
        Ok(count)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<usize, ChannelError> {
        let mut shared = self.lock();
        shared.forget();
        let port = shared.port.as_mut().ok_or(ChannelError::TransportError)?;
        match port.write_now(bytes) {
            Ok(()) => Ok(bytes.len()),
            Err(reason) => Err(shared.lose(reason)),
        }
    }

    fn flush(&mut self) -> Result<(), ChannelError> {
        self.lock().forget();
        Ok(())
    }

    fn close(&mut self) -> Result<(), ChannelError> {
        self.lock().port = None;
        Ok(())
    }
}
