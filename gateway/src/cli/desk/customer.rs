//! `customer`: who is meant, and what the studio knows of them that matters at the door.

use std::process::ExitCode;

use clap::Subcommand;
use serde_json::{Value, json};

use super::super::ask::{self, Failure, NOT_WELL, Target};
use super::super::print::{bad, bold, good, pale, table};
use super::{Desk, access, list};
use crate::domain::{CardNumber, Credential, CustomerId, DateRange, MemberStatus};
use crate::studio::{
    AccessMedium, Contract, ContractStatus, CustomerKey, CustomerProfile, CustomerSearch, MediumKind,
    PastCheckIn, Personal, StudioError,
};

pub(in crate::cli) const EXAMPLES: &str = "\
Names, birthdays and e-mail addresses are only shown with --personal. The key needs the scope CUSTOMER_READ, for
visits also CHECKIN_READ.

Examples:
  sudo turnstile-gateway customer find \"Anna Sample\" --personal
  sudo turnstile-gateway customer find Sample           surname or first name, or how one of them begins
  sudo turnstile-gateway customer find 1-10003          the number on the contract
  sudo turnstile-gateway customer find 1173673668653440 a card, also in hexadecimal digits
  sudo turnstile-gateway customer show 1042";

/// How far back `show` looks for visits.
const RECENT_DAYS: u16 = 30;
/// How many of them it shows.
const MOST_VISITS: usize = 10;

#[derive(Subcommand)]
pub(in crate::cli) enum CustomerOrder {
    /// Find customers by name, card number or customer number
    Find {
        /// The name, card number or customer number
        what: String,
    },
    /// Show what the studio knows of a customer
    Show {
        /// The customer's ID, as "find" shows it
        customer: i64,
    },
}

/// Finds or shows.
pub(in crate::cli) fn customer(target: &Target, personal: bool, order: &CustomerOrder) -> ExitCode {
    ask::end(match order {
        CustomerOrder::Find { what } => find(target, personal, what),
        CustomerOrder::Show { customer } => show(target, personal, CustomerId(*customer)),
    })
}

fn find(target: &Target, personal: bool, what: &str) -> Result<ExitCode, Failure> {
    let desk = Desk::open(target)?;
    let what = what.trim();
    let mut found = Vec::new();
    if what.contains(|c: char| c.is_ascii_digit()) {
        found = desk.by_number(what)?;
    }
    if found.is_empty() {
        found = desk.by_name(what)?;
    }
    if desk.json {
        ask::print_json(&list(&found, |profile| head(profile, personal)))?;
    } else if found.is_empty() {
        println!("nobody found");
    } else {
        let mut rows = table(["ID", "number", "status", "name", "birthday"]);
        for profile in &found {
            let shown = |text: Option<String>| match text {
                Some(text) if personal => text,
                _ => pale("-"),
            };
            rows.add_row([
                profile.record.customer.to_string(),
                profile.number.clone().unwrap_or_default(),
                status(profile.record.status).to_owned(),
                shown(name(profile)),
                shown(profile.date_of_birth.as_ref().map(|day| day.reveal().to_string())),
            ]);
        }
        println!("{rows}");
    }
    Ok(if found.is_empty() {
        ExitCode::from(NOT_WELL)
    } else {
        ExitCode::SUCCESS
    })
}

impl Desk {
    /// By the number of a card or of a contract: which of them it is, is not to be seen from it.
    fn by_number(&self, text: &str) -> Result<Vec<CustomerProfile>, Failure> {
        let card = CardNumber::from_decimal(text).or_else(|_| CardNumber::from_hex_msb(text));
        let card = card
            .ok()
            .map(|number| CustomerKey::Credential(Credential::Card(number)));
        for key in card
            .into_iter()
            .chain([CustomerKey::CustomerNumber(text.to_owned())])
        {
            match self.runtime.block_on(self.studio.profile_by(&key)) {
                Ok(Some(found)) => return Ok(vec![found]),
                // What cannot be a number of this kind is nobody's.
                Ok(None) | Err(StudioError::Refused { status: 400, .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Vec::new())
    }

    /// One word is a surname or a first name; of several the last is the surname, unless a comma says otherwise.
    fn by_name(&self, text: &str) -> Result<Vec<CustomerProfile>, Failure> {
        let search = |first: &str, last: &str| {
            let given = |name: &str| (!name.is_empty()).then(|| Personal::new(name.to_owned()));
            let search = CustomerSearch {
                first_name: given(first.trim()),
                last_name: given(last.trim()),
                ..CustomerSearch::default()
            };
            self.answer(self.studio.search(&search))
        };
        if let Some((last, first)) = text.split_once(',') {
            return search(first, last);
        }
        if let Some((first, last)) = text.rsplit_once(char::is_whitespace) {
            return search(first, last);
        }
        let mut found = search("", text)?;
        found.extend(search(text, "")?);
        found.sort_by_key(|profile| profile.record.customer);
        found.dedup_by_key(|profile| profile.record.customer);
        Ok(found)
    }
}

fn show(target: &Target, personal: bool, customer: CustomerId) -> Result<ExitCode, Failure> {
    let desk = Desk::open(target)?;
    let profile = desk.profile(customer)?;
    // A key without their scopes still shows the rest.
    let mut problems = Vec::new();
    let contracts = known(desk.answer(desk.studio.contracts(customer, None)), &mut problems)?;
    let mut visits = known(desk.visits(customer, RECENT_DAYS), &mut problems)?;
    visits.truncate(MOST_VISITS);
    if desk.json {
        let mut value = head(&profile, personal);
        if let Some(fields) = value.as_object_mut() {
            fields.extend(body(&profile, &contracts, &visits));
            fields.insert("problems".to_owned(), problems.clone().into());
        }
        ask::print_json(&value)?;
    } else {
        print_head(&profile, personal);
        print_record(&profile);
        print_contracts(&contracts);
        println!("{}", media_table(&profile.media));
        println!("{}", desk.visit_table(&visits));
        for problem in &problems {
            println!("{} {problem}", bad("!"));
        }
    }
    Ok(if problems.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(NOT_WELL)
    })
}

/// What was answered, or nothing and why.
fn known<T>(answer: Result<Vec<T>, Failure>, problems: &mut Vec<String>) -> Result<Vec<T>, Failure> {
    match answer {
        Err(Failure::Studio(error)) => {
            problems.push(error.to_string());
            Ok(Vec::new())
        }
        answer => answer,
    }
}

fn name(profile: &CustomerProfile) -> Option<String> {
    let names = [&profile.first_name, &profile.last_name];
    let names: Vec<&str> = names
        .into_iter()
        .flatten()
        .map(|name| name.reveal().as_str())
        .collect();
    (!names.is_empty()).then(|| names.join(" "))
}

fn status(status: MemberStatus) -> &'static str {
    match status {
        MemberStatus::Member => "member",
        MemberStatus::Prospect => "prospect",
        MemberStatus::FormerMember => "former member",
    }
}

fn kind(kind: MediumKind) -> &'static str {
    match kind {
        MediumKind::Card => "card",
        MediumKind::Pin => "pin",
        MediumKind::Barcode => "barcode",
        MediumKind::WalletPass => "wallet pass",
        MediumKind::Other => "other",
    }
}

