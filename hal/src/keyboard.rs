//! Readers that act as a keyboard: the kernel's input device is taken for us alone, so that a card number lands in no
//! login prompt, and what is typed becomes text by the US layout. What the text means stands in the reader's profile.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use evdev::raw_stream::{EventStream, RawDevice};
use evdev::{EventSummary, InputEvent, KeyCode, SynchronizationCode};
use firmware_protocol::serial::line::Terminator;
use firmware_protocol::{Decoder, Profile, Reject};
use rustix::io::Errno;
use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::clock::{before, monotonic};
use crate::connection::{DisconnectCause, DisconnectReason, Reconnect};
use crate::reader::{Frames, ReaderEvent, ReaderEventKind, Voice};

/// Stands for what is no text; every profile refuses it.
const NO_TEXT: u8 = 0x1B;

/// A reader that acts as a keyboard with US layout.
#[derive(Clone, Debug)]
pub struct KeyboardReader {
    /// Its name in the settings, for its events.
    pub name: Arc<str>,
    /// Its input device, best by a name that stays: `/dev/input/by-id/..-event-kbd`. It is looked up anew each time
    /// the device is opened.
    pub device: PathBuf,
    /// How what it types is to be read: [`firmware_protocol::Format::Cardno`] or
    /// [`firmware_protocol::Format::Line`]. The terminator in it is replaced by what `ending` says.
    pub profile: Profile,
    /// How it ends what it types.
    pub ending: Ending,
}

/// How a reader that types ends a read. Set the key that it types: then half a read is refused instead of looked up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ending {
    /// The Enter key, of the main block or the keypad.
    #[default]
    Enter,
    /// The Tab key.
    Tab,
    /// Nothing; it only stops.
    Silence,
}

/// Takes the keyboard for us alone and sends what it types as `events`, for ever. When it is away it is opened again as
/// soon as it is back.
///
/// A full channel never holds the reader up: see [`crate::reader::serial_reader`].
pub async fn keyboard_reader(reader: KeyboardReader, events: mpsc::Sender<ReaderEvent>) {
    let mut profile = reader.profile;
    profile.line.terminator = match reader.ending {
        Ending::Enter | Ending::Tab => Terminator::Cr,
        Ending::Silence => Terminator::Idle,
    };
    let device: Arc<str> = Arc::from(reader.device.to_string_lossy());
    let mut voice = Voice::new(reader.name, events);
    let mut reconnect = Reconnect::new();
    loop {
        let mut held = Duration::ZERO;
        let cause = match open(&reader.device).await {
            Ok(keys) => {
                reconnect.connected();
                voice.connection(ReaderEventKind::Connected).await;
                let since = monotonic();
                let typed = Typed::new(profile.clone(), reader.ending);
                let cause = listen(keys, typed, &mut voice).await;
                held = monotonic().saturating_sub(since);
                cause
            }
            Err(cause) => cause,
        };
        let device = device.clone();
        let reason = DisconnectReason { device, cause };
        if reconnect.is_news(&reason) {
            voice.connection(ReaderEventKind::Disconnected(reason)).await;
        }
        sleep(reconnect.wait_after(held)).await;
    }
}

/// Listens until the keyboard is lost.
async fn listen(mut keys: EventStream, mut typed: Typed, voice: &mut Voice) -> DisconnectCause {
    let mut at = monotonic();
    let mut quiet = true;
    loop {
        let end = (!quiet).then(|| at.saturating_add(Decoder::IDLE));
        let next = end.into_iter().chain(voice.deadline()).min();
        match before(next, keys.next_event()).await {
            Some(Ok(event)) => {
                at = monotonic();
                quiet = false;
                typed.event(event, at, voice);
            }
            Some(Err(error)) => return lost(&error),
            None => {
                let now = monotonic();
                if end.is_some_and(|end| now >= end) {
                    quiet = true;
                    typed.quiet(at, voice);
                }
                voice.timeout(now);
            }
        }
    }
}

