//! Restrictions and idle periods hold on the days of the studio, both ends included, whatever the clocks do.

use std::collections::BTreeMap;

use jiff::civil::{Date, date};
use turnstile_gateway::domain::{
    AccessCode, AccessRestriction, Core, Credential, DateRange, DenyReason, MemberRecord, Now, Offline,
    Outcome,
};

use crate::gym::{MINUTE, SECOND, Swipe, ZONES, at, card, known, member, moment_of, settings, swipe};

/// Moments around a period, and whether they are in it.
struct Table {
    time_zone: &'static str,
    first: Date,
    last: Date,
    moments: &'static [(&'static str, bool)],
}

/// Each change of the clocks of 2026, as the only day of a period, as its first and as its last one.
fn tables() -> Vec<Table> {
    vec![
        Table {
            time_zone: "Europe/Berlin",
            first: date(2026, 3, 29),
            last: date(2026, 3, 29),
            moments: &[
                ("2026-03-28T23:59:59.999999999+01:00", false),
                ("2026-03-29T00:00:00+01:00", true),
                ("2026-03-29T01:59:59+01:00", true),
                ("2026-03-29T03:00:00+02:00", true),
                ("2026-03-29T23:59:59.999999999+02:00", true),
                ("2026-03-30T00:00:00+02:00", false),
                // Midnight of the wrong offset is not midnight.
                ("2026-03-29T23:59:59+01:00", false),
            ],
        },
        Table {
            time_zone: "Europe/Berlin",
            first: date(2026, 10, 1),
            last: date(2026, 10, 25),
            moments: &[
                ("2026-09-30T23:59:59+02:00", false),
                ("2026-10-01T00:00:00+02:00", true),
                ("2026-10-25T02:30:00+02:00", true),
                ("2026-10-25T02:30:00+01:00", true),
                ("2026-10-25T23:59:59+01:00", true),
                ("2026-10-26T00:00:00+01:00", false),
                ("2026-10-25T23:59:59+02:00", true),
            ],
        },
        Table {
            time_zone: "America/New_York",
            first: date(2026, 3, 8),
            last: date(2026, 4, 7),
            moments: &[
                ("2026-03-07T23:59:59-05:00", false),
                ("2026-03-08T00:00:00-05:00", true),
                ("2026-03-08T01:59:59-05:00", true),
                ("2026-03-08T03:00:00-04:00", true),
                ("2026-04-07T23:59:59-04:00", true),
                ("2026-04-08T00:00:00-04:00", false),
                // In Greenwich this is the day before already, or the day after.
                ("2026-03-08T04:59:59Z", false),
                ("2026-04-08T03:59:59Z", true),
            ],
        },
        Table {
            time_zone: "America/New_York",
            first: date(2026, 11, 1),
            last: date(2026, 11, 1),
            moments: &[
                ("2026-10-31T23:59:59-04:00", false),
                ("2026-11-01T00:00:00-04:00", true),
                ("2026-11-01T01:30:00-04:00", true),
                ("2026-11-01T01:30:00-05:00", true),
                ("2026-11-01T23:59:59-05:00", true),
                ("2026-11-02T00:00:00-05:00", false),
            ],
        },
        Table {
            time_zone: "Australia/Lord_Howe",
            first: date(2026, 4, 5),
            last: date(2026, 4, 5),
            moments: &[
                ("2026-04-04T23:59:59+11:00", false),
                ("2026-04-05T00:00:00+11:00", true),
                ("2026-04-05T01:59:59+11:00", true),
                ("2026-04-05T01:30:00+10:30", true),
                ("2026-04-05T23:59:59+10:30", true),
                ("2026-04-06T00:00:00+10:30", false),
                ("2026-04-05T23:45:00+11:00", true),
                ("2026-04-06T00:15:00+11:00", true),
            ],
        },
        Table {
            time_zone: "Australia/Lord_Howe",
            first: date(2026, 10, 4),
            last: date(2026, 10, 5),
            moments: &[
                ("2026-10-03T23:59:59+10:30", false),
                ("2026-10-04T00:00:00+10:30", true),
                ("2026-10-04T01:59:59+10:30", true),
                ("2026-10-04T02:30:00+11:00", true),
                ("2026-10-05T23:59:59+11:00", true),
                ("2026-10-06T00:00:00+11:00", false),
                ("2026-10-05T23:45:00+10:30", false),
            ],
        },
    ]
}

fn outcome(record: &MemberRecord, time_zone: &str, now: Now) -> Outcome {
    let mut core = Core::new(settings(time_zone, Offline::Members));
    swipe(&mut core, &Swipe::of(known(record)), now).outcome()
}

fn assert_refused_exactly_then(change: impl Fn(&mut MemberRecord, DateRange), reason: DenyReason) {
    for table in tables() {
        let period = DateRange {
            first: table.first,
            last: table.last,
        };
        for (moment, within) in table.moments {
            let now = at(moment);
            let mut record = member(now.wall - MINUTE);
            change(&mut record, period);
            let refused = outcome(&record, table.time_zone, now) == Outcome::Denied(reason);
            assert_eq!(refused, *within, "{} at {moment}", table.time_zone);
        }
    }
}

fn restriction(period: Option<DateRange>) -> AccessRestriction {
    AccessRestriction {
        reason: "unpaid".into(),
        period,
    }
}

