//! The inputs of the settings as running tasks, and what each is there for.

use std::collections::BTreeMap;
use std::sync::Arc;

use config::{Active, InputKind, Settings};
use hal::gpio::Pull;
use hal::input::{GpioInput, InputEvent, gpio_input};
use hal::simulated::SimulatedInput;
use tokio::sync::mpsc;

use super::{Simulated, gpio, rules};
use crate::domain::AccessPointId;
use crate::runtime::{InputTask, Stop, Supervisor};

/// Starts the inputs; gives what each is there for.
pub(super) fn start(
    settings: &Settings,
    stop: &Stop,
    events: &mpsc::Sender<InputEvent>,
    supervisor: &mut Supervisor,
    simulated: &mut Simulated,
) -> BTreeMap<Arc<str>, InputTask> {
    for input in &settings.inputs {
        let name: Arc<str> = Arc::from(input.name.as_str());
        match &input.kind {
            InputKind::Gpio(line) => {
                let watched = GpioInput {
                    name,
                    backend: gpio::backend(settings),
                    line: gpio::line(&settings.gpio, &line.line),
                    active: gpio::level(line.active),
                    // A contact closes to its active level; the chip's resistor holds the other one.
                    pull: match line.active {
                        Active::High => Pull::Down,
                        Active::Low => Pull::Up,
                    },
                    debounce: line.debounce,
                };
                let task = gpio_input(watched, events.clone());
                supervisor.spawn_until(stop, format!("input {}", input.name), task);
            }
            InputKind::Simulated => {
                let control = SimulatedInput::new(name, events.clone());
                simulated.inputs.insert(input.name.clone(), control);
            }
        }
    }
    tasks(settings)
}

fn tasks(settings: &Settings) -> BTreeMap<Arc<str>, InputTask> {
    let mut tasks: BTreeMap<Arc<str>, InputTask> = BTreeMap::new();
    for (position, (lane, _, side)) in (0..).zip(rules::sides(settings)) {
        let access_point = AccessPointId(position);
        if let Some(sensor) = &side.passage_sensor {
            let task = tasks
                .entry(Arc::from(sensor.as_str()))
                .or_insert_with(|| InputTask::Passage(Vec::new()));
            if let InputTask::Passage(sides) = task {
                sides.push(access_point);
            }
        }
        let lane = lane.name.clone();
        if let Some(button) = &side.button {
            tasks.insert(Arc::from(button.as_str()), InputTask::Button(access_point));
        }
        if let Some(tamper) = &side.tamper {
            tasks.insert(Arc::from(tamper.as_str()), InputTask::Tamper { lane });
        }
    }
    for lane in &settings.lanes {
        if let Some(fire) = &lane.fire_contact {
            let lane = lane.name.clone();
            tasks.insert(Arc::from(fire.as_str()), InputTask::Fire { lane });
        }
    }
    tasks
}
