//! The command line. Errors end here: each command gives the process its exit code (`sysexits.h` where one fits).

mod ask;
mod check_config;
mod check_ins;
mod decode;
mod demo;
mod desk;
mod devices;
mod explain;
mod lane;
mod logging;
#[cfg(feature = "osdp")]
mod osdp_key;
mod print;
mod run;
mod staff_hash;
mod status;
mod studio_simulator;
mod watch;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

/// The input was not valid (`EX_DATAERR`).
const INVALID_INPUT: u8 = 65;
/// The configuration cannot be used. 64 is `EX_USAGE`.
const INVALID_CONFIG: u8 = 64;
/// Something went wrong inside (`EX_SOFTWARE`).
const FAILED: u8 = 70;

/// Access control for gym turnstiles: reads cards, codes and PINs, decides, opens the lane, reports the visit.
#[derive(Parser)]
#[command(name = "turnstile-gateway", version, about, after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  turnstile-gateway demo
      try everything without hardware, key or network
  turnstile-gateway check-config /etc/turnstile-gateway/turnstile-gateway.toml
      find every mistake before the gateway is started
  turnstile-gateway run --config /etc/turnstile-gateway/turnstile-gateway.toml
      what the service does
  turnstile-gateway decode --format rdm6300 02 334630324237373544323244 03
      what a reader's bytes mean";

#[derive(Subcommand)]
enum Command {
    /// Work the lanes of a configuration file until SIGTERM
    Run(RunArguments),
    /// Check a configuration file: print what is in force, or every problem with its place and its fix
    CheckConfig {
        /// The file to check
        file: PathBuf,
    },
    /// Serve a studio to try and test against
    StudioSimulator(SimulatorArguments),
    /// Try everything in one process: simulated studio, gateway and lane
    Demo {
        /// Play a fixed story without asking for input; exits 0 only when everything happens as told
        #[arg(long)]
        script: bool,
    },
    /// Show how the running gateway is: studio, readers, relays, lanes, check-ins
    #[command(after_help = status::EXAMPLES)]
    Status(ask::Target),
    /// Say what would become of a credential: every check with the value that it sees
    #[command(after_help = explain::EXAMPLES)]
    Explain {
        #[command(flatten)]
        target: ask::Target,
        #[command(flatten)]
        arguments: explain::ExplainArguments,
    },
    /// Show what happens at the lanes, line by line, until Ctrl-C
    #[command(after_help = watch::EXAMPLES)]
    Watch(ask::Target),
    /// List, try again, drop or export check-ins that the studio does not have
    #[command(after_help = check_ins::EXAMPLES)]
    CheckIns {
        #[command(flatten)]
        target: ask::Target,
        #[command(subcommand)]
        order: check_ins::Order,
    },
    /// Open, close or release a lane by hand
    #[command(after_help = lane::LANE_EXAMPLES)]
    Lane {
        #[command(flatten)]
        target: ask::Target,
        #[command(subcommand)]
        order: lane::LaneOrder,
    },
    /// Take one customer, or everybody, to be outside
    #[command(after_help = lane::FORGIVE_EXAMPLES)]
    Forgive {
        #[command(flatten)]
        target: ask::Target,
        /// The studio's number of the customer; everybody without it
        customer: Option<i64>,
    },
    /// Fetch member records from the studio now
    #[command(after_help = lane::MEMBERS_EXAMPLES)]
    Members {
        #[command(flatten)]
        target: ask::Target,
        #[command(subcommand)]
        order: lane::MembersOrder,
    },
    /// Find a customer, or show what the studio knows of one
    #[command(after_help = desk::CUSTOMER_EXAMPLES)]
    Customer {
        #[command(flatten)]
        target: ask::Target,
        /// Show names, birthdays and e-mail addresses too
        #[arg(long, global = true)]
        personal: bool,
        #[command(subcommand)]
        order: desk::CustomerOrder,
    },
    /// Give a customer the card, code or PIN that is presented next at a reader
    #[command(after_help = desk::ENROL_EXAMPLES)]
    Enrol(desk::EnrolArguments),
    /// Replace or withdraw a customer's card, code or PIN
    #[command(after_help = desk::MEDIUM_EXAMPLES)]
    Medium {
        #[command(flatten)]
        change: desk::Change,
        #[command(subcommand)]
        order: desk::MediumOrder,
    },
    /// Keep a customer out, until a day or until it is lifted
    #[command(after_help = desk::BLOCK_EXAMPLES)]
    Block(desk::BlockArguments),
    /// Lift the block of a customer
    #[command(after_help = desk::UNBLOCK_EXAMPLES)]
    Unblock {
        #[command(flatten)]
        change: desk::Change,
        /// The customer's ID
        customer: i64,
    },
    /// Show the visits of a customer
    #[command(after_help = desk::VISITS_EXAMPLES)]
    Visits {
        #[command(flatten)]
        target: ask::Target,
        /// The customer's ID
        customer: i64,
        /// How many days to look back
        #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=365))]
        days: u16,
    },
    /// Count one use of a customer's benefit, such as a visit of a visit pass
    #[command(after_help = desk::USE_BENEFIT_EXAMPLES)]
    UseBenefit {
        #[command(flatten)]
        change: desk::Change,
        /// The customer's ID
        customer: i64,
        /// The key of the benefit
        key: String,
    },
    /// List the devices that the studio has created, or activate one for the device API
    Devices(DevicesArguments),
    /// Give a new OSDP reader the key that the configuration file names for it; the gateway is not running meanwhile
    #[cfg(feature = "osdp")]
    #[command(after_help = osdp_key::EXAMPLES)]
    OsdpKey {
        #[command(flatten)]
        file: RunArguments,
        /// The reader's name in the configuration file
        reader: String,
    },
    /// Print the keyed hash of a staff credential for the configuration file
    #[command(after_help = staff_hash::EXAMPLES)]
    StaffHash {
        #[command(flatten)]
        target: ask::Target,
        #[command(flatten)]
        arguments: staff_hash::StaffHashArguments,
    },
    /// Say what a reader's frame means, as one line of JSON; exits 65 when it is not valid
    Decode(decode::Arguments),
}

