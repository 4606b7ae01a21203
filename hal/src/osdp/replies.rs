//! What comes from the bus, cut into whole replies, and whether each is protected as it has to be. What a reply says is
//! for libosdp.
//!
//! libosdp 3.2.7 verifies the MAC of a reply only where the reply itself says that it has one: within a secure channel it
//! would believe a card that somebody on the cable sends in a block of the handshake. So the gateway looks first.
//!
//! Source: IEC 60839-11-5, 5.6 to 5.9 (packet format, security block) and annex D (secure channel).

/// What every reply starts with.
const START: u8 = 0x53;
/// Set in the address of every reply.
const REPLY: u8 = 0x80;
/// Start, address, two bytes of length, control.
const HEADER: usize = 5;
/// In the control byte: a CRC ends the packet, not a checksum.
const HAS_CRC: u8 = 0x04;
/// In the control byte: a security block follows.
const HAS_BLOCK: u8 = 0x08;
/// The longest packet that libosdp takes, without the mark before it.
const LONGEST: usize = 255;
/// Security blocks of replies with a MAC: plain and encrypted.
const PROTECTED: [u8; 2] = [0x16, 0x18];
/// Replies that say nothing about a person, and that the way to a secure channel needs: ACK, NAK, PDID, PDCAP, CCRYPT,
/// RMAC_I, BUSY.
const HARMLESS: [u8; 7] = [0x40, 0x41, 0x45, 0x46, 0x76, 0x78, 0x79];

/// Bytes on their way to replies. It never holds more than one packet.
#[derive(Debug, Default)]
pub(super) struct Replies {
    bytes: Vec<u8>,
}

impl Replies {
    /// Takes the next byte; gives the packet that it ends. What belongs to no packet is left out.
    pub(super) fn feed(&mut self, byte: u8) -> Option<Reply> {
        self.bytes.push(byte);
        loop {
            match judge(&self.bytes) {
                Judgement::Incomplete => return None,
                Judgement::Whole => return Some(Reply(std::mem::take(&mut self.bytes))),
                Judgement::No => {
                    // Another start may be among the bytes of what was none.
                    let next = self.bytes.iter().skip(1).position(|byte| *byte == START);
                    self.bytes.drain(..next.map_or(self.bytes.len(), |next| next + 1));
                }
            }
        }
    }

    /// Whoever has been asked anew does not go on with what was begun.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
    }
}

enum Judgement {
    Incomplete,
    Whole,
    No,
}

fn judge(bytes: &[u8]) -> Judgement {
    let [start, rest @ ..] = bytes else {
        return Judgement::Incomplete;
    };
    if *start != START || rest.first().is_some_and(|address| address & REPLY == 0) {
        return Judgement::No;
    }
    let [_, _, low, high, control, ..] = bytes else {
        return Judgement::Incomplete;
    };
    let length = usize::from(u16::from_le_bytes([*low, *high]));
    if !(HEADER + 2..=LONGEST).contains(&length) {
        return Judgement::No;
    }
    match bytes.len() {
        held if held < length => Judgement::Incomplete,
        held if held == length && is_intact(bytes, *control) => Judgement::Whole,
        _ => Judgement::No,
    }
}

fn is_intact(packet: &[u8], control: u8) -> bool {
    if control & HAS_CRC == 0 {
        return packet.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte)) == 0;
    }
    match packet.split_last_chunk() {
        Some((data, sent)) => crc(data) == u16::from_le_bytes(*sent),
        None => false,
    }
}

/// CRC-16 with polynomial 1021 and initial value 1D0F, not reflected.
fn crc(data: &[u8]) -> u16 {
    data.iter().fold(0x1D0F, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte) << 8, |crc, _| {
            if crc & 0x8000 == 0 {
                crc << 1
            } else {
                crc << 1 ^ 0x1021
            }
        })
    })
}

/// A whole packet with the right check at its end.
#[derive(Debug)]
pub(super) struct Reply(Vec<u8>);

