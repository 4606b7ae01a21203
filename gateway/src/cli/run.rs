//! `run`: what the service does.

use std::path::Path;
use std::process::ExitCode;

use config::Settings;
use tracing::{error, info};

use super::check_config::colour;
use super::{FAILED, INVALID_CONFIG, logging};
use crate::runtime::asked_to_end;
use crate::wiring::{self, StartError};

/// Works until SIGTERM, SIGINT or SIGHUP.
pub(super) fn run(file: &Path) -> ExitCode {
    let settings = match config::load(file) {
        Ok(settings) => settings,
        Err(problems) => {
            eprintln!("{}", problems.render(colour()));
            return ExitCode::from(INVALID_CONFIG);
        }
    };
    start_log(&settings);
    log_panics();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            error!(%error, "cannot start");
            return ExitCode::from(FAILED);
        }
    };
    match runtime.block_on(work(&settings)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            error!("{failure:#}");
            // A key that is not there is a mistake of the settings: starting again does not mend it.
            let unusable = matches!(
                failure.downcast_ref(),
                Some(StartError::ApiKey(_) | StartError::OsdpKey { .. } | StartError::Studio(_))
            );
            ExitCode::from(if unusable { INVALID_CONFIG } else { FAILED })
        }
    }
}

async fn work(settings: &Settings) -> anyhow::Result<()> {
    info!(
        version = env!("CARGO_PKG_VERSION"),
        device = settings.gateway.device,
        "starting"
    );
    let gateway = wiring::start(settings).await?;
    let end = async {
        match asked_to_end().await {
            Ok(signal) => info!(signal, "asked to end"),
            Err(error) => error!(%error, "cannot listen for signals"),
        }
    };
    gateway.work_until(end).await?;
    info!("ended");
    Ok(())
}

fn start_log(settings: &Settings) {
    let style = match settings.log.format {
        config::LogFormat::Text => logging::Style::Text,
        config::LogFormat::Json => logging::Style::Json,
    };
    let level = match settings.log.level {
        config::LogLevel::Error => "error",
        config::LogLevel::Warn => "warn",
        config::LogLevel::Info => "info",
        config::LogLevel::Debug => "debug",
        config::LogLevel::Trace => "trace",
    };
    logging::start(style, level, settings.studio.time_zone.clone());
}

/// A panic becomes a log line like any other, with its place but without the text of a foreign value.
fn log_panics() {
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let place = panic.location().map(ToString::to_string);
        error!(place, "panic: this is a fault of the program, please report it");
        default(panic);
    }));
}
