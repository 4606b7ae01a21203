//! A studio that carries out what it does not answer, or does not: every request meets a fate drawn at random.

use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use jiff::civil::Date;
use jiff::{Timestamp, ZonedDateTime};

use super::*;
use crate::domain::{Credential, Direction};
use crate::studio::{Detail, Operation};

/// Names a visit in the model: no two have the same time.
pub(super) type Moment = Timestamp;

pub(super) type StudioVisit = (CustomerId, Direction, Moment);

#[derive(Default)]
pub(super) struct Model {
    /// Draws the fate of every request; `None` once the studio is well.
    pub(super) fate: Option<StdRng>,
    /// What the studio has, as it came.
    pub(super) visits: Vec<StudioVisit>,
    /// Refused for good.
    pub(super) refused: Vec<Moment>,
    /// Requests that wait for their answer.
    pub(super) on_the_way: Vec<Waker>,
    /// The history's times are rounded down to minutes.
    pub(super) rounds: bool,
}

#[derive(Clone, Default)]
pub(super) struct ModelStudio(pub(super) Arc<Mutex<Model>>);

/// What a request meets.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Done,
    NotSent,
    Overloaded,
    Limited,
    WrongKey,
    Refused,
    LostBefore,
    LostAfter,
    BrokenBefore,
    BrokenAfter,
}

impl ModelStudio {
    fn draw(&self) -> Fate {
        let mut model = self.0.lock().unwrap();
        match model.fate.as_mut().map(|random| random.random_range(0..24)) {
            Some(0) => Fate::NotSent,
            Some(1) => Fate::Overloaded,
            Some(2) => Fate::Limited,
            Some(3) => Fate::WrongKey,
            Some(4) => Fate::Refused,
            Some(5 | 6) => Fate::LostBefore,
            Some(7 | 8) => Fate::LostAfter,
            Some(9) => Fate::BrokenBefore,
            Some(10) => Fate::BrokenAfter,
            _ => Fate::Done,
        }
    }

    fn answer(fate: Fate) -> Result<(), StudioError> {
        let operation = Operation::CheckIn;
        let detail = Detail::default();
        let (host, reason) = ("studio".to_owned(), "a test".to_owned());
        Err(match fate {
            Fate::Done => return Ok(()),
            Fate::NotSent => StudioError::NotSent {
                operation,
                host,
                reason,
            },
            Fate::Overloaded => StudioError::Overloaded {
                operation,
                retry_after: None,
                detail,
            },
            Fate::Limited => StudioError::RateLimited {
                operation,
                retry_after: Some(Duration::from_secs(3)),
                detail,
            },
            Fate::WrongKey => StudioError::Unauthorised {
                operation,
                key: "key".into(),
                detail,
            },
            Fate::Refused => StudioError::Refused {
                operation,
                status: 409,
                detail,
            },
            Fate::LostBefore | Fate::LostAfter => StudioError::Unanswered {
                operation,
                host,
                reason,
            },
            Fate::BrokenBefore | Fate::BrokenAfter => StudioError::ServerError {
                operation,
                status: 500,
                detail,
            },
        })
    }

    /// Lets the rest of the program go on, or end, before the studio answers.
    async fn on_the_way(&self) {
        let mut first = true;
        std::future::poll_fn(|context| {
            if std::mem::take(&mut first) {
                self.0.lock().unwrap().on_the_way.push(context.waker().clone());
                return Poll::Pending;
            }
            Poll::Ready(())
        })
        .await;
    }

    pub(super) fn visits_at(&self, moment: Moment) -> Vec<StudioVisit> {
        let model = self.0.lock().unwrap();
        let of_it = |visit: &&StudioVisit| visit.2 == moment;
        model.visits.iter().filter(of_it).copied().collect()
    }
}

impl Studio for ModelStudio {
    async fn report(
        &self,
        customer: CustomerId,
        direction: Direction,
        at: &ZonedDateTime,
    ) -> Result<(), StudioError> {
        let fate = self.draw();
        let record = || {
            let mut model = self.0.lock().unwrap();
            match fate {
                Fate::Done | Fate::LostAfter | Fate::BrokenAfter => {
                    model.visits.push((customer, direction, at.timestamp()));
                }
                Fate::Refused => model.refused.push(at.timestamp()),
                _ => {}
            }
        };
        // Recorded before or after the moment at which the program may end.
        let early = at.timestamp().as_millisecond() % 2 == 0;
        if early {
            record();
        }
        self.on_the_way().await;
        if !early {
            record();
        }
        Self::answer(fate)
    }

    async fn history(
        &self,
        customer: CustomerId,
        from: Date,
        to: Date,
    ) -> Result<Vec<PastCheckIn>, StudioError> {
        let fate = self.draw();
        self.on_the_way().await;
        Self::answer(fate)?;
        let model = self.0.lock().unwrap();
        let unit = if model.rounds { 60 } else { 1 };
        let entries = model.visits.iter().filter(|visit| visit.0 == customer);
        let entries = entries.map(|(_, direction, at)| {
            let day = at.to_zoned_datetime(TimeZone::UTC).date();
            assert!(from <= day && day <= to);
            let at = Timestamp::from_second(at.as_second() / unit * unit).ok();
            PastCheckIn {
                id: 1,
                checked_in: at.filter(|_| *direction == Direction::In),
                checked_out: at.filter(|_| *direction == Direction::Out),
                studio: None,
                studio_name: None,
            }
        });
        Ok(entries.collect())
    }

    async fn holder(&self, credential: &Credential) -> Result<Option<CustomerId>, StudioError> {
        let fate = self.draw();
        self.on_the_way().await;
        Self::answer(fate)?;
        let Credential::Card(number) = credential else {
            return Ok(None);
        };
        Ok(number.decimal().parse().ok().map(CustomerId))
    }
}
