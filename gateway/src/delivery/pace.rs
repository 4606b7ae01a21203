//! How fast one kind of request goes out: inside a budget, with pauses when the studio asks for them or fails. The
//! studio counts each kind by itself, so each has its own pace. Time and chance are handed in.

use std::mem::{Discriminant, discriminant};
use std::time::Duration;

use tracing::{error, info, warn};

use super::action::Pause;
use crate::domain::{Monotonic, Now};
use crate::journal::Way;
use crate::studio::StudioError;

/// First and longest pause of the back-off.
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(300);

/// Pause before somebody may have mended a key.
const MENDING: Duration = Duration::from_secs(60);

/// Unclear answers in a row that are each a visit's own trouble; more are the studio's.
const UNCLEAR_IN_A_ROW: u32 = 3;

/// A growing pause with jitter: half of it is certain, half by `chance` (0 to 1).
pub(super) fn back_off(failures: u32, chance: f64) -> Duration {
    let whole = FIRST
        .saturating_mul(1 << failures.saturating_sub(1).min(16))
        .min(LONGEST);
    whole.mul_f64(0.5 + 0.5 * chance.clamp(0.0, 1.0))
}

#[derive(Debug)]
pub(super) struct Pace {
    /// What is done, for the log.
    task: &'static str,
    /// Time between two requests of an exhausted budget.
    gap: Duration,
    /// The budget up to here is used.
    spent_until: Monotonic,
    paused_until: Monotonic,
    failures_in_a_row: u32,
    failing: Option<Failing>,
}

/// From the first failure to the first success.
#[derive(Debug)]
struct Failing {
    since: Monotonic,
    count: u64,
    kind: Discriminant<StudioError>,
}

/// A pace for each way of reporting.
#[derive(Debug)]
pub(super) struct Paces {
    in_use: Vec<Way>,
    open_api: Pace,
    device_api: Pace,
    benefit_use: Pace,
}

impl Paces {
    pub(super) fn new(in_use: &[Way], per_minute: u32) -> Self {
        Self {
            in_use: in_use.to_vec(),
            open_api: Pace::new("report check-ins", per_minute),
            device_api: Pace::new("check in by the device API", per_minute),
            benefit_use: Pace::new("use benefits", per_minute),
        }
    }

    pub(super) fn of(&mut self, way: Way) -> &mut Pace {
        match way {
            Way::OpenApi => &mut self.open_api,
            Way::DeviceApi => &mut self.device_api,
            Way::BenefitUse => &mut self.benefit_use,
        }
    }

    /// When the next report may go in this way.
    pub(super) fn next(&self, way: Way) -> Monotonic {
        match way {
            Way::OpenApi => self.open_api.next(),
            Way::DeviceApi => self.device_api.next(),
            Way::BenefitUse => self.benefit_use.next(),
        }
    }

    /// When the first of the ways in use may go on.
    pub(super) fn first(&self) -> Monotonic {
        self.in_use
            .iter()
            .map(|way| self.next(*way))
            .min()
            .unwrap_or_default()
    }

    /// When the last of them may.
    pub(super) fn last(&self) -> Monotonic {
        self.in_use
            .iter()
            .map(|way| self.next(*way))
            .max()
            .unwrap_or_default()
    }
}

impl Pace {
    pub(super) fn new(task: &'static str, per_minute: u32) -> Self {
        Self {
            task,
            gap: Duration::from_secs(60) / per_minute.max(1),
            spent_until: Monotonic::default(),
            paused_until: Monotonic::default(),
            failures_in_a_row: 0,
            failing: None,
        }
    }

    /// When the next request may go, which is now or earlier if it may.
    pub(super) fn next(&self) -> Monotonic {
        self.spent_until.max(self.paused_until)
    }

    /// A request goes. Several may go at one moment; the budget is then used further ahead.
    pub(super) fn spend(&mut self, now: Monotonic) {
        self.spent_until = self.spent_until.max(now) + self.gap;
    }

    /// The studio answered and meant this request.
    pub(super) fn succeeded(&mut self, now: Monotonic) {
        self.failures_in_a_row = 0;
        if let Some(failing) = self.failing.take() {
            info!(
                task = self.task,
                failures = failing.count,
                seconds = now.since(failing.since).as_secs(),
                "the studio answers again"
            );
        }
    }

    /// The studio takes nothing of this kind for now.
    pub(super) fn hold(&mut self, pause: Pause, error: &StudioError, now: Now, chance: f64) {
        self.note(error, now);
        let pause = match pause {
            Pause::BackOff => back_off(self.failures_in_a_row, chance),
            Pause::For(pause) => pause,
            Pause::Mending => MENDING,
            Pause::NextMinute => {
                let into = now.wall.as_second().rem_euclid(60);
                Duration::from_secs(60 - into.unsigned_abs().min(59)) + FIRST.mul_f64(chance.clamp(0.0, 1.0))
            }
        };
        self.paused_until = self.paused_until.max(now.monotonic + pause);
    }

