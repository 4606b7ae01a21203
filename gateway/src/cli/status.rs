//! `status`: how the gateway is, and what a person should do about it.

use std::process::ExitCode;
use std::time::Duration;

use jiff::tz::TimeZone;

use super::ask::{self, Failure, NOT_WELL, Target};
use super::print::{ago, bad, bold, good, pale, table, time};
use crate::control::{Mode, Request, Response, Status};

/// A check-in that waits longer is a sign of trouble.
const LATE: Duration = Duration::from_secs(5 * 60);

pub(super) const EXAMPLES: &str = "\
Exit code: 0 all is well, 1 something needs a person, 69 the gateway does not run, 77 no permission.

Examples:
  sudo turnstile-gateway status
  sudo turnstile-gateway status --json | jq .check_ins.parked";

/// Prints the gateway's status.
pub(super) fn run(target: &Target) -> ExitCode {
    ask::end(status(target))
}

fn status(target: &Target) -> Result<ExitCode, Failure> {
    let settings = target.settings()?;
    let Response::Status(status) = Target::ask_once(&settings, &Request::Status)? else {
        return Err(ask::odd(&settings));
    };
    let troubles = troubles(&status);
    if target.json {
        let mut value = serde_json::to_value(&status).map_err(anyhow::Error::from)?;
        if let Some(fields) = value.as_object_mut() {
            fields.insert("troubles".to_owned(), troubles.clone().into());
        }
        ask::print_json(&value)?;
    } else {
        print(&status, &settings.studio.time_zone);
        for trouble in &troubles {
            println!("{} {trouble}", bad("!"));
        }
    }
    Ok(if troubles.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(NOT_WELL)
    })
}

/// What needs a person, each with what to do.
fn troubles(status: &Status) -> Vec<String> {
    let mut troubles = Vec::new();
    if !status.clock_set {
        troubles
            .push("the clock is not set: check the network and the time service (timedatectl)".to_owned());
    }
    if let Some(since) = status.studio.silent_since {
        troubles.push(format!(
            "the studio has not answered since {}: check the network and the API key (see the log)",
            ago(status.now, since)
        ));
    }
    let devices = status
        .readers
        .iter()
        .map(|reader| ("reader", &reader.name, &reader.trouble));
    let relays = status
        .relays
        .iter()
        .map(|relay| ("relay", &relay.name, &relay.trouble));
    for (kind, name, trouble) in devices.chain(relays) {
        if let Some(trouble) = trouble {
            troubles.push(format!("{kind} \"{name}\" is not connected: {trouble}"));
        }
    }
    for board in &status.boards {
        if let Some(trouble) = &board.trouble {
            troubles.push(format!("board \"{}\" opens nothing: {trouble}", board.name));
        }
    }
    for lane in status.lanes.iter().filter(|lane| lane.fire) {
        troubles.push(format!(
            "lane \"{}\" is open: its fire contact is active",
            lane.name
        ));
    }
    for lane in status.lanes.iter().filter(|lane| lane.mode != Mode::Normal) {
        troubles.push(format!(
            "lane \"{name}\" is {mode}: turnstile-gateway lane normal \"{name}\" ends that",
            name = lane.name,
            mode = mode(lane.mode)
        ));
    }
    if status.members.on_disk.is_none() {
        troubles.push("the member records on disk cannot be read: check the disk (see the log)".to_owned());
    }
    let check_ins = &status.check_ins;
    if check_ins.parked > 0 {
        troubles.push(format!(
            "{} check-ins wait for a person: turnstile-gateway check-ins list shows why",
            check_ins.parked
        ));
    }
    if let Some(oldest) = check_ins.oldest
        && Duration::try_from(status.now.duration_since(oldest)).is_ok_and(|age| age > LATE)
    {
        troubles.push(format!(
            "check-ins are not delivered: the oldest is from {} (see the log)",
            ago(status.now, oldest)
        ));
    }
    troubles
}

fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Normal => "normal",
        Mode::Open => "open for everybody",
        Mode::Closed => "closed",
    }
}

fn print(status: &Status, zone: &TimeZone) {
    let since = |at| format!("{} ({})", time(at, zone), ago(status.now, at));
    println!(
        "{} {}, running since {}",
        bold(&status.device),
        pale(&format!("turnstile-gateway {}", status.version)),
        since(status.started)
    );
    let studio = match (status.studio.silent_since, status.studio.answered) {
        (Some(silent), _) => {
            let failed = status.studio.failed;
            bad(&format!(
                "does not answer since {}, {failed} questions failed",
                since(silent)
            ))
        }
        (None, Some(answered)) => format!("{}, last {}", good("answers"), ago(status.now, answered)),
        (None, None) => "not asked yet".to_owned(),
    };
    let clock = if status.clock_set {
        good("set")
    } else {
        bad("not set")
    };
    println!("studio   {studio}");
    println!("clock    {clock}");
    let members = &status.members;
    println!(
        "members  {} in memory, {} on disk{}",
        members.in_memory,
        members
            .on_disk
            .map_or("an unknown number".to_owned(), |count| count.to_string()),
        members.roster.map_or(String::new(), |at| format!(
            ", all fetched {}",
            ago(status.now, at)
        ))
    );
    let counts = &status.check_ins;
    println!(
        "visits   {} waiting, {} sent, {} parked{}; {} delivered and still kept",
        counts.waiting,
        counts.sent,
        counts.parked,
        counts.oldest.map_or(String::new(), |at| format!(
            ", the oldest from {}",
            ago(status.now, at)
        )),
        counts.delivered
    );
    let connected = |trouble: &Option<String>| match trouble {
        None => good("connected"),
        Some(trouble) => bad(trouble),
    };
    let mut lanes = table(["lane", "mode", "inside"]);
    for lane in &status.lanes {
        let shown = mode(lane.mode);
        lanes.add_row([
            lane.name.clone(),
            if lane.mode == Mode::Normal {
                good(shown)
            } else {
                bad(shown)
            },
            lane.inside
                .map_or("not counted".to_owned(), |inside| inside.to_string()),
        ]);
    }
    println!("{lanes}");
    let mut readers = table(["reader", "state", "reads", "rejected", "last read"]);
    for reader in &status.readers {
        readers.add_row([
            reader.name.clone(),
            connected(&reader.trouble),
            reader.reads.to_string(),
            reader.rejected.to_string(),
            reader.last_read.map_or("-".to_owned(), |at| ago(status.now, at)),
        ]);
    }
    println!("{readers}");
    let relays = status.relays.iter().map(|relay| (&relay.name, &relay.trouble));
    print_openers("relay", "connected", relays.collect());
    let boards = status.boards.iter().map(|board| (&board.name, &board.trouble));
    print_openers("board", "works", boards.collect());
}

/// A table of those that the site has.
fn print_openers(kind: &str, well: &str, openers: Vec<(&String, &Option<String>)>) {
    if openers.is_empty() {
        return;
    }
    let mut rows = table([kind, "state"]);
    for (name, trouble) in openers {
        let state = trouble
            .as_ref()
            .map_or_else(|| good(well), |trouble| bad(trouble));
        rows.add_row([name.clone(), state]);
    }
    println!("{rows}");
}
