//! What host and board say to each other in version 1, byte by byte. When they say it is the business of
//! [`super::host`] and [`super::firmware`].
//!
//! *Numbered* messages (release from the host; read, input, passed, timed out, wrong way and fault from the board)
//! are sent one at a time and repeated with the same number until the other end has acknowledged it: a release by an
//! ack, the board's reports by the host's heartbeat. All others carry the sequence 0 and may get lost.

use core::fmt;

use heapless::Vec;

use super::Direction;
use super::frame::{Body, Fields, FrameError, Message};

/// Most bytes of one raw read.
pub const MAX_READ: usize = 128;

/// From the gateway to the board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostMessage {
    /// 0x01. Who are you? The only message with the nonce 0.
    Hello {
        /// Comes back in the answer, so that an answer to an earlier question is not taken for one to this.
        challenge: u32,
    },
    /// 0x02. Every 250 ms, and at once after every numbered message from the board.
    Heartbeat {
        /// The highest number that has arrived from the board in this boot; it need not repeat it or any before it.
        acknowledged: u32,
    },
    /// 0x03. Numbered. Open once.
    Release(ReleaseOrder),
    /// 0x04. Show something to the person.
    Feedback(Feedback),
}

/// The body of a release. A repetition is the same in every byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReleaseOrder {
    /// The host's name for it; the board gives it back with the outcome and does not look into it.
    pub grant: u64,
    /// Which way.
    pub direction: Direction,
    /// The board's own clock, as the host knows it, at the moment when the host decided to send.
    pub issued_at: u32,
    /// Milliseconds after `issued_at` from which the board must not open any more.
    pub ttl_ms: u16,
    /// How long the contact is closed, 1 to [`super::firmware::MAX_PULSE`].
    pub pulse_ms: u16,
    /// How long after opening the board waits for the person.
    pub passage_ms: u16,
}

/// What a person at one side of the lane sees and hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Feedback {
    /// The side from which one passes in this direction.
    pub direction: Direction,
    /// What the indicator shows.
    pub indicator: Indicator,
    /// For how long, in milliseconds; then it is idle again.
    pub indicator_ms: u16,
    /// How long the buzzer sounds, in milliseconds; 0 = not at all.
    pub buzzer_ms: u16,
}

/// What an indicator can show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Indicator {
    /// 0. Ready.
    #[default]
    Idle,
    /// 1. Go.
    Granted,
    /// 2. Do not go.
    Denied,
    /// 3. Nobody is served here. Shown by the board itself while no host is heard.
    OutOfService,
}

/// From the board to the gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BoardMessage {
    /// 0x81. After a reset with the challenge 0, and as the answer to a hello.
    Hello(BoardHello),
    /// 0x82. Every 250 ms.
    Heartbeat(BoardHeartbeat),
    /// 0x83. The answer to a release.
    Ack {
        /// The number of the release.
        sequence: u32,
        /// What became of it.
        status: AckStatus,
    },
    /// 0x84. Numbered. A reader at the board has read something.
    Read(BoardRead),
    /// 0x85. Numbered. A contact has changed.
    Input {
        /// Which.
        input: BoardInput,
        /// Whether it is active now.
        active: bool,
    },
    /// 0x86. Numbered. Somebody has passed.
    Passed {
        /// On which release; none where the direction is free.
        release: Option<ReleaseId>,
        /// Which way.
        direction: Direction,
        /// Passages in this direction since the board started, this one included.
        counter: u32,
    },
    /// 0x87. Numbered. Nobody has passed in the passage time.
    TimedOut {
        /// On which release.
        release: ReleaseId,
        /// Which way it was open.
        direction: Direction,
    },
    /// 0x88. Numbered. Somebody has passed in a direction that was not open.
    WrongWay {
        /// The release of the other direction that this ended, if there was one.
        release: Option<ReleaseId>,
        /// Which way the person went.
        direction: Direction,
    },
    /// 0x89. Numbered. The board cannot work, or can again.
    Fault {
        /// The release that this ended, if there was one.
        release: Option<ReleaseId>,
        /// What is wrong; none once it is right again.
        fault: Option<Fault>,
    },
}

