//! Everything at a lane that is not a reader: relays, boards, inputs, indicators and displays, and the GPIO lines
//! that they are on.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// How the GPIO lines of the machine are reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gpio {
    /// By which interface. With [`GpioBackend::Rppal`] every [`GpioLine`] is a name `GPIO<number>`.
    pub backend: GpioBackend,
    /// Absolute path of the chip whose lines are meant where no chip is named; all chips otherwise.
    pub chip: Option<PathBuf>,
}

impl Default for Gpio {
    fn default() -> Self {
        Self {
            backend: GpioBackend::CharacterDevice,
            chip: None,
        }
    }
}

/// The interface to the GPIO lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GpioBackend {
    /// The character devices of Linux, `/dev/gpiochip*`.
    CharacterDevice,
    /// The registers of the Raspberry Pi.
    Rppal,
}

/// One GPIO line; no two things are on one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GpioLine {
    /// By its name, such as `GPIO17`.
    Name(String),
    /// By its place.
    Offset {
        /// Name of the chip, such as `gpiochip0`.
        chip: String,
        /// Which line of the chip, from 0.
        offset: u32,
    },
}

/// Which level is the active one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Active {
    /// The high one.
    High,
    /// The low one.
    Low,
}

/// A relay that opens a lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relay {
    /// Unique among the relays.
    pub name: String,
    /// What it is and where.
    pub kind: RelayKind,
}

/// What a relay is and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RelayKind {
    /// One channel of a USB relay card.
    UsbRelay(UsbRelay),
    /// On a GPIO line.
    Gpio(GpioRelay),
    /// None but the program's own memory: for demonstrations and tests.
    Simulated,
}

/// One channel of a USB relay card. Cards may be shared: then the channels differ and `baud` is the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsbRelay {
    /// Absolute path of the board's serial port.
    pub port: PathBuf,
    /// 1 to 8, as printed on the card.
    pub channel: u8,
    /// Bits per second; 8 data bits, no parity, 1 stop bit.
    pub baud: u32,
}

impl UsbRelay {
    /// The channel unless the file says otherwise.
    pub const DEFAULT_CHANNEL: u8 = 1;
    /// Bits per second unless the file says otherwise.
    pub const DEFAULT_BAUD: u32 = 9600;
}

/// A relay on a GPIO line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GpioRelay {
    /// The line.
    pub line: GpioLine,
    /// The level at which the relay is on.
    pub active: Active,
}

/// A turnstile controller board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Board {
    /// Unique among the boards.
    pub name: String,
    /// What it is and where.
    pub kind: BoardKind,
    /// Which of the board's directions leads in.
    pub entry: BoardDirection,
    /// Whether people may leave without a release, so that who leaves ends nobody's opening. Boards of our own have their
    /// own setting for it.
    pub free_exit: bool,
}

/// What a board is and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BoardKind {
    /// On a serial link.
    Serial(SerialBoard),
    /// None but the program's own control handle, which plays a board of our own: for demonstrations and tests.
    Simulated,
}

/// A board on a serial link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SerialBoard {
    /// Absolute path of the port; no other device has it.
    pub port: PathBuf,
    /// Bits per second; 8 data bits, no parity, 1 stop bit.
    pub baud: u32,
    /// What it speaks.
    pub protocol: BoardProtocol,
}

/// What a board speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoardProtocol {
    /// Our own link protocol.
    Link,
    /// Digicon and CATRAX.
    Digicon,
    /// Mach Power.
    MachPower {
        /// The address set at the board.
        address: u8,
    },
    /// One-Tech.
    OneTech,
    /// Swing gates whose frames begin with 7E.
    Swing7e {
        /// The machine number set at the board.
        address: u8,
    },
}

/// A direction of a board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoardDirection {
    /// The first that its document names.
    A,
    /// The other one.
    B,
}

/// An input: a passage sensor, button, tamper contact or fire contact, as the lane that names it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Unique among the inputs.
    pub name: String,
    /// What it is and where.
    pub kind: InputKind,
}

/// What an input is and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InputKind {
    /// On a GPIO line.
    Gpio(GpioInput),
    /// None but the program's own control handle: for demonstrations and tests.
    Simulated,
}

/// An input on a GPIO line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GpioInput {
    /// The line.
    pub line: GpioLine,
    /// The level at which it is active.
    pub active: Active,
    /// A level counts after it has held for so long.
    pub debounce: Duration,
}

/// Lights and a buzzer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Indicator {
    /// Unique among the indicators.
    pub name: String,
    /// What it is and where.
    pub kind: IndicatorKind,
    /// What it shows when. A pattern names no lamp that the indicator has not.
    pub patterns: Patterns,
}

/// What an indicator is and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IndicatorKind {
    /// On GPIO lines.
    Gpio(GpioIndicator),
    /// The light and the buzzer of an OSDP reader.
    Osdp {
        /// The name of that reader.
        reader: String,
    },
    /// None but the program's own memory: for demonstrations and tests.
    Simulated,
}

