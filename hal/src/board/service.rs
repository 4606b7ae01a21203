//! Whether a board can be used: what follows from the state of its line and from whether its protocol hears it.

use std::sync::Arc;
use std::time::Duration;

use firmware_protocol::board::OfflineReason;
use firmware_protocol::board::host::OFFLINE_AFTER;

use super::BoardAway;
use crate::connection::{DisconnectCause, DisconnectReason};

/// Whether a board can be used, and what was told of it.
pub(super) struct Service {
    device: Arc<str>,
    /// Since when the line is open, or why it is not.
    line: Result<Duration, DisconnectReason>,
    /// Whether the protocol hears the board; if not, why. None until that is known.
    board: Option<Result<(), OfflineReason>>,
    /// The protocol's count of refused frames, now and when the board was last lost or sought.
    rejected: u32,
    rejected_before: u32,
    /// What the gateway was told last.
    told: Option<Result<(), BoardAway>>,
}

impl Service {
    pub(super) fn new(device: Arc<str>) -> Self {
        let not_yet = DisconnectReason {
            device: device.clone(),
            cause: DisconnectCause::NotOpenedYet,
        };
        Self {
            device,
            line: Err(not_yet),
            board: None,
            rejected: 0,
            rejected_before: 0,
            told: None,
        }
    }

    pub(super) fn line_opened(&mut self, now: Duration) {
        self.line = Ok(now);
        self.rejected_before = self.rejected;
        if self.board != Some(Ok(())) {
            self.board = None;
        }
    }

    pub(super) fn line_lost(&mut self, reason: DisconnectReason) {
        self.line = Err(reason);
    }

    pub(super) fn heard(&mut self) {
        self.board = Some(Ok(()));
    }

    pub(super) fn lost(&mut self, reason: OfflineReason) {
        self.board = Some(Err(reason));
        self.rejected_before = self.rejected;
    }

    /// The protocol has refused so many frames.
    pub(super) fn rejected(&mut self, count: u32) {
        self.rejected = count;
    }

    /// Why the line is not open.
    pub(super) fn line(&self) -> Result<(), BoardAway> {
        match &self.line {
            Ok(_) => Ok(()),
            Err(reason) => Err(BoardAway::Port(reason.clone())),
        }
    }

    /// Why a board that is not heard is not.
    pub(super) fn away(&self) -> BoardAway {
        let device = self.device.clone();
        match self.line() {
            Err(away) => away,
            Ok(()) if self.board == Some(Err(OfflineReason::Rebooted)) => BoardAway::Restarted { device },
            Ok(()) if self.rejected != self.rejected_before => BoardAway::Garbled { device },
            Ok(()) => BoardAway::Silent { device },
        }
    }

    /// When a board that says nothing on a line that was just opened is given up.
    pub(super) fn deadline(&self) -> Option<Duration> {
        let since = self.line.as_ref().ok()?;
        self.board.is_none().then(|| since.saturating_add(OFFLINE_AFTER))
    }

    /// Whether the board can be used, if that differs from what was told last.
    pub(super) fn news(&mut self, now: Duration) -> Option<Result<(), BoardAway>> {
        if self.deadline().is_some_and(|deadline| deadline <= now) {
            self.board = Some(Err(OfflineReason::Silent));
        }
        let service = match (&self.line, self.board) {
            (Err(reason), _) if reason.cause == DisconnectCause::NotOpenedYet => return None,
            (Ok(_), None) => return None,
            (Ok(_), Some(Ok(()))) => Ok(()),
            (Ok(_), Some(Err(_))) | (Err(_), _) => Err(self.away()),
        };
        if self.told.as_ref() == Some(&service) {
            return None;
        }
        self.told = Some(service.clone());
        Some(service)
    }
}