/// Which release a report of the board is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReleaseId {
    /// Its number; unique in one boot of the board, also across restarts of the host.
    pub sequence: u32,
    /// The grant that it carried.
    pub grant: u64,
}

/// The body of the board's hello.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoardHello {
    /// From the host's hello; 0 when nobody asked.
    pub challenge: u32,
    /// The board's clock: milliseconds, wraps.
    pub clock: u32,
    /// The number of the last release that this boot has dealt with; 0 = none. The host goes on from there.
    pub last_release: u32,
    /// Version of the firmware: major, minor, patch.
    pub firmware: [u8; 3],
    /// Why the board started.
    pub reset_cause: ResetCause,
}

/// The body of the board's heartbeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoardHeartbeat {
    /// The board's clock: milliseconds, wraps.
    pub clock: u32,
    /// Whether it hears the host; if not, it is in its safe state.
    pub serving: bool,
    /// All contacts.
    pub inputs: Inputs,
    /// What is wrong, if something is.
    pub fault: Option<Fault>,
}

/// What became of a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AckStatus {
    /// 0. The contact has been closed.
    Opened,
    /// 1. Not opened: a contact is closed, or this direction still waits for a person. Try again under a new number.
    Busy,
    /// 2. Not opened: its time to live is over.
    Expired,
    /// 3. Not opened: it was meant for an earlier boot of the board.
    WrongNonce,
    /// 4. Not opened: a release with a higher number has been dealt with already.
    Superseded,
    /// 5. Not opened: the board has not heard a heartbeat. Try again under a new number.
    OutOfService,
    /// 6. Not opened: the stop contact is active.
    Stopped,
    /// 7. Not opened: the fire contact is active.
    Fire,
    /// 8. Not opened: the board has a fault.
    Faulty,
    /// 9. Not opened: a value is out of bounds.
    Invalid,
}

/// Why a board started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetCause {
    /// 0. Not known.
    Unknown,
    /// 1. The supply came.
    PowerOn,
    /// 2. The supply dipped.
    BrownOut,
    /// 3. The watchdog struck: the firmware hung.
    Watchdog,
    /// 4. The firmware asked for it, as after an update.
    Software,
    /// 5. The reset pin.
    Pin,
}

/// A contact at the board. Its number is its bit in [`Inputs`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BoardInput {
    /// 0. The fire panel.
    Fire,
    /// 1. Stop: nobody is let through.
    Stop,
    /// 2. Button for direction A.
    ButtonA,
    /// 3. Button for direction B.
    ButtonB,
    /// 4. The housing has been opened.
    Tamper,
    /// 5. Free for the site.
    Auxiliary,
}

impl BoardInput {
    /// All, in the order of their numbers.
    pub const ALL: [Self; 6] = [
        Self::Fire,
        Self::Stop,
        Self::ButtonA,
        Self::ButtonB,
        Self::Tamper,
        Self::Auxiliary,
    ];
}

/// Which contacts are active. Bits without a contact are ignored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Inputs(pub u8);

impl Inputs {
    /// Whether this one is active.
    #[must_use]
    pub const fn is_active(self, input: BoardInput) -> bool {
        self.0 & (1 << input as u8) != 0
    }

    /// Changes one; says whether that made a difference.
    pub const fn set(&mut self, input: BoardInput, active: bool) -> bool {
        let changed = self.is_active(input) != active;
        if changed {
            self.0 ^= 1 << input as u8;
        }
        changed
    }
}

/// What is wrong with a board. The constants are those of our link; another maker's numbers are in its manual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault(core::num::NonZeroU8);

