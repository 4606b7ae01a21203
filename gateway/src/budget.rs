//! The request budget: how many requests go to the studio in a minute, and who goes first. Whoever stands at a lane
//! never waits for it; all others wait for their turn by rank. It sends nothing itself and knows no operation.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tracing::warn;

use crate::clock;
use crate::domain::Monotonic;
use crate::studio::StudioError;

/// How soon one who lets others go first looks again.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// How long after a "too many requests" the full budget is used again, halving by halving.
const RECOVERY: Duration = Duration::from_secs(600);

/// The most a request can cost after several "too many requests": an eighth of the budget is left.
const HIGHEST_PRICE: u32 = 8;

/// The pause where the studio names none: it counts by the minute.
const MINUTE: Duration = Duration::from_secs(60);

/// Who waits for a turn; who comes first here goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// Visits to be reported.
    Delivery,
    /// Records of people who come, renewed ahead or behind their backs.
    Refresh,
    /// Everybody's records.
    Roster,
}

/// The budget. Clones share it.
#[derive(Clone)]
pub struct Budget(Arc<Mutex<State>>);

struct State {
    limiter: DefaultDirectRateLimiter,
    /// Requests from the lanes beyond the budget, which the others have to save first.
    owed: u32,
    most_owed: u32,
    waiting: BTreeMap<Rank, u32>,
    paused_until: Monotonic,
    /// What one request costs: more than one after the studio has said that there are too many.
    price: u32,
    price_since: Monotonic,
}

impl Budget {
    /// So many requests a minute, of which a tenth may go at once.
    #[must_use]
    pub fn new(per_minute: u32) -> Self {
        let quota = Quota::per_minute(at_least_one(per_minute));
        let burst = at_least_one((per_minute / 10).max(HIGHEST_PRICE));
        Self(Arc::new(Mutex::new(State {
            limiter: RateLimiter::direct(quota.allow_burst(burst)),
            owed: 0,
            most_owed: per_minute,
            waiting: BTreeMap::new(),
            paused_until: Monotonic::default(),
            price: 1,
            price_since: Monotonic::default(),
        })))
    }

    /// Somebody at a lane needs these requests now. Never waits; what is beyond the budget is saved by the others.
    pub fn spend(&self, requests: u32) {
        let mut state = self.state();
        for _ in 0..requests {
            if state.limiter.check().is_err() {
                state.owed = state.owed.saturating_add(1).min(state.most_owed);
            }
        }
    }

    /// Waits until so many requests of this rank may go.
    pub async fn take(&self, rank: Rank, requests: u32) {
        let _place = self.queue(rank);
        for _ in 0..requests {
            loop {
                let turn = self.state().turn(rank, clock::now().monotonic);
                match turn {
                    Ok(()) => break,
                    Err(wait) => tokio::time::sleep(wait).await,
                }
            }
        }
    }

    /// Takes notice of an answer: after a "too many requests" all but the lanes pause as long as the studio asks for,
    /// and then go at half the speed.
    pub fn note<T>(&self, answer: &Result<T, StudioError>) {
        if let Err(error @ StudioError::RateLimited { retry_after, .. }) = answer {
            let pause = retry_after.unwrap_or(MINUTE);
            if self.state().hold_back(pause, clock::now().monotonic) {
                warn!(%error, seconds = pause.as_secs(), "requests to the studio are held back, except for who stands at a lane");
            }
        }
    }

    fn queue(&self, rank: Rank) -> Place<'_> {
        *self.state().waiting.entry(rank).or_default() += 1;
        Place { budget: self, rank }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Takes one turn, or says when to look again.
    fn turn(&mut self, rank: Rank, now: Monotonic) -> Result<(), Duration> {
        if now < self.paused_until {
            return Err(self.paused_until.since(now));
        }
        if self.waiting.range(..rank).any(|(_, waiting)| *waiting > 0) {
            return Err(LOOK_AGAIN);
        }
        if self.price > 1 && now.since(self.price_since) >= RECOVERY {
            self.price /= 2;
            self.price_since = now;
        }
        let price = at_least_one(self.price);
        loop {
            match self.limiter.check_n(price) {
                Ok(Err(early)) => return Err(early.wait_time_from(DefaultClock::default().now())),
                _ if self.owed > 0 => self.owed -= 1,
                // The burst is never smaller than the highest price.
                Ok(Ok(())) | Err(_) => return Ok(()),
            }
        }
    }