async fn open(path: &Path) -> Result<EventStream, DisconnectCause> {
    let path = path.to_owned();
    let opened = tokio::task::spawn_blocking(move || {
        let mut device = RawDevice::open(path)?;
        device.grab()?;
        Ok(device)
    });
    let stream = match opened.await {
        Ok(device) => device.and_then(RawDevice::into_event_stream),
        Err(panicked) => Err(io::Error::other(panicked)),
    };
    stream.map_err(|error| match Errno::from_io_error(&error) {
        Some(Errno::NOENT | Errno::NODEV | Errno::NXIO) => DisconnectCause::NoSuchPort,
        Some(Errno::ACCESS | Errno::PERM) => DisconnectCause::PermissionDenied { group: "input" },
        Some(Errno::BUSY) => DisconnectCause::InUse,
        Some(Errno::NOTTY | Errno::INVAL | Errno::ISDIR) => DisconnectCause::NotAKeyboard,
        _ => failed("open", &error),
    })
}

fn lost(error: &io::Error) -> DisconnectCause {
    match Errno::from_io_error(error) {
        Some(Errno::NODEV | Errno::IO | Errno::NXIO) => DisconnectCause::Unplugged,
        _ => failed("read", error),
    }
}

fn failed(operation: &'static str, error: &io::Error) -> DisconnectCause {
    DisconnectCause::Failed {
        operation,
        message: error.to_string(),
    }
}

/// The way from keys to reads.
struct Typed {
    profile: Profile,
    frames: Frames,
    keys: Keys,
    /// The kernel has dropped keys: nothing counts until the keyboard is quiet.
    lossy: bool,
}

impl Typed {
    fn new(profile: Profile, ending: Ending) -> Self {
        Self {
            frames: Frames::new(Decoder::new(profile.clone())),
            profile,
            keys: Keys::new(ending),
            lossy: false,
        }
    }

    fn event(&mut self, event: InputEvent, at: Duration, voice: &mut Voice) {
        match event.destructure() {
            EventSummary::Key(_, key, value) => {
                let byte = self.keys.byte(key, value);
                if let Some(byte) = byte.filter(|_| !self.lossy) {
                    self.frames.receive(&[byte], at, voice);
                }
            }
            EventSummary::Synchronization(_, SynchronizationCode::SYN_DROPPED, _) => {
                self.lossy = true;
                self.frames = Frames::new(Decoder::new(self.profile.clone()));
                self.keys.release_all();
                voice.outcome(Err(Reject::Incomplete), at);
            }
            _ => {}
        }
    }

    fn quiet(&mut self, at: Duration, voice: &mut Voice) {
        self.lossy = false;
        self.frames.quiet(at, voice);
    }
}

/// Which byte a key types in the US layout. Caps lock and num lock are taken as off and on: readers do not rely on
/// what somebody may have left behind.
struct Keys {
    ending: Ending,
    left_shift: bool,
    right_shift: bool,
}

impl Keys {
    const fn new(ending: Ending) -> Self {
        Self {
            ending,
            left_shift: false,
            right_shift: false,
        }
    }

    const fn release_all(&mut self) {
        self.left_shift = false;
        self.right_shift = false;
    }

    /// What this change of a key types: 1 is pressed, 0 released, 2 the repetition while it is held, which no reader
    /// means.
    fn byte(&mut self, key: KeyCode, value: i32) -> Option<u8> {
        match key {
            KeyCode::KEY_LEFTSHIFT => self.left_shift = value != 0,
            KeyCode::KEY_RIGHTSHIFT => self.right_shift = value != 0,
            // What is typed while one of these is held is no text, and spoils what it stands in.
            KeyCode::KEY_LEFTCTRL
            | KeyCode::KEY_RIGHTCTRL
            | KeyCode::KEY_LEFTALT
            | KeyCode::KEY_RIGHTALT
            | KeyCode::KEY_LEFTMETA
            | KeyCode::KEY_RIGHTMETA
                if value == 1 =>
            {
                return Some(NO_TEXT);
            }
            _ if value == 1 => {
                let shift = self.left_shift || self.right_shift;
                return self.ending_byte(key).or_else(|| typed(key, shift));
            }
            _ => {}
        }
        None
    }