impl Fault {
    /// 1. The mechanism does not move, or moves without having been told to.
    pub const MECHANISM: Self = Self(core::num::NonZeroU8::MIN);
    /// 2. A passage sensor does not make sense.
    pub const SENSOR: Self = Self(core::num::NonZeroU8::MIN.saturating_add(1));
    /// 3. The supply is out of bounds.
    pub const SUPPLY: Self = Self(core::num::NonZeroU8::MIN.saturating_add(2));
    /// 4. A reader at the board does not answer.
    pub const READER: Self = Self(core::num::NonZeroU8::MIN.saturating_add(3));

    /// The fault with this number; none for 0.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        core::num::NonZeroU8::new(code).map(Self)
    }

    /// Its number.
    #[must_use]
    pub const fn code(self) -> u8 {
        self.0.get()
    }
}

/// What a reader at the board said, unjudged. `Debug` keeps the content to itself.
#[derive(Clone, PartialEq, Eq)]
pub struct BoardRead {
    /// Which reader of the board.
    pub reader: u8,
    format: ReadFormat,
    count: u16,
    content: Vec<u8, MAX_READ>,
}

/// How the content of a read is to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadFormat {
    /// 1. Wiegand bits; the first bit is the highest of the first byte, the last byte is filled up with zeros.
    Bits,
    /// 2. Bytes as they came from a serial reader.
    Bytes,
}

impl BoardRead {
    /// A Wiegand frame of `count` bits, packed as [`ReadFormat::Bits`] says.
    ///
    /// None if there are no bits, more than fit, not as many bytes as the bits need, or filling bits that are set.
    #[must_use]
    pub fn bits(reader: u8, count: u16, packed: &[u8]) -> Option<Self> {
        let filling = (8 - count % 8) % 8;
        let clean = packed.last()?.trailing_zeros() >= u32::from(filling);
        if count == 0 || packed.len() != usize::from(count).div_ceil(8) || !clean {
            return None;
        }
        let content = Vec::from_slice(packed).ok()?;
        Some(Self {
            reader,
            format: ReadFormat::Bits,
            count,
            content,
        })
    }

    /// Bytes from a serial reader. None if there are none or more than [`MAX_READ`].
    #[must_use]
    pub fn bytes(reader: u8, bytes: &[u8]) -> Option<Self> {
        let count = u16::try_from(bytes.len()).ok().filter(|count| *count > 0)?;
        let content = Vec::from_slice(bytes).ok()?;
        Some(Self {
            reader,
            format: ReadFormat::Bytes,
            count,
            content,
        })
    }

    /// How to take the content.
    #[must_use]
    pub const fn format(&self) -> ReadFormat {
        self.format
    }

    /// How many bits, or bytes, were read.
    #[must_use]
    pub const fn count(&self) -> u16 {
        self.count
    }

    /// The packed bits, or the bytes.
    #[must_use]
    pub fn content(&self) -> &[u8] {
        &self.content
    }
}

impl fmt::Debug for BoardRead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            reader,
            format,
            count,
            content: _,
        } = self;
        write!(
            f,
            "BoardRead {{ reader: {reader}, {count} {format:?}, content: redacted }}"
        )
    }
}

impl Message for HostMessage {
    fn kind(&self) -> u8 {
        match self {
            Self::Hello { .. } => 0x01,
            Self::Heartbeat { .. } => 0x02,
            Self::Release(_) => 0x03,
            Self::Feedback(_) => 0x04,
        }
    }

    fn write(&self, body: &mut Body) {
        match *self {
            Self::Hello { challenge } => body.u32(challenge),
            Self::Heartbeat { acknowledged } => body.u32(acknowledged),
            Self::Release(order) => {
                body.u64(order.grant);
                body.u8(order.direction.code());
                body.u32(order.issued_at);
                body.u16(order.ttl_ms);
                body.u16(order.pulse_ms);
                body.u16(order.passage_ms);
            }
            Self::Feedback(feedback) => {
                body.u8(feedback.direction.code());
                body.u8(feedback.indicator as u8);
                body.u16(feedback.indicator_ms);
                body.u16(feedback.buzzer_ms);
            }
        }
    }

