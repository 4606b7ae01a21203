//! The rules of the place: the lists `[[zone]]` and `[[staff]]` and the section `[lockout]`.

use toml::de::DeValue;

use super::seconds;
use crate::choice::choice;
use crate::settings::{AntiPassback, Capacity, Lockout, Staff, Zone};
use crate::table::Table;
use crate::value::{self, Complaint};

pub(super) fn zone(table: &Table<'_>) -> Option<Zone> {
    let name = table.required("name", "\"gym\"", value::name);
    let capacity = table.or("capacity", Capacity::Unlimited, capacity);
    let anti_passback = table.or("anti_passback", AntiPassback::Off, choice);
    let window = match anti_passback {
        Some(AntiPassback::Off) => {
            table.refuse(
                "anti_passback_window",
                "anti-passback is off: `anti_passback` = \"soft\" or \"hard\" turns it on",
            );
            Some(None)
        }
        _ => table.or("anti_passback_window", None, |value| {
            let allowed = value::duration(seconds(10)..=seconds(86_400), "so long nobody may come in again");
            allowed(value).map(Some)
        }),
    };
    let forgive_at = table.or("forgive_at", None, |value| value::time_of_day(value).map(Some));
    table.finish();
    Some(Zone {
        name: name?,
        capacity: capacity?,
        anti_passback: anti_passback?,
        anti_passback_window: window?,
        forgive_at: forgive_at?,
    })
}

fn capacity(value: &DeValue<'_>) -> Result<Capacity, Complaint> {
    match value {
        DeValue::String(text) if text == "studio" => Ok(Capacity::Studio),
        DeValue::String(text) if text.parse::<u32>().is_err() => Err(Complaint::new(
            "has an unknown value",
            "neither a number nor \"studio\"",
            "write how many people may be inside, such as 120, or \"studio\" to ask the studio",
        )),
        _ => value::integer(1..=100_000, "how many people may be inside")(value).map(Capacity::People),
    }
}

pub(super) fn staff(table: &Table<'_>) -> Option<Staff> {
    let name = table.required("name", "\"duty manager\"", value::name);
    // Someone may have written the credential itself in the place of its hash.
    table.report().hide(table.place_of("credential"));
    let credential = table.required("credential", "\"hmac-sha256:...\"", hash);
    table.finish();
    Some(Staff {
        name: name?,
        credential: credential?,
    })
}

fn hash(value: &DeValue<'_>) -> Result<[u8; 32], Complaint> {
    let digits = value::text(value)?
        .strip_prefix("hmac-sha256:")
        .unwrap_or_default();
    let hash = u8_pairs(digits).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    hash.ok_or_else(|| {
        Complaint::new(
            "is not the hash of a credential",
            "hmac-sha256: and 64 hex digits (hidden here)",
            "write what `turnstile-gateway staff-hash` prints; never the card number or PIN itself",
        )
    })
}

/// The bytes that these hex digits are; none when they are no such digits.
fn u8_pairs(digits: &str) -> Option<Vec<u8>> {
    let nibbles: Vec<u8> = digits
        .chars()
        .map(|digit| digit.to_digit(16).and_then(|value| u8::try_from(value).ok()))
        .collect::<Option<_>>()?;
    nibbles
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => Some(high << 4 | low),
            _ => None,
        })
        .collect()
}

pub(super) fn lockout(table: &Table<'_>) -> Option<Lockout> {
    let default = Lockout::default();
    let attempts = table.or(
        "attempts",
        default.attempts,
        value::integer(3..=1000, "members mistype, and guessers are patient"),
    );
    let window = table.or(
        "window",
        default.window,
        value::duration(seconds(1)..=seconds(3600), "within it the attempts are counted"),
    );
    let span = table.or(
        "span",
        default.span,
        value::duration(
            seconds(1)..=seconds(86_400),
            "so long the reader takes no codes and PINs",
        ),
    );
    table.finish();
    Some(Lockout {
        attempts: attempts?,
        window: window?,
        span: span?,
    })
}
