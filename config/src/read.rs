//! From the text of the file to [`Settings`]: which settings there are, what they may be and what they default to.
//! What several devices or lanes must agree on is in [`crate::check`].

use std::time::Duration;

use toml::de::DeTable;

use crate::check::{self, LaneTable};
use crate::problem::{Problem, Report};
use crate::settings::{
    AccessPoint, CardNumberFormat, CheckInMoment, Content, Decisions, FORMATS, Gateway, Lane, Log, LogFormat,
    LogLevel, Offline, Parity, Reader, ReaderKind, Relay, RelayKind, RequiredBenefits, SerialLine,
    SerialReader, Settings, Studio, UsbRelay,
};
use crate::table::Table;
use crate::value::{Choice, Complaint, alternatives, choice};
use crate::{ApiKeySource, syntax, value};

const PORT: &str = "\"/dev/serial/by-id/...\"";
/// The languages that the studio API takes in `Accept-Language`.
const LANGUAGES: [&str; 21] = [
    "cs", "de", "en", "es", "fr", "hu", "it", "nb", "nl", "pl", "ro", "ru", "sl", "sv", "tr", "de-CH",
    "de-LI", "en-CA", "en-GB", "en-US", "fr-LU",
];

const fn milliseconds(count: u64) -> Duration {
    Duration::from_millis(count)
}

const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

const fn days(count: u64) -> Duration {
    seconds(count * 86_400)
}

/// Reads the whole file. `None` means: there are problems in `report`.
pub(crate) fn document(text: &str, report: &Report) -> Option<Settings> {
    syntax::hide_secrets(text, report);
    let (document, errors) = DeTable::parse_recoverable(text);
    let root = Table::root(&document, text.len(), report);

    let gateway = root
        .section("gateway", "[gateway]")
        .and_then(|table| gateway(&table));
    let studio = root
        .required_section(
            "studio",
            "[studio]",
            "add [studio] with base_url, time_zone and api_key",
        )
        .and_then(|table| studio(&table));
    let decisions = root
        .section("decisions", "[decisions]")
        .and_then(|table| decisions(&table));
    let reader_tables = root.list("reader");
    let readers = all(&reader_tables, reader);
    let relay_tables = root.list("relay");
    let relays = all(&relay_tables, relay);
    let lane_tables: Vec<LaneTable<'_>> = root.list("lane").into_iter().map(LaneTable::new).collect();
    let lanes = all(&lane_tables, lane);
    let log = root.section("log", "[log]").and_then(|table| log(&table));

    if !root.has("lane") {
        let problem = Problem::new("there is no lane", root.header(), "the file ends without one");
        report.add(
            problem
                .fix("add [[lane]] with a name, and [lane.entry] with its reader and relay")
                .absent(),
        );
    }
    check::names(&reader_tables, &relay_tables, &lane_tables);
    check::ports(&reader_tables, &relay_tables);
    check::references(&lane_tables, &reader_tables, &relay_tables);
    root.finish();
    report.add_syntax_errors(
        text,
        errors.iter().map(|error| syntax::problem(error, text)).collect(),
    );

    Some(Settings {
        gateway: gateway?,
        studio: studio?,
        decisions: decisions?,
        readers: readers?,
        relays: relays?,
        lanes: lanes?,
        log: log?,
    })
}

/// Reads every table, so that every problem is found, before it gives up.
fn all<T, S>(tables: &[T], read: impl Fn(&T) -> Option<S>) -> Option<Vec<S>> {
    let read: Vec<Option<S>> = tables.iter().map(read).collect();
    read.into_iter().collect()
}

fn gateway(table: &Table<'_>) -> Option<Gateway> {
    let default = Gateway::default();
    let device = table.or("device", default.device, value::device);
    let data_dir = table.or("data_dir", default.data_dir, value::absolute_path);
    table.finish();
    Some(Gateway {
        device: device?,
        data_dir: data_dir?,
    })
}

fn studio(table: &Table<'_>) -> Option<Studio> {
    let base_url = table.required(
        "base_url",
        "\"https://example.open-api.perfectgym.com\"",
        value::base_url,
    );
    if table.text_of("base_url").is_some_and(|url| url.contains('@')) {
        table.report().hide(table.place_of("base_url"));
    }
    let time_zone = table.required("time_zone", "\"Europe/Berlin\"", value::time_zone);
    let api_key = api_key(table);
    let card_number_format = table.or("card_number_format", CardNumberFormat::Decimal, choice);
    let check_in_path = table.or(
        "check_in_path",
        Studio::DEFAULT_CHECK_IN_PATH.to_owned(),
        value::check_in_path,
    );
    let timeout = table.or(
        "timeout",
        Studio::DEFAULT_TIMEOUT,
        value::duration(
            seconds(1)..=seconds(120),
            "too short fails needlessly, too long holds up the check-ins",
        ),
    );
    let language = table.or("language", None, |value| {
        value::word(value, &LANGUAGES).map(|word| Some(word.to_owned()))
    });
    table.finish();
    Some(Studio {
        base_url: base_url?,
        time_zone: time_zone?,
        api_key: api_key?,
        card_number_format: card_number_format?,
        check_in_path: check_in_path?,
        timeout: timeout?,
        language: language?,
    })
}

