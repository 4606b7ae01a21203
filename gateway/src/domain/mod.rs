//! The pure core: who may pass and what follows. It reads no clock, no file and no socket, draws no random
//! number, spawns nothing and logs nothing; it knows std and jiff only. Inputs and the time go in, effects come
//! out, so every rule of the door can be tested by feeding inputs and every day can be replayed.

mod check_in;
mod credential;
mod member;
mod time;

pub use check_in::{CheckIn, CheckInId, Direction, Visitor};
pub use credential::{CardNumber, CardNumberError, Credential};
pub use member::{
    AccessCode, AccessRestriction, Answer, BenefitState, CustomerId, DateRange, MemberRecord, MemberStatus,
    Recollection,
};
pub use time::{Monotonic, Now};
