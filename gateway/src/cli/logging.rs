//! Where log lines go and how they look: text for people, JSON by setting.

use std::fmt;
use std::io::IsTerminal;

use jiff::tz::TimeZone;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;

use crate::clock;

/// How the lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// One line of text, in colour on a terminal.
    Text,
    /// One JSON object a line.
    Json,
}

/// Sends log lines of `level` and above to standard error. The environment variable `RUST_LOG` overrules `level`.
/// Times are written in `time_zone`. A second call changes nothing.
pub(super) fn start(style: Style, level: &str, time_zone: TimeZone) {
    let filter = std::env::var("RUST_LOG")
        .ok()
        .and_then(|text| EnvFilter::try_new(text).ok())
        .unwrap_or_else(|| EnvFilter::new(default_filter(level)));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_timer(Timer(time_zone));
    // Already started is the only error: in tests and in the demo.
    let _ = match style {
        Style::Json => builder.json().flatten_event(true).with_target(false).try_init(),
        Style::Text => builder
            .with_ansi(std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none())
            .with_target(false)
            .try_init(),
    };
}

/// Our own words at the wished level, those of the libraries only when something is wrong. libosdp has none: what it says
/// of a reader, `hal` says in the words of the settings, and says it once.
fn default_filter(level: &str) -> String {
    format!("warn,libosdp=off,turnstile_gateway={level},hal={level}")
}

/// The wall clock in the studio's zone.
struct Timer(TimeZone);

impl FormatTime for Timer {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        let now = clock::wall().to_zoned_datetime(self.0.clone());
        write!(writer, "{}", now.strftime("%Y-%m-%dT%H:%M:%S%.3f%:z"))
    }
}
