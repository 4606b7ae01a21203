//! What the cards of a reader are: the format of its frames, and how their numbers are written.

use toml::de::DeValue;

use super::layout::layout;
use crate::choice::{Choice, choice};
use crate::problem::Problem;
use crate::settings::{
    ByteOrder, CardNumberFormat, CardNumbers, Cards, FORMATS, Format, FormatKind, LayoutNumber, NUMBERS,
    WiegandFormat,
};
use crate::table::Table;
use crate::value::{self, Complaint};

/// The name of a layout that the file describes.
const CUSTOM: &str = "custom";

/// A name for messages, and what the cards are known by that such a reader sends.
pub(super) type Sent<'a> = (&'a str, CardNumbers);

/// The cards of a Wiegand format.
pub(super) fn numbers_of(format: &WiegandFormat) -> Option<Sent<'_>> {
    match format {
        WiegandFormat::Named(name) => Format::of(name).map(|format| (format.name, format.cards)),
        WiegandFormat::Custom(layout) => {
            let cards = match layout.number {
                LayoutNumber::Uid(uid) => CardNumbers::uid(uid.width() / 8),
                LayoutNumber::Card { facility, card, .. } => CardNumbers::Card {
                    bits: facility.map_or(0, |facility| facility.width()) + card.width(),
                    facility: facility.is_some(),
                },
            };
            Some((CUSTOM, cards))
        }
    }
}

/// `studio` is how the studio writes card numbers: unless the reader says otherwise, of its cards, too. `sent` is `None`
/// where the format is wrong.
pub(super) fn cards(table: &Table<'_>, studio: CardNumberFormat, sent: Option<Sent<'_>>) -> Option<Cards> {
    let number = table.or("number", studio.word().to_owned(), |value| {
        value::word(value, NUMBERS).map(str::to_owned)
    });
    let byte_order = table.or("byte_order", ByteOrder::AsSent, choice);
    let uid_length = table.or("uid_length", None, |value| {
        value::integer(1..=10, "a UID has 1 to 10 bytes")(value).map(Some)
    });
    if sent.is_some_and(|(_, cards)| !matches!(cards, CardNumbers::Uid { .. })) {
        let reason = "these cards have no UID, so this would change nothing";
        // As the card has sent it is how the settings in force are written.
        if byte_order == Some(ByteOrder::Reversed) {
            table.refuse("byte_order", reason);
        }
        if uid_length.flatten().is_some() {
            table.refuse("uid_length", reason);
        }
    }
    let number = number?;
    let uid_length = uid_length?;
    if let Some((name, cards)) = sent {
        possible(table, &number, name, cards.cut(uid_length))?;
    }
    Some(Cards {
        number,
        byte_order: byte_order?,
        uid_length,
    })
}

/// A number that cannot be made of any card of the reader would refuse every one of them. `None` means: reported.
fn possible(table: &Table<'_>, number: &str, name: &str, cards: CardNumbers) -> Option<()> {
    let Some(reason) = cards.refusal(number) else {
        return Some(());
    };
    let message = format!("`number` cannot be {number:?} with the cards of {name:?}");
    let fix = format!("write {}", value::alternatives(&cards.possible()));
    let problem = Problem::new(message, table.place_of("number"), reason);
    table.report().add(problem.with_fix(fix));
    None
}

/// A required format of Wiegand frames, with the layout of a custom one.
pub(super) fn wiegand_format(
    table: &Table<'_>,
    example: &str,
    kinds: &[FormatKind],
) -> Option<WiegandFormat> {
    let format = table.required("format", example, |value| named_or_custom(value, kinds));
    with_layout(table, format)
}

/// What the bits of such a reader's frames are, for the format that carries bits. `None` means: reported.
pub(super) fn carries(table: &Table<'_>, format: Option<&Format>) -> Option<Option<WiegandFormat>> {
    const DEFAULT: &str = "h10301";
    let Some(format) = format else {
        table.pass_over(&["carries", "layout"]);
        return None;
    };
    if format.name != Format::CARRIER {
        for key in ["carries", "layout"] {
            table.refuse(
                key,
                "only the frames of \"twn3-ascii\" carry the bits of another format",
            );
        }
        return Some(None);
    }
    let carried = table.or("carries", DEFAULT, |value| {
        match named_or_custom(value, &[FormatKind::Wiegand])? {
            "pin26" => Err(Complaint::new(
                "does not fit here",
                "a format of keypads",
                "name the format of the cards",
            )),
            name => Ok(name),
        }
    });
    with_layout(table, carried).map(Some)
}

fn named_or_custom(value: &DeValue<'_>, kinds: &[FormatKind]) -> Result<&'static str, Complaint> {
    if value.as_str() == Some(CUSTOM) {
        return Ok(CUSTOM);
    }
    format_of(value, kinds).map(|format| format.name)
}

fn with_layout(table: &Table<'_>, format: Option<&str>) -> Option<WiegandFormat> {
    let Some(format) = format else {
        table.pass_over(&["layout"]);
        return None;
    };
    if format != CUSTOM {
        table.refuse("layout", "this format has its layout; only \"custom\" needs one");
        return Some(WiegandFormat::Named(format.to_owned()));
    }
    if !table.has("layout") {
        return table.missing("layout", "describe the frame in [reader.layout] below the reader");
    }
    let section = table.section("layout", "[reader.layout]")?;
    layout(&section).map(WiegandFormat::Custom)
}

/// A format of one of these kinds.
pub(super) fn format_of(value: &DeValue<'_>, kinds: &[FormatKind]) -> Result<&'static Format, Complaint> {
    let known = value
        .as_str()
        .and_then(|name| FORMATS.iter().find(|format| format.name == name));
    match known {
        Some(format) if kinds.contains(&format.kind) => Ok(format),
        Some(format) => {
            let (whose, needs) = match format.kind {
                FormatKind::Serial | FormatKind::Polled | FormatKind::Text => {
                    ("serial readers", "`kind = \"serial\"` and a `port`")
                }
                FormatKind::Wiegand => ("Wiegand readers", "`kind = \"wiegand\"` with `d0` and `d1`"),
                FormatKind::Keypad => ("Wiegand keypads", "`kind = \"wiegand\"` with `d0` and `d1`"),
            };
            Err(Complaint::new(
                "does not fit here",
                format!("a format of {whose}"),
                format!("it needs {needs}; or name the format that this device sends"),
            ))
        }
        None => {
            let fitting = FORMATS.iter().filter(|format| kinds.contains(&format.kind));
            let names: Vec<&str> = fitting.map(|format| format.name).collect();
            let wrong = value::word(value, &names).err();
            Err(wrong.unwrap_or_else(|| {
                Complaint::new("has an unknown value", "not one of the choices", "choose another")
            }))
        }
    }
}
