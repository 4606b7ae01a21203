//! Why a device is away and when to try it again: the same for every kind of device. It opens nothing itself.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

/// The first wait before a device that went away is tried again; it doubles with every failure.
const FIRST_WAIT: Duration = Duration::from_millis(100);

/// The longest wait: whoever plugs a reader in again sees it work within two seconds, and a look at a missing port
/// costs some microseconds.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// Why a device is not connected, in words for the person who stands before it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct DisconnectReason {
    /// The device as the settings name it: a path or a line.
    pub device: Arc<str>,
    /// What is wrong with it.
    pub cause: DisconnectCause,
}

impl fmt::Display for DisconnectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.cause, self.device)
    }
}

/// What is wrong with a device.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DisconnectCause {
    /// The gateway has just started and has not tried yet.
    #[error("not opened yet")]
    NotOpenedYet,
    /// Nothing has this name.
    #[error("no such port: is the device plugged in?")]
    NoSuchPort,
    /// Another program holds it, or another device of the same settings.
    #[error("in use by another program")]
    InUse,
    /// A GPIO line that the kernel or a program has taken.
    #[error("in use by {by}: free the line or take another one")]
    LineInUse {
        /// Who holds it, as the kernel knows it.
        by: String,
    },
    /// The rights are missing.
    #[error("permission denied: add the service user to the group {group}")]
    PermissionDenied {
        /// The group that has the rights: `dialout` for serial ports, `gpio` for GPIO lines, `input` for keyboards.
        group: &'static str,
    },
    /// The machine has no GPIO lines that the backend knows.
    #[error("no GPIO chip: is this a Raspberry Pi?")]
    NoGpioChip,
    /// No GPIO line has this name.
    #[error(
        "no such GPIO line: `gpioinfo` lists them by name, as GPIO17, and by chip and number, as gpiochip0:17"
    )]
    NoSuchLine,
    /// There is a file of this name, but no serial port.
    #[error("not a serial port: check the path in the settings")]
    NotASerialPort,
    /// There is a file of this name, but no keyboard.
    #[error("not a keyboard: check the path in the settings, `/dev/input/by-id` has them by name")]
    NotAKeyboard,
    /// It was connected and is gone.
    #[error("unplugged")]
    Unplugged,
    /// It is there, but takes no more bytes.
    #[error("stuck, it takes no more bytes: unplug it and plug it in again")]
    Stuck,
    /// The port is there, but the device says nothing when it is asked.
    #[error("does not answer: check its power, its cable, and the speed and format in the settings")]
    NotAnswering,
    /// An OSDP reader that has a key answers, but not under the protection of that key.
    #[error(
        "answers, but not over a secure channel with the key in the settings: it has another key or none, \
         or somebody is on its cable"
    )]
    NotSecure,
    /// Anything else that the operating system says.
    #[error("{operation} failed: {message}")]
    Failed {
        /// What was tried: `open`, `read`, `write`, `watch`.
        operation: &'static str,
        /// What the operating system said.
        message: String,
    },
}

impl DisconnectCause {
    /// Whether someone who was told `self` learns nothing from being told `next`: a device that was unplugged
    /// is missing afterwards.
    fn covers(&self, next: &Self) -> bool {
        self == next || (*self == Self::Unplugged && *next == Self::NoSuchPort)
    }
}

/// The back-off of one device, and what was already said of it.
#[derive(Debug)]
pub(crate) struct Reconnect {
    wait: Duration,
    told: Option<DisconnectCause>,
}

impl Reconnect {
    pub(crate) fn new() -> Self {
        Self {
            wait: FIRST_WAIT,
            told: None,
        }
    }

    /// Takes note that the device is connected.
    pub(crate) fn connected(&mut self) {
        self.told = None;
    }

    /// Whether this failure is news: it is told once, not at each try.
    pub(crate) fn is_news(&mut self, reason: &DisconnectReason) -> bool {
        let known = self.told.as_ref().is_some_and(|told| told.covers(&reason.cause));
        if !known {
            self.told = Some(reason.cause.clone());
        }
        !known
    }

    /// How long to wait before the next try, after a connection that was held for `held`. One that did not outlast
    /// the wait before it counts as one more failure, so that a loose plug cannot flood the log.
    pub(crate) fn wait_after(&mut self, held: Duration) -> Duration {
        if held >= self.wait {
            self.wait = FIRST_WAIT;
        }
        let wait = self.wait;
        self.wait = (wait * 2).min(LONGEST_WAIT);
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(cause: DisconnectCause) -> DisconnectReason {
        DisconnectReason {
            device: Arc::from("/dev/ttyUSB0"),
            cause,
        }
    }

    #[test]
    fn the_wait_doubles_up_to_its_limit_and_starts_anew_after_a_connection_that_held() {
        let mut reconnect = Reconnect::new();
        let waits: Vec<u128> = (0..7)
            .map(|_| reconnect.wait_after(Duration::ZERO).as_millis())
            .collect();
        assert_eq!(waits, [100, 200, 400, 800, 1600, 2000, 2000]);
        assert_eq!(reconnect.wait_after(Duration::from_millis(1999)), LONGEST_WAIT);
        assert_eq!(reconnect.wait_after(Duration::from_secs(2)), FIRST_WAIT);
    }

    #[test]
    fn a_failure_is_news_once_until_its_cause_changes_or_it_was_connected() {
        let mut reconnect = Reconnect::new();
        assert!(reconnect.is_news(&reason(DisconnectCause::Unplugged)));
        assert!(!reconnect.is_news(&reason(DisconnectCause::NoSuchPort)));
        assert!(reconnect.is_news(&reason(DisconnectCause::InUse)));
        assert!(!reconnect.is_news(&reason(DisconnectCause::InUse)));
        assert!(reconnect.is_news(&reason(DisconnectCause::NoSuchPort)));
        reconnect.connected();
        assert!(reconnect.is_news(&reason(DisconnectCause::NoSuchPort)));
    }

    #[test]
    fn a_reason_says_what_is_wrong_where_and_what_to_do() {
        assert_eq!(
            reason(DisconnectCause::NoSuchPort).to_string(),
            "no such port: is the device plugged in? (/dev/ttyUSB0)"
        );
    }
}
