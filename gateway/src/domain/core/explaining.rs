//! What would become of a credential, told check by check with the value that each of them saw. Nothing is decided
//! here: the checks and what follows from them are those of `weighing.rs`; only the words are made here.

use std::fmt::Write;

use jiff::Timestamp;
use jiff::civil::Date;

use super::super::decision::{Basis, DenyReason, Outcome};
use super::super::lane::{Capacity, OpenTime, OpeningHours, Strictness, ZoneId};
use super::super::policy::{self, Check, Examined, Finding};
use super::super::settings::{AccessPoint, AccessPointId, RequiredBenefits};
use super::super::{
    Answer, Credential, CustomerId, DateRange, MemberRecord, MemberStatus, Now, Recollection,
};
use super::Core;
use super::weighing::{Weighed, is_settled};

/// What would be presented, where, and what is known of it.
#[derive(Clone, Debug)]
pub struct Question {
    /// Where.
    pub access_point: AccessPointId,
    /// What.
    pub credential: Credential,
    /// Whose staff credential it is, by the name in the settings.
    pub staff: Option<String>,
    /// What the tiers hold.
    pub recollection: Recollection,
    /// What the studio says, if it was asked.
    pub answer: Option<Answer>,
}

/// What would become of a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// Whose it is.
    pub customer: Option<CustomerId>,
    /// Every check that can be made, in order.
    pub checks: Vec<Seen>,
    /// What would be decided; where the studio has to be asked, if it did not answer in time.
    pub outcome: Outcome,
    /// The studio would be asked first.
    pub asks: bool,
}

/// One check with the value it saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The check, its finding and the age of its value.
    pub examined: Examined,
    /// The value, in words.
    pub saw: String,
}

impl Core {
    /// What would become of a credential that is presented now; nothing follows from asking. None when there is no such
    /// access point.
    #[must_use]
    pub fn explain(&self, question: &Question, now: Now) -> Option<Explained> {
        let access_point = self.access_point(question.access_point)?;
        let record = match (&question.answer, &question.recollection) {
            (Some(Answer::Known(record)), _) => Some(&**record),
            (Some(Answer::Unknown), _) => None,
            (Some(Answer::Unavailable) | None, Recollection::Member(record)) => Some(&**record),
            (Some(Answer::Unavailable) | None, _) => None,
        };
        let customer = record.map(|record| record.customer);
        let id = question.access_point;
        let door = self.examine_door(id, &question.credential, now);
        let lane = self.examine_lane(id, customer, now);
        let settled = door.iter().map(|examined| examined.finding).find(is_settled);
        let (outcome, asks) = match settled {
            Some(Finding::Opens) => (Outcome::Granted(Basis::FreePassage), false),
            Some(Finding::Refused(reason)) => (denied(question, reason), false),
            _ => {
                let (holder, asks) = self.weigh_holder(question, record, now);
                let refused = lane.iter().find_map(|examined| match examined.finding {
                    Finding::Refused(reason) => Some(reason),
                    _ => None,
                });
                let outcome = match (holder, refused) {
                    (Err(reason), _) | (Ok(_), Some(reason)) => denied(question, reason),
                    (Ok(basis), None) => Outcome::Granted(basis),
                };
                (outcome, asks)
            }
        };
        let mut checks = door.to_vec();
        checks.push(self.examine_known(question, record, now));
        checks.extend(
            record
                .into_iter()
                .flat_map(|record| self.examine_record(access_point, &question.credential, record, now)),
        );
        checks.extend(lane);
        let seen = |examined: Examined| Seen {
            saw: self.saw(examined.check, question, access_point, record, now),
            examined,
        };
        Some(Explained {
            customer,
            checks: checks.into_iter().map(seen).collect(),
            outcome,
            asks,
        })
    }

    fn examine_known(&self, question: &Question, record: Option<&MemberRecord>, now: Now) -> Examined {
        let nobody = match (&question.answer, &question.recollection) {
            (Some(answer), _) => *answer == Answer::Unknown,
            (None, Recollection::Unknown { as_of }) => {
                now.monotonic.since(*as_of) < self.settings.decisions.unknown
            }
            (None, _) => false,
        };
        let finding = match record {
            Some(_) => Finding::Passed,
            None if nobody => Finding::Refused(DenyReason::Unknown),
            None => Finding::NotKnown,
        };
        Examined {
            check: Check::Known,
            finding,
            as_of: record.map(|record| record.as_of),
        }
    }

