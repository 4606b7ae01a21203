//! Single values of the file: each function reads one kind of value or says what is wrong with it and how to
//! write it right.

mod studio;

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::civil::Time;
use toml::de::DeValue;

use crate::duration;
use crate::problem::{Place, Problem};
use crate::settings::GpioLine;

pub(crate) use studio::{base_url, benefit_key, benefit_keys, check_in_path, time_zone};

/// What is wrong with a value.
pub(crate) struct Complaint {
    /// The sentence that begins with the setting's name.
    what: String,
    label: String,
    fix: String,
}

impl Complaint {
    pub(crate) fn new(what: impl Into<String>, label: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            label: label.into(),
            fix: fix.into(),
        }
    }

    pub(crate) fn about(self, key: &str, place: Place) -> Problem {
        Problem::new(format!("`{key}` {}", self.what), place, self.label).with_fix(self.fix)
    }
}

/// What a value is, in words.
pub(crate) fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// `text` in quotes, short enough for a message.
pub(crate) fn shown(text: &str) -> String {
    const LONGEST: usize = 48;
    match text.char_indices().nth(LONGEST) {
        None => format!("{text:?}"),
        Some((end, _)) => format!("{:?}...", text.get(..end).unwrap_or_default()),
    }
}

/// The one of `known` that `word` is nearly, if there is one.
pub(crate) fn did_you_mean<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    const LONGEST: usize = 64;
    if word.len() > LONGEST {
        return None;
    }
    let plain = |text: &str| text.to_lowercase().replace(['-', ' '], "_");
    let word = plain(word);
    known
        .iter()
        .map(|known| (strsim::damerau_levenshtein(&word, &plain(known)), *known))
        .filter(|(distance, known)| *distance <= (known.chars().count().max(3)) / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// `"a", "b" or "c"`
pub(crate) fn alternatives(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [only] => format!("{only:?}"),
        [first @ .., last] => {
            let first: Vec<String> = first.iter().map(|word| format!("{word:?}")).collect();
            format!("{} or {last:?}", first.join(", "))
        }
    }
}

pub(crate) fn text<'v>(value: &'v DeValue<'_>) -> Result<&'v str, Complaint> {
    match value {
        DeValue::String(text) => Ok(text),
        DeValue::Integer(number) => Err(Complaint::new(
            "must be text",
            "this is a number",
            format!("put it in quotes: \"{number}\""),
        )),
        other => Err(Complaint::new(
            "must be text",
            format!("this is {}", kind_of(other)),
            "write text in double quotes",
        )),
    }
}

