//! The bytes of each maker's document.

use firmware_protocol::board::Direction;
use firmware_protocol::board::message::Fault;
use firmware_protocol::board::third_party::{Digicon, MachPower, OneTech, Protocol, Report, Swing};

use crate::{hex, reports, swing_status};

#[test]
fn digicon_frames_are_those_of_the_manuals() {
    let mut digicon = Digicon::default();
    assert_eq!(digicon.open(Direction::A), hex("0202004848"));
    assert_eq!(digicon.open(Direction::B), hex("0202004141"));
    for (frame, report) in [
        ("0202000606", Report::Confirmed),
        ("0202001515", Report::NotUnderstood),
        ("0202001A1A", Report::Passed(Direction::A)),
        ("0202001B1B", Report::Passed(Direction::B)),
        ("0203004C4805", Report::Alive),
    ] {
        assert_eq!(reports(&mut digicon, &hex(frame)), [report], "{frame}");
    }
    assert!(!reports(&mut digicon, &hex("0202001A1B")).contains(&Report::Passed(Direction::A)));
}

#[test]
fn mach_power_frames_are_those_of_the_manual() {
    let mach_power = MachPower { address: 1 };
    assert_eq!(mach_power.open(Direction::A), hex("EB014000AA"));
    assert_eq!(mach_power.open(Direction::B), hex("EB014100AB"));
}

#[test]
fn one_tech_frames_are_those_of_the_manual() {
    let mut one_tech = OneTech::default();
    assert_eq!(one_tech.open(Direction::A), hex("FE8001000000AB"));
    assert_eq!(one_tech.open(Direction::B), hex("FE8002000000AB"));
    assert_eq!(
        reports(&mut one_tech, &hex("FE8101000000AB")),
        [Report::Passed(Direction::A)]
    );
    assert_eq!(
        reports(&mut one_tech, &hex("FE8102000000AB")),
        [Report::Passed(Direction::B)]
    );
    assert_eq!(
        reports(&mut one_tech, &hex("FE4402000000AB")),
        [Report::NotPassed(Direction::B)]
    );
    assert!(!reports(&mut one_tech, &hex("FE8101000100AB")).contains(&Report::Passed(Direction::A)));
}

#[test]
fn swing_frames_are_those_of_the_program() {
    let mut swing = Swing::new(1);
    assert_eq!(swing.open(Direction::A), hex("7E000180010000FF"));
    assert_eq!(swing.open(Direction::B), hex("7E000182010000FD"));
    assert_eq!(swing.poll().unwrap(), hex("7E00011000000070"));
    assert_eq!(
        swing_status(0, 5, 2),
        hex("7F10010000000000050000020000780000F0")[..]
    );
    assert_eq!(reports(&mut swing, &swing_status(0, 5, 2)), [Report::Fault(None)]);
    let passages = [
        Report::Passed(Direction::A),
        Report::Passed(Direction::A),
        Report::Passed(Direction::B),
    ];
    assert_eq!(reports(&mut swing, &swing_status(0, 7, 3))[..3], passages);
    assert_eq!(
        reports(&mut swing, &swing_status(3, 7, 3)),
        [Report::Fault(Fault::from_code(3))]
    );
    assert_eq!(
        reports(&mut swing, &swing_status(0, 0, 0)),
        [Report::Fault(None)],
        "counters set back"
    );
    let mut other = Swing::new(2);
    assert_eq!(
        reports(&mut other, &swing_status(0, 5, 2)),
        [],
        "another machine on the same line"
    );
}
