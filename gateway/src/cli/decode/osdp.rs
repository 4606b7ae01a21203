//! One frame of OSDP v2 (IEC 60839-11-5): header, sequence, check, secure block and code. Not here: sessions and keys,
//! so a MAC is shown and not verified, and an encrypted payload stays encrypted.

use super::hex;

/// `[FF] 53 address length[2] control [secure block] code payload [MAC[4]] check`.
pub(super) fn read(bytes: &[u8]) -> Result<String, String> {
    let frame = bytes.strip_prefix(&[0xFF]).unwrap_or(bytes);
    let [0x53, address, low, high, control, body @ ..] = frame else {
        return Err(
            "a frame begins with 53, address, length and control, perhaps with FF in front".to_owned(),
        );
    };
    if usize::from(u16::from_le_bytes([*low, *high])) != frame.len() {
        return Err("the length does not fit the frame".to_owned());
    }
    let (body, check) = if control & 0x04 == 0 {
        let (_, body) = body.split_last().ok_or("the frame is too short")?;
        (frame.iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte)) == 0)
            .then_some((body, "checksum"))
            .ok_or("the checksum does not fit the data")?
    } else {
        let (content, sent) = frame.split_last_chunk::<2>().ok_or("the frame is too short")?;
        (crc(content).to_le_bytes() == *sent)
            .then_some(())
            .ok_or("the CRC does not fit the data")?;
        (
            body.split_last_chunk::<2>().ok_or("the frame is too short")?.0,
            "CRC",
        )
    };
    let (secure, body) = if control & 0x08 == 0 {
        (None, body)
    } else {
        let (block, body) = body
            .first()
            .and_then(|length| body.split_at_checked(usize::from(*length)))
            .ok_or("the secure block is longer than the frame")?;
        (Some(*block.get(1).ok_or("the secure block has no type")?), body)
    };
    let (code, payload) = body.split_first().ok_or("the frame has no code")?;
    let (payload, mac) = match secure {
        Some(0x15..=0x18) => {
            let (payload, mac) = payload.split_last_chunk::<4>().ok_or("the frame has no MAC")?;
            (payload, Some(mac))
        }
        _ => (payload, None),
    };

    let is_reply = address & 0x80 != 0;
    let name = if is_reply { reply(*code) } else { command(*code) };
    let mut text = format!(
        "{} {code:02x} {name} {} address {}, sequence {}, {check}",
        if is_reply { "reply" } else { "command" },
        if is_reply { "from" } else { "to" },
        address & 0x7F,
        control & 0x03
    );
    if let Some(kind) = secure {
        text += &format!(", secure block {kind:02x}");
    }
    if !payload.is_empty() {
        text += &format!(", payload {}", hex::digits(payload));
    }
    if let Some(mac) = mac {
        text += &format!(", MAC {}", hex::digits(mac));
    }
    if secure.is_none_or(|kind| kind < 0x17) && is_reply {
        text += &read_of(*code, payload);
    }
    Ok(text)
}

/// The card or the keys in a reply.
fn read_of(code: u8, payload: &[u8]) -> String {
    match (code, payload) {
        (0x50, [_, _, low, high, data @ ..]) => {
            let count = usize::from(u16::from_le_bytes([*low, *high]));
            let bits = data
                .iter()
                .flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1));
            let bits: String = bits
                .take(count)
                .map(|bit| if bit == 1 { '1' } else { '0' })
                .collect();
            format!(", bits {bits}")
        }
        (0x53, [_, _, keys @ ..]) => {
            let keys: String = keys
                .iter()
                .map(|key| match key {
                    0x7F => '*',
                    0x0D => '#',
                    key => char::from(*key),
                })
                .collect();
            format!(", keys {keys}")
        }
        _ => String::new(),
    }
}

/// CRC-16/SPI-FUJITSU: polynomial 1021, initial value 1D0F, not reflected.
fn crc(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0x1D0F, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte) << 8, |crc, _| {
            crc << 1 ^ if crc & 0x8000 == 0 { 0 } else { 0x1021 }
        })
    })
}

fn command(code: u8) -> &'static str {
    match code {
        0x60 => "POLL",
        0x61 => "ID",
        0x62 => "CAP",
        0x64 => "LSTAT",
        0x65 => "ISTAT",
        0x66 => "OSTAT",
        0x67 => "RSTAT",
        0x68 => "OUT",
        0x69 => "LED",
        0x6A => "BUZ",
        0x6B => "TEXT",
        0x6E => "COMSET",
        0x75 => "KEYSET",
        0x76 => "CHLNG",
        0x77 => "SCRYPT",
        0x7B => "ACURXSIZE",
        0x7C => "FILETRANSFER",
        0x80 => "MFG",
        0xA2 => "ABORT",
        0xA7 => "KEEPACTIVE",
        _ => "unknown",
    }
}

fn reply(code: u8) -> &'static str {
    match code {
        0x40 => "ACK",
        0x41 => "NAK",
        0x45 => "PDID",
        0x46 => "PDCAP",
        0x48 => "LSTATR",
        0x49 => "ISTATR",
        0x4A => "OSTATR",
        0x4B => "RSTATR",
        0x50 => "RAW",
        0x51 => "FMT",
        0x53 => "KEYPAD",
        0x54 => "COM",
        0x76 => "CCRYPT",
        0x78 => "RMAC_I",
        0x79 => "BUSY",
        0x7A => "FTSTAT",
        0x90 => "MFGREP",
        _ => "unknown",
    }
}
