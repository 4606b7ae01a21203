//! How the demo looks: one line per event, in colour where there is a terminal for it.

use comfy_table::{Table, presets};
use owo_colors::{OwoColorize, Stream, Style};

use super::stage::{Event, Stage};
use crate::domain::{DenyReason, Outcome, Passage, Visitor};
use crate::runtime::Notice;
use crate::simulator::{SimulatedMember, Story};

/// A text in a style, if standard output shows styles.
pub(super) fn styled(text: &str, style: Style) -> String {
    text.if_supports_color(Stream::Stdout, |text| text.style(style))
        .to_string()
}

/// A line of the frame around the events.
pub(super) fn headline(text: &str) {
    println!("\n{}", styled(text, Style::new().bold()));
}

/// The sample cards, one for each story.
pub(super) fn samples(stage: &Stage) -> Vec<SimulatedMember> {
    let tag = |member: &SimulatedMember| member.uid.len() == 5;
    Story::ALL
        .into_iter()
        .filter_map(|story| {
            stage
                .members()
                .find(|member| member.story == story && tag(member))
        })
        .collect()
}

/// Prints the sample cards.
pub(super) fn table(members: &[SimulatedMember]) {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_header(["card", "QR code", "customer", "story"]);
    for member in members {
        table.add_row([
            decimal(&member.uid),
            member.access_code.clone(),
            member.id.to_string(),
            member.story.sentence().to_owned(),
        ]);
    }
    println!("{table}");
}

/// A card's bytes as the number that is typed.
pub(super) fn decimal(uid: &[u8]) -> String {
    uid.iter()
        .fold(0_u128, |value, byte| value << 8 | u128::from(*byte))
        .to_string()
}

/// Prints an event.
pub(super) fn event(event: &Event) {
    let (mark, text, style) = match event {
        Event::Gateway(Notice::Decided {
            access_point,
            decision,
            opened,
        }) => match (decision.outcome, opened) {
            (Outcome::Granted(basis), Some(Ok(span))) => (
                "decision",
                format!(
                    "{access_point}: granted ({basis}), relay on after {:.1} ms",
                    span.as_secs_f64() * 1e3
                ),
                Style::new().green().bold(),
            ),
            (Outcome::Granted(_), failure) => (
                "decision",
                format!("{access_point}: granted, but the lane did not open: {failure:?}"),
                Style::new().red().bold(),
            ),
            (Outcome::Denied(reason), _) => (
                "decision",
                format!("{access_point}: denied ({reason}) - {}", explanation(reason)),
                Style::new().red(),
            ),
        },
        Event::Gateway(Notice::Passage {
            access_point,
            passage,
        }) => {
            let text = match passage {
                Passage::Taken => "the person passed",
                Passage::NotTaken => "nobody passed",
                Passage::WrongWay => "somebody came from the other side",
                Passage::Forced => "somebody passed without a grant",
            };
            ("passage", format!("{access_point}: {text}"), Style::new())
        }
        Event::Gateway(Notice::CheckIn(check_in)) => {
            let who = match &check_in.visitor {
                Visitor::Customer(customer) => format!("customer {customer}"),
                Visitor::Unresolved(credential) => format!("the holder of {}", credential.masked()),
            };
            (
                "journal",
                format!("the visit of {who} waits for the studio"),
                Style::new().dimmed(),
            )
        }
        Event::Relay(switched) => {
            let state = if switched.on {
                "on: the lane is open"
            } else {
                "off"
            };
            ("relay", state.to_owned(), Style::new().yellow())
        }
        Event::Arrived(visit) => (
            "studio",
            format!(
                "check-in of customer {} at {}",
                visit.customer_id, visit.check_in_date_time
            ),
            Style::new().cyan(),
        ),
    };
    println!("  {mark:<9} {}", styled(&text, style));
}

fn explanation(reason: DenyReason) -> &'static str {
    match reason {
        DenyReason::LaneClosed => "the lane is closed",
        DenyReason::OutOfService => "the lane cannot be opened now",
        DenyReason::LockedOut => "too many unknown codes were tried here",
        DenyReason::Unknown => "the studio knows nobody with it",
        DenyReason::NoContract => "no contract yet",
        DenyReason::FormerMember => "the contract has ended",
        DenyReason::AccessRefused => "the studio refuses access",
        DenyReason::Restricted => "a restriction holds today",
        DenyReason::Paused => "the membership is paused today",
        DenyReason::BenefitMissing => "a benefit is missing that this lane requires",
        DenyReason::AccessCodeExpired => "the access code has expired",
        DenyReason::OutsideHours => "outside the opening hours",
        DenyReason::Full => "the studio is full",
        DenyReason::AntiPassback => "the person is inside already",
        DenyReason::StudioUnreachable => "unknown here, and the studio does not answer",
        DenyReason::TooLate => "the decision came too late",
        DenyReason::Busy => "too many are waiting here",
    }
}
