//! What the devices say, as inputs of the core and lines of the log.

use hal::board::{BoardEvent, BoardEventKind, BoardInput};
use hal::input::{InputEvent, InputEventKind};
use hal::{ReaderEvent, ReaderEventKind};
use tracing::{error, info, warn};

use super::controller::Controller;
use super::devices::{BoardSides, InputTask, Trouble};
use super::presentation;
use super::relay_states::RelayEvent;
use crate::clock;
use crate::domain::{AccessPoint, Input, Monotonic};

impl Controller {
    pub(super) fn reader_event(&mut self, event: ReaderEvent) {
        let Some(reader) = self.devices.readers.get(&event.reader) else {
            return;
        };
        let name = &*event.reader;
        match event.kind {
            ReaderEventKind::Read(reading) => {
                match presentation::credential(&reading, reader.content, reader.number) {
                    Ok(Some(credential)) => {
                        self.states.read(name);
                        let window = self.core.settings().decisions.repeat_window;
                        let Some(credential) = self.states.not_awaited(name, credential, event.at, window)
                        else {
                            return;
                        };
                        let read = Input::Read {
                            access_point: reader.access_point,
                            staff: self.staff.name_of(&credential),
                            credential,
                            at: Monotonic(event.at),
                        };
                        self.core.handle(read, clock::now());
                    }
                    Ok(None) => {}
                    Err(reason) => {
                        self.states.rejected(name);
                        self.rejections.note(name, &reason.to_string(), event.at);
                    }
                }
            }
            ReaderEventKind::Rejected(reason) => {
                self.states.rejected(name);
                self.rejections.note(name, &reason.to_string(), event.at);
            }
            ReaderEventKind::Connected => {
                self.states.connected(name);
                info!(reader = name, "reader connected");
            }
            ReaderEventKind::Disconnected(reason) => {
                self.states.disconnected(name, &reason.to_string());
                warn!(reader = name, %reason, "reader disconnected: trying to reconnect");
            }
            ReaderEventKind::Noisy => {
                self.states
                    .disconnected(name, "noisy: most of what it sends is no use");
                error!(
                    reader = name,
                    "noisy reader: check its cable, its shielding and its settings"
                );
            }
            ReaderEventKind::NoiseEnded => {
                self.states.connected(name);
                info!(reader = name, "the reader is no longer noisy");
            }
            ReaderEventKind::Silent => {
                self.states.disconnected(name, "silent: it gives no sign of life");
                error!(
                    reader = name,
                    "silent reader: it gives no sign of life, check its power"
                );
            }
            ReaderEventKind::SilenceEnded => {
                self.states.connected(name);
                info!(reader = name, "the reader gives signs of life again");
            }
        }
    }

    pub(super) fn input_event(&mut self, event: &InputEvent) {
        let Some(task) = self.devices.inputs.get(&event.input) else {
            return;
        };
        let name = &*event.input;
        let active = match &event.kind {
            InputEventKind::Active => true,
            InputEventKind::Inactive => false,
            InputEventKind::Connected => return info!(input = name, "input connected"),
            InputEventKind::Disconnected(reason) => {
                return error!(input = name, %reason, "input disconnected: trying to reconnect");
            }
        };
        let input = match task {
            InputTask::Passage(sides) if active => {
                // One sensor for both directions: who passes is who was let in.
                let awaited = sides.iter().find(|side| self.core.awaits_passage(**side));
                let Some(access_point) = awaited.or(sides.first()).copied() else {
                    return;
                };
                Input::Passed { access_point }
            }
            InputTask::Button(access_point) if active => Input::Button {
                access_point: *access_point,
            },
            InputTask::Fire { lane } => Input::Fire {
                lane: lane.clone(),
                active,
                by_board: false,
            },
            InputTask::Tamper { lane } if active => {
                return error!(
                    input = name,
                    lane, "tamper contact: somebody meddles with the lane"
                );
            }
            InputTask::Tamper { lane } => return warn!(input = name, lane, "tamper contact closed again"),
            InputTask::Passage(_) | InputTask::Button(_) => return,
        };
        self.core.handle(input, clock::now());
    }

    pub(super) fn relay_event(&mut self, event: RelayEvent) {
        let side = self.core.settings().access_points.get(event.access_point.0);
        if let Some(AccessPoint { lane, direction, .. }) = side {
            if event.working {
                info!(lane, %direction, "the lane works: its relay can be switched");
            } else {
                error!(lane, %direction, "the lane is out of service: its relay is away");
            }
        }
        self.service(event.access_point, event.working);
    }

    pub(super) fn board_event(&mut self, event: &BoardEvent) {
        let Some(sides) = self.devices.boards.get_mut(&event.board) else {
            return;
        };
        log_board(&event.board, &sides.lane, &event.kind);
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
        BoardEventKind::Offline(_) if sides.silence_counts => Some((Trouble::Away, true)),
        BoardEventKind::Fault { fault, .. } => Some((Trouble::Fault, fault.is_some())),
        BoardEventKind::Input {
            input: BoardInput::Stop,
            active,
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
        BoardEventKind::Input { input, active } => match input {
            BoardInput::Fire => Some(Input::Fire {
                lane: sides.lane.clone(),
                active,
                by_board: true,
            }),
            BoardInput::Button(way) if active => Some(Input::Button {
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
            silence_counts: false,
            ..sides()
        };
        assert_eq!(trouble(&away, &asked_only), None);
    }

    #[test]
    fn a_button_counts_when_it_is_pressed_and_not_when_it_is_let_go() {
        let button = |active| BoardEventKind::Input {
            input: BoardInput::Button(Way::Out),
            active,
        };
        let access_point = AccessPointId(1);
        assert_eq!(
            board_input(&button(true), &sides()),
            Some(Input::Button { access_point })
        );
        assert_eq!(board_input(&button(false), &sides()), None);
    }
}
