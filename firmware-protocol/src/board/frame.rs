//! Frames of the link: header, CRC-32C, COBS and the delimiter. What a message says is not known here.
//!
//! Unstuffed layout of version 1, integers little-endian:
//!
//! | offset | size | field |
//! | --- | --- | --- |
//! | 0 | 1 | version, 1 |
//! | 1 | 1 | flags: bit 7 = an 8-byte MAC stands before the CRC (refused by version 1), bits 0 to 6 zero |
//! | 2 | 1 | message type |
//! | 3 | 4 | sequence, 0 for messages that are not numbered |
//! | 7 | 4 | boot nonce of the board, 0 while the host does not know it |
//! | 11 | n | body |
//! | 11 + n | 4 | CRC-32C (Castagnoli, iSCSI of RFC 3720) over everything before it |

use core::fmt;
use core::marker::PhantomData;
use core::ops::RangeInclusive;

use cobs::{DecodeResult, DecoderState};
use crc::{CRC_32_ISCSI, Crc, Table};
use heapless::Vec;

/// The version that this crate speaks.
pub const VERSION: u8 = 1;

/// Most bytes of a frame before stuffing, CRC included.
pub const MAX_FRAME: usize = 256;

/// Most bytes of a frame on the wire, delimiter included.
pub const MAX_WIRE: usize = cobs::max_encoding_length(MAX_FRAME) + 1;

/// A frame as it goes over the wire: stuffed and ended by its delimiter.
pub type WireFrame = Vec<u8, MAX_WIRE>;

const DELIMITER: u8 = 0;
const FLAG_MAC: u8 = 0x80;

// The 1 KiB table costs a small controller little flash and makes the CRC of a release a matter of microseconds.
static CRC: Crc<u32, Table<1>> = Crc::<u32, Table<1>>::new(&CRC_32_ISCSI);

/// One message with what the header says about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame<M> {
    /// The number of a numbered message, 0 for all others.
    pub sequence: u32,
    /// The boot nonce of the board; 0 in the hello of a host.
    pub nonce: u32,
    /// What is said.
    pub message: M,
}

impl<M: Message> Frame<M> {
    /// Header, body, CRC, stuffing and delimiter.
    #[must_use]
    pub fn encode(&self) -> WireFrame {
        let mut body = Body::default();
        body.u8(VERSION);
        body.u8(0);
        body.u8(self.message.kind());
        body.u32(self.sequence);
        body.u32(self.nonce);
        self.message.write(&mut body);
        body.u32(CRC.checksum(&body.0));

        let mut stuffed = [0; MAX_WIRE];
        let length = cobs::try_encode(&body.0, &mut stuffed).unwrap_or(0);
        let mut wire = WireFrame::from_slice(stuffed.get(..length).unwrap_or_default()).unwrap_or_default();
        // There is room: `MAX_WIRE` counts it.
        let _fits = wire.push(DELIMITER);
        wire
    }

    fn decode(raw: &[u8]) -> Result<Self, FrameError> {
        let (content, crc) = raw.split_last_chunk().ok_or(FrameError::TooShort)?;
        if CRC.checksum(content) != u32::from_le_bytes(*crc) {
            return Err(FrameError::Checksum);
        }
        let mut fields = Fields(content);
        let version = fields.u8().ok_or(FrameError::TooShort)?;
        if version != VERSION {
            return Err(FrameError::Version(version));
        }
        match fields.u8().ok_or(FrameError::TooShort)? {
            0 => {}
            flags if flags & FLAG_MAC != 0 => return Err(FrameError::Authenticated),
            flags => return Err(FrameError::Flags(flags)),
        }
        let kind = fields.u8().ok_or(FrameError::TooShort)?;
        let sequence = fields.u32().ok_or(FrameError::TooShort)?;
        let nonce = fields.u32().ok_or(FrameError::TooShort)?;
        let header = Header {
            kind,
            sequence,
            nonce,
        };
        let lengths = M::lengths(kind).ok_or(FrameError::UnknownType(header))?;
        if !lengths.contains(&fields.0.len()) {
            return Err(FrameError::Length);
        }
        let message = M::read(kind, &mut fields).ok_or(FrameError::Value(header))?;
        Ok(Self {
            sequence,
            nonce,
            message,
        })
    }
}

/// Why a frame was refused. The bytes are gone; whatever it said is repeated by its sender or lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameError {
    /// The delimiter came inside a COBS block.
    Stuffing,
    /// More than [`MAX_FRAME`] bytes without a delimiter.
    TooLong,
    /// Too few bytes for a header and a CRC.
    TooShort,
    /// The CRC does not match.
    Checksum,
    /// The other end speaks a version that is not known here.
    Version(u8),
    /// The frame carries a MAC, which version 1 cannot check.
    Authenticated,
    /// A reserved flag is set.
    Flags(u8),
    /// The frame is right, but this end knows no message of its type from the other end.
    UnknownType(Header),
    /// The body is shorter or longer than its message.
    Length,
    /// The frame is right, but a field holds a value whose meaning this end does not know.
    Value(Header),
}

