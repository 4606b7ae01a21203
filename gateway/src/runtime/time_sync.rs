//! Finds out when the wall clock can be believed, by asking systemd until it says so. It sets no clock. Where nobody
//! can be asked, the clock is believed once it shows a time that can be.

use std::future::Future;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::oneshot;
use tracing::{error, info, warn};

use crate::clock;

/// Exists from the moment at which systemd-timesyncd has set the clock (`systemd-timesyncd.service(8)`).
const SYNCHRONISED: &str = "/run/systemd/timesync/synchronized";

/// 2026-01-01: this program is not older, so no clock that shows an earlier time has been set.
const REFERENCE: Timestamp = Timestamp::constant(1_767_225_600, 0);

const POLL: Duration = Duration::from_secs(5);
const ALARM: Duration = Duration::from_secs(3600);

/// What systemd says of the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Synchronised,
    NotSynchronised,
    /// There is nobody to ask, as in a container.
    Nothing,
}

/// Doubts the wall clock from now on, and gives the task that finds out when it is set. `newest_record` is the latest
/// time that was ever noted: an earlier one is not now. Never ends.
pub fn time_sync(newest_record: Option<Timestamp>) -> impl Future<Output = ()> + Send {
    clock::believe_wall(Path::new(SYNCHRONISED).exists());
    async move {
        if !clock::now().wall_set {
            wait(newest_record).await;
        }
        clock::believe_wall(true);
        std::future::pending().await
    }
}

async fn wait(newest_record: Option<Timestamp>) {
    let begun = clock::now().monotonic;
    let (mut said, mut alarms) = (false, 0);
    while !is_set(ask().await, clock::wall(), newest_record) {
        if !std::mem::replace(&mut said, true) {
            warn!(
                wall = %clock::wall(),
                "the clock is not set yet: visits wait and get their true time once it is, ages of records are not judged"
            );
        }
        let waited = clock::now().monotonic.since(begun);
        if waited >= ALARM * (alarms + 1) {
            alarms += 1;
            error!(
                hours = alarms,
                "the clock is still not set, and visits are not delivered: switch time synchronisation on \
                 (timedatectl set-ntp true) and let this machine reach a time server, or set clock = \"trusted\" if it \
                 has a battery clock"
            );
        }
        tokio::time::sleep(POLL).await;
    }
    if said {
        let seconds = clock::now().monotonic.since(begun).as_secs();
        info!(wall = %clock::wall(), seconds, "the clock is set");
    }
}

fn is_set(told: Told, wall: Timestamp, newest_record: Option<Timestamp>) -> bool {
    match told {
        Told::Synchronised => true,
        Told::NotSynchronised => false,
        Told::Nothing => wall >= newest_record.unwrap_or(REFERENCE).max(REFERENCE),
    }
}

/// In a thread of its own: a system bus that hangs holds up neither the tasks nor the end of the process.
async fn ask() -> Told {
    let (answer, told) = oneshot::channel();
    let asking = std::thread::Builder::new()
        .name("time sync".to_owned())
        .spawn(move || {
            let output = Command::new("timedatectl")
                .args(["show", "-p", "NTP", "-p", "NTPSynchronized"])
                .output();
            let text = output
                .ok()
                .filter(|output| output.status.success())
                .map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
            // Nobody waits any more when the program ends.
            let _ = answer.send(read(text.as_deref()));
        });
    match asking {
        Ok(_) => told.await.unwrap_or(Told::Nothing),
        Err(_) => Told::Nothing,
    }
}

/// Reads the properties that `timedatectl show` prints, one a line.
fn read(text: Option<&str>) -> Told {
    let lines = || text.unwrap_or_default().lines();
    if lines().any(|line| line == "NTPSynchronized=yes") || Path::new(SYNCHRONISED).exists() {
        Told::Synchronised
    } else if lines().any(|line| line == "NTPSynchronized=no") {
        Told::NotSynchronised
    } else {
        Told::Nothing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systemd_is_believed_and_silence_is_not_an_answer() {
        assert_eq!(read(Some("NTP=yes\nNTPSynchronized=yes\n")), Told::Synchronised);
        // Another time service than systemd's own.
        assert_eq!(read(Some("NTP=no\nNTPSynchronized=yes\n")), Told::Synchronised);
        assert_eq!(read(Some("NTP=yes\nNTPSynchronized=no\n")), Told::NotSynchronised);
        assert_eq!(read(Some("")), Told::Nothing);
        assert_eq!(read(None), Told::Nothing);
    }

    #[test]
    fn without_systemd_a_time_before_this_program_or_before_the_last_visit_is_not_now() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let set = |wall: &str, newest: Option<&str>| is_set(Told::Nothing, at(wall), newest.map(at));
        assert!(!set("1970-01-01T00:00:40Z", None));
        assert!(set("2026-03-01T10:00:00Z", None));
        assert!(!set("2026-03-01T10:00:00Z", Some("2026-03-01T10:00:01Z")));
        assert!(!set("2025-12-01T00:00:00Z", Some("1970-01-01T00:00:40Z")));
    }

    #[test]
    fn a_synchronised_clock_is_believed_whatever_was_noted_before() {
        let early = Timestamp::from_second(40).unwrap();
        assert!(is_set(Told::Synchronised, early, Some(REFERENCE)));
        assert!(!is_set(Told::NotSynchronised, REFERENCE, None));
    }
}
