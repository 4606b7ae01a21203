//! Where a key or token is kept: a setting such as `api_key = { credential = "studio-api-key" }`.

use super::exactly_one;
use crate::SecretSource;
use crate::table::Table;
use crate::value::{self, Complaint};

/// The place of a secret that must be there; `example` is how it would be written. `None` means: reported.
pub(super) fn secret(table: &Table<'_>, key: &'static str, example: &str) -> Option<SecretSource> {
    if !table.has(key) {
        return table.missing(key, &format!("add `{key} = {example}`"));
    }
    if table.text_of(key).is_some() {
        table.report().hide(table.place_of(key));
        return table.required(key, example, |_| {
            Err(Complaint::new(
                "must not be in this file",
                "say where the key is kept instead (the key is hidden here)",
                format!("write `{key} = {example}`, or {{ file = \"/path\" }} or {{ env = \"NAME\" }}"),
            ))
        });
    }
    let place = table.group(key, example)?;
    // Someone may have written the key itself in the place of its name.
    place.hide_values();
    let credential = place.or("credential", None, |value| {
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
        Ok(Some(SecretSource::Credential(name.to_owned())))
    });
    let file = place.or("file", None, |value| {
        value::absolute_path(value).map(|path| Some(SecretSource::File(path)))
    });
    let env = place.or("env", None, |value| {
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
        Ok(Some(SecretSource::Env(name.to_owned())))
    });
    place.finish();
    exactly_one(&place, &["credential", "file", "env"])?;
    credential?.or(file?).or(env?)
}
