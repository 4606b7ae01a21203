//! What turnstile boards say: passages and their ends for the core, what keeps a lane from working, lines of the log.

use hal::board::{BoardAway, BoardEvent, BoardEventKind, BoardInput};
use tracing::{error, info, warn};

use super::controller::Controller;
use super::devices::{BoardSides, Trouble};
use crate::clock;
use crate::domain::Input;

impl Controller {
    pub(super) fn board_event(&mut self, event: &BoardEvent) {
        let Some(sides) = self.devices.boards.get_mut(&event.board) else {
            return;
        };
        log_board(&event.board, &sides.lane, &event.kind);
        if let BoardEventKind::Online | BoardEventKind::Offline(_) = &event.kind {
            sides.away = match &event.kind {
                BoardEventKind::Offline(reason) => Some(reason.to_string()),
                _ => None,
            };
            let readers = self.devices.readers.iter();
            for (reader, _) in readers.filter(|(_, reader)| reader.board.as_ref() == Some(&event.board)) {
                self.states.at_board(reader, sides.away.is_none());
            }
        }
        let input = board_input(&event.kind, sides);
        let works = sides.note(&event.kind);
        let all = sides.all();
        if let Some(input) = input {
            self.core.handle(input, clock::now());
        }
        if let Some(works) = works {
            all.for_each(|access_point| self.service(access_point, works));
        }
    }
}

impl BoardSides {
    /// Notes what an event tells of the board's troubles; whether the lane works, if that is news.
    fn note(&mut self, event: &BoardEventKind) -> Option<bool> {
        let worked = self.troubles.is_empty();
        let mut set = |trouble, there| {
            if there {
                self.troubles.insert(trouble);
            } else {
                self.troubles.remove(&trouble);
            }
        };
        match event {
            // A fault that lasts is told again.
            BoardEventKind::Online => {
                set(Trouble::Away, false);
                set(Trouble::Fault, false);
            }
            BoardEventKind::Offline(BoardAway::Port(_)) => set(Trouble::Away, true),
            BoardEventKind::Offline(_) => set(Trouble::Away, self.silence_means_away),
            BoardEventKind::Fault { fault, .. } => set(Trouble::Fault, fault.is_some()),
            BoardEventKind::Input {
                input: BoardInput::Stop,
                active,
                ..
            } => set(Trouble::Stop, *active),
            _ => {}
        }
        let works = self.troubles.is_empty();
        (works != worked).then_some(works)
    }
}

/// What a board's event means for who passes.
fn board_input(event: &BoardEventKind, sides: &BoardSides) -> Option<Input> {
    let not_passed = |way| {
        Some(Input::NotPassed {
            access_point: sides.side(way)?,
        })
    };
    match *event {
        BoardEventKind::Passed { way, .. } => Some(Input::Passed {
            access_point: sides.side(way)?,
        }),
        BoardEventKind::TimedOut(way) => not_passed(way),
        BoardEventKind::Unknown(way) => Some(Input::PassageUnknown {
            access_point: sides.side(way)?,
        }),
        BoardEventKind::WrongWay { way, ended } => Some(Input::WrongWay {
            access_point: sides.side(ended.unwrap_or(way.opposite()))?,
            ended: ended.is_some(),
        }),
        BoardEventKind::Fault { ended, .. } => not_passed(ended?),
        BoardEventKind::Input {
            input,
            active,
            initial,
        } => match input {
            BoardInput::Fire => Some(Input::Fire {
                lane: sides.lane.clone(),
                active,
                by_board: true,
            }),
            BoardInput::Button(way) if active && !initial => Some(Input::Button {
                access_point: sides.side(way)?,
            }),
            BoardInput::Button(_) | BoardInput::Stop | BoardInput::Auxiliary => None,
        },
        BoardEventKind::Online | BoardEventKind::Offline(_) | BoardEventKind::Tamper(_) => None,
    }
}

fn log_board(board: &str, lane: &str, event: &BoardEventKind) {
    match event {
        BoardEventKind::Online => info!(board, lane, "turnstile board in service"),
        BoardEventKind::Offline(reason) => {
            error!(board, lane, %reason, "turnstile board out of service: the lane stays shut");
        }
        BoardEventKind::Fault {
            fault: Some(fault), ..
        } => {
            error!(
                board,
                lane,
                ?fault,
                "the turnstile reports a fault: the lane stays shut"
            );
        }
        BoardEventKind::Fault { fault: None, .. } => info!(board, lane, "the turnstile works again"),
        BoardEventKind::Tamper(true) => error!(board, lane, "the housing of the turnstile has been opened"),
        BoardEventKind::Tamper(false) => warn!(board, lane, "the housing of the turnstile is closed again"),
        BoardEventKind::Unknown(_) => {
            warn!(
                board,
                lane, "the board was lost while somebody was let in: nobody knows whether they passed"
            );
        }
        BoardEventKind::Input {
            input: BoardInput::Stop,
            active,
            ..
        } => warn!(board, lane, active, "stop contact"),
        BoardEventKind::Passed { .. }
        | BoardEventKind::TimedOut(_)
        | BoardEventKind::WrongWay { .. }
        | BoardEventKind::Input { .. } => {}
    }
}