    /// It is not clear what the studio did.
    pub(super) fn unclear(&mut self, error: &StudioError, now: Now, chance: f64) {
        self.note(error, now);
        if let Some(beyond) = self.failures_in_a_row.checked_sub(UNCLEAR_IN_A_ROW) {
            let pause = back_off(beyond + 1, chance);
            self.paused_until = self.paused_until.max(now.monotonic + pause);
        }
    }

    /// Logs the first failure and each that is of another kind than the one before.
    fn note(&mut self, error: &StudioError, now: Now) {
        // Requests that fail together have met one failure.
        if self.paused_until <= now.monotonic {
            self.failures_in_a_row = self.failures_in_a_row.saturating_add(1);
        }
        let kind = discriminant(error);
        let known = self.failing.as_ref().is_some_and(|failing| failing.kind == kind);
        let failing = self.failing.get_or_insert(Failing {
            since: now.monotonic,
            count: 0,
            kind,
        });
        failing.count += 1;
        failing.kind = kind;
        if known {
            return;
        }
        match error {
            StudioError::Unauthorised { .. } | StudioError::Forbidden { .. } => {
                error!(task = self.task, %error, "visits wait in the journal until this is mended");
            }
            _ => warn!(task = self.task, %error, "the studio fails; visits wait in the journal"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::studio::Operation;

    fn now(seconds: u64) -> Now {
        Now {
            monotonic: Monotonic(Duration::from_secs(seconds)),
            wall: jiff::Timestamp::from_second(1_700_000_030).unwrap(),
            wall_set: true,
        }
    }

    fn unanswered() -> StudioError {
        StudioError::Unanswered {
            operation: Operation::CheckIn,
            host: "studio".into(),
            reason: "time-out".into(),
        }
    }

    fn pause_until(pause: Pause, times: u32, chance: f64) -> f64 {
        let mut pace = Pace::new("test", 60_000);
        let mut begun = now(0);
        for _ in 0..times {
            begun.monotonic = pace.next();
            pace.hold(pause, &unanswered(), begun, chance);
        }
        pace.next().since(begun.monotonic).as_secs_f64()
    }

    #[test]
    fn the_back_off_doubles_up_to_its_longest_and_is_spread_by_chance() {
        let seconds: Vec<f64> = (1..=4)
            .map(|times| pause_until(Pause::BackOff, times, 1.0))
            .collect();
        assert_eq!(seconds, [1.0, 2.0, 4.0, 8.0]);
        assert_eq!(pause_until(Pause::BackOff, 4, 0.0), 4.0);
        assert_eq!(pause_until(Pause::BackOff, 60, 1.0), 300.0);
    }

    #[test]
    fn requests_that_fail_together_count_as_one_failure() {
        let mut pace = Pace::new("test", 60_000);
        for _ in 0..8 {
            pace.hold(Pause::BackOff, &unanswered(), now(5), 1.0);
        }
        assert_eq!(pace.next(), now(6).monotonic);
    }

    #[test]
    fn a_used_up_minute_is_waited_for() {
        // 1_700_000_030 is 50 s into its minute.
        assert_eq!(pause_until(Pause::NextMinute, 1, 0.0), 10.0);
        assert_eq!(pause_until(Pause::For(Duration::from_secs(7)), 1, 0.5), 7.0);
    }

    #[test]
    fn one_unclear_answer_pauses_nobody_else_but_several_in_a_row_do() {
        let mut pace = Pace::new("test", 60_000);
        pace.unclear(&unanswered(), now(5), 1.0);
        pace.unclear(&unanswered(), now(5), 1.0);
        assert!(pace.next() <= now(5).monotonic);
        pace.succeeded(now(5).monotonic);
        pace.unclear(&unanswered(), now(5), 1.0);
        pace.unclear(&unanswered(), now(5), 1.0);
        assert!(pace.next() <= now(5).monotonic);
        pace.unclear(&unanswered(), now(5), 1.0);
        assert_eq!(pace.next(), now(6).monotonic);
    }

    #[test]
    fn over_a_minute_no_more_requests_go_out_than_the_budget_and_one_handful() {
        let mut pace = Pace::new("test", 600);
        let mut sent = 0;
        for hundredth in 0..6000u64 {
            let now = Monotonic(Duration::from_millis(hundredth * 10));
            if pace.next() <= now {
                (0..8).for_each(|_| pace.spend(now));
                sent += 8;
            }
        }
        assert!((592..=608).contains(&sent), "{sent}");
    }
}
