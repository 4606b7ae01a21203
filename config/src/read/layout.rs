//! The section `[reader.layout]`: a Wiegand format that has no name.

use toml::de::DeValue;

use crate::problem::Problem;
use crate::settings::{BitRange, LayoutNumber, ParityBit, WiegandLayout};
use crate::table::Table;
use crate::value::{self, Complaint};

const EXAMPLE: &str = "write the first and the last bit, such as [9, 24]; the first bit sent is 0";
const MOST_PARITY_BITS: usize = 4;

pub(super) fn layout(table: &Table<'_>) -> Option<WiegandLayout> {
    let bits = table.required(
        "bits",
        "26",
        value::integer(9..=128, "shorter frames are keys, longer ones nobody sends"),
    );
    // Where the length is wrong, the rest is judged by the longest frame.
    let length = bits.unwrap_or(128);
    let span = |key| table.or(key, None, |value| bit_range(value, length).map(Some));
    let (uid, facility, card, issue) = (span("uid"), span("facility"), span("card"), span("issue"));
    let parity_tables = table.list("parity");
    let parity: Vec<Option<ParityBit>> = parity_tables
        .iter()
        .map(|group| parity_bit(group, length))
        .collect();
    table.finish();
    let parity: Vec<ParityBit> = parity.into_iter().collect::<Option<_>>()?;
    let number = number(table, uid?, facility?, card?, issue?)?;
    if parity.len() > MOST_PARITY_BITS {
        let problem = Problem::new(
            "there are too many parity bits",
            table.place_of("parity"),
            "4 are the most",
        );
        table.report().add(problem.with_fix("keep those that matter"));
        return None;
    }
    let places = parity_tables.iter().map(|group| (group, "at"));
    let bits_of_parity = parity.iter().map(|group| BitRange {
        first: group.at,
        last: group.at,
    });
    let named = [
        ("uid", uid?),
        ("facility", facility?),
        ("card", card?),
        ("issue", issue?),
    ];
    let ranges: Vec<_> = named
        .into_iter()
        .filter_map(|(key, range)| Some((table, key, range?)))
        .chain(
            places
                .zip(bits_of_parity)
                .map(|((group, key), range)| (group, key, range)),
        )
        .collect();
    no_overlap(&ranges)?;
    Some(WiegandLayout {
        bits: bits?,
        number,
        parity,
    })
}

/// Exactly one of UID and card number, each no wider than can be read.
fn number(
    table: &Table<'_>,
    uid: Option<BitRange>,
    facility: Option<BitRange>,
    card: Option<BitRange>,
    issue: Option<BitRange>,
) -> Option<LayoutNumber> {
    super::exactly_one(table, &["uid", "card"])?;
    let wrong = |key: &str, label: &str, fix: &str| {
        let message = format!("`{key}` has the wrong number of bits");
        table
            .report()
            .add(Problem::new(message, table.place_of(key), label).with_fix(fix));
    };
    let Some(card) = card else {
        for key in ["facility", "issue"] {
            table.refuse(key, "a UID has none");
        }
        let uid = uid?;
        if !(uid.width().is_multiple_of(8) && uid.width() <= 80) {
            wrong("uid", "not 1 to 10 whole bytes", "give it 8 bits for each byte");
            return None;
        }
        return (facility.is_none() && issue.is_none()).then_some(LayoutNumber::Uid(uid));
    };
    let width = |range: Option<BitRange>| range.map_or(0, BitRange::width);
    let widest = [
        ("facility", width(facility), 64),
        ("card", card.width(), 64),
        ("issue", width(issue), 8),
    ];
    if let Some((key, _, most)) = widest.iter().find(|(_, width, most)| width > most) {
        wrong(
            key,
            &format!("more than {most}"),
            &format!("{most} bits are the most"),
        );
        return None;
    }
    if width(facility) + card.width() > 80 {
        wrong(
            "card",
            "more than 80 with the facility code",
            "together they have 80 bits at the most",
        );
        return None;
    }
    Some(LayoutNumber::Card {
        facility,
        card,
        issue,
    })
}

fn parity_bit(table: &Table<'_>, length: u8) -> Option<ParityBit> {
    let at = table.required(
        "at",
        "0",
        value::integer(
            0..=length.saturating_sub(1),
            "the frame has no such bit; the first one is 0",
        ),
    );
    let odd = table.required("odd", "false", value::boolean);
    let over = table.required("over", "[[1, 12]]", |value| match value {
        DeValue::Array(ranges) if !ranges.is_empty() => ranges
            .iter()
            .map(|range| bit_range(range.get_ref(), length))
            .collect(),
        _ => Err(Complaint::new(
            "must be a list of bit ranges",
            "what the parity bit covers",
            "write it like [[1, 12]]",
        )),
    });
    table.finish();
    Some(ParityBit {
        at: at?,
        odd: odd?,
        over: over?,
    })
}

fn bit_range(value: &DeValue<'_>, length: u8) -> Result<BitRange, Complaint> {
    let ends = value.as_array().map(|ends| {
        ends.iter()
            .map(|end| value::integer(0..=127, "")(end.get_ref()).ok())
            .collect()
    });
    let Some(Some(ends)) = ends.map(|ends: Option<Vec<u8>>| ends) else {
        return Err(Complaint::new(
            "is not a range of bits",
            "two numbers in brackets",
            EXAMPLE,
        ));
    };
    match ends[..] {
        [first, last] if first > last => Err(Complaint::new(
            "ends before it begins",
            "the first bit comes first",
            EXAMPLE,
        )),
        [_, last] if last >= length => {
            let label = format!("the frame has bits 0 to {}", length.saturating_sub(1));
            Err(Complaint::new(
                "lies outside the frame",
                label,
                "correct it, or `bits`",
            ))
        }
        [first, last] => Ok(BitRange { first, last }),
        _ => Err(Complaint::new(
            "is not a range of bits",
            "two numbers in brackets",
            EXAMPLE,
        )),
    }
}

/// No bit has two meanings. `None` means: reported.
fn no_overlap(ranges: &[(&Table<'_>, &str, BitRange)]) -> Option<()> {
    for (at, (table, key, range)) in ranges.iter().enumerate() {
        let mut earlier = ranges.iter().take(at);
        let taken = earlier.find(|(.., other)| range.first <= other.last && other.first <= range.last);
        if let Some((other, other_key, _)) = taken {
            let problem = Problem::new("a bit has two meanings", table.place_of(key), "this overlaps")
                .related(other.place_of(other_key), "with this")
                .with_fix("a bit is part of one number or a parity bit: look into the reader's manual");
            table.report().add(problem);
            return None;
        }
    }
    Some(())
}

impl BitRange {
    /// How many bits they are.
    pub(crate) fn width(self) -> u8 {
        self.last.saturating_sub(self.first).saturating_add(1)
    }
}
