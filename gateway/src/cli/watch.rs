//! `watch`: what happens at the lanes, as it happens.

use std::io::Write;
use std::process::ExitCode;

use jiff::tz::TimeZone;

use super::ask::{self, Failure, Target};
use super::print::{bad, good, pale, time};
use crate::control::{Happening, Request, Response};

pub(super) const EXAMPLES: &str = "\
Examples:
  sudo turnstile-gateway watch
  sudo turnstile-gateway watch --json | jq 'select(.what == \"denied\")'";

/// Prints until the gateway ends.
pub(super) fn run(target: &Target) -> ExitCode {
    ask::end(watch(target))
}

fn watch(target: &Target) -> Result<ExitCode, Failure> {
    let settings = target.settings()?;
    for answer in Target::ask(&settings, &Request::Watch)? {
        match answer? {
            Response::Happened(happening) if target.json => {
                print(&serde_json::to_string(&happening).map_err(anyhow::Error::from)?)?;
            }
            Response::Happened(happening) => print(&line(&happening, &settings.studio.time_zone))?,
            Response::Missed(count) => eprintln!("{count} happenings came too fast and are left out"),
            Response::Failed(reason) => return Err(Failure::Refused(reason)),
            // The gateway says that it has begun to tell.
            _ => {}
        }
    }
    Err(Failure::Refused("the gateway has ended".to_owned()))
}

/// A reader of the lines that has left, such as `head`, ends the watching.
fn print(line: &str) -> Result<(), Failure> {
    writeln!(std::io::stdout(), "{line}").map_err(|error| Failure::Here(error.into()))
}

fn line(happening: &Happening, zone: &TimeZone) -> String {
    let what = match happening.what.as_str() {
        "opened" => good("opened"),
        "denied" | "failed" => bad(&happening.what),
        other => other.to_owned(),
    };
    let who = match (happening.customer, &happening.credential) {
        (Some(customer), Some(credential)) => format!("customer {customer}, {credential}"),
        (Some(customer), None) => format!("customer {customer}"),
        (None, Some(credential)) => credential.clone(),
        (None, None) => "-".to_owned(),
    };
    let took = happening.milliseconds.map_or(String::new(), |milliseconds| {
        format!(" {}", pale(&format!("{milliseconds} ms")))
    });
    format!(
        "{} {} {what}: {} ({who}){took}",
        pale(&time(happening.at, zone)),
        happening.access_point,
        happening.detail
    )
}