    /// What the holder of the credential has to be told before the lane's own rules, and whether the studio would be
    /// asked for it.
    fn weigh_holder(
        &self,
        question: &Question,
        record: Option<&MemberRecord>,
        now: Now,
    ) -> (Result<Basis, DenyReason>, bool) {
        let (id, credential) = (question.access_point, &question.credential);
        let weighed = match &question.answer {
            Some(answer) => self.weigh_answer(id, credential, answer, now),
            None => self.weigh(id, credential, &question.recollection, now),
        };
        match weighed {
            Weighed::Admit { basis, .. } => (Ok(basis), false),
            Weighed::Deny(reason) => (Err(reason), false),
            Weighed::Ask => (self.without_studio(id, credential, record, now), true),
            Weighed::WithoutStudio => (self.without_studio(id, credential, record, now), false),
        }
    }

    fn saw(
        &self,
        check: Check,
        question: &Question,
        access_point: &AccessPoint,
        record: Option<&MemberRecord>,
        now: Now,
    ) -> String {
        let zone = access_point.zone;
        let customer = record.map(|record| record.customer);
        match (check, record) {
            (Check::Service, _) if self.out_of_service.contains(&question.access_point) => {
                "the lane's relay or board is away, faulty or stopped".to_owned()
            }
            (Check::Service, _) => "in service".to_owned(),
            (Check::LaneMode, _) if self.is_on_fire(question.access_point) => {
                "fire contact active".to_owned()
            }
            (Check::LaneMode, _) => access_point.mode.to_string(),
            (Check::Lockout, _) if !question.credential.can_be_guessed() => {
                "cards are not guessed".to_owned()
            }
            (Check::Lockout, _) => {
                if self.lockout.is_locked(question.access_point, now.monotonic) {
                    "too many unknown codes or PINs were tried here".to_owned()
                } else {
                    "no".to_owned()
                }
            }
            (Check::Known, Some(record)) => format!("customer {}", record.customer),
            (Check::Known, None) => unknown(question, now),
            (Check::OpeningHours, _) => self.saw_hours(access_point.hours.as_ref(), now),
            (Check::Capacity, _) => zone.map_or("nobody is counted".to_owned(), |zone| self.saw_room(zone)),
            (Check::AntiPassback, _) => {
                zone.map_or("off".to_owned(), |zone| self.saw_passback(zone, customer, now))
            }
            (_, None) => String::new(),
            (_, Some(record)) => {
                let today = policy::today(record, &self.settings.time_zone, now);
                saw_in_record(
                    check,
                    record,
                    &question.credential,
                    &access_point.required_benefits,
                    today,
                )
            }
        }
    }

    fn saw_hours(&self, hours: Option<&OpeningHours>, now: Now) -> String {
        let Some(hours) = hours else {
            return "open at all hours".to_owned();
        };
        if !now.wall_set {
            return "the clock is not set: not looked at".to_owned();
        }
        let local = self.settings.time_zone.to_datetime(now.wall);
        let (day, time) = (local.date(), local.strftime("%a %H:%M"));
        if hours.closed.contains(&day) {
            return format!("closed on {day}");
        }
        let times: Vec<String> = hours.on(day.weekday()).iter().map(open_time).collect();
        match times.as_slice() {
            [] => format!("no open time on this weekday; it is {time}"),
            times => format!("{}; it is {time}", times.join(", ")),
        }
    }

    fn saw_room(&self, zone: ZoneId) -> String {
        let count = self.presence.count(zone);
        let (name, capacity) = match self.settings.zones.get(zone.0) {
            Some(zone) => (zone.name.as_str(), zone.capacity),
            None => ("", Capacity::Unlimited),
        };
        match (capacity, self.presence.utilization()) {
            (Capacity::Unlimited, _) => format!("{count} in {name}, no limit"),
            (Capacity::Presence(limit), _) => format!("{count} of {limit} in {name}"),
            (Capacity::Studio, Some((count, Some(limit)))) => format!("{count} of {limit}, says the studio"),
            (Capacity::Studio, Some((count, None))) => format!("{count}, says the studio, no limit"),
            (Capacity::Studio, None) => "the studio has not said".to_owned(),
        }
    }

