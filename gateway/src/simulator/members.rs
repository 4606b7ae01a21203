//! The simulated members: who they are is computed from a seed and their position, so that a hundred thousand of
//! them cost nothing until they are asked for. What has happened to them since is not here but in the records.

use std::fmt;

use super::card;

/// The customer id of the first member; the others follow without gaps.
pub const FIRST_ID: i64 = 1001;

/// The benefit that all members have except those of [`Story::BenefitMissing`].
pub const ACCESS_BENEFIT: &str = "GYM_ACCESS";

/// A benefit of every second member.
pub const SAUNA_BENEFIT: &str = "SAUNA";

/// A benefit that counts visits: it becomes invalid when they are used up.
pub const VISIT_PASS_BENEFIT: &str = "VISIT_PASS";

/// What is the matter with a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Story {
    /// Nothing.
    Active,
    /// An access restriction that holds today.
    RestrictedNow,
    /// An access restriction that is long over.
    RestrictedLastYear,
    /// An idle period that holds today.
    Paused,
    /// The contract has ended.
    FormerMember,
    /// Never had a contract.
    Prospect,
    /// `accessRefusal` is set.
    AccessRefused,
    /// A member without [`ACCESS_BENEFIT`].
    BenefitMissing,
    /// The access code has expired; the card is good.
    ExpiredAccessCode,
}

impl Story {
    /// Every story.
    pub const ALL: [Self; 9] = [
        Self::Active,
        Self::RestrictedNow,
        Self::RestrictedLastYear,
        Self::Paused,
        Self::FormerMember,
        Self::Prospect,
        Self::AccessRefused,
        Self::BenefitMissing,
        Self::ExpiredAccessCode,
    ];

    /// Its name in requests and tables, such as `restricted-now`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::RestrictedNow => "restricted-now",
            Self::RestrictedLastYear => "restricted-last-year",
            Self::Paused => "paused",
            Self::FormerMember => "former-member",
            Self::Prospect => "prospect",
            Self::AccessRefused => "access-refused",
            Self::BenefitMissing => "benefit-missing",
            Self::ExpiredAccessCode => "expired-access-code",
        }
    }

    /// The story with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|story| story.name() == name)
    }

    /// The story in one sentence.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Active => "A member in good standing: let in.",
            Self::RestrictedNow => "Has an access restriction that holds today: kept out.",
            Self::RestrictedLastYear => "Had an access restriction last year: let in.",
            Self::Paused => "Has paused the membership for these weeks: kept out.",
            Self::FormerMember => "The contract has ended: kept out.",
            Self::Prospect => "Has never had a contract: kept out.",
            Self::AccessRefused => "The studio refuses access: kept out.",
            Self::BenefitMissing => "Lacks the benefit GYM_ACCESS: kept out where it is required.",
            Self::ExpiredAccessCode => "Let in with the card; the access code has expired.",
        }
    }
}

impl fmt::Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A member as the simulator starts with it.
#[derive(Clone, PartialEq, Eq)]
pub struct SimulatedMember {
    /// The customer id.
    pub id: i64,
    /// What is the matter.
    pub story: Story,
    /// The card's UID, most significant byte first: 5 bytes are an EM4100 tag, 4 and 7 bytes an ISO 14443 card.
    pub uid: Vec<u8>,
    /// Always `Member`.
    pub first_name: String,
    /// The position counted from one, such as `0042`.
    pub last_name: String,
    /// Such as `1-10041`.
    pub customer_number: String,
    /// The number by which accounting knows the member.
    pub debtor_id: String,
    /// The `uuid` inside a QR code that holds a JSON text.
    pub uuid: String,
    /// Eight capital letters and digits.
    pub barcode: String,
    /// Eight digits.
    pub pin: String,
    /// The identifier of the pass in the member's phone.
    pub wallet_pass: String,
    /// What the QR code in the member's app holds: nineteen digits.
    pub access_code: String,
}

impl SimulatedMember {
    /// Texts from the member's record that nobody but the studio has a use for: address, birthday, e-mail, telephone,
    /// bank account. A test looks for them where they must not be.
    #[must_use]
    pub fn personal_details(&self) -> [String; 5] {
        let number = &self.last_name;
        [
            format!("Sample Street {number}"),
            self.date_of_birth().to_string(),
            format!("member{number}@example.com"),
            format!("+00 555 {number}"),
            format!("XX00 SAMPLE {number}"),
        ]
    }

    /// The invented birthday.
    pub(super) fn date_of_birth(&self) -> jiff::civil::Date {
        let days = (self.id - FIRST_ID).rem_euclid(18_000);
        jiff::civil::date(1950, 1, 1).saturating_add(jiff::Span::new().days(days))
    }
}