fn api_key(studio: &Table<'_>) -> Option<ApiKeySource> {
    const EXAMPLE: &str = "{ credential = \"studio-api-key\" }";
    let place = studio.place_of("api_key");
    if studio.text_of("api_key").is_some() {
        studio.report().hide(place);
        return studio.required("api_key", EXAMPLE, |_| {
            Err(Complaint::new(
                "must not be in this file",
                "say where the key is kept instead (the key is hidden here)",
                format!("write `api_key = {EXAMPLE}`, or {{ file = \"/path\" }} or {{ env = \"NAME\" }}"),
            ))
        });
    }
    if !studio.has("api_key") {
        return studio.required("api_key", EXAMPLE, |_| Err(Complaint::new("", "", "")));
    }
    let table = studio.section("api_key", "api_key")?;
    let credential = table.or("credential", None, |value| {
        let name = value::text(value)?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if name.is_empty() || name.starts_with('.') || !name.chars().all(plain) {
            let label = "only letters, digits, \"-\", \"_\" and \".\"";
            return Err(Complaint::new(
                "is no name of a credential",
                label,
                "use the name in LoadCredential=",
            ));
        }
        Ok(Some(ApiKeySource::Credential(name.to_owned())))
    });
    let file = table.or("file", None, |value| {
        value::absolute_path(value).map(|path| Some(ApiKeySource::File(path)))
    });
    let env = table.or("env", None, |value| {
        let name = value::text(value)?;
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) || !name.chars().all(plain) {
            let label = "only letters, digits and \"_\"";
            return Err(Complaint::new(
                "is no name of an environment variable",
                label,
                "use a name such as STUDIO_KEY",
            ));
        }
        Ok(Some(ApiKeySource::Env(name.to_owned())))
    });
    table.finish();
    one_of(&table, [credential?, file?, env?], "credential, file or env")
}

/// The one of several alternatives that is in the table.
fn one_of<T, const N: usize>(table: &Table<'_>, found: [Option<T>; N], names: &str) -> Option<T> {
    let mut found = found.into_iter().flatten();
    match (found.next(), found.next()) {
        (Some(one), None) => Some(one),
        (first, _) => {
            let label = if first.is_some() {
                "more than one is here"
            } else {
                "none of them is here"
            };
            let message = format!("`{}` needs exactly one of {names}", table.title());
            table
                .report()
                .add(Problem::new(message, table.header(), label).fix("keep the one that is true"));
            None
        }
    }
}

fn decisions(table: &Table<'_>) -> Option<Decisions> {
    let default = Decisions::default();
    let deadline = table.or(
        "deadline",
        default.deadline,
        value::duration(
            milliseconds(50)..=seconds(10),
            "the person stands at the lane meanwhile",
        ),
    );
    let read_deadline = table.or(
        "read_deadline",
        default.read_deadline,
        value::duration(
            milliseconds(100)..=seconds(30),
            "a late opening would be for whoever stands there then",
        ),
    );
    let repeat_window = table.or(
        "repeat_window",
        default.repeat_window,
        value::duration(
            Duration::ZERO..=seconds(60),
            "a person who comes again would be ignored for so long",
        ),
    );
    let fresh = table.or(
        "fresh",
        default.fresh,
        value::duration(
            Duration::ZERO..=days(1),
            "someone who has just paid would be refused for so long",
        ),
    );
    let usable = table.or(
        "usable",
        default.usable,
        value::duration(
            Duration::ZERO..=days(30),
            "someone who has left would get in for so long",
        ),
    );
    let unknown = table.or(
        "unknown",
        default.unknown,
        value::duration(
            seconds(1)..=seconds(3600),
            "a new card would be refused for so long",
        ),
    );
    let offline = table.or("offline", default.offline, choice);
    let offline_limit = table.or(
        "offline_limit",
        default.offline_limit,
        value::duration(
            Duration::ZERO..=days(90),
            "someone who has left would get in for so long",
        ),
    );
    table.finish();
    let decisions = Decisions {
        deadline: deadline?,
        read_deadline: read_deadline?,
        repeat_window: repeat_window?,
        fresh: fresh?,
        usable: usable?,
        unknown: unknown?,
        offline: offline?,
        offline_limit: offline_limit?,
    };
    let reason = "no answer of the studio could come in time to open the lane";
    check::order(
        table,
        ("deadline", decisions.deadline),
        ("read_deadline", decisions.read_deadline),
        reason,
    );
    let reason = "a record is fresh first, then usable";
    check::order(
        table,
        ("fresh", decisions.fresh),
        ("usable", decisions.usable),
        reason,
    );
    let reason = "a record would be too old offline while it still opens online";
    check::order(
        table,
        ("usable", decisions.usable),
        ("offline_limit", decisions.offline_limit),
        reason,
    );
    Some(decisions)
}

