//! `check-ins`: what the studio does not have yet, and what a person can do about it. It asks the running gateway, or
//! opens the journal itself where none runs.

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use clap::Subcommand;
use config::Settings;
use jiff::tz::TimeZone;

use super::ask::{self, Failure, NOT_WELL, Target, typed};
use super::print::{bad, bold, pale, table, time};
use crate::control::{self, CheckIn, CheckInRequest, ControlError, Request, Response};
use crate::{journal, wiring};

pub(super) const EXAMPLES: &str = "\
These commands work on a running gateway and on a stopped one.

Examples:
  sudo turnstile-gateway check-ins list
  sudo turnstile-gateway check-ins show 12-345
  sudo turnstile-gateway check-ins retry 12-345 12-346    the studio is asked first whether it has them
  sudo turnstile-gateway check-ins retry --parked         all that wait for a person
  sudo turnstile-gateway check-ins drop 12-345 --reason \"test card\"
  sudo turnstile-gateway check-ins export > check-ins.csv";

/// What says at the command line what a person would be asked.
const INSTEAD: &str = "--reason and --yes";

#[derive(Subcommand)]
pub(super) enum Order {
    /// List the check-ins that the studio does not have
    List {
        /// Also those that it has, as far as they are kept
        #[arg(long)]
        delivered: bool,
        /// As comma-separated values
        #[arg(long, conflicts_with = "json")]
        csv: bool,
    },
    /// Show everything about one check-in
    Show {
        /// Its name, as in the list
        id: String,
    },
    /// Try parked check-ins again
    Retry {
        /// Their names, as in the list
        #[arg(required_unless_present = "parked")]
        ids: Vec<String>,
        /// All that are parked
        #[arg(long, conflicts_with = "ids")]
        parked: bool,
    },
    /// Take a check-in out for good: the studio will never hear of it
    Drop {
        /// Its name, as in the list
        id: String,
        /// Why; it is kept in the journal
        #[arg(long)]
        reason: Option<String>,
        /// Do not ask whether you are sure
        #[arg(long)]
        yes: bool,
    },
    /// Print all check-ins that are kept, as comma-separated values or with --json
    Export,
}

/// Does what is ordered.
pub(super) fn run(target: &Target, order: Order) -> ExitCode {
    ask::end(carry_out(target, order))
}

