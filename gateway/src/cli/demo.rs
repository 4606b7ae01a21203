//! `demo`: studio, gateway and a lane in one process, for whoever wants to see what the gateway does. The same
//! gateway as ever, on simulated devices; only what surrounds it is made up.

mod show;
mod stage;
mod story;
mod typed;

use std::process::ExitCode;

use jiff::tz::TimeZone;

use super::{FAILED, logging};
use stage::Stage;

/// Plays the fixed story, or takes what is typed.
pub(super) fn run(script: bool) -> ExitCode {
    // The story is told below; the log of the gateway would stand in between.
    logging::start(logging::Style::Text, "off", TimeZone::system());
    let played = tokio::runtime::Runtime::new()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| {
            runtime.block_on(async {
                let mut stage = Stage::set().await?;
                let as_told = if script {
                    story::play(&mut stage).await
                } else {
                    typed::play(&mut stage).await
                };
                stage.strike().await;
                as_told
            })
        });
    match played {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("turnstile-gateway demo: {error:#}");
            ExitCode::from(FAILED)
        }
    }
}
