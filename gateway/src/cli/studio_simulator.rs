//! `studio-simulator`: a studio to try and test against, in the foreground.

use std::process::ExitCode;

use super::{FAILED, SimulatorArguments, logging};
use crate::runtime::asked_to_end;
use crate::simulator::{self, SimulatorSettings};

/// Serves until SIGTERM or SIGINT.
pub(super) fn run(arguments: &SimulatorArguments) -> ExitCode {
    logging::start(logging::Style::Text, "info", jiff::tz::TimeZone::system());
    let settings = SimulatorSettings {
        listen: arguments.listen,
        members: arguments.members,
        seed: arguments.seed,
        ..SimulatorSettings::default()
    };
    let served = tokio::runtime::Runtime::new().and_then(|runtime| {
        runtime.block_on(simulator::run(settings, async {
            let _ = asked_to_end().await;
        }))
    });
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("turnstile-gateway: cannot serve the simulated studio: {error}");
            ExitCode::from(FAILED)
        }
    }
}
