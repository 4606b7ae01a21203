//! `lane`, `forgive` and `members`: short orders to the running gateway.

use std::process::ExitCode;

use clap::Subcommand;

use super::ask::{self, Target};
use crate::control::{Mode, Request};

pub(super) const LANE_EXAMPLES: &str = "\
It holds until it is changed again or the gateway starts anew. Whoever is inside gets out of a closed lane too.

Examples:
  sudo turnstile-gateway lane open main      free passage, such as on an open day
  sudo turnstile-gateway lane close main     nobody gets in
  sudo turnstile-gateway lane normal main    by the rules again";

pub(super) const FORGIVE_EXAMPLES: &str = "\
For a member who is refused with \"anti-passback\", because the gateway believes that they are inside.

Examples:
  sudo turnstile-gateway forgive 1042    one customer, by the studio's number
  sudo turnstile-gateway forgive         everybody";

pub(super) const MEMBERS_EXAMPLES: &str = "\
Examples:
  sudo turnstile-gateway members refresh 1042    somebody who has just paid
  sudo turnstile-gateway members resync          everybody, such as after a change of contracts";

#[derive(Subcommand)]
pub(super) enum LaneOrder {
    /// Free passage: whatever is presented opens
    Open {
        /// The lane's name
        lane: String,
    },
    /// Nobody gets in
    Close {
        /// The lane's name
        lane: String,
    },
    /// By the rules
    Normal {
        /// The lane's name
        lane: String,
    },
}

#[derive(Subcommand)]
pub(super) enum MembersOrder {
    /// Fetch all member records anew
    Resync,
    /// Ask the studio for one member record now
    Refresh {
        /// The studio's number of the customer
        customer: i64,
    },
}

/// Changes how a lane works.
pub(super) fn lane(target: &Target, order: LaneOrder) -> ExitCode {
    let (lane, mode, done) = match order {
        LaneOrder::Open { lane } => (lane, Mode::Open, "is open for everybody"),
        LaneOrder::Close { lane } => (lane, Mode::Closed, "is closed"),
        LaneOrder::Normal { lane } => (lane, Mode::Normal, "works by the rules"),
    };
    let done = format!("lane \"{lane}\" {done}");
    ask::end(target.order(&Request::SetMode { lane, mode }, &done))
}

/// Takes one customer, or everybody, to be outside.
pub(super) fn forgive(target: &Target, customer: Option<i64>) -> ExitCode {
    let whom = customer.map_or("everybody".to_owned(), |customer| format!("customer {customer}"));
    let done = format!("{whom} counts as outside");
    ask::end(target.order(&Request::Forgive { customer }, &done))
}

/// Fetches member records.
pub(super) fn members(target: &Target, order: &MembersOrder) -> ExitCode {
    ask::end(match order {
        MembersOrder::Resync => target.order(
            &Request::Resync,
            "all member records are being fetched: see the log",
        ),
        MembersOrder::Refresh { customer } => {
            let done = format!("the record of customer {customer} is as the studio has it");
            target.order(&Request::Refresh { customer: *customer }, &done)
        }
    })
}
