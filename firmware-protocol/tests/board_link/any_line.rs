//! Any actions over any line.

use firmware_protocol::board::message::BoardInput;
use firmware_protocol::board::{BoardEvent, Direction, Refusal, Turnstile};
use proptest::prelude::*;

use super::rig::{Action, Line, Rig, ms};

fn direction() -> impl Strategy<Value = Direction> {
    prop_oneof![Just(Direction::A), Just(Direction::B)]
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        8 => (direction(), 1..4000_u16).prop_map(|(direction, ttl)| Action::Release(direction, ttl)),
        5 => direction().prop_map(Action::Walk),
        1 => (prop_oneof![Just(BoardInput::Fire), Just(BoardInput::Stop)], any::<bool>())
            .prop_map(|(input, active)| Action::Input(input, active)),
        1 => any::<bool>().prop_map(Action::Fault),
        1 => Just(Action::Reboot),
        1 => Just(Action::HostRestart),
        1 => (1..4000_u16).prop_map(Action::Cut),
    ]
}

fn line() -> impl Strategy<Value = Line> {
    (0..140_u8, 0..140_u8, 0..100_u8, 0..1200_u16).prop_map(|(lose, duplicate, corrupt, delay_ms)| Line {
        lose,
        duplicate,
        corrupt,
        delay_ms,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// The rig checks each closing and, in the end, every grant.
    #[test]
    fn whatever_the_line_does_a_grant_opens_at_most_once_in_time_and_comes_to_one_end(
        line in line(),
        seed in any::<u64>(),
        actions in prop::collection::vec((0..1500_u64, action()), 1..40),
    ) {
        let mut rig = Rig::new(line, seed);
        for (number, (pause, action)) in (1..).zip(actions) {
            rig.run(ms(pause));
            rig.act(number, action);
        }
        rig.finish();
    }

    #[test]
    fn on_a_good_line_every_grant_that_is_taken_opens_or_is_refused_for_a_reason(
        walks in prop::collection::vec((0..3000_u64, direction(), any::<bool>()), 1..20),
    ) {
        let mut rig = Rig::online();
        for (grant, (pause, direction, walk)) in (1..).zip(walks) {
            let _refused = rig.release(grant, direction, ms(1500));
            rig.run(ms(pause));
            if walk && rig.board.awaited(direction).is_some() {
                rig.walk(direction);
            }
        }
        rig.run(ms(20_000));
        for grant in rig.taken.keys() {
            let (opened, end) = rig.end_of(*grant);
            let fine = match end {
                BoardEvent::Passed { .. } | BoardEvent::TimedOut { .. } => opened,
                BoardEvent::Refused { why, .. } => why == Refusal::Busy && !opened,
                _ => false,
            };
            prop_assert!(fine, "{end:?}");
        }
    }

    #[test]
    fn neither_end_panics_on_anything(
        portions in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..20),
    ) {
        let mut rig = Rig::online();
        for portion in portions {
            rig.now += ms(7);
            rig.host.receive(&portion, rig.now);
            rig.board.receive(&portion, rig.board_now());
            rig.settle();
        }
    }
}