fn carry_out(target: &Target, order: Order) -> Result<ExitCode, Failure> {
    let settings = target.settings()?;
    let zone = &settings.studio.time_zone;
    match order {
        Order::List { delivered, csv } => {
            let check_ins = ask_for(&settings, CheckInRequest::List { delivered })?;
            match (target.json, csv) {
                (true, _) => ask::print_json(&check_ins)?,
                (false, true) => print_csv(&check_ins)?,
                (false, false) => print_table(&check_ins, zone),
            }
        }
        Order::Export => {
            let check_ins = ask_for(&settings, CheckInRequest::List { delivered: true })?;
            if target.json {
                ask::print_json(&check_ins)?;
            } else {
                print_csv(&check_ins)?;
            }
        }
        Order::Show { id } => {
            for check_in in ask_for(&settings, CheckInRequest::Show { id })? {
                if target.json {
                    ask::print_json(&check_in)?;
                } else {
                    print_one(&check_in, zone);
                }
            }
        }
        Order::Retry { ids, parked } => {
            let ids = if parked { parked_ids(&settings)? } else { ids };
            return each(ids, |id| {
                ask_for(&settings, CheckInRequest::Retry { id: id.clone() })?;
                println!("{id} is tried again");
                Ok(())
            });
        }
        Order::Drop { id, reason, yes } => {
            let [check_in] = ask_for(&settings, CheckInRequest::Show { id: id.clone() })?
                .try_into()
                .map_err(|_| ask::odd(&settings))?;
            let reason = match reason {
                Some(reason) => reason,
                None => typed("Why is it dropped? ", INSTEAD)?,
            };
            if !yes {
                print_one(&check_in, zone);
                let question = "The studio will never hear of this visit. Type yes to drop it: ";
                if typed(question, INSTEAD)? != "yes" {
                    return Err(Failure::Refused("nothing was dropped".to_owned()));
                }
            }
            ask_for(
                &settings,
                CheckInRequest::Drop {
                    id: id.clone(),
                    reason,
                },
            )?;
            println!("{id} is dropped");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// One after the other, so that one that fails keeps no other from being tried.
fn each(ids: Vec<String>, one: impl Fn(String) -> Result<(), Failure>) -> Result<ExitCode, Failure> {
    let mut code = ExitCode::SUCCESS;
    for id in ids {
        match one(id) {
            Ok(()) => {}
            Err(Failure::Refused(reason)) => {
                eprintln!("turnstile-gateway: {reason}");
                code = ExitCode::from(NOT_WELL);
            }
            Err(failure) => return Err(failure),
        }
    }
    Ok(code)
}

fn parked_ids(settings: &Settings) -> Result<Vec<String>, Failure> {
    let check_ins = ask_for(settings, CheckInRequest::List { delivered: false })?;
    let parked = check_ins
        .into_iter()
        .filter(|check_in| check_in.state == "parked");
    Ok(parked.map(|check_in| check_in.id).collect())
}

/// Asks the running gateway, or the journal itself where none runs.
fn ask_for(settings: &Settings, request: CheckInRequest) -> Result<Vec<CheckIn>, Failure> {
    let request = Request::CheckIns(request);
    let answers: Vec<Response> = match (Target::ask(settings, &request), request) {
        (Ok(answers), _) => answers.collect::<Result<_, _>>()?,
        (Err(Failure::Control(ControlError::NotRunning { .. })), Request::CheckIns(request)) => {
            from_the_journal(settings, request)?
        }
        (Err(failure), _) => return Err(failure),
    };
    let mut check_ins = Vec::new();
    for answer in answers {
        match answer {
            Response::CheckIns(some) => check_ins.extend(some),
            Response::Done => return Ok(check_ins),
            Response::Failed(reason) => return Err(Failure::Refused(reason)),
            _ => break,
        }
    }
    Err(Failure::Refused(
        "the gateway has ended in the middle of its answer: try again".to_owned(),
    ))
}

/// The journal's lock keeps a gateway from being started meanwhile.
fn from_the_journal(settings: &Settings, request: CheckInRequest) -> Result<Vec<Response>, Failure> {
    let journal_settings = wiring::journal_settings(settings);
    let path = journal_settings.path.clone();
    // Opening would make one, in the name of whoever runs the command.
    if !path
        .try_exists()
        .with_context(|| format!("cannot look for {}", path.display()))?
    {
        let text = format!(
            "there is no journal at {}: no gateway has run with these settings",
            path.display()
        );
        return Err(Failure::Refused(text));
    }
    let (journal, _) = journal::open(journal_settings).map_err(anyhow::Error::from)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .map_err(|error| anyhow!("cannot start: {error}"))?;
    let answers = runtime.block_on(control::answer_check_ins(request, &journal.handle()));
    journal.close();
    Ok(answers)
}

fn visitor(check_in: &CheckIn) -> String {
    match (check_in.customer, &check_in.credential) {
        (Some(customer), _) => format!("customer {customer}"),
        (None, Some(credential)) => credential.clone(),
        (None, None) => "-".to_owned(),
    }
}

fn print_table(check_ins: &[CheckIn], zone: &TimeZone) {
    if check_ins.is_empty() {
        println!("no check-ins: the studio has all of them");
        return;
    }
    let mut rows = table(["check-in", "came", "who", "where", "state", "why"]);
    for check_in in check_ins {
        let state = match check_in.state.as_str() {
            "parked" => bad("parked"),
            "delivered" => pale("delivered"),
            other => other.to_owned(),
        };
        rows.add_row([
            check_in.id.clone(),
            time(check_in.at, zone),
            visitor(check_in),
            check_in.access_point.clone(),
            state,
            check_in.message.clone().unwrap_or_default(),
        ]);
    }
    println!("{rows}");
}

fn print_one(check_in: &CheckIn, zone: &TimeZone) {
    let line = |name: &str, value: String| println!("{} {value}", bold(&format!("{name:<9}")));
    line("check-in", check_in.id.clone());
    line(
        "came",
        format!("{} (clock {})", time(check_in.at, zone), check_in.clock),
    );
    line("who", visitor(check_in));
    line("where", check_in.access_point.clone());
    line("state", check_in.state.clone());
    if let Some(since) = check_in.since {
        line("since", time(since, zone));
    }
    line("attempts", check_in.attempts.to_string());
    if let Some(message) = &check_in.message {
        line("why", message.clone());
    }
    if let Some(trace_id) = &check_in.trace_id {
        line("trace id", format!("{trace_id} (for the vendor's support)"));
    }
}

/// As RFC 4180 has it, times in UTC.
fn print_csv(check_ins: &[CheckIn]) -> Result<(), Failure> {
    let mut text =
        "check-in,came,clock,customer,credential,access-point,state,attempts,since,message,trace-id\r\n"
            .to_owned();
    for check_in in check_ins {
        let fields = [
            check_in.id.clone(),
            check_in.at.to_string(),
            check_in.clock.clone(),
            check_in
                .customer
                .map_or_else(String::new, |customer| customer.to_string()),
            check_in.credential.clone().unwrap_or_default(),
            check_in.access_point.clone(),
            check_in.state.clone(),
            check_in.attempts.to_string(),
            check_in.since.map_or_else(String::new, |since| since.to_string()),
            check_in.message.clone().unwrap_or_default(),
            check_in.trace_id.clone().unwrap_or_default(),
        ];
        text += &fields.map(|field| csv_field(&field)).join(",");
        text += "\r\n";
    }
    std::io::stdout()
        .write_all(text.as_bytes())
        .map_err(|error| Failure::Here(error.into()))
}

/// In quotes where it has to be. A field that a spreadsheet would take for a formula gets an apostrophe before it: the
/// studio's message is in there.
fn csv_field(field: &str) -> String {
    let field = if field.starts_with(['=', '+', '-', '@']) {
        format!("'{field}")
    } else {
        field.to_owned()
    };
    if field.contains(['"', ',', '\r', '\n']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_with_commas_quotes_or_a_formula_stays_one_harmless_field() {
        assert_eq!(csv_field("main/in"), "main/in");
        assert_eq!(
            csv_field("no \"contract\", sorry"),
            "\"no \"\"contract\"\", sorry\""
        );
        assert_eq!(csv_field("=1+1"), "'=1+1");
        assert_eq!(csv_field("two\nlines"), "\"two\nlines\"");
    }
}
