//! Edges to bits.

use std::time::Duration;

use firmware_protocol::Reject;
use firmware_protocol::wiegand::Bits;
use firmware_protocol::wiegand::assembler::{Assembler, Line, Timing};
use proptest::prelude::*;

use super::{H10301, bits};

/// The fastest that the SIA 26-bit interface allows.
const FASTEST: Duration = Duration::from_micros(200);
/// The slowest.
const SLOWEST: Duration = Duration::from_millis(20);

/// Feeds the bits from `start` on, one each `interval`; says what came out and when the last edge was.
fn send(
    assembler: &mut Assembler,
    bits: Bits,
    start: Duration,
    interval: Duration,
) -> (Vec<Result<Bits, Reject>>, Duration) {
    let mut at = start;
    let mut out = Vec::new();
    for bit in bits.iter() {
        at += interval;
        out.extend(assembler.feed(if bit { Line::D1 } else { Line::D0 }, at));
    }
    (out, at)
}

fn frame(assembler: &mut Assembler, sent: Bits, start: Duration, interval: Duration) -> Result<Bits, Reject> {
    let (out, last) = send(assembler, sent, start, interval);
    assert_eq!(out, []);
    let gap = Timing::default().frame_gap;
    assert_eq!(
        assembler.timeout(last + gap - Duration::from_nanos(1)),
        None,
        "too early"
    );
    let frame = assembler.timeout(last + gap).unwrap();
    assert_eq!(assembler.timeout(last + gap * 2), None, "only once");
    frame
}

#[test]
fn a_frame_at_any_legal_speed_comes_out_as_sent() {
    for interval in [
        FASTEST,
        Duration::from_millis(1),
        Duration::from_micros(2_400),
        SLOWEST,
    ] {
        let mut assembler = Assembler::default();
        for start in [0, 10, 20] {
            let sent = bits(H10301);
            assert_eq!(
                frame(&mut assembler, sent, Duration::from_secs(start), interval),
                Ok(sent),
                "{interval:?}"
            );
        }
    }
}

#[test]
fn the_next_frame_ends_the_one_before_it_when_no_time_out_did() {
    let mut assembler = Assembler::default();
    let (_, last) = send(&mut assembler, bits(H10301), Duration::ZERO, FASTEST);
    let (out, _) = send(
        &mut assembler,
        bits("1010"),
        last + Duration::from_millis(50),
        FASTEST,
    );
    assert_eq!(out, [Ok(bits(H10301))]);
}

#[test]
fn lost_edges_spoil_the_frames_on_both_sides_of_the_gap_and_no_other() {
    let mut assembler = Assembler::default();
    let (_, last) = send(&mut assembler, bits("101010"), Duration::ZERO, FASTEST);
    assembler.missed();
    let (out, last) = send(
        &mut assembler,
        bits(H10301),
        last + Duration::from_secs(1),
        FASTEST,
    );
    assert_eq!(out, [Err(Reject::MissedEdge)]);
    assert_eq!(
        assembler.timeout(last + SLOWEST * 3),
        Some(Err(Reject::MissedEdge))
    );
    assert_eq!(
        frame(&mut assembler, bits(H10301), last + SLOWEST * 10, FASTEST),
        Ok(bits(H10301))
    );
}

#[test]
fn edges_lost_in_the_middle_of_a_frame_spoil_it() {
    let mut assembler = Assembler::default();
    let (_, last) = send(&mut assembler, bits(H10301), Duration::ZERO, FASTEST);
    assembler.missed();
    assert_eq!(
        assembler.timeout(last + SLOWEST * 3),
        Some(Err(Reject::MissedEdge))
    );
}

#[test]
fn an_edge_faster_than_any_reader_spoils_the_frame_and_not_the_next() {
    let mut assembler = Assembler::default();
    let (_, last) = send(&mut assembler, bits(H10301), Duration::ZERO, FASTEST);
    assembler.feed(Line::D0, last + Duration::from_micros(40));
    assert_eq!(assembler.timeout(last + SLOWEST * 3), Some(Err(Reject::TooFast)));
    assert_eq!(
        frame(&mut assembler, bits(H10301), last + SLOWEST * 10, FASTEST),
        Ok(bits(H10301))
    );
}

#[test]
fn a_line_that_never_rests_fills_no_memory() {
    let mut assembler = Assembler::default();
    for edge in 0..100_000_u32 {
        assert_eq!(assembler.feed(Line::D1, FASTEST * edge), None);
    }
    assert_eq!(assembler.timeout(FASTEST * 200_000), Some(Err(Reject::TooLong)));
}

proptest! {
    #[test]
    fn no_edges_make_the_assembler_fail(edges: Vec<(bool, bool, u32)>) {
        let mut assembler = Assembler::new(Timing { frame_gap: Duration::from_micros(400), ..Timing::default() });
        for (one, missed, at) in edges {
            if missed {
                assembler.missed();
            }
            let line = if one { Line::D1 } else { Line::D0 };
            assembler.feed(line, Duration::from_micros(at.into()));
            assembler.timeout(Duration::from_micros(at.into()));
        }
    }

    #[test]
    fn any_bits_at_any_legal_speed_come_out_as_sent(sent in prop::collection::vec(any::<bool>(), 1..=128), us in 200..=20_000_u64) {
        let mut wanted = Bits::new();
        sent.iter().for_each(|bit| wanted.push(*bit).unwrap());
        prop_assert_eq!(frame(&mut Assembler::default(), wanted, Duration::ZERO, Duration::from_micros(us)), Ok(wanted));
        prop_assert!(wanted.iter().eq(sent));
    }
}
