//! Every layout against an encoder of its own, which is written from the rules in the makers' papers bit by bit and
//! shares nothing with the reader: what it encodes is read, and what is damaged on the way is refused.

use firmware_protocol::wiegand::layout::Parity;
use firmware_protocol::wiegand::{self, Bits};
use firmware_protocol::{Card, Format, Profile, Reading, Reject};
use proptest::prelude::*;
use proptest::sample::select;

/// A field: facility, card, issue or uid, in bits first to last.
type Field = (char, usize, usize);
/// A parity bit, whether it makes the ones odd, and the bits that it covers. They are set in this order.
type ParityBit = (usize, bool, Vec<usize>);

struct Rule {
    format: Format,
    bits: usize,
    fields: Vec<Field>,
    parity: Vec<ParityBit>,
    /// Units of so many bits, the last of which checks the others, and whether it is their sum.
    check: Option<(usize, bool)>,
    /// Whether swapped wires show in every frame.
    shows_swapping: bool,
}

fn to(first: usize, last: usize) -> Vec<usize> {
    (first..=last).collect()
}

/// Even parity in front, odd parity behind.
fn both(bits: usize, front: Vec<usize>, behind: Vec<usize>) -> Vec<ParityBit> {
    vec![(0, false, front), (bits - 1, true, behind)]
}

fn rule(format: Format, bits: usize, fields: &[Field], parity: Vec<ParityBit>) -> Rule {
    let shows_swapping = !parity.is_empty();
    Rule {
        format,
        bits,
        fields: fields.to_vec(),
        parity,
        check: None,
        shows_swapping,
    }
}

fn checked(format: Format, bits: usize, fields: &[Field], check: (usize, bool)) -> Rule {
    Rule {
        check: Some(check),
        shows_swapping: true,
        ..rule(format, bits, fields, vec![])
    }
}

/// Swapped wires leave the parity of a group with an even number of bits as it is.
fn hiding_swapping(rule: Rule) -> Rule {
    Rule {
        shows_swapping: false,
        ..rule
    }
}

fn rules() -> Vec<Rule> {
    // The covered bits of HID's Corporate 1000 formats, as they are published.
    let even_35 = [
        2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18, 20, 21, 23, 24, 26, 27, 29, 30, 32, 33,
    ];
    let odd_35 = [
        1, 2, 4, 5, 7, 8, 10, 11, 13, 14, 16, 17, 19, 20, 22, 23, 25, 26, 28, 29, 31, 32,
    ];
    let even_48 = [
        3, 4, 6, 7, 9, 10, 12, 13, 15, 16, 18, 19, 21, 22, 24, 25, 27, 28, 30, 31, 33, 34, 36, 37, 39, 40,
        42, 43, 45, 46,
    ];
    let odd_48 = [
        2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18, 20, 21, 23, 24, 26, 27, 29, 30, 32, 33, 35, 36, 38, 39, 41,
        42, 44, 45,
    ];
    vec![
        rule(
            Format::H10301,
            26,
            &[('f', 1, 8), ('c', 9, 24)],
            both(26, to(1, 12), to(13, 24)),
        ),
        rule(
            Format::Half30,
            30,
            &[('c', 1, 28)],
            both(30, to(1, 14), to(15, 28)),
        ),
        rule(Format::W32Csn, 32, &[('u', 0, 31)], vec![]),
        hiding_swapping(rule(
            Format::W32P,
            32,
            &[('c', 1, 30)],
            both(32, to(1, 15), to(16, 30)),
        )),
        rule(
            Format::D10202,
            33,
            &[('f', 1, 7), ('c', 8, 31)],
            both(33, to(1, 16), to(16, 31)),
        ),
        rule(
            Format::H10306,
            34,
            &[('f', 1, 16), ('c', 17, 32)],
            both(34, to(1, 16), to(17, 32)),
        ),
        rule(
            Format::W34Uid,
            34,
            &[('u', 1, 32)],
            both(34, to(1, 16), to(17, 32)),
        ),
        rule(
            Format::Bqt34,
            34,
            &[('f', 1, 8), ('c', 9, 32)],
            both(34, to(1, 16), to(17, 32)),
        ),
        rule(Format::Optus34, 34, &[('f', 22, 32), ('c', 1, 16)], vec![]),
        rule(
            Format::Smartpass34,
            34,
            &[('f', 1, 13), ('i', 14, 16), ('c', 17, 32)],
            vec![],
        ),
        rule(
            Format::C1k35s,
            35,
            &[('f', 2, 13), ('c', 14, 33)],
            vec![
                (1, false, even_35.to_vec()),
                (34, true, odd_35.to_vec()),
                (0, true, to(1, 34)),
            ],
        ),
        rule(
            Format::H10302,
            37,
            &[('c', 1, 35)],
            both(37, to(1, 18), to(18, 35)),
        ),
        rule(
            Format::H10304,
            37,
            &[('f', 1, 16), ('c', 17, 35)],
            both(37, to(1, 18), to(18, 35)),
        ),
        rule(
            Format::S10401,
            37,
            &[('f', 1, 6), ('c', 7, 35)],
            both(37, to(1, 17), to(18, 35)),
        ),
        rule(Format::P10004, 37, &[('f', 1, 13), ('c', 14, 31)], vec![]),
        rule(Format::Raw40, 40, &[('u', 0, 39)], vec![]),
        rule(
            Format::Verkada40,
            40,
            &[('f', 1, 10), ('c', 11, 38)],
            vec![(0, false, to(1, 10)), (39, false, to(11, 38))],
        ),
        rule(Format::Casi40, 40, &[('c', 1, 38)], vec![]),
        checked(Format::P10001, 40, &[('f', 4, 15), ('c', 16, 31)], (8, false)),
        checked(Format::Rosslare40, 40, &[('u', 0, 31)], (8, true)),
        rule(
            Format::Half42,
            42,
            &[('u', 1, 40)],
            both(42, to(1, 20), to(21, 40)),
        ),
        checked(Format::Cdvi44, 44, &[('u', 0, 39)], (4, false)),
        rule(
            Format::C1k48s,
            48,
            &[('f', 2, 23), ('c', 24, 46)],
            vec![
                (1, false, even_48.to_vec()),
                (47, true, odd_48.to_vec()),
                (0, true, to(1, 47)),
            ],
        ),
        rule(
            Format::Half50,
            50,
            &[('u', 1, 48)],
            both(50, to(1, 24), to(25, 48)),
        ),
        rule(Format::W56Csn, 56, &[('u', 0, 55)], vec![]),
        rule(Format::Ir56, 56, &[('f', 0, 23), ('c', 24, 55)], vec![]),
        hiding_swapping(rule(
            Format::Avigilon56,
            56,
            &[('f', 1, 20), ('c', 21, 54)],
            both(56, to(1, 27), to(28, 54)),
        )),
        rule(
            Format::Half58,
            58,
            &[('u', 1, 56)],
            both(58, to(1, 28), to(29, 56)),
        ),
    ]
}

