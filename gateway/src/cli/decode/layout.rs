//! The layout of a Wiegand frame as it is given on the command line, with the words of the config file:
//! `bits=26 facility=1-8 card=9-24 even0=1-12 odd25=13-20,21-24`.

use firmware_protocol::wiegand::layout::{Layout, ParityGroup, Span};

/// Reads a layout; whether it makes sense as a whole is checked by whoever uses it.
pub(super) fn parse(text: &str) -> Result<Layout, String> {
    let mut layout = Layout::default();
    let mut seen: Vec<&str> = Vec::new();
    for word in text.split_whitespace() {
        let key = word.split('=').next().unwrap_or(word);
        // A bit has one parity, be it even or odd.
        let what = key
            .strip_prefix("even")
            .or(key.strip_prefix("odd"))
            .unwrap_or(key);
        if seen.contains(&what) {
            return Err(format!("{key:?} is there twice"));
        }
        seen.push(what);
        add(&mut layout, word).ok_or_else(|| format!("{word:?} is no part of a layout"))?;
    }
    if !seen.contains(&"bits") {
        return Err("bits= is missing: the length of the frame".to_owned());
    }
    if !(9..=128).contains(&layout.bits) {
        return Err("bits= is 9 to 128: shorter frames are keys, longer ones nobody sends".to_owned());
    }
    Ok(layout)
}

fn add(layout: &mut Layout, word: &str) -> Option<()> {
    let (key, value) = word.split_once('=')?;
    match key {
        "bits" => layout.bits = value.parse().ok()?,
        "uid" => layout.uid = Some(span(value)?),
        "facility" => layout.facility = Some(span(value)?),
        "card" => layout.card = Some(span(value)?),
        "issue" => layout.issue = Some(span(value)?),
        _ => {
            let odd = key.strip_prefix("odd");
            let at = odd.or(key.strip_prefix("even"))?.parse().ok()?;
            let over: Option<Vec<Span>> = value.split(',').map(span).collect();
            let group = ParityGroup::new(at, odd.is_some(), &over?).ok()?;
            layout.parity.push(group).ok()?;
        }
    }
    Some(())
}

/// `1-8`, both included, or one bit.
fn span(text: &str) -> Option<Span> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    Some(Span::new(first.parse().ok()?, last.parse().ok()?))
}