fn reader(table: &Table<'_>) -> Option<Reader> {
    const SERIAL: &[&str] = &[
        "port",
        "format",
        "content",
        "baud",
        "data_bits",
        "parity",
        "stop_bits",
    ];
    let name = table.required("name", "\"entry reader\"", value::name);
    let kind = table.required("kind", "\"serial\"", |value| {
        value::word(value, &["serial", "simulated"])
    });
    let kind = match kind {
        Some("serial") => serial_reader(table).map(ReaderKind::Serial),
        Some(_) => {
            table.refuse(SERIAL, "a simulated reader is on no port");
            Some(ReaderKind::Simulated)
        }
        None => {
            table.pass_over(SERIAL);
            None
        }
    };
    table.finish();
    Some(Reader {
        name: name?,
        kind: kind?,
    })
}

fn serial_reader(table: &Table<'_>) -> Option<SerialReader> {
    let port = table.required("port", PORT, value::absolute_path);
    let names: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
    let format = table.required("format", "\"rdm6300\"", |value| value::word(value, &names));
    let content = match FORMATS.iter().find(|known| Some(known.name) == format) {
        Some(text) if text.is_text => table.required("content", "\"decimal\"", choice).map(Some),
        Some(_) => {
            table.refuse(&["content"], "this format carries card numbers and nothing else");
            Some(None)
        }
        None => {
            table.pass_over(&["content"]);
            None
        }
    };
    let default = SerialLine::default();
    let baud = table.or("baud", default.baud, value::baud);
    let data_bits = table.or(
        "data_bits",
        default.data_bits,
        value::integer(7..=8, "serial readers send 7 or 8"),
    );
    let parity = table.or("parity", default.parity, choice);
    let stop_bits = table.or(
        "stop_bits",
        default.stop_bits,
        value::integer(1..=2, "serial readers send 1 or 2"),
    );
    Some(SerialReader {
        port: port?,
        line: SerialLine {
            baud: baud?,
            data_bits: data_bits?,
            parity: parity?,
            stop_bits: stop_bits?,
        },
        format: format?.to_owned(),
        content: content?,
    })
}

fn relay(table: &Table<'_>) -> Option<Relay> {
    const USB: &[&str] = &["port", "channel", "baud"];
    let name = table.required("name", "\"entry relay\"", value::name);
    let kind = table.required("kind", "\"usb-relay\"", |value| {
        value::word(value, &["usb-relay", "simulated"])
    });
    let kind = match kind {
        Some("usb-relay") => usb_relay(table).map(RelayKind::UsbRelay),
        Some(_) => {
            table.refuse(USB, "a simulated relay is on no port");
            Some(RelayKind::Simulated)
        }
        None => {
            table.pass_over(USB);
            None
        }
    };
    table.finish();
    Some(Relay {
        name: name?,
        kind: kind?,
    })
}

fn usb_relay(table: &Table<'_>) -> Option<UsbRelay> {
    let port = table.required("port", PORT, value::absolute_path);
    let channel = table.or(
        "channel",
        UsbRelay::DEFAULT_CHANNEL,
        value::integer(1..=8, "boards have channels 1 to 8"),
    );
    let baud = table.or("baud", UsbRelay::DEFAULT_BAUD, value::baud);
    Some(UsbRelay {
        port: port?,
        channel: channel?,
        baud: baud?,
    })
}

