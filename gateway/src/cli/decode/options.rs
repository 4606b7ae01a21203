//! The options that say what a reader does differently: as a profile, and only where the format has a use for them.

use firmware_protocol::wiegand::known_layout;
use firmware_protocol::wiegand::layout::Parity;
use firmware_protocol::{ByteOrder, Format, Profile, Wiring};

use super::Arguments;

/// The reader that the options describe.
pub(super) fn profile(format: Format, arguments: &Arguments) -> Result<Profile, String> {
    let carried = arguments.carries.unwrap_or(Format::H10301);
    let read = if format == Format::Twn3Ascii {
        carried
    } else {
        format
    };
    refuse_useless(format, read, arguments)?;
    let mut profile = match (read, &arguments.layout) {
        (Format::Custom, Some(layout)) => {
            Profile::custom(layout.clone()).map_err(|error| error.to_string())?
        }
        (Format::Custom, None) => return Err("the format custom needs --layout".to_owned()),
        _ => Profile::from(read),
    };
    profile.format = format;
    profile.byte_order = arguments.byte_order;
    profile.parity = arguments.parity;
    profile.swapped = arguments.swapped;
    profile.uid_len = arguments.uid_length;
    profile.carries = carried;
    Ok(profile)
}

/// An option that changes nothing would leave somebody to believe that it does. `read` is the format of the bits.
fn refuse_useless(format: Format, read: Format, arguments: &Arguments) -> Result<(), String> {
    let layout = match read {
        Format::Custom => arguments.layout.clone(),
        Format::Pin26 => known_layout(Format::H10301),
        _ => known_layout(read),
    };
    let has_uid = layout
        .as_ref()
        .map_or_else(|| sends_uids(read), |layout| layout.uid.is_some());
    let has_parity = layout.as_ref().is_some_and(|layout| !layout.parity.is_empty());
    let has_wires = format.wiring() == Wiring::Wiegand || format == Format::S4aDec;
    let reversed = arguments.byte_order != ByteOrder::AsSent;
    for (option, given, useful, reason) in [
        (
            "--layout",
            arguments.layout.is_some(),
            read == Format::Custom,
            "has its layout",
        ),
        ("--byte-order", reversed, has_uid, "has no UID"),
        (
            "--uid-length",
            arguments.uid_length.is_some(),
            has_uid,
            "has no UID",
        ),
        (
            "--parity",
            arguments.parity != Parity::Both,
            has_parity,
            "has no parity bits",
        ),
        (
            "--swapped",
            arguments.swapped,
            has_wires,
            "comes by no Wiegand lines",
        ),
        (
            "--carries",
            arguments.carries.is_some(),
            format == Format::Twn3Ascii,
            "carries no other format",
        ),
    ] {
        if given && !useful {
            return Err(format!("{option} has no use here: {} {reason}", read.name()));
        }
    }
    Ok(())
}

/// Whether a format without bits sends the UIDs of cards.
fn sends_uids(format: Format) -> bool {
    matches!(
        format,
        Format::Rdm6300
            | Format::Em18Bare
            | Format::Id12la
            | Format::Gwiot7941e
            | Format::Twn4Simple
            | Format::Twn4SimpleCrc
            | Format::Twn4SimpleBin
            | Format::Pn532Hsu
            | Format::Cardno
    )
}

/// None of the options is for a frame that is no read.
pub(super) fn none_for(name: &str, arguments: &Arguments) -> Result<(), String> {
    let given = [
        ("--layout", arguments.layout.is_some()),
        ("--byte-order", arguments.byte_order != ByteOrder::AsSent),
        ("--uid-length", arguments.uid_length.is_some()),
        ("--parity", arguments.parity != Parity::Both),
        ("--swapped", arguments.swapped),
        ("--carries", arguments.carries.is_some()),
        ("--number", arguments.number.is_some()),
    ];
    match given.iter().find(|(_, given)| *given) {
        Some((option, _)) => Err(format!(
            "{option} has no use here: {name} is no frame of a reader"
        )),
        None => Ok(()),
    }
}

pub(super) fn byte_order(name: &str) -> Result<ByteOrder, String> {
    match super::naming::plain(name).as_str() {
        "as-sent" => Ok(ByteOrder::AsSent),
        "reversed" => Ok(ByteOrder::Reversed),
        _ => Err("as-sent or reversed".to_owned()),
    }
}

pub(super) fn parity(name: &str) -> Result<Parity, String> {
    match super::naming::plain(name).as_str() {
        "both" => Ok(Parity::Both),
        "trailing" => Ok(Parity::Trailing),
        "none" => Ok(Parity::None),
        _ => Err("both, trailing or none".to_owned()),
    }
}

/// A format whose frames are cards in bits.
pub(super) fn carried(name: &str) -> Result<Format, String> {
    let format = Format::from_name(&super::naming::plain(name));
    let format = format.filter(|format| known_layout(*format).is_some() || *format == Format::Custom);
    format.ok_or_else(|| "a format of cards that arrives by wiegand: see decode --list".to_owned())
}
