//! The settings in force, written as a file that can be loaded again. Nothing in it is secret: of keys and tokens
//! the settings know only the place.

mod device;
mod lane;
mod reader;
mod studio;

use std::fmt::{self, Display, Formatter};
use std::path::Path;
use std::time::Duration;

use jiff::civil::Time;

use crate::choice::Choice;
use crate::settings::{GpioLine, Settings};
use crate::{SecretSource, duration};

impl Settings {
    /// The settings in force, defaults filled in, as the text of a configuration file that gives the same
    /// settings.
    #[must_use]
    pub fn effective(&self) -> String {
        Effective(self).to_string()
    }
}

struct Effective<'s>(&'s Settings);

impl Display for Effective<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Settings {
            gateway,
            studio,
            roster,
            delivery,
            decisions,
            lockout,
            zones,
            staff,
            gpio,
            readers,
            relays,
            boards,
            inputs,
            indicators,
            displays,
            lanes,
            log,
        } = self.0;
        writeln!(out, "[gateway]")?;
        setting(out, "device", Text(&gateway.device))?;
        setting(out, "data_dir", Text(&path(&gateway.data_dir)))?;
        setting(out, "clock", Word(gateway.clock))?;

        studio::studio(out, studio)?;

        writeln!(out, "\n[roster]")?;
        setting(out, "enabled", roster.enabled)?;
        setting(out, "interval", Span(roster.interval))?;
        setting(out, "access_codes", roster.access_codes)?;

        studio::delivery(out, delivery)?;

        writeln!(out, "\n[decisions]")?;
        setting(out, "deadline", Span(decisions.deadline))?;
        setting(out, "read_deadline", Span(decisions.read_deadline))?;
        setting(out, "repeat_window", Span(decisions.repeat_window))?;
        setting(out, "fresh", Span(decisions.fresh))?;
        setting(out, "usable", Span(decisions.usable))?;
        setting(out, "unknown", Span(decisions.unknown))?;
        setting(out, "offline", Word(decisions.offline))?;
        setting(out, "offline_limit", Span(decisions.offline_limit))?;

        writeln!(out, "\n[lockout]")?;
        setting(out, "attempts", lockout.attempts)?;
        setting(out, "window", Span(lockout.window))?;
        setting(out, "span", Span(lockout.span))?;

        zones.iter().try_for_each(|zone| lane::zone(out, zone))?;
        staff.iter().try_for_each(|staff| lane::staff(out, staff))?;

        writeln!(out, "\n[gpio]")?;
        setting(out, "backend", Word(gpio.backend))?;
        optional(out, "chip", gpio.chip.as_deref().map(path).as_deref().map(Text))?;

        readers
            .iter()
            .try_for_each(|reader| reader::reader(out, reader))?;
        relays.iter().try_for_each(|relay| device::relay(out, relay))?;
        boards.iter().try_for_each(|board| device::board(out, board))?;
        inputs.iter().try_for_each(|input| device::input(out, input))?;
        indicators
            .iter()
            .try_for_each(|indicator| device::indicator(out, indicator))?;
        displays
            .iter()
            .try_for_each(|display| device::display(out, display))?;
        lanes.iter().try_for_each(|lane| lane::lane(out, lane))?;

        writeln!(out, "\n[log]")?;
        setting(out, "level", Word(log.level))?;
        setting(out, "format", Word(log.format))
    }
}

fn setting(out: &mut Formatter<'_>, name: &str, value: impl Display) -> fmt::Result {
    writeln!(out, "{name} = {value}")
}

fn optional(out: &mut Formatter<'_>, name: &str, value: Option<impl Display>) -> fmt::Result {
    value.map_or(Ok(()), |value| setting(out, name, value))
}

fn path(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// `items` as they are written, in brackets.
fn list<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    format!("[{}]", items.join(", "))
}

/// Text in quotes, escaped as TOML has it.
struct Text<'t>(&'t str);

impl Display for Text<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.write_str("\"")?;
        for character in self.0.chars() {
            match character {
                '"' | '\\' => write!(out, "\\{character}")?,
                control if control.is_control() => write!(out, "\\u{:04X}", u32::from(control))?,
                plain => write!(out, "{plain}")?,
            }
        }
        out.write_str("\"")
    }
}

struct Word<C>(C);

impl<C: Choice> Display for Word<C> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        Text(self.0.word()).fmt(out)
    }
}

/// A duration.
struct Span(Duration);

impl Display for Span {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        Text(&duration::format(self.0)).fmt(out)
    }
}

/// A time of day, without quotes.
struct Clock(Time);

impl Display for Clock {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(out, "{:02}:{:02}", self.0.hour(), self.0.minute())
    }
}

/// Where a secret is kept.
struct Place<'s>(&'s SecretSource);

impl Display for Place<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let (source, place) = match self.0 {
            SecretSource::Credential(name) => ("credential", name.into()),
            SecretSource::File(path) => ("file", path.to_string_lossy()),
            SecretSource::Env(name) => ("env", name.into()),
        };
        write!(out, "{{ {source} = {} }}", Text(&place))
    }
}

struct Line<'l>(&'l GpioLine);

impl Display for Line<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            GpioLine::Name(name) => Text(name).fmt(out),
            GpioLine::Offset { chip, offset } => Text(&format!("{chip}:{offset}")).fmt(out),
        }
    }
}