/// One of `words`.
pub(crate) fn word<'w>(value: &DeValue<'_>, words: &[&'w str]) -> Result<&'w str, Complaint> {
    let fix = format!("write {}", alternatives(words));
    let text = text(value).map_err(|complaint| Complaint {
        fix: fix.clone(),
        ..complaint
    })?;
    words.iter().find(|word| **word == text).copied().ok_or_else(|| {
        let fix = match did_you_mean(text, words) {
            Some(word) => format!("did you mean {word:?}? The choices are {}", alternatives(words)),
            None => fix,
        };
        Complaint::new("has an unknown value", "not one of the choices", fix)
    })
}

/// The name of a device or lane: short, on one line, without `/`, which separates lane and side in the log.
pub(crate) fn name(value: &DeValue<'_>) -> Result<String, Complaint> {
    const LONGEST: usize = 40;
    let name = text(value)?;
    let label = if name.is_empty() {
        "this is empty"
    } else if name.trim() != name {
        "it begins or ends with a space"
    } else if name
        .chars()
        .any(|c| c.is_control() || c == '/' || c == '"' || c == '\\')
    {
        "no quotes, slashes or control characters here"
    } else if name.chars().count() > LONGEST {
        "longer than 40 characters"
    } else {
        return Ok(name.to_owned());
    };
    Err(Complaint::new(
        "is not a usable name",
        label,
        "use a short name such as \"main entrance\"",
    ))
}

/// The gateway's name in check-in identities.
pub(crate) fn device(value: &DeValue<'_>) -> Result<String, Complaint> {
    const LONGEST: usize = 32;
    let name = text(value)?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if (1..=LONGEST).contains(&name.len()) && name.bytes().all(plain) {
        return Ok(name.to_owned());
    }
    let label = "1 to 32 letters a-z, digits, \"-\", \"_\" or \".\"";
    Err(Complaint::new(
        "is not a usable device name",
        label,
        "use a name such as \"entrance-1\"",
    ))
}

pub(crate) fn absolute_path(value: &DeValue<'_>) -> Result<PathBuf, Complaint> {
    let text = text(value)?;
    let path = Path::new(text);
    if path.is_absolute() && !text.contains(char::is_control) {
        return Ok(path.to_owned());
    }
    let label = "a service has no working folder to start from";
    Err(Complaint::new(
        "must be a whole path",
        label,
        "write a path that begins with \"/\"",
    ))
}

/// A whole number in `allowed`; `why` says why not outside it.
pub(crate) fn integer<T: TryFrom<u64> + Into<u64> + Copy>(
    allowed: RangeInclusive<T>,
    why: &'static str,
) -> impl Fn(&DeValue<'_>) -> Result<T, Complaint> {
    move |value| {
        let (least, most) = ((*allowed.start()).into(), (*allowed.end()).into());
        let fix = format!("write a whole number from {least} to {most}");
        let DeValue::Integer(number) = value else {
            let label = format!("this is {}", kind_of(value));
            let fix = match value {
                DeValue::String(text) if text.parse::<u64>().is_ok() => {
                    format!("write {text} without quotes")
                }
                _ => fix,
            };
            return Err(Complaint::new("must be a whole number", label, fix));
        };
        u64::from_str_radix(number.as_str(), number.radix())
            .ok()
            .filter(|number| (least..=most).contains(number))
            .and_then(|number| T::try_from(number).ok())
            .ok_or_else(|| Complaint::new("is out of range", why, fix))
    }
}

/// A speed that serial ports have.
pub(crate) fn baud(value: &DeValue<'_>) -> Result<u32, Complaint> {
    const SPEEDS: [u32; 11] = [
        300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115_200, 230_400,
    ];
    let baud = integer(1..=u32::MAX, "no serial port has this speed")(value)?;
    if SPEEDS.contains(&baud) {
        return Ok(baud);
    }
    let nearest = SPEEDS
        .iter()
        .min_by_key(|speed| speed.abs_diff(baud))
        .copied()
        .unwrap_or(9600);
    let fix = format!("write the speed from the device's manual; the nearest usual one is {nearest}");
    Err(Complaint::new(
        "is not a speed of serial ports",
        "bits per second, such as 9600",
        fix,
    ))
}

/// A duration in `allowed`; `why` says why not outside it.
pub(crate) fn duration(
    allowed: RangeInclusive<Duration>,
    why: &'static str,
) -> impl Fn(&DeValue<'_>) -> Result<Duration, Complaint> {
    move |value| {
        let span = format!(
            "{} to {}",
            duration::format(*allowed.start()),
            duration::format(*allowed.end())
        );
        let bare = match value {
            DeValue::Integer(number) => Some(number.to_string()),
            DeValue::Float(number) => Some(number.to_string()),
            DeValue::String(text) if text.parse::<f64>().is_ok() => Some(text.to_string()),
            _ => None,
        };
        if let Some(number) = bare {
            let suggestion = number
                .parse()
                .ok()
                .and_then(|number| duration::suggest(number, &allowed));
            let fix = match suggestion {
                Some(example) => format!("give a unit, such as \"{example}\" (allowed: {span})"),
                None => format!("write a whole number and a unit in quotes, from {span}"),
            };
            return Err(Complaint::new(
                "has no unit",
                "a bare number could mean anything",
                fix,
            ));
        }
        let DeValue::String(text) = value else {
            let label = format!("this is {}", kind_of(value));
            let fix = format!("write a whole number and a unit in quotes, from {span}");
            return Err(Complaint::new("must be a duration", label, fix));
        };
        let duration = duration::parse(text).ok_or_else(|| {
            let label = format!("one whole number and one unit: {}", duration::UNIT_NAMES);
            Complaint::new(
                "is not a duration",
                label,
                format!("write a duration from {span}"),
            )
        })?;
        if allowed.contains(&duration) {
            return Ok(duration);
        }
        Err(Complaint::new(
            "is out of range",
            why,
            format!("write a duration from {span}"),
        ))
    }
}

/// A list whose items are all read by `read`.
pub(crate) fn list<T, C: FromIterator<T>>(
    value: &DeValue<'_>,
    read: impl Fn(&DeValue<'_>) -> Result<T, Complaint>,
) -> Result<C, Complaint> {
    match value {
        DeValue::Array(items) => items.iter().map(|item| read(item.get_ref())).collect(),
        other => Err(Complaint::new(
            "must be a list",
            format!("this is {}", kind_of(other)),
            "write a list in brackets, such as [\"one\", \"two\"]",
        )),
    }
}

pub(crate) fn boolean(value: &DeValue<'_>) -> Result<bool, Complaint> {
    match value {
        DeValue::Boolean(yes) => Ok(*yes),
        other => Err(Complaint::new(
            "must be true or false",
            format!("this is {}", kind_of(other)),
            "write true or false, without quotes",
        )),
    }
}

/// `23:59`, a time on a clock of 24 hours.
pub(crate) fn clock(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let two = |digits: &str| {
        let plain = digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_digit());
        plain.then(|| digits.parse().ok()).flatten()
    };
    Time::new(two(hour)?, two(minute)?, 0, 0).ok()
}

/// A time of every day.
pub(crate) fn time_of_day(value: &DeValue<'_>) -> Result<Time, Complaint> {
    clock(text(value)?).ok_or_else(|| {
        Complaint::new(
            "is not a time of day",
            "hours and minutes on a clock of 24 hours",
            "write it like \"04:00\"",
        )
    })
}

/// A GPIO line: its name, or chip and offset.
pub(crate) fn gpio_line(value: &DeValue<'_>) -> Result<GpioLine, Complaint> {
    const LONGEST: usize = 32;
    const FIX: &str = "write its name, such as \"GPIO17\", or chip and line, such as \"gpiochip0:17\"; \
                       `gpioinfo` lists them";
    if let DeValue::Integer(number) = value {
        let fix =
            format!("write \"GPIO{number}\" if you mean that line; pins of the plug have other numbers");
        return Err(Complaint::new(
            "is not a GPIO line",
            "a bare number could mean a pin or a line",
            fix,
        ));
    }
    let line = text(value)?;
    let plain = |name: &str| {
        (1..=LONGEST).contains(&name.len())
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
    };
    let parsed = match line.split_once(':') {
        None => plain(line).then(|| GpioLine::Name(line.to_owned())),
        Some((chip, offset)) => {
            let digits = !offset.is_empty() && offset.bytes().all(|digit| digit.is_ascii_digit());
            let chip = Some(chip).filter(|chip| plain(chip) && digits);
            chip.zip(offset.parse().ok())
                .map(|(chip, offset)| GpioLine::Offset {
                    chip: chip.to_owned(),
                    offset,
                })
        }
    };
    parsed.ok_or_else(|| Complaint::new("is not a GPIO line", "neither a name nor chip and line", FIX))
}
