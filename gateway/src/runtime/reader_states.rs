//! What can be said of each reader: whether it is connected, what it has read, and who waits for its next read.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tracing::info;

use super::command::{BoardSeen, LaneSeen, ReaderSeen, Seen};
use super::devices::BoardSides;
use crate::clock;
use crate::domain::{Core, Credential};

/// All readers by name.
#[derive(Debug)]
pub(super) struct ReaderStates(BTreeMap<Arc<str>, ReaderState>);

#[derive(Debug)]
struct ReaderState {
    seen: ReaderSeen,
    /// Takes the next credential in place of a decision.
    awaited: Option<oneshot::Sender<Credential>>,
    /// What was handed over last, and when it was last seen: held to the reader, it reads many times.
    handed_over: Option<(Credential, Duration)>,
}

impl ReaderStates {
    pub(super) fn new<'a>(names: impl Iterator<Item = &'a Arc<str>>) -> Self {
        let state = |name: &Arc<str>| ReaderState {
            seen: ReaderSeen {
                name: name.to_string(),
                trouble: Some("not opened yet".to_owned()),
                reads: 0,
                rejected: 0,
                last_read: None,
            },
            awaited: None,
            handed_over: None,
        };
        Self(names.map(|name| (Arc::clone(name), state(name))).collect())
    }

    pub(super) fn connected(&mut self, reader: &str) {
        self.update(reader, |state| state.seen.trouble = None);
    }

    pub(super) fn disconnected(&mut self, reader: &str, reason: &str) {
        self.update(reader, |state| state.seen.trouble = Some(reason.to_owned()));
    }

    /// A reader at a board is connected while the board is heard.
    pub(super) fn at_board(&mut self, reader: &str, board_is_there: bool) {
        self.update(reader, |state| {
            state.seen.trouble = (!board_is_there).then(|| "its board is away".to_owned());
        });
    }

    pub(super) fn read(&mut self, reader: &str) {
        self.update(reader, |state| {
            state.seen.reads += 1;
            state.seen.last_read = Some(clock::wall());
        });
    }

    pub(super) fn rejected(&mut self, reader: &str) {
        self.update(reader, |state| state.seen.rejected += 1);
    }

    /// The next credential of this reader goes to `awaited`, in place of whoever waited before.
    pub(super) fn hand_over_next(&mut self, reader: &str, awaited: oneshot::Sender<Credential>) {
        self.update(reader, |state| state.awaited = Some(awaited));
    }

    /// Hands a credential read at `at` over to whoever waits for it; gives it back when it is to be decided on. What
    /// was handed over is not decided on until it was away for `repeat_window`.
    pub(super) fn not_awaited(
        &mut self,
        reader: &str,
        credential: Credential,
        at: Duration,
        repeat_window: Duration,
    ) -> Option<Credential> {
        let Some(state) = self.0.get_mut(reader) else {
            return Some(credential);
        };
        if let Some((handed_over, seen)) = &mut state.handed_over
            && *handed_over == credential
            && at.saturating_sub(*seen) < repeat_window
        {
            *seen = at;
            return None;
        }
        state.handed_over = None;
        match state.awaited.take() {
            Some(awaited) => awaited.send(credential.clone()).err().or_else(|| {
                info!(reader, "a read goes to the operator who asked for it");
                state.handed_over = Some((credential, at));
                None
            }),
            None => Some(credential),
        }
    }

    /// What can be said of readers, boards and lanes.
    pub(super) fn seen(&self, core: &Core, boards: &BTreeMap<Arc<str>, BoardSides>) -> Seen {
        let mut lanes: Vec<LaneSeen> = Vec::new();
        for side in &core.settings().access_points {
            if lanes.last().is_none_or(|lane| lane.name != side.lane) {
                lanes.push(LaneSeen {
                    name: side.lane.clone(),
                    mode: side.mode,
                    inside: side.zone.map(|zone| core.presence().count(zone)),
                    fire: core.is_fire_at(&side.lane),
                });
            }
        }
        Seen {
            readers: self.0.values().map(|state| state.seen.clone()).collect(),
            boards: boards
                .iter()
                .map(|(name, board)| BoardSeen {
                    name: name.to_string(),
                    trouble: board.wrong(),
                })
                .collect(),
            lanes,
        }
    }

    fn update(&mut self, reader: &str, change: impl FnOnce(&mut ReaderState)) {
        if let Some(state) = self.0.get_mut(reader) {
            change(state);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_secs(2);

    fn states() -> (Arc<str>, ReaderStates) {
        let name: Arc<str> = Arc::from("entry reader");
        let states = ReaderStates::new([&name].into_iter());
        (name, states)
    }

    fn code(text: &str) -> Credential {
        Credential::Code(text.to_owned())
    }

    #[test]
    fn the_next_read_goes_to_whoever_waits_for_it_and_is_not_decided_on_while_it_is_held_to_the_reader() {
        let (name, mut states) = states();
        let read = |states: &mut ReaderStates, text, millis| {
            states.not_awaited(&name, code(text), Duration::from_millis(millis), WINDOW)
        };
        assert_eq!(read(&mut states, "A1", 0), Some(code("A1")));
        let (answer, mut awaited) = oneshot::channel();
        states.hand_over_next("entry reader", answer);
        assert_eq!(read(&mut states, "A1", 100), None);
        assert_eq!(awaited.try_recv(), Ok(code("A1")));
        assert_eq!(read(&mut states, "A1", 2_000), None);
        assert_eq!(read(&mut states, "A1", 3_900), None);
        assert_eq!(read(&mut states, "A1", 5_900), Some(code("A1")));
        assert_eq!(read(&mut states, "B2", 5_900), Some(code("B2")));
    }

    #[test]
    fn a_read_is_decided_on_once_nobody_waits_for_it_any_more() {
        let (name, mut states) = states();
        let (answer, awaited) = oneshot::channel();
        states.hand_over_next(&name, answer);
        drop(awaited);
        let read = states.not_awaited(&name, code("A1"), Duration::ZERO, WINDOW);
        assert_eq!(read, Some(code("A1")));
    }
}
