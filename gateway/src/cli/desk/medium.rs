//! `enrol` and `medium`: a card is presented at a reader of the running gateway and becomes a customer's, takes the
//! place of a lost one, or is withdrawn. The reader hands it over; it opens nothing.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::super::ask::{self, Failure, Target};
use super::{Change, Desk, called, can_be_sure, sure};
use crate::control::{LONGEST_WAIT_FOR_READ, Request, Response};
use crate::domain::{Credential, CustomerId};
use crate::studio::{CustomerKey, CustomerProfile, MediumId, StudioError};

pub(in crate::cli) const ENROL_EXAMPLES: &str = "\
The gateway must run. Whatever the reader reads next is taken: a card, a barcode or a PIN. The key needs the scope
CUSTOMER_ACCESS_MEDIUM_WRITE.

Examples:
  sudo turnstile-gateway enrol --reader \"entry reader\" --customer 1042
  sudo turnstile-gateway enrol --reader \"entry reader\" --customer 1042 --seconds 120 --yes";

pub(in crate::cli) const MEDIUM_EXAMPLES: &str = "\
\"customer show\" has the numbers of a customer's media. The studio lets only those be replaced and removed that this
program has enrolled; others belong to the studio's own program.

Examples:
  sudo turnstile-gateway medium replace --customer 1042 --medium 77 --reader \"entry reader\"   a lost card
  sudo turnstile-gateway medium remove --customer 1042 --medium 77";

/// Where something is presented, and for how long it is waited for.
#[derive(Args)]
pub(in crate::cli) struct Presenting {
    /// The reader at which the new one is presented, by its name in the configuration
    #[arg(long)]
    reader: String,
    /// How long to wait for it
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=LONGEST_WAIT_FOR_READ))]
    seconds: u64,
}

#[derive(Args)]
pub(in crate::cli) struct EnrolArguments {
    #[command(flatten)]
    change: Change,
    #[command(flatten)]
    presenting: Presenting,
    /// The ID of the customer who gets it
    #[arg(long)]
    customer: i64,
}

#[derive(Subcommand)]
pub(in crate::cli) enum MediumOrder {
    /// Put a new card in the place of an old one, which opens nothing any more
    Replace {
        #[command(flatten)]
        presenting: Presenting,
        /// The customer's ID
        #[arg(long)]
        customer: i64,
        /// The number of the old one
        #[arg(long)]
        medium: i64,
    },
    /// Withdraw a card, which opens nothing any more
    Remove {
        /// The customer's ID
        #[arg(long)]
        customer: i64,
        /// Its number
        #[arg(long)]
        medium: i64,
    },
}

/// Gives a customer what is presented next.
pub(in crate::cli) fn enrol(arguments: &EnrolArguments) -> ExitCode {
    ask::end(add(arguments))
}

fn add(arguments: &EnrolArguments) -> Result<ExitCode, Failure> {
    let yes = arguments.change.yes;
    can_be_sure(yes)?;
    let desk = Desk::open(&arguments.change.target)?;
    let profile = desk.profile(CustomerId(arguments.customer))?;
    let whom = called(&profile);
    let credential = desk.presented(&arguments.presenting)?;
    let shown = credential.masked();
    desk.free(&credential, &profile)?;
    sure(yes, &format!("Give {shown} to {whom}?"))?;
    let customer = profile.record.customer;
    desk.answer(desk.studio.add_medium(customer, &credential))?;
    desk.changed(customer, &format!("{shown} is an access medium of {whom}"))
}

/// Replaces or removes.
pub(in crate::cli) fn medium(change: &Change, order: &MediumOrder) -> ExitCode {
    ask::end(match order {
        MediumOrder::Replace {
            presenting,
            customer,
            medium,
        } => replace(change, presenting, CustomerId(*customer), MediumId(*medium)),
        MediumOrder::Remove { customer, medium } => remove(change, CustomerId(*customer), MediumId(*medium)),
    })
}

fn replace(
    change: &Change,
    presenting: &Presenting,
    customer: CustomerId,
    medium: MediumId,
) -> Result<ExitCode, Failure> {
    can_be_sure(change.yes)?;
    let desk = Desk::open(&change.target)?;
    let profile = desk.profile(customer)?;
    let old = held(&profile, medium)?;
    let credential = desk.presented(presenting)?;
    desk.free(&credential, &profile)?;
    let (new, whom) = (credential.masked(), called(&profile));
    sure(change.yes, &format!("Replace {old} of {whom} by {new}?"))?;
    desk.answer(desk.studio.replace_medium(customer, medium, &credential))?;
    desk.changed(customer, &format!("{new} is in the place of {old} of {whom}"))
}

fn remove(change: &Change, customer: CustomerId, medium: MediumId) -> Result<ExitCode, Failure> {
    can_be_sure(change.yes)?;
    let desk = Desk::open(&change.target)?;
    let profile = desk.profile(customer)?;
    let (old, whom) = (held(&profile, medium)?, called(&profile));
    sure(change.yes, &format!("Withdraw {old} of {whom}?"))?;
    desk.answer(desk.studio.withdraw_medium(customer, medium))?;
    desk.changed(customer, &format!("{old} of {whom} is withdrawn"))
}

/// The masked form of a medium that the customer has.
fn held(profile: &CustomerProfile, wanted: MediumId) -> Result<String, Failure> {
    let medium = profile.media.iter().find(|medium| medium.id == Some(wanted));
    let medium = medium.ok_or_else(|| {
        Failure::Refused(format!(
            "{} has no medium {wanted}: turnstile-gateway customer show {} lists them",
            called(profile),
            profile.record.customer
        ))
    })?;
    Ok(medium
        .credential
        .as_ref()
        .map_or_else(|| format!("medium {wanted}"), Credential::masked))
}

impl Desk {
    /// The next credential at a reader of the running gateway.
    fn presented(&self, presenting: &Presenting) -> Result<Credential, Failure> {
        let Presenting { reader, seconds } = presenting;
        eprintln!("Present it at \"{reader}\" within {seconds} seconds.");
        let request = Request::NextRead {
            reader: reader.clone(),
            seconds: *seconds,
        };
        let Response::Read(presented) = Target::ask_once(&self.settings, &request)? else {
            return Err(ask::odd(&self.settings));
        };
        let credential = Credential::try_from(presented).map_err(|_| ask::odd(&self.settings))?;
        if matches!(credential, Credential::CodeUuid(_)) {
            return Err(Failure::Refused(
                "this is the QR code of the member's app: it works without being enrolled".to_owned(),
            ));
        }
        eprintln!("Read {}.", credential.masked());
        Ok(credential)
    }

    /// Whether nobody holds it yet.
    fn free(&self, credential: &Credential, wanted: &CustomerProfile) -> Result<(), Failure> {
        let key = CustomerKey::Credential(credential.clone());
        let holder = match self.runtime.block_on(self.studio.profile_by(&key)) {
            // Studios that look up no such kind say so themselves when it is enrolled twice.
            Err(StudioError::Refused { status: 400, .. } | StudioError::KindNotTaken { .. }) => None,
            holder => holder?,
        };
        let Some(holder) = holder else {
            return Ok(());
        };
        let shown = credential.masked();
        Err(Failure::Refused(
            if holder.record.customer == wanted.record.customer {
                format!(
                    "{shown} is held by {} already: nothing was changed",
                    called(&holder)
                )
            } else {
                format!(
                    "{shown} is held by {}: withdraw it there first, or take another",
                    called(&holder)
                )
            },
        ))
    }
}