#[test]
fn a_restriction_holds_from_its_first_to_its_last_second() {
    assert_refused_exactly_then(
        |record, period| record.restrictions.push(restriction(Some(period))),
        DenyReason::Restricted,
    );
}

#[test]
fn a_pause_holds_from_its_first_to_its_last_second() {
    assert_refused_exactly_then(
        |record, period| record.idle_periods.push(period),
        DenyReason::Paused,
    );
}

#[test]
fn of_several_restrictions_one_that_holds_is_enough() {
    let long_ago = DateRange {
        first: date(2020, 1, 1),
        last: date(2020, 1, 31),
    };
    let far_off = DateRange {
        first: date(2040, 1, 1),
        last: date(2040, 1, 31),
    };
    assert_refused_exactly_then(
        |record, period| {
            record.restrictions = [long_ago, period, far_off]
                .map(|period| restriction(Some(period)))
                .to_vec();
        },
        DenyReason::Restricted,
    );
    assert_refused_exactly_then(
        |record, period| record.idle_periods = vec![far_off, long_ago, period],
        DenyReason::Paused,
    );
}

#[test]
fn a_restriction_without_dates_holds_until_it_is_lifted() {
    for time_zone in ZONES {
        for moment in [
            "1999-12-31T23:59:59Z",
            "2026-03-29T01:00:00Z",
            "2099-01-01T00:00:00Z",
        ] {
            let now = at(moment);
            let mut record = member(now.wall - MINUTE);
            record.restrictions = vec![restriction(None)];
            assert_eq!(
                outcome(&record, time_zone, now),
                Outcome::Denied(DenyReason::Restricted)
            );
        }
    }
}

#[test]
fn a_period_that_ends_before_it_begins_holds_on_no_day() {
    let now = at("2026-06-15T12:00:00Z");
    let mut record = member(now.wall - MINUTE);
    record.restrictions = vec![restriction(Some(DateRange {
        first: date(2026, 6, 16),
        last: date(2026, 6, 14),
    }))];
    assert!(matches!(
        outcome(&record, "Europe/Berlin", now),
        Outcome::Granted(_)
    ));
}

#[test]
fn an_access_code_is_valid_until_the_second_of_its_expiry() {
    const CODE: &str = "shown by the app";
    // The second time 02:30 of a night that has it twice.
    let expiry = at("2026-10-25T02:30:00+01:00").wall;
    let code = |content: &str| Credential::Code(content.to_owned());
    let no = Outcome::Denied(DenyReason::AccessCodeExpired);
    let cases = BTreeMap::from([
        (
            "an hour before, at the same time of the day",
            (expiry - 60 * MINUTE, code(CODE), false),
        ),
        ("a second before", (expiry - SECOND, code(CODE), false)),
        (
            "a moment before",
            (expiry - SECOND / 1_000_000_000, code(CODE), false),
        ),
        ("in that second", (expiry, code(CODE), true)),
        ("a second after", (expiry + SECOND, code(CODE), true)),
        ("by card", (expiry + SECOND, card(1), false)),
        ("by barcode", (expiry + SECOND, code("4006381333931"), false)),
    ]);
    for (case, (wall, credential, refused)) in cases {
        let mut record = member(wall - MINUTE);
        record.access_code = Some(AccessCode {
            content: CODE.into(),
            expires_at: Some(expiry),
        });
        let mut core = Core::new(settings("Europe/Berlin", Offline::Members));
        let mut presented = Swipe::of(known(&record));
        presented.credential = credential;
        let outcome = swipe(&mut core, &presented, moment_of(wall)).outcome();
        assert_eq!(outcome == no, refused, "{case}");
    }
}

#[test]
fn an_access_code_without_an_expiry_never_expires() {
    let now = at("2099-01-01T00:00:00Z");
    let mut record = member(now.wall - MINUTE);
    record.access_code = Some(AccessCode {
        content: "for ever".into(),
        expires_at: None,
    });
    let mut presented = Swipe::of(known(&record));
    presented.credential = Credential::Code("for ever".into());
    let mut core = Core::new(settings("Europe/Berlin", Offline::Members));
    assert!(matches!(
        swipe(&mut core, &presented, now).outcome(),
        Outcome::Granted(_)
    ));
}

#[test]
fn an_expired_code_is_asked_for_again_however_new_the_rest_of_the_record_is() {
    let now = at("2026-06-15T12:00:00Z");
    let mut record = member(now.wall - MINUTE);
    record.access_code = Some(AccessCode {
        content: "renewed meanwhile".into(),
        expires_at: Some(now.wall - SECOND),
    });
    record.access_code_as_of = Some(now.wall - 60 * MINUTE);
    let mut renewed = record.clone();
    renewed.access_code.as_mut().unwrap().expires_at = Some(now.wall + MINUTE);
    renewed.access_code_as_of = Some(now.wall);
    let mut presented = Swipe::of(known(&record));
    presented.credential = Credential::Code("renewed meanwhile".into());
    let presented = presented.answered(turnstile_gateway::domain::Answer::Known(renewed.into()));
    let mut core = Core::new(settings("Europe/Berlin", Offline::Members));
    let visit = swipe(&mut core, &presented, now);
    assert!(visit.asked() && matches!(visit.outcome(), Outcome::Granted(_)));
}
