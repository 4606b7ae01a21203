//! The sections about the studio.

use std::fmt::{self, Formatter};

use super::{Place, Span, Text, Word, list, optional, path, setting};
use crate::settings::{Delivery, Studio, Way};

pub(super) fn studio(out: &mut Formatter<'_>, studio: &Studio) -> fmt::Result {
    writeln!(out, "\n[studio]")?;
    setting(
        out,
        "base_url",
        Text(studio.base_url.as_str().trim_end_matches('/')),
    )?;
    setting(
        out,
        "time_zone",
        Text(studio.time_zone.iana_name().unwrap_or("UTC")),
    )?;
    setting(out, "api_key", Place(&studio.api_key))?;
    setting(out, "card_number_format", Word(studio.card_number_format))?;
    setting(out, "check_in_path", Text(&studio.check_in_path))?;
    setting(out, "timeout", Span(studio.timeout))?;
    optional(out, "language", studio.language.as_deref().map(Text))?;
    setting(out, "requests_per_minute", studio.requests_per_minute)?;
    optional(
        out,
        "extra_roots",
        studio.extra_roots.as_deref().map(path).as_deref().map(Text),
    )?;
    if let Some(api) = &studio.device_api {
        writeln!(out, "\n[studio.device_api]")?;
        setting(out, "base_url", Text(api.base_url.as_str().trim_end_matches('/')))?;
        setting(out, "token", Place(&api.token))?;
    }
    if let Some(webhooks) = &studio.webhooks {
        writeln!(out, "\n[studio.webhooks]")?;
        setting(out, "listen", Text(&webhooks.listen.to_string()))?;
        setting(out, "api_key", Place(&webhooks.api_key))?;
    }
    Ok(())
}

pub(super) fn delivery(out: &mut Formatter<'_>, delivery: &Delivery) -> fmt::Result {
    writeln!(out, "\n[delivery]")?;
    let ways = delivery.ways.iter().map(|way| match way {
        Way::OpenApi => Text("open-api"),
        Way::DeviceApi => Text("device-api"),
        Way::BenefitUse { .. } => Text("benefit-use"),
    });
    setting(out, "ways", list(ways))?;
    let benefit = delivery.ways.iter().find_map(|way| match way {
        Way::BenefitUse { benefit } => Some(Text(benefit)),
        Way::OpenApi | Way::DeviceApi => None,
    });
    optional(out, "benefit", benefit)?;
    setting(out, "replay_within", Span(delivery.replay_within))?;
    setting(out, "keep_delivered", Span(delivery.keep_delivered))?;
    setting(out, "most_visits", delivery.most_visits)
}
