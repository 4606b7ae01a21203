//! `check-config`: what is in force, or every problem at once.

use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;

use super::INVALID_CONFIG;

/// Prints the effective settings, or the problems of the file.
pub(super) fn run(file: &Path) -> ExitCode {
    match config::load(file) {
        Ok(settings) => {
            print!("{}", settings.effective());
            eprintln!("{}: good", file.display());
            ExitCode::SUCCESS
        }
        Err(problems) => {
            eprintln!("{}", problems.render(colour()));
            ExitCode::from(INVALID_CONFIG)
        }
    }
}

/// Whether standard error is for a person who sees colours.
pub(super) fn colour() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}
