//! Openings that no credential asked for: a button, and the fire contact. What the wiring of a building must do in a
//! fire it does without this program; here the lane opens as well, and says so.

use std::time::Duration;

use super::super::grants::Grant;
use super::super::{AccessPointId, DecisionId, Direction, Effect, Monotonic, Now, ReleaseCause};
use super::Core;

/// The relay's pulse while the fire contact is active; it is renewed in half that time, so that the lane stays open
/// without a gap and shuts soon after the alarm.
const FIRE_PULSE: Duration = Duration::from_secs(10);

/// A board shuts behind each person, so it is asked more often: one more opening always waits at it.
const FIRE_BOARD: Duration = Duration::from_secs(2);

/// A release that comes later than this after its cause opens nothing.
const IN_TIME: Duration = Duration::from_secs(3);

impl Core {
    /// A button has been pressed: one person may pass, and no visit is counted.
    pub(super) fn button(&mut self, access_point: AccessPointId, now: Now) {
        let Some(side) = self.settings.access_points.get(access_point.0) else {
            return;
        };
        let (pulse, passage_time, check_in) = (side.pulse, side.passage_time, side.check_in);
        let decision = self.next_decision();
        self.release(decision, access_point, pulse, now);
        self.effects.push_back(Effect::Released {
            access_point,
            cause: ReleaseCause::Button,
        });
        self.grants.add(Grant {
            decision,
            access_point,
            visitor: None,
            credential: None,
            granted_at: now.wall,
            clock_set: now.wall_set,
            passage_time,
            expires: now.monotonic + IN_TIME + passage_time,
            check_in,
            opened: false,
        });
    }

    /// The fire contact of a lane has changed.
    pub(super) fn fire(&mut self, lane: &str, active: bool, by_board: bool, now: Now) {
        if !active {
            self.fires.remove(lane);
        } else if !self.fires.contains_key(lane) {
            for access_point in self.ways_out_of_fire(lane) {
                self.effects.push_back(Effect::Released {
                    access_point,
                    cause: ReleaseCause::Fire,
                });
            }
            // A board that knows of the fire keeps releases for later, and later they would open for nobody.
            let due = (!by_board).then_some(now.monotonic);
            self.fires.insert(lane.to_owned(), due);
            self.renew_fire_releases(now);
        }
    }

    /// Opens the lanes again whose pulse is half over.
    pub(super) fn renew_fire_releases(&mut self, now: Now) {
        let due: Vec<String> = self
            .fires
            .iter()
            .filter(|(_, due)| due.is_some_and(|due| due <= now.monotonic))
            .map(|(lane, _)| lane.clone())
            .collect();
        for lane in due {
            let sides = self.ways_out_of_fire(&lane);
            let by_board = sides.iter().any(|side| self.is_by_board(*side));
            for access_point in sides {
                let decision = self.next_decision();
                self.release(decision, access_point, FIRE_PULSE, now);
            }
            let pause = if by_board { FIRE_BOARD } else { FIRE_PULSE / 2 };
            self.fires.insert(lane, Some(now.monotonic + pause));
        }
    }

    /// Whether the fire contact of this lane is active.
    #[must_use]
    pub fn is_fire_at(&self, lane: &str) -> bool {
        self.fires.contains_key(lane)
    }

    /// Whether the fire contact of this side's lane is active.
    pub(super) fn is_on_fire(&self, access_point: AccessPointId) -> bool {
        self.settings
            .access_points
            .get(access_point.0)
            .is_some_and(|side| self.is_fire_at(&side.lane))
    }

    fn release(&mut self, decision: DecisionId, access_point: AccessPointId, pulse: Duration, now: Now) {
        self.effects.push_back(Effect::Open {
            decision,
            access_point,
            pulse,
            not_after: now.monotonic + IN_TIME,
        });
    }

    pub(super) fn next_fire_release(&self) -> Option<Monotonic> {
        self.fires.values().flatten().min().copied()
    }

    /// The sides of a lane that are opened in a fire, the way out first. A board has one way open at a time: it gets
    /// no other.
    fn ways_out_of_fire(&self, lane: &str) -> Vec<AccessPointId> {
        let mut sides: Vec<(Direction, AccessPointId)> = (0..)
            .map(AccessPointId)
            .zip(&self.settings.access_points)
            .filter(|(_, side)| side.lane == lane)
            .map(|(position, side)| (side.direction, position))
            .collect();
        sides.sort_by_key(|(direction, _)| std::cmp::Reverse(*direction));
        let mut sides: Vec<AccessPointId> = sides.into_iter().map(|(_, position)| position).collect();
        if sides.iter().any(|side| self.is_by_board(*side)) {
            sides.truncate(1);
        }
        sides
    }

