//! The one task that owns all lane state: it feeds the core and carries out what follows. It waits for nothing but
//! its next input; look-ups, relays, the journal and the studio answer by inputs of their own.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use hal::ReaderEvent;
use hal::board::BoardEvent;
use hal::input::InputEvent;
use tokio::sync::{broadcast, mpsc};
use tokio::time::sleep;
use tracing::info;

use super::command::Command;
use super::decision_log;
use super::devices::{Devices, NotOpened};
use super::reader_states::ReaderStates;
use super::rejections::Rejections;
use super::relay_events::RelayEvent;
use super::stop::Stop;
use super::watchdog::Watchdog;
use crate::clock;
use crate::directory::Directory;
use crate::domain::{
    AccessDecision, AccessPoint, AccessPointId, Answer, CheckIn, Core, DecisionId, DenyReason, Effect, Input,
    Monotonic, Now, Outcome, Passage, Recollection, Visitor,
};
use crate::journal::JournalHandle;
use crate::staff::Staff;

/// Reader events that may wait for the controller. It handles one in microseconds; when they are full all the same,
/// the reader drops the read and counts it.
pub const READER_EVENTS: usize = 256;

/// Events of boards and inputs that may wait for the controller; a device with a full channel waits, and loses none.
pub const LANE_EVENTS: usize = 64;

/// What the devices say.
#[derive(Debug)]
pub struct DeviceEvents {
    /// Readers.
    pub readers: mpsc::Receiver<ReaderEvent>,
    /// Boards.
    pub boards: mpsc::Receiver<BoardEvent>,
    /// Inputs.
    pub inputs: mpsc::Receiver<InputEvent>,
    /// Sides whose relay went away or came back.
    pub relays: mpsc::Receiver<RelayEvent>,
}

/// What happens at the lanes, for whoever wants to see it.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    /// A decision was made; for a grant, the relay has answered.
    Decided {
        /// Where, as lane and direction.
        access_point: String,
        /// What was decided.
        decision: AccessDecision,
        /// For a grant: the time from the last byte of the read to the relay command, or why it did not open.
        opened: Option<Result<Duration, String>>,
    },
    /// Something happened after a grant, or without one.
    Passage {
        /// Where, as lane and direction.
        access_point: String,
        /// What.
        passage: Passage,
    },
    /// A visit went to the journal.
    CheckIn(CheckIn),
}

/// What the controller works with.
pub struct Controller {
    pub(super) core: Core,
    directory: Directory,
    journal: JournalHandle,
    pub(super) devices: Devices,
    pub(super) staff: Staff,
    lookups: FuturesUnordered<Pin<Box<dyn Future<Output = Input> + Send>>>,
    openings: FuturesUnordered<Pin<Box<dyn Future<Output = Opening> + Send>>>,
    /// Granted decisions whose relay has not answered yet.
    opening: BTreeMap<DecisionId, AccessDecision>,
    pub(super) rejections: Rejections,
    pub(super) states: ReaderStates,
    notices: broadcast::Sender<Notice>,
}

/// The answer of a relay or board.
struct Opening {
    decision: DecisionId,
    /// When it opened, or why it did not.
    result: Result<Duration, NotOpened>,
}

impl Controller {
    /// With every lane at rest.
    #[must_use]
    pub fn new(
        core: Core,
        directory: Directory,
        journal: JournalHandle,
        devices: Devices,
        staff: Staff,
        notices: broadcast::Sender<Notice>,
    ) -> Self {
        Self {
            states: ReaderStates::new(devices.readers.keys()),
            core,
            directory,
            journal,
            devices,
            staff,
            lookups: FuturesUnordered::new(),
            openings: FuturesUnordered::new(),
            opening: BTreeMap::new(),
            rejections: Rejections::default(),
            notices,
        }
    }

