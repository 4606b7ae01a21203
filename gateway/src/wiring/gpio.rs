//! GPIO lines of the settings in the words of the devices.

use std::sync::Arc;

use config::{Active, Gpio, GpioBackend, GpioLine, Settings};
use hal::gpio::{Backend, Level, OutputLine};

pub(super) fn backend(settings: &Settings) -> Backend {
    match settings.gpio.backend {
        GpioBackend::CharacterDevice => Backend::CharacterDevice,
        GpioBackend::Rppal => Backend::Rppal,
    }
}

/// A line's name as the devices take it: `GPIO17`, `gpiochip0:GPIO17` or `gpiochip0:17`.
pub(super) fn line(gpio: &Gpio, line: &GpioLine) -> Arc<str> {
    Arc::from(match (line, &gpio.chip) {
        (GpioLine::Name(name), Some(chip)) => {
            let chip = chip.strip_prefix("/dev").unwrap_or(chip);
            format!("{}:{name}", chip.display())
        }
        (GpioLine::Name(name), None) => name.clone(),
        (GpioLine::Offset { chip, offset }, _) => format!("{chip}:{offset}"),
    })
}

pub(super) fn output(settings: &Settings, name: &GpioLine, active: Active) -> OutputLine {
    OutputLine {
        backend: backend(settings),
        line: line(&settings.gpio, name),
        active: level(active),
    }
}

pub(super) fn level(active: Active) -> Level {
    match active {
        Active::High => Level::High,
        Active::Low => Level::Low,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chip_of_the_settings_holds_for_the_lines_that_are_given_by_name() {
        let name = GpioLine::Name("GPIO17".to_owned());
        let offset = GpioLine::Offset {
            chip: "gpiochip1".to_owned(),
            offset: 4,
        };
        for (chip, by_name) in [
            (None, "GPIO17"),
            (Some("/dev/gpiochip0"), "gpiochip0:GPIO17"),
            (Some("/run/gpio/main"), "/run/gpio/main:GPIO17"),
        ] {
            let gpio = Gpio {
                chip: chip.map(Into::into),
                ..Gpio::default()
            };
            assert_eq!(&*line(&gpio, &name), by_name);
            assert_eq!(&*line(&gpio, &offset), "gpiochip1:4");
        }
    }
}
