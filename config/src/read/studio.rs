//! The section `[studio]`.

use super::{exactly_one, seconds};
use crate::ApiKeySource;
use crate::choice::choice;
use crate::settings::{CardNumberFormat, Studio};
use crate::table::Table;
use crate::value::{self, Complaint};

/// The languages that the studio API takes in `Accept-Language`.
const LANGUAGES: [&str; 21] = [
    "cs", "de", "en", "es", "fr", "hu", "it", "nb", "nl", "pl", "ro", "ru", "sl", "sv", "tr", "de-CH",
    "de-LI", "en-CA", "en-GB", "en-US", "fr-LU",
];

pub(super) fn studio(table: &Table<'_>) -> Option<Studio> {
    let base_url = table.required(
        "base_url",
        "\"https://example.open-api.perfectgym.com\"",
        value::base_url,
    );
    if table.text_of("base_url").is_some_and(|url| url.contains('@')) {
        table.report().hide(table.place_of("base_url"));
    }
    let time_zone = table.required("time_zone", "\"Europe/Berlin\"", value::time_zone);
    let api_key = api_key(table);
    let card_number_format = table.or("card_number_format", CardNumberFormat::Decimal, choice);
    let check_in_path = table.or(
        "check_in_path",
        Studio::DEFAULT_CHECK_IN_PATH.to_owned(),
        value::check_in_path,
    );
    let timeout = table.or(
        "timeout",
        Studio::DEFAULT_TIMEOUT,
        value::duration(
            seconds(1)..=seconds(120),
            "too short fails needlessly, too long holds up the check-ins",
        ),
    );
    let language = table.or("language", None, |value| {
        value::word(value, &LANGUAGES).map(|word| Some(word.to_owned()))
    });
    table.finish();
    Some(Studio {
        base_url: base_url?,
        time_zone: time_zone?,
        api_key: api_key?,
        card_number_format: card_number_format?,
        check_in_path: check_in_path?,
        timeout: timeout?,
        language: language?,
    })
}

fn api_key(studio: &Table<'_>) -> Option<ApiKeySource> {
    const EXAMPLE: &str = "{ credential = \"studio-api-key\" }";
    if !studio.has("api_key") {
        return studio.missing("api_key", &format!("add `api_key = {EXAMPLE}`"));
    }
    if studio.text_of("api_key").is_some() {
        studio.report().hide(studio.place_of("api_key"));
        return studio.required("api_key", EXAMPLE, |_| {
            Err(Complaint::new(
                "must not be in this file",
                "say where the key is kept instead (the key is hidden here)",
                format!("write `api_key = {EXAMPLE}`, or {{ file = \"/path\" }} or {{ env = \"NAME\" }}"),
            ))
        });
    }
    let table = studio.group("api_key", EXAMPLE)?;
    // Someone may have written the key itself in the place of its name.
    table.hide_values();
    let credential = table.or("credential", None, |value| {
        let name = value::text(value)?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if name.is_empty() || name.starts_with('.') || !name.chars().all(plain) {
            let label = "only letters, digits, \"-\", \"_\" and \".\"";
            return Err(Complaint::new(
                "is no name of a credential",
                label,
                "use the name in LoadCredential=",
            ));
        }
        Ok(Some(ApiKeySource::Credential(name.to_owned())))
    });
    let file = table.or("file", None, |value| {
        value::absolute_path(value).map(|path| Some(ApiKeySource::File(path)))
    });
    let env = table.or("env", None, |value| {
        let name = value::text(value)?;
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) || !name.chars().all(plain) {
            let label = "only letters, digits and \"_\"";
            return Err(Complaint::new(
                "is no name of an environment variable",
                label,
                "use a name such as STUDIO_KEY",
            ));
        }
        Ok(Some(ApiKeySource::Env(name.to_owned())))
    });
    table.finish();
    exactly_one(&table, &["credential", "file", "env"])?;
    credential?.or(file?).or(env?)
}