    /// Works until `stop`, and feeds the watchdog. Commands come last: no swipe waits for a person at a desk.
    pub async fn run(
        mut self,
        mut events: DeviceEvents,
        mut commands: mpsc::Receiver<Command>,
        mut stop: Stop,
        watchdog: Watchdog,
    ) {
        let heartbeat = watchdog.heartbeat();
        loop {
            watchdog.feed(hal::clock::monotonic());
            let due = self.core.poll_timeout().map_or(heartbeat, |due| {
                due.since(Monotonic(hal::clock::monotonic())).min(heartbeat)
            });
            // The order of service; what comes first in a `biased` select goes first.
            tokio::select! {
                biased;
                () = stop.requested() => return,
                Some(opening) = self.openings.next() => self.opened(opening),
                Some(event) = events.boards.recv() => {
                    self.take_openings();
                    self.board_event(&event);
                }
                Some(event) = events.inputs.recv() => {
                    self.take_openings();
                    self.input_event(&event);
                }
                Some(event) = events.relays.recv() => self.relay_event(event),
                Some(input) = self.lookups.next() => self.core.handle(input, clock::now()),
                Some(event) = events.readers.recv() => self.reader_event(event),
                () = sleep(due) => {}
                Some(command) = commands.recv() => self.command(command, clock::now()),
            }
            let now = clock::now();
            // Here rather than in the select, so that no flood of reads can starve a deadline.
            if self.core.poll_timeout().is_some_and(|due| due <= now.monotonic) {
                self.core.handle_timeout(now);
            }
            self.carry_out(now).await;
        }
    }

    async fn carry_out(&mut self, now: Now) {
        while let Some(effect) = self.core.poll_effect() {
            match effect {
                Effect::Recall { decision, credential } => match self.directory.memory(&credential).await {
                    Recollection::Nothing => {
                        let directory = self.directory.clone();
                        self.lookups.push(Box::pin(async move {
                            let recollection = directory.disk(&credential).await;
                            Input::Recalled {
                                decision,
                                recollection,
                            }
                        }));
                    }
                    recollection => {
                        let recalled = Input::Recalled {
                            decision,
                            recollection,
                        };
                        self.core.handle(recalled, now);
                    }
                },
                Effect::Ask {
                    decision,
                    access_point,
                    credential,
                    benefits,
                } => {
                    if let Some(side) = self.devices.sides.get(access_point.0) {
                        side.signals.waiting();
                    }
                    let directory = self.directory.clone();
                    self.lookups.push(Box::pin(async move {
                        let answer: Answer = directory.ask(&credential, &benefits).await;
                        Input::Answered { decision, answer }
                    }));
                }
                Effect::Refresh { credential, benefits } => self.directory.refresh(credential, benefits),
                Effect::Open {
                    decision,
                    access_point,
                    pulse,
                    not_after,
                } => self.open(decision, access_point, pulse, not_after),
                Effect::Released { access_point, cause } => {
                    if let Some(access_point) = self.access_point(access_point) {
                        decision_log::released(access_point, cause);
                    }
                }
                Effect::Decided(decision) => self.decided(decision),
                Effect::Passage {
                    access_point,
                    passage,
                    ..
                } => {
                    if let Some(access_point) = self.access_point(access_point) {
                        decision_log::passage(passage, access_point);
                        self.notify(Notice::Passage {
                            access_point: access_point.name(),
                            passage,
                        });
                    }
                }
                Effect::CheckIn(check_in) => {
                    self.notify(Notice::CheckIn(check_in.clone()));
                    if let Visitor::Customer(customer) = check_in.visitor {
                        self.directory.came(customer, check_in.at);
                    }
                    self.journal.append(check_in);
                }
                Effect::LockedOut {
                    access_point,
                    tried,
                    span,
                } => {
                    if let Some(access_point) = self.access_point(access_point) {
                        decision_log::locked_out(access_point, tried, span);
                    }
                }
            }
        }
    }

