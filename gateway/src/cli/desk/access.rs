//! `block`, `unblock`, `use-benefit` and `visits`: what a customer may do, and has done.

use std::process::ExitCode;

use clap::Args;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde_json::json;

use super::super::ask::{self, Failure, Target};
use super::super::print::{pale, table, time};
use super::{Change, Desk, called, can_be_sure, list, sure};
use crate::domain::{AccessRestriction, CustomerId, DateRange};
use crate::studio::PastCheckIn;

pub(in crate::cli) const BLOCK_EXAMPLES: &str = "\
The block is kept at the studio and holds at the next swipe. One that was set with this command before is replaced.
The key needs the scope CUSTOMER_ACCESS_RESTRICTION_WRITE.

Examples:
  sudo turnstile-gateway block 1042 --reason \"owes the fee\"
  sudo turnstile-gateway block 1042 --reason \"house rules\" --from 2026-12-01 --to 2026-12-31";

pub(in crate::cli) const UNBLOCK_EXAMPLES: &str = "\
It lifts what \"block\" has set. Blocks that were set in the studio's own program can only be lifted there.

Examples:
  sudo turnstile-gateway unblock 1042";

pub(in crate::cli) const USE_BENEFIT_EXAMPLES: &str = "\
It counts at the studio as a visit of a visit pass does. The key needs the scope CUSTOMER_BENEFIT_WRITE.

Examples:
  sudo turnstile-gateway use-benefit 1042 VISIT_PASS";

pub(in crate::cli) const VISITS_EXAMPLES: &str = "\
As the studio has recorded them, also at other studios of the chain. The key needs the scope CHECKIN_READ.

Examples:
  sudo turnstile-gateway visits 1042
  sudo turnstile-gateway visits 1042 --days 365 --json";

#[derive(Args)]
pub(in crate::cli) struct BlockArguments {
    #[command(flatten)]
    change: Change,
    /// The customer's ID
    customer: i64,
    /// Why; the staff see it at the studio and here, other people never
    #[arg(long)]
    reason: String,
    /// First day; without dates the block holds until it is lifted
    #[arg(long, value_name = "DAY", requires = "to")]
    from: Option<Date>,
    /// Last day
    #[arg(long, value_name = "DAY", requires = "from")]
    to: Option<Date>,
}

/// Blocks a customer.
pub(in crate::cli) fn block(arguments: &BlockArguments) -> ExitCode {
    ask::end(set_block(arguments))
}

fn set_block(arguments: &BlockArguments) -> Result<ExitCode, Failure> {
    let reason = arguments.reason.trim();
    if reason.is_empty() {
        return Err(Failure::Refused(
            "nobody is blocked without a reason: say which".to_owned(),
        ));
    }
    let period = arguments
        .from
        .zip(arguments.to)
        .map(|(first, last)| DateRange { first, last });
    if period.is_some_and(|period| period.last < period.first) {
        return Err(Failure::Refused("--to is before --from".to_owned()));
    }
    let yes = arguments.change.yes;
    can_be_sure(yes)?;
    let desk = Desk::open(&arguments.change.target)?;
    let customer = CustomerId(arguments.customer);
    let whom = called(&desk.profile(customer)?);
    let span = days(period.as_ref());
    sure(yes, &format!("Block {whom} {span}?"))?;
    let restriction = AccessRestriction {
        reason: reason.to_owned(),
        period,
    };
    desk.answer(desk.studio.set_restriction(customer, &restriction))?;
    desk.changed(customer, &format!("{whom} is blocked {span}"))
}

/// The days of a block in words.
pub(super) fn days(period: Option<&DateRange>) -> String {
    match period {
        Some(DateRange { first, last }) => format!("from {first} to {last}"),
        None => "until it is lifted".to_owned(),
    }
}

/// Lifts the block of a customer.
pub(in crate::cli) fn unblock(change: &Change, customer: i64) -> ExitCode {
    ask::end(lift_block(change, CustomerId(customer)))
}

fn lift_block(change: &Change, customer: CustomerId) -> Result<ExitCode, Failure> {
    can_be_sure(change.yes)?;
    let desk = Desk::open(&change.target)?;
    let whom = called(&desk.profile(customer)?);
    sure(change.yes, &format!("Lift the block of {whom}?"))?;
    desk.answer(desk.studio.lift_restriction(customer))?;
    desk.changed(customer, &format!("the block of {whom} is lifted"))
}

/// Counts one use of a benefit.
pub(in crate::cli) fn use_benefit(change: &Change, customer: i64, key: &str) -> ExitCode {
    ask::end(count_use(change, CustomerId(customer), key))
}

fn count_use(change: &Change, customer: CustomerId, key: &str) -> Result<ExitCode, Failure> {
    can_be_sure(change.yes)?;
    let desk = Desk::open(&change.target)?;
    let whom = called(&desk.profile(customer)?);
    sure(change.yes, &format!("Count one use of {key} for {whom}?"))?;
    desk.answer(desk.studio.use_benefit(customer, key))?;
    desk.changed(customer, &format!("one use of {key} is counted for {whom}"))
}

/// Prints the visits of a customer in the last days.
pub(in crate::cli) fn visits(target: &Target, customer: i64, days: u16) -> ExitCode {
    ask::end(print_visits(target, CustomerId(customer), days))
}

fn print_visits(target: &Target, customer: CustomerId, days: u16) -> Result<ExitCode, Failure> {
    let desk = Desk::open(target)?;
    let visits = desk.visits(customer, days)?;
    if desk.json {
        ask::print_json(&list(&visits, as_json))?;
    } else if visits.is_empty() {
        println!("no visits of customer {customer} in the last {days} days");
    } else {
        println!("{}", desk.visit_table(&visits));
    }
    Ok(ExitCode::SUCCESS)
}

impl Desk {
    /// The visits of the last days, the newest first.
    pub(super) fn visits(&self, customer: CustomerId, days: u16) -> Result<Vec<PastCheckIn>, Failure> {
        let today = self.today();
        let since = today
            .checked_sub(i64::from(days).days())
            .map_err(anyhow::Error::from)?;
        let mut visits = self.answer(self.studio.check_in_history(customer, since, today))?;
        visits.sort_by_key(|visit| std::cmp::Reverse(visit.checked_in));
        Ok(visits)
    }

    pub(super) fn visit_table(&self, visits: &[PastCheckIn]) -> comfy_table::Table {
        let zone = &self.settings.studio.time_zone;
        let moment = |at: Option<Timestamp>| at.map_or_else(|| pale("-"), |at| time(at, zone));
        let mut rows = table(["came", "left", "studio"]);
        for visit in visits {
            rows.add_row([
                moment(visit.checked_in),
                moment(visit.checked_out),
                visit.studio_name.clone().unwrap_or_default(),
            ]);
        }
        rows
    }
}

pub(super) fn as_json(visit: &PastCheckIn) -> serde_json::Value {
    json!({
        "id": visit.id,
        "came": visit.checked_in,
        "left": visit.checked_out,
        "studio": visit.studio,
        "studio_name": visit.studio_name,
    })
}
