//! One log line when the studio stops answering and one when it answers again, with the count between.

use std::sync::atomic::{AtomicU64, Ordering};

use tracing::{error, info, warn};

use crate::studio::StudioError;

/// Failed questions since the studio last answered.
#[derive(Debug, Default)]
pub(super) struct Outage(AtomicU64);

impl Outage {
    pub(super) fn note(&self, error: &StudioError) {
        if self.0.fetch_add(1, Ordering::Relaxed) > 0 {
            return;
        }
        match error {
            StudioError::Unauthorised { .. } | StudioError::Forbidden { .. } => {
                error!(%error, "the studio refuses the API key: deciding from what is known");
            }
            _ => warn!(%error, "the studio does not answer: deciding from what is known"),
        }
    }

    pub(super) fn over(&self) {
        let failed = self.0.swap(0, Ordering::Relaxed);
        if failed > 0 {
            info!(failed, "the studio answers again");
        }
    }
}
