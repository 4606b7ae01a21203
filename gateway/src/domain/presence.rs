//! Who is inside: per zone, as far as this gateway has seen people pass. It starts empty, so a restart forgives.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::lane::{AntiPassback, Capacity, PassbackRule, Strictness, Zone, ZoneId};
use super::{CustomerId, Direction, Monotonic, Now};

/// Who is inside.
#[derive(Debug)]
pub struct Presence {
    zones: Vec<Zone>,
    inside: BTreeMap<(ZoneId, CustomerId), Monotonic>,
    /// People let in whom the gateway cannot name; they count, and leave first.
    unnamed: BTreeMap<ZoneId, u32>,
    /// What the studio last said of itself: count and limit.
    studio: Option<(u32, Option<u32>)>,
    /// When the zones were last looked at for their hour of forgiveness.
    looked_at: Option<Timestamp>,
}

/// What the rules of a zone say to somebody who wants to come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ZoneFinding {
    /// As many people are inside as may be.
    pub(super) full: bool,
    /// The person is inside already.
    pub(super) passback: bool,
    /// How strict the zone is about that.
    pub(super) strictness: Strictness,
}

/// Who is on the way into a zone: let in already, but not through yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Coming {
    /// The person in question, at another place.
    pub(super) the_same: bool,
    /// How many others.
    pub(super) others: u32,
}

impl Presence {
    pub(super) fn new(zones: Vec<Zone>) -> Self {
        Self {
            zones,
            inside: BTreeMap::new(),
            unnamed: BTreeMap::new(),
            studio: None,
            looked_at: None,
        }
    }

    /// How many people are inside a zone.
    #[must_use]
    pub fn count(&self, zone: ZoneId) -> u32 {
        let named = self.inside.keys().filter(|(inside, _)| *inside == zone).count();
        u32::try_from(named)
            .unwrap_or(u32::MAX)
            .saturating_add(self.unnamed.get(&zone).copied().unwrap_or_default())
    }

    /// Looks at the rules of a zone before somebody comes in.
    pub(super) fn examine(
        &self,
        zone: ZoneId,
        customer: Option<CustomerId>,
        coming: Coming,
        now: Now,
    ) -> ZoneFinding {
        let Some(rules) = self.zones.get(zone.0) else {
            return ZoneFinding {
                full: false,
                passback: false,
                strictness: Strictness::Off,
            };
        };
        let since = customer.and_then(|customer| self.inside.get(&(zone, customer)));
        let AntiPassback { strictness, rule } = rules.anti_passback;
        let inside = since.is_some_and(|since| match rule {
            PassbackRule::Presence => true,
            PassbackRule::Window(window) => now.monotonic.since(*since) < window,
        });
        let passback = inside || coming.the_same;
        let full = match rules.capacity {
            Capacity::Unlimited => false,
            Capacity::Presence(limit) => self.count(zone).saturating_add(coming.others) >= limit,
            Capacity::Studio => self
                .studio
                .is_some_and(|(count, limit)| limit.is_some_and(|limit| count >= limit)),
        };
        ZoneFinding {
            // Who is counted already takes no further place.
            full: full && since.is_none() && !coming.the_same,
            passback: passback && strictness != Strictness::Off,
            strictness,
        }
    }

    /// Notes that somebody has passed.
    pub(super) fn pass(
        &mut self,
        zone: ZoneId,
        customer: Option<CustomerId>,
        direction: Direction,
        at: Monotonic,
    ) {
        match (direction, customer) {
            (Direction::In, Some(customer)) => {
                self.inside.insert((zone, customer), at);
            }
            (Direction::In, None) => *self.unnamed.entry(zone).or_default() += 1,
            (Direction::Out, Some(customer)) if self.inside.remove(&(zone, customer)).is_some() => {}
            (Direction::Out, _) => {
                let unnamed = self.unnamed.entry(zone).or_default();
                *unnamed = unnamed.saturating_sub(1);
            }
        }
    }

    /// Takes one customer, or everybody, to be outside.
    pub(super) fn forgive(&mut self, customer: Option<CustomerId>) {
        self.inside
            .retain(|(_, inside), _| customer.is_some_and(|customer| customer != *inside));
        if customer.is_none() {
            self.unnamed.clear();
        }
    }

    pub(super) fn set_utilization(&mut self, count: u32, capacity: Option<u32>) {
        self.studio = Some((count, capacity));
    }