#[derive(Args)]
struct RunArguments {
    /// The configuration file
    #[arg(
        long,
        value_name = "FILE",
        default_value = "/etc/turnstile-gateway/turnstile-gateway.toml"
    )]
    config: PathBuf,
}

#[derive(Args)]
struct SimulatorArguments {
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:8490")]
    listen: SocketAddr,
    /// How many members the studio has
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=200_000))]
    members: u32,
    /// The same seed makes the same members
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Args)]
struct DevicesArguments {
    /// The configuration file
    #[arg(
        long,
        value_name = "FILE",
        default_value = "/etc/turnstile-gateway/turnstile-gateway.toml"
    )]
    config: PathBuf,
    /// Activate this device and keep its token, which the studio says only once
    #[arg(long, value_name = "ID")]
    activate: Option<i64>,
    /// Where the token is kept; device-ID.token in the data folder if not given
    #[arg(long, value_name = "FILE", requires = "activate")]
    token_file: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command named by the process's arguments.
#[must_use]
pub fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Run(arguments) => run::run(&arguments.config),
        Command::CheckConfig { file } => check_config::run(&file),
        Command::StudioSimulator(arguments) => studio_simulator::run(&arguments),
        Command::Demo { script } => demo::run(script),
        Command::Status(target) => status::run(&target),
        Command::Explain { target, arguments } => explain::run(&target, arguments),
        Command::Watch(target) => watch::run(&target),
        Command::CheckIns { target, order } => check_ins::run(&target, order),
        Command::Lane { target, order } => lane::lane(&target, order),
        Command::Forgive { target, customer } => lane::forgive(&target, customer),
        Command::Members { target, order } => lane::members(&target, &order),
        Command::Customer {
            target,
            personal,
            order,
        } => desk::customer(&target, personal, &order),
        Command::Enrol(arguments) => desk::enrol(&arguments),
        Command::Medium { change, order } => desk::medium(&change, &order),
        Command::Block(arguments) => desk::block(&arguments),
        Command::Unblock { change, customer } => desk::unblock(&change, customer),
        Command::Visits {
            target,
            customer,
            days,
        } => desk::visits(&target, customer, days),
        Command::UseBenefit {
            change,
            customer,
            key,
        } => desk::use_benefit(&change, customer, &key),
        Command::Devices(arguments) => devices::run(&arguments),
        #[cfg(feature = "osdp")]
        Command::OsdpKey { file, reader } => osdp_key::run(&file.config, &reader),
        Command::StaffHash { target, arguments } => staff_hash::run(&target, &arguments),
        Command::Decode(arguments) => decode::run(&arguments),
    }
}
