//! Frames without a delimiter, found in a stream of bytes.

use heapless::Vec;

use super::{Report, Reports};

/// The last bytes from the line, as many as the longest frame of a board has, in which a frame is sought. Boards
/// without a delimiter need it: a first byte may also stand inside a frame.
#[derive(Debug, Default)]
pub(super) struct Window<const N: usize>(Vec<u8, N>);

impl<const N: usize> Window<N> {
    /// Forgets what is no frame.
    pub(super) fn clear(&mut self) -> Reports {
        let rejected = (!self.0.is_empty()).then_some(Report::Rejected);
        self.0.clear();
        rejected.into_iter().collect()
    }

    /// Adds a byte and takes out the first frame. `frame` says how many bytes a frame at the front has, `None` if
    /// there cannot be one; `Some` of a length that is not there yet waits for it. Bytes in front of a frame are
    /// passed over and counted as one rejection.
    pub(super) fn feed(
        &mut self,
        byte: u8,
        frame: impl Fn(&[u8]) -> Option<usize>,
    ) -> (Option<Vec<u8, N>>, bool) {
        let mut rejected = false;
        // Full only if a frame claims more than fits, which no `frame` does.
        if self.0.push(byte).is_err() {
            self.0.clear();
            return (None, true);
        }
        while !self.0.is_empty() {
            match frame(&self.0) {
                None => {
                    self.0.remove(0);
                    rejected = true;
                }
                Some(length) => match self.0.get(..length) {
                    None => break,
                    Some(found) => {
                        let found = Vec::from_slice(found).unwrap_or_default();
                        self.0 = self
                            .0
                            .get(length..)
                            .and_then(|rest| Vec::from_slice(rest).ok())
                            .unwrap_or_default();
                        return (Some(found), rejected);
                    }
                },
            }
        }
        (None, rejected)
    }
}