impl Rule {
    fn encode(&self, number: u128) -> Vec<bool> {
        let mut frame = vec![false; self.bits];
        for &(name, first, last) in &self.fields {
            for (power, bit) in frame[first..=last].iter_mut().rev().enumerate() {
                *bit = self.field(name, number) >> power & 1 == 1;
            }
        }
        if self.format == Format::P10001 {
            frame[..4].fill(true);
        }
        for (at, odd, over) in &self.parity {
            let ones = over.iter().filter(|bit| frame[**bit]).count();
            frame[*at] = (ones % 2 == 0) == *odd;
        }
        if let Some((unit, is_sum)) = self.check {
            let data = frame.len() - unit;
            let units = frame[..data]
                .chunks(unit)
                .map(|unit| unit.iter().fold(0_u32, |value, bit| value * 2 + u32::from(*bit)));
            let check = if is_sum {
                units.sum()
            } else {
                units.fold(0, |check, unit| check ^ unit)
            };
            for bit in 0..unit {
                frame[data + bit] = check >> (unit - 1 - bit) & 1 == 1;
            }
        }
        frame
    }

    /// The field's own part of a random number.
    fn field(&self, name: char, number: u128) -> u128 {
        let Some((_, first, last)) = self.fields.iter().find(|field| field.0 == name) else {
            return 0;
        };
        let shift = match name {
            'c' => 64,
            'i' => 56,
            _ => 0,
        };
        number >> shift & ((1 << (last - first + 1)) - 1)
    }

    fn is(&self, card: &Card, number: u128) -> bool {
        let has = |name| self.fields.iter().any(|field| field.0 == name);
        let wanted = |name| has(name).then(|| self.field(name, number));
        let uid = card.uid().map(|uid| {
            uid.as_bytes()
                .iter()
                .fold(0, |uid, byte| uid << 8 | u128::from(*byte))
        });
        let uid_len = self
            .fields
            .iter()
            .find(|field| field.0 == 'u')
            .map(|(_, first, last)| (last - first + 1) / 8);
        uid == wanted('u')
            && card.uid().map(|uid| uid.as_bytes().len()) == uid_len
            && card.facility().map(u128::from) == wanted('f')
            && card.card().map(u128::from) == wanted('c')
            && card.issue().map(u128::from) == wanted('i')
    }

