//! What would become of a credential, in the socket's words. On a running gateway the tiers are looked through, and the
//! studio asked, as a swipe would do; nothing is opened, logged or counted.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::timeout;

use super::message::{CheckSeen, Explanation, Presented, Response};
use super::server::Control;
use crate::clock;
use crate::domain::policy::{Check, Finding};
use crate::domain::{
    AccessPointId, Answer, CoreSettings, Credential, Direction, Explained, Monotonic, Now, Outcome, Question,
    Recollection,
};
use crate::runtime::Command;

/// A person at a desk waits longer for the studio than one at a lane.
const LONGEST_QUESTION: Duration = Duration::from_secs(15);

impl Control {
    pub(super) async fn explain(
        &self,
        presented: Presented,
        access_point: Option<String>,
        at: Option<Timestamp>,
    ) -> Response {
        let credential = match Credential::try_from(presented) {
            Ok(credential) => credential,
            Err(error) => return Response::Failed(error.to_string()),
        };
        let Some(id) = self.core.access_point_named(access_point.as_deref()) else {
            return Response::Failed(no_access_point(&self.core, access_point.as_deref()));
        };
        let now = at.map_or_else(clock::now, |at| moved(clock::now(), at));
        let (recollection, mut source) = match self.directory.memory(&credential).await {
            Recollection::Nothing => (self.directory.disk(&credential).await, "disk"),
            recollection => (recollection, "memory"),
        };
        let mut question = Question {
            access_point: id,
            credential,
            staff: None,
            recollection,
            answer: None,
        };
        let mut notes = Vec::new();
        let mut explained = self.explained(&question, now).await;
        if explained.as_ref().is_some_and(|explained| explained.asks) {
            let answer = self.asked(id, &question.credential).await;
            notes.push(match &answer {
                Answer::Unavailable => {
                    "the studio was asked, as at a swipe, and did not answer in time".to_owned()
                }
                _ => "the studio was asked, as at a swipe".to_owned(),
            });
            if answer != Answer::Unavailable {
                source = "studio";
            }
            question.answer = Some(answer);
            explained = self.explained(&question, now).await;
        }
        match explained {
            Some(explained) => Response::Explanation(told(&self.core, id, &explained, now, source, notes)),
            None => super::answers::busy(),
        }
    }

    async fn explained(&self, question: &Question, now: Now) -> Option<Explained> {
        let question = Box::new(question.clone());
        let command = |answer| Command::Explain {
            question,
            now,
            answer,
        };
        self.command(command).await.flatten()
    }

    async fn asked(&self, id: AccessPointId, credential: &Credential) -> Answer {
        let side = self.core.access_points.get(id.0);
        let benefits = side.map(|side| side.required_benefits.keys()).unwrap_or_default();
        timeout(LONGEST_QUESTION, self.directory.ask(credential, &benefits))
            .await
            .unwrap_or(Answer::Unavailable)
    }
}

/// Both clocks as they will be, or were, at `at`.
#[must_use]
pub fn moved(now: Now, at: Timestamp) -> Now {
    let monotonic = match Duration::try_from(at.duration_since(now.wall)) {
        Ok(ahead) => now.monotonic + ahead,
        Err(_) => {
            let back = Duration::try_from(now.wall.duration_since(at)).unwrap_or_default();
            Monotonic(now.monotonic.0.saturating_sub(back))
        }
    };
    Now {
        monotonic,
        wall: at,
        wall_set: now.wall_set,
    }
}

/// Why there is no such access point, with those that there are.
#[must_use]
pub fn no_access_point(settings: &CoreSettings, name: Option<&str>) -> String {
    let names: Vec<String> = settings.access_points.iter().map(|side| side.name()).collect();
    let names = names.join(", ");
    match name {
        Some(name) => format!("there is no \"{name}\": the sides of the lanes are {names}"),
        None => format!("no lane has an entry: say which side is meant with --lane; there are {names}"),
    }
}

/// An explanation in the socket's words. `source` is where the member record is from.
#[must_use]
pub fn told(
    settings: &CoreSettings,
    id: AccessPointId,
    explained: &Explained,
    now: Now,
    source: &str,
    mut notes: Vec<String>,
) -> Explanation {
    let side = settings.access_points.get(id.0);
    if side.is_some_and(|side| side.direction == Direction::Out) {
        notes.push("this is a way out: whoever is known may leave, whatever the record says".to_owned());
    }
    let checks = explained.checks.iter().map(|seen| {
        let examined = seen.examined;
        let finding = match examined.finding {
            Finding::Passed => "passed",
            Finding::Refused(_) => "refused",
            Finding::NotKnown => "not-known",
            Finding::Noted => "noted",
            Finding::Opens => "opens",
        };
        CheckSeen {
            check: examined.check.name().to_owned(),
            finding: finding.to_owned(),
            saw: seen.saw.clone(),
            as_of: examined.as_of,
            source: if is_of_the_studio(examined.check) {
                source
            } else {
                "gateway"
            }
            .to_owned(),
        }
    });
    let (outcome, because) = match explained.outcome {
        Outcome::Granted(basis) => ("granted", basis.to_string()),
        Outcome::Denied(reason) => ("denied", reason.to_string()),
    };
    Explanation {
        access_point: side.map(|side| side.name()).unwrap_or_default(),
        at: now.wall,
        customer: explained.customer.map(|customer| customer.0),
        checks: checks.collect(),
        outcome: outcome.to_owned(),
        because,
        notes,
    }
}

fn is_of_the_studio(check: Check) -> bool {
    match check {
        Check::Known
        | Check::MemberStatus
        | Check::AccessRefusal
        | Check::AccessRestrictions
        | Check::IdlePeriod
        | Check::RequiredBenefits
        | Check::AccessCodeExpiry => true,
        Check::Service
        | Check::LaneMode
        | Check::Lockout
        | Check::OpeningHours
        | Check::Capacity
        | Check::AntiPassback => false,
    }
}
