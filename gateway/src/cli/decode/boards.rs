//! Frames between a host and a turnstile board, ours and other makers'. The sources are those of the drivers, see
//! [`firmware_protocol::board::third_party`]; this also knows the commands that the gateway never sends.

use std::fmt::Debug;

use firmware_protocol::board::frame::{Decoder, FrameError, Message};
use firmware_protocol::board::message::{BoardMessage, HostMessage};

use super::hex;

fn xor(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |xor, byte| xor ^ byte)
}

fn sum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte))
}

fn wrong_check<T>() -> Result<T, String> {
    Err("the checksum does not fit the data".to_owned())
}

/// One frame of our link; its delimiter may be left out.
pub(super) fn link(bytes: &[u8]) -> Result<String, String> {
    match link_of::<BoardMessage>(bytes) {
        Some(Err(FrameError::UnknownType(_))) => link_of::<HostMessage>(bytes),
        from_board => from_board,
    }
    .unwrap_or(Err(FrameError::TooShort))
    .map_err(|error| error.to_string())
}

fn link_of<M: Message + Debug>(bytes: &[u8]) -> Option<Result<String, FrameError>> {
    let mut decoder = Decoder::<M>::default();
    let frame = bytes.strip_suffix(&[0]).unwrap_or(bytes);
    // A delimiter in the middle ends a frame that is not whole.
    let mut frames = frame.iter().chain([&0]).filter_map(|byte| decoder.feed(*byte));
    let frame = frames.next()?;
    Some(frame.map(|frame| {
        format!(
            "sequence {}, boot nonce {:08x}: {:?}",
            frame.sequence, frame.nonce, frame.message
        )
    }))
}

/// Cheshire and Baker's stuffing; the delimiter may be left out.
pub(super) fn cobs(bytes: &[u8]) -> Result<String, String> {
    let mut rest = bytes.strip_suffix(&[0]).unwrap_or(bytes);
    let mut raw = Vec::new();
    while let Some((code, after)) = rest.split_first() {
        let (block, after) = usize::from(*code)
            .checked_sub(1)
            .and_then(|length| after.split_at_checked(length))
            .filter(|(block, _)| !block.contains(&0))
            .ok_or("the frame ends, or has a 00, inside a COBS block")?;
        raw.extend_from_slice(block);
        if *code < 0xFF && !after.is_empty() {
            raw.push(0);
        }
        rest = after;
    }
    Ok(hex::digits(&raw))
}

/// `02 SIZE_L SIZE_H command.. BCC`.
pub(super) fn digicon(bytes: &[u8]) -> Result<String, String> {
    let [0x02, low, high, command @ .., _] = bytes else {
        return Err("a frame begins with 02 and a size of two bytes".to_owned());
    };
    if usize::from(u16::from_le_bytes([*low, *high])) != command.len() + 1 || command.is_empty() {
        return Err("the size does not fit the frame".to_owned());
    }
    if xor(bytes) != 0 {
        return wrong_check();
    }
    Ok(match command {
        b"H" => "H: release right to left (the example in the manual says left to right)".to_owned(),
        b"A" => "A: release the other way than H".to_owned(),
        b"LH" => "LH: free in the direction of H".to_owned(),
        b"LA" => "LA: free in the direction of A".to_owned(),
        [0x06] => "ACK: understood".to_owned(),
        [0x15] => "NAK: not understood".to_owned(),
        [0x1A] => "RET1: passage in the direction of H".to_owned(),
        [0x1B] => "RET2: passage in the direction of A".to_owned(),
        other => format!("command {}", hex::digits(other)),
    })
}

/// `EB address command 00 xor`.
pub(super) fn mach_power(bytes: &[u8]) -> Result<String, String> {
    let [0xEB, address, command, 0x00, _] = bytes else {
        return Err("a frame is EB, address, command, 00, check".to_owned());
    };
    if xor(bytes) != 0 {
        return wrong_check();
    }
    let command = match command {
        0x40 => "left open".to_owned(),
        0x41 => "right open".to_owned(),
        0x42 => "arm drop".to_owned(),
        0x43 => "arm raise".to_owned(),
        0x4A => "passage banned".to_owned(),
        0x4B => "passage restored".to_owned(),
        other => format!("command {other:02x}"),
    };
    Ok(format!("address {address}: {command}"))
}

/// `FE code direction 00 00 00 AB`, without a checksum.
pub(super) fn one_tech(bytes: &[u8]) -> Result<String, String> {
    let [0xFE, code, direction, 0x00, 0x00, 0x00, 0xAB] = bytes else {
        return Err("a frame is FE, code, direction, 00 00 00, AB".to_owned());
    };
    let direction = match direction {
        1 => 'A',
        2 => 'B',
        _ => return Err("the direction is 01 (A) or 02 (B)".to_owned()),
    };
    match code {
        0x80 => Ok(format!("{direction}: open")),
        0x81 => Ok(format!("{direction}: person passed")),
        0x44 => Ok(format!("{direction}: timeout or wrong way")),
        _ => Err("the code is 80, 81 or 44".to_owned()),
    }
}

/// `7E 00 machine command d0 d1 d2 check`.
pub(super) fn swing(bytes: &[u8]) -> Result<String, String> {
    let [0x7E, 0x00, machine, command, d0, d1, d2, _] = bytes else {
        return Err("a command is 7E 00, machine, command, three bytes, check".to_owned());
    };
    if sum(bytes) != 0xFF {
        return wrong_check();
    }
    let command = match (command, d0) {
        (0x10, _) => "status".to_owned(),
        (0x80, persons) => format!("open left, persons {persons}"),
        (0x81, _) => "left open always".to_owned(),
        (0x82, persons) => format!("open right, persons {persons}"),
        (0x83, _) => "open always (emergency)".to_owned(),
        (0x84, _) => "close".to_owned(),
        (0x88, _) => "forbid left".to_owned(),
        (0x89, _) => "forbid right".to_owned(),
        (0x8F, _) => "clear restriction".to_owned(),
        (0x96, _) => format!("set parameter {}", hex::digits(&[*d0, *d1, *d2])),
        (0x35, 0x60) => "reset".to_owned(),
        (other, _) => format!("command {other:02x}, {}", hex::digits(&[*d0, *d1, *d2])),
    };
    Ok(format!("machine {machine}: {command}"))
}

/// `7F version machine fault gate alarm left[3] right[3] infrared executing supply x x check`.
pub(super) fn swing_status(bytes: &[u8]) -> Result<String, String> {
    let [
        0x7F,
        version,
        machine,
        fault,
        gate,
        alarm,
        l2,
        l1,
        l0,
        r2,
        r1,
        r0,
        infrared,
        executing,
        supply,
        _,
        _,
        _,
    ] = bytes
    else {
        return Err("a status has 18 bytes and begins with 7F".to_owned());
    };
    if sum(bytes) != 0xFF {
        return wrong_check();
    }
    let left = u32::from_be_bytes([0, *l2, *l1, *l0]);
    let right = u32::from_be_bytes([0, *r2, *r1, *r0]);
    Ok(format!(
        "version {version}, machine {machine}, fault {fault}, gate {gate}, alarm {alarm}, left {left}, right {right}, \
         infrared {infrared}, executing {executing}, supply {supply}"
    ))
}
