//! The pure core: who may pass and what follows. It reads no clock, no file and no socket, draws no random
//! number, spawns nothing and logs nothing; it knows std and jiff only. Inputs and the time go in, effects come
//! out, so every rule of the door can be tested by feeding inputs and every day can be replayed.

mod check_in;
mod core;
mod credential;
mod decision;
mod events;
mod grants;
pub mod lane;
mod lockout;
mod member;
pub mod policy;
mod presence;
mod repeat;
mod settings;
pub mod texts;
mod time;

pub use check_in::{CheckIn, CheckInId, Direction, Visitor};
pub use core::{Core, MOST_WAITING};
pub use credential::{CardNumber, CardNumberError, Credential};
pub use decision::{AccessDecision, Basis, DecisionId, DenyReason, Outcome};
pub use events::{Effect, Input, Passage, ReleaseCause};
pub use lane::LaneMode;
pub use lockout::LockoutSettings;
pub use member::{
    AccessCode, AccessRestriction, Answer, BenefitState, CustomerId, DateRange, MemberRecord, MemberStatus,
    Recollection,
};
pub use presence::Presence;
pub use settings::{
    AccessPoint, AccessPointId, CheckInMoment, CoreSettings, DecisionSettings, Offline, RequiredBenefits,
};
pub use time::{Monotonic, Now};
