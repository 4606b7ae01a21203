//! What the person at a side sees and hears: lights, buzzer, a line of text. The reason of a refusal is for the
//! operator; bystanders see no more than they may.

use std::collections::BTreeMap;
use std::time::Duration;

use firmware_protocol::board::message::Indicator as BoardIndicator;
use hal::board::{Board, BoardFeedback, Way};
use hal::display::Display;
use hal::indicator::{Indicator, Pattern};

use crate::domain::texts::{self, Language};
use crate::domain::{DenyReason, Direction, Outcome};

/// How long a board shows what was decided.
const SHOWN: Duration = Duration::from_secs(2);

/// How long a board's buzzer sounds after a refusal.
const BUZZER: Duration = Duration::from_millis(300);

/// What of all that stands at one side.
#[derive(Clone, Debug, Default)]
pub struct Signals {
    /// Lights and a buzzer.
    pub lights: Option<Lights>,
    /// A display.
    pub screen: Option<Screen>,
    /// The board whose own indicator stands here, and the side of it.
    pub board: Option<(Board, Way)>,
}

/// Lights and a buzzer, and what they show when.
#[derive(Clone, Debug)]
pub struct Lights {
    /// The lights.
    pub indicator: Indicator,
    /// Somebody may pass.
    pub granted: Pattern,
    /// Somebody may not pass.
    pub denied: Pattern,
    /// Somebody may not pass, for a reason with a pattern of its own.
    pub by_reason: BTreeMap<DenyReason, Pattern>,
    /// The studio is being asked.
    pub waiting: Pattern,
    /// The side cannot be opened.
    pub out_of_service: Pattern,
}

/// A display.
#[derive(Clone, Debug)]
pub struct Screen {
    /// The display.
    pub display: Display,
    /// How long it shows what was decided.
    pub show: Duration,
    /// The language for those whose own is not known.
    pub language: Language,
}

impl Signals {
    /// Somebody may pass and the lane is open, or may not. `language` is theirs.
    pub(super) fn decided(&self, outcome: Outcome, direction: Direction, language: Option<&str>) {
        if let Some(lights) = &self.lights {
            lights.indicator.play(match outcome {
                Outcome::Granted(_) => &lights.granted,
                Outcome::Denied(DenyReason::OutOfService) => &lights.out_of_service,
                Outcome::Denied(reason) => lights.by_reason.get(&reason).unwrap_or(&lights.denied),
            });
        }
        if let Some(screen) = &self.screen {
            let text = texts::text(outcome, direction, language, screen.language);
            screen.display.show([text], screen.show);
        }
        if let Some((board, way)) = &self.board {
            let granted = matches!(outcome, Outcome::Granted(_));
            board.feedback(BoardFeedback {
                way: *way,
                indicator: if granted {
                    BoardIndicator::Granted
                } else {
                    BoardIndicator::Denied
                },
                shown: SHOWN,
                buzzer: if granted { Duration::ZERO } else { BUZZER },
            });
        }
    }

    /// The studio is being asked.
    pub(super) fn waiting(&self) {
        if let Some(lights) = &self.lights {
            lights.indicator.play(&lights.waiting);
        }
    }

    /// The side can be opened from now on, or cannot.
    pub(super) fn service(&self, working: bool) {
        if let Some(lights) = &self.lights {
            if working {
                lights.indicator.play(&Pattern::default());
            } else {
                lights.indicator.play(&lights.out_of_service);
            }
        }
    }
}
