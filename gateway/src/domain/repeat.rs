//! The repeat filter: a card held at a reader is one presentation.

use std::collections::VecDeque;
use std::time::Duration;

use super::{AccessPointId, Credential, Monotonic};

/// Remembers what was last seen where. A credential is the same presentation until `window` after it was last
/// seen, so the filter slides while a card stays at the reader.
#[derive(Debug)]
pub(super) struct RepeatFilter {
    window: Duration,
    seen: VecDeque<Seen>,
}

#[derive(Debug)]
struct Seen {
    access_point: AccessPointId,
    credential: Credential,
    at: Monotonic,
}

impl RepeatFilter {
    pub(super) fn new(window: Duration) -> Self {
        Self {
            window,
            seen: VecDeque::new(),
        }
    }

    /// Whether this read belongs to a presentation that was already handled. Notes the read either way.
    pub(super) fn is_repeat(
        &mut self,
        access_point: AccessPointId,
        credential: &Credential,
        at: Monotonic,
    ) -> bool {
        // What is older than the window can match nothing any more, so the list is as long as the reads of one
        // window and no longer.
        let window = self.window;
        self.seen.retain(|seen| at.since(seen.at) < window);
        let known = self
            .seen
            .iter_mut()
            .find(|seen| seen.access_point == access_point && seen.credential == *credential);
        if let Some(seen) = known {
            seen.at = seen.at.max(at);
            return true;
        }
        self.seen.push_back(Seen {
            access_point,
            credential: credential.clone(),
            at,
        });
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(digits: &str) -> Credential {
        Credential::Code(digits.to_owned())
    }

    fn at(millis: u64) -> Monotonic {
        Monotonic(Duration::from_millis(millis))
    }

    #[test]
    fn a_card_held_at_the_reader_is_one_presentation_until_it_was_gone_for_the_window() {
        let mut filter = RepeatFilter::new(Duration::from_secs(2));
        let here = AccessPointId(0);
        assert!(!filter.is_repeat(here, &card("1"), at(0)));
        for millis in (500..6_000).step_by(500) {
            assert!(filter.is_repeat(here, &card("1"), at(millis)), "{millis} ms");
        }
        assert!(!filter.is_repeat(here, &card("1"), at(7_500)));
    }

    #[test]
    fn another_card_and_another_access_point_always_pass() {
        let mut filter = RepeatFilter::new(Duration::from_secs(2));
        assert!(!filter.is_repeat(AccessPointId(0), &card("1"), at(0)));
        assert!(!filter.is_repeat(AccessPointId(0), &card("2"), at(1)));
        assert!(!filter.is_repeat(AccessPointId(1), &card("1"), at(2)));
        assert!(filter.is_repeat(AccessPointId(0), &card("1"), at(3)));
    }
}
