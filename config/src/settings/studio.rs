//! The studio: how it is asked, what is believed for how long, and how visits are reported to it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use jiff::tz::TimeZone;
use url::Url;

use crate::SecretSource;

/// The studio and how to ask it.
#[derive(Clone, Debug, PartialEq)]
pub struct Studio {
    /// Scheme, host and port; `https`, or `http` to a loopback host.
    pub base_url: Url,
    /// The studio's dates are calendar days in this zone.
    pub time_zone: TimeZone,
    /// Where the API key is kept; never the key itself.
    pub api_key: SecretSource,
    /// How card numbers are written when talking to the studio.
    pub card_number_format: CardNumberFormat,
    /// Path of the check-in operation; contains `{customerId}` once.
    pub check_in_path: String,
    /// How long one request may take altogether.
    pub timeout: Duration,
    /// Language of the studio's messages (`Accept-Language`); the studio's own choice when absent.
    pub language: Option<String>,
    /// How many requests a minute the studio gets at the most.
    pub requests_per_minute: u32,
    /// Absolute path of a PEM file with certificates that are trusted besides the system's.
    pub extra_roots: Option<PathBuf>,
    /// The device API; there when [`Way::DeviceApi`] needs it, and only then.
    pub device_api: Option<DeviceApi>,
    /// Where the studio's webhooks come in; off without.
    pub webhooks: Option<Webhooks>,
}

impl Studio {
    /// The check-in operation unless the file says otherwise.
    pub const DEFAULT_CHECK_IN_PATH: &str = "/v1/customers/{customerId}/checkin";
    /// How long one request may take unless the file says otherwise.
    pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
    /// Requests a minute unless the file says otherwise.
    pub const DEFAULT_REQUESTS_PER_MINUTE: u32 = 600;
}

/// The studio's device API.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceApi {
    /// Scheme, host and port; `https`, or `http` to a loopback host.
    pub base_url: Url,
    /// Where the token is kept.
    pub token: SecretSource,
}

/// Where the studio's webhooks come in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhooks {
    /// Address and port, without TLS.
    pub listen: SocketAddr,
    /// Where the key is kept by which the studio is known.
    pub api_key: SecretSource,
}

/// The bulk copy of all member records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Roster {
    /// Whether there is one.
    pub enabled: bool,
    /// How often all of it is fetched again.
    pub interval: Duration,
    /// Whether the access codes of known members are fetched ahead.
    pub access_codes: bool,
}

impl Default for Roster {
    fn default() -> Self {
        Self {
            enabled: true,
            interval: Duration::from_secs(6 * 3600),
            access_codes: true,
        }
    }
}

/// How visits are reported, and how long they are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The ways in which every visit is reported, each once; at least one.
    pub ways: Vec<Way>,
    /// The device API takes no time of the visit, so an older one is not sent there but parked.
    pub replay_within: Duration,
    /// How long a delivered visit is kept.
    pub keep_delivered: Duration,
    /// How many visits are kept at the most.
    pub most_visits: u32,
}

impl Default for Delivery {
    fn default() -> Self {
        Self {
            ways: vec![Way::OpenApi],
            replay_within: Duration::from_secs(10 * 60),
            keep_delivered: Duration::from_secs(30 * 24 * 3600),
            most_visits: 100_000,
        }
    }
}

/// A way in which visits are reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// As check-ins of the open API.
    OpenApi,
    /// As identifications at the device API.
    DeviceApi,
    /// As uses of a benefit.
    BenefitUse {
        /// Its benefit key.
        benefit: String,
    },
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
