//! What turnstile boards say: passages and their ends for the core, what keeps a lane from working, lines of the log.

use hal::board::{BoardEvent, BoardEventKind, BoardInput};
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
        let works = trouble(&event.kind, sides).and_then(|(trouble, there)| sides.note(trouble, there));
        let all = sides.all();
        if let Some(input) = input {
            self.core.handle(input, clock::now());
        }
        if let Some(works) = works {
            all.for_each(|access_point| self.service(access_point, works));
        }
    }
}

/// The trouble of a board that an event tells of, and whether it is there now.
const fn trouble(event: &BoardEventKind, sides: &BoardSides) -> Option<(Trouble, bool)> {
    match event {
        BoardEventKind::Online => Some((Trouble::Away, false)),
        BoardEventKind::Offline(_) if sides.silence_means_away => Some((Trouble::Away, true)),
        BoardEventKind::Fault { fault, .. } => Some((Trouble::Fault, fault.is_some())),
        BoardEventKind::Input {
            input: BoardInput::Stop,
            active,
            ..
        } => Some((Trouble::Stop, *active)),
        _ => None,
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
        BoardEventKind::TimedOut(way) | BoardEventKind::Unknown(way) => not_passed(way),
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
    fn a_lane_works_again_when_the_last_of_its_troubles_is_over() {
        let mut sides = sides();
        let stop = |active| BoardEventKind::Input {
            input: BoardInput::Stop,
            active,
            initial: false,
        };
        let fault = |fault| BoardEventKind::Fault { fault, ended: None };
        let away = BoardEventKind::Offline(hal::board::BoardAway::Silent {
            device: "port".into(),
        });
        let mut works = |event: &BoardEventKind| {
            let (trouble, there) = trouble(event, &sides).unwrap();
            sides.note(trouble, there)
        };
        assert_eq!(works(&BoardEventKind::Online), None);
        assert_eq!(works(&fault(Some(Fault::SENSOR))), Some(false));
        assert_eq!(works(&stop(true)), None);
        assert_eq!(works(&away), None);
        assert_eq!(works(&BoardEventKind::Online), None);
        assert_eq!(works(&fault(None)), None);
        assert_eq!(works(&stop(false)), Some(true));
    }

    #[test]
    fn a_board_that_only_answers_is_not_away_when_it_is_silent() {
        let away = BoardEventKind::Offline(hal::board::BoardAway::Silent {
            device: "port".into(),
        });
        assert!(trouble(&away, &sides()).is_some());
        let asked_only = BoardSides {
            silence_means_away: false,
            ..sides()
        };
        assert_eq!(trouble(&away, &asked_only), None);
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
