//! Readers on an OSDP bus (IEC 60839-11-5): this is the control panel's side, the protocol itself is libosdp's. A reader
//! that has a key is listened to over a secure channel or not at all. Not here: more than one reader on a bus.

mod commissioning;
mod key;
mod lamps;
mod replies;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use firmware_protocol::wiegand::layout::{Layout, Span};
use firmware_protocol::wiegand::{self, Bits};
use firmware_protocol::{ByteOrder, Key as KeypadKey, Profile, Reading, Reject};
use libosdp::{
    ControlPanel, ControlPanelBuilder, OsdpError, OsdpEvent, OsdpEventCardRead, OsdpFlag, PdInfoBuilder,
};
use tokio::sync::{mpsc, watch};
use tokio::time::sleep;
use tracing::{error, warn};

pub use self::commissioning::commission;
pub use self::key::{Key, KeyError};
use self::lamps::Shown;
use self::wire::Wire;
use crate::clock::monotonic;
use crate::connection::{DisconnectCause, DisconnectReason, Reconnect};
use crate::indicator::Lit;
use crate::reader::{Patience, ReaderEvent, ReaderEventKind, Voice};
use crate::serial::{Port, PortSettings};

/// libosdp has to be called at least every 50 ms; a poll and its answer take two calls.
const REFRESH: Duration = Duration::from_millis(20);

/// A reader has to be asked eight times, a second apart, before it counts as absent. libosdp would then wait for five
/// minutes; a new try costs nobody anything.
const START: Duration = Duration::from_secs(9);

/// A reader that answers has agreed to the secure channel by then, or does not.
const AGREEMENT: Duration = Duration::from_secs(3);

/// A reader that refuses to be polled says so at once, and one that has kept cards sends them. Until then it is not
/// connected.
const STEADY: Duration = Duration::from_millis(300);

/// So long without a valid reply a reader is gone (IEC 60839-11-5, 5.7: 8 s). libosdp finds that itself, but by the wall
/// clock: somebody may set that back.
const SILENCE: Duration = Duration::from_secs(10);

/// The only reader of the panel.
const READER: i32 = 0;

/// A reader on an OSDP bus of its own.
#[derive(Clone, Debug)]
pub struct OsdpReader {
    /// Its name in the settings, for its events.
    pub name: Arc<str>,
    /// The port of the bus: 9600, 19200, 38400, 57600, 115200 or 230400 baud.
    pub port: PortSettings,
    /// Its address on the bus, 0 to 126.
    pub address: u8,
    /// The key of its secure channel. Without one it is listened to as it is, and whoever has the cable may speak for it.
    pub key: Option<Key>,
    /// What the bits of its cards are.
    pub cards: CardBits,
    /// How long it is waited for. It answers all the time, so `silent_after` has no use here.
    pub patience: Patience,
}

/// What the bits are that an OSDP reader sends of a card: OSDP does not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CardBits {
    /// A Wiegand frame.
    Wiegand(Box<Profile>),
    /// The UID in whole bytes.
    Uid {
        /// The order in which they come.
        byte_order: ByteOrder,
        /// How many of them are the UID, where the reader appends filler.
        uid_len: Option<u8>,
    },
}

impl CardBits {
    fn read(&self, card: &OsdpEventCardRead) -> Result<Reading, Reject> {
        let length = u8::try_from(card.nr_bits).map_err(|_| Reject::TooLong)?;
        let bits = Bits::from_bytes(&card.data, length)?;
        match self {
            Self::Wiegand(profile) => wiegand::decode(profile, bits),
            Self::Uid { byte_order, uid_len } => {
                let last = length.checked_sub(1).ok_or(Reject::Length)?;
                let layout = Layout {
                    bits: length,
                    uid: Some(Span { first: 0, last }),
                    ..Layout::default()
                };
                let mut profile = Profile::custom(layout).map_err(|_| Reject::Length)?;
                profile.byte_order = *byte_order;
                profile.uid_len = *uid_len;
                wiegand::decode(&profile, bits)
            }
        }
    }
}

/// Listens to the reader for ever and sends what it says as `events`. It counts as connected once it is polled and, with a
/// key, once its secure channel is there. A reader with a key that is heard without one is an error in the log, and away.
///
/// `lit` is what its light and its buzzer show, as from [`crate::indicator::shown_indicator`]; the sender may be dropped.
///
/// A full channel never holds the reader up: see [`crate::reader::serial_reader`].
pub async fn osdp_reader(reader: OsdpReader, lit: watch::Receiver<Lit>, events: mpsc::Sender<ReaderEvent>) {
    let mut voice = Voice::new(reader.name.clone(), events).with_patience(reader.patience);
    if reader.key.is_none() {
        warn!(
            reader = &*reader.name,
            "this OSDP reader has no key: its bus is not encrypted, and whoever has the cable can show any card"
        );
    }
    let wire = Wire::default();
    let mut reconnect = Reconnect::new();
    loop {
        let mut held = Duration::ZERO;
        let reason = match Port::open(&reader.port).await {
            Ok(port) => {
                wire.connect(port, reader.key.is_some());
                let since = monotonic();
                let cause = listen(&reader, &wire, &lit, &mut reconnect, &mut voice).await;
                wire.disconnect();
                held = monotonic().saturating_sub(since);
                cause.map_or_else(
                    |reason| reason,
                    |cause| DisconnectReason {
                        device: reader.port.device(),
                        cause,
                    },
                )
            }
            Err(reason) => reason,
        };
        if reconnect.is_news(&reason) {
            if reason.cause == DisconnectCause::NotSecure {
                error!(reader = &*reader.name, %reason, "an OSDP reader without its secure channel is not listened to");
            }
            voice.connection(ReaderEventKind::Disconnected(reason)).await;
        }
        sleep(reconnect.wait_after(held)).await;
    }
}

