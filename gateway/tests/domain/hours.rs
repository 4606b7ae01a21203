//! Opening hours on the studio's clock: across midnight, across the changes of the clocks, on closed dates; and the
//! places in a zone.

use jiff::civil::{Time, Weekday, date, time};
use turnstile_gateway::domain::lane::{
    AntiPassback, Capacity, OpenTime, OpeningHours, PassbackRule, Strictness, Zone,
};
use turnstile_gateway::domain::{Core, CustomerId, DenyReason, Direction, Input, Now, Offline, Outcome};

use crate::gym::{ENTRY, EXIT, MINUTE, SECOND, Swipe, at, card, known, later, member, settings, swipe};

fn week(days: &[(Weekday, Time, Time)]) -> OpeningHours {
    let mut hours = OpeningHours::default();
    for (weekday, from, to) in days {
        let day = usize::try_from(weekday.to_monday_zero_offset()).unwrap();
        hours.week[day].push(OpenTime { from: *from, to: *to });
    }
    hours
}

fn is_open(hours: &OpeningHours, time_zone: &str, now: Now) -> bool {
    let mut settings = settings(time_zone, Offline::Members);
    settings.access_points[ENTRY.0].hours = Some(hours.clone());
    let mut core = Core::new(settings);
    let record = member(now.wall - MINUTE);
    match swipe(&mut core, &Swipe::of(known(&record)), now).outcome() {
        Outcome::Granted(_) => true,
        Outcome::Denied(reason) => {
            assert_eq!(reason, DenyReason::OutsideHours);
            false
        }
    }
}

fn assert_open(hours: &OpeningHours, time_zone: &str, moments: &[(&str, bool)]) {
    for (moment, open) in moments {
        assert_eq!(
            is_open(hours, time_zone, at(moment)),
            *open,
            "{time_zone} at {moment}"
        );
    }
}

#[test]
fn a_saturday_night_ends_by_the_clock_on_the_wall_when_the_clocks_change() {
    // Open until 02:30: where the clocks jump over it, the lane closes as they jump; where it comes twice, the lane
    // closes at the first time and is open again in the repeated hour up to it.
    let night = week(&[(Weekday::Saturday, time(22, 0, 0, 0), time(2, 30, 0, 0))]);
    assert_open(
        &night,
        "Europe/Berlin",
        &[
            ("2026-03-28T21:59:59+01:00", false),
            ("2026-03-28T22:00:00+01:00", true),
            ("2026-03-29T01:59:59+01:00", true),
            ("2026-03-29T03:00:00+02:00", false),
            ("2026-10-25T02:29:59+02:00", true),
            ("2026-10-25T02:30:00+02:00", false),
            ("2026-10-25T02:00:00+01:00", true),
            ("2026-10-25T02:29:59+01:00", true),
            ("2026-10-25T02:30:00+01:00", false),
        ],
    );
    assert_open(
        &night,
        "America/New_York",
        &[
            ("2026-03-08T01:59:59-05:00", true),
            ("2026-03-08T03:00:00-04:00", false),
            ("2026-11-01T01:59:59-04:00", true),
            ("2026-11-01T01:00:00-05:00", true),
            ("2026-11-01T02:29:59-05:00", true),
            ("2026-11-01T02:30:00-05:00", false),
        ],
    );
    let night = week(&[(Weekday::Saturday, time(22, 0, 0, 0), time(1, 45, 0, 0))]);
    assert_open(
        &night,
        "Australia/Lord_Howe",
        &[
            ("2026-04-05T01:44:59+11:00", true),
            ("2026-04-05T01:45:00+11:00", false),
            ("2026-04-05T01:30:00+10:30", true),
            ("2026-04-05T01:44:59+10:30", true),
            ("2026-04-05T01:45:00+10:30", false),
            ("2026-10-04T01:44:59+10:30", true),
            ("2026-10-04T01:45:00+10:30", false),
            ("2026-10-04T02:30:00+11:00", false),
        ],
    );
}