    /// The key that ends a read is CR; the other one is no text and spoils what it stands in.
    fn ending_byte(&self, key: KeyCode) -> Option<u8> {
        match (key, self.ending) {
            (KeyCode::KEY_ENTER | KeyCode::KEY_KPENTER, Ending::Enter) | (KeyCode::KEY_TAB, Ending::Tab) => {
                Some(b'\r')
            }
            (KeyCode::KEY_ENTER | KeyCode::KEY_KPENTER, _) => Some(b'\n'),
            (KeyCode::KEY_TAB, _) => Some(b'\t'),
            _ => None,
        }
    }
}

/// The character of a key, without and with shift; none for keys without one.
const fn typed(key: KeyCode, shift: bool) -> Option<u8> {
    let (plain, shifted) = match key {
        KeyCode::KEY_A => (b'a', b'A'),
        KeyCode::KEY_B => (b'b', b'B'),
        KeyCode::KEY_C => (b'c', b'C'),
        KeyCode::KEY_D => (b'd', b'D'),
        KeyCode::KEY_E => (b'e', b'E'),
        KeyCode::KEY_F => (b'f', b'F'),
        KeyCode::KEY_G => (b'g', b'G'),
        KeyCode::KEY_H => (b'h', b'H'),
        KeyCode::KEY_I => (b'i', b'I'),
        KeyCode::KEY_J => (b'j', b'J'),
        KeyCode::KEY_K => (b'k', b'K'),
        KeyCode::KEY_L => (b'l', b'L'),
        KeyCode::KEY_M => (b'm', b'M'),
        KeyCode::KEY_N => (b'n', b'N'),
        KeyCode::KEY_O => (b'o', b'O'),
        KeyCode::KEY_P => (b'p', b'P'),
        KeyCode::KEY_Q => (b'q', b'Q'),
        KeyCode::KEY_R => (b'r', b'R'),
        KeyCode::KEY_S => (b's', b'S'),
        KeyCode::KEY_T => (b't', b'T'),
        KeyCode::KEY_U => (b'u', b'U'),
        KeyCode::KEY_V => (b'v', b'V'),
        KeyCode::KEY_W => (b'w', b'W'),
        KeyCode::KEY_X => (b'x', b'X'),
        KeyCode::KEY_Y => (b'y', b'Y'),
        KeyCode::KEY_Z => (b'z', b'Z'),
        KeyCode::KEY_1 => (b'1', b'!'),
        KeyCode::KEY_2 => (b'2', b'@'),
        KeyCode::KEY_3 => (b'3', b'#'),
        KeyCode::KEY_4 => (b'4', b'$'),
        KeyCode::KEY_5 => (b'5', b'%'),
        KeyCode::KEY_6 => (b'6', b'^'),
        KeyCode::KEY_7 => (b'7', b'&'),
        KeyCode::KEY_8 => (b'8', b'*'),
        KeyCode::KEY_9 => (b'9', b'('),
        KeyCode::KEY_0 => (b'0', b')'),
        KeyCode::KEY_SPACE => (b' ', b' '),
        KeyCode::KEY_MINUS => (b'-', b'_'),
        KeyCode::KEY_EQUAL => (b'=', b'+'),
        KeyCode::KEY_LEFTBRACE => (b'[', b'{'),
        KeyCode::KEY_RIGHTBRACE => (b']', b'}'),
        KeyCode::KEY_BACKSLASH => (b'\\', b'|'),
        KeyCode::KEY_SEMICOLON => (b';', b':'),
        KeyCode::KEY_APOSTROPHE => (b'\'', b'"'),
        KeyCode::KEY_GRAVE => (b'`', b'~'),
        KeyCode::KEY_COMMA => (b',', b'<'),
        KeyCode::KEY_DOT => (b'.', b'>'),
        KeyCode::KEY_SLASH => (b'/', b'?'),
        KeyCode::KEY_KP0 => (b'0', b'0'),
        KeyCode::KEY_KP1 => (b'1', b'1'),
        KeyCode::KEY_KP2 => (b'2', b'2'),
        KeyCode::KEY_KP3 => (b'3', b'3'),
        KeyCode::KEY_KP4 => (b'4', b'4'),
        KeyCode::KEY_KP5 => (b'5', b'5'),
        KeyCode::KEY_KP6 => (b'6', b'6'),
        KeyCode::KEY_KP7 => (b'7', b'7'),
        KeyCode::KEY_KP8 => (b'8', b'8'),
        KeyCode::KEY_KP9 => (b'9', b'9'),
        KeyCode::KEY_KPDOT => (b'.', b'.'),
        KeyCode::KEY_KPMINUS => (b'-', b'-'),
        KeyCode::KEY_KPPLUS => (b'+', b'+'),
        KeyCode::KEY_KPSLASH => (b'/', b'/'),
        KeyCode::KEY_KPASTERISK => (b'*', b'*'),
        _ => return None,
    };
    Some(if shift { shifted } else { plain })
}

