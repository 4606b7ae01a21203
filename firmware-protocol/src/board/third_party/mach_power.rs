//! Mach Power AC-ATRI-018 (manual page 12): RS-485, 9600 baud 8N1.
//!
//! `EB address command 00 XOR`, the check byte over all before it: two examples printed in the manual have another one
//! (`42` with `AB`), which a board of this maker does not take. The board never answers, so nobody learns whether it
//! has opened or whether somebody has passed: connect its passage contact to an input where visits are to be counted.

use super::{Protocol, Report, Reports, wire};
use crate::board::Direction;
use crate::board::frame::WireFrame;
use crate::board::turnstile::Observes;

/// The frames of this board. Direction A is its left (`40`), B its right (`41`).
#[derive(Debug)]
pub struct MachPower {
    /// The address set at the board.
    pub address: u8,
}

impl Protocol for MachPower {
    const OBSERVES: Observes = Observes::Nothing;
    const CONFIRMS: bool = false;

    fn open(&self, direction: Direction) -> WireFrame {
        let command = match direction {
            Direction::A => 0x40,
            Direction::B => 0x41,
        };
        wire(&[0xEB, self.address, command, 0x00, 0xEB ^ self.address ^ command])
    }

    fn feed(&mut self, _byte: u8) -> Reports {
        [Report::Rejected].into_iter().collect()
    }
}