/// What the header says of a right frame whose message is not understood. If it is numbered, it is acknowledged all
/// the same: otherwise its sender repeats it for ever, and everything behind it is never heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The message type.
    pub kind: u8,
    /// The number of a numbered message, 0 for all others.
    pub sequence: u32,
    /// The boot nonce of the board.
    pub nonce: u32,
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stuffing => f.write_str("frame ends inside a COBS block"),
            Self::TooLong => write!(f, "more than {MAX_FRAME} bytes without a frame end"),
            Self::TooShort => f.write_str("frame too short"),
            Self::Checksum => f.write_str("wrong checksum"),
            Self::Version(version) => {
                write!(
                    f,
                    "the other end speaks link version {version}, this one {VERSION}: update the older of them"
                )
            }
            Self::Authenticated => {
                f.write_str("frame is authenticated (MAC), which link version 1 cannot check")
            }
            Self::Flags(flags) => write!(f, "reserved flags set: {flags:#04x}"),
            Self::UnknownType(header) => write!(f, "unknown message type {:#04x}", header.kind),
            Self::Length => f.write_str("message length does not fit its type"),
            Self::Value(_) => f.write_str("message holds a value without a meaning"),
        }
    }
}

impl core::error::Error for FrameError {}

/// What one end can say: [`super::message::HostMessage`] or [`super::message::BoardMessage`].
pub trait Message: Sized {
    /// The message type in the header.
    fn kind(&self) -> u8;
    /// How many bytes the body of a message of this type has; none if the type is not known.
    fn lengths(kind: u8) -> Option<RangeInclusive<usize>>;
    /// Appends the body.
    fn write(&self, body: &mut Body);
    /// Takes the body from the front of `fields`, which is as long as [`Self::lengths`] says. None if a value has no
    /// meaning.
    fn read(kind: u8, fields: &mut Fields<'_>) -> Option<Self>;
}

/// Splits a stream of bytes into frames. Needs one delimiter to find its feet again after anything. `Debug` keeps the
/// bytes to itself: they may be a card.
pub struct Decoder<M> {
    stuffing: DecoderState,
    raw: Vec<u8, MAX_FRAME>,
    too_long: bool,
    message: PhantomData<M>,
}

impl<M> fmt::Debug for Decoder<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Decoder {{ {} bytes: redacted }}", self.raw.len())
    }
}

impl<M> Default for Decoder<M> {
    fn default() -> Self {
        Self {
            stuffing: DecoderState::Idle,
            raw: Vec::new(),
            too_long: false,
            message: PhantomData,
        }
    }
}

impl<M: Message> Decoder<M> {
    /// Takes one byte; answers when it ends a frame. Empty frames are passed over.
    pub fn feed(&mut self, byte: u8) -> Option<Result<Frame<M>, FrameError>> {
        match self.stuffing.feed(byte) {
            Ok(DecodeResult::NoData) => None,
            Ok(DecodeResult::DataStart) => {
                self.raw.clear();
                self.too_long = false;
                None
            }
            Ok(DecodeResult::DataContinue(byte)) => {
                self.too_long |= self.raw.push(byte).is_err();
                None
            }
            _ if self.too_long => Some(Err(FrameError::TooLong)),
            Ok(DecodeResult::DataComplete) if self.raw.is_empty() => None,
            Ok(DecodeResult::DataComplete) => Some(Frame::decode(&self.raw)),
            // COBS goes wrong at a delimiter only, so the next byte begins a frame.
            Err(_) => Some(Err(FrameError::Stuffing)),
        }
    }
}

/// A frame that is being written. `Debug` keeps the bytes to itself: they may be a card.
#[derive(Default)]
pub struct Body(Vec<u8, MAX_FRAME>);

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body {{ {} bytes: redacted }}", self.0.len())
    }
}

impl Body {
    /// Appends bytes. The longest message of this version, a full read, ends 109 bytes before the limit.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        let fits = self.0.extend_from_slice(bytes).is_ok();
        debug_assert!(fits, "a message must fit a frame");
    }

    pub(super) fn u8(&mut self, value: u8) {
        self.bytes(&[value]);
    }

    pub(super) fn u16(&mut self, value: u16) {
        self.bytes(&value.to_le_bytes());
    }

    pub(super) fn u32(&mut self, value: u32) {
        self.bytes(&value.to_le_bytes());
    }

    pub(super) fn u64(&mut self, value: u64) {
        self.bytes(&value.to_le_bytes());
    }
}

/// The fields of a frame that are still to be read. `Debug` keeps the bytes to itself: they may be a card.
pub struct Fields<'a>(&'a [u8]);

impl fmt::Debug for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fields {{ {} bytes: redacted }}", self.0.len())
    }
}

impl<'a> Fields<'a> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    /// All that is left.
    pub(super) fn rest(&mut self) -> &'a [u8] {
        core::mem::take(&mut self.0)
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.take().map(u8::from_le_bytes)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.take().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }
}
