//! OSDP readers of the settings, and the lights in them. A gateway that was not built with OSDP has the lights, but no
//! reader.

use std::collections::BTreeMap;

use hal::indicator::Lit;
use tokio::sync::watch;

/// What the lights of each OSDP reader show, by the reader's name.
#[derive(Debug, Default)]
pub(super) struct Lights(BTreeMap<String, watch::Sender<Lit>>);

impl Lights {
    /// The lights of this reader.
    pub(super) fn of(&mut self, reader: &str) -> watch::Sender<Lit> {
        self.0.entry(reader.to_owned()).or_default().clone()
    }
}

#[cfg(feature = "osdp")]
pub(crate) use built_in::{described, reader};
#[cfg(not(feature = "osdp"))]
pub(crate) use not_built_in::reader;

#[cfg(feature = "osdp")]
mod built_in {
    use std::sync::Arc;

    use config::OsdpReader as Described;
    use hal::ReaderEvent;
    use hal::indicator::Lit;
    use hal::osdp::{Key, OsdpReader, osdp_reader};
    use hal::reader::Patience;
    use hal::serial::PortSettings;
    use tokio::sync::{mpsc, watch};

    use crate::wiring::{StartError, frames};

    /// The task of this reader.
    pub(crate) fn reader(
        name: &str,
        osdp: &Described,
        lit: watch::Receiver<Lit>,
        events: mpsc::Sender<ReaderEvent>,
    ) -> Result<impl Future<Output = ()> + Send + use<>, StartError> {
        Ok(osdp_reader(described(name, osdp)?, lit, events))
    }

    /// The reader as its driver wants it described, with its key.
    pub(crate) fn described(name: &str, osdp: &Described) -> Result<OsdpReader, StartError> {
        let key = osdp.key.as_ref().map(|source| {
            Key::from_hex(source.read()?.expose()).map_err(|error| StartError::OsdpKey {
                reader: name.to_owned(),
                error: error.into(),
            })
        });
        let cards = frames::osdp(osdp).map_err(|error| StartError::Layout {
            reader: name.to_owned(),
            error,
        })?;
        Ok(OsdpReader {
            name: Arc::from(name),
            port: PortSettings {
                baud: osdp.baud,
                ..PortSettings::new(&osdp.port)
            },
            address: osdp.address,
            key: key.transpose()?,
            cards,
            patience: Patience {
                next_key: osdp.pin_timeout,
                silent_after: None,
            },
        })
    }
}

#[cfg(not(feature = "osdp"))]
mod not_built_in {
    use std::future::Ready;

    use hal::ReaderEvent;
    use hal::indicator::Lit;
    use tokio::sync::{mpsc, watch};

    use crate::wiring::StartError;

    /// There is none.
    pub(crate) fn reader(
        name: &str,
        _: &config::OsdpReader,
        _: watch::Receiver<Lit>,
        _: mpsc::Sender<ReaderEvent>,
    ) -> Result<Ready<()>, StartError> {
        Err(StartError::NotBuiltIn {
            reader: name.to_owned(),
        })
    }
}
