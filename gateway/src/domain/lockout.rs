//! Against guessing: a reader at which too many unknown codes or PINs were tried takes none for a while.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::{AccessPointId, Monotonic};

/// How much guessing is too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockoutSettings {
    /// So many unknown codes or PINs are borne.
    pub attempts: usize,
    /// Within this time.
    pub window: Duration,
    /// For how long the reader then takes none.
    pub span: Duration,
}

#[derive(Debug)]
pub(super) struct Lockout {
    settings: LockoutSettings,
    readers: BTreeMap<AccessPointId, Tries>,
}

#[derive(Debug, Default)]
struct Tries {
    unknown: VecDeque<Monotonic>,
    locked_until: Option<Monotonic>,
}

impl Lockout {
    pub(super) fn new(settings: LockoutSettings) -> Self {
        Self {
            settings,
            readers: BTreeMap::new(),
        }
    }

    /// Whether the reader takes no codes and PINs now.
    pub(super) fn is_locked(&self, access_point: AccessPointId, now: Monotonic) -> bool {
        self.readers
            .get(&access_point)
            .and_then(|tries| tries.locked_until)
            .is_some_and(|until| now < until)
    }

    /// Notes an unknown code or PIN. Gives back how many were tried, when this one locks the reader.
    pub(super) fn note_unknown(&mut self, access_point: AccessPointId, now: Monotonic) -> Option<usize> {
        let LockoutSettings {
            attempts,
            window,
            span,
        } = self.settings;
        let tries = self.readers.entry(access_point).or_default();
        tries.unknown.retain(|at| now.since(*at) < window);
        tries.unknown.push_back(now);
        if tries.unknown.len() <= attempts {
            return None;
        }
        let tried = tries.unknown.len();
        tries.unknown.clear();
        tries.locked_until = Some(now + span);
        Some(tried)
    }

    /// For how long a locked reader stays so.
    pub(super) fn span(&self) -> Duration {
        self.settings.span
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_is_locked_after_too_many_unknown_codes_and_opens_again() {
        let mut lockout = Lockout::new(LockoutSettings {
            attempts: 3,
            window: Duration::from_secs(60),
            span: Duration::from_secs(300),
        });
        let (here, there) = (AccessPointId(0), AccessPointId(1));
        let at = |secs| Monotonic(Duration::from_secs(secs));
        for secs in [0, 10, 20] {
            assert_eq!(lockout.note_unknown(here, at(secs)), None);
        }
        // The first one is forgotten by now.
        assert_eq!(lockout.note_unknown(here, at(65)), None);
        assert_eq!(lockout.note_unknown(here, at(66)), Some(4));
        assert!(lockout.is_locked(here, at(365)) && !lockout.is_locked(there, at(100)));
        assert!(!lockout.is_locked(here, at(366)));
    }
}
