//! One-Tech 2B-ATT203 (manual page 14); the page does not say the baud rate.
//!
//! `FE code direction 00 00 00 AB` without a checksum: all fixed bytes must be right. `80` opens, `81` = a person has
//! passed, `44` = time-out or pushed the wrong way.

use super::{Protocol, Report, Reports, Window, wire};
use crate::board::Direction;
use crate::board::frame::WireFrame;
use crate::board::turnstile::Observes;

const LENGTH: usize = 7;

/// The frames of this board. Direction A is `01`, B is `02`.
#[derive(Debug, Default)]
pub struct OneTech {
    window: Window<LENGTH>,
}

fn length(bytes: &[u8]) -> Option<usize> {
    let fits = bytes.iter().enumerate().all(|(position, byte)| match position {
        0 => *byte == 0xFE,
        1 => matches!(*byte, 0x44 | 0x80 | 0x81),
        2 => matches!(*byte, 1 | 2),
        3..=5 => *byte == 0,
        _ => *byte == 0xAB,
    });
    fits.then_some(LENGTH)
}

impl Protocol for OneTech {
    const OBSERVES: Observes = Observes::Outcomes;
    const CONFIRMS: bool = false;

    fn open(&self, direction: Direction) -> WireFrame {
        let direction = match direction {
            Direction::A => 1,
            Direction::B => 2,
        };
        wire(&[0xFE, 0x80, direction, 0, 0, 0, 0xAB])
    }

    fn pause(&mut self) -> Reports {
        self.window.clear()
    }

    fn feed(&mut self, byte: u8) -> Reports {
        let (found, rejected) = self.window.feed(byte, length);
        let report = found.map(|found| {
            let direction = if found.get(2) == Some(&1) {
                Direction::A
            } else {
                Direction::B
            };
            match found.get(1) {
                Some(0x81) => Report::Passed(direction),
                Some(0x44) => Report::NotPassed(direction),
                _ => Report::Alive,
            }
        });
        rejected
            .then_some(Report::Rejected)
            .into_iter()
            .chain(report)
            .collect()
    }
}