#[test]
fn a_time_that_the_clocks_jump_over_begins_when_they_have_jumped() {
    let morning = week(&[(Weekday::Sunday, time(2, 15, 0, 0), time(12, 0, 0, 0))]);
    assert_open(
        &morning,
        "Europe/Berlin",
        &[
            ("2026-03-29T01:59:59+01:00", false),
            ("2026-03-29T03:00:00+02:00", true),
            ("2026-03-29T11:59:59+02:00", true),
            ("2026-03-29T12:00:00+02:00", false),
        ],
    );
    assert_open(
        &morning,
        "Australia/Lord_Howe",
        &[
            ("2026-10-04T01:59:59+10:30", false),
            ("2026-10-04T02:30:00+11:00", true),
        ],
    );
}

#[test]
fn a_closed_date_closes_what_begins_on_it_and_not_what_began_before() {
    let mut hours = week(&[
        (Weekday::Thursday, time(18, 0, 0, 0), time(2, 0, 0, 0)),
        (Weekday::Friday, time(6, 0, 0, 0), time(22, 0, 0, 0)),
    ]);
    hours.closed.insert(date(2026, 12, 25));
    assert_open(
        &hours,
        "Europe/Berlin",
        &[
            ("2026-12-25T01:59:59+01:00", true),
            ("2026-12-25T02:00:00+01:00", false),
            ("2026-12-25T12:00:00+01:00", false),
            ("2026-12-18T12:00:00+01:00", true),
        ],
    );
}

#[test]
fn two_times_of_a_day_leave_the_lane_shut_between_them() {
    let hours = week(&[
        (Weekday::Monday, time(6, 0, 0, 0), time(12, 0, 0, 0)),
        (Weekday::Monday, time(15, 0, 0, 0), Time::midnight()),
        (Weekday::Wednesday, Time::midnight(), Time::midnight()),
    ]);
    assert_open(
        &hours,
        "America/New_York",
        &[
            ("2026-03-02T11:59:59-05:00", true),
            ("2026-03-02T12:00:00-05:00", false),
            ("2026-03-02T15:00:00-05:00", true),
            ("2026-03-02T23:59:59-05:00", true),
            ("2026-03-03T00:00:00-05:00", false),
            ("2026-03-04T00:00:00-05:00", true),
            ("2026-03-04T23:59:59-05:00", true),
            ("2026-03-05T00:00:00-05:00", false),
        ],
    );
}

#[test]
fn outside_the_hours_everybody_inside_still_gets_out() {
    let mut settings = settings("Europe/Berlin", Offline::Deny);
    for side in &mut settings.access_points {
        side.hours = Some(OpeningHours::default());
    }
    let mut core = Core::new(settings);
    let now = at("2026-06-15T23:30:00+02:00");
    let mut leaving = Swipe::of(known(&member(now.wall - MINUTE)));
    leaving.access_point = EXIT;
    assert!(matches!(
        swipe(&mut core, &leaving, now).outcome(),
        Outcome::Granted(_)
    ));
}

fn zone(capacity: Capacity, strictness: Strictness, rule: PassbackRule) -> Zone {
    Zone {
        name: "gym".into(),
        capacity,
        anti_passback: AntiPassback { strictness, rule },
        forgive_at: Some(time(2, 30, 0, 0)),
    }
}

/// A gym whose one zone has these rules, its customers counted from 1.
struct Gym(Core);

impl Gym {
    fn new(zone: Zone) -> Self {
        let mut settings = settings("Europe/Berlin", Offline::Members);
        settings.zones = vec![zone];
        Self(Core::new(settings))
    }

    fn pass(&mut self, customer: u32, direction: Direction, now: Now) -> Option<DenyReason> {
        let mut record = member(now.wall - MINUTE);
        record.customer = CustomerId(i64::from(customer));
        let mut presented = Swipe::of(known(&record));
        presented.credential = card(customer);
        presented.access_point = match direction {
            Direction::In => ENTRY,
            Direction::Out => EXIT,
        };
        match swipe(&mut self.0, &presented, now).outcome() {
            Outcome::Granted(_) => None,
            Outcome::Denied(reason) => Some(reason),
        }
    }
}

