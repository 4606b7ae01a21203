//! One log line when the studio stops answering and one when it answers again, with the count between; and what can be
//! said of it meanwhile.

use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tracing::{error, info, warn};

use crate::clock;
use crate::studio::StudioError;

/// The studio as it was last seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StudioSeen {
    /// When it last answered.
    pub answered: Option<Timestamp>,
    /// Since when it has not answered; none while it does.
    pub silent_since: Option<Timestamp>,
    /// Questions that it has not answered since then.
    pub failed: u64,
}

/// Failed questions since the studio last answered.
#[derive(Debug, Default)]
pub(super) struct Outage(Mutex<StudioSeen>);

impl Outage {
    pub(super) fn seen(&self) -> StudioSeen {
        *self.lock()
    }

    pub(super) fn note(&self, error: &StudioError) {
        {
            let mut seen = self.lock();
            seen.failed += 1;
            if seen.failed > 1 {
                return;
            }
            seen.silent_since = Some(clock::wall());
        }
        match error {
            StudioError::Unauthorised { .. } | StudioError::Forbidden { .. } => {
                error!(%error, "the studio refuses the API key: deciding from what is known");
            }
            _ => warn!(%error, "the studio does not answer: deciding from what is known"),
        }
    }

    pub(super) fn over(&self) {
        let now = StudioSeen {
            answered: Some(clock::wall()),
            ..StudioSeen::default()
        };
        let failed = std::mem::replace(&mut *self.lock(), now).failed;
        if failed > 0 {
            info!(failed, "the studio answers again");
        }
    }

    /// Held for moments only.
    fn lock(&self) -> MutexGuard<'_, StudioSeen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
