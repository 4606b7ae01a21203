//! Swing gate board with frames that begin with 7E: RS-485, 19200 baud 8N1. Source: the program
//! javiigalvez11/Mueo_Elder_Qualica_RD (src/RS485.cpp), which drives such a board; there is no document of the maker.
//!
//! To the board: `7E 00 machine command d0 d1 d2 check`, from it after the question `10`: 18 bytes `7F version machine
//! fault gate alarm left[3] right[3] infrared executing supply x x check`, counters most significant byte first. The
//! sum of all bytes of a frame, plus one, is 0 modulo 256. The board says nothing by itself, so passages are seen by
//! its counters.

use super::{MOST_REPORTS, Protocol, Report, Reports, Window, wire};
use crate::board::Direction;
use crate::board::frame::WireFrame;
use crate::board::message::Fault;
use crate::board::turnstile::Observes;

const LENGTH: usize = 18;
/// More passages than that between two answers are a counter that was reset or set.
const MOST_PASSAGES: u32 = 3;

/// The frames of this board. Direction A is its left, B its right.
#[derive(Debug)]
pub struct Swing {
    machine: u8,
    window: Window<LENGTH>,
    /// Left and right of the last answer.
    counters: Option<(u32, u32)>,
}

impl Swing {
    /// The board with this machine number.
    #[must_use]
    pub fn new(machine: u8) -> Self {
        Self {
            machine,
            window: Window::default(),
            counters: None,
        }
    }

    fn command(&self, command: u8, persons: u8) -> WireFrame {
        let frame = [0x7E, 0x00, self.machine, command, persons, 0, 0];
        let check = !sum(&frame);
        let [a, b, c, d, e, f, g] = frame;
        wire(&[a, b, c, d, e, f, g, check])
    }

    fn status(&mut self, status: &[u8]) -> Reports {
        let mut reports = Reports::new();
        let &[_, _, machine, fault, _, _, l2, l1, l0, r2, r1, r0, ..] = status else {
            return reports;
        };
        if machine != self.machine {
            return reports;
        }
        let left = u32::from_be_bytes([0, l2, l1, l0]);
        let right = u32::from_be_bytes([0, r2, r1, r0]);
        let (left_before, right_before) = self.counters.replace((left, right)).unwrap_or((left, right));
        let passages = |before, now, direction| {
            let count = u32::wrapping_sub(now, before) & 0x00FF_FFFF;
            (0..count)
                .filter(move |_| count <= MOST_PASSAGES)
                .take(MOST_PASSAGES as usize)
                .map(move |_| Report::Passed(direction))
        };
        const { assert!(2 * (MOST_PASSAGES as usize) + 2 <= MOST_REPORTS) };
        reports.extend(passages(left_before, left, Direction::A));
        reports.extend(passages(right_before, right, Direction::B));
        reports.extend([Report::Fault(Fault::from_code(fault))]);
        reports
    }
}

fn sum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte))
}

fn length(bytes: &[u8]) -> Option<usize> {
    let right = bytes.first() == Some(&0x7F) && (bytes.len() < LENGTH || sum(bytes) == 0xFF);
    right.then_some(LENGTH)
}

impl Protocol for Swing {
    const OBSERVES: Observes = Observes::Passages;
    const CONFIRMS: bool = false;

    fn open(&self, direction: Direction) -> WireFrame {
        match direction {
            Direction::A => self.command(0x80, 1),
            Direction::B => self.command(0x82, 1),
        }
    }

    fn poll(&self) -> Option<WireFrame> {
        Some(self.command(0x10, 0))
    }

    fn pause(&mut self) -> Reports {
        self.window.clear()
    }

    fn feed(&mut self, byte: u8) -> Reports {
        let (found, rejected) = self.window.feed(byte, length);
        let mut reports = found.map(|found| self.status(&found)).unwrap_or_default();
        if rejected {
            reports.extend([Report::Rejected]);
        }
        reports
    }
}
