//! How a reader fares besides its reads: whether it is noisy, and whether it has fallen silent. It reads no clock and
//! sends nothing itself.

use std::collections::VecDeque;
use std::time::Duration;

use super::ReaderEventKind;

/// So many rejections within [`NOISE_WINDOW`] make a reader noisy: more than a person with a bad card gets together.
pub(super) const NOISY: usize = 10;

/// A noisy reader without a rejection for so long is noisy no more.
pub(super) const NOISE_WINDOW: Duration = Duration::from_secs(10);

/// The condition of one reader, as long as it is connected.
#[derive(Debug)]
pub(super) struct Condition {
    /// The times of the last rejections, at most [`NOISY`].
    rejections: VecDeque<Duration>,
    noisy: bool,
    silent_after: Option<Duration>,
    /// When something came from it, for readers that must be heard of.
    heard: Option<Duration>,
    silent: bool,
}

impl Condition {
    /// Of a reader that is not connected yet.
    pub(super) fn new(silent_after: Option<Duration>) -> Self {
        Self {
            rejections: VecDeque::with_capacity(NOISY),
            noisy: false,
            silent_after,
            heard: None,
            silent: false,
        }
    }

    /// It was connected, or is no more.
    pub(super) fn connection(&mut self, connected: bool, now: Duration) {
        *self = Self::new(self.silent_after);
        self.heard = connected.then_some(now);
    }

    /// Something came from it, whatever it was. Says so if it was silent.
    pub(super) fn heard(&mut self, now: Duration) -> Option<ReaderEventKind> {
        self.heard = Some(now);
        std::mem::take(&mut self.silent).then_some(ReaderEventKind::SilenceEnded)
    }

    /// Something from it was rejected. Says so if that makes it noisy.
    pub(super) fn rejected(&mut self, now: Duration) -> Option<ReaderEventKind> {
        if self.rejections.len() == NOISY {
            self.rejections.pop_front();
        }
        self.rejections.push_back(now);
        let many = self.rejections.len() == NOISY
            && self
                .rejections
                .front()
                .is_some_and(|first| now.saturating_sub(*first) <= NOISE_WINDOW);
        let news = many && !self.noisy;
        self.noisy |= many;
        news.then_some(ReaderEventKind::Noisy)
    }

    /// When to call [`Self::timeout`].
    pub(super) fn deadline(&self) -> Option<Duration> {
        self.noise_end().into_iter().chain(self.silence_begin()).min()
    }

    /// The time is now `now`: says what has changed by it. Call it until it says nothing; too early is harmless.
    pub(super) fn timeout(&mut self, now: Duration) -> Option<ReaderEventKind> {
        if self.noise_end().is_some_and(|end| now >= end) {
            self.noisy = false;
            self.rejections.clear();
            return Some(ReaderEventKind::NoiseEnded);
        }
        if self.silence_begin().is_some_and(|begin| now >= begin) {
            self.silent = true;
            return Some(ReaderEventKind::Silent);
        }
        None
    }

    fn noise_end(&self) -> Option<Duration> {
        let last = self.rejections.back().filter(|_| self.noisy)?;
        Some(last.saturating_add(NOISE_WINDOW))
    }

    fn silence_begin(&self) -> Option<Duration> {
        let heard = self.heard.filter(|_| !self.silent)?;
        Some(heard.saturating_add(self.silent_after?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    #[test]
    fn a_reader_is_noisy_from_the_tenth_rejection_in_ten_seconds_until_ten_seconds_without_one() {
        let mut condition = Condition::new(None);
        let said: Vec<_> = (1..=12)
            .filter_map(|now| condition.rejected(secs(now) / 2))
            .collect();
        assert_eq!(said, [ReaderEventKind::Noisy]);
        assert_eq!(condition.timeout(secs(15)), None);
        assert_eq!(condition.deadline(), Some(secs(16)));
        assert_eq!(condition.timeout(secs(16)), Some(ReaderEventKind::NoiseEnded));
        assert_eq!(condition.timeout(secs(60)), None);
        assert_eq!(condition.deadline(), None);
    }

    #[test]
    fn rejections_now_and_then_are_no_noise() {
        let mut condition = Condition::new(None);
        assert!((0..100).all(|now| condition.rejected(secs(now * 2)).is_none()));
    }

    #[test]
    fn a_reader_that_must_be_heard_of_is_silent_once_after_its_time_and_then_heard_again() {
        let mut condition = Condition::new(Some(secs(5)));
        assert_eq!(condition.deadline(), None, "it is not even connected");
        condition.connection(true, secs(1));
        assert_eq!(condition.heard(secs(3)), None);
        assert_eq!(condition.timeout(secs(7)), None);
        assert_eq!(condition.deadline(), Some(secs(8)));
        assert_eq!(condition.timeout(secs(8)), Some(ReaderEventKind::Silent));
        assert_eq!(condition.timeout(secs(20)), None);
        assert_eq!(condition.heard(secs(21)), Some(ReaderEventKind::SilenceEnded));
        condition.connection(false, secs(22));
        assert_eq!(condition.deadline(), None);
    }
}
