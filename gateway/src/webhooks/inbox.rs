//! Who has to be asked about: each customer once, however many notifications name them, in the order of the first.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::domain::CustomerId;

/// Customers that may wait. Beyond them, all records are fetched in their place.
const MOST_WAITING: usize = 1_000;

/// Notifications that are remembered so that a replay costs no request.
const MOST_SEEN: usize = 1_000;

/// Waiting customers and past notifications.
#[derive(Default)]
pub(super) struct Inbox {
    state: Mutex<State>,
    news: Notify,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<CustomerId>,
    /// Hashes of bodies, the oldest first.
    seen: VecDeque<[u8; 32]>,
}

/// What became of a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// Its customer waits to be asked about.
    Waits,
    /// It has come before.
    Replay,
    /// Too many wait; it is not kept.
    Full,
}

impl Inbox {
    /// Takes a notification by the hash of its body: its `uuid` alone would let a forgetful sender hide a change.
    pub(super) fn take(&self, body: [u8; 32], customer: CustomerId) -> Taken {
        let mut state = self.state();
        if state.seen.contains(&body) {
            return Taken::Replay;
        }
        if !state.wait_for(customer) {
            return Taken::Full;
        }
        if state.seen.len() >= MOST_SEEN {
            state.seen.pop_front();
        }
        state.seen.push_back(body);
        drop(state);
        self.news.notify_one();
        Taken::Waits
    }

    /// Lets a customer wait again, behind all others; left out when too many wait.
    pub(super) fn again(&self, customer: CustomerId) {
        self.state().wait_for(customer);
    }

    /// The next customer to ask about. For one task.
    pub(super) async fn next(&self) -> CustomerId {
        loop {
            let next = self.state().waiting.pop_front();
            match next {
                Some(customer) => return customer,
                None => self.news.notified().await,
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Whether the customer waits now.
    fn wait_for(&mut self, customer: CustomerId) -> bool {
        if self.waiting.contains(&customer) {
            return true;
        }
        let room = self.waiting.len() < MOST_WAITING;
        if room {
            self.waiting.push_back(customer);
        }
        room
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(number: u32) -> [u8; 32] {
        let mut body = [0; 32];
        body[..4].copy_from_slice(&number.to_be_bytes());
        body
    }

    fn waiting(inbox: &Inbox) -> Vec<i64> {
        inbox.state().waiting.iter().map(|customer| customer.0).collect()
    }

    #[test]
    fn a_customer_waits_once_and_a_replay_wakes_nobody_after_the_answer() {
        let inbox = Inbox::default();
        assert_eq!(inbox.take(body(1), CustomerId(7)), Taken::Waits);
        assert_eq!(inbox.take(body(2), CustomerId(7)), Taken::Waits);
        assert_eq!(inbox.take(body(3), CustomerId(8)), Taken::Waits);
        assert_eq!(waiting(&inbox), [7, 8]);
        inbox.state().waiting.clear();
        assert_eq!(inbox.take(body(1), CustomerId(7)), Taken::Replay);
        assert_eq!(inbox.take(body(4), CustomerId(7)), Taken::Waits);
        assert_eq!(waiting(&inbox), [7]);
    }

    #[test]
    fn a_flood_is_bounded_and_what_was_not_kept_may_come_again() {
        let inbox = Inbox::default();
        for number in 0..3_000 {
            inbox.take(body(number), CustomerId(number.into()));
        }
        assert_eq!(waiting(&inbox).len(), MOST_WAITING);
        assert_eq!(inbox.take(body(2_999), CustomerId(2_999)), Taken::Full);
        inbox.state().waiting.clear();
        assert_eq!(inbox.take(body(2_999), CustomerId(2_999)), Taken::Waits);
        for number in 10_000..20_000 {
            inbox.take(body(number), CustomerId(1));
        }
        assert_eq!(inbox.state().seen.len(), MOST_SEEN);
    }

    #[tokio::test]
    async fn whoever_waits_for_the_next_customer_is_woken_by_it() {
        let inbox = Inbox::default();
        let (next, taken) = tokio::join!(inbox.next(), async { inbox.take(body(1), CustomerId(7)) });
        assert_eq!((next, taken), (CustomerId(7), Taken::Waits));
        inbox.again(CustomerId(9));
        assert_eq!(inbox.next().await, CustomerId(9));
    }
}
