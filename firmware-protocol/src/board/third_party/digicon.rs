//! Digicon Tx1500 (manual page 31) and CATRAX Master (manual page 24): 115200 baud.
//!
//! `02 SIZE_L SIZE_H command.. BCC`; the size counts the command and the BCC, which is the XOR of everything before
//! it. `H` and `A` release; `06` confirms, `15` says that a command was not understood, `1A` and `1B` report a passage.
//! The manuals do not say that passages are to be confirmed, so they are not.

use super::{Protocol, Report, Reports, Window, wire};
use crate::board::Direction;
use crate::board::frame::WireFrame;
use crate::board::turnstile::Observes;

const STX: u8 = 0x02;
/// Longest command that is taken for one; those of the manuals have one byte or two.
const MOST_COMMAND: usize = 4;
const MOST: usize = MOST_COMMAND + 4;

/// The frames of these boards. Direction A is the one of `H` and `1A`.
#[derive(Debug, Default)]
pub struct Digicon {
    window: Window<MOST>,
}

fn frame(command: &[u8]) -> WireFrame {
    let size = u16::try_from(command.len() + 1).unwrap_or_default().to_le_bytes();
    let mut frame = wire(&[STX]);
    // A command is far shorter than the longest frame.
    let fits = frame
        .extend_from_slice(&size)
        .and_then(|()| frame.extend_from_slice(command));
    let bcc = xor(&frame);
    drop(fits.map(|()| frame.push(bcc)));
    frame
}

fn xor(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |xor, byte| xor ^ byte)
}

/// How long the frame at the front is, if there can be one.
fn length(bytes: &[u8]) -> Option<usize> {
    match *bytes {
        [STX] => Some(2),
        [STX, size, ref rest @ ..] if (2..=MOST_COMMAND + 1).contains(&usize::from(size)) => {
            let length = usize::from(size) + 3;
            let right =
                rest.first().is_none_or(|high| *high == 0) && (bytes.len() < length || xor(bytes) == 0);
            right.then_some(length)
        }
        _ => None,
    }
}

impl Protocol for Digicon {
    const OBSERVES: Observes = Observes::Passages;
    const CONFIRMS: bool = true;

    fn open(&self, direction: Direction) -> WireFrame {
        match direction {
            Direction::A => frame(b"H"),
            Direction::B => frame(b"A"),
        }
    }

    fn pause(&mut self) -> Reports {
        self.window.clear()
    }

    fn feed(&mut self, byte: u8) -> Reports {
        let (found, rejected) = self.window.feed(byte, length);
        let report = found.map(|found| match found.get(3..found.len() - 1) {
            Some([0x06]) => Report::Confirmed,
            Some([0x15]) => Report::NotUnderstood,
            Some([0x1A]) => Report::Passed(Direction::A),
            Some([0x1B]) => Report::Passed(Direction::B),
            _ => Report::Alive,
        });
        rejected
            .then_some(Report::Rejected)
            .into_iter()
            .chain(report)
            .collect()
    }
}
