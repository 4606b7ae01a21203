//! Values that have to do with the studio: its address, its time zone, its benefit keys.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use toml::de::DeValue;
use url::{Host, Url};

use super::{Complaint, did_you_mean, list, text};

/// An address with scheme, host and port only; `https`, or `http` to this very machine.
pub(crate) fn base_url(value: &DeValue<'_>) -> Result<Url, Complaint> {
    const EXAMPLE: &str = "write it like \"https://example.open-api.perfectgym.com\"";
    let complain = |what: &str, label: &str, fix: &str| Complaint::new(what, label, fix);
    let text = text(value)?;
    let url =
        Url::parse(text).map_err(|error| complain("is not a web address", &error.to_string(), EXAMPLE))?;
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => {
            return Err(complain(
                "is not a web address",
                "there is no host in it",
                EXAMPLE,
            ));
        }
    };
    if !url.username().is_empty() || url.password().is_some() {
        let label = "there is a user name or password in it";
        return Err(complain(
            "must not hold a login",
            label,
            "remove it: the studio knows us by the API key",
        ));
    }
    let origin = url.origin().ascii_serialization();
    if !(url.scheme() == "https" || (url.scheme() == "http" && loopback)) {
        let label = "anyone on the way could read the API key and the members' records";
        return Err(complain(
            "must begin with https://",
            label,
            "write https:// (http:// only to this very machine)",
        ));
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        let label = "the paths are added by the gateway";
        return Err(complain(
            "must end after the host",
            label,
            &format!("write \"{origin}\""),
        ));
    }
    Ok(url)
}

pub(crate) fn time_zone(value: &DeValue<'_>) -> Result<TimeZone, Complaint> {
    let name = text(value)?;
    let zones: Vec<String> = jiff::tz::db().available().map(|zone| zone.to_string()).collect();
    if let Ok(zone) = TimeZone::get(name)
        && zone.iana_name().is_some()
    {
        return Ok(zone);
    }
    let zones: Vec<&str> = zones.iter().map(String::as_str).collect();
    let fix = match did_you_mean(name, &zones) {
        _ if zones.is_empty() => {
            "this system has no time zone database: install the package tzdata".to_owned()
        }
        Some(zone) => format!("did you mean {zone:?}?"),
        None => "write the studio's zone, such as \"Europe/Berlin\"".to_owned(),
    };
    Err(Complaint::new(
        "is not a time zone",
        "not a name of the IANA time zone database",
        fix,
    ))
}

/// The path of an operation on one customer.
pub(crate) fn check_in_path(value: &DeValue<'_>) -> Result<String, Complaint> {
    const CUSTOMER: &str = "{customerId}";
    let path = text(value)?;
    let label = if !path.starts_with('/') {
        "it must begin with \"/\""
    } else if path.matches(CUSTOMER).count() != 1 {
        "it must hold {customerId} exactly once"
    } else if path
        .replace(CUSTOMER, "")
        .contains(|c: char| !c.is_ascii_graphic() || "?#{}\\\"".contains(c))
    {
        "spaces and the characters ? # { } \\ do not belong in it"
    } else {
        return Ok(path.to_owned());
    };
    let fix = format!("write it like \"{}\"", crate::Studio::DEFAULT_CHECK_IN_PATH);
    Err(Complaint::new("is not a usable path", label, fix))
}

/// A benefit key of the studio.
pub(crate) fn benefit_key(value: &DeValue<'_>) -> Result<String, Complaint> {
    let key = text(value)?;
    if !key.trim().is_empty() && !key.contains(char::is_control) {
        return Ok(key.to_owned());
    }
    Err(Complaint::new(
        "holds something that is no benefit key",
        "a key is text in quotes",
        "write a benefit key of the studio, such as \"GYM\"",
    ))
}

/// A list of benefit keys, at least one.
pub(crate) fn benefit_keys(value: &DeValue<'_>) -> Result<BTreeSet<String>, Complaint> {
    let keys: BTreeSet<String> = list(value, benefit_key)?;
    if keys.is_empty() {
        let fix = "list the benefit keys of the studio, such as [\"GYM\"]";
        return Err(Complaint::new("is empty", "nothing would be required", fix));
    }
    Ok(keys)
}
