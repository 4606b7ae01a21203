//! What all commands for the running gateway share: which gateway, how it is asked, and how a command ends when that
//! does not work.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use config::Settings;

use super::check_config::colour;
use super::{FAILED, INVALID_CONFIG};
use crate::control::{self, Answers, ControlError, Request, Response};
use crate::studio::StudioError;

/// It did not happen, or all is not well.
pub(super) const NOT_WELL: u8 = 1;
/// The gateway does not run (`EX_UNAVAILABLE`).
pub(super) const NOT_RUNNING: u8 = 69;
/// The user may not ask it (`EX_NOPERM`).
const NO_PERMISSION: u8 = 77;

/// Which gateway is meant, and how its answer is printed.
#[derive(Args)]
pub(super) struct Target {
    /// The gateway's configuration file
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        default_value = "/etc/turnstile-gateway/turnstile-gateway.toml"
    )]
    pub(super) config: PathBuf,
    /// Print JSON for other programs
    #[arg(long, global = true)]
    pub(super) json: bool,
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The problems of the configuration file, ready to be printed.
    #[error("{0}")]
    Config(String),
    /// The gateway cannot be asked.
    #[error("turnstile-gateway: {0}")]
    Control(#[from] ControlError),
    /// The gateway was asked and did not do it.
    #[error("turnstile-gateway: {0}")]
    Refused(String),
    /// The studio was asked and did not do it, or could not be asked.
    #[error("turnstile-gateway: {0}")]
    Studio(#[from] StudioError),
    /// Something on this side.
    #[error("turnstile-gateway: {0:#}")]
    Here(#[from] anyhow::Error),
}

/// Prints why a command failed, and ends it.
pub(super) fn end(outcome: Result<ExitCode, Failure>) -> ExitCode {
    outcome.unwrap_or_else(|failure| {
        eprintln!("{failure}");
        ExitCode::from(match failure {
            Failure::Config(_) => INVALID_CONFIG,
            Failure::Control(ControlError::NotRunning { .. }) => NOT_RUNNING,
            Failure::Control(ControlError::NoPermission { .. }) => NO_PERMISSION,
            Failure::Control(_) | Failure::Here(_) => FAILED,
            Failure::Refused(_) | Failure::Studio(_) => NOT_WELL,
        })
    })
}

impl Target {
    pub(super) fn settings(&self) -> Result<Settings, Failure> {
        config::load(&self.config).map_err(|problems| Failure::Config(problems.render(colour())))
    }

    /// Asks the gateway of these settings.
    pub(super) fn ask(settings: &Settings, request: &Request) -> Result<Answers, Failure> {
        Ok(control::ask(&settings.gateway.data_dir, request)?)
    }

    /// Asks and takes the one answer.
    pub(super) fn ask_once(settings: &Settings, request: &Request) -> Result<Response, Failure> {
        match Self::ask(settings, request)?.next().transpose()? {
            Some(Response::Failed(reason)) => Err(Failure::Refused(reason)),
            Some(response) => Ok(response),
            None => Err(Failure::Refused(
                "the gateway has ended without an answer: see its log".to_owned(),
            )),
        }
    }

    /// Asks for something that is done or not, and says so.
    pub(super) fn order(&self, request: &Request, done: &str) -> Result<ExitCode, Failure> {
        Self::ask_once(&self.settings()?, request)?;
        if self.json {
            println!("{}", serde_json::json!({ "done": true }));
        } else {
            println!("{done}");
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// What the gateway said makes no sense as an answer to what was asked.
pub(super) fn odd(settings: &Settings) -> Failure {
    let path = control::socket_path(&settings.gateway.data_dir);
    Failure::Control(ControlError::Odd { path })
}

/// A line from the person at the terminal. Where there is none, `instead` says what can be given in its place.
pub(super) fn typed(question: &str, instead: &str) -> Result<String, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::Refused(format!(
            "nobody is there to be asked: give {instead}"
        )));
    }
    eprint!("{question}");
    let _ = std::io::stderr().flush();
    let mut line = String::new();
    std::io::stdin()
        .read_line(&mut line)
        .map_err(anyhow::Error::from)?;
    Ok(line.trim().to_owned())
}

/// Prints a value as JSON for other programs.
pub(super) fn print_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(anyhow::Error::from)?;
    println!("{text}");
    Ok(())
}
