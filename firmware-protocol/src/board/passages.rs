//! Openings that wait for a person, at most one in each direction, and what a passage means for them. The same rule
//! at both ends of the link and for other makers' boards.

use core::time::Duration;

use super::{Direction, PerDirection};

/// The openings, each under the name `T`.
#[derive(Debug)]
pub(super) struct Passages<T> {
    open: PerDirection<Option<Open<T>>>,
}

#[derive(Clone, Copy, Debug)]
struct Open<T> {
    name: T,
    expires: Duration,
}

/// What it means that somebody has passed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Walk<T> {
    /// As it should be: on an opening, or freely.
    Passed(Option<T>),
    /// Against the opening of the other direction, which this ends, or without any.
    WrongWay(Option<T>),
}

impl<T> Default for Passages<T> {
    fn default() -> Self {
        Self {
            open: PerDirection { a: None, b: None },
        }
    }
}

impl<T: Copy> Passages<T> {
    pub(super) fn open(&mut self, direction: Direction, name: T, expires: Duration) {
        *self.open.get_mut(direction) = Some(Open { name, expires });
    }

    pub(super) fn get(&self, direction: Direction) -> Option<T> {
        self.open.get(direction).map(|open| open.name)
    }

    pub(super) fn get_mut(&mut self, direction: Direction) -> Option<&mut T> {
        self.open.get_mut(direction).as_mut().map(|open| &mut open.name)
    }

    /// Ends the opening of a direction.
    pub(super) fn end(&mut self, direction: Direction) -> Option<T> {
        self.open.get_mut(direction).take().map(|open| open.name)
    }

    pub(super) fn count(&self) -> usize {
        Direction::BOTH
            .into_iter()
            .filter(|direction| self.get(*direction).is_some())
            .count()
    }

    /// Somebody has passed; `free` says whether this direction needs no opening.
    pub(super) fn walk(&mut self, direction: Direction, free: bool) -> Walk<T> {
        match self.end(direction) {
            Some(name) => Walk::Passed(Some(name)),
            None if free => Walk::Passed(None),
            None => Walk::WrongWay(self.end(direction.opposite())),
        }
    }

    /// Ends one opening whose time is over.
    pub(super) fn expire(&mut self, now: Duration) -> Option<(Direction, T)> {
        let is_over = |direction: &Direction| {
            self.open
                .get(*direction)
                .as_ref()
                .is_some_and(|open| open.expires <= now)
        };
        let direction = Direction::BOTH.into_iter().find(is_over)?;
        self.end(direction).map(|name| (direction, name))
    }

    pub(super) fn next_expiry(&self) -> Option<Duration> {
        [&self.open.a, &self.open.b]
            .into_iter()
            .flatten()
            .map(|open| open.expires)
            .min()
    }
}
