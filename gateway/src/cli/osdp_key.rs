//! `osdp-key`: gives a new OSDP reader its key, over the key that it was delivered with. The only command that uses that
//! one: the running gateway never does.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use config::{ReaderKind, Settings};
use hal::osdp::commission;

use super::check_config::colour;
use super::{FAILED, INVALID_CONFIG};
use crate::wiring;

pub(super) const EXAMPLES: &str = "\
Until it has its own key, the reader and the gateway talk under one that everybody knows: whoever listens on the cable
learns the new one. So connect the reader alone, at a desk.

Examples:
  openssl rand -hex 16 | sudo tee /etc/turnstile-gateway/osdp-entry
      a key, where the `key` of the reader in the configuration file says that it is
  sudo systemctl stop turnstile-gateway
  turnstile-gateway osdp-key \"entry reader\"";

/// Gives this reader its key.
pub(super) fn run(file: &Path, reader: &str) -> ExitCode {
    let settings = match config::load(file) {
        Ok(settings) => settings,
        Err(problems) => {
            eprintln!("{}", problems.render(colour()));
            return ExitCode::from(INVALID_CONFIG);
        }
    };
    match give(&settings, reader) {
        Ok(()) => {
            println!("{reader} has its key and answers over a secure channel");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::from(FAILED)
        }
    }
}

fn give(settings: &Settings, name: &str) -> anyhow::Result<()> {
    let described = settings
        .reader(name)
        .with_context(|| format!("there is no reader {name}: see [[reader]] in the configuration file"))?;
    let ReaderKind::Osdp(osdp) = &described.kind else {
        bail!("{name} is no OSDP reader: only those have keys");
    };
    if osdp.key.is_none() {
        bail!("{name} has no `key` in the configuration file: add `key = {{ file = \"...\" }}`");
    }
    let reader = wiring::osdp_reader(name, osdp)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime
        .block_on(commission(&reader))
        .with_context(|| format!("{name} has not got its key"))
}