impl fmt::Debug for SimulatedMember {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatedMember")
            .field("id", &self.id)
            .field("story", &self.story)
            .finish_non_exhaustive()
    }
}

/// The first `count` members of a seed: the same seed gives the same members. Of every forty, thirty-two are
/// active and each other story comes once.
///
/// No two of them share a credential, as long as there are fewer than 90 million.
pub fn members(seed: u64, count: u32) -> impl Iterator<Item = SimulatedMember> {
    (0..count).map(move |position| member(seed, position))
}

/// The story of the member at a position.
pub(super) fn story(position: u32) -> Story {
    let slot = position % 40;
    if slot % 5 != 4 {
        return Story::Active;
    }
    let turn = slot / 5 + 1;
    Story::ALL.into_iter().nth(turn as usize).unwrap_or(Story::Active)
}

/// The member at a position.
pub(super) fn member(seed: u64, position: u32) -> SimulatedMember {
    let scattered = scatter(seed, position);
    let noise = hash(seed, u64::from(position));
    let [a, b, c, d] = scattered.to_be_bytes();
    let [n, m, ..] = noise.to_be_bytes();
    let uid = match (position / 40 + position % 5) % 4 {
        0 | 1 => vec![n | 1, a, b, c, d],
        2 => vec![a, b, c, d],
        _ => vec![0x04, n, m, a, b, c, d],
    };
    SimulatedMember {
        id: FIRST_ID + i64::from(position),
        story: story(position),
        uid,
        first_name: "Member".to_owned(),
        last_name: format!("{:04}", u64::from(position) + 1),
        customer_number: format!("1-{}", 10_000 + u64::from(position)),
        debtor_id: format!("D{}", 70_000 + u64::from(position)),
        uuid: uuid(scattered, noise),
        barcode: barcode(scattered),
        pin: (PINS + (u64::from(position) + pin_shift(seed)) % PIN_COUNT).to_string(),
        wallet_pass: uuid(scattered, hash(!seed, u64::from(position))),
        access_code: format!("0049{scattered:010}{:05}", noise % 100_000),
    }
}

/// Something that names one customer.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Identification {
    /// A card by its UID.
    Card(Vec<u8>),
    Barcode(String),
    Pin(String),
    WalletPass(String),
    /// The content of an access code.
    AccessCode(String),
    /// The customer's `uuid`.
    Uuid(String),
    CustomerNumber(String),
    DebtorId(String),
}

/// The position that a member with this identification must have, if there is one: every credential carries its
/// holder's position scattered by the seed. Whoever asks still has to compare the whole credential.
pub(super) fn position(seed: u64, identification: &Identification) -> Option<u32> {
    let scattered = match identification {
        Identification::Card(uid) => u32::try_from(card::number(uid) & u128::from(u32::MAX)).ok()?,
        Identification::Barcode(text) => unbarcode(text)?,
        Identification::AccessCode(text) => text.get(4..14)?.parse().ok()?,
        Identification::Uuid(text) | Identification::WalletPass(text) => {
            u32::from_str_radix(text.get(..8)?, 16).ok()?
        }
        Identification::Pin(text) => {
            let turned: u64 = text.parse().ok()?;
            let position = turned.checked_sub(PINS)? + PIN_COUNT - pin_shift(seed);
            return u32::try_from(position % PIN_COUNT).ok();
        }
        Identification::CustomerNumber(text) => {
            let number: u32 = text.strip_prefix("1-")?.parse().ok()?;
            return number.checked_sub(10_000);
        }
        Identification::DebtorId(text) => {
            let number: u32 = text.strip_prefix('D')?.parse().ok()?;
            return number.checked_sub(70_000);
        }
    };
    Some(gather(seed, scattered))
}

/// The lowest PIN and how many there are.
const PINS: u64 = 10_000_000;
const PIN_COUNT: u64 = 90_000_000;

fn pin_shift(seed: u64) -> u64 {
    hash(seed, u64::MAX) % PIN_COUNT
}

/// Letters and digits of a barcode (base 32 of RFC 4648).
const BARCODE_DIGITS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

fn barcode(scattered: u32) -> String {
    let digits = (0..7).rev().filter_map(|place| {
        let digit = u64::from(scattered) >> (5 * place) & 31;
        BARCODE_DIGITS.get(digit as usize).map(|byte| char::from(*byte))
    });
    std::iter::once('S').chain(digits).collect()
}

fn unbarcode(text: &str) -> Option<u32> {
    let digits = text.strip_prefix('S')?;
    let value = digits.bytes().try_fold(0u64, |value, byte| {
        let digit = BARCODE_DIGITS.iter().position(|digit| *digit == byte)?;
        value.checked_mul(32)?.checked_add(digit as u64)
    })?;
    u32::try_from(value).ok()
}

