//! The sections about the studio: `[studio]` with those below it, `[roster]` and `[delivery]`.

use std::net::SocketAddr;

use super::{days, seconds, secret};
use crate::choice::choice;
use crate::settings::{CardNumberFormat, Delivery, DeviceApi, Roster, Studio, Way, Webhooks};
use crate::table::Table;
use crate::value::{self, Complaint};

/// The languages that the studio API takes in `Accept-Language`.
const LANGUAGES: [&str; 21] = [
    "cs", "de", "en", "es", "fr", "hu", "it", "nb", "nl", "pl", "ro", "ru", "sl", "sv", "tr", "de-CH",
    "de-LI", "en-CA", "en-GB", "en-US", "fr-LU",
];

pub(super) fn studio(table: &Table<'_>) -> Option<Studio> {
    let base_url = table.required(
        "base_url",
        "\"https://example.open-api.perfectgym.com\"",
        value::base_url,
    );
    hide_login(table);
    let time_zone = table.required("time_zone", "\"Europe/Berlin\"", value::time_zone);
    let api_key = secret(table, "api_key", "{ credential = \"studio-api-key\" }");
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
    let requests_per_minute = table.or(
        "requests_per_minute",
        Studio::DEFAULT_REQUESTS_PER_MINUTE,
        value::integer(10..=1000, "the studio refuses more than 1000"),
    );
    let extra_roots = table.or("extra_roots", None, |value| value::absolute_path(value).map(Some));
    let device_api = below(table, "device_api", "[studio.device_api]", device_api);
    let webhooks = below(table, "webhooks", "[studio.webhooks]", webhooks);
    table.finish();
    Some(Studio {
        base_url: base_url?,
        time_zone: time_zone?,
        api_key: api_key?,
        card_number_format: card_number_format?,
        check_in_path: check_in_path?,
        timeout: timeout?,
        language: language?,
        requests_per_minute: requests_per_minute?,
        extra_roots: extra_roots?,
        device_api: device_api?,
        webhooks: webhooks?,
    })
}

/// A section that need not be there.
fn below<T>(
    table: &Table<'_>,
    key: &'static str,
    title: &str,
    read: impl Fn(&Table<'_>) -> Option<T>,
) -> Option<Option<T>> {
    if !table.has(key) {
        table.pass_over(&[key]);
        return Some(None);
    }
    table
        .section(key, title)
        .and_then(|section| read(&section))
        .map(Some)
}

fn hide_login(table: &Table<'_>) {
    if table.text_of("base_url").is_some_and(|url| url.contains('@')) {
        table.report().hide(table.place_of("base_url"));
    }
}

fn device_api(table: &Table<'_>) -> Option<DeviceApi> {
    let base_url = table.required("base_url", "\"https://example.devices.example\"", value::base_url);
    hide_login(table);
    let token = secret(table, "token", "{ credential = \"studio-device-token\" }");
    table.finish();
    Some(DeviceApi {
        base_url: base_url?,
        token: token?,
    })
}

fn webhooks(table: &Table<'_>) -> Option<Webhooks> {
    let listen = table.required("listen", "\"127.0.0.1:8491\"", |value| {
        let address = value::text(value)?.parse::<SocketAddr>().ok();
        address.filter(|address| address.port() != 0).ok_or_else(|| {
            Complaint::new(
                "is not an address to listen at",
                "an IP address and a port",
                "write it like \"127.0.0.1:8491\"",
            )
        })
    });
    let api_key = secret(table, "api_key", "{ credential = \"studio-webhook-key\" }");
    table.finish();
    Some(Webhooks {
        listen: listen?,
        api_key: api_key?,
    })
}

pub(super) fn roster(table: &Table<'_>) -> Option<Roster> {
    let default = Roster::default();
    let enabled = table.or("enabled", default.enabled, value::boolean);
    let interval = table.or(
        "interval",
        default.interval,
        value::duration(
            seconds(600)..=days(7),
            "more often burdens the studio, less often misses changes",
        ),
    );
    let access_codes = table.or("access_codes", default.access_codes, value::boolean);
    table.finish();
    Some(Roster {
        enabled: enabled?,
        interval: interval?,
        access_codes: access_codes?,
    })
}

pub(super) fn delivery(table: &Table<'_>) -> Option<Delivery> {
    let default = Delivery::default();
    let ways = ways(table);
    let replay_within = table.or(
        "replay_within",
        default.replay_within,
        value::duration(
            seconds(1)..=days(1),
            "the studio would take it for a visit of now",
        ),
    );
    let keep_delivered = table.or(
        "keep_delivered",
        default.keep_delivered,
        value::duration(days(1)..=days(365), "who asks about a visit asks within days"),
    );
    let most_visits = table.or(
        "most_visits",
        default.most_visits,
        value::integer(
            1_000..=10_000_000,
            "a day's visits must fit, and so must all on the disk",
        ),
    );
    table.finish();
    Some(Delivery {
        ways: ways?,
        replay_within: replay_within?,
        keep_delivered: keep_delivered?,
        most_visits: most_visits?,
    })
}

fn ways(table: &Table<'_>) -> Option<Vec<Way>> {
    let words = table.or("ways", vec![OPEN_API], |value| {
        let words: Vec<&str> = value::list(value, |word| value::word(word, &WAYS))?;
        let twice = words
            .iter()
            .enumerate()
            .any(|(at, word)| words.iter().take(at).any(|other| other == word));
        match words[..] {
            [] => Err(Complaint::new(
                "is empty",
                "no visit would be reported",
                "write [\"open-api\"]",
            )),
            _ if twice => Err(Complaint::new(
                "names a way twice",
                "each visit is reported once",
                "write each way once",
            )),
            _ if words.contains(&OPEN_API) && words.contains(&DEVICE_API) => Err(Complaint::new(
                "reports each visit twice",
                "both of these are check-ins",
                "choose \"open-api\", which keeps the time of the visit, or \"device-api\"",
            )),
            _ => Ok(words),
        }
    });
    let Some(words) = words else {
        table.pass_over(&["benefit"]);
        return None;
    };
    let benefit = if words.contains(&BENEFIT_USE) {
        Some(table.required("benefit", "\"VISIT_PASS\"", value::benefit_key)?)
    } else {
        table.refuse("benefit", "only with \"benefit-use\" in `ways`");
        None
    };
    let way = |word| match word {
        BENEFIT_USE => benefit.clone().map(|benefit| Way::BenefitUse { benefit }),
        DEVICE_API => Some(Way::DeviceApi),
        _ => Some(Way::OpenApi),
    };
    words.into_iter().map(way).collect()
}

const OPEN_API: &str = "open-api";
const DEVICE_API: &str = "device-api";
const BENEFIT_USE: &str = "benefit-use";
const WAYS: [&str; 3] = [OPEN_API, DEVICE_API, BENEFIT_USE];
