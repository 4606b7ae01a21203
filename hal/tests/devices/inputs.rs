//! Simulated inputs obey the rules of the real ones. Those on GPIO lines are in the tests of their own, `gpio`.

use std::sync::Arc;
use std::time::Duration;

use hal::DisconnectCause;
use hal::gpio::{Backend, Level, Pull};
use hal::input::{GpioInput, InputEvent, InputEventKind, gpio_input};
use hal::simulated::SimulatedInput;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::port::PATIENCE;

const fn state(active: bool, initial: bool) -> InputEventKind {
    InputEventKind::State { active, initial }
}

async fn next(events: &mut mpsc::Receiver<InputEvent>) -> InputEventKind {
    timeout(PATIENCE, events.recv()).await.unwrap().unwrap().kind
}

#[tokio::test]
async fn an_input_tells_its_state_as_the_first_when_it_is_plugged_in_and_each_change_once() {
    let (sender, mut events) = mpsc::channel(16);
    let mut input = SimulatedInput::new(Arc::from("passage"), sender);
    input.set(true).await;
    assert!(
        events.is_empty(),
        "an input that is not plugged in says something"
    );
    input.plug_in().await;
    assert_eq!(next(&mut events).await, InputEventKind::Connected);
    assert_eq!(next(&mut events).await, state(true, true));
    input.set(true).await;
    input.set(false).await;
    assert_eq!(next(&mut events).await, state(false, false));
    input.set(true).await;
    assert_eq!(next(&mut events).await, state(true, false));
    input.unplug().await;
    assert!(
        matches!(next(&mut events).await, InputEventKind::Disconnected(reason) if reason.cause == DisconnectCause::Unplugged)
    );
    input.plug_in().await;
    assert_eq!(next(&mut events).await, InputEventKind::Connected);
    assert_eq!(
        next(&mut events).await,
        state(true, true),
        "held while it was unplugged: no change that anybody saw"
    );
}

/// By rppal too, whatever machine this runs on: a line has no such name on any of them.
#[tokio::test]
async fn an_input_on_a_line_that_is_not_there_says_so_and_goes_on_trying() {
    for backend in [Backend::CharacterDevice, Backend::Rppal] {
        let (sender, mut events) = mpsc::channel(16);
        let input = GpioInput {
            name: Arc::from("passage"),
            backend,
            line: Arc::from("no such line"),
            active: Level::Low,
            pull: Pull::Up,
            debounce: Duration::ZERO,
        };
        let task = tokio::spawn(gpio_input(input, sender));
        let InputEventKind::Disconnected(reason) = next(&mut events).await else {
            panic!("it is watched");
        };
        let expected = [
            DisconnectCause::NoGpioChip,
            DisconnectCause::NoSuchLine,
            DisconnectCause::PermissionDenied { group: "gpio" },
        ];
        assert!(expected.contains(&reason.cause), "{reason}");
        assert!(!task.is_finished());
    }
}
