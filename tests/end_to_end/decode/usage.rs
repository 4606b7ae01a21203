//! What people get wrong with `decode`, and its options.

use super::{decode, output, reason};

#[test]
fn what_is_no_frame_is_refused_with_its_reason() {
    for (format, input, why) in [
        ("h10301", "", "there is no frame"),
        ("rdm6300", " ", "there is no frame"),
        (
            "h10301",
            "1011110110001000111010111",
            "wrong length for this format: it has 26 bits, and this has 25",
        ),
        (
            "h10301",
            "10111101100010001110101112",
            "'2' in place 26 is not 0 or 1: this format wants 26 bits",
        ),
        (
            "w34-uid",
            "1A B2",
            "'A' in place 2 is not 0 or 1: this format wants 34 bits, not hexadecimal",
        ),
        ("w4", "11", "it has 4 bits, and this has 2"),
        ("pin26", "11", "it has 26 bits, and this has 2"),
        ("digicon", "02-00 0g", "'g' in place 8 is not a hexadecimal digit"),
        (
            "cardno",
            "0x04 2b 7q",
            "'q' in place 10 is not a hexadecimal digit",
        ),
        (
            "rdm6300",
            &"0236463030374233393732354603".repeat(2),
            "more than one frame: give one alone",
        ),
        (
            "twn3-ascii",
            "323233353945383936423030 0D",
            "the 26 of h10301, see --carries",
        ),
        (
            "h10301",
            "01000010011101110001010001",
            "D0 and D1 seem to be swapped",
        ),
        ("w34-uid", &"01".repeat(5000), "too long"),
        (
            "rdm6300",
            "0236463030374233393732354",
            "an odd number of hexadecimal digits",
        ),
        ("rdm6300", "02ä", "'ä' in place 3 is not a hexadecimal digit"),
        ("rdm6300", "02364630303742333937323546", "broke off in the middle"),
        (
            "rdm6300",
            "0236463030374233393732354603FF",
            "not a frame of this format",
        ),
        ("rdm6300", &"02".repeat(5000), "too long"),
        ("digicon", "0202004", "an odd number of hexadecimal digits"),
        ("digicon", "0202004849", "the checksum does not fit"),
        ("custom", "1010", "needs --layout"),
    ] {
        let reason = reason(&["--format", format, input]);
        assert!(reason.contains(why), "{format} {input}: {reason}");
    }
}

#[test]
fn an_unknown_format_is_answered_with_the_ones_near_it() {
    assert!(reason(&["--format", "h1031", "1"]).contains("h10301, h10306, h10302, h10304"));
    assert!(reason(&["--format", "7941e", "1"]).contains("gwiot7941e"));
    for (name, formats) in [
        ("26", "h10301, pin26"),
        ("Wiegand26", "h10301, pin26"),
        ("w34", "h10306, w34-uid, bqt34"),
        ("37-bit", "h10302, h10304, s10401, p10004"),
        ("wiegand", "26 are mostly h10301"),
        ("em4100", "rdm6300, em18-bare, id12la"),
        ("elatec", "twn3-ascii, twn4-simple"),
    ] {
        let said = reason(&["--format", name, "1"]);
        assert!(said.contains(formats), "{name}: {said}");
    }
    let none = reason(&["--format", "none-such", "1"]);
    assert!(
        !none.contains("near it") && none.contains("decode --list"),
        "{none}"
    );
}

#[test]
fn the_options_say_what_a_reader_does_differently() {
    let n10002 = "0000000001100000110110000100010011";
    assert!(reason(&["--format", "h10306", n10002]).contains("parity"));
    for parity in ["trailing", "none"] {
        let said = decode(&["--format", "h10306", "--parity", parity, n10002]);
        assert_eq!((&said["facility"], &said["card"]), (&193.into(), &45193.into()));
    }
    // 34 bits of a UID in a frame of TWN3.
    let twn3 = "323233353945383936423030 0D";
    assert!(reason(&["--format", "twn3-ascii", twn3]).contains("length"));
    let carried = decode(&["--format", "twn3-ascii", "--carries", "w34-uid", twn3]);
    assert_eq!(carried["uid"], "6b3d12d6");
    let number = decode(&[
        "--format",
        "h10301",
        "--number",
        "facility-card-digits",
        "00110010011100100000111111",
    ]);
    assert_eq!(number["number"], "10058399");
    let h10301 = "00110010011100100000111111";
    let printed = decode(&["--format", "h10301", "--number", "2H3D_4H5D", h10301]);
    assert_eq!(printed["number"], "100,58399");
    let none = reason(&["--format", "h10301", "--number", "8h10d", h10301]);
    assert!(
        none.contains("8h10d: it needs a number of 32 to 40 bits"),
        "{none}"
    );
    let no_card = reason(&["--format", "w4", "--number", "decimal", "0111"]);
    assert!(no_card.contains("leave --number out"), "{no_card}");
    let layout = "bits=34 uid=1-32 even0=1-16 odd33=17-32";
    let custom = [
        "--format",
        "twn3-ascii",
        "--carries",
        "CUSTOM",
        "--layout",
        layout,
        twn3,
    ];
    assert_eq!(decode(&custom)["uid"], "6b3d12d6");
}