fn uuid(scattered: u32, noise: u64) -> String {
    format!(
        "{scattered:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        noise & 0xFFFF,
        noise >> 16 & 0xFFF,
        noise >> 28 & 0xFFF,
        noise >> 8 & 0xFFFF_FFFF_FFFF
    )
}

/// The token that a device gets when it is activated.
pub(super) fn device_token(seed: u64, device: i64) -> String {
    let noise = hash(!seed, device.unsigned_abs() | 1 << 63);
    let [a, b, c, d, ..] = noise.to_be_bytes();
    uuid(u32::from_be_bytes([a, b, c, d]), hash(seed, noise))
}

/// Shuffles all 32-bit numbers among themselves: a Feistel network of four rounds over the two halves.
fn scatter(seed: u64, position: u32) -> u32 {
    let (left, right) = (0..4).fold((position >> 16, position & 0xFFFF), |(left, right), round| {
        (right, left ^ half(seed, round, right))
    });
    left << 16 | right
}

/// Undoes [`scatter`].
fn gather(seed: u64, scattered: u32) -> u32 {
    let (left, right) = (0..4)
        .rev()
        .fold((scattered >> 16, scattered & 0xFFFF), |(left, right), round| {
            (right ^ half(seed, round, left), left)
        });
    left << 16 | right
}

fn half(seed: u64, round: u64, input: u32) -> u32 {
    (hash(seed, round << 32 | u64::from(input)) & 0xFFFF) as u32
}

/// A number that looks random but is always the same for the same two: the mixing step of SplitMix64.
fn hash(seed: u64, input: u64) -> u64 {
    let mixed = seed
        .wrapping_mul(0xD134_2543_DE82_EF95)
        .wrapping_add(input.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ mixed >> 31
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_members_and_another_seed_others() {
        let first: Vec<_> = members(7, 100).collect();
        assert!(members(7, 100).eq(first.iter().cloned()));
        assert!(
            members(8, 100)
                .zip(&first)
                .all(|(other, one)| other.uid != one.uid)
        );
    }

    #[test]
    fn no_credential_is_seen_in_debug() {
        let member = member(1, 0);
        let debug = format!("{member:?}");
        assert!(
            !debug.contains(&member.pin) && !debug.contains(&member.access_code),
            "{debug}"
        );
    }

    #[test]
    fn every_story_comes_often_with_every_kind_of_card_and_four_of_five_members_are_active() {
        let mut kinds: BTreeMap<(Story, usize), u32> = BTreeMap::new();
        for member in members(1, 1000) {
            *kinds.entry((member.story, member.uid.len())).or_default() += 1;
        }
        for story in Story::ALL {
            assert!(kinds[&(story, 5)] >= 10, "{story}: {kinds:?}");
            assert!(kinds[&(story, 4)] >= 5, "{story}: {kinds:?}");
            assert!(kinds[&(story, 7)] >= 5, "{story}: {kinds:?}");
        }
        assert_eq!(members(1, 1000).filter(|m| m.story == Story::Active).count(), 800);
    }

    #[test]
    fn the_first_forty_members_show_every_story_on_a_five_byte_tag() {
        let shown: BTreeSet<Story> = members(3, 40)
            .filter(|m| m.uid.len() == 5)
            .map(|m| m.story)
            .collect();
        assert_eq!(shown.len(), Story::ALL.len());
    }

    #[test]
    fn no_two_members_share_a_credential() {
        let mut seen = BTreeSet::new();
        for member in members(42, 20_000) {
            let credentials = [
                format!("card {}", card::number(&member.uid)),
                format!("barcode {}", member.barcode),
                format!("pin {}", member.pin),
                format!("wallet {}", member.wallet_pass),
                format!("code {}", member.access_code),
                format!("uuid {}", member.uuid),
                format!("number {}", member.customer_number),
            ];
            for credential in credentials {
                assert!(seen.insert(credential.clone()), "{credential}");
            }
        }
    }

    #[test]
    fn a_credential_leads_back_to_the_position_of_its_holder() {
        for seed in [0, 1, u64::MAX] {
            for (expected, member) in (0u32..).zip(members(seed, 500)) {
                for identification in [
                    Identification::Card(member.uid),
                    Identification::Barcode(member.barcode),
                    Identification::Pin(member.pin),
                    Identification::WalletPass(member.wallet_pass),
                    Identification::AccessCode(member.access_code),
                    Identification::Uuid(member.uuid),
                    Identification::CustomerNumber(member.customer_number),
                    Identification::DebtorId(member.debtor_id),
                ] {
                    assert_eq!(position(seed, &identification), Some(expected));
                }
            }
        }
    }
}
