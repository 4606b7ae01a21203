//! Readers: where each is, how its frames look, and what they mean.

use std::path::PathBuf;
use std::time::Duration;

use super::{CardNumberFormat, GpioLine};
use crate::SecretSource;

/// A reader of credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    /// Unique among the readers.
    pub name: String,
    /// What it is and where.
    pub kind: ReaderKind,
}

/// What a reader is and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReaderKind {
    /// On a serial port.
    Serial(SerialReader),
    /// On two GPIO lines.
    Wiegand(WiegandReader),
    /// One that types what it reads.
    Keyboard(KeyboardReader),
    /// On an OSDP bus (IEC 60839-11-5).
    Osdp(OsdpReader),
    /// Connected to a turnstile board of our own.
    Board(BoardReader),
    /// None but the program's own control handle: for demonstrations and tests.
    Simulated,
}

/// A reader on a serial port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SerialReader {
    /// Absolute path of the port; no other device has it.
    pub port: PathBuf,
    /// Speed and framing.
    pub line: SerialLine,
    /// What it sends.
    pub frames: SerialFrames,
    /// A reader that gives a sign of life by itself is out of order when it is silent for so long. Never of a reader
    /// that is asked ([`FormatKind::Polled`](super::FormatKind::Polled)): it is out of order when it does not answer.
    pub silent_after: Option<Duration>,
    /// The longest pause between two keys of a PIN.
    pub pin_timeout: Duration,
}

/// What a serial reader sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SerialFrames {
    /// The name of one of the [`FORMATS`](super::FORMATS) that come by a serial port.
    pub format: String,
    /// What the bits are that a frame of [`Format::CARRIER`](super::Format::CARRIER) carries; `None` for other formats.
    pub carries: Option<WiegandFormat>,
    /// What its frames hold: text for text formats, cards for all others.
    pub sends: Sends,
}

/// What the frames of a reader hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sends {
    /// Cards.
    Cards(Cards),
    /// Lines of text.
    Lines(Lines),
}

/// How the cards of a reader are understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cards {
    /// The name of one of [`NUMBERS`](super::NUMBERS): how the studio writes the number of such a card.
    pub number: String,
    /// In which order the reader sends the bytes of a UID.
    pub byte_order: ByteOrder,
    /// How many of the bytes sent are the UID, 1 to 10, where the reader appends filler.
    pub uid_length: Option<u8>,
}

/// How the lines of text of a reader are understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lines {
    /// What is in them.
    pub content: Content,
    /// What stands before it and is taken away; at most [`Lines::LONGEST_AFFIX`] bytes of ASCII, mostly none.
    pub prefix: String,
    /// The same behind it.
    pub suffix: String,
    /// What ends a line.
    pub terminator: Terminator,
    /// The scanner puts an AIM identifier such as `]Q1` before the text, which is taken away where it is there.
    pub aim_id: bool,
}

impl Lines {
    /// The longest prefix or suffix in bytes.
    pub const LONGEST_AFFIX: usize = 16;
}

/// A reader on two GPIO lines that speaks Wiegand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WiegandReader {
    /// The line on which a pulse is a zero.
    pub d0: GpioLine,
    /// The line on which a pulse is a one.
    pub d1: GpioLine,
    /// What it sends.
    pub frames: WiegandFrames,
    /// A pause of this length ends a frame.
    pub frame_gap: Duration,
    /// Pulses that follow each other faster are noise.
    pub minimum_interval: Duration,
    /// The longest pause between two keys of a PIN.
    pub pin_timeout: Duration,
}

/// What a Wiegand reader sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WiegandFrames {
    /// How its frames look.
    pub format: WiegandFormat,
    /// The name of one of the [`FORMATS`](super::FORMATS) of keypads: a keypad on the same lines.
    pub keypad: Option<String>,
    /// Which parity bits must hold.
    pub parity: WiegandParity,
    /// D0 and D1 are swapped and nobody can reach the wires.
    pub swapped: bool,
    /// How its cards are understood.
    pub cards: Cards,
}

/// A reader that is connected to a turnstile board of our own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoardReader {
    /// The board's name.
    pub board: String,
    /// The board's number for it.
    pub slot: u8,
    /// What it sends.
    pub frames: BoardFrames,
    /// The longest pause between two keys of a PIN.
    pub pin_timeout: Duration,
}

/// What a reader at a board sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BoardFrames {
    /// Bits.
    Wiegand(WiegandFrames),
    /// Bytes.
    Serial(SerialFrames),
}

