//! What goes into the core and what comes out of it.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{
    AccessDecision, AccessPointId, Answer, CheckIn, Credential, CustomerId, DecisionId, LaneMode, Monotonic,
    Recollection,
};

/// Everything that can happen.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// A reader has read a credential.
    Read {
        /// Where.
        access_point: AccessPointId,
        /// What.
        credential: Credential,
        /// Whose staff credential it is, by the name in the settings.
        staff: Option<String>,
        /// When its last byte or edge arrived.
        at: Monotonic,
    },
    /// The tiers have answered an [`Effect::Recall`].
    Recalled {
        /// For which decision.
        decision: DecisionId,
        /// What they hold.
        recollection: Recollection,
    },
    /// The studio has answered an [`Effect::Ask`], in time or not.
    Answered {
        /// For which decision.
        decision: DecisionId,
        /// What it said.
        answer: Answer,
    },
    /// The relay has been switched on for an [`Effect::Open`].
    Opened {
        /// For which decision.
        decision: DecisionId,
    },
    /// The relay could not be switched on for an [`Effect::Open`], and will not be.
    NotOpened {
        /// For which decision.
        decision: DecisionId,
    },
    /// Nobody knows whether an [`Effect::Open`] has opened: the board was lost in the middle. Who passes all the same has
    /// used the grant.
    PerhapsOpened {
        /// For which decision.
        decision: DecisionId,
    },
    /// The passage sensor has seen somebody pass.
    Passed {
        /// Where.
        access_point: AccessPointId,
    },
    /// The board has seen that nobody passed.
    NotPassed {
        /// Where.
        access_point: AccessPointId,
    },
    /// The board was lost while somebody was to pass: it will not tell whether they did.
    PassageUnknown {
        /// Where.
        access_point: AccessPointId,
    },
    /// The board has seen somebody come from the other side.
    WrongWay {
        /// Where somebody was to pass.
        access_point: AccessPointId,
        /// Whether the opening there has ended by that.
        ended: bool,
    },
    /// A side can be opened from now on, or cannot: its board went silent or is back.
    Service {
        /// Where.
        access_point: AccessPointId,
        /// Whether it can.
        working: bool,
    },
    /// The exit button or the front desk's button of a side has been pressed.
    Button {
        /// Where.
        access_point: AccessPointId,
    },
    /// The fire contact of a lane has changed.
    Fire {
        /// The lane's name.
        lane: String,
        /// Whether there is a fire alarm.
        active: bool,
        /// The turnstile's own board has told it, and opens by itself: it is not asked to.
        by_board: bool,
    },
    /// The studio has said how many people are in it.
    Utilization {
        /// How many.
        count: u32,
        /// How many may be; `None` when the studio sets no limit.
        capacity: Option<u32>,
    },
    /// Anti-passback is forgiven: for one customer or for everybody.
    Forgive {
        /// Whom; `None` for everybody.
        customer: Option<CustomerId>,
    },
    /// A lane's mode is changed.
    SetMode {
        /// The lane's name.
        lane: String,
        /// Its mode from now on.
        mode: LaneMode,
    },
}

/// Everything that can follow.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Look the credential up in the tiers and answer with [`Input::Recalled`].
    Recall {
        /// For which decision.
        decision: DecisionId,
        /// What was presented.
        credential: Credential,
    },
    /// Ask the studio and answer with [`Input::Answered`].
    Ask {
        /// For which decision.
        decision: DecisionId,
        /// Where the person waits.
        access_point: AccessPointId,
        /// What was presented.
        credential: Credential,
        /// The benefit keys to ask for.
        benefits: BTreeSet<String>,
    },
    /// Ask the studio behind the person's back: nobody waits for the answer.
    Refresh {
        /// What was presented.
        credential: Credential,
        /// The benefit keys to ask for.
        benefits: BTreeSet<String>,
    },
    /// Switch the relay on for the pulse, unless it is later than `not_after`.
    Open {
        /// For which decision.
        decision: DecisionId,
        /// Where.
        access_point: AccessPointId,
        /// For how long.
        pulse: Duration,
        /// From this moment on it must not be switched on any more.
        not_after: Monotonic,
    },
    /// A side is opened without a credential.
    Released {
        /// Where.
        access_point: AccessPointId,
        /// By what.
        cause: ReleaseCause,
    },
    /// A decision has been made.
    Decided(AccessDecision),
    /// What happened after a grant, or without one.
    Passage {
        /// Where.
        access_point: AccessPointId,
        /// After which decision; none for [`Passage::Forced`].
        decision: Option<DecisionId>,
        /// What happened.
        passage: Passage,
    },
    /// A visit to be reported.
    CheckIn(CheckIn),
    /// A reader takes no codes and PINs for a while: too many unknown ones were tried.
    LockedOut {
        /// Where.
        access_point: AccessPointId,
        /// How many were tried.
        tried: usize,
        /// For how long.
        span: Duration,
    },
}

/// What opens a side without a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReleaseCause {
    /// A button.
    Button,
    /// The fire contact.
    Fire,
}

/// What happened at a lane after a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passage {
    /// The person passed.
    Taken,
    /// Nobody passed in the passage time.
    NotTaken,
    /// Somebody came from the other side instead.
    WrongWay,
    /// Somebody passed without a grant.
    Forced,
}
