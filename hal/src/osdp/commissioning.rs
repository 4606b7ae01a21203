//! Giving a new reader its key: the only place where the key that everybody knows is used. Not here: listening to it.

use std::time::Duration;

use libosdp::OsdpFlag;
use tokio::time::sleep;

use super::wire::Wire;
use super::{OsdpReader, READER, REFRESH, panel, unusable};
use crate::clock::monotonic;
use crate::connection::{DisconnectCause, DisconnectReason};
use crate::serial::Port;

/// So long a reader that is asked for the first time, that refuses one key and takes another may need.
const PATIENCE: Duration = Duration::from_secs(20);

/// Gives the reader the key in `reader`, over a secure channel with the key that it was delivered with (SCBK-D), and opens
/// a secure channel with its own. One that has the key already is left as it is.
///
/// Whoever listens on the cable meanwhile learns the key: do it at a desk.
///
/// # Errors
/// [`DisconnectCause::NotSecure`] when the reader takes neither key, and whatever keeps it from being reached at all.
pub async fn commission(reader: &OsdpReader) -> Result<(), DisconnectReason> {
    let failed = |cause| DisconnectReason {
        device: reader.port.device(),
        cause,
    };
    if reader.key.is_none() {
        return Err(failed(DisconnectCause::NotSecure));
    }
    let wire = Wire::default();
    wire.connect(Port::open(&reader.port).await?, true);
    let mut panel = panel(reader, &wire, OsdpFlag::empty()).map_err(|error| failed(unusable(&error)))?;
    let end = monotonic() + PATIENCE;
    let mut heard = false;
    while monotonic() < end {
        sleep(REFRESH).await;
        panel.refresh();
        let state = wire.state();
        if let Some(reason) = state.lost {
            return Err(reason);
        }
        heard = state.heard.is_some();
        if state.unprotected {
            break;
        }
        if panel.is_online(READER) {
            // It goes on without a secure channel when the reader takes neither key.
            return if panel.is_sc_active(READER) {
                Ok(())
            } else {
                Err(failed(DisconnectCause::NotSecure))
            };
        }
    }
    Err(failed(if heard {
        DisconnectCause::NotSecure
    } else {
        DisconnectCause::NotAnswering
    }))
}
