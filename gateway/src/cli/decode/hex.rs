//! Bytes as people paste them.

use std::fmt::Write as _;

/// What was given, without what stands between bytes: spaces, colons, commas, hyphens, and a `0x` or `\x` before each.
pub(super) struct Given {
    /// Each character and its place, counted from 1, in the words as they were given.
    characters: Vec<(char, usize)>,
}

impl Given {
    pub(super) fn new(words: &[String]) -> Self {
        let typed = words.join(" ");
        let mut rest = typed.chars().zip(1..).peekable();
        let mut characters = Vec::new();
        while let Some((character, place)) = rest.next() {
            let next_is_x = rest.peek().is_some_and(|(next, _)| matches!(next, 'x' | 'X'));
            match character {
                '0' | '\\' if next_is_x => drop(rest.next()),
                ':' | ',' | '-' => {}
                _ if character.is_whitespace() => {}
                _ => characters.push((character, place)),
            }
        }
        Self { characters }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.characters.is_empty()
    }

    /// The first character that does not belong here, and its place.
    pub(super) fn misfit(&self, belongs: impl Fn(char) -> bool) -> Option<(char, usize)> {
        let misfit = self.characters.iter().find(|(character, _)| !belongs(*character));
        misfit.copied()
    }

    /// The characters.
    pub(super) fn text(&self) -> String {
        self.characters.iter().map(|(character, _)| character).collect()
    }
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