#[cfg(test)]
mod tests {
    use hal::board::{Fault, Way};
    use hal::{DisconnectCause, DisconnectReason};

    use super::*;
    use crate::domain::AccessPointId;

    fn sides() -> BoardSides {
        BoardSides {
            entry: Some(AccessPointId(0)),
            exit: Some(AccessPointId(1)),
            ..BoardSides::new("main", true)
        }
    }

    #[test]
    fn who_comes_from_the_other_side_ends_the_grant_that_the_board_names() {
        let wrong_way = |ended| board_input(&BoardEventKind::WrongWay { way: Way::Out, ended }, &sides());
        let at_entry = |ended| {
            Some(Input::WrongWay {
                access_point: AccessPointId(0),
                ended,
            })
        };
        assert_eq!(wrong_way(Some(Way::In)), at_entry(true));
        assert_eq!(wrong_way(None), at_entry(false));
    }

    #[test]
    fn what_nobody_knows_ends_no_grant() {
        let access_point = AccessPointId(0);
        assert_eq!(
            board_input(&BoardEventKind::Unknown(Way::In), &sides()),
            Some(Input::PassageUnknown { access_point })
        );
        assert_eq!(
            board_input(&BoardEventKind::TimedOut(Way::In), &sides()),
            Some(Input::NotPassed { access_point })
        );
    }

    #[test]
    fn a_lane_works_again_when_the_last_of_its_troubles_is_over() {
        let mut sides = sides();
        let stop = |active| BoardEventKind::Input {
            input: BoardInput::Stop,
            active,
            initial: false,
        };
        let fault = |fault| BoardEventKind::Fault { fault, ended: None };
        let away = BoardEventKind::Offline(BoardAway::Silent {
            device: "port".into(),
        });
        assert_eq!(sides.note(&BoardEventKind::Online), None);
        assert_eq!(sides.note(&fault(Some(Fault::SENSOR))), Some(false));
        assert_eq!(sides.note(&stop(true)), None);
        assert_eq!(sides.note(&fault(None)), None);
        assert_eq!(sides.note(&away), None);
        assert_eq!(sides.note(&stop(false)), None);
        assert_eq!(sides.note(&BoardEventKind::Online), Some(true));
        // Whatever was wrong before it was away is told again if it still is.
        assert_eq!(sides.note(&fault(Some(Fault::SENSOR))), Some(false));
        assert_eq!(sides.note(&away), None);
        assert_eq!(sides.note(&BoardEventKind::Online), Some(true));
    }

    #[test]
    fn a_board_that_only_answers_is_not_away_when_it_is_silent() {
        let away = BoardEventKind::Offline(BoardAway::Silent {
            device: "port".into(),
        });
        assert_eq!(sides().note(&away), Some(false));
        let mut asked_only = BoardSides {
            silence_means_away: false,
            ..sides()
        };
        assert_eq!(asked_only.note(&away), None);
        let unplugged = BoardEventKind::Offline(BoardAway::Port(DisconnectReason {
            device: "port".into(),
            cause: DisconnectCause::Unplugged,
        }));
        assert_eq!(asked_only.note(&unplugged), Some(false));
        assert_eq!(asked_only.note(&away), Some(true));
    }

    #[test]
    fn a_button_counts_when_it_is_pressed_and_not_when_it_is_let_go_or_was_found_pressed() {
        let button = |active, initial| BoardEventKind::Input {
            input: BoardInput::Button(Way::Out),
            active,
            initial,
        };
        let access_point = AccessPointId(1);
        assert_eq!(
            board_input(&button(true, false), &sides()),
            Some(Input::Button { access_point })
        );
        assert_eq!(board_input(&button(false, false), &sides()), None);
        assert_eq!(board_input(&button(true, true), &sides()), None);
    }

    #[test]
    fn a_fire_contact_counts_as_it_was_found() {
        let fire = |initial| BoardEventKind::Input {
            input: BoardInput::Fire,
            active: true,
            initial,
        };
        assert!(board_input(&fire(true), &sides()).is_some());
        assert_eq!(
            board_input(&fire(true), &sides()),
            board_input(&fire(false), &sides())
        );
    }
}