    /// Whether a wrong bit here must show.
    fn guards(&self, at: usize) -> bool {
        self.check.is_some()
            || self
                .parity
                .iter()
                .any(|(own, _, over)| *own == at || over.contains(&at))
    }
}

fn decode(profile: &Profile, frame: &[bool]) -> Result<Reading, Reject> {
    let mut bits = Bits::new();
    frame.iter().for_each(|bit| bits.push(*bit).unwrap());
    wiegand::decode(profile, bits)
}

fn any_rule() -> impl Strategy<Value = usize> {
    select((0..rules().len()).collect::<Vec<_>>())
}

fn any_rule_with_two_parity_bits() -> impl Strategy<Value = usize> {
    let rules = rules();
    select(
        (0..rules.len())
            .filter(|rule| rules[*rule].parity.len() == 2)
            .collect::<Vec<_>>(),
    )
}

/// Numbers whose fields are neither blank nor the UID of a random or partial card: their lowest byte is not special,
/// and nor is the highest of four.
fn any_number() -> impl Strategy<Value = u128> {
    any::<u128>().prop_map(|number| (number & !(0xFF << 24) & !0xFF) | 0x5A << 24 | 0x3C)
}

#[test]
fn there_is_a_rule_for_every_known_layout() {
    let known: Vec<&str> = rules().iter().map(|rule| rule.format.name()).collect();
    let cards = Format::ALL
        .iter()
        .filter(|format| wiegand::known_layout(**format).is_some());
    assert_eq!(known, cards.map(|format| format.name()).collect::<Vec<_>>());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn what_is_encoded_by_the_rule_is_read(rule in any_rule(), number in any_number()) {
        let rule = &rules()[rule];
        let read = decode(&rule.format.into(), &rule.encode(number));
        let Ok(Reading::Card(card)) = read else { panic!("{:?}: {read:?}", rule.format) };
        prop_assert!(rule.is(&card, number), "{:?}", rule.format);
    }

    #[test]
    fn one_wrong_bit_under_a_check_is_refused(rule in any_rule(), number in any_number()) {
        let rule = &rules()[rule];
        let frame = rule.encode(number);
        for at in (0..rule.bits).filter(|at| rule.guards(*at)) {
            let mut wrong = frame.clone();
            wrong[at] ^= true;
            let reject = decode(&rule.format.into(), &wrong).unwrap_err();
            // A bit in all three groups of a Corporate 1000 frame breaks all of them, as swapped wires do.
            let refused = match rule.check {
                Some(_) => reject == Reject::Checksum,
                None => matches!(reject, Reject::Parity | Reject::SwappedWires),
            };
            prop_assert!(refused, "bit {} of {:?}: {:?}", at, rule.format, reject);
        }
    }

    #[test]
    fn a_frame_with_swapped_wires_is_diagnosed_wherever_it_can_be(rule in any_rule(), number in any_number()) {
        let rule = &rules()[rule];
        let frame = rule.encode(number);
        let swapped: Vec<bool> = frame.iter().map(|bit| !bit).collect();
        let mut profile = Profile::from(rule.format);
        let shows = decode(&profile, &swapped) == Err(Reject::SwappedWires);
        prop_assert_eq!(shows, rule.shows_swapping, "{:?}", rule.format);
        profile.swapped = true;
        prop_assert_eq!(decode(&profile, &swapped), decode(&rule.format.into(), &frame));
    }

    #[test]
    fn a_bit_too_few_or_too_many_is_refused(rule in any_rule(), number in any_number(), at in any::<prop::sample::Index>()) {
        let rule = &rules()[rule];
        let frame = rule.encode(number);
        for damage in [Vec::remove as fn(&mut Vec<bool>, usize) -> bool, |frame, at| { frame.insert(at, true); true }] {
            let mut wrong = frame.clone();
            damage(&mut wrong, at.index(rule.bits));
            prop_assert_eq!(decode(&rule.format.into(), &wrong), Err(Reject::Length));
        }
    }

    #[test]
    fn a_wrong_leading_parity_passes_where_only_the_trailing_one_counts(rule in any_rule_with_two_parity_bits(), number in any_number()) {
        let rule = &rules()[rule];
        let mut profile = Profile::from(rule.format);
        profile.parity = Parity::Trailing;
        let mut frame = rule.encode(number);
        frame[0] ^= true;
        let read = decode(&profile, &frame);
        prop_assert!(matches!(&read, Ok(Reading::Card(card)) if rule.is(card, number)), "{:?}", rule.format);
        frame[rule.bits - 1] ^= true;
        prop_assert_eq!(decode(&profile, &frame), Err(Reject::Parity));
        profile.parity = Parity::None;
        prop_assert_eq!(decode(&profile, &frame), read);
    }
}
