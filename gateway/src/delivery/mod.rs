//! Check-ins from the journal to the studio, each exactly once: `plan` says what is next, `action` what an answer
//! means, `history` whether the studio has a visit, `pace` how fast to go. Here is the task that carries it out. It
//! may be ended at any moment; the journal knows what may have been sent.

mod action;
mod backlog;
mod history;
mod pace;
mod plan;
mod studio;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use jiff::tz::TimeZone;
use rand::RngExt;
use rand::rngs::StdRng;
use tracing::{info, warn};

pub use action::{Action, Pause, action};
pub use backlog::warn_of_backlog;
pub use studio::{Studio, StudioApis, Told};

use crate::clock;
use crate::domain::{CustomerId, Monotonic, Now};
use crate::journal::{JournalHandle, Visit, VisitId};
use crate::studio::{PastCheckIn, StudioError};
use pace::{Pace, Paces, back_off};
use plan::{Plan, Planner};

/// Requests on their way at the same time, each for another person.
const MOST_AT_ONCE: usize = 8;

/// After this time a request without an answer has had its effect, or will have none.
const SETTLED: Duration = Duration::from_secs(10);

/// A visit that can be sent within this time is written as sent from the start.
const SOON: Duration = Duration::from_secs(1);

/// The longest time without looking: the clock may have been set.
const LONGEST_SLEEP: Duration = Duration::from_secs(10);

/// How check-ins are delivered.
#[derive(Clone, Debug)]
pub struct DeliverySettings {
    /// Most requests of one kind in a minute, the studio's own limit or less.
    pub per_minute: u32,
    /// How old a visit may be that is reported in a way that takes no time of visit and records it as of now; an older
    /// one is parked. The use of a benefit counts whenever it comes.
    pub replay_within: Duration,
    /// The studio's time zone: visits are reported with its offset, history is asked for in its calendar days.
    pub time_zone: TimeZone,
}

/// The task that delivers.
pub struct Delivery<S> {
    journal: JournalHandle,
    studio: Arc<S>,
    settings: DeliverySettings,
    random: StdRng,
    reports: Paces,
    questions: Pace,
    lookups: Pace,
    /// What a run before this one has sent is settled from here on.
    settled: Monotonic,
    busy: BTreeSet<VisitId>,
    answers: FuturesUnordered<Pin<Box<dyn Future<Output = Answer> + Send>>>,
}

/// What came of a request.
enum Answer {
    Reported {
        visit: Box<Visit>,
        result: Result<Told, StudioError>,
    },
    History {
        customer: CustomerId,
        visits: Vec<Visit>,
        result: Result<Vec<PastCheckIn>, StudioError>,
    },
    Holder {
        visit: VisitId,
        result: Result<Option<CustomerId>, StudioError>,
    },
}

impl<S: Studio> Delivery<S> {
    /// Ready to run. `random` spreads the pauses of many gateways.
    #[must_use]
    pub fn new(
        journal: JournalHandle,
        studio: S,
        settings: DeliverySettings,
        random: StdRng,
        now: Monotonic,
    ) -> Self {
        Self {
            reports: Paces::new(journal.ways(), settings.per_minute),
            journal,
            studio: Arc::new(studio),
            random,
            questions: Pace::new("ask for check-ins", settings.per_minute),
            lookups: Pace::new("find a credential's holder", settings.per_minute),
            settings,
            settled: now + SETTLED,
            busy: BTreeSet::new(),
            answers: FuturesUnordered::new(),
        }
    }

