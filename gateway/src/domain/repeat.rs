//! The repeat filter: a card held at a reader is one presentation.

use std::collections::VecDeque;
use std::time::Duration;

use super::{AccessPointId, Credential, Monotonic};

/// Different credentials remembered of one access point: more than can be presented there within the window. Only a
/// reader gone mad reads more, and it forgets its own oldest ones.
const MOST_SEEN: usize = 64;

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
        // What is older than the window can match nothing any more.
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
        let here = |seen: &Seen| seen.access_point == access_point;
        if self.seen.iter().filter(|seen| here(seen)).count() >= MOST_SEEN
            && let Some(oldest) = self.seen.iter().position(here)
        {
            self.seen.remove(oldest);
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
    fn a_reader_gone_mad_is_held_at_a_bound_and_forgets_nothing_of_another() {
        let mut filter = RepeatFilter::new(Duration::from_secs(2));
        filter.is_repeat(AccessPointId(1), &card("held"), at(0));
        for number in 0..10_000 {
            filter.is_repeat(AccessPointId(0), &card(&number.to_string()), at(1));
        }
        assert_eq!(filter.seen.len(), MOST_SEEN + 1);
        assert!(filter.is_repeat(AccessPointId(1), &card("held"), at(2)));
        assert!(filter.is_repeat(AccessPointId(0), &card("9999"), at(2)));
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
