//! What the fuzz targets of turnstile boards do: frames of our link, both of its ends on a bad line, and the boards of
//! other makers.

#[path = "../tests/board_link/rig.rs"]
mod rig;

use std::fmt::Debug;
use std::time::Duration;

use firmware_protocol::board::firmware::{Firmware, MAX_PULSE};
use firmware_protocol::board::frame::{Decoder, Frame, Message};
use firmware_protocol::board::host::Host;
use firmware_protocol::board::message::{BoardInput, BoardMessage, HostMessage};
use firmware_protocol::board::third_party::{Digicon, MachPower, OneTech, Protocol, Site, Swing, ThirdParty};
use firmware_protocol::board::{BoardEvent, Direction, PerDirection, Release, Turnstile};
use rig::{Action, Line, Rig, boot, ms};

/// Frames with a right checksum and any content, and bytes that are none, to both ends of the link. What is
/// understood is written the same way again, and no contact stays closed.
pub(crate) fn frames(mut input: &[u8]) {
    let mut now = ms(1_000_000);
    let mut host = Host::new(0, now);
    let mut board = Firmware::new(boot(1), now);
    let mut closed_at = None;
    while let [head, rest @ ..] = input {
        let (content, rest) = rest.split_at(usize::from(head & 0x3F).min(rest.len()));
        input = rest;
        let wire = if head & 0x40 == 0 {
            sealed(content)
        } else {
            content.to_vec()
        };
        now += ms(if head & 0x80 == 0 { 1 } else { 300 });
        written_again::<HostMessage>(&wire);
        written_again::<BoardMessage>(&wire);
        board.receive(&wire, now);
        host.receive(&wire, now);
        while board.transmit(now).is_some() {}
        while host.transmit(now).is_some() {}
        while host.poll_event().is_some() {}
        closed_at = board.outputs().contact.and(closed_at.or(Some(now)));
        assert!(
            closed_at.is_none_or(|since| now - since < MAX_PULSE),
            "closed for too long"
        );
    }
}

fn sealed(content: &[u8]) -> Vec<u8> {
    let crc = crc::Crc::<u32>::new(&crc::CRC_32_ISCSI).checksum(content);
    let raw = [content, &crc.to_le_bytes()].concat();
    let mut wire = vec![0; cobs::max_encoding_length(raw.len()) + 1];
    let length = cobs::encode(&raw, &mut wire);
    wire.truncate(length + 1);
    wire
}

fn written_again<M: Message + Debug + PartialEq>(wire: &[u8]) {
    let read = |wire: &[u8]| {
        let mut decoder = Decoder::<M>::default();
        let frames: Vec<Frame<M>> = wire.iter().filter_map(|byte| decoder.feed(*byte)?.ok()).collect();
        frames
    };
    for frame in read(wire) {
        assert_eq!(read(&frame.encode()), [frame]);
    }
}

/// Both ends on a line that loses, repeats, damages and delays, whatever happens at either of them. The rig checks.
pub(crate) fn link(input: &[u8]) {
    let Some(([lose, duplicate, corrupt, delay, seed], actions)) = input.split_first_chunk() else {
        return;
    };
    let line = Line {
        lose: lose / 2,
        duplicate: duplicate / 2,
        corrupt: corrupt / 2,
        delay_ms: u16::from(*delay) * 4,
    };
    let mut rig = Rig::new(line, u64::from(*seed));
    for (number, [what, pause, span]) in (1..).zip(actions.as_chunks::<3>().0).take(40) {
        rig.run(ms(u64::from(*pause) * 8));
        let direction = direction(*what);
        rig.act(
            number,
            match what >> 1 & 7 {
                0..=2 => Action::Release(direction, u16::from(*span) * 16 + 1),
                3 => Action::Walk(direction),
                4 if what & 1 == 0 => Action::Input(BoardInput::Fire, span & 1 == 0),
                4 => Action::Input(BoardInput::Stop, span & 1 == 0),
                5 => Action::Fault(span & 1 == 0),
                6 if what & 1 == 0 => Action::Reboot,
                6 => Action::HostRestart,
                _ => Action::Cut(u16::from(*span) * 16),
            },
        );
    }
    rig.finish();
}

/// Any bytes and any times to a board of another maker: a grant that was taken opens at most once and comes to
/// one end.
pub(crate) fn third_party(input: &[u8]) {
    let Some((settings, steps)) = input.split_first() else {
        return;
    };
    let site = Site {
        swapped: settings & 4 != 0,
        free: PerDirection {
            a: settings & 8 != 0,
            b: settings & 16 != 0,
        },
    };
    match settings & 3 {
        0 => outcomes(Digicon::default(), site, steps),
        1 => outcomes(MachPower { address: 1 }, site, steps),
        2 => outcomes(OneTech::default(), site, steps),
        _ => outcomes(Swing::new(1), site, steps),
    }
}

fn outcomes(protocol: impl Protocol, site: Site, mut steps: &[u8]) {
    let mut now = ms(0);
    let mut board = ThirdParty::new(protocol, site, now);
    let mut taken = Vec::new();
    let mut all = Vec::new();
    // Bit 7: some bytes from the board; otherwise a release, or time.
    while let [head, rest @ ..] = steps {
        let bytes = if head & 0x80 == 0 { 0 } else { head & 0x1F };
        let (bytes, rest) = rest.split_at(usize::from(bytes).min(rest.len()));
        steps = rest;
        now += ms(u64::from(head >> 5 & 3) * 120);
        board.handle_timeout(now);
        board.receive(bytes, now);
        if head & 0x81 == 1 {
            let release = Release {
                grant: taken.len() as u64,
                direction: direction(head >> 1),
                pulse: ms(500),
                passage: ms(5000),
                not_after: now + ms(1500),
            };
            if board.release(release, now).is_ok() {
                taken.push(release.grant);
            }
        }
        drain(&mut board, now, &mut all);
    }
    for _ in 0..taken.len() + 3 {
        now += Duration::from_secs(7);
        board.handle_timeout(now);
        drain(&mut board, now, &mut all);
    }
    for grant in taken {
        let of_grant = |event: &&BoardEvent| named(event) == Some(grant);
        let opened = |event: &&BoardEvent| matches!(event, BoardEvent::Opened { .. });
        let events: Vec<_> = all.iter().filter(of_grant).collect();
        let openings = events.iter().copied().filter(opened).count();
        assert_eq!(events.len() - openings, 1, "ends of {grant}: {all:?}");
        assert!(openings <= 1, "openings of {grant}: {all:?}");
    }
}

fn drain(board: &mut impl Turnstile, now: Duration, all: &mut Vec<BoardEvent>) {
    while board.transmit(now).is_some() {}
    // What became due by the last bytes is done now.
    board.handle_timeout(now);
    while board.transmit(now).is_some() {}
    all.extend(std::iter::from_fn(|| board.poll_event()));
    assert!(
        board.poll_timeout().is_none_or(|at| at > now),
        "something is due for ever"
    );
}

fn named(event: &BoardEvent) -> Option<u64> {
    match event {
        BoardEvent::Opened { grant, .. }
        | BoardEvent::Refused { grant, .. }
        | BoardEvent::Unknown { grant, .. } => Some(*grant),
        BoardEvent::Passed { grant, .. }
        | BoardEvent::TimedOut { grant, .. }
        | BoardEvent::WrongWay { grant, .. }
        | BoardEvent::Fault { grant, .. } => *grant,
        _ => None,
    }
}

fn direction(bit: u8) -> Direction {
    if bit & 1 == 0 { Direction::A } else { Direction::B }
}
