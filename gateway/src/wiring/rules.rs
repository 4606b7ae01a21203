//! The rules of the settings in the core's words.

use std::collections::BTreeSet;
use std::time::Duration;

use config::{ReaderKind, Settings};

use crate::domain::lane::{
    AntiPassback, Capacity, OpenTime, OpeningHours, PassbackRule, Strictness, Zone, ZoneId,
};
use crate::domain::{
    AccessPoint, CheckInMoment, CoreSettings, DecisionSettings, Direction, LaneMode, LockoutSettings,
    Offline, RequiredBenefits,
};
use crate::studio::CardNumberFormat;

/// How much later than the board's own word on it a passage counts as not taken. A board repeats what it says until it
/// is heard, and another maker's is given up a second after its time.
const BOARD_GRACE: Duration = Duration::from_secs(2);

/// The sides of all lanes, in the order in which the core counts them.
pub(super) fn sides(
    settings: &Settings,
) -> impl Iterator<Item = (&config::Lane, Direction, &config::AccessPoint)> {
    settings.lanes.iter().flat_map(|lane| {
        let entry = lane.entry.iter().map(|side| (Direction::In, side));
        let exit = lane.exit.iter().map(|side| (Direction::Out, side));
        entry
            .chain(exit)
            .map(move |(direction, side)| (lane, direction, side))
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
        zones: settings.zones.iter().map(zone).collect(),
        lockout: LockoutSettings {
            attempts: usize::try_from(settings.lockout.attempts).unwrap_or(usize::MAX),
            window: settings.lockout.window,
            span: settings.lockout.span,
        },
        access_points: sides(settings)
            .map(|(lane, direction, side)| access_point(settings, lane, direction, side))
            .collect(),
    }
}

fn access_point(
    settings: &Settings,
    lane: &config::Lane,
    direction: Direction,
    side: &config::AccessPoint,
) -> AccessPoint {
    let zone = |name: &String| {
        settings
            .zones
            .iter()
            .position(|zone| zone.name == *name)
            .map(ZoneId)
    };
    let by_board = matches!(side.opener, config::Opener::Board(_));
    AccessPoint {
        lane: lane.name.clone(),
        direction,
        mode: match lane.mode {
            config::LaneMode::Normal => LaneMode::Normal,
            config::LaneMode::Open => LaneMode::Open,
            config::LaneMode::Closed => LaneMode::Closed,
        },
        hours: lane.opening_hours.as_ref().map(opening_hours),
        zone: lane.zone.as_ref().and_then(zone),
        pulse: side.pulse,
        by_board,
        // The board ends what it has opened; this is for the case that it does not.
        passage_time: side.passage_time + if by_board { BOARD_GRACE } else { Duration::ZERO },
        required_benefits: match &side.required_benefits {
            config::RequiredBenefits::None => RequiredBenefits::None,
            config::RequiredBenefits::All(keys) => RequiredBenefits::All(keys.clone()),
            config::RequiredBenefits::Any(keys) => RequiredBenefits::Any(keys.clone()),
        },
        check_in: match side.check_in {
            config::CheckInMoment::OnGrant => CheckInMoment::OnGrant,
            config::CheckInMoment::OnPassage => CheckInMoment::OnPassage,
        },
    }
}

fn opening_hours(hours: &config::OpeningHours) -> OpeningHours {
    let day = |times: &Vec<config::OpenTime>| {
        let open = |time: &config::OpenTime| OpenTime {
            from: time.from,
            to: time.to,
        };
        times.iter().map(open).collect()
    };
    OpeningHours {
        week: hours.week.each_ref().map(day),
        closed: hours.closed_on.clone(),
    }
}

fn zone(zone: &config::Zone) -> Zone {
    Zone {
        name: zone.name.clone(),
        capacity: match zone.capacity {
            config::Capacity::Unlimited => Capacity::Unlimited,
            config::Capacity::People(count) => Capacity::Presence(count),
            config::Capacity::Studio => Capacity::Studio,
        },
        anti_passback: AntiPassback {
            strictness: match zone.anti_passback {
                config::AntiPassback::Off => Strictness::Off,
                config::AntiPassback::Soft => Strictness::Soft,
                config::AntiPassback::Hard => Strictness::Hard,
            },
            rule: zone
                .anti_passback_window
                .map_or(PassbackRule::Presence, PassbackRule::Window),
        },
        forgive_at: zone.forgive_at,
    }
}

pub(super) fn card_number_format(format: config::CardNumberFormat) -> CardNumberFormat {
    match format {
        config::CardNumberFormat::Decimal => CardNumberFormat::Decimal,
        config::CardNumberFormat::HexMsb => CardNumberFormat::HexMsb,
        config::CardNumberFormat::HexLsb => CardNumberFormat::HexLsb,
    }
}

/// Every benefit that some side asks for.
pub(super) fn required_benefits(settings: &Settings) -> BTreeSet<String> {
    sides(settings)
        .flat_map(|(_, _, side)| match &side.required_benefits {
            config::RequiredBenefits::None => BTreeSet::new(),
            config::RequiredBenefits::All(keys) | config::RequiredBenefits::Any(keys) => keys.clone(),
        })
        .collect()
}

/// Whether some reader scans codes.
pub(super) fn reads_codes(settings: &Settings) -> bool {
    let scans = |content| content == config::Content::Code;
    let in_lines = |sends: &config::Sends| match sends {
        config::Sends::Lines(lines) => scans(lines.content),
        config::Sends::Cards(_) => false,
    };
    settings.readers.iter().any(|reader| match &reader.kind {
        ReaderKind::Serial(serial) => in_lines(&serial.frames.sends),
        ReaderKind::Board(reader) => match &reader.frames {
            config::BoardFrames::Serial(frames) => in_lines(&frames.sends),
            config::BoardFrames::Wiegand(_) => false,
        },
        ReaderKind::Keyboard(keyboard) => scans(keyboard.content),
        ReaderKind::Simulated => true,
        ReaderKind::Wiegand(_) | ReaderKind::Osdp(_) => false,
    })
}