impl Reply {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether it may come from a reader that has a key: protected, or without anything that opens a lane.
    pub(super) fn is_fit_for_a_secure_channel(&self) -> bool {
        let control = self.0.get(4).copied().unwrap_or_default();
        let behind = self.0.get(HEADER..).unwrap_or_default();
        match behind {
            [length, kind, ..] if control & HAS_BLOCK != 0 => {
                let code = behind.get(usize::from(*length));
                PROTECTED.contains(kind) || code.is_some_and(|code| HARMLESS.contains(code))
            }
            [code, ..] if control & HAS_BLOCK == 0 => HARMLESS.contains(code),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A poll answered by a card of 26 bits, recorded between two libosdp 3.2.7; without its mark.
    const CARD: &[u8] = b"\x53\x81\x10\x00\x07\x50\x00\x01\x1A\x00\xBD\x88\xEB\x80\x24\xFE";
    /// The identification of a reader, likewise.
    const ID: &[u8] = b"\x53\x81\x14\x00\x04\x45\0\0\0\0\0\0\0\0\0\0\0\0\x23\x5B";

    fn feed(replies: &mut Replies, bytes: &[u8]) -> Vec<Vec<u8>> {
        bytes
            .iter()
            .filter_map(|byte| replies.feed(*byte))
            .map(|reply| reply.0)
            .collect()
    }

    /// A packet with the check that it needs.
    fn packet(control: u8, behind: &[u8]) -> Reply {
        let length = u8::try_from(HEADER + behind.len() + 2).unwrap();
        let mut bytes = [&[START, 0x81, length, 0, control | HAS_CRC], behind].concat();
        bytes.extend(crc(&bytes).to_le_bytes());
        let mut replies = Replies::default();
        let mut whole = bytes.iter().filter_map(|byte| replies.feed(*byte));
        whole.next().unwrap()
    }

    #[test]
    fn recorded_replies_are_whole_with_mark_and_noise_around_them() {
        let mut replies = Replies::default();
        let noisy = [b"\xFF", CARD, b"\x00\xFF\x53\x01", b"\xFF", ID].concat();
        assert_eq!(feed(&mut replies, &noisy), [CARD, ID]);
    }

    #[test]
    fn a_reply_with_a_checksum_is_whole() {
        // NAK, sequence 1 (OSDP.Net's tests have the same with a CRC).
        let mut nak = vec![0x53, 0x80, 0x08, 0x00, 0x01, 0x41, 0x05];
        nak.push(nak.iter().fold(0u8, |sum, byte| sum.wrapping_sub(*byte)));
        assert_eq!(feed(&mut Replies::default(), &nak), [nak]);
    }

    #[test]
    fn a_damaged_reply_is_left_out_and_the_next_one_is_found() {
        for damaged in 0..CARD.len() {
            let mut bytes = CARD.to_vec();
            bytes[damaged] ^= 0x10;
            let mut replies = Replies::default();
            let whole = feed(&mut replies, &bytes);
            assert!(whole.is_empty(), "byte {damaged}: {whole:02X?}");
            replies.clear();
            assert_eq!(feed(&mut replies, CARD), [CARD], "byte {damaged}");
        }
    }

    #[test]
    fn commands_are_no_replies() {
        let poll = b"\x53\x01\x08\x00\x06\x60\xD8\x66";
        assert!(feed(&mut Replies::default(), poll).is_empty());
    }

    #[test]
    fn only_protected_replies_may_bring_a_card_over_a_secure_channel() {
        let card = [0x50, 0, 0, 26, 0, 0xBD, 0x88, 0xEB, 0x80];
        let in_block = |kind| packet(HAS_BLOCK | 1, &[&[2, kind], &card[..]].concat());
        assert!(in_block(0x16).is_fit_for_a_secure_channel());
        assert!(in_block(0x18).is_fit_for_a_secure_channel());
        for handshake in [0x11, 0x12, 0x13, 0x14, 0x15, 0x17, 0x00, 0xFF] {
            assert!(
                !in_block(handshake).is_fit_for_a_secure_channel(),
                "{handshake:02X}"
            );
        }
        assert!(!packet(1, &card).is_fit_for_a_secure_channel());
        assert!(packet(1, &[0x40]).is_fit_for_a_secure_channel());
        // A block that claims to reach beyond the packet.
        assert!(!packet(HAS_BLOCK | 1, &[200, 0x12, 0x40]).is_fit_for_a_secure_channel());
    }
}