    fn read(kind: u8, fields: &mut Fields<'_>) -> Result<Self, FrameError> {
        Ok(match kind {
            0x01 => Self::Hello {
                challenge: fields.u32()?,
            },
            0x02 => Self::Heartbeat {
                acknowledged: fields.u32()?,
            },
            0x03 => Self::Release(ReleaseOrder {
                grant: fields.u64()?,
                direction: Direction::read(fields)?,
                issued_at: fields.u32()?,
                ttl_ms: fields.u16()?,
                pulse_ms: fields.u16()?,
                passage_ms: fields.u16()?,
            }),
            0x04 => Self::Feedback(Feedback {
                direction: Direction::read(fields)?,
                indicator: Indicator::read(fields)?,
                indicator_ms: fields.u16()?,
                buzzer_ms: fields.u16()?,
            }),
            _ => return Err(FrameError::UnknownType(kind)),
        })
    }
}

impl Message for BoardMessage {
    fn kind(&self) -> u8 {
        match self {
            Self::Hello(_) => 0x81,
            Self::Heartbeat(_) => 0x82,
            Self::Ack { .. } => 0x83,
            Self::Read(_) => 0x84,
            Self::Input { .. } => 0x85,
            Self::Passed { .. } => 0x86,
            Self::TimedOut { .. } => 0x87,
            Self::WrongWay { .. } => 0x88,
            Self::Fault { .. } => 0x89,
        }
    }

    fn write(&self, body: &mut Body) {
        match self {
            Self::Hello(hello) => {
                body.u32(hello.challenge);
                body.u32(hello.clock);
                body.u32(hello.last_release);
                body.bytes(&hello.firmware);
                body.u8(hello.reset_cause as u8);
            }
            Self::Heartbeat(heartbeat) => {
                body.u32(heartbeat.clock);
                body.u8(u8::from(heartbeat.serving));
                body.u8(heartbeat.inputs.0);
                write_fault(body, heartbeat.fault);
            }
            Self::Ack { sequence, status } => {
                body.u32(*sequence);
                body.u8(*status as u8);
            }
            Self::Read(read) => {
                body.u8(read.reader);
                body.u8(read.format as u8 + 1);
                body.u16(read.count);
                body.bytes(&read.content);
            }
            Self::Input { input, active } => {
                body.u8(*input as u8);
                body.u8(u8::from(*active));
            }
            Self::Passed {
                release,
                direction,
                counter,
            } => {
                write_release(body, *release);
                body.u8(direction.code());
                body.u32(*counter);
            }
            Self::TimedOut { release, direction } => {
                write_release(body, Some(*release));
                body.u8(direction.code());
            }
            Self::WrongWay { release, direction } => {
                write_release(body, *release);
                body.u8(direction.code());
            }
            Self::Fault { release, fault } => {
                write_release(body, *release);
                write_fault(body, *fault);
            }
        }
    }

    fn read(kind: u8, fields: &mut Fields<'_>) -> Result<Self, FrameError> {
        Ok(match kind {
            0x81 => Self::Hello(BoardHello {
                challenge: fields.u32()?,
                clock: fields.u32()?,
                last_release: fields.u32()?,
                firmware: [fields.u8()?, fields.u8()?, fields.u8()?],
                reset_cause: ResetCause::read(fields)?,
            }),
            0x82 => Self::Heartbeat(BoardHeartbeat {
                clock: fields.u32()?,
                serving: read_flag(fields)?,
                inputs: Inputs(fields.u8()?),
                fault: Fault::from_code(fields.u8()?),
            }),
            0x83 => Self::Ack {
                sequence: fields.u32()?,
                status: AckStatus::read(fields)?,
            },
            0x84 => Self::Read(BoardRead::read(fields)?),
            0x85 => Self::Input {
                input: BoardInput::read(fields)?,
                active: read_flag(fields)?,
            },
            0x86 => Self::Passed {
                release: read_release(fields)?,
                direction: Direction::read(fields)?,
                counter: fields.u32()?,
            },
            0x87 => Self::TimedOut {
                release: read_release(fields)?.ok_or(FrameError::Value)?,
                direction: Direction::read(fields)?,
            },
            0x88 => Self::WrongWay {
                release: read_release(fields)?,
                direction: Direction::read(fields)?,
            },
            0x89 => Self::Fault {
                release: read_release(fields)?,
                fault: Fault::from_code(fields.u8()?),
            },
            _ => return Err(FrameError::UnknownType(kind)),
        })
    }
}

