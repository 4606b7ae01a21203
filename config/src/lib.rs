//! The configuration file: parsed, checked as a whole, explained. Knows nothing of devices or members.
//!
//! [`load`] gives validated [`Settings`] or every problem of the file at once, each with its place and its fix.
//! What the settings mean for an installer is written in `docs/configuration.md`.

mod check;
mod choice;
mod duration;
mod effective;
mod pattern;
mod problem;
mod read;
mod secret;
mod settings;
mod syntax;
mod table;
mod value;

use std::fs::File;
use std::io::Read;
use std::path::Path;

pub use problem::{Problem, Problems};
pub use secret::{Secret, SecretError, SecretSource};
pub use settings::*;

use problem::Report;

/// A configuration file larger than this is refused unread: it is some other file.
const MOST_BYTES: u64 = 256 << 10;

/// Reads and checks the configuration file at `path`.
///
/// # Errors
/// Every problem of the file, or the one that kept it from being read.
pub fn load(path: &Path) -> Result<Settings, Problems> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut bytes))
        .map_err(|error| Problems::unreadable(path, &error))?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(Problems::too_large(path, MOST_BYTES));
    }
    match String::from_utf8(bytes) {
        Ok(text) => parse(&text, path),
        Err(error) => Err(Problems::not_utf8(path, &error)),
    }
}

/// Checks the text of a configuration file; `path` is the name that problems are reported under.
///
/// # Errors
/// Every problem of the text.
pub fn parse(text: &str, path: &Path) -> Result<Settings, Problems> {
    let report = Report::default();
    match read::document(text, &report) {
        Some(settings) if report.is_empty() => Ok(settings),
        _ => Err(report.into_problems(path, text)),
    }
}
