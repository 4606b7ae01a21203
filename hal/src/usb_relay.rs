//! Relay cards of the LCUS type: 1 to 8 relays behind a USB serial port. One task owns the port of one card. The
//! rules of a pulse are in [`crate::relay`]; here are only the card's bytes.
//!
//! Frame: `A0 <relay 1..8> <01 on | 00 off> <low 8 bits of the sum of the three>`, 9600 baud 8N1, no answer.
//! Source: *LC USB switch communication protocol*, the table that comes with the LCUS-1 to LCUS-8 boards.

use std::future::Future;
use std::sync::Arc;

use crate::connection::DisconnectReason;
use crate::relay::{Relay, Switch, relays};
use crate::serial::{Port, PortSettings};

/// One relay of a card, by the number printed on it: 1 to 8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Channel(u8);

impl Channel {
    /// `None` unless the number is 1 to 8.
    #[must_use]
    pub fn new(number: u8) -> Option<Self> {
        (1..=8).contains(&number).then_some(Self(number))
    }

    fn frame(self, on: bool) -> [u8; 4] {
        let (start, on) = (0xA0_u8, u8::from(on));
        [start, self.0, on, start.wrapping_add(self.0).wrapping_add(on)]
    }
}

/// The card at `port` with the relays in use and their names. Gives a handle per relay, in the same order, and the
/// card's task, which runs until `stop`. The relays in use are off when it ends.
pub fn usb_relay(
    port: PortSettings,
    used: Vec<(Channel, Arc<str>)>,
    stop: impl Future<Output = ()> + Send,
) -> (Vec<Relay>, impl Future<Output = ()> + Send) {
    let (used, names): (Arc<[Channel]>, Vec<Arc<str>>) = {
        let (used, names): (Vec<_>, Vec<_>) = used.into_iter().unzip();
        (used.into(), names)
    };
    let (handles, relays) = relays(names, port.device());
    let connect = move || {
        let (port, used) = (port.clone(), used.clone());
        async move {
            let port = Port::open(&port).await?;
            Ok(RelayCard { port, used })
        }
    };
    (handles, relays.run(connect, stop))
}

struct RelayCard {
    port: Port,
    /// By channel.
    used: Arc<[Channel]>,
}

impl Switch for RelayCard {
    async fn set(&mut self, channel: usize, on: bool) -> Result<(), DisconnectReason> {
        match self.used.get(channel) {
            Some(relay) => self.port.write(&relay.frame(on)).await,
            None => Ok(()),
        }
    }

    fn all_off(&mut self) -> Result<(), DisconnectReason> {
        let frames: Vec<u8> = self.used.iter().flat_map(|relay| relay.frame(false)).collect();
        self.port.write_now(&frames)
    }

    async fn lost(&mut self) -> DisconnectReason {
        // The card says nothing; whatever comes is noise. Reading is how an unplugged port shows.
        let mut noise = [0; 64];
        loop {
            if let Err(reason) = self.port.read(&mut noise).await {
                return reason;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_frames_are_those_of_the_table_that_comes_with_the_card() {
        let frame = |number, on| Channel::new(number).unwrap().frame(on);
        assert_eq!(frame(1, true), [0xA0, 0x01, 0x01, 0xA2]);
        assert_eq!(frame(1, false), [0xA0, 0x01, 0x00, 0xA1]);
        assert_eq!(frame(8, true), [0xA0, 0x08, 0x01, 0xA9]);
    }

    #[test]
    fn a_card_has_relays_1_to_8() {
        assert_eq!(Channel::new(0), None);
        assert_eq!(Channel::new(9), None);
        assert!(Channel::new(8).is_some());
    }
}