#[cfg(test)]
mod tests {
    use evdev::EventType;
    use firmware_protocol::{Format, Reading};

    use super::*;
    use crate::reader::Rejection;

    const KEY: EventType = EventType::KEY;

    struct Desk {
        typed: Typed,
        voice: Voice,
        events: mpsc::Receiver<ReaderEvent>,
    }

    impl Desk {
        fn new(format: Format, ending: Ending) -> Self {
            let (sender, events) = mpsc::channel(16);
            let mut profile = Profile::from(format);
            profile.line.terminator = match ending {
                Ending::Silence => Terminator::Idle,
                _ => Terminator::Cr,
            };
            Self {
                typed: Typed::new(profile, ending),
                voice: Voice::new(Arc::from("entrance"), sender),
                events,
            }
        }

        fn event(&mut self, kind: EventType, code: u16, value: i32) {
            let event = InputEvent::new(kind.0, code, value);
            self.typed.event(event, Duration::ZERO, &mut self.voice);
        }

        fn press(&mut self, key: KeyCode) {
            for value in [1, 2, 2, 0] {
                self.event(KEY, key.code(), value);
            }
        }

        fn press_all(&mut self, keys: &[KeyCode]) {
            for key in keys {
                self.press(*key);
            }
        }

        fn quiet(&mut self) {
            self.typed.quiet(Duration::ZERO, &mut self.voice);
        }

        fn said(&mut self) -> Vec<ReaderEventKind> {
            std::iter::from_fn(|| self.events.try_recv().ok().map(|event| event.kind)).collect()
        }
    }

    fn text(text: &str) -> Vec<ReaderEventKind> {
        let text = firmware_protocol::Text::new(text.as_bytes()).unwrap();
        vec![ReaderEventKind::Read(Reading::Text(text))]
    }

    const DIGITS: [KeyCode; 4] = [KeyCode::KEY_4, KeyCode::KEY_KP7, KeyCode::KEY_1, KeyCode::KEY_KP1];

    #[test]
    fn held_keys_count_once_and_both_blocks_of_digits_are_digits() {
        let mut desk = Desk::new(Format::Line, Ending::Enter);
        desk.press_all(&DIGITS);
        desk.press(KeyCode::KEY_KPENTER);
        assert_eq!(desk.said(), text("4711"));
    }