fn masked(medium: &AccessMedium) -> String {
    medium
        .credential
        .as_ref()
        .map_or_else(|| "not readable".to_owned(), Credential::masked)
}

/// Who it is.
fn head(profile: &CustomerProfile, personal: bool) -> Value {
    let mut value = json!({
        "id": profile.record.customer.0,
        "number": profile.number,
        "status": status(profile.record.status),
    });
    if let (true, Some(fields)) = (personal, value.as_object_mut()) {
        fields.insert("name".to_owned(), name(profile).into());
        fields.insert("birthday".to_owned(), json!(profile.date_of_birth));
        fields.insert("email".to_owned(), json!(profile.email));
    }
    value
}

/// Everything else that matters at the door.
fn body(
    profile: &CustomerProfile,
    contracts: &[Contract],
    visits: &[PastCheckIn],
) -> serde_json::Map<String, Value> {
    let record = &profile.record;
    let range = |days: &DateRange| json!({ "from": days.first, "to": days.last });
    let restrictions = list(
        &record.restrictions,
        |block| json!({ "reason": block.reason, "days": block.period.as_ref().map(range) }),
    );
    let contracts = list(contracts, |contract| {
        json!({
            "id": contract.id,
            "rate": contract.rate,
            "active": contract.status == ContractStatus::Active,
            "start": contract.start,
            "end": contract.end,
            "cancelled": contract.cancelled.then_some(contract.cancellation_date),
        })
    });
    let media = list(
        &profile.media,
        |medium| json!({ "id": medium.id, "kind": kind(medium.kind), "shows": masked(medium) }),
    );
    [
        ("access_refused", record.access_refused.into()),
        ("restrictions", restrictions),
        ("idle_periods", list(&record.idle_periods, range)),
        ("contracts", contracts),
        ("media", media),
        ("visits", list(visits, access::as_json)),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .into_iter()
    .collect()
}

fn line(name: &str, value: &str) {
    println!("{} {value}", bold(&format!("{name:<9}")));
}

fn print_head(profile: &CustomerProfile, personal: bool) {
    line("ID", &profile.record.customer.to_string());
    line("number", profile.number.as_deref().unwrap_or("-"));
    if personal {
        line("name", name(profile).as_deref().unwrap_or("-"));
        if let Some(day) = &profile.date_of_birth {
            line("birthday", &day.reveal().to_string());
        }
        if let Some(email) = &profile.email {
            line("e-mail", email.reveal());
        }
    }
}

fn print_record(profile: &CustomerProfile) {
    let record = &profile.record;
    line("status", status(record.status));
    if record.access_refused {
        line("access", &bad("refused by the studio"));
    } else {
        line("access", &good("not refused by the studio"));
    }
    for block in &record.restrictions {
        let days = access::days(block.period.as_ref());
        line("block", &format!("{} ({days})", block.reason));
    }
    for days in &record.idle_periods {
        line("paused", &format!("from {} to {}", days.first, days.last));
    }
}

fn print_contracts(contracts: &[Contract]) {
    let mut rows = table(["contract", "rate", "from", "to", "state"]);
    for contract in contracts {
        let state = match (contract.status, contract.cancelled) {
            (ContractStatus::Active, false) => good("active"),
            (ContractStatus::Active, true) => "active, cancelled".to_owned(),
            (ContractStatus::Inactive, _) => bad("not active"),
        };
        let end = contract.cancellation_date.or(contract.end);
        rows.add_row([
            contract.id.to_string(),
            contract.rate.clone(),
            contract.start.to_string(),
            end.map_or_else(|| pale("-"), |end| end.to_string()),
            state,
        ]);
    }
    println!("{rows}");
}

fn media_table(media: &[AccessMedium]) -> comfy_table::Table {
    let mut rows = table(["medium", "kind", "shows"]);
    for medium in media {
        rows.add_row([
            medium.id.map_or_else(|| pale("-"), |id| id.to_string()),
            kind(medium.kind).to_owned(),
            masked(medium),
        ]);
    }
    rows
}
