//! A good frame of every format that comes as bytes. Tests and fuzz targets share them.

use firmware_protocol::Format;

type Frame = (Format, &'static [u8], Option<&'static [u8]>);

/// A good frame of every format that comes as bytes, and one with a wrong checksum where there is one.
pub(crate) const FRAMES: &[Frame] = &[
    (
        Format::Rdm6300,
        b"\x026F007B39725F\x03",
        Some(b"\x026F007B39735F\x03"),
    ),
    (Format::Em18Bare, b"4500C5D1E9B8", Some(b"4500C5D1E9B9")),
    (
        Format::Id12la,
        b"\x020C000621A58E\r\n\x03",
        Some(b"\x020C000621A56E\r\n\x03"),
    ),
    (
        Format::Gwiot7941e,
        b"\x02\x09\x01\x6B\x3D\x12\xD6\x9A\x03",
        Some(b"\x02\x09\x01\x6B\x3D\x12\xD6\x9B\x03"),
    ),
    (
        Format::SsaR1101,
        b"\x020008075634\x03\x0A",
        Some(b"\x020008075634\x03\x0B"),
    ),
    (Format::Twn3Ascii, b"1A808001C0\r", Some(b"1A80800180\r")),
    (Format::Twn4Simple, b"000180200466CF4DC2\r", None),
    (
        Format::Twn4SimpleCrc,
        b"0001802004DEADBEEFDFF8\r",
        Some(b"0001802004DEADBEEFDFF0\r"),
    ),
    (
        Format::Twn4SimpleBin,
        b"\x09\x00\x00\x01\x80\x20\x04\x66\xCF\x4D\xC2",
        None,
    ),
    (
        Format::Pn532Hsu,
        b"\x00\x00\xFF\x0C\xF4\xD5\x4B\x01\x01\x00\x04\x08\x04\xE4\x3A\xC9\xD2\x15\x00",
        Some(b"\x00\x00\xFF\x0C\xF4\xD5\x4B\x01\x01\x00\x04\x08\x04\xE4\x3A\xC9\xD2\x16\x00"),
    ),
    (Format::Wg2rs232, b"89D41B", None),
    (Format::S4aDec, b"0000123478\r\n", None),
    (Format::Line, b"GYM:042b73321a3180\r\n", None),
    (Format::Cardno, b"042b73321a3180\r", None),
];
