//! The indicators and displays of the settings as running tasks.

use std::collections::BTreeMap;
use std::sync::Arc;

use config::{DisplayKind, IndicatorKind, Settings};
use hal::display::{Display, SerialDisplay, serial_display};
use hal::indicator::{GpioIndicator, Indicator, Lit, Pattern, Step, gpio_indicator, shown_indicator};
use hal::serial::PortSettings;
use hal::simulated::{simulated_display, simulated_indicator};

use super::{Simulated, gpio, osdp, rules};
use crate::domain::DenyReason;
use crate::domain::texts::Language;
use crate::runtime::{Lights, Opener, Screen, Signals, Stop, Supervisor};

/// Lines of a display; the texts of decisions need no more.
const ROWS: usize = 2;

/// Starts indicators and displays; gives what stands at each side, by position of the access point.
pub(super) fn start(
    settings: &Settings,
    openers: &[Opener],
    stop: &Stop,
    supervisor: &mut Supervisor,
    osdp: &mut osdp::Lights,
    simulated: &mut Simulated,
) -> Vec<Signals> {
    let lights = lights(settings, stop, supervisor, osdp, simulated);
    let screens = screens(settings, stop, supervisor, simulated);
    rules::sides(settings)
        .zip(openers)
        .map(|((_, _, side), opener)| Signals {
            lights: side.indicator.as_ref().and_then(|name| lights.get(name).cloned()),
            screen: side.display.as_ref().and_then(|name| screens.get(name).cloned()),
            board: match opener {
                Opener::Board { board, way } if board.kind().has_feedback() => Some((board.clone(), *way)),
                Opener::Board { .. } | Opener::Relay(_) => None,
            },
        })
        .collect()
}

fn lights(
    settings: &Settings,
    stop: &Stop,
    supervisor: &mut Supervisor,
    osdp: &mut osdp::Lights,
    simulated: &mut Simulated,
) -> BTreeMap<String, Lights> {
    let mut lights = BTreeMap::new();
    for described in &settings.indicators {
        let name: Arc<str> = Arc::from(described.name.as_str());
        let task_name = format!("indicator {name}");
        let indicator: Indicator = match &described.kind {
            IndicatorKind::Gpio(lines) => {
                let output = |line: &Option<config::GpioLine>| {
                    line.as_ref()
                        .map(|line| gpio::output(settings, line, lines.active))
                };
                let lamps = GpioIndicator {
                    name,
                    green: output(&lines.green),
                    red: output(&lines.red),
                    buzzer: output(&lines.buzzer),
                };
                let (indicator, task) = gpio_indicator(lamps, stop.clone().wished());
                supervisor.spawn(task_name, task);
                indicator
            }
            IndicatorKind::Osdp { reader } => {
                let (indicator, task) = shown_indicator(name, osdp.of(reader), stop.clone().wished());
                supervisor.spawn(task_name, task);
                indicator
            }
            IndicatorKind::Simulated => {
                let (indicator, control, task) = simulated_indicator(name, stop.clone().wished());
                supervisor.spawn(task_name, task);
                simulated.indicators.insert(described.name.clone(), control);
                indicator
            }
        };
        lights.insert(
            described.name.clone(),
            with_patterns(indicator, &described.patterns),
        );
    }
    lights
}

fn with_patterns(indicator: Indicator, patterns: &config::Patterns) -> Lights {
    let by_reason = |(reason, steps): (&String, &config::Pattern)| {
        let reason = DenyReason::ALL
            .into_iter()
            .find(|known| known.log_value() == reason)?;
        Some((reason, pattern(steps)))
    };
    Lights {
        indicator,
        granted: pattern(&patterns.granted),
        denied: pattern(&patterns.denied),
        by_reason: patterns.by_reason.iter().filter_map(by_reason).collect(),
        waiting: pattern(&patterns.waiting).repeated(),
        out_of_service: pattern(&patterns.out_of_service).repeated(),
    }
}

fn pattern(steps: &config::Pattern) -> Pattern {
    let step = |step: &config::Step| Step {
        lit: Lit {
            green: step.on.green,
            red: step.on.red,
            buzzer: step.on.buzzer,
        },
        time: step.time,
    };
    Pattern::from(steps.steps.iter().map(step).collect::<Vec<_>>())
}

fn screens(
    settings: &Settings,
    stop: &Stop,
    supervisor: &mut Supervisor,
    simulated: &mut Simulated,
) -> BTreeMap<String, Screen> {
    let language = settings.studio.language.as_deref().and_then(Language::by_code);
    let mut screens = BTreeMap::new();
    for described in &settings.displays {
        let name: Arc<str> = Arc::from(described.name.as_str());
        let task_name = format!("display {name}");
        let idle = vec![described.idle.clone()];
        let display: Display = match &described.kind {
            DisplayKind::Serial(serial) => {
                let line = SerialDisplay {
                    name,
                    port: PortSettings {
                        baud: serial.baud,
                        ..PortSettings::new(&serial.port)
                    },
                    columns: usize::from(described.columns),
                    rows: ROWS,
                    clear: serial.clear.as_bytes().into(),
                    idle,
                };
                let (display, task) = serial_display(line, stop.clone().wished());
                supervisor.spawn(task_name, task);
                display
            }
            DisplayKind::Simulated => {
                let (display, control, task) = simulated_display(name, idle, stop.clone().wished());
                supervisor.spawn(task_name, task);
                simulated.displays.insert(described.name.clone(), control);
                display
            }
        };
        let screen = Screen {
            display,
            show: described.show,
            language: language.unwrap_or(Language::En),
        };
        screens.insert(described.name.clone(), screen);
    }
    screens
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_know_every_reason_by_its_log_value() {
        let reasons = DenyReason::ALL.map(DenyReason::log_value);
        let mut named = config::DENY_REASONS.to_vec();
        let mut known = reasons.to_vec();
        named.sort_unstable();
        known.sort_unstable();
        assert_eq!(named, known);
    }
}
