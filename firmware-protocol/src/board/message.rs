//! What host and board say to each other in version 1, byte by byte. When they say it is the business of
//! [`super::host`] and [`super::firmware`].
//!
//! *Numbered* messages (release from the host; read, input, passed, timed out, wrong way and fault from the board)
//! are sent one at a time and repeated with the same number until the other end has acknowledged it: a release by an
//! ack, the board's reports by the host's heartbeat. All others carry the sequence 0 and may get lost.

mod layout;

use core::fmt;

use heapless::Vec;

use super::Direction;

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
        /// Which release; number and grant as it carried them.
        release: ReleaseId,
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