fn lane(lane: &LaneTable<'_>) -> Option<Lane> {
    let table = &lane.table;
    let name = table.required("name", "\"main\"", value::name);
    // An outer `Some` says that all is well, be the side there or not.
    let side = |key| match lane.side(key) {
        Some(side) => access_point(side).map(Some),
        None => (!table.has(key)).then_some(None),
    };
    let (entry, exit) = (side("entry"), side("exit"));
    if !table.has("entry") && !table.has("exit") {
        let problem = Problem::new(
            "a lane needs an entry or an exit",
            table.header(),
            "this lane has neither",
        );
        table.report().add(
            problem
                .fix("add [lane.entry] with its reader and relay below")
                .absent(),
        );
    }
    table.finish();
    Some(Lane {
        name: name?,
        entry: entry?,
        exit: exit?,
    })
}

fn access_point(table: &Table<'_>) -> Option<AccessPoint> {
    let reader = table.required("reader", "\"entry reader\"", value::name);
    let relay = table.required("relay", "\"entry relay\"", value::name);
    let pulse = table.or(
        "pulse",
        AccessPoint::DEFAULT_PULSE,
        value::duration(
            milliseconds(50)..=seconds(30),
            "a turnstile misses a shorter pulse, and a longer one lets several people in",
        ),
    );
    let passage_time = table.or(
        "passage_time",
        AccessPoint::DEFAULT_PASSAGE_TIME,
        value::duration(
            milliseconds(500)..=seconds(120),
            "the time in which one person walks through",
        ),
    );
    let required_benefits = required_benefits(table);
    let check_in = table.or("check_in", CheckInMoment::OnGrant, |value| match value.as_str() {
        Some("on-passage") => Err(Complaint::new(
            "cannot be on-passage here",
            "this lane has no passage sensor",
            "write \"on-grant\": the visit counts when the lane opens",
        )),
        _ => choice(value),
    });
    table.finish();
    let access_point = AccessPoint {
        reader: reader?,
        relay: relay?,
        pulse: pulse?,
        passage_time: passage_time?,
        required_benefits: required_benefits?,
        check_in: check_in?,
    };
    let reason = "the relay would still be on when the next person may be let in";
    check::order(
        table,
        ("pulse", access_point.pulse),
        ("passage_time", access_point.passage_time),
        reason,
    );
    Some(access_point)
}

fn required_benefits(side: &Table<'_>) -> Option<RequiredBenefits> {
    if !side.has("required_benefits") {
        side.pass_over(&["required_benefits"]);
        return Some(RequiredBenefits::None);
    }
    let table = side.section("required_benefits", "required_benefits")?;
    let all = table.or("all", None, |value| {
        value::benefit_keys(value).map(|keys| Some(RequiredBenefits::All(keys)))
    });
    let any = table.or("any", None, |value| {
        value::benefit_keys(value).map(|keys| Some(RequiredBenefits::Any(keys)))
    });
    table.finish();
    one_of(&table, [all?, any?], &alternatives(&["all", "any"]))
}

fn log(table: &Table<'_>) -> Option<Log> {
    let default = Log::default();
    let level = table.or("level", default.level, choice);
    let format = table.or("format", default.format, choice);
    table.finish();
    Some(Log {
        level: level?,
        format: format?,
    })
}

impl Choice for CardNumberFormat {
    const ALL: &'static [Self] = &[Self::Decimal, Self::HexMsb, Self::HexLsb];

    fn word(self) -> &'static str {
        match self {
            Self::Decimal => "decimal",
            Self::HexMsb => "hex-msb",
            Self::HexLsb => "hex-lsb",
        }
    }
}

impl Choice for Content {
    const ALL: &'static [Self] = &[
        Self::Card(CardNumberFormat::Decimal),
        Self::Card(CardNumberFormat::HexMsb),
        Self::Card(CardNumberFormat::HexLsb),
        Self::Code,
        Self::Pin,
    ];

    fn word(self) -> &'static str {
        match self {
            Self::Card(format) => format.word(),
            Self::Code => "code",
            Self::Pin => "pin",
        }
    }
}

impl Choice for Offline {
    const ALL: &'static [Self] = &[Self::Deny, Self::Members, Self::Everyone];

    fn word(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::Members => "members",
            Self::Everyone => "everyone",
        }
    }
}

impl Choice for Parity {
    const ALL: &'static [Self] = &[Self::None, Self::Even, Self::Odd];

    fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Even => "even",
            Self::Odd => "odd",
        }
    }
}

impl Choice for CheckInMoment {
    const ALL: &'static [Self] = &[Self::OnGrant];

    fn word(self) -> &'static str {
        match self {
            Self::OnGrant => "on-grant",
        }
    }
}

impl Choice for LogLevel {
    const ALL: &'static [Self] = &[Self::Error, Self::Warn, Self::Info, Self::Debug, Self::Trace];

    fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

impl Choice for LogFormat {
    const ALL: &'static [Self] = &[Self::Text, Self::Json];

    fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
        }
    }
}
