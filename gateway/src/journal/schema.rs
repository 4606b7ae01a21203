//! The tables of the journal and how a visit becomes a row. Rows are narrow, because every visit wears the SD card:
//! the identity is the row number, so that no second index is written.

use jiff::Timestamp;
use rusqlite::types::{Type, Value, ValueRef};
use rusqlite::{Row, ToSql};

use super::visit::{Parking, State, Visit, VisitClock, VisitId, Way};
use crate::domain::{CardNumber, Credential, CustomerId, Direction, Monotonic, Visitor};

/// Migration `n` leads from schema version `n` to `n + 1`.
pub(super) const MIGRATIONS: &[&str] = &[
    // id: boot in the upper 32 bits, then the way in two (see `way_number`), then sequence.
    // visitor: the customer's number, or the credential as text (see `visitor`).
    // at, since: milliseconds since 1970. monotonic: milliseconds, only for a clock that was not set.
    // clock: 0 set, 1 not set, 2 corrected. state: 0 waiting, 1 sent, 2 parked, 3 delivered.
    // since: when it was parked or delivered. message, trace: why it was parked.
    "CREATE TABLE starts (
        boot INTEGER PRIMARY KEY,
        device TEXT NOT NULL,
        machine_boot TEXT NOT NULL
    ) STRICT;
    CREATE TABLE visits (
        id INTEGER PRIMARY KEY,
        visitor ANY NOT NULL,
        access_point TEXT NOT NULL,
        outward INTEGER NOT NULL,
        at INTEGER NOT NULL,
        clock INTEGER NOT NULL,
        monotonic INTEGER,
        state INTEGER NOT NULL,
        attempts INTEGER NOT NULL,
        since INTEGER,
        message TEXT,
        trace TEXT
    ) STRICT;",
    // What a person took out of the journal, and why.
    "CREATE TABLE dropped (
        id INTEGER PRIMARY KEY,
        visitor ANY NOT NULL,
        access_point TEXT NOT NULL,
        outward INTEGER NOT NULL,
        at INTEGER NOT NULL,
        reason TEXT NOT NULL,
        since INTEGER NOT NULL
    ) STRICT;",
    // The credential (see `credential`), where the way needs it and as long as it does.
    "ALTER TABLE visits ADD COLUMN presented TEXT;",
];

/// The columns that [`visit`] reads, in its order.
pub(super) const COLUMNS: &str = "id, visitor, access_point, outward, at, clock, monotonic, state, attempts, since, \
                                  message, trace, presented";

/// Of the lower 32 bits of a row's number, those of the sequence.
const SEQUENCE_BITS: u32 = 30;

pub(super) fn row_number(id: VisitId) -> i64 {
    let sequence = i64::from(id.sequence) & ((1 << SEQUENCE_BITS) - 1);
    i64::from(id.boot) << 32 | way_number(id.way) << SEQUENCE_BITS | sequence
}

fn visit_id(row_number: i64) -> Option<VisitId> {
    let way = row_number >> SEQUENCE_BITS & 3;
    Some(VisitId {
        boot: u32::try_from(row_number >> 32).ok()?,
        sequence: u32::try_from(row_number & ((1 << SEQUENCE_BITS) - 1)).ok()?,
        way: Way::ALL.into_iter().find(|known| way_number(*known) == way)?,
    })
}

fn way_number(way: Way) -> i64 {
    match way {
        Way::OpenApi => 0,
        Way::DeviceApi => 1,
        Way::BenefitUse => 2,
    }
}

pub(super) fn visitor(visitor: &Visitor) -> Value {
    match visitor {
        Visitor::Customer(CustomerId(number)) => Value::Integer(*number),
        Visitor::Unresolved(presented) => Value::Text(credential(presented)),
    }
}

fn visitor_from(value: ValueRef<'_>) -> Option<Visitor> {
    if let ValueRef::Integer(number) = value {
        return Some(Visitor::Customer(CustomerId(number)));
    }
    credential_from(value.as_str().ok()?).map(Visitor::Unresolved)
}

fn credential(credential: &Credential) -> String {
    match credential {
        Credential::Card(number) => format!("card:{}", number.hex_msb()),
        Credential::Code(text) => format!("code:{text}"),
        Credential::CodeUuid(text) => format!("uuid:{text}"),
        Credential::Pin(text) => format!("pin:{text}"),
        Credential::WalletPass(text) => format!("pass:{text}"),
    }
}

