//! Names of formats, and what may have been meant by one that there is not.

use firmware_protocol::wiegand::frame_bits;
use firmware_protocol::{Format, Profile};

use super::others::Other;

/// A name as the list has it: people write `H10301` and `w34_uid`, too.
pub(super) fn plain(name: &str) -> String {
    name.trim().to_lowercase().replace('_', "-")
}

/// Names what may have been meant by this name.
pub(super) fn unknown(name: &str) -> String {
    let near = by_bits(name).or_else(|| near(name)).or_else(|| by_meaning(name));
    match near {
        _ if ["wiegand", "bits", "binary"].contains(&name) => format!(
            "there is no format {name:?}: count the bits, 26 are mostly h10301, 34 w34-uid or h10306, 37 h10302 \
             or h10304 (decode --list has them all)"
        ),
        Some(near) => format!(
            "there is no format {name:?}; near it: {} (see decode --list)",
            near.join(", ")
        ),
        None => format!("there is no format {name:?}: see decode --list"),
    }
}

/// The formats with as many bits as the name says: `26`, `wiegand26`, `34-bit`.
fn by_bits(name: &str) -> Option<Vec<&'static str>> {
    let digits = name.trim_matches(|character: char| !character.is_ascii_digit());
    let words = name.replace(digits, " ");
    let mut words = words.split(|character: char| !character.is_ascii_alphabetic());
    if !words.all(|word| ["", "w", "wiegand", "bit", "bits"].contains(&word)) {
        return None;
    }
    let bits: u8 = digits.parse().ok()?;
    let has = |format: &&Format| frame_bits(&Profile::from(**format), **format) == Some(bits);
    let formats: Vec<&str> = Format::ALL
        .iter()
        .filter(has)
        .map(|format| format.name())
        .collect();
    (!formats.is_empty()).then_some(formats)
}

/// The formats with names like this one.
fn near(name: &str) -> Option<Vec<&'static str>> {
    let names = Format::ALL.iter().map(|format| format.name());
    let names = names.chain(Other::ALL.iter().map(|other| other.name));
    let shared = |known: &str| {
        known
            .chars()
            .zip(name.chars())
            .take_while(|(a, b)| a == b)
            .count()
    };
    let is_near = |known: &&str| shared(known) > 2 || known.contains(name) || name.contains(known);
    let near: Vec<&str> = names.filter(is_near).take(6).collect();
    (!name.is_empty() && !near.is_empty()).then_some(near)
}

/// The formats of the makers and devices of this name.
fn by_meaning(name: &str) -> Option<Vec<&'static str>> {
    let formats = Format::ALL.iter().map(|format| (format.name(), format.meaning()));
    let others = Other::ALL.iter().map(|other| (other.name, other.meaning));
    let means = |meaning: &str| name.len() > 2 && meaning.to_lowercase().contains(name);
    let meant = formats.chain(others).filter(|(_, meaning)| means(meaning));
    let meant: Vec<&str> = meant.map(|(format, _)| format).take(6).collect();
    (!meant.is_empty()).then_some(meant)
}