    #[test]
    fn shift_holds_for_the_keys_pressed_meanwhile() {
        let mut desk = Desk::new(Format::Line, Ending::Enter);
        desk.press(KeyCode::KEY_G);
        desk.event(KEY, KeyCode::KEY_RIGHTSHIFT.code(), 1);
        desk.press_all(&[KeyCode::KEY_Y, KeyCode::KEY_SEMICOLON, KeyCode::KEY_2]);
        desk.event(KEY, KeyCode::KEY_RIGHTSHIFT.code(), 2);
        desk.press(KeyCode::KEY_MINUS);
        desk.event(KEY, KeyCode::KEY_RIGHTSHIFT.code(), 0);
        desk.press_all(&[KeyCode::KEY_2, KeyCode::KEY_F5, KeyCode::KEY_ENTER]);
        assert_eq!(desk.said(), text("gY:@_2"));
    }

    #[test]
    fn a_number_typed_in_hexadecimal_digits_is_a_card() {
        let mut desk = Desk::new(Format::Cardno, Ending::Tab);
        desk.press_all(&[KeyCode::KEY_0, KeyCode::KEY_4, KeyCode::KEY_2, KeyCode::KEY_B]);
        desk.press_all(&[
            KeyCode::KEY_7,
            KeyCode::KEY_3,
            KeyCode::KEY_3,
            KeyCode::KEY_2,
            KeyCode::KEY_TAB,
        ]);
        let said = desk.said();
        let [ReaderEventKind::Read(Reading::Card(card))] = said.as_slice() else {
            panic!("{said:?}");
        };
        assert_eq!(card.uid().unwrap().as_bytes(), [0x04, 0x2B, 0x73, 0x32]);
    }

    #[test]
    fn silence_ends_a_read_only_where_the_reader_types_no_ending() {
        let mut desk = Desk::new(Format::Line, Ending::Silence);
        desk.press_all(&DIGITS);
        assert_eq!(desk.said(), []);
        desk.quiet();
        assert_eq!(desk.said(), text("4711"));
        let mut desk = Desk::new(Format::Line, Ending::Enter);
        desk.press_all(&DIGITS);
        desk.quiet();
        desk.press(KeyCode::KEY_ENTER);
        desk.quiet();
        let incomplete = ReaderEventKind::Rejected(Rejection::Frame(Reject::Incomplete));
        assert_eq!(desk.said(), [incomplete]);
    }

    #[test]
    fn the_other_ending_key_and_control_characters_spoil_the_read() {
        for key in [KeyCode::KEY_TAB, KeyCode::KEY_LEFTCTRL] {
            let mut desk = Desk::new(Format::Line, Ending::Enter);
            desk.press_all(&DIGITS);
            desk.press(key);
            desk.press_all(&DIGITS);
            desk.press(KeyCode::KEY_ENTER);
            let no_text = ReaderEventKind::Rejected(Rejection::Frame(Reject::NotText));
            assert_eq!(desk.said(), [no_text]);
        }
    }

    #[test]
    fn keys_that_the_kernel_has_dropped_spoil_the_read_to_its_end() {
        let mut desk = Desk::new(Format::Line, Ending::Enter);
        desk.press_all(&DIGITS);
        desk.event(EventType::SYNCHRONIZATION, SynchronizationCode::SYN_DROPPED.0, 0);
        desk.press_all(&DIGITS);
        desk.press(KeyCode::KEY_ENTER);
        desk.quiet();
        let incomplete = ReaderEventKind::Rejected(Rejection::Frame(Reject::Incomplete));
        assert_eq!(desk.said(), [incomplete]);
        desk.press_all(&DIGITS);
        desk.press(KeyCode::KEY_ENTER);
        assert_eq!(desk.said(), text("4711"));
    }

    #[test]
    fn endless_typing_is_bounded() {
        let mut desk = Desk::new(Format::Line, Ending::Enter);
        for _ in 0..10_000 {
            desk.press(KeyCode::KEY_1);
        }
        desk.press(KeyCode::KEY_ENTER);
        let too_long = ReaderEventKind::Rejected(Rejection::Frame(Reject::TooLong));
        assert_eq!(desk.said(), [too_long]);
    }
}
