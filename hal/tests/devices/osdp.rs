//! OSDP readers: libosdp's peripheral device at the far end of a pseudo-terminal.

mod security;

use std::fs::File;
use std::future::pending;
use std::io::{ErrorKind, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use firmware_protocol::{ByteOrder, Format, Profile, Reading, Rendering};
use hal::indicator::{Lit, Pattern, Step, shown_indicator};
use hal::osdp::{CardBits, Key, OsdpReader, commission, osdp_reader};
use hal::reader::Patience;
use hal::serial::PortSettings;
use hal::{DisconnectCause, ReaderEvent, ReaderEventKind};
use libosdp::{
    Channel, ChannelError, OsdpCommand, OsdpEvent, OsdpEventCardRead, OsdpEventKeyPress, OsdpFlag,
    OsdpLedColor, PdCapEntity, PdCapability, PdInfoBuilder, PeripheralDevice,
};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::port::{FarEnd, Socket};

const KEY: &str = "944b8eddcbaa2b5fe2b0148d1b2f95c9";
const OTHER_KEY: &str = "00112233445566778899aabbccddeeff";
const ADDRESS: u8 = 101;

/// Longer than it takes to find out that a reader is gone: 8 s by the standard.
const PATIENCE: Duration = Duration::from_secs(30);

/// Facility code 123, card 4567 in 26 bits.
const CARD: [u8; 4] = [0xBD, 0x88, 0xEB, 0x80];
const CARD_BITS: usize = 26;

/// What a reader at the far end can do.
#[derive(Clone, Copy)]
enum Security {
    /// Nothing: it talks as it is.
    None,
    /// A secure channel with the key that it was delivered with, and it takes another one.
    New,
    /// A secure channel with this key, and nothing else.
    Key(&'static str),
}

/// A reader at the far end, with its own thread: libosdp wants to be called all the time.
struct Peripheral {
    far_end: FarEnd,
    queue: Arc<Mutex<Vec<OsdpEvent>>>,
    commands: Arc<Mutex<Vec<OsdpCommand>>>,
    forge: Arc<AtomicBool>,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Peripheral {
    fn plug(socket: &Socket, security: Security) -> Self {
        Self::play(socket.plug(), security)
    }

    fn play(far_end: FarEnd, security: Security) -> Self {
        let forge = Arc::new(AtomicBool::new(false));
        let line = Line {
            file: Some(far_end.line()),
            plain: matches!(security, Security::None),
            forge: forge.clone(),
        };
        let mut info = PdInfoBuilder::new()
            .address(i32::from(ADDRESS))
            .unwrap()
            .baud_rate(9600)
            .unwrap()
            .capability(PdCapability::LedControl(PdCapEntity::new(1, 1)))
            .capability(PdCapability::AudibleOutput(PdCapEntity::new(1, 1)));
        info = match security {
            Security::None | Security::New => info,
            Security::Key(key) => info.secure_channel_key(bytes(key)).flag(OsdpFlag::EnforceSecure),
        };
        let mut device = PeripheralDevice::new(info, Box::new(line)).unwrap();
        let commands: Arc<Mutex<Vec<OsdpCommand>>> = Arc::default();
        let received = commands.clone();
        device.set_command_callback(move |command| {
            received.lock().unwrap().push(command.clone());
            0
        });
        let queue: Arc<Mutex<Vec<OsdpEvent>>> = Arc::default();
        let stop = Arc::new(AtomicBool::new(false));
        let (waiting, stopped) = (queue.clone(), stop.clone());
        let thread = std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                for event in waiting.lock().unwrap().drain(..) {
                    device.notify_event(event).unwrap();
                }
                device.refresh();
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        Self {
            far_end,
            queue,
            commands,
            forge,
            stop,
            thread,
        }
    }

    fn say(&self, event: OsdpEvent) {
        self.queue.lock().unwrap().push(event);
    }

    fn show_card(&self) {
        let card = OsdpEventCardRead::new_wiegand(CARD_BITS, CARD.to_vec()).unwrap();
        self.say(OsdpEvent::CardRead(card));
    }

    /// Its next answer is a card that somebody on the cable sends in its place.
    fn forge(&self) {
        self.forge.store(true, Ordering::Relaxed);
    }

    /// Without power: the line is still there.
    fn switch_off(self) -> FarEnd {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap();
        self.far_end
    }

    fn unplug(self) {
        self.switch_off().unplug();
    }
}

/// The line as the device sees it.
struct Line {
    /// libosdp's wrapper keeps the channel for ever, but closes it.
    file: Option<File>,
    /// The device says that it knows of no secure channel. libosdp's always says that it does.
    plain: bool,
    forge: Arc<AtomicBool>,
}

impl Channel for Line {
    fn get_id(&self) -> i32 {
        1
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ChannelError> {
        match self.file.as_mut().unwrap().read(buffer) {
            Ok(count) => Ok(count),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Err(ChannelError::WouldBlock),
            Err(_) => Err(ChannelError::TransportError),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<usize, ChannelError> {
        let forge = self.forge.swap(false, Ordering::Relaxed);
        let packet = match (forge, self.plain) {
            (true, _) => forged(bytes),
            (false, true) => without_security(bytes),
            (false, false) => bytes.to_vec(),
        };
        self.file.as_mut().unwrap().write_all(&packet).unwrap();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), ChannelError> {
        Ok(())
    }

    fn close(&mut self) -> Result<(), ChannelError> {
        self.file = None;
        Ok(())
    }
}

/// A card in place of an answer, in a security block of the handshake, which needs no key. Sequence numbers are no secret.
fn forged(answer: &[u8]) -> Vec<u8> {
    let start = answer.iter().position(|byte| *byte == 0x53).unwrap();
    let sequence = answer[start + 4] & 0x03;
    let mut packet = vec![
        0x53,
        0x80 | ADDRESS,
        18,
        0,
        0x08 | sequence,
        2,
        0x12,
        0x50,
        0,
        1,
        26,
        0,
    ];
    packet.extend(CARD);
    // A byte of nothing, in place of the second byte of a CRC.
    packet[2] = u8::try_from(packet.len() + 1).unwrap();
    packet.push(packet.iter().fold(0u8, |sum, byte| sum.wrapping_sub(*byte)));
    packet
}

/// The capability of secure communication is not there.
fn without_security(answer: &[u8]) -> Vec<u8> {
    let mut packet = answer.to_vec();
    let start = packet.iter().position(|byte| *byte == 0x53).unwrap();
    if packet[start + 5] == 0x46 {
        let at = packet
            .windows(3)
            .position(|capability| capability == [9, 1, 0])
            .unwrap();
        packet[at + 1] = 0;
        // A checksum, which needs no table.
        packet[start + 2] -= 1;
        packet[start + 4] &= !0x04;
        packet.truncate(packet.len() - 2);
        let sum = packet[start..]
            .iter()
            .fold(0u8, |sum, byte| sum.wrapping_sub(*byte));
        packet.push(sum);
    }
    packet
}

fn bytes(key: &str) -> [u8; 16] {
    let byte = |at: usize| u8::from_str_radix(&key[at..at + 2], 16).unwrap();
    (0..16)
        .map(|at| byte(2 * at))
        .collect::<Vec<_>>()
        .try_into()
        .unwrap()
}

/// The reader's task, its events and what it shows.
struct Listener {
    events: mpsc::Receiver<ReaderEvent>,
    lit: watch::Sender<Lit>,
    _task: JoinSet<()>,
}

impl Listener {
    fn start(socket: &Socket, key: Option<&str>, cards: CardBits) -> Self {
        let (sender, events) = mpsc::channel(16);
        let (lit, shown) = watch::channel(Lit::DARK);
        let mut task = JoinSet::new();
        task.spawn(osdp_reader(reader(socket, key, cards), shown, sender));
        Self {
            events,
            lit,
            _task: task,
        }
    }

    async fn next(&mut self) -> ReaderEventKind {
        let event = timeout(PATIENCE, self.events.recv()).await;
        event.expect("nothing is said").unwrap().kind
    }

    async fn connects(&mut self) {
        assert_eq!(self.next().await, ReaderEventKind::Connected);
    }

    async fn disconnects(&mut self) -> DisconnectCause {
        match self.next().await {
            ReaderEventKind::Disconnected(reason) => reason.cause,
            other => panic!("{other:?}"),
        }
    }

    /// The number of the card that is read next.
    async fn card(&mut self, rendering: Rendering) -> String {
        match self.next().await {
            ReaderEventKind::Read(Reading::Card(card)) => card.render(rendering).unwrap().as_str().to_owned(),
            other => panic!("{other:?}"),
        }
    }

    fn has_nothing_more(&mut self) {
        assert!(self.events.try_recv().is_err());
    }
}

fn reader(socket: &Socket, key: Option<&str>, cards: CardBits) -> OsdpReader {
    OsdpReader {
        name: "door".into(),
        port: PortSettings::new(socket.path()),
        address: ADDRESS,
        key: key.map(|key| Key::from_hex(key).unwrap()),
        cards,
        patience: Patience::default(),
    }
}

fn wiegand() -> CardBits {
    CardBits::Wiegand(Box::new(Profile::from(Format::H10301)))
}

#[tokio::test]
async fn a_card_is_read_over_the_secure_channel() {
    let socket = Socket::new();
    let peripheral = Peripheral::plug(&socket, Security::Key(KEY));
    let mut listener = Listener::start(&socket, Some(KEY), wiegand());
    listener.connects().await;
    for _ in 0..3 {
        peripheral.show_card();
        assert_eq!(listener.card(Rendering::FacilityCardDigits).await, "12304567");
    }
    peripheral.unplug();
}

#[tokio::test]
async fn without_a_key_cards_and_pins_are_read_as_they_come() {
    let socket = Socket::new();
    let peripheral = Peripheral::plug(&socket, Security::None);
    let uid = CardBits::Uid {
        byte_order: ByteOrder::Reversed,
        uid_len: None,
    };
    let mut listener = Listener::start(&socket, None, uid);
    listener.connects().await;
    let card = OsdpEventCardRead::new_raw(vec![0x80, 0x31, 0x1A, 0x32, 0x73, 0x2B, 0x04]);
    peripheral.say(OsdpEvent::CardRead(card));
    assert_eq!(listener.card(Rendering::HexMsb).await, "042b73321a3180");
    peripheral.say(OsdpEvent::KeyPress(OsdpEventKeyPress::new(b"9\x7F12".to_vec())));
    peripheral.say(OsdpEvent::KeyPress(OsdpEventKeyPress::new(b"34\r".to_vec())));
    match listener.next().await {
        ReaderEventKind::Read(Reading::Pin(keys)) => assert_eq!(keys.as_str(), "1234"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_card_that_was_shown_while_nobody_listened_is_not_read() {
    let socket = Socket::new();
    let peripheral = Peripheral::plug(&socket, Security::Key(KEY));
    peripheral.show_card();
    let mut listener = Listener::start(&socket, Some(KEY), wiegand());
    listener.connects().await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    listener.has_nothing_more();
}

#[tokio::test]
async fn a_reader_that_was_unplugged_or_switched_off_is_listened_to_again() {
    let socket = Socket::new();
    let peripheral = Peripheral::plug(&socket, Security::Key(KEY));
    let mut listener = Listener::start(&socket, Some(KEY), wiegand());
    listener.connects().await;
    peripheral.unplug();
    assert_eq!(listener.disconnects().await, DisconnectCause::Unplugged);
    let peripheral = Peripheral::plug(&socket, Security::Key(KEY));
    listener.connects().await;
    let far_end = peripheral.switch_off();
    assert_eq!(listener.disconnects().await, DisconnectCause::NotAnswering);
    let peripheral = Peripheral::play(far_end, Security::Key(KEY));
    listener.connects().await;
    peripheral.show_card();
    assert_eq!(listener.card(Rendering::FacilityCardDigits).await, "12304567");
}

#[tokio::test]
async fn a_reader_shows_its_light_and_buzzes() {
    let socket = Socket::new();
    let peripheral = Peripheral::plug(&socket, Security::Key(KEY));
    let mut listener = Listener::start(&socket, Some(KEY), wiegand());
    let (indicator, task) = shown_indicator("lights".into(), listener.lit.clone(), pending());
    tokio::spawn(task);
    listener.connects().await;
    let lit = Lit {
        green: true,
        red: false,
        buzzer: true,
    };
    let time = Duration::from_millis(500);
    indicator.play(&Pattern::from(vec![Step { lit, time }]));
    // Lights up, and goes out after the step.
    let light = |command: &OsdpCommand| match command {
        OsdpCommand::Led(led) => Some((led.temporary.control_code, led.temporary.on_color)),
        _ => None,
    };
    let buzz = |command: &OsdpCommand| match command {
        OsdpCommand::Buzzer(buzzer) => Some(buzzer.control_code),
        _ => None,
    };
    timeout(PATIENCE, async {
        while peripheral.commands.lock().unwrap().len() < 4 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .expect("too little is shown");
    let commands = peripheral.commands.lock().unwrap().clone();
    let lights: Vec<_> = commands.iter().filter_map(light).collect();
    assert_eq!(lights, [(2, OsdpLedColor::Green), (1, OsdpLedColor::None)]);
    assert_eq!(commands.iter().filter_map(buzz).collect::<Vec<_>>(), [2, 1]);
}
