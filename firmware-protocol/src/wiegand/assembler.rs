//! Edges of the two lines to frames of bits. It reads no clock: every edge brings its time, best the kernel's.
//! A frame in which an edge may be missing is refused: without parity, one lost bit is another card's number.

use core::time::Duration;

use super::Bits;
use crate::reading::Reject;

/// The line on which a pulse came: its falling edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// Data 0: a bit 0.
    D0,
    /// Data 1: a bit 1.
    D1,
}

/// What a reader may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// The shortest time between two edges. The SIA 26-bit interface allows 200 us; what is far below is noise.
    pub min_interval: Duration,
    /// The silence that ends a frame. The SIA interface allows 20 ms between two bits.
    pub frame_gap: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            min_interval: Duration::from_micros(100),
            frame_gap: Duration::from_millis(50),
        }
    }
}

/// Collects edges into frames. Times only have to come from one clock that never goes back.
#[derive(Clone, Debug, Default)]
pub struct Assembler {
    timing: Timing,
    bits: Bits,
    last: Option<Duration>,
    spoilt: Option<Reject>,
    lost: bool,
}

impl Assembler {
    /// An assembler at rest.
    pub fn new(timing: Timing) -> Self {
        Self {
            timing,
            ..Self::default()
        }
    }

    /// Takes an edge. An edge that comes after the gap ends the frame before it, which is then handed out.
    pub fn feed(&mut self, line: Line, at: Duration) -> Option<Result<Bits, Reject>> {
        let lost = core::mem::take(&mut self.lost);
        self.spoil_if(lost, Reject::MissedEdge);
        let ended = self
            .deadline()
            .is_some_and(|deadline| at >= deadline)
            .then(|| self.end())
            .flatten();
        // It is not known on which side of the gap the edge was lost.
        self.spoil_if(lost, Reject::MissedEdge);
        let interval = self.last.map(|last| at.saturating_sub(last));
        self.spoil_if(
            interval.is_some_and(|interval| interval < self.timing.min_interval),
            Reject::TooFast,
        );
        let full = self.bits.push(line == Line::D1).is_err();
        self.spoil_if(full, Reject::TooLong);
        self.last = Some(at);
        ended
    }

    /// Edges were lost, as a gap in the kernel's sequence numbers shows. Call it before feeding the edge that
    /// showed the gap; the frames on both sides of it are refused.
    pub fn missed(&mut self) {
        self.lost = true;
    }

    /// When the frame ends if no edge comes before. `None` while the lines are quiet.
    pub fn deadline(&self) -> Option<Duration> {
        self.last.map(|last| last.saturating_add(self.timing.frame_gap))
    }

    /// The time is now `now`: hands out the frame that has ended, if one has. Calling it too early is harmless.
    pub fn timeout(&mut self, now: Duration) -> Option<Result<Bits, Reject>> {
        self.deadline().filter(|deadline| now >= *deadline)?;
        let lost = self.lost;
        self.spoil_if(lost, Reject::MissedEdge);
        self.end()
    }

    fn spoil_if(&mut self, spoilt: bool, reject: Reject) {
        if spoilt && self.spoilt.is_none() {
            self.spoilt = Some(reject);
        }
    }

    fn end(&mut self) -> Option<Result<Bits, Reject>> {
        let bits = core::mem::take(&mut self.bits);
        self.last.take()?;
        Some(self.spoilt.take().map_or(Ok(bits), Err))
    }
}
