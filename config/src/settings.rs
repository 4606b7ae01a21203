//! The settings in force: already checked, in field terms. How the file is written and checked is elsewhere.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use jiff::tz::TimeZone;
use url::Url;

use crate::ApiKeySource;

/// Everything that the configuration file says, defaults filled in. Its parts fit together: every reader and
/// relay that a lane names exists, names are unique, no port has two owners.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// This gateway itself.
    pub gateway: Gateway,
    /// The studio and how to ask it.
    pub studio: Studio,
    /// Ages and deadlines of decisions.
    pub decisions: Decisions,
    /// The readers, in the order of the file.
    pub readers: Vec<Reader>,
    /// The relays, in the order of the file.
    pub relays: Vec<Relay>,
    /// The lanes, in the order of the file; at least one.
    pub lanes: Vec<Lane>,
    /// What is logged, and how.
    pub log: Log,
}

impl Settings {
    /// The reader of this name; an [`AccessPoint`]'s is always there.
    #[must_use]
    pub fn reader(&self, name: &str) -> Option<&Reader> {
        self.readers.iter().find(|reader| reader.name == name)
    }

    /// The relay of this name; an [`AccessPoint`]'s is always there.
    #[must_use]
    pub fn relay(&self, name: &str) -> Option<&Relay> {
        self.relays.iter().find(|relay| relay.name == name)
    }
}

/// This gateway itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gateway {
    /// Its name in the identity of check-ins: letters, digits, `-`, `_` and `.`.
    pub device: String,
    /// Absolute path of the folder for what must survive a restart.
    pub data_dir: PathBuf,
}

impl Default for Gateway {
    fn default() -> Self {
        Self {
            device: "gateway".to_owned(),
            data_dir: PathBuf::from("/var/lib/turnstile-gateway"),
        }
    }
}

/// The studio and how to ask it.
#[derive(Clone, Debug, PartialEq)]
pub struct Studio {
    /// Scheme, host and port; `https`, or `http` to a loopback host.
    pub base_url: Url,
    /// The studio's dates are calendar days in this zone.
    pub time_zone: TimeZone,
    /// Where the API key is kept; never the key itself.
    pub api_key: ApiKeySource,
    /// How card numbers are written when talking to the studio.
    pub card_number_format: CardNumberFormat,
    /// Path of the check-in operation; contains `{customerId}` once.
    pub check_in_path: String,
    /// How long one request may take altogether.
    pub timeout: Duration,
    /// Language of the studio's messages (`Accept-Language`); the studio's own choice when absent.
    pub language: Option<String>,
}

impl Studio {
    /// The check-in operation unless the file says otherwise.
    pub const DEFAULT_CHECK_IN_PATH: &str = "/v1/customers/{customerId}/checkin";
    /// How long one request may take unless the file says otherwise.
    pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
}

/// How a card number is written: `cardNumberFormat` of the studio API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardNumberFormat {
    /// `1173673668653440`
    Decimal,
    /// `042b73321a3180`: most significant byte first.
    HexMsb,
    /// `80311a32732b04`: least significant byte first.
    HexLsb,
}

/// Ages and deadlines of decisions. `deadline <= read_deadline` and `fresh <= usable <= offline_limit`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decisions {
    /// How long a decision waits for the studio.
    pub deadline: Duration,
    /// How long after the read a lane may still open.
    pub read_deadline: Duration,
    /// How long after it was last seen the same credential on the same reader is the same presentation.
    pub repeat_window: Duration,
    /// Up to this age a record's no is final without asking.
    pub fresh: Duration,
    /// Up to this age a record's yes opens without asking.
    pub usable: Duration,
    /// How long the studio's "nobody has this credential" is believed.
    pub unknown: Duration,
    /// Whom to let in when the studio cannot be asked in time.
    pub offline: Offline,
    /// How old a record may be for [`Offline::Members`].
    pub offline_limit: Duration,
}

impl Default for Decisions {
    fn default() -> Self {
        Self {
            deadline: Duration::from_millis(800),
            read_deadline: Duration::from_secs(3),
            repeat_window: Duration::from_secs(2),
            fresh: Duration::from_secs(5 * 60),
            usable: Duration::from_secs(72 * 3600),
            unknown: Duration::from_secs(30),
            offline: Offline::Members,
            offline_limit: Duration::from_secs(7 * 24 * 3600),
        }
    }
}

/// Whom to let in when the studio cannot be asked in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offline {
    /// Nobody.
    Deny,
    /// Those whose stored record, within the offline limit, does not say no.
    Members,
    /// Everybody but those whose stored record says no.
    Everyone,
}

/// A reader of credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    /// Unique among the readers.
    pub name: String,
    /// What it is and where.
    pub kind: ReaderKind,
}