    fn is_by_board(&self, access_point: AccessPointId) -> bool {
        self.settings
            .access_points
            .get(access_point.0)
            .is_some_and(|side| side.by_board)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::*;
    use super::super::stories::{ENTRY, EXIT, SENSOR_ENTRY, after, card, settings};
    use super::*;

    fn effects(core: &mut Core) -> Vec<Effect> {
        std::iter::from_fn(|| core.poll_effect()).collect()
    }

    fn openings(effects: &[Effect]) -> Vec<AccessPointId> {
        let opening = |effect: &Effect| match effect {
            Effect::Open { access_point, .. } => Some(*access_point),
            _ => None,
        };
        effects.iter().filter_map(opening).collect()
    }

    #[test]
    fn a_button_lets_one_person_pass_and_counts_no_visit() {
        let mut core = Core::new(settings(Offline::Deny));
        let access_point = SENSOR_ENTRY;
        core.handle(Input::Button { access_point }, after(0));
        let first = effects(&mut core);
        let Some(Effect::Open { decision, .. }) = first.first() else {
            panic!("expected an opening, got {first:?}");
        };
        core.handle(Input::Opened { decision: *decision }, after(1));
        core.handle(Input::Passed { access_point }, after(900));
        core.handle(Input::Passed { access_point }, after(1_000));
        let passages: Vec<Passage> = effects(&mut core)
            .into_iter()
            .map(|effect| match effect {
                Effect::Passage { passage, .. } => passage,
                other => panic!("expected passages only, got {other:?}"),
            })
            .collect();
        assert_eq!(passages, [Passage::Taken, Passage::Forced]);
    }

    #[test]
    fn a_fire_contact_holds_the_lane_open_until_it_is_over() {
        let mut core = Core::new(settings(Offline::Deny));
        let fire = |active| Input::Fire {
            lane: "main".into(),
            active,
            by_board: false,
        };
        core.handle(fire(true), after(0));
        let first = effects(&mut core);
        assert_eq!(openings(&first), [EXIT, ENTRY, SENSOR_ENTRY]);
        assert!(first.iter().any(|effect| matches!(
            effect,
            Effect::Released {
                cause: ReleaseCause::Fire,
                ..
            }
        )));
        // Said once, renewed before the pulse is over.
        core.handle(fire(true), after(100));
        assert_eq!(effects(&mut core), []);
        assert_eq!(core.poll_timeout(), Some(after(5_000).monotonic));
        core.handle_timeout(after(5_000));
        assert_eq!(openings(&effects(&mut core)).len(), 3);
        // Whoever runs out is no intruder, and no card is turned away.
        core.handle(
            Input::Passed {
                access_point: SENSOR_ENTRY,
            },
            after(5_100),
        );
        core.handle(
            Input::Read {
                access_point: ENTRY,
                credential: card(1),
                staff: None,
                at: after(5_200).monotonic,
            },
            after(5_200),
        );
        let during = effects(&mut core);
        assert!(!during.iter().any(|effect| matches!(
            effect,
            Effect::Passage {
                passage: Passage::Forced,
                ..
            }
        )));
        assert_eq!(openings(&during), [ENTRY]);
        core.handle(fire(false), after(6_000));
        core.handle_timeout(after(60_000));
        assert_eq!(openings(&effects(&mut core)), []);
        assert_eq!(core.poll_timeout(), None);
    }

    #[test]
    fn a_board_is_asked_to_open_the_way_out_for_one_person_after_the_other() {
        let mut settings = settings(Offline::Deny);
        settings
            .access_points
            .iter_mut()
            .for_each(|side| side.by_board = true);
        let mut core = Core::new(settings);
        let fire = Input::Fire {
            lane: "main".into(),
            active: true,
            by_board: false,
        };
        core.handle(fire, after(0));
        assert_eq!(openings(&effects(&mut core)), [EXIT]);
        assert_eq!(core.poll_timeout(), Some(after(2_000).monotonic));
        core.handle_timeout(after(2_000));
        assert_eq!(openings(&effects(&mut core)), [EXIT]);
    }

    #[test]
    fn a_board_that_opens_by_itself_in_a_fire_is_not_asked_to() {
        let mut core = Core::new(settings(Offline::Deny));
        let fire = Input::Fire {
            lane: "main".into(),
            active: true,
            by_board: true,
        };
        core.handle(fire, after(0));
        let said = effects(&mut core);
        assert!(!said.is_empty() && openings(&said).is_empty());
        assert_eq!(core.poll_timeout(), None);
    }

    #[test]
    fn a_side_whose_board_is_silent_is_out_of_service() {
        let mut core = Core::new(settings(Offline::Everyone));
        let read = |millis| Input::Read {
            access_point: ENTRY,
            credential: card(1),
            staff: Some("owner".into()),
            at: after(millis).monotonic,
        };
        let service = |working| Input::Service {
            access_point: ENTRY,
            working,
        };
        core.handle(service(false), after(0));
        core.handle(read(10), after(10));
        let out = effects(&mut core);
        assert!(matches!(
            out.as_slice(),
            [Effect::Decided(AccessDecision {
                outcome: Outcome::Denied(DenyReason::OutOfService),
                ..
            })]
        ));
        core.handle(service(true), after(4_000));
        core.handle(read(5_000), after(5_000));
        assert!(matches!(effects(&mut core).as_slice(), [Effect::Recall { .. }]));
    }
}
