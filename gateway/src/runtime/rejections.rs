//! Log lines for reads that could not be used. A line full of noise must not fill the log: per reader one line at
//! once, then one per interval with the count between.

use std::collections::BTreeMap;
use std::time::Duration;

use tracing::warn;

/// At most one line per reader in this time.
const INTERVAL: Duration = Duration::from_secs(10);

/// What was rejected since the last line, per reader.
#[derive(Debug, Default)]
pub(super) struct Rejections(BTreeMap<String, Rejected>);

#[derive(Debug)]
struct Rejected {
    last_line: Duration,
    since: u64,
}

impl Rejections {
    /// Counts a rejected read at `at` on the monotonic clock, and logs it when a line is due.
    pub(super) fn note(&mut self, reader: &str, reason: &str, at: Duration) {
        if let Some(not_logged) = self.due(reader, at) {
            warn!(reader, reason, not_logged, "read rejected");
        }
    }

    /// The count of reads rejected without a line, when a line is due.
    fn due(&mut self, reader: &str, at: Duration) -> Option<u64> {
        match self.0.get_mut(reader) {
            Some(rejected) if at.saturating_sub(rejected.last_line) < INTERVAL => {
                rejected.since += 1;
                None
            }
            Some(rejected) => {
                rejected.last_line = at;
                Some(std::mem::take(&mut rejected.since))
            }
            None => {
                let first = Rejected {
                    last_line: at,
                    since: 0,
                };
                self.0.insert(reader.to_owned(), first);
                Some(0)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_gets_a_line_at_once_and_then_one_per_interval_with_the_count() {
        let mut rejections = Rejections::default();
        let at = Duration::from_millis;
        assert_eq!(rejections.due("entry", at(0)), Some(0));
        for millis in 1..=500 {
            assert_eq!(rejections.due("entry", at(millis)), None);
        }
        assert_eq!(rejections.due("exit", at(500)), Some(0));
        assert_eq!(rejections.due("entry", at(10_000)), Some(500));
        assert_eq!(rejections.due("entry", at(20_000)), Some(0));
    }
}