/// Lamps on GPIO lines, at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GpioIndicator {
    /// The line of the green light.
    pub green: Option<GpioLine>,
    /// The line of the red light.
    pub red: Option<GpioLine>,
    /// The line of the buzzer.
    pub buzzer: Option<GpioLine>,
    /// The level at which they are on.
    pub active: Active,
}

/// What an indicator shows when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patterns {
    /// Somebody may pass.
    pub granted: Pattern,
    /// Somebody may not pass, for a reason without a pattern of its own.
    pub denied: Pattern,
    /// The studio is being asked; again and again until there is an answer.
    pub waiting: Pattern,
    /// The lane does not work; again and again until it does.
    pub out_of_service: Pattern,
    /// Somebody may not pass, by the reason's log value: one of [`DENY_REASONS`].
    pub by_reason: BTreeMap<String, Pattern>,
}

impl Default for Patterns {
    fn default() -> Self {
        let pattern = |steps: &[(Lamps, u64)]| Pattern {
            steps: steps
                .iter()
                .map(|(on, milliseconds)| Step {
                    on: *on,
                    time: Duration::from_millis(*milliseconds),
                })
                .collect(),
        };
        let beep = Lamps {
            buzzer: true,
            ..Lamps::RED
        };
        Self {
            granted: pattern(&[(Lamps::GREEN, 1_000)]),
            denied: pattern(&[(beep, 150), (Lamps::OFF, 100), (beep, 150), (Lamps::RED, 500)]),
            waiting: pattern(&[(Lamps::GREEN, 100), (Lamps::OFF, 100)]),
            out_of_service: pattern(&[(Lamps::RED, 1_000), (Lamps::OFF, 1_000)]),
            by_reason: BTreeMap::new(),
        }
    }
}

/// The log values of the reasons to deny, each of which may have a pattern of its own: the only list of them.
pub const DENY_REASONS: &[&str] = &[
    "out-of-service",
    "lane-closed",
    "locked-out",
    "unknown",
    "no-contract",
    "former-member",
    "access-refused",
    "restricted",
    "paused",
    "benefit-missing",
    "access-code-expired",
    "outside-hours",
    "full",
    "anti-passback",
    "studio-unreachable",
    "too-late",
    "busy",
];

/// What an indicator shows, step by step; afterwards it is dark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// The steps, 1 to [`Pattern::MOST_STEPS`].
    pub steps: Vec<Step>,
}

impl Pattern {
    /// So many steps are enough for everything that a person understands.
    pub const MOST_STEPS: usize = 16;
}

/// A step of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// What is on.
    pub on: Lamps,
    /// For how long.
    pub time: Duration,
}

/// Some of the lamps of an indicator; the buzzer is one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lamps {
    /// The green light.
    pub green: bool,
    /// The red light.
    pub red: bool,
    /// The buzzer.
    pub buzzer: bool,
}

impl Lamps {
    /// Nothing.
    pub const OFF: Self = Self {
        green: false,
        red: false,
        buzzer: false,
    };
    /// The green light alone.
    pub const GREEN: Self = Self {
        green: true,
        ..Self::OFF
    };
    /// The red light alone.
    pub const RED: Self = Self {
        red: true,
        ..Self::OFF
    };
    /// Everything.
    pub const ALL: Self = Self {
        green: true,
        red: true,
        buzzer: true,
    };
}

/// A display of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Display {
    /// Unique among the displays.
    pub name: String,
    /// What it is and where.
    pub kind: DisplayKind,
    /// How many characters a line has.
    pub columns: u8,
    /// What it shows when nothing happens.
    pub idle: String,
    /// How long it shows what has happened.
    pub show: Duration,
}

impl Display {
    /// Characters of a line unless the file says otherwise.
    pub const DEFAULT_COLUMNS: u8 = 16;
    /// What it shows when nothing happens unless the file says otherwise.
    pub const DEFAULT_IDLE: &str = "Welcome";
    /// How long it shows what has happened unless the file says otherwise.
    pub const DEFAULT_SHOW: Duration = Duration::from_secs(3);
}

/// What a display is and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DisplayKind {
    /// On a serial port.
    Serial(SerialDisplay),
    /// None but the program's own memory: for demonstrations and tests.
    Simulated,
}

/// A display on a serial port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SerialDisplay {
    /// Absolute path of the port; no other device has it.
    pub port: PathBuf,
    /// Bits per second; 8 data bits, no parity, 1 stop bit.
    pub baud: u32,
    /// What clears it.
    pub clear: String,
}

impl SerialDisplay {
    /// Bits per second unless the file says otherwise.
    pub const DEFAULT_BAUD: u32 = 9600;
    /// What clears it unless the file says otherwise: a form feed.
    pub const DEFAULT_CLEAR: &str = "\u{c}";
}
