//! Serial readers: from a stream of bytes to readings. Not here: ports, time-outs and reconnecting.

pub mod line;

mod converter;
mod elatec;
mod em4100;
mod pn532;
mod stx;

use core::fmt;
use core::time::Duration;

use heapless::Vec;

use crate::card::{Card, Uid};
use crate::format::{Format, Profile};
use crate::reading::{Answer, Reading, Reject, TEXT_MAX};

/// Bytes that a decoder holds at most: the longest text and what may stand around it.
pub(crate) const BUFFER: usize = TEXT_MAX + 48;

/// What a framer makes of the bytes that it sees.
enum Step {
    /// The start of a frame; more bytes are needed.
    More,
    /// Bytes that start no frame.
    Noise(usize),
    /// Bytes that belong to the format but say nothing.
    Blank(usize),
    /// A frame, and how many bytes to take away. A refused frame takes only those that cannot start another.
    Frame(usize, Result<Reading, Reject>),
}

/// Turns the bytes of one reader into readings. It holds at most one frame, finds the start of the next frame
/// by itself after noise, and never fails.
#[derive(Clone)]
pub struct Decoder {
    profile: Profile,
    buffer: Vec<u8, BUFFER>,
    overflown: bool,
    noise: u32,
}

impl Decoder {
    /// The silence after which to call [`Decoder::idle`]: longer than any reader, or the USB adapter before it,
    /// pauses inside a frame, and shorter than anybody presents two cards.
    pub const IDLE: Duration = Duration::from_millis(100);

    /// A decoder at rest.
    pub fn new(profile: impl Into<Profile>) -> Self {
        Self {
            profile: profile.into(),
            buffer: Vec::new(),
            overflown: false,
            noise: 0,
        }
    }

    /// Takes one byte; says what it completed. A frame that was found inside a refused one may come only with
    /// the next byte, or with silence.
    pub fn feed(&mut self, byte: u8) -> Option<Result<Reading, Reject>> {
        if self.overflown {
            self.overflown = !self.profile.line.ends_at(byte);
            return None;
        }
        if self.buffer.push(byte).is_err() {
            self.buffer.clear();
            self.overflown = !self.profile.line.ends_at(byte);
            return Some(Err(Reject::TooLong));
        }
        self.run(false)
    }

    /// The line went quiet: ends a frame that ends by silence, drops half a frame. Call it until it answers
    /// `None`.
    pub fn idle(&mut self) -> Option<Result<Reading, Reject>> {
        self.overflown = false;
        self.run(true)
    }

    /// How many bytes started no frame, since the beginning. It stops at the highest count.
    pub fn noise(&self) -> u32 {
        self.noise
    }

    fn run(&mut self, quiet: bool) -> Option<Result<Reading, Reject>> {
        let mut refused = None;
        while !self.buffer.is_empty() {
            match self.step(quiet) {
                Step::More if quiet => {
                    refused = refused.or(Some(Reject::Incomplete));
                    self.drop_front(1);
                }
                Step::More => break,
                Step::Noise(count) => {
                    self.noise = self
                        .noise
                        .saturating_add(u32::try_from(count).unwrap_or(u32::MAX));
                    self.drop_front(count);
                }
                Step::Blank(count) => self.drop_front(count),
                Step::Frame(count, reading) => {
                    self.drop_front(count);
                    match reading {
                        Ok(reading) => return Some(Ok(reading)),
                        Err(reject) => refused = refused.or(Some(reject)),
                    }
                }
            }
        }
        refused.map(Err)
    }

    fn step(&self, quiet: bool) -> Step {
        let (profile, buffer) = (&self.profile, self.buffer.as_slice());
        match profile.format {
            Format::Rdm6300 => em4100::rdm6300(profile, buffer),
            Format::Id12la => em4100::id12la(profile, buffer),
            Format::Em18Bare => em4100::bare(profile, buffer),
            Format::Gwiot7941e => stx::gwiot7941e(profile, buffer),
            Format::SsaR1101 => stx::ssa_r1101(buffer),
            Format::Twn3Ascii => elatec::twn3(profile, buffer),
            Format::Twn4Simple | Format::Twn4SimpleCrc => elatec::twn4_text(profile, buffer),
            Format::Twn4SimpleBin => elatec::twn4_binary(profile, buffer),
            Format::Pn532Hsu => pn532::step(profile, buffer, quiet),
            Format::Wg2rs232 => converter::wg2rs232(buffer, quiet),
            Format::S4aDec => converter::s4a(profile, buffer, quiet),
            Format::Line | Format::Cardno => line::step(profile, buffer, quiet),
            // Frames of bits do not come as bytes.
            _ => Step::Noise(buffer.len()),
        }
    }

    /// Takes `count` bytes away, at least one, so that every step makes progress.
    fn drop_front(&mut self, count: usize) {
        let len = self.buffer.len();
        let count = count.max(1).min(len);
        self.buffer.rotate_left(count);
        self.buffer.truncate(len - count);
    }

