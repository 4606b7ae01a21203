//! What is sent to barcode scanners and polled readers, and the scanners' answers. Sources: Honeywell N3680/N86 user
//! guide, Newland NLS-HR52 manual, Elatec TWN4 Simple Protocol (DocRev 17).

use super::hex;

fn text(bytes: &[u8]) -> Result<&str, String> {
    let text = std::str::from_utf8(bytes).ok().filter(|text| !text.is_empty());
    text.filter(|text| text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' '))
        .ok_or_else(|| "the setting is not printable text".to_owned())
}

/// SYN M CR, setting, and `.` to keep it or `!` to forget it at power-off; SYN T CR and SYN U CR are the trigger.
pub(super) fn honeywell(bytes: &[u8]) -> Result<String, String> {
    match bytes {
        [0x16, b'T', b'\r'] => Ok("trigger on".to_owned()),
        [0x16, b'U', b'\r'] => Ok("trigger off".to_owned()),
        [0x16, b'M', b'\r', setting @ .., b'.'] => Ok(format!("{}, stored", text(setting)?)),
        [0x16, b'M', b'\r', setting @ .., b'!'] => Ok(format!("{}, until power-off", text(setting)?)),
        [0x16, b'M', b'\r', ..] => Err("a setting ends with . (stored) or ! (until power-off)".to_owned()),
        _ => Err("a command begins with 16 4D 0D, a trigger is 16 54 0D or 16 55 0D".to_owned()),
    }
}

/// `7E 01 0000`, `@` to store or `#` not to, setting, `;`, 03.
pub(super) fn newland(bytes: &[u8]) -> Result<String, String> {
    match bytes {
        [
            0x7E,
            0x01,
            b'0',
            b'0',
            b'0',
            b'0',
            storage,
            setting @ ..,
            b';',
            0x03,
        ] => settings(*storage, setting),
        _ => Err("a command is 7E 01 30 30 30 30 .. 3B 03".to_owned()),
    }
}

/// The same with 02 in front, and 06 behind the setting where it was accepted.
pub(super) fn newland_answer(bytes: &[u8]) -> Result<String, String> {
    match bytes {
        [
            0x02,
            0x01,
            b'0',
            b'0',
            b'0',
            b'0',
            storage,
            setting @ ..,
            answer,
            b';',
            0x03,
        ] => {
            let answer = if *answer == 0x06 { "accepted" } else { "refused" };
            Ok(format!("{}, {answer}", settings(*storage, setting)?))
        }
        _ => Err("an answer is 02 01 30 30 30 30 .. 3B 03".to_owned()),
    }
}

fn settings(storage: u8, setting: &[u8]) -> Result<String, String> {
    let storage = match storage {
        b'@' => "stored",
        b'#' => "not stored",
        _ => return Err("storage is 40 (stored) or 23 (not stored)".to_owned()),
    };
    Ok(format!("{}, {storage}", text(setting)?))
}

/// Function number and parameters in hexadecimal digits, CR.
pub(super) fn twn4_question(bytes: &[u8]) -> Result<String, String> {
    let [digits @ .., b'\r'] = bytes else {
        return Err("a question ends with CR".to_owned());
    };
    let digits = std::str::from_utf8(digits).map_err(|_| "a question is hexadecimal digits".to_owned())?;
    match hex::bytes(digits)?.as_slice() {
        [0x05, 0x00, most] => Ok(format!("SearchTag, at most {most} bytes of UID")),
        [group, function, parameters @ ..] => Ok(format!(
            "function {group:02x}{function:02x}, parameters {}",
            hex::digits(parameters)
        )),
        _ => Err("a question has a function number of two bytes".to_owned()),
    }
}
