//! The light and the buzzer of an OSDP reader, as an indicator. Which colour means what is for others to say.

use std::sync::Arc;

use libosdp::{
    ControlPanel, OsdpCommand, OsdpCommandBuzzer, OsdpCommandLed, OsdpLedColor, OsdpLedParams, PdCapEntity,
    PdCapability,
};
use tokio::sync::watch;

use super::READER;
use crate::connection::DisconnectReason;
use crate::indicator::{Indicator, Lamps, Lit, indicator};

/// The longest time for which a light stays on by itself, in 100 ms: a reader whose cable breaks goes back to its own.
const LONGEST_LIGHT: u16 = 600;

/// The same of the buzzer.
const LONGEST_BUZZ: u8 = 100;

/// An indicator of this name at the reader that has the other end of `lit`: its handle and its task, which runs until
/// `stop`. Green and red together are amber; dark is what the reader shows by itself.
pub fn osdp_indicator(
    name: Arc<str>,
    lit: watch::Sender<Lit>,
    stop: impl Future<Output = ()> + Send,
) -> (Indicator, impl Future<Output = ()> + Send) {
    let (handle, player) = indicator(name);
    let connect = move || Ok(ReaderLamps(lit.clone()));
    (handle, player.run(connect, stop))
}

struct ReaderLamps(watch::Sender<Lit>);

impl Lamps for ReaderLamps {
    fn show(&mut self, lit: Lit) -> Result<(), DisconnectReason> {
        self.0.send_replace(lit);
        Ok(())
    }
}

/// What the reader was told to show.
#[derive(Debug, Default)]
pub(super) struct Shown(Lit);

impl Shown {
    /// Shows this as far as the reader has lamps for it: one that is asked for what it has not may hang up.
    pub(super) fn show(&mut self, lit: Lit, panel: &mut ControlPanel) {
        let Self(shown) = std::mem::replace(self, Self(lit));
        let has = |panel: &ControlPanel, capability: fn(PdCapEntity) -> PdCapability| {
            let entity = panel.get_capability(READER, capability(PdCapEntity::new(0, 0)));
            let none = capability(PdCapEntity::new(0, 0));
            entity.is_ok_and(|entity| entity != none)
        };
        // A reader that goes away just now shows nothing more anyway.
        if (lit.green, lit.red) != (shown.green, shown.red) && has(panel, PdCapability::LedControl) {
            let _ = panel.send_command(READER, OsdpCommand::Led(light(lit)));
        }
        if lit.buzzer != shown.buzzer && has(panel, PdCapability::AudibleOutput) {
            let _ = panel.send_command(READER, OsdpCommand::Buzzer(buzzer(lit)));
        }
    }
}

/// The first light of the reader, for a time.
fn light(lit: Lit) -> OsdpCommandLed {
    const CANCEL: u8 = 1;
    const SET: u8 = 2;
    let color = match (lit.green, lit.red) {
        (true, true) => OsdpLedColor::Amber,
        (true, false) => OsdpLedColor::Green,
        (false, true) => OsdpLedColor::Red,
        (false, false) => OsdpLedColor::None,
    };
    OsdpCommandLed {
        temporary: OsdpLedParams {
            control_code: if color == OsdpLedColor::None { CANCEL } else { SET },
            on_count: 1,
            off_count: 0,
            on_color: color,
            off_color: color,
            timer_count: LONGEST_LIGHT,
        },
        ..OsdpCommandLed::default()
    }
}

fn buzzer(lit: Lit) -> OsdpCommandBuzzer {
    const OFF: u8 = 1;
    const DEFAULT_TONE: u8 = 2;
    OsdpCommandBuzzer {
        reader: 0,
        control_code: if lit.buzzer { DEFAULT_TONE } else { OFF },
        on_count: LONGEST_BUZZ,
        off_count: 0,
        rep_count: 1,
    }
}
