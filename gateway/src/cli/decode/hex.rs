//! Bytes as people paste them.

use std::fmt::Write as _;

/// The digits without what stands between bytes: spaces, colons and a `0x` before each.
pub(super) fn without_separators(words: &[String]) -> String {
    words
        .iter()
        .flat_map(|word| word.split(|separator: char| separator.is_whitespace() || separator == ':'))
        .map(|word| {
            word.strip_prefix("0x")
                .or(word.strip_prefix("0X"))
                .unwrap_or(word)
        })
        .collect()
}

/// Lower case, without anything between the bytes.
pub(super) fn digits(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut digits, byte| {
        // Writing to a string does not fail.
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

/// The bytes of hexadecimal digits of either case.
pub(super) fn bytes(digits: &str) -> Result<Vec<u8>, String> {
    let values: Option<Vec<u8>> = digits
        .chars()
        .map(|digit| digit.to_digit(16).and_then(|value| u8::try_from(value).ok()))
        .collect();
    let values = values.ok_or_else(|| firmware_protocol::Reject::NotHex.to_string())?;
    match values.as_chunks() {
        (pairs, []) => Ok(pairs.iter().map(|[high, low]| high << 4 | low).collect()),
        _ => Err(firmware_protocol::Reject::HalfByte.to_string()),
    }
}
