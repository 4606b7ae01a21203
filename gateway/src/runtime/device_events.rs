//! What the devices say, as inputs of the core and lines of the log.

use hal::board::{BoardEvent, BoardEventKind, BoardInput};
use hal::input::{InputEvent, InputEventKind};
use hal::{ReaderEvent, ReaderEventKind};
use tracing::{error, info, warn};

use super::controller::Controller;
use super::devices::{BoardSides, InputTask};
use super::presentation;
use crate::clock;
use crate::domain::{AccessPointId, Input, Monotonic};

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
        let (active, initial) = match event.kind {
            InputEventKind::State { active, initial } => (active, initial),
            InputEventKind::Connected => return info!(input = name, "input connected"),
            InputEventKind::Disconnected(ref reason) => {
                return error!(input = name, %reason, "input disconnected: trying to reconnect");
            }
        };
        if let InputTask::Tamper { lane } = task {
            return if active {
                error!(
                    input = name,
                    lane, "tamper contact: somebody meddles with the lane"
                );
            } else {
                warn!(input = name, lane, "tamper contact closed again");
            };
        }
        let awaited = |side| self.core.awaits_passage(side);
        if let Some(input) = contact_input(task, active, initial, awaited) {
            self.core.handle(input, clock::now());
        }
    }

    pub(super) fn board_event(&mut self, event: &BoardEvent) {
        let Some(sides) = self.devices.boards.get(&event.board) else {
            return;
        };
        log_board(&event.board, &sides.lane, &event.kind);
        for input in board_inputs(&event.kind, sides) {
            if let Input::Service {
                access_point,
                working,
            } = input
                && let Some(side) = self.devices.sides.get(access_point.0)
            {
                side.signals.service(working);
            }
            self.core.handle(input, clock::now());
        }
    }
}

/// What the state of an input means for its lane, if something.
fn contact_input(
    task: &InputTask,
    active: bool,
    initial: bool,
    awaited: impl Fn(AccessPointId) -> bool,
) -> Option<Input> {
    // Active when it was connected: nobody saw anybody pass or press.
    let changed = active && !initial;
    match task {
        InputTask::Passage(sides) if changed => {
            // One sensor for both directions: who passes is who was let in.
            let side = sides.iter().find(|side| awaited(**side)).or(sides.first());
            side.map(|access_point| Input::Passed {
                access_point: *access_point,
            })
        }
        InputTask::Button(access_point) if changed => Some(Input::Button {
            access_point: *access_point,
        }),
        InputTask::Fire { lane } => Some(Input::Fire {
            lane: lane.clone(),
            active,
            by_board: false,
        }),
        InputTask::Passage(_) | InputTask::Button(_) | InputTask::Tamper { .. } => None,
    }
}