    /// Whether this begins a pause: several requests on their way may meet the same refusal.
    fn hold_back(&mut self, pause: Duration, now: Monotonic) -> bool {
        let begins = self.paused_until <= now;
        self.paused_until = self.paused_until.max(now + pause);
        if begins {
            self.price = (self.price * 2).min(HIGHEST_PRICE);
            self.price_since = now + pause;
        }
        begins
    }
}

fn at_least_one(count: u32) -> NonZeroU32 {
    NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN)
}

/// A place in the queue; whoever stops waiting gives it up.
struct Place<'a> {
    budget: &'a Budget,
    rank: Rank,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Some(waiting) = self.budget.state().waiting.get_mut(&self.rank) {
            *waiting = waiting.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::studio::{Detail, Operation};
    use std::sync::atomic::{AtomicUsize, Ordering};

    const FAST: u32 = 6_000;

    fn too_many(retry_after: Duration) -> Result<(), StudioError> {
        Err(StudioError::RateLimited {
            operation: Operation::Customers,
            retry_after: Some(retry_after),
            detail: Detail::default(),
        })
    }

    /// The seconds that `requests` of a rank take.
    async fn seconds(budget: &Budget, rank: Rank, requests: u32) -> f64 {
        let start = clock::now().monotonic;
        budget.take(rank, requests).await;
        clock::now().monotonic.since(start).as_secs_f64()
    }

    #[tokio::test]
    async fn a_used_up_budget_makes_all_but_the_lanes_wait_and_they_save_what_the_lanes_took() {
        let budget = Budget::new(FAST);
        budget.take(Rank::Roster, 600).await;
        // 10 ms each from here on.
        assert!(seconds(&budget, Rank::Roster, 10).await > 0.08);
        budget.spend(30);
        assert!(seconds(&budget, Rank::Delivery, 1).await > 0.25);
    }

    #[tokio::test]
    async fn who_ranks_higher_goes_first_however_late_the_request() {
        let budget = Budget::new(FAST);
        budget.take(Rank::Roster, 600).await;
        let served = Arc::new(AtomicUsize::new(0));
        let queue = |rank, requests| {
            let (budget, served) = (budget.clone(), Arc::clone(&served));
            async move {
                for _ in 0..requests {
                    budget.take(rank, 1).await;
                }
                served.fetch_add(1, Ordering::Relaxed)
            }
        };
        let (roster, refresh, delivery) = tokio::join!(
            queue(Rank::Roster, 1),
            queue(Rank::Refresh, 3),
            queue(Rank::Delivery, 3)
        );
        assert_eq!((delivery, refresh, roster), (0, 1, 2));
    }

    #[tokio::test]
    async fn who_stops_waiting_is_in_nobodys_way() {
        let budget = Budget::new(FAST);
        budget.note(&too_many(Duration::from_millis(100)));
        let gone = tokio::time::timeout(Duration::from_millis(10), budget.take(Rank::Delivery, 1)).await;
        assert!(gone.is_err());
        tokio::time::timeout(Duration::from_secs(5), budget.take(Rank::Roster, 1))
            .await
            .unwrap();
    }

    #[tokio::test]
    async fn after_too_many_requests_all_but_the_lanes_pause_and_then_go_at_half_the_speed() {
        let budget = Budget::new(FAST);
        budget.take(Rank::Roster, 600).await;
        for _ in 0..5 {
            // Five on their way meet the same refusal: that halves once.
            budget.note(&too_many(Duration::from_millis(300)));
        }
        assert!(seconds(&budget, Rank::Delivery, 1).await > 0.25);
        // The pause has saved up 30 turns.
        budget.take(Rank::Roster, 15).await;
        let halved = seconds(&budget, Rank::Roster, 20).await;
        assert!(halved > 0.3, "{halved}");
        assert!(halved < 2.0, "{halved}");
    }

    #[test]
    fn the_full_budget_comes_back_by_and_by() {
        let budget = Budget::new(FAST);
        let mut state = budget.state();
        let at = |seconds| Monotonic(Duration::from_secs(seconds));
        for minute in 0..9 {
            state.hold_back(MINUTE, at(1_000 + 60 * minute));
        }
        assert_eq!(state.price, HIGHEST_PRICE);
        for (time, price) in [
            (2_000, 8),
            (2_140, 4),
            (2_739, 4),
            (2_740, 2),
            (3_340, 1),
            (9_999, 1),
        ] {
            let _ = state.turn(Rank::Roster, at(time));
            assert_eq!(state.price, price, "after {time} s");
        }
    }
}