fn write_release(body: &mut Body, release: Option<ReleaseId>) {
    body.u32(release.map_or(0, |release| release.sequence));
    body.u64(release.map_or(0, |release| release.grant));
}

fn read_release(fields: &mut Fields<'_>) -> Result<Option<ReleaseId>, FrameError> {
    let release = ReleaseId {
        sequence: fields.u32()?,
        grant: fields.u64()?,
    };
    Ok((release.sequence != 0).then_some(release))
}

fn read_flag(fields: &mut Fields<'_>) -> Result<bool, FrameError> {
    read_listed(fields, &[false, true])
}

fn write_fault(body: &mut Body, fault: Option<Fault>) {
    body.u8(fault.map_or(0, Fault::code));
}

impl BoardRead {
    fn read(fields: &mut Fields<'_>) -> Result<Self, FrameError> {
        let reader = fields.u8()?;
        let format = fields.u8()?;
        let count = fields.u16()?;
        let content = fields.rest();
        match format {
            1 => Self::bits(reader, count, content),
            2 => Self::bytes(reader, content).filter(|read| read.count == count),
            _ => None,
        }
        .ok_or(FrameError::Value)
    }
}

impl Direction {
    const fn code(self) -> u8 {
        match self {
            Self::A => 1,
            Self::B => 2,
        }
    }

    fn read(fields: &mut Fields<'_>) -> Result<Self, FrameError> {
        match fields.u8()? {
            1 => Ok(Self::A),
            2 => Ok(Self::B),
            _ => Err(FrameError::Value),
        }
    }
}

/// Reads a value that stands in the list at the place of its number.
fn read_listed<T: Copy>(fields: &mut Fields<'_>, list: &[T]) -> Result<T, FrameError> {
    list.get(usize::from(fields.u8()?))
        .copied()
        .ok_or(FrameError::Value)
}

impl Indicator {
    const ALL: [Self; 4] = [Self::Idle, Self::Granted, Self::Denied, Self::OutOfService];

    fn read(fields: &mut Fields<'_>) -> Result<Self, FrameError> {
        read_listed(fields, &Self::ALL)
    }
}

impl BoardInput {
    fn read(fields: &mut Fields<'_>) -> Result<Self, FrameError> {
        read_listed(fields, &Self::ALL)
    }
}

impl ResetCause {
    const ALL: [Self; 6] = [
        Self::Unknown,
        Self::PowerOn,
        Self::BrownOut,
        Self::Watchdog,
        Self::Software,
        Self::Pin,
    ];

    fn read(fields: &mut Fields<'_>) -> Result<Self, FrameError> {
        read_listed(fields, &Self::ALL)
    }
}

impl AckStatus {
    /// All, in the order of their numbers.
    pub const ALL: [Self; 10] = [
        Self::Opened,
        Self::Busy,
        Self::Expired,
        Self::WrongNonce,
        Self::Superseded,
        Self::OutOfService,
        Self::Stopped,
        Self::Fire,
        Self::Faulty,
        Self::Invalid,
    ];

    fn read(fields: &mut Fields<'_>) -> Result<Self, FrameError> {
        read_listed(fields, &Self::ALL)
    }
}
