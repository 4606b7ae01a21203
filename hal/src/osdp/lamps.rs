//! The light and the buzzer of an OSDP reader. When they show what is for others to say.

use super::READER;
use crate::indicator::Lit;
use libosdp::{
    ControlPanel, OsdpCommand, OsdpCommandBuzzer, OsdpCommandLed, OsdpLedColor, OsdpLedParams, PdCapEntity,
    PdCapability,
};

/// The longest time for which a light stays on by itself, in 100 ms: a reader whose cable breaks goes back to its own.
const LONGEST_LIGHT: u16 = 600;

/// The same of the buzzer.
const LONGEST_BUZZ: u8 = 100;

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

/// The first light of the reader, for a time. Green and red together are amber; dark is what the reader shows by itself.
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