fn credential_from(text: &str) -> Option<Credential> {
    let (kind, text) = text.split_once(':')?;
    Some(match kind {
        "card" => Credential::Card(card(text)?),
        "code" => Credential::Code(text.to_owned()),
        "uuid" => Credential::CodeUuid(text.to_owned()),
        "pin" => Credential::Pin(text.to_owned()),
        "pass" => Credential::WalletPass(text.to_owned()),
        _ => return None,
    })
}

/// A decimal number of all ones is a number, a UID of all ones is not.
fn card(hex: &str) -> Option<CardNumber> {
    CardNumber::from_hex_msb(hex).ok().or_else(|| {
        let value = u128::from_str_radix(hex, 16).ok()?;
        CardNumber::from_decimal(&value.to_string()).ok()
    })
}

/// The values of a visit, in the order of [`COLUMNS`].
pub(super) fn values(visit: &Visit) -> [Box<dyn ToSql>; 13] {
    let (clock, monotonic) = match visit.clock {
        VisitClock::Set => (0, None),
        VisitClock::Unset(at) => (1, i64::try_from(at.0.as_millis()).ok()),
        VisitClock::NeverSet => (1, None),
        VisitClock::Corrected => (2, None),
    };
    let (state, since, parking) = match &visit.state {
        State::Waiting => (0, None, None),
        State::Sent => (1, None, None),
        State::Parked(parking) => (2, Some(parking.since), Some(parking)),
        State::Delivered { at } => (3, Some(*at), None),
    };
    [
        Box::new(row_number(visit.id)),
        Box::new(visitor(&visit.visitor)),
        Box::new(visit.access_point.clone()),
        Box::new(visit.direction == Direction::Out),
        Box::new(visit.at.as_millisecond()),
        Box::new(clock),
        Box::new(monotonic),
        Box::new(state),
        Box::new(visit.attempts),
        Box::new(since.map(Timestamp::as_millisecond)),
        Box::new(parking.map(|parking| parking.message.clone())),
        Box::new(parking.and_then(|parking| parking.trace_id.clone())),
        Box::new(visit.presented.as_ref().map(credential)),
    ]
}

/// The visit in a row of [`COLUMNS`].
///
/// # Errors
/// When the row holds what no version of the program wrote.
pub(super) fn visit(row: &Row<'_>) -> rusqlite::Result<Visit> {
    let odd = |column: usize| {
        let what = format!("visit with an odd value in column {column}");
        rusqlite::Error::FromSqlConversionFailure(column, Type::Null, what.into())
    };
    let time = |column: usize, value: i64| Timestamp::from_millisecond(value).map_err(|_| odd(column));
    let monotonic: Option<u64> = row.get(6)?;
    let since = || time(9, row.get(9)?);
    Ok(Visit {
        id: visit_id(row.get(0)?).ok_or_else(|| odd(0))?,
        visitor: visitor_from(row.get_ref(1)?).ok_or_else(|| odd(1))?,
        presented: match row.get_ref(12)? {
            ValueRef::Null => None,
            text => Some(
                text.as_str()
                    .ok()
                    .and_then(credential_from)
                    .ok_or_else(|| odd(12))?,
            ),
        },
        access_point: row.get(2)?,
        direction: if row.get(3)? {
            Direction::Out
        } else {
            Direction::In
        },
        at: time(4, row.get(4)?)?,
        clock: match (row.get(5)?, monotonic) {
            (0, _) => VisitClock::Set,
            (1, Some(at)) => VisitClock::Unset(Monotonic(std::time::Duration::from_millis(at))),
            (1, None) => VisitClock::NeverSet,
            (2, _) => VisitClock::Corrected,
            _ => return Err(odd(5)),
        },
        state: match row.get(7)? {
            0 => State::Waiting,
            1 => State::Sent,
            2 => State::Parked(Parking {
                message: row.get::<_, Option<String>>(10)?.unwrap_or_default(),
                trace_id: row.get(11)?,
                since: since()?,
            }),
            3 => State::Delivered { at: since()? },
            _ => return Err(odd(7)),
        },
        attempts: row.get(8)?,
        not_before: Monotonic::default(),
    })
}