    fn command(&mut self, command: Command, now: Now) {
        // Whoever asked may have gone.
        match command {
            Command::Look { answer } => {
                let _ = answer.send(self.states.seen(&self.core, &self.devices.boards));
            }
            Command::Explain {
                mut question,
                now,
                answer,
            } => {
                question.staff = self.staff.name_of(&question.credential);
                let _ = answer.send(self.core.explain(&question, now));
            }
            Command::SetMode { lane, mode, answer } => {
                let known = self
                    .core
                    .settings()
                    .access_points
                    .iter()
                    .any(|side| side.lane == lane);
                if known {
                    info!(lane, %mode, "the lane's mode is set by command");
                    self.core.handle(Input::SetMode { lane, mode }, now);
                }
                let _ = answer.send(known);
            }
            Command::Utilization { count, capacity } => {
                self.core.handle(Input::Utilization { count, capacity }, now);
            }
            Command::Forgive { customer, answer } => {
                let whom = customer.map(|customer| customer.0);
                info!(customer = whom, "anti-passback is forgiven by command");
                self.core.handle(Input::Forgive { customer }, now);
                let _ = answer.send(());
            }
            Command::NextRead { reader, answer } => self.states.hand_over_next(&reader, answer),
        }
    }

    fn open(
        &mut self,
        decision: DecisionId,
        access_point: AccessPointId,
        pulse: Duration,
        not_after: Monotonic,
    ) {
        if let Some(side) = self.devices.sides.get(access_point.0) {
            let opener = side.opener.clone();
            self.openings.push(Box::pin(async move {
                let result = opener.open(pulse, not_after.0).await;
                Opening { decision, result }
            }));
        }
    }

    /// A board says that it has opened before it says that somebody has passed, but by another channel: a visit would
    /// be lost if the passage were heard first.
    fn take_openings(&mut self) {
        while let Some(Some(opening)) = self.openings.next().now_or_never() {
            self.opened(opening);
        }
    }

    fn opened(&mut self, opening: Opening) {
        let id = opening.decision;
        let input = match &opening.result {
            Ok(_) => Input::Opened { decision: id },
            Err(failure) if failure.perhaps => Input::PerhapsOpened { decision: id },
            Err(_) => Input::NotOpened { decision: id },
        };
        self.core.handle(input, clock::now());
        if let Some(decision) = self.opening.remove(&id) {
            // Nobody is sent against a shut lane by a green light.
            let outcome = match opening.result {
                Ok(_) => decision.outcome,
                Err(_) => Outcome::Denied(DenyReason::OutOfService),
            };
            self.show(&decision, outcome);
            let span = opening.result.map(|at| at.saturating_sub(decision.read_at.0));
            self.log(&decision, Some(span));
        }
    }

    fn decided(&mut self, decision: AccessDecision) {
        match decision.outcome {
            Outcome::Granted(_) => {
                self.opening.insert(decision.id, decision);
            }
            Outcome::Denied(_) => {
                self.show(&decision, decision.outcome);
                self.log(&decision, None);
            }
        }
    }

    fn show(&self, decision: &AccessDecision, outcome: Outcome) {
        let side = self.devices.sides.get(decision.access_point.0);
        if let (Some(side), Some(access_point)) = (side, self.access_point(decision.access_point)) {
            let language = decision.language.as_deref();
            side.signals.decided(outcome, access_point.direction, language);
        }
    }

    /// A side can be opened from now on, or cannot.
    pub(super) fn service(&mut self, access_point: AccessPointId, working: bool) {
        if let Some(side) = self.devices.sides.get(access_point.0)
            && self.core.works(access_point) != working
        {
            side.signals.service(working);
        }
        let input = Input::Service {
            access_point,
            working,
        };
        self.core.handle(input, clock::now());
    }

    fn log(&self, decision: &AccessDecision, opened: Option<Result<Duration, NotOpened>>) {
        let reader = self
            .devices
            .readers
            .iter()
            .find(|(_, reader)| reader.access_point == decision.access_point)
            .map_or("-", |(name, _)| name);
        if let Some(access_point) = self.access_point(decision.access_point) {
            decision_log::decision(decision, access_point, reader, opened.as_ref());
            self.notify(Notice::Decided {
                access_point: access_point.name(),
                decision: decision.clone(),
                opened: opened.map(|opened| opened.map_err(|failure| failure.why)),
            });
        }
    }

    fn notify(&self, notice: Notice) {
        // Nobody has to look.
        let _ = self.notices.send(notice);
    }

    fn access_point(&self, id: AccessPointId) -> Option<&AccessPoint> {
        self.core.settings().access_points.get(id.0)
    }
}