    /// Empties the zones whose hour of forgiveness has come since the last look.
    pub(super) fn forgive_when_due(&mut self, time_zone: &TimeZone, now: Now) {
        let last = self.looked_at.replace(now.wall);
        let Some(last) = last.filter(|last| *last < now.wall && now.wall_set) else {
            return;
        };
        let (from, to) = (time_zone.to_datetime(last), time_zone.to_datetime(now.wall));
        let due = |zone: &Zone| {
            zone.forgive_at.is_some_and(|time| {
                // The newest such moment that is not after now.
                let today = to.date().to_datetime(time);
                let newest = if today <= to {
                    Some(today)
                } else {
                    to.date().yesterday().ok().map(|day| day.to_datetime(time))
                };
                newest.is_some_and(|newest| from < newest)
            })
        };
        let due: Vec<ZoneId> = (0..)
            .zip(&self.zones)
            .filter(|(_, zone)| due(zone))
            .map(|(position, _)| ZoneId(position))
            .collect();
        self.inside.retain(|(zone, _), _| !due.contains(zone));
        self.unnamed.retain(|zone, _| !due.contains(zone));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::civil::time;

    use super::*;

    const GYM: ZoneId = ZoneId(0);
    const ANNA: CustomerId = CustomerId(1);
    const BERT: CustomerId = CustomerId(2);

    fn at(text: &str) -> Now {
        let wall: Timestamp = text.parse().unwrap();
        let millis = u64::try_from(wall.as_millisecond()).unwrap();
        Now {
            monotonic: Monotonic(Duration::from_millis(millis)),
            wall,
            wall_set: true,
        }
    }

    fn presence(strictness: Strictness, rule: PassbackRule, capacity: Capacity) -> Presence {
        Presence::new(vec![Zone {
            name: "gym".into(),
            capacity,
            anti_passback: AntiPassback { strictness, rule },
            forgive_at: Some(time(4, 0, 0, 0)),
        }])
    }

    #[test]
    fn who_is_inside_is_inside_until_they_leave() {
        let mut presence = presence(Strictness::Hard, PassbackRule::Presence, Capacity::Presence(2));
        let now = at("2026-03-02T12:00:00Z");
        presence.pass(GYM, Some(ANNA), Direction::In, now.monotonic);
        assert!(presence.examine(GYM, Some(ANNA), Coming::default(), now).passback);
        assert!(!presence.examine(GYM, Some(BERT), Coming::default(), now).passback);
        presence.pass(GYM, Some(ANNA), Direction::Out, now.monotonic);
        assert!(!presence.examine(GYM, Some(ANNA), Coming::default(), now).passback);
    }

    #[test]
    fn a_window_forgets_by_itself() {
        let rule = PassbackRule::Window(Duration::from_secs(600));
        let mut presence = presence(Strictness::Soft, rule, Capacity::Unlimited);
        presence.pass(
            GYM,
            Some(ANNA),
            Direction::In,
            at("2026-03-02T12:00:00Z").monotonic,
        );
        assert!(
            presence
                .examine(GYM, Some(ANNA), Coming::default(), at("2026-03-02T12:09:59Z"))
                .passback
        );
        assert!(
            !presence
                .examine(GYM, Some(ANNA), Coming::default(), at("2026-03-02T12:10:00Z"))
                .passback
        );
    }

    #[test]
    fn a_full_zone_is_full_for_those_who_are_not_in_it() {
        let mut presence = presence(Strictness::Off, PassbackRule::Presence, Capacity::Presence(2));
        let now = at("2026-03-02T12:00:00Z");
        presence.pass(GYM, Some(ANNA), Direction::In, now.monotonic);
        presence.pass(GYM, None, Direction::In, now.monotonic);
        assert!(presence.examine(GYM, Some(BERT), Coming::default(), now).full);
        assert!(!presence.examine(GYM, Some(ANNA), Coming::default(), now).full);
        presence.pass(GYM, None, Direction::Out, now.monotonic);
        assert!(!presence.examine(GYM, Some(BERT), Coming::default(), now).full);
    }

    #[test]
    fn at_the_set_hour_and_by_command_everybody_is_outside() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let mut presence = presence(Strictness::Hard, PassbackRule::Presence, Capacity::Unlimited);
        let evening = at("2026-03-02T22:00:00Z");
        presence.forgive_when_due(&zone, evening);
        presence.pass(GYM, Some(ANNA), Direction::In, evening.monotonic);
        presence.forgive_when_due(&zone, at("2026-03-03T02:59:59Z"));
        assert_eq!(presence.count(GYM), 1);
        presence.forgive_when_due(&zone, at("2026-03-03T03:00:00Z"));
        assert_eq!(presence.count(GYM), 0);
        presence.pass(GYM, Some(ANNA), Direction::In, evening.monotonic);
        presence.pass(GYM, Some(BERT), Direction::In, evening.monotonic);
        presence.forgive(Some(ANNA));
        assert_eq!(presence.count(GYM), 1);
        presence.forgive(None);
        assert_eq!(presence.count(GYM), 0);
    }

    #[test]
    fn the_studios_own_count_fills_a_zone() {
        let mut presence = presence(Strictness::Off, PassbackRule::Presence, Capacity::Studio);
        let now = at("2026-03-02T12:00:00Z");
        assert!(!presence.examine(GYM, Some(ANNA), Coming::default(), now).full);
        presence.set_utilization(120, Some(120));
        assert!(presence.examine(GYM, Some(ANNA), Coming::default(), now).full);
        presence.set_utilization(120, None);
        assert!(!presence.examine(GYM, Some(ANNA), Coming::default(), now).full);
    }
}