/// Listens until the reader is lost, by itself or with its port (`Err`).
async fn listen(
    reader: &OsdpReader,
    wire: &Wire,
    lit: &watch::Receiver<Lit>,
    reconnect: &mut Reconnect,
    voice: &mut Voice,
) -> Result<DisconnectCause, DisconnectReason> {
    let mut panel = match panel(reader, wire, OsdpFlag::EnforceSecure) {
        Ok(panel) => panel,
        Err(error) => return Ok(unusable(&error)),
    };
    let start = monotonic();
    let mut online_since = None;
    let mut connected = false;
    let mut shown = Shown::default();
    loop {
        sleep(REFRESH).await;
        panel.refresh();
        let now = monotonic();
        let state = wire.state();
        if let Some(reason) = state.lost {
            return Err(reason);
        }
        // Nothing of what came together with something unprotected is believed either.
        if state.unprotected {
            return Ok(DisconnectCause::NotSecure);
        }
        let heard = state.heard.is_some();
        if !panel.is_online(READER) {
            let asked = now.saturating_sub(start);
            match (connected, heard) {
                (true, _) => return Ok(DisconnectCause::NotAnswering),
                (false, true) if asked > AGREEMENT => return Ok(unwilling(reader)),
                (false, false) if asked > START => return Ok(DisconnectCause::NotAnswering),
                _ => online_since = None,
            }
            continue;
        }
        if reader.key.is_some() && !panel.is_sc_active(READER) {
            return Ok(DisconnectCause::NotSecure);
        }
        if state
            .heard
            .is_none_or(|heard| now.saturating_sub(heard) > SILENCE)
        {
            return Ok(DisconnectCause::NotAnswering);
        }
        let steady = now.saturating_sub(*online_since.get_or_insert(now)) >= STEADY;
        if !connected {
            // Cards that the reader has kept while nobody asked for them are too old: its first answers are not read.
            if steady {
                connected = true;
                reconnect.connected();
                voice.connection(ReaderEventKind::Connected).await;
            }
            continue;
        }
        for event in state.events {
            hear(&reader.cards, event, now, voice);
        }
        voice.timeout(now);
        voice.tell_dropped();
        shown.show(*lit.borrow(), now, &mut panel);
    }
}

/// Why a reader that answers does not come online.
fn unwilling(reader: &OsdpReader) -> DisconnectCause {
    match reader.key {
        Some(_) => DisconnectCause::NotSecure,
        None => DisconnectCause::NotAnswering,
    }
}

/// A panel for this reader alone. What stands in `keyed` holds for a reader that has a key.
fn panel(reader: &OsdpReader, wire: &Wire, keyed: OsdpFlag) -> Result<ControlPanel, OsdpError> {
    let baud = i32::try_from(reader.port.baud).unwrap_or_default();
    let mut settings = PdInfoBuilder::new()
        .name(&reader.name)?
        .address(i32::from(reader.address))?
        .baud_rate(baud)?;
    if let Some(key) = &reader.key {
        settings = settings.secure_channel_key(key.expose()).flag(keyed);
    }
    let mut panel = ControlPanelBuilder::new()
        .add_channel(Box::new(wire.clone()), vec![settings])
        .build()?;
    let wire = wire.clone();
    panel.set_event_callback(move |_, event| {
        wire.keep(event);
        0
    });
    Ok(panel)
}

fn unusable(error: &OsdpError) -> DisconnectCause {
    DisconnectCause::Failed {
        operation: "open",
        message: error.to_string(),
    }
}

fn hear(cards: &CardBits, event: OsdpEvent, at: Duration, voice: &mut Voice) {
    voice.heard(at);
    match event {
        OsdpEvent::CardRead(card) => voice.outcome(cards.read(&card), at),
        OsdpEvent::KeyPress(keys) => {
            for key in keys.data {
                voice.outcome(keypad_key(key).map(Reading::Key), at);
            }
        }
        OsdpEvent::MfgReply(_) | OsdpEvent::Status(_) => {}
    }
}

/// A key as OSDP has it: ASCII, with DEL for `*` and CR for `#`.
fn keypad_key(code: u8) -> Result<KeypadKey, Reject> {
    match code {
        0x7F => Ok(KeypadKey::Star),
        b'\r' => Ok(KeypadKey::Hash),
        _ => KeypadKey::from_char(char::from(code)).ok_or(Reject::UnknownKey),
    }
}
