//! `staff-hash`: the keyed hash of a staff credential, for the configuration file. The credential is asked for, or read
//! from standard input: on a command line it would end in the shell's history.

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Args;

use super::ask::{self, Failure, Target};
use super::explain::Kind;
use crate::runtime::Content;
use crate::staff::StaffKey;

pub(super) const EXAMPLES: &str = "\
The line that it prints goes into a [[staff]] table of the configuration file of this gateway; on another gateway the
same credential has another hash.

Examples:
  sudo turnstile-gateway staff-hash
  echo 4711 | sudo turnstile-gateway staff-hash --as pin";

#[derive(Args)]
pub(super) struct StaffHashArguments {
    /// What the credential is
    #[arg(long = "as", value_enum, default_value = "card")]
    kind: Kind,
}

/// Prints the hash.
pub(super) fn run(target: &Target, arguments: &StaffHashArguments) -> ExitCode {
    ask::end(hash(target, arguments.kind))
}

fn hash(target: &Target, kind: Kind) -> Result<ExitCode, Failure> {
    let settings = target.settings()?;
    let typed = if std::io::stdin().is_terminal() {
        ask::typed("Card number, code or PIN: ", "it on standard input")?
    } else {
        let mut line = String::new();
        std::io::stdin()
            .read_line(&mut line)
            .map_err(anyhow::Error::from)?;
        line.trim().to_owned()
    };
    let credential = Content::from(kind)
        .credential(&typed)
        .map_err(|error| Failure::Refused(format!("{error}: is it of another kind? See --as")))?;
    let key = StaffKey::open(&settings.gateway.data_dir).map_err(anyhow::Error::from)?;
    let digits: String = key
        .hash(&credential)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    println!("credential = \"hmac-sha256:{digits}\"");
    Ok(ExitCode::SUCCESS)
}
