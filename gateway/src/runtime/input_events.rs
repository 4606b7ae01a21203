//! What contacts say: passages, buttons, fire and tamper.

use hal::input::{InputEvent, InputEventKind};
use tracing::{error, info, warn};

use super::controller::Controller;
use super::devices::InputTask;
use crate::clock;
use crate::domain::{AccessPointId, Input};

impl Controller {
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
            if active {
                error!(
                    input = name,
                    lane, "tamper contact: somebody meddles with the lane"
                );
            } else if !initial {
                warn!(input = name, lane, "tamper contact closed again");
            }
            return;
        }
        let awaited = |side| self.core.awaits_passage(side);
        if let Some(input) = contact_input(task, active, initial, awaited) {
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