#[test]
fn the_last_place_is_given_once_and_again_when_somebody_has_left() {
    let mut gym = Gym::new(zone(
        Capacity::Presence(3),
        Strictness::Off,
        PassbackRule::Presence,
    ));
    let start = at("2026-06-15T12:00:00+02:00");
    for customer in 1..=3 {
        let now = later(start, customer * SECOND);
        assert_eq!(gym.pass(customer, Direction::In, now), None);
    }
    let now = later(start, MINUTE);
    assert_eq!(gym.pass(4, Direction::In, now), Some(DenyReason::Full));
    assert_eq!(gym.pass(2, Direction::Out, later(now, SECOND)), None);
    assert_eq!(gym.pass(4, Direction::In, later(now, 3 * SECOND)), None);
    assert_eq!(
        gym.pass(5, Direction::In, later(now, 4 * SECOND)),
        Some(DenyReason::Full)
    );
}

#[test]
fn the_studios_count_fills_the_zone_at_its_limit_and_not_below() {
    let mut gym = Gym::new(zone(Capacity::Studio, Strictness::Off, PassbackRule::Presence));
    let start = at("2026-06-15T12:00:00+02:00");
    for (minute, count, capacity, expected) in [
        (1, 99, Some(100), None),
        (2, 100, Some(100), Some(DenyReason::Full)),
        (3, 100, None, None),
        (4, 0, Some(0), Some(DenyReason::Full)),
    ] {
        let now = later(start, minute * MINUTE);
        gym.0.handle(Input::Utilization { count, capacity }, now);
        assert_eq!(gym.pass(minute, Direction::In, now), expected);
    }
}

#[test]
fn a_window_of_anti_passback_ends_to_the_second() {
    let rule = PassbackRule::Window(10 * MINUTE);
    let start = at("2026-06-15T12:00:00+02:00");
    for (strictness, expected) in [
        (Strictness::Hard, Some(DenyReason::AntiPassback)),
        (Strictness::Soft, None),
        (Strictness::Off, None),
    ] {
        let mut gym = Gym::new(zone(Capacity::Unlimited, strictness, rule));
        assert_eq!(gym.pass(1, Direction::In, start), None);
        let second_before = later(start, 10 * MINUTE - SECOND);
        assert_eq!(gym.pass(1, Direction::In, second_before), expected);
        assert_eq!(gym.pass(2, Direction::In, second_before), None);
        if strictness == Strictness::Hard {
            assert_eq!(
                gym.pass(1, Direction::In, later(start, 10 * MINUTE + SECOND)),
                None
            );
        }
    }
}

#[test]
fn who_is_inside_is_forgiven_at_the_set_hour_even_where_the_clocks_jump_over_it() {
    for (evening, before, after) in [
        // A plain night, a night without 02:30, and a night that has it twice.
        (
            "2026-06-15T22:00:00+02:00",
            "2026-06-16T02:29:50+02:00",
            "2026-06-16T02:30:00+02:00",
        ),
        (
            "2026-03-28T22:00:00+01:00",
            "2026-03-29T01:59:50+01:00",
            "2026-03-29T03:00:00+02:00",
        ),
        (
            "2026-10-24T22:00:00+02:00",
            "2026-10-25T02:29:50+02:00",
            "2026-10-25T02:30:00+02:00",
        ),
        (
            "2026-10-24T22:00:00+02:00",
            "2026-10-25T02:29:50+02:00",
            "2026-10-25T02:10:00+01:00",
        ),
    ] {
        let mut gym = Gym::new(zone(
            Capacity::Unlimited,
            Strictness::Hard,
            PassbackRule::Presence,
        ));
        assert_eq!(gym.pass(1, Direction::In, at(evening)), None);
        assert_eq!(
            gym.pass(1, Direction::In, at(before)),
            Some(DenyReason::AntiPassback),
            "{before}"
        );
        let mut stays = gym.pass(1, Direction::In, at(after));
        if after == "2026-10-25T02:10:00+01:00" {
            // Nobody looked between the first 02:30 and the clocks going back: it is due at the second one.
            assert_eq!(stays, Some(DenyReason::AntiPassback));
            stays = gym.pass(1, Direction::In, at("2026-10-25T02:30:00+01:00"));
        }
        assert_eq!(stays, None, "{after}");
    }
}