/// How Wiegand frames look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WiegandFormat {
    /// The name of one of the [`FORMATS`](super::FORMATS) that come by Wiegand lines.
    Named(String),
    /// A layout that the file describes.
    Custom(WiegandLayout),
}

/// A layout of Wiegand frames. Its ranges lie within the frame, and no bit has two meanings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WiegandLayout {
    /// Length of the frame in bits, 9 to 128.
    pub bits: u8,
    /// Where the number of the card is.
    pub number: LayoutNumber,
    /// The parity bits, at most four.
    pub parity: Vec<ParityBit>,
}

/// Where in a frame the number of the card is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayoutNumber {
    /// A UID of 1 to 10 whole bytes.
    Uid(BitRange),
    /// A card number of at most 64 bits, with a facility code at most 80.
    Card {
        /// The facility code of at most 64 bits.
        facility: Option<BitRange>,
        /// The card number.
        card: BitRange,
        /// The issue level of at most 8 bits.
        issue: Option<BitRange>,
    },
}

/// Bits of a frame, `first <= last`, both included; the first bit sent is bit 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BitRange {
    /// The first bit.
    pub first: u8,
    /// The last bit.
    pub last: u8,
}

/// A parity bit and what it covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParityBit {
    /// Which bit of the frame it is.
    pub at: u8,
    /// It makes the number of ones, itself included, odd; even otherwise.
    pub odd: bool,
    /// The bits that it covers; at least one range.
    pub over: Vec<BitRange>,
}

/// A reader that types what it reads, as a keyboard does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyboardReader {
    /// Absolute path of the input device; no other reader has it.
    pub device: PathBuf,
    /// What is typed.
    pub content: Content,
    /// Which character a key means.
    pub layout: KeyLayout,
    /// What ends a reading.
    pub terminator: KeyTerminator,
}

/// A reader on an OSDP bus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OsdpReader {
    /// Absolute path of the port; no other device has it.
    pub port: PathBuf,
    /// Bits per second, 9600 to 230400; 8 data bits, no parity, 1 stop bit.
    pub baud: u32,
    /// Its address on the bus, 0 to 126.
    pub address: u8,
    /// Where the key of its secure channel is kept: 16 bytes as 32 hex digits. Without one the bus is not encrypted.
    pub key: Option<SecretSource>,
    /// What the bits of its cards are.
    pub format: OsdpFormat,
    /// How its cards are understood.
    pub cards: Cards,
    /// The longest pause between two keys of a PIN.
    pub pin_timeout: Duration,
}

/// What the bits are that an OSDP reader sends of a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OsdpFormat {
    /// The UID in whole bytes.
    Uid,
    /// A Wiegand frame.
    Wiegand(WiegandFormat),
}

/// In which order a reader sends the bytes of a UID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteOrder {
    /// As the card has sent them.
    AsSent,
    /// The last one first.
    Reversed,
}

/// Which parity bits of a Wiegand frame must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WiegandParity {
    /// All of them.
    Both,
    /// Only the one in the last bit.
    Trailing,
    /// None: a lost bit then becomes another card's number.
    None,
}

/// What ends a line of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Terminator {
    /// CR, LF, both, or silence.
    Any,
    /// CR.
    Cr,
    /// LF.
    Lf,
    /// CR LF.
    CrLf,
    /// Silence.
    Idle,
}

/// What ends a reading that is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyTerminator {
    /// The Enter key.
    Enter,
    /// The Tab key.
    Tab,
    /// A pause.
    Idle,
}

/// Which character a key means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyLayout {
    /// A keyboard of the United States, as which nearly all readers pose.
    Us,
}

/// What a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// A card number, written in this way.
    Card(CardNumberFormat),
    /// The content of a QR code or barcode.
    Code,
    /// A PIN.
    Pin,
}

/// Speed and framing of a serial line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SerialLine {
    /// Bits per second.
    pub baud: u32,
    /// 7 or 8.
    pub data_bits: u8,
    /// The parity bit.
    pub parity: Parity,
    /// 1 or 2.
    pub stop_bits: u8,
}

impl Default for SerialLine {
    fn default() -> Self {
        Self {
            baud: 9600,
            data_bits: 8,
            parity: Parity::None,
            stop_bits: 1,
        }
    }
}

/// The parity bit of a serial line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parity {
    /// There is none.
    None,
    /// It makes the number of ones even.
    Even,
    /// It makes the number of ones odd.
    Odd,
}