/// What a reader is and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReaderKind {
    /// On a serial port.
    Serial(SerialReader),
    /// None but the program's own control handle: for demonstrations and tests.
    Simulated,
}

/// A reader on a serial port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SerialReader {
    /// Absolute path of the port; no other device has it.
    pub port: PathBuf,
    /// Speed and framing.
    pub line: SerialLine,
    /// The name of one of [`FORMATS`].
    pub format: String,
    /// What the text is; there for text formats and only for those.
    pub content: Option<Content>,
}

/// A frame format that a reader may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// Its name in the file.
    pub name: &'static str,
    /// It carries free text, so that the file must say what the text is.
    pub is_text: bool,
}

/// Every frame format that the file may name: the only list of them.
pub const FORMATS: &[Format] = &[
    Format {
        name: "rdm6300",
        is_text: false,
    },
    Format {
        name: "line",
        is_text: true,
    },
];

/// What the text of a text format is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// A card number, written in this way.
    Card(CardNumberFormat),
    /// The content of a QR code or barcode.
    Code,
    /// A PIN.
    Pin,
}

/// Speed and framing of a serial line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SerialLine {
    /// Bits per second.
    pub baud: u32,
    /// 7 or 8.
    pub data_bits: u8,
    /// The parity bit.
    pub parity: Parity,
    /// 1 or 2.
    pub stop_bits: u8,
}

impl Default for SerialLine {
    fn default() -> Self {
        Self {
            baud: 9600,
            data_bits: 8,
            parity: Parity::None,
            stop_bits: 1,
        }
    }
}

/// The parity bit of a serial line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parity {
    /// There is none.
    None,
    /// It makes the number of ones even.
    Even,
    /// It makes the number of ones odd.
    Odd,
}

/// A relay that opens a lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relay {
    /// Unique among the relays.
    pub name: String,
    /// What it is and where.
    pub kind: RelayKind,
}

/// What a relay is and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RelayKind {
    /// One channel of a USB relay board.
    UsbRelay(UsbRelay),
    /// None but the program's own memory: for demonstrations and tests.
    Simulated,
}

/// One channel of a USB relay board. Boards may be shared: then the channels differ and `baud` is the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsbRelay {
    /// Absolute path of the board's serial port.
    pub port: PathBuf,
    /// 1 to 8, as printed on the board.
    pub channel: u8,
    /// Bits per second; 8 data bits, no parity, 1 stop bit.
    pub baud: u32,
}

impl UsbRelay {
    /// The channel unless the file says otherwise.
    pub const DEFAULT_CHANNEL: u8 = 1;
    /// Bits per second unless the file says otherwise.
    pub const DEFAULT_BAUD: u32 = 9600;
}

/// One physical passage, with one side or two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    /// Unique among the lanes.
    pub name: String,
    /// The side at which people come in.
    pub entry: Option<AccessPoint>,
    /// The side at which people go out.
    pub exit: Option<AccessPoint>,
}

/// One side of a lane. `pulse <= passage_time`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessPoint {
    /// Name of its reader in [`Settings::readers`]; no other access point has it.
    pub reader: String,
    /// Name of its relay in [`Settings::relays`]; no other lane has it, but both sides of one lane may share it.
    pub relay: String,
    /// How long the relay is on for one grant.
    pub pulse: Duration,
    /// How long after a grant a person may take to pass.
    pub passage_time: Duration,
    /// What the person must be entitled to.
    pub required_benefits: RequiredBenefits,
    /// When a visit counts.
    pub check_in: CheckInMoment,
}

impl AccessPoint {
    /// The pulse unless the file says otherwise.
    pub const DEFAULT_PULSE: Duration = Duration::from_millis(500);
    /// The passage time unless the file says otherwise.
    pub const DEFAULT_PASSAGE_TIME: Duration = Duration::from_secs(5);
}

/// The entitlements an access point asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RequiredBenefits {
    /// None.
    #[default]
    None,
    /// Every one of these benefit keys.
    All(BTreeSet<String>),
    /// At least one of these benefit keys.
    Any(BTreeSet<String>),
}

/// When a visit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckInMoment {
    /// When the lane has opened.
    OnGrant,
}

/// What is logged, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Log {
    /// The least important events that are logged.
    pub level: LogLevel,
    /// How a line is written.
    pub format: LogFormat,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            level: LogLevel::Info,
            format: LogFormat::Text,
        }
    }
}

/// The least important events that are logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// What needs a person now.
    Error,
    /// What may need a person soon.
    Warn,
    /// What happened: decisions, starts, outages.
    Info,
    /// What led to it.
    Debug,
    /// Everything.
    Trace,
}

/// How a line of the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}