/// What a board's event means for the lane.
fn board_inputs(event: &BoardEventKind, sides: &BoardSides) -> Vec<Input> {
    let service = |working| {
        let input = move |access_point| Input::Service {
            access_point,
            working,
        };
        sides.all().map(input).collect()
    };
    let at = |side: Option<AccessPointId>, input: fn(AccessPointId) -> Input| {
        side.map(input).into_iter().collect()
    };
    let not_passed = |access_point| Input::NotPassed {
        access_point,
        wrong_way: false,
    };
    match *event {
        BoardEventKind::Online => service(true),
        BoardEventKind::Offline(_) if sides.silence_means_away => service(false),
        BoardEventKind::Offline(_) => Vec::new(),
        BoardEventKind::Passed { way, .. } => {
            at(sides.side(way), |access_point| Input::Passed { access_point })
        }
        BoardEventKind::TimedOut(way) | BoardEventKind::Unknown(way) => at(sides.side(way), not_passed),
        BoardEventKind::WrongWay { way, ended } => {
            at(sides.side(ended.unwrap_or(way.opposite())), |access_point| {
                Input::NotPassed {
                    access_point,
                    wrong_way: true,
                }
            })
        }
        BoardEventKind::Fault { fault, ended } => {
            let mut inputs: Vec<Input> = service(fault.is_none());
            inputs.extend(ended.and_then(|way| sides.side(way)).map(not_passed));
            inputs
        }
        BoardEventKind::Input {
            input,
            active,
            initial,
        } => match input {
            BoardInput::Fire => vec![Input::Fire {
                lane: sides.lane.clone(),
                active,
                by_board: true,
            }],
            BoardInput::Stop => service(!active),
            BoardInput::Button(way) if active && !initial => {
                at(sides.side(way), |access_point| Input::Button { access_point })
            }
            BoardInput::Button(_) | BoardInput::Auxiliary => Vec::new(),
        },
        BoardEventKind::Tamper(_) => Vec::new(),
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
    use hal::board::Way;

    use super::*;

    const SIDES: BoardSides = BoardSides {
        lane: String::new(),
        entry: Some(AccessPointId(0)),
        exit: Some(AccessPointId(1)),
        silence_means_away: true,
    };

    #[test]
    fn who_comes_from_the_other_side_ends_the_grant_that_was_awaited() {
        let wrong_way = |ended| board_inputs(&BoardEventKind::WrongWay { way: Way::Out, ended }, &SIDES);
        let at = |side| {
            vec![Input::NotPassed {
                access_point: AccessPointId(side),
                wrong_way: true,
            }]
        };
        assert_eq!(wrong_way(Some(Way::In)), at(0));
        assert_eq!(wrong_way(None), at(0));
    }

    #[test]
    fn a_fault_and_a_stop_contact_take_both_sides_out_of_service() {
        let stop = BoardEventKind::Input {
            input: BoardInput::Stop,
            active: true,
            initial: true,
        };
        let service = |working| {
            [0, 1].map(|side| Input::Service {
                access_point: AccessPointId(side),
                working,
            })
        };
        assert_eq!(board_inputs(&stop, &SIDES), service(false));
        let mended = BoardEventKind::Fault {
            fault: None,
            ended: None,
        };
        assert_eq!(board_inputs(&mended, &SIDES), service(true));
    }

    #[test]
    fn a_silent_board_takes_its_lane_out_of_service_if_it_would_speak_by_itself() {
        let away = BoardEventKind::Offline(hal::board::BoardAway::Silent {
            device: "port".into(),
        });
        assert_eq!(board_inputs(&away, &SIDES).len(), 2);
        let asked_only = BoardSides {
            silence_means_away: false,
            ..SIDES
        };
        assert_eq!(board_inputs(&away, &asked_only), []);
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
            board_inputs(&button(true, false), &SIDES),
            [Input::Button { access_point }]
        );
        assert_eq!(board_inputs(&button(false, false), &SIDES), []);
        assert_eq!(board_inputs(&button(true, true), &SIDES), []);
    }

    #[test]
    fn an_input_that_is_active_when_it_connects_opens_nothing_and_is_no_passage() {
        let access_point = AccessPointId(1);
        let button = InputTask::Button(access_point);
        let sensor = InputTask::Passage(vec![AccessPointId(0), access_point]);
        let awaited = |side| side == access_point;
        for task in [&button, &sensor] {
            assert_eq!(contact_input(task, true, true, awaited), None, "{task:?}");
            assert_eq!(contact_input(task, false, false, awaited), None, "{task:?}");
        }
        assert_eq!(
            contact_input(&button, true, false, awaited),
            Some(Input::Button { access_point })
        );
        assert_eq!(
            contact_input(&sensor, true, false, awaited),
            Some(Input::Passed { access_point })
        );
        let fire = InputTask::Fire { lane: String::new() };
        assert!(contact_input(&fire, true, true, awaited).is_some());
    }

    #[test]
    fn a_fire_contact_counts_as_it_was_found() {
        let fire = |initial| BoardEventKind::Input {
            input: BoardInput::Fire,
            active: true,
            initial,
        };
        assert_eq!(board_inputs(&fire(true), &SIDES).len(), 1);
        assert_eq!(
            board_inputs(&fire(true), &SIDES),
            board_inputs(&fire(false), &SIDES)
        );
    }
}