#[test]
fn an_option_that_would_change_nothing_is_refused() {
    let refused = [
        ("h10301", &["--layout", "bits=26 card=1-24"][..]),
        ("h10301", &["--byte-order", "reversed"]),
        ("line", &["--byte-order", "reversed"]),
        ("wg2rs232", &["--uid-length", "3"]),
        ("raw40", &["--parity", "none"]),
        ("rdm6300", &["--swapped"]),
        ("rdm6300", &["--carries", "w34-uid"]),
        ("twn3-ascii", &["--byte-order", "reversed"]),
        ("osdp", &["--number", "decimal"]),
        ("digicon", &["--byte-order", "reversed"]),
    ];
    for (format, options) in refused {
        let why = reason(&[&["--format", format], options, &["00"]].concat());
        assert!(
            why.starts_with(&format!("{} has no use here", options[0])),
            "{format}: {why}"
        );
    }
    let taken = [
        ("w34-uid", &["--byte-order", "reversed"][..]),
        ("pn532-hsu", &["--uid-length", "4"]),
        (
            "twn3-ascii",
            &["--carries", "W34_UID", "--byte-order", "Reversed"],
        ),
        ("pin26", &["--parity", "Trailing"]),
        ("s4a-dec", &["--swapped"]),
        ("cardno", &["--byte-order", "reversed"]),
    ];
    for (format, options) in taken {
        let arguments = [&["--format", format], options, &["00"]].concat();
        let said = decode(&arguments);
        let why = said["reason"].as_str().unwrap_or_default();
        assert!(!why.contains("no use here"), "{format}: {why}");
    }
}

#[test]
fn what_is_missing_is_asked_for() {
    assert!(reason(&["0236"]).contains("decode --list"));
    assert!(reason(&["--format", "rdm6300"]).contains("there is no frame"));
    assert!(reason(&[]).contains("--format"));
}

#[test]
fn a_layout_of_ones_own_reads_like_a_known_one() {
    let h10301 = "bits=26 facility=1-8 card=9-24 even0=1-12 odd25=13-20,21-24";
    let frame = "10111101100010001110101110";
    let custom = |layout: &str, frame: &str| decode(&["--format", "custom", "--layout", layout, frame]);
    assert_eq!(custom(h10301, frame), decode(&["--format", "h10301", frame]));
    assert_eq!(custom(h10301, &frame.replacen('1', "0", 1))["valid"], false);
    let uid = custom(
        "bits=34 uid=1-32 even0=1-16 odd33=17-32",
        "0011010110011110100010010110101100",
    );
    assert_eq!(uid["uid"], "6b3d12d6");
    let outside = custom("bits=26 card=9-26", frame);
    assert!(
        outside["reason"].as_str().unwrap().contains("outside the frame"),
        "{outside}"
    );
    for (layout, why) in [
        ("bits=26 cards=9-24", "cards=9-24"),
        ("bits=8 card=0-7", "bits= is 9 to 128"),
        ("bits=129 card=0-7", "bits= is 9 to 128"),
        ("card=0-7", "bits= is missing"),
        ("bits=26 bits=26 card=1-24", "\"bits\" is there twice"),
        (
            "bits=26 card=1-24 even0=1-12 odd0=1-12",
            "\"odd0\" is there twice",
        ),
    ] {
        let refused = output(&["--format", "custom", "--layout", layout, frame]);
        assert_eq!(refused.status.code(), Some(2), "{layout}");
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(said.contains(why), "{layout}: {said}");
    }
}
