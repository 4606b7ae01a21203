//! `explain`: what would become of a credential, check by check. It asks the running gateway, or looks at what a stopped
//! one has left on disk.

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use config::Settings;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::ask::{self, Failure, Target};
use super::print::{ago, bad, bold, good, pale, table, time};
use crate::control::{self, ControlError, Explanation, Presented, Request, Response};
use crate::domain::{Core, Credential, Question, Recollection};
use crate::runtime::Content;
use crate::{clock, directory, wiring};

pub(super) const EXAMPLES: &str = "\
It does what a swipe would do, and asks the studio where a swipe would, but opens nothing and counts nothing. While
the gateway does not run, it looks at what is on disk.

Examples:
  sudo turnstile-gateway explain 1173673668653440
  sudo turnstile-gateway explain 042b73321a3180 --as hex --lane main/out
  sudo turnstile-gateway explain PSZEYAZ7 --as code --at 2026-12-24T18:00:00+01:00";

#[derive(Args)]
pub(super) struct ExplainArguments {
    /// What would be presented
    credential: String,
    /// What it is
    #[arg(long = "as", value_enum, default_value = "card")]
    kind: Kind,
    /// Where: lane and direction, such as main/in; a lane alone means its entry. Default: the first entry
    #[arg(long)]
    lane: Option<String>,
    /// When, as in 2026-12-24T18:00:00+01:00. Default: now
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Kind {
    /// A card number in decimal digits
    Card,
    /// A card number in hexadecimal digits, most significant byte first
    Hex,
    /// The content of a QR code or barcode
    Code,
    /// A PIN
    Pin,
}

impl From<Kind> for Content {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Card => Self::Decimal,
            Kind::Hex => Self::HexMsb,
            Kind::Code => Self::Code,
            Kind::Pin => Self::Pin,
        }
    }
}

/// Prints the checks and the verdict.
pub(super) fn run(target: &Target, arguments: ExplainArguments) -> ExitCode {
    ask::end(explain(target, arguments))
}

fn explain(target: &Target, arguments: ExplainArguments) -> Result<ExitCode, Failure> {
    let ExplainArguments {
        credential,
        kind,
        lane,
        at,
    } = arguments;
    let settings = target.settings()?;
    let credential = Content::from(kind)
        .credential(&credential)
        .map_err(|error| Failure::Refused(format!("{error}: is it of another kind? See --as")))?;
    let request = Request::Explain {
        credential: Presented::from(&credential),
        access_point: lane.clone(),
        at,
    };
    let explanation = match Target::ask_once(&settings, &request) {
        Ok(Response::Explanation(explanation)) => explanation,
        Ok(_) => return Err(ask::odd(&settings)),
        Err(Failure::Control(ControlError::NotRunning { .. })) => {
            from_disk(&settings, credential, lane.as_deref(), at)?
        }
        Err(failure) => return Err(failure),
    };
    if target.json {
        ask::print_json(&explanation)?;
    } else {
        print(&explanation, &settings.studio.time_zone);
    }
    Ok(ExitCode::SUCCESS)
}

/// The same core with the same settings, on what a stopped gateway has left.
fn from_disk(
    settings: &Settings,
    credential: Credential,
    lane: Option<&str>,
    at: Option<Timestamp>,
) -> Result<Explanation, Failure> {
    let core = Core::new(wiring::core_settings(settings, 0));
    let access_point = core
        .settings()
        .access_point_named(lane)
        .ok_or_else(|| Failure::Refused(control::no_access_point(core.settings(), lane)))?;
    let stored = directory::stored(&settings.gateway.data_dir, &credential).map_err(anyhow::Error::from)?;
    let question = Question {
        access_point,
        credential,
        staff: None,
        recollection: stored.map_or(Recollection::Nothing, |record| {
            Recollection::Member(record.into())
        }),
        answer: None,
    };
    let now = at.map_or_else(clock::now, |at| control::moved(clock::now(), at));
    let explained = core
        .explain(&question, now)
        .ok_or_else(|| Failure::Refused(control::no_access_point(core.settings(), lane)))?;
    let mut notes = vec![
        "the gateway does not run: this is what it would decide from its disk. Who is inside and which lane was \
         closed by hand is not known"
            .to_owned(),
    ];
    if explained.asks {
        notes.push(
            "the studio would be asked first; this is what follows if it does not answer in time".to_owned(),
        );
    }
    Ok(control::told(
        core.settings(),
        access_point,
        &explained,
        now,
        "disk",
        notes,
    ))
}

fn print(explanation: &Explanation, zone: &TimeZone) {
    let whose = explanation
        .customer
        .map_or("nobody known".to_owned(), |customer| {
            format!("customer {customer}")
        });
    println!(
        "{} at {}, {}",
        bold(&whose),
        explanation.access_point,
        time(explanation.at, zone)
    );
    let mut rows = table(["check", "finding", "saw", "from", "age"]);
    for check in &explanation.checks {
        let finding = match check.finding.as_str() {
            "passed" | "opens" => good(&check.finding),
            "refused" => bad(&check.finding),
            other => pale(other),
        };
        rows.add_row([
            check.check.clone(),
            finding,
            check.saw.clone(),
            check.source.clone(),
            check
                .as_of
                .map_or("-".to_owned(), |as_of| ago(explanation.at, as_of)),
        ]);
    }
    println!("{rows}");
    for note in &explanation.notes {
        println!("{}", pale(note));
    }
    let verdict = format!("{}: {}", explanation.outcome, explanation.because);
    let granted = explanation.outcome == "granted";
    println!("{}", if granted { good(&verdict) } else { bad(&verdict) });
}
