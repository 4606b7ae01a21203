//! The commands at the front desk: find a customer, give and take cards, block and unblock. They ask the studio
//! themselves, with the gateway's key, and tell the running gateway afterwards, so that what was changed holds at the
//! next swipe. What they print shows no card number, and names only where they are asked for.

mod access;
mod customer;
mod medium;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Args;
use config::Settings;
use jiff::civil::Date;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

pub(super) use access::{
    BLOCK_EXAMPLES, BlockArguments, UNBLOCK_EXAMPLES, USE_BENEFIT_EXAMPLES, VISITS_EXAMPLES, block, unblock,
    use_benefit, visits,
};
pub(super) use customer::{CustomerOrder, EXAMPLES as CUSTOMER_EXAMPLES, customer};
pub(super) use medium::{ENROL_EXAMPLES, EnrolArguments, MEDIUM_EXAMPLES, MediumOrder, enrol, medium};

use super::ask::{self, Failure, NOT_WELL, Target, typed};
use crate::control::{ControlError, Request};
use crate::domain::CustomerId;
use crate::studio::{CustomerProfile, StudioClient, StudioError};
use crate::{clock, wiring};

/// What all commands have that change something.
#[derive(Args)]
pub(super) struct Change {
    #[command(flatten)]
    target: Target,
    /// Do not ask whether you are sure
    #[arg(long, global = true)]
    yes: bool,
}

/// Where a person sits: the studio on one side, the running gateway on the other.
struct Desk {
    settings: Settings,
    studio: StudioClient,
    runtime: Runtime,
    json: bool,
}

impl Desk {
    fn open(target: &Target) -> Result<Self, Failure> {
        let settings = target.settings()?;
        let studio = wiring::studio_settings(&settings).map_err(anyhow::Error::from)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(anyhow::Error::from)?;
        Ok(Self {
            settings,
            studio: StudioClient::new(studio)?,
            runtime,
            json: target.json,
        })
    }

    /// Waits for the studio's answer.
    fn answer<T>(&self, asked: impl Future<Output = Result<T, StudioError>>) -> Result<T, Failure> {
        Ok(self.runtime.block_on(asked)?)
    }

    fn profile(&self, customer: CustomerId) -> Result<CustomerProfile, Failure> {
        self.answer(self.studio.profile(customer))?.ok_or_else(|| {
            Failure::Refused(format!(
                "the studio has no customer {customer}: turnstile-gateway customer find looks for one"
            ))
        })
    }

    /// Today on the studio's calendar.
    fn today(&self) -> Date {
        let zone = self.settings.studio.time_zone.clone();
        clock::wall().to_zoned_datetime(zone).date()
    }

    /// Tells the running gateway what has changed, and the person that it is done.
    fn changed(&self, customer: CustomerId, done: &str) -> Result<ExitCode, Failure> {
        let request = Request::Refresh { customer: customer.0 };
        let told = Target::ask_once(&self.settings, &request);
        let (gateway, note) = match &told {
            Ok(_) => ("told", "It holds from the next swipe on.".to_owned()),
            Err(Failure::Control(ControlError::NotRunning { .. })) => (
                "not-running",
                format!(
                    "The gateway does not run. After its start, tell it: turnstile-gateway members refresh {customer}"
                ),
            ),
            Err(failure) => (
                "not-told",
                format!(
                    "The gateway does not know it yet ({failure}). Tell it: turnstile-gateway members refresh {customer}"
                ),
            ),
        };
        if self.json {
            ask::print_json(&json!({ "done": done, "customer": customer.0, "gateway": gateway }))?;
        } else {
            println!("{done}. {note}");
        }
        Ok(match gateway {
            "not-told" => ExitCode::from(NOT_WELL),
            _ => ExitCode::SUCCESS,
        })
    }
}

/// Before a person is sent to a reader or the studio is asked: whether there is somebody to be asked.
fn can_be_sure(yes: bool) -> Result<(), Failure> {
    if yes || std::io::stdin().is_terminal() {
        Ok(())
    } else {
        Err(Failure::Refused(
            "nobody is there to be asked whether it is meant: give --yes".to_owned(),
        ))
    }
}

/// Asks whether this is meant.
fn sure(yes: bool, what: &str) -> Result<(), Failure> {
    if yes || typed(&format!("{what} Type yes: "), "--yes")? == "yes" {
        Ok(())
    } else {
        Err(Failure::Refused("nothing was changed".to_owned()))
    }
}

/// How a customer is called where names have no place.
fn called(profile: &CustomerProfile) -> String {
    let id = profile.record.customer;
    match &profile.number {
        Some(number) => format!("customer {number} (ID {id})"),
        None => format!("customer {id}"),
    }
}

/// A list as JSON.
fn list<T>(items: &[T], one: impl Fn(&T) -> Value) -> Value {
    items.iter().map(one).collect()
}
