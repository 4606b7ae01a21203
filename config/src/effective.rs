//! The settings in force, written as a file that can be loaded again. Nothing in it is secret: of the API key
//! the settings know only the place.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use crate::choice::Choice;
use crate::settings::{AccessPoint, Lane, Reader, ReaderKind, Relay, RelayKind, RequiredBenefits, Settings};
use crate::{ApiKeySource, duration};

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
            decisions,
            readers,
            relays,
            lanes,
            log,
        } = self.0;
        writeln!(out, "[gateway]")?;
        setting(out, "device", Text(&gateway.device))?;
        setting(out, "data_dir", Text(&gateway.data_dir.to_string_lossy()))?;

        writeln!(out, "\n[studio]")?;
        setting(
            out,
            "base_url",
            Text(studio.base_url.as_str().trim_end_matches('/')),
        )?;
        setting(
            out,
            "time_zone",
            Text(studio.time_zone.iana_name().unwrap_or("UTC")),
        )?;
        let (source, place) = match &studio.api_key {
            ApiKeySource::Credential(name) => ("credential", name.into()),
            ApiKeySource::File(path) => ("file", path.to_string_lossy()),
            ApiKeySource::Env(name) => ("env", name.into()),
        };
        writeln!(out, "api_key = {{ {source} = {} }}", Text(&place))?;
        setting(out, "card_number_format", Word(studio.card_number_format))?;
        setting(out, "check_in_path", Text(&studio.check_in_path))?;
        setting(out, "timeout", Time(studio.timeout))?;
        if let Some(language) = &studio.language {
            setting(out, "language", Text(language))?;
        }

        writeln!(out, "\n[decisions]")?;
        setting(out, "deadline", Time(decisions.deadline))?;
        setting(out, "read_deadline", Time(decisions.read_deadline))?;
        setting(out, "repeat_window", Time(decisions.repeat_window))?;
        setting(out, "fresh", Time(decisions.fresh))?;
        setting(out, "usable", Time(decisions.usable))?;
        setting(out, "unknown", Time(decisions.unknown))?;
        setting(out, "offline", Word(decisions.offline))?;
        setting(out, "offline_limit", Time(decisions.offline_limit))?;

        readers.iter().try_for_each(|reader| write_reader(out, reader))?;
        relays.iter().try_for_each(|relay| write_relay(out, relay))?;
        lanes.iter().try_for_each(|lane| write_lane(out, lane))?;

        writeln!(out, "\n[log]")?;
        setting(out, "level", Word(log.level))?;
        setting(out, "format", Word(log.format))
    }
}

fn write_reader(out: &mut Formatter<'_>, reader: &Reader) -> fmt::Result {
    writeln!(out, "\n[[reader]]")?;
    setting(out, "name", Text(&reader.name))?;
    let serial = match &reader.kind {
        ReaderKind::Simulated => return setting(out, "kind", Text("simulated")),
        ReaderKind::Serial(serial) => serial,
    };
    setting(out, "kind", Text("serial"))?;
    setting(out, "port", Text(&serial.port.to_string_lossy()))?;
    setting(out, "format", Text(&serial.format))?;
    if let Some(content) = serial.content {
        setting(out, "content", Word(content))?;
    }
    setting(out, "baud", serial.line.baud)?;
    setting(out, "data_bits", serial.line.data_bits)?;
    setting(out, "parity", Word(serial.line.parity))?;
    setting(out, "stop_bits", serial.line.stop_bits)
}

fn write_relay(out: &mut Formatter<'_>, relay: &Relay) -> fmt::Result {
    writeln!(out, "\n[[relay]]")?;
    setting(out, "name", Text(&relay.name))?;
    let board = match &relay.kind {
        RelayKind::Simulated => return setting(out, "kind", Text("simulated")),
        RelayKind::UsbRelay(board) => board,
    };
    setting(out, "kind", Text("usb-relay"))?;
    setting(out, "port", Text(&board.port.to_string_lossy()))?;
    setting(out, "channel", board.channel)?;
    setting(out, "baud", board.baud)
}

fn write_lane(out: &mut Formatter<'_>, lane: &Lane) -> fmt::Result {
    writeln!(out, "\n[[lane]]")?;
    setting(out, "name", Text(&lane.name))?;
    for (side, access_point) in [("entry", &lane.entry), ("exit", &lane.exit)] {
        if let Some(access_point) = access_point {
            writeln!(out, "[lane.{side}]")?;
            write_access_point(out, access_point)?;
        }
    }
    Ok(())
}

fn write_access_point(out: &mut Formatter<'_>, access_point: &AccessPoint) -> fmt::Result {
    setting(out, "reader", Text(&access_point.reader))?;
    setting(out, "relay", Text(&access_point.relay))?;
    setting(out, "pulse", Time(access_point.pulse))?;
    setting(out, "passage_time", Time(access_point.passage_time))?;
    let benefits = match &access_point.required_benefits {
        RequiredBenefits::None => None,
        RequiredBenefits::All(keys) => Some(("all", keys)),
        RequiredBenefits::Any(keys) => Some(("any", keys)),
    };
    if let Some((which, keys)) = benefits {
        let keys: Vec<String> = keys.iter().map(|key| Text(key).to_string()).collect();
        writeln!(out, "required_benefits = {{ {which} = [{}] }}", keys.join(", "))?;
    }
    setting(out, "check_in", Word(access_point.check_in))
}

fn setting(out: &mut Formatter<'_>, name: &str, value: impl Display) -> fmt::Result {
    writeln!(out, "{name} = {value}")
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

struct Time(Duration);

impl Display for Time {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        Text(&duration::format(self.0)).fmt(out)
    }
}
