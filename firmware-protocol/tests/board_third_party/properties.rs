//! What holds whatever a board says.

use firmware_protocol::board::third_party::{Digicon, MachPower, OneTech, Protocol, Report, Swing};
use firmware_protocol::board::{BoardEvent, Direction, Turnstile};
use proptest::prelude::*;

use crate::{board, events, hex, ms, release, reports, swing_status};

fn anything_then_frame(mut protocol: impl Protocol, noise: &[u8], frame: &[u8], expected: Report) -> bool {
    reports(&mut protocol, noise);
    protocol.pause();
    reports(&mut protocol, frame).contains(&expected)
}

proptest! {
    #[test]
    fn no_bytes_panic_and_a_frame_after_a_pause_is_read(noise in prop::collection::vec(any::<u8>(), 0..500)) {
        let passed = Report::Passed(Direction::A);
        prop_assert!(anything_then_frame(Digicon::default(), &noise, &hex("0202001A1A"), passed));
        prop_assert!(anything_then_frame(OneTech::default(), &noise, &hex("FE8101000000AB"), passed));
        prop_assert!(anything_then_frame(Swing::new(1), &noise, &swing_status(0, 5, 2), Report::Fault(None)));
        let mach_power = MachPower { address: 1 };
        prop_assert!(anything_then_frame(mach_power, &noise, &[0], Report::Rejected));
    }

    #[test]
    fn frames_between_noise_that_cannot_begin_one_are_all_read(
        noise in prop::collection::vec(prop::collection::vec(prop::num::u8::ANY.prop_filter("", |byte| {
            ![0x02, 0x7F, 0xFE].contains(byte)
        }), 0..20), 5),
    ) {
        let count = |protocol: &mut dyn FnMut(u8) -> usize, frame: &[u8]| -> usize {
            noise.iter().flat_map(|noise| noise.iter().chain(frame)).map(|byte| protocol(*byte)).sum()
        };
        let is = |wanted: Report| move |report: &Report| *report == wanted;
        let (mut digicon, mut one_tech, mut swing) = (Digicon::default(), OneTech::default(), Swing::new(1));
        let confirmed = is(Report::Confirmed);
        prop_assert_eq!(5, count(&mut |byte| digicon.feed(byte).iter().filter(|r| confirmed(r)).count(), &hex("0202000606")));
        let passed = is(Report::Passed(Direction::B));
        prop_assert_eq!(5, count(&mut |byte| one_tech.feed(byte).iter().filter(|r| passed(r)).count(), &hex("FE8102000000AB")));
        let well = is(Report::Fault(None));
        prop_assert_eq!(5, count(&mut |byte| swing.feed(byte).iter().filter(|r| well(r)).count(), &swing_status(0, 1, 1)));
    }

    /// Every grant that is taken comes to one end, whatever the board says.
    #[test]
    fn a_grant_comes_to_one_end(
        steps in prop::collection::vec((0..900_u64, 0..6_u8, any::<bool>()), 1..60),
    ) {
        let mut now = ms(0);
        let mut board = board(Digicon::default());
        let mut taken = Vec::new();
        let mut all = Vec::new();
        for (grant, (pause, step, side)) in (1..).zip(steps) {
            now += ms(pause);
            let direction = if side { Direction::A } else { Direction::B };
            board.handle_timeout(now);
            match step {
                0 | 1 if board.release(release(grant, direction, now), now).is_ok() => taken.push(grant),
                2 => board.receive(&hex("0202000606"), now),
                3 => board.receive(&hex("0202001515"), now),
                4 => board.receive(&hex(if side { "0202001A1A" } else { "0202001B1B" }), now),
                _ => {}
            }
            while board.transmit(now).is_some() {}
            all.extend(events(&mut board));
        }
        for _ in 0..20 {
            now += ms(1000);
            board.handle_timeout(now);
            while board.transmit(now).is_some() {}
            all.extend(events(&mut board));
        }
        for grant in taken {
            let ends = all.iter().filter(|event| matches!(event,
                BoardEvent::Refused { grant: which, .. } | BoardEvent::Unknown { grant: which, .. }
                | BoardEvent::Passed { grant: Some(which), .. } | BoardEvent::TimedOut { grant: Some(which), .. }
                | BoardEvent::WrongWay { grant: Some(which), .. } | BoardEvent::Fault { grant: Some(which), .. }
                if *which == grant)).count();
            prop_assert_eq!(ends, 1, "grant {}: {:?}", grant, all);
        }
    }
}
