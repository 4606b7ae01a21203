//! The rules of the settings in the core's words.

use std::collections::BTreeMap;
use std::time::Duration;

use config::Settings;
use hal::relay::Relay;

use crate::domain::{
    AccessPoint, CheckInMoment, CoreSettings, DecisionSettings, Direction, LaneMode, LockoutSettings,
    Offline, RequiredBenefits,
};
use crate::runtime::Content;
use crate::studio::CardNumberFormat;

/// The sides of all lanes, in the order in which the core counts them.
pub(super) fn sides(settings: &Settings) -> impl Iterator<Item = (&str, Direction, &config::AccessPoint)> {
    settings.lanes.iter().flat_map(|lane| {
        let entry = lane.entry.iter().map(|side| (Direction::In, side));
        let exit = lane.exit.iter().map(|side| (Direction::Out, side));
        entry
            .chain(exit)
            .map(|(direction, side)| (lane.name.as_str(), direction, side))
    })
}

/// What the core works by in its `boot`-th start.
pub(crate) fn core_settings(settings: &Settings, boot: u64) -> CoreSettings {
    let decisions = &settings.decisions;
    CoreSettings {
        device: settings.gateway.device.clone(),
        boot,
        time_zone: settings.studio.time_zone.clone(),
        decisions: DecisionSettings {
            deadline: decisions.deadline,
            read_deadline: decisions.read_deadline,
            repeat_window: decisions.repeat_window,
            fresh: decisions.fresh,
            usable: decisions.usable,
            unknown: decisions.unknown,
            offline: match decisions.offline {
                config::Offline::Deny => Offline::Deny,
                config::Offline::Members => Offline::Members,
                config::Offline::Everyone => Offline::Everyone,
            },
            offline_limit: decisions.offline_limit,
        },
        zones: Vec::new(),
        lockout: LockoutSettings {
            attempts: 10,
            window: Duration::from_secs(60),
            span: Duration::from_secs(300),
        },
        access_points: sides(settings)
            .map(|(lane, direction, side)| access_point(lane, direction, side))
            .collect(),
    }
}

fn access_point(lane: &str, direction: Direction, side: &config::AccessPoint) -> AccessPoint {
    AccessPoint {
        lane: lane.to_owned(),
        direction,
        mode: LaneMode::Normal,
        hours: None,
        zone: None,
        pulse: side.pulse,
        passage_time: side.passage_time,
        required_benefits: match &side.required_benefits {
            config::RequiredBenefits::None => RequiredBenefits::None,
            config::RequiredBenefits::All(keys) => RequiredBenefits::All(keys.clone()),
            config::RequiredBenefits::Any(keys) => RequiredBenefits::Any(keys.clone()),
        },
        check_in: match side.check_in {
            config::CheckInMoment::OnGrant => CheckInMoment::OnGrant,
        },
    }
}

pub(super) fn relays_by_access_point(settings: &Settings, relays: &BTreeMap<String, Relay>) -> Vec<Relay> {
    sides(settings)
        .filter_map(|(_, _, side)| relays.get(&side.relay).cloned())
        .collect()
}

pub(super) fn card_number_format(format: config::CardNumberFormat) -> CardNumberFormat {
    match format {
        config::CardNumberFormat::Decimal => CardNumberFormat::Decimal,
        config::CardNumberFormat::HexMsb => CardNumberFormat::HexMsb,
        config::CardNumberFormat::HexLsb => CardNumberFormat::HexLsb,
    }
}

/// What the text of a reader means; of no interest where it sends none.
pub(super) fn content(content: Option<config::Content>) -> Content {
    match content {
        Some(config::Content::Card(config::CardNumberFormat::Decimal)) => Content::Decimal,
        Some(config::Content::Card(config::CardNumberFormat::HexMsb)) => Content::HexMsb,
        Some(config::Content::Card(config::CardNumberFormat::HexLsb)) => Content::HexLsb,
        Some(config::Content::Pin) => Content::Pin,
        Some(config::Content::Code) | None => Content::Code,
    }
}