    /// Delivers for ever. Dropping the future ends it; what is on its way then counts as ambiguous.
    pub async fn run(mut self) {
        loop {
            let wake = self.begin(clock::now()).await;
            let now = clock::now().monotonic;
            // While nothing can be sent, a new visit is no reason to look through all that wait.
            let gate = self.reports.first();
            let open = gate <= now;
            let wake = wake.into_iter().chain((!open).then_some(gate)).min();
            let pause = wake.map_or(LONGEST_SLEEP, |wake| wake.since(now).min(LONGEST_SLEEP));
            tokio::select! {
                Some(answer) = self.answers.next() => self.take(answer, clock::now()),
                () = self.journal.appended(), if open => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Begins what is due, and says when to look again if nothing happens before.
    async fn begin(&mut self, now: Now) -> Option<Monotonic> {
        let plan = self.plan(now);
        let wake = plan.wake;
        let again = !plan.correct.is_empty();
        for (id, at) in plan.correct {
            self.journal.correct(id, at);
        }
        for id in plan.timeless {
            let message = "the clock was not set when this person came, nor before the machine was \
                           switched off: the time of the visit is not known";
            self.park(id, message.to_owned(), None);
        }
        for id in plan.too_late {
            let message = "it is too long ago: this way takes no time of visit, and the studio would record it as of now";
            self.park(id, message.to_owned(), None);
        }
        let ids: Vec<VisitId> = plan.send.iter().map(|(_, visit)| visit.id).collect();
        let leaving = if ids.is_empty() {
            ids
        } else {
            self.journal.mark_sent(&ids).await
        };
        for (customer, visit) in plan.send {
            if leaving.contains(&visit.id) {
                self.send(customer, visit, now.monotonic);
            } else {
                // The disk cannot be written. It was not sent, whatever the journal thinks of it.
                self.journal
                    .wait(visit.id, visit.attempts, now.monotonic + LONGEST_SLEEP);
            }
        }
        for (customer, visits) in plan.ask {
            self.ask(customer, visits, now);
        }
        for (credential, visit) in plan.resolve {
            self.lookups.spend(now.monotonic);
            self.busy.insert(visit);
            let studio = Arc::clone(&self.studio);
            self.answers.push(Box::pin(async move {
                let result = studio.holder(&credential).await;
                Answer::Holder { visit, result }
            }));
        }
        let soon = now.monotonic + SOON;
        self.journal
            .set_eager(self.reports.last() <= soon && self.busy.len() < MOST_AT_ONCE);
        if again { Some(now.monotonic) } else { wake }
    }

    fn plan(&self, now: Now) -> Plan {
        let room = MOST_AT_ONCE.saturating_sub(self.answers.len());
        let mut planner = Planner::new(now, &self.busy, &self.reports, room);
        planner.replay_within = self.settings.replay_within;
        planner.ask_from = self.questions.next().max(self.settled);
        planner.resolve_from = self.lookups.next();
        let first = self
            .reports
            .first()
            .min(planner.ask_from)
            .min(planner.resolve_from);
        if first > now.monotonic {
            // Nothing can go: no need to look through all that wait.
            return Plan {
                wake: Some(first),
                ..Plan::default()
            };
        }
        if room > 0 {
            self.journal.each_undelivered(|visit| planner.look(visit));
        }
        planner.plan()
    }

    fn send(&mut self, customer: CustomerId, visit: Visit, now: Monotonic) {
        self.reports.of(visit.id.way).spend(now);
        self.busy.insert(visit.id);
        let studio = Arc::clone(&self.studio);
        let at = visit.at.to_zoned_datetime(self.settings.time_zone.clone());
        self.answers.push(Box::pin(async move {
            let result = studio.report(customer, &visit, &at).await;
            Answer::Reported {
                visit: Box::new(visit),
                result,
            }
        }));
    }

    fn ask(&mut self, customer: CustomerId, visits: Vec<Visit>, now: Now) {
        let Some((from, to)) = history::stretch(&visits, now.wall) else {
            return;
        };
        self.questions.spend(now.monotonic);
        self.busy.extend(visits.iter().map(|visit| visit.id));
        let studio = Arc::clone(&self.studio);
        let day = |at: jiff::Timestamp| at.to_zoned_datetime(self.settings.time_zone.clone()).date();
        let (from, to) = (day(from), day(to));
        self.answers.push(Box::pin(async move {
            let result = studio.history(customer, from, to).await;
            Answer::History {
                customer,
                visits,
                result,
            }
        }));
    }

    /// Acts on an answer.
    fn take(&mut self, answer: Answer, now: Now) {
        match answer {
            Answer::Reported { visit, result } => {
                self.busy.remove(&visit.id);
                self.reported(&visit, result, now);
            }
            Answer::History {
                customer,
                visits,
                result,
            } => {
                for visit in &visits {
                    self.busy.remove(&visit.id);
                }
                self.told(customer, visits, result, now);
            }
            Answer::Holder { visit, result } => {
                self.busy.remove(&visit);
                self.resolved(visit, result, now);
            }
        }
    }

    fn reported(&mut self, visit: &Visit, result: Result<Told, StudioError>, now: Now) {
        let chance = self.random.random();
        let pace = self.reports.of(visit.id.way);
        match (action(&result), result) {
            (Action::Deliver, _) => {
                pace.succeeded(now.monotonic);
                self.journal.delivered(visit.id, now.wall);
            }
            (Action::Park { message, trace_id }, _) => {
                pace.succeeded(now.monotonic);
                self.park(visit.id, message, trace_id);
            }
            (Action::Ask, Err(error)) => {
                pace.unclear(&error, now, chance);
                self.ask_later(visit, now, chance);
            }
            (Action::Hold(pause), Err(error)) => {
                pace.hold(pause, &error, now, chance);
                self.journal.wait(visit.id, visit.attempts, now.monotonic);
            }
            (Action::Ask | Action::Hold(_), Ok(_)) => {}
        }
    }

    fn told(
        &mut self,
        customer: CustomerId,
        visits: Vec<Visit>,
        result: Result<Vec<PastCheckIn>, StudioError>,
        now: Now,
    ) {
        let error = match result {
            Ok(history) => {
                self.questions.succeeded(now.monotonic);
                let found = history::found(
                    &visits,
                    &self.journal.delivered_of(customer),
                    &history,
                    self.settings.replay_within,
                );
                for visit in visits {
                    let there = found.contains(&visit.id);
                    info!(visit = %visit.id, there, "the studio was asked whether it has a visit");
                    if there {
                        self.journal.delivered(visit.id, now.wall);
                    } else {
                        self.journal.wait(visit.id, visit.attempts, now.monotonic);
                    }
                }
                return;
            }
            Err(error) => error,
        };
        let chance = self.random.random();
        match action(&Err(error.clone())) {
            Action::Hold(pause) => self.questions.hold(pause, &error, now, chance),
            // Not parked when the question is refused: while nobody knows whether the studio has this visit, a later
            // one of this customer cannot be told from it.
            Action::Park { .. } | Action::Ask | Action::Deliver => {
                self.questions.unclear(&error, now, chance);
                for visit in &visits {
                    self.ask_later(visit, now, chance);
                }
            }
        }
    }

    fn resolved(&mut self, id: VisitId, result: Result<Option<CustomerId>, StudioError>, now: Now) {
        let error = match result {
            Ok(holder) => {
                self.lookups.succeeded(now.monotonic);
                match holder {
                    Some(customer) => self.journal.resolve(id, customer),
                    None => self.park(id, "nobody has this credential any more".to_owned(), None),
                }
                return;
            }
            Err(error) => error,
        };
        let chance = self.random.random();
        match action(&Err(error.clone())) {
            Action::Park { message, trace_id } => self.park(id, message, trace_id),
            Action::Hold(pause) => self.lookups.hold(pause, &error, now, chance),
            Action::Ask | Action::Deliver => {
                self.lookups.unclear(&error, now, chance);
                self.journal.postpone(id, now.monotonic + SETTLED);
            }
        }
    }

    fn ask_later(&self, visit: &Visit, now: Now, chance: f64) {
        let attempts = visit.attempts.saturating_add(1);
        let pause = back_off(attempts, chance).max(SETTLED);
        self.journal.ambiguous(visit.id, attempts, now.monotonic + pause);
    }

    fn park(&self, id: VisitId, message: String, trace_id: Option<String>) {
        warn!(
            visit = %id, message, trace_id,
            "a visit is parked: look at it, then try it again or drop it"
        );
        self.journal.park(id, message, trace_id);
    }
}