    /// Decodes bytes that are one whole frame and nothing else, but that an answer may have its ACK in front.
    pub(crate) fn whole_frame(profile: Profile, bytes: &[u8]) -> Result<Reading, Reject> {
        let mut decoder = Self::new(profile);
        let mut first = None;
        let mut second = None;
        let mut fed = bytes.iter();
        loop {
            // Bytes first, then silence until the decoder has nothing more to say.
            let (said, done) = match fed.next() {
                Some(byte) => (decoder.feed(*byte), false),
                None => (decoder.idle(), true),
            };
            match (said, &first) {
                (None, _) if done => break,
                (None, _) => {}
                (Some(outcome), None | Some(Ok(Reading::Answer(Answer::Ack)))) => first = Some(outcome),
                (Some(outcome), Some(_)) => second = second.or(Some(outcome)),
            }
        }
        match (first, second) {
            (Some(Ok(_)), Some(Ok(_))) => Err(Reject::SecondFrame),
            (Some(Ok(_)), second) if decoder.noise > 0 || second.is_some() => Err(Reject::Framing),
            (Some(outcome), _) => outcome,
            (None, _) => Err(Reject::Framing),
        }
    }
}

/// What to send a polled reader to ask for a card; `None` for a reader that speaks by itself. The answer to a
/// PN532 comes after an [`Answer::Ack`], and only once a card is there.
pub fn poll(format: Format) -> Option<&'static [u8]> {
    match format {
        // SearchTag, at most 16 bytes of UID.
        Format::Twn4Simple => Some(b"050010\r"),
        Format::Twn4SimpleCrc => Some(b"0500100F10\r"),
        Format::Twn4SimpleBin => Some(&[0x03, 0x00, 0x05, 0x00, 0x10]),
        // InListPassiveTarget, one target of ISO 14443 type A.
        Format::Pn532Hsu => Some(&[0x00, 0x00, 0xFF, 0x04, 0xFC, 0xD4, 0x4A, 0x01, 0x00, 0xE1, 0x00]),
        _ => None,
    }
}

/// What to send a polled reader once, before the first [`poll`].
pub fn wake_up(format: Format) -> Option<&'static [u8]> {
    match format {
        // Two 55 and time to wake up, then SAMConfiguration: normal mode.
        Format::Pn532Hsu => Some(&[
            0x55, 0x55, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
            0x00, //
            0x00, 0x00, 0xFF, 0x03, 0xFD, 0xD4, 0x14, 0x01, 0x17, 0x00,
        ]),
        _ => None,
    }
}

impl fmt::Debug for Decoder {
    /// Without the bytes: they are a card number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder")
            .field("profile", &self.profile)
            .field("noise", &self.noise)
            .finish_non_exhaustive()
    }
}

/// A card known by its UID, as a reading.
fn card(uid: Uid) -> Reading {
    Reading::Card(Card::from_uid(uid))
}

/// Exclusive-or of all bytes, the check of most readers.
fn xor(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| sum ^ byte)
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::vec::Vec;

    use super::*;
    use crate::card::Rendering;

    /// RDM6300 frame of a card whose printed number is 0008075634.
    const FRAME: &[u8] = b"\x026F007B39725F\x03";

    fn readings(decoder: &mut Decoder, bytes: &[u8]) -> Vec<Result<Reading, Reject>> {
        let mut readings: Vec<_> = bytes.iter().filter_map(|byte| decoder.feed(*byte)).collect();
        readings.extend(core::iter::from_fn(|| decoder.idle()));
        readings
    }

    #[test]
    fn two_frames_are_not_one_but_the_ack_in_front_of_an_answer_belongs_to_it() {
        let whole = |format: Format, bytes: &[u8]| Decoder::whole_frame(format.into(), bytes);
        assert!(whole(Format::Rdm6300, FRAME).is_ok());
        let twice = [FRAME, FRAME].concat();
        assert_eq!(whole(Format::Rdm6300, &twice), Err(Reject::SecondFrame));
        let half = [FRAME, &FRAME[..9]].concat();
        assert_eq!(whole(Format::Rdm6300, &half), Err(Reject::Framing));
        let ack = b"\x00\x00\xFF\x00\xFF\x00";
        let answer = b"\x00\x00\xFF\x03\xFD\xD5\x4B\x00\xE0\x00";
        let both = [ack.as_slice(), answer].concat();
        assert_eq!(whole(Format::Pn532Hsu, ack), Ok(Reading::Answer(Answer::Ack)));
        assert_eq!(
            whole(Format::Pn532Hsu, &both),
            Ok(Reading::Answer(Answer::NoCard))
        );
        let more = [&both, answer.as_slice()].concat();
        assert_eq!(whole(Format::Pn532Hsu, &more), Err(Reject::SecondFrame));
    }

    #[test]
    fn an_rdm6300_frame_is_the_number_printed_on_the_card() {
        let readings = readings(&mut Decoder::new(Format::Rdm6300), FRAME);
        let [Ok(Reading::Card(card))] = readings.as_slice() else {
            panic!("{readings:?}")
        };
        assert_eq!(card.render(Rendering::H8D10).unwrap(), "0008075634");
        assert_eq!(card.render(Rendering::H2D3H4D5).unwrap(), "123,14706");
        assert_eq!(card.render(Rendering::HexMsb).unwrap(), "6f007b3972");
    }
}
