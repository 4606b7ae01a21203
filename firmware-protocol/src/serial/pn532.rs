//! NXP PN532 on its high-speed serial port: `00 00 FF`, length, its complement, direction, data, sum, `00`
//! (PN532 user manual, 6.2). It sends UID0 first.

use super::{Step, card};
use crate::format::Profile;
use crate::reading::{Answer, Reading, Reject};

const FROM_PN532: u8 = 0xD5;
const FROM_HOST: u8 = 0xD4;
const ERROR: u8 = 0x7F;
const IN_LIST_PASSIVE_TARGET_ANSWER: u8 = 0x4B;

/// The framer. Any number of `00` may stand before a frame.
pub(super) fn step(profile: &Profile, buffer: &[u8], quiet: bool) -> Step {
    match buffer {
        [0x00, 0xFF, 0x00, 0xFF, ..] => Step::Frame(4, Ok(Reading::Answer(Answer::Ack))),
        [0x00, 0xFF, 0xFF, 0x00, ..] => Step::Frame(4, Ok(Reading::Answer(Answer::Nack))),
        [0x00, 0xFF, len, check, rest @ ..] if len.wrapping_add(*check) == 0 => {
            match rest.get(..=usize::from(*len)) {
                None => Step::More,
                Some(sealed) if sealed.iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte)) != 0 => {
                    Step::Frame(1, Err(Reject::Checksum))
                }
                Some([data @ .., _]) => Step::Frame(data.len() + 5, answer(profile, data)),
                Some([]) => Step::Noise(1),
            }
        }
        [0x00] if quiet => Step::Blank(1),
        [0x00] | [0x00, 0xFF] | [0x00, 0xFF, _] => Step::More,
        [0x00, 0x00, ..] => Step::Blank(1),
        _ => Step::Noise(1),
    }
}

fn answer(profile: &Profile, data: &[u8]) -> Result<Reading, Reject> {
    match data {
        [ERROR] => Err(Reject::ReaderError),
        [FROM_PN532, IN_LIST_PASSIVE_TARGET_ANSWER, 0] => Ok(Reading::Answer(Answer::NoCard)),
        // Number of targets, target, SENS_RES (2), SEL_RES, length of the UID, UID, and perhaps an ATS.
        [
            FROM_PN532,
            IN_LIST_PASSIVE_TARGET_ANSWER,
            _,
            _,
            _,
            _,
            _,
            len,
            rest @ ..,
        ] => {
            let uid = rest.get(..usize::from(*len)).ok_or(Reject::Length)?;
            profile.iso14443a(uid).map(card)
        }
        [FROM_PN532, IN_LIST_PASSIVE_TARGET_ANSWER, ..] => Err(Reject::Length),
        [FROM_PN532 | FROM_HOST, _, ..] => Answer::payload(data).map(Reading::Answer),
        _ => Err(Reject::Framing),
    }
}
