//! The light and the buzzer of an OSDP reader. When they show what is for others to say.

use std::time::Duration;

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

/// So long before its time is over a light is told to stay on.
const LIGHT_AGAIN: Duration = Duration::from_secs(30);

/// The same of the buzzer.
const BUZZ_AGAIN: Duration = Duration::from_secs(5);

/// What the reader was told to show.
#[derive(Debug, Default)]
pub(super) struct Shown {
    /// Green and red.
    light: Told<(bool, bool)>,
    buzzer: Told<bool>,
}

/// What one lamp was told last, and when. It begins dark.
#[derive(Debug, Default)]
struct Told<T> {
    what: T,
    at: Duration,
}

impl<T: Copy + Default + PartialEq> Told<T> {
    /// Tells it when that is news, and again every so often while it is lit. What was not taken is told anew with the next
    /// call.
    fn tell(&mut self, what: T, now: Duration, again: Duration, send: impl FnOnce() -> bool) {
        let is_over = what != T::default() && now.saturating_sub(self.at) >= again;
        if (what != self.what || is_over) && send() {
            *self = Self { what, at: now };
        }
    }
}

impl Shown {
    /// Shows this as far as the reader has lamps for it: one that is asked for what it has not may hang up. To be called
    /// again and again.
    pub(super) fn show(&mut self, lit: Lit, now: Duration, panel: &mut ControlPanel) {
        let has = |panel: &ControlPanel, capability: fn(PdCapEntity) -> PdCapability| {
            let entity = panel.get_capability(READER, capability(PdCapEntity::new(0, 0)));
            let none = capability(PdCapEntity::new(0, 0));
            entity.is_ok_and(|entity| entity != none)
        };
        self.light.tell((lit.green, lit.red), now, LIGHT_AGAIN, || {
            !has(panel, PdCapability::LedControl)
                || panel.send_command(READER, OsdpCommand::Led(light(lit))).is_ok()
        });
        self.buzzer.tell(lit.buzzer, now, BUZZ_AGAIN, || {
            !has(panel, PdCapability::AudibleOutput)
                || panel
                    .send_command(READER, OsdpCommand::Buzzer(buzzer(lit)))
                    .is_ok()
        });
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The seconds at which a lamp is told that is to be lit from second 1 on until second 100.
    fn told(again: Duration, taken: impl Fn(u64) -> bool) -> Vec<u64> {
        let mut lamp = Told::default();
        let mut told = Vec::new();
        for second in 0..200 {
            let lit = (1..100).contains(&second);
            lamp.tell(lit, Duration::from_secs(second), again, || {
                told.push(second);
                taken(second)
            });
        }
        told
    }

    #[test]
    fn a_light_that_stays_on_is_told_so_before_its_time_is_over_and_a_dark_one_is_not() {
        assert_eq!(told(LIGHT_AGAIN, |_| true), [1, 31, 61, 91, 100]);
        assert!(LIGHT_AGAIN.as_millis() * 2 <= u128::from(LONGEST_LIGHT) * 100);
        assert!(BUZZ_AGAIN.as_millis() * 2 <= u128::from(LONGEST_BUZZ) * 100);
    }

    #[test]
    fn what_the_reader_has_not_taken_is_told_again() {
        let refused = [1, 2, 62, 100];
        assert_eq!(
            told(LIGHT_AGAIN, |second| !refused.contains(&second)),
            [1, 2, 3, 33, 63, 93, 100, 101]
        );
    }
}
