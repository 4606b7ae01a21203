//! Readers that have to be asked: TWN4 with its Simple Protocol and the PN532, each answering as its manual says.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::far_end::FarEnd;
use super::{MEMBERS, PAUSE, hex, lanes, wait_for_visits, welcome};
use crate::rig::{Gateway, Pty, Studio};

const FORMATS: [&str; 4] = ["twn4-simple", "twn4-simple-crc", "twn4-simple-bin", "pn532-hsu"];

const PN532_ACK: &[u8] = b"\x00\x00\xFF\x00\xFF\x00";
/// The answer to `SAMConfiguration`.
const PN532_AWAKE: &[u8] = b"\x00\x00\xFF\x02\xFE\xD5\x15\x16\x00";
const PN532_AWAKEN: &[u8] = b"\x00\x00\xFF\x03\xFD\xD4\x14\x01\x17\x00";
const PN532_SEARCH: &[u8] = b"\x00\x00\xFF\x04\xFC\xD4\x4A\x01\x00\xE1\x00";

/// A reader, on which a card lies or not.
struct Reader {
    format: &'static str,
    uid: Vec<u8>,
    card: Arc<AtomicBool>,
    /// A PN532 searches until there is a card, or until it is asked for something else.
    searching: bool,
}

impl Reader {
    fn plug(mut self, line: Pty) -> FarEnd {
        let mut asked = Vec::new();
        FarEnd::play(line, move |bytes| {
            asked.extend_from_slice(bytes);
            match self.format {
                "twn4-simple" => self.answers(b"050010\r", &mut asked),
                "twn4-simple-crc" => self.answers(b"0500100F10\r", &mut asked),
                "twn4-simple-bin" => self.answers(b"\x03\x00\x05\x00\x10", &mut asked),
                _ => self.searches(&mut asked),
            }
        })
    }

    fn answers(&self, question: &[u8], asked: &mut Vec<u8>) -> Vec<u8> {
        if !asked.ends_with(question) {
            return Vec::new();
        }
        asked.clear();
        self.answer(self.card.load(Ordering::Relaxed))
    }

    fn searches(&mut self, asked: &mut Vec<u8>) -> Vec<u8> {
        let mut said = Vec::new();
        if asked.ends_with(PN532_AWAKEN) {
            asked.clear();
            said.extend([PN532_ACK, PN532_AWAKE].concat());
        } else if asked.ends_with(PN532_SEARCH) {
            asked.clear();
            self.searching = true;
            said.extend(PN532_ACK);
        }
        if self.searching && self.card.load(Ordering::Relaxed) {
            self.searching = false;
            said.extend(self.answer(true));
        }
        said
    }

    fn answer(&self, card: bool) -> Vec<u8> {
        // No error, a tag, ISO 14443 type A, 32 bits, 4 bytes.
        let tag = [&[0x00, 0x01, 0x80, 0x20, 0x04], &self.uid[..]].concat();
        let payload = if card { tag } else { vec![0x00, 0x00] };
        match self.format {
            "twn4-simple" => format!("{}\r", hex(&payload)).into_bytes(),
            "twn4-simple-crc" => {
                format!("{}{}\r", hex(&payload), hex(&crc(&payload).to_le_bytes())).into_bytes()
            }
            "twn4-simple-bin" => [&[u8::try_from(payload.len()).unwrap(), 0x00], &payload[..]].concat(),
            _ => {
                let found = [&[0xD5, 0x4B, 0x01, 0x01, 0x00, 0x04, 0x08, 0x04], &self.uid[..]].concat();
                let sum = found.iter().fold(0_u8, |sum, byte| sum.wrapping_sub(*byte));
                let length = u8::try_from(found.len()).unwrap();
                let head = [0x00, 0x00, 0xFF, length, length.wrapping_neg()];
                [&head, &found[..], &[sum, 0x00]].concat()
            }
        }
    }
}

/// CRC-16/MCRF4XX: polynomial 8408 reflected, start FFFF.
fn crc(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF, |sum, byte| {
        (0..8).fold(sum ^ u16::from(*byte), |sum, _| {
            if sum & 1 == 1 { sum >> 1 ^ 0x8408 } else { sum >> 1 }
        })
    })
}

#[test]
fn each_polled_reader_opens_its_lane_once_for_a_card_that_is_left_lying_and_works_again_after_a_replug() {
    let studio = Studio::start(MEMBERS);
    let folder = tempfile::tempdir().unwrap();
    let members: Vec<_> = welcome(4).take(2 * FORMATS.len()).collect();
    let (first, second) = members.split_at(FORMATS.len());
    let line = |format: &str| Pty::new(folder.path(), format);
    let plug = |line: Pty, format: &'static str, uid: &[u8]| {
        let card = Arc::new(AtomicBool::new(false));
        let reader = Reader {
            format,
            uid: uid.to_vec(),
            card: Arc::clone(&card),
            searching: false,
        };
        (reader.plug(line), card)
    };
    let mut plugged: Vec<_> = FORMATS
        .iter()
        .zip(first)
        .map(|(format, member)| plug(line(format), format, &member.uid))
        .collect();
    let readers = FORMATS.map(|format| {
        let table = format!("kind = \"serial\"\nport = \"{{folder}}/{format}\"\nformat = \"{format}\"");
        (format.to_owned(), table)
    });
    let (config, relays) = lanes(folder.path(), &studio, &readers, "");
    let gateway = Gateway::start(&config);
    gateway.wait_for_log("reader connected", FORMATS.len());
    gateway.wait_for_log("relay connected", 1);
    std::thread::sleep(PAUSE);
    for (number, format) in FORMATS.iter().enumerate() {
        assert_eq!(relays.openings(number), 0, "{format} opened without a card");
    }
    for (number, (_, card)) in plugged.iter().enumerate() {
        card.store(true, Ordering::Relaxed);
        relays.wait_for_opening(number, 1, FORMATS[number]);
    }
    // Longer than the repeat filter: the cards still lie there.
    std::thread::sleep(PAUSE * 10);

    for (number, format) in FORMATS.iter().enumerate() {
        assert_eq!(relays.openings(number), 1, "{format}");
        let (reader, _) = plugged.remove(0);
        let mut line = reader.unplug();
        gateway.wait_for_line(&["reader disconnected", &format!("reader=\"{format}\"")]);
        line.plug();
        let (reader, card) = plug(line, format, &second[number].uid);
        card.store(true, Ordering::Relaxed);
        relays.wait_for_opening(number, 2, format);
        plugged.push((reader, card));
    }
    wait_for_visits(&studio, members.iter().map(|member| member.id).collect());
}
