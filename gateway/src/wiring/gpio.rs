//! GPIO lines of the settings in the words of the devices.

use std::sync::Arc;

use config::{Active, GpioBackend, GpioLine, Settings};
use hal::gpio::{Backend, Level, OutputLine};

pub(super) fn backend(settings: &Settings) -> Backend {
    match settings.gpio.backend {
        GpioBackend::CharacterDevice => Backend::CharacterDevice,
        GpioBackend::Rppal => Backend::Rppal,
    }
}

/// A line's name as the devices take it: `GPIO17`, or `gpiochip0:17`.
pub(super) fn line(settings: &Settings, line: &GpioLine) -> Arc<str> {
    let chip = settings.gpio.chip.as_ref().and_then(|chip| chip.file_name());
    Arc::from(match (line, chip) {
        (GpioLine::Name(name), Some(chip)) => format!("{}:{name}", chip.to_string_lossy()),
        (GpioLine::Name(name), None) => name.clone(),
        (GpioLine::Offset { chip, offset }, _) => format!("{chip}:{offset}"),
    })
}

pub(super) fn output(settings: &Settings, name: &GpioLine, active: Active) -> OutputLine {
    OutputLine {
        backend: backend(settings),
        line: line(settings, name),
        active: level(active),
    }
}

pub(super) fn level(active: Active) -> Level {
    match active {
        Active::High => Level::High,
        Active::Low => Level::Low,
    }
}