    fn saw_passback(&self, zone: ZoneId, customer: Option<CustomerId>, now: Now) -> String {
        let strictness = self
            .settings
            .zones
            .get(zone.0)
            .map(|zone| zone.anti_passback.strictness);
        let strictness = match strictness {
            None | Some(Strictness::Off) => return "off".to_owned(),
            Some(Strictness::Soft) => "soft",
            Some(Strictness::Hard) => "hard",
        };
        match customer.and_then(|customer| self.presence.inside_since(zone, customer)) {
            Some(since) => {
                let minutes = now.monotonic.since(since).as_secs() / 60;
                format!("inside for {minutes} min ({strictness})")
            }
            None => format!("outside ({strictness})"),
        }
    }
}

fn denied(question: &Question, reason: DenyReason) -> Outcome {
    if question.staff.is_some() && reason.yields_to_staff() {
        Outcome::Granted(Basis::Staff)
    } else {
        Outcome::Denied(reason)
    }
}

fn unknown(question: &Question, now: Now) -> String {
    match (&question.answer, &question.recollection) {
        (Some(Answer::Unknown), _) => "the studio knows nobody with it".to_owned(),
        (Some(_), _) => "the studio cannot be asked, and nothing is stored".to_owned(),
        (None, Recollection::Unknown { as_of }) => format!(
            "the studio said {} s ago that nobody has it",
            now.monotonic.since(*as_of).as_secs()
        ),
        (None, _) => "nothing is stored".to_owned(),
    }
}

fn saw_in_record(
    check: Check,
    record: &MemberRecord,
    credential: &Credential,
    required: &RequiredBenefits,
    today: Date,
) -> String {
    match check {
        Check::MemberStatus => match record.status {
            MemberStatus::Member => "member",
            MemberStatus::Prospect => "no contract yet",
            MemberStatus::FormerMember => "former member",
        }
        .to_owned(),
        Check::AccessRefusal if record.access_refused => "the studio has an access block".to_owned(),
        Check::AccessRefusal => "no access block".to_owned(),
        Check::AccessRestrictions => {
            let texts = record
                .restrictions
                .iter()
                .map(|restriction| match restriction.period {
                    Some(period) => format!("{} ({})", restriction.reason, days(period)),
                    None => format!("{} (until lifted)", restriction.reason),
                });
            dated(texts.collect(), today)
        }
        Check::IdlePeriod => dated(
            record.idle_periods.iter().map(|period| days(*period)).collect(),
            today,
        ),
        Check::RequiredBenefits => benefits(record, required),
        Check::AccessCodeExpiry => match (credential, &record.access_code) {
            (Credential::Code(content), Some(code)) if *content == code.content => {
                code.expires_at.map_or("does not expire".to_owned(), until)
            }
            _ => "no access code".to_owned(),
        },
        // The others are no matter of the record.
        _ => String::new(),
    }
}

fn until(end: Timestamp) -> String {
    format!("expires {end}")
}

fn days(period: DateRange) -> String {
    format!("{} to {}", period.first, period.last)
}

fn dated(texts: Vec<String>, today: Date) -> String {
    if texts.is_empty() {
        "none".to_owned()
    } else {
        format!("{}; today is {today}", texts.join(", "))
    }
}

fn benefits(record: &MemberRecord, required: &RequiredBenefits) -> String {
    let mut text = match required {
        RequiredBenefits::None => return "none required".to_owned(),
        RequiredBenefits::All(_) => "all of".to_owned(),
        RequiredBenefits::Any(_) => "any of".to_owned(),
    };
    for (position, key) in required.keys().iter().enumerate() {
        let state = match record.benefits.get(key) {
            Some(state) if state.valid => "yes",
            Some(_) => "no",
            None => "not asked yet",
        };
        let separator = if position == 0 { " " } else { ", " };
        // Writing to a text cannot fail.
        let _ = write!(text, "{separator}{key}: {state}");
    }
    text
}

fn open_time(time: &OpenTime) -> String {
    format!("{} to {}", time.from.strftime("%H:%M"), time.to.strftime("%H:%M"))
}
