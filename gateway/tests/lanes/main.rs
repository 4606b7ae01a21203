//! Lanes of simulated devices in one process with a simulated studio: everything at a lane that no process outside can
//! play, such as sensors, buttons, contacts, lamps and displays without a wire.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests stop at the first surprise"
)]

mod boards;
mod contacts;
mod passages;
mod signals;

use std::future::Future;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use firmware_protocol::{Card, Reading, Uid};
use hal::simulated::{SimulatedInput, SimulatedReader, Switched};
use tokio::sync::{broadcast, oneshot};
use tokio::time::{sleep, timeout};
use tracing::subscriber::DefaultGuard;
use turnstile_gateway::domain::Outcome;
use turnstile_gateway::runtime::Notice;
use turnstile_gateway::simulator::{SimulatedMember, Simulator, SimulatorSettings, Story, members};
use turnstile_gateway::wiring::{self, Simulated};

/// As long as a busy machine may take for anything.
const LIMIT: Duration = Duration::from_secs(30);

const MEMBERS: u32 = 200;

/// A gym with one lane.
struct Gym {
    studio: Simulator,
    reader: SimulatedReader,
    relay: broadcast::Receiver<Switched>,
    devices: Simulated,
    notices: broadcast::Receiver<Notice>,
    log: Log,
    _logging: DefaultGuard,
    /// Dropping it ends the gateway.
    _stop: oneshot::Sender<()>,
    _folder: tempfile::TempDir,
}

/// What the gateway logs.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    async fn waits_for(&self, text: &str) {
        let found = async {
            while !self.text().contains(text) {
                sleep(Duration::from_millis(5)).await;
            }
        };
        let waited = timeout(LIMIT, found).await;
        assert!(waited.is_ok(), "{text:?} is missing in\n{}", self.text());
    }
}

impl Gym {
    /// With these lines in its `[lane.entry]` table and `tables` behind it.
    async fn open(entry: &str, tables: &str) -> Self {
        Self::open_with(entry, tables, None).await
    }

    /// In a studio that takes so many people.
    async fn open_with(entry: &str, tables: &str, capacity: Option<u32>) -> Self {
        // Another test of this process may have installed it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        let logging = tracing::subscriber::set_default(subscriber);
        let studio = Simulator::start(SimulatorSettings {
            members: MEMBERS,
            capacity,
            ..SimulatorSettings::default()
        })
        .await
        .unwrap();
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(folder.path(), &studio.url(), entry, tables);
        let mut gateway = wiring::start(&settings).await.unwrap();
        let mut devices = std::mem::take(&mut gateway.simulated);
        let notices = gateway.notices.subscribe();
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(gateway.work_until(async {
            let _ = stopped.await;
        }));
        let mut reader = devices.readers.remove("reader").unwrap();
        reader.plug_in().await;
        for input in devices.inputs.values_mut() {
            input.plug_in().await;
        }
        let relay = devices.relays["relay"].changes();
        log.waits_for("the roster is complete").await;
        Self {
            studio,
            reader,
            relay,
            devices,
            notices,
            log,
            _logging: logging,
            _stop: stop,
            _folder: folder,
        }
    }

    fn presents(&mut self, member: &SimulatedMember) {
        let uid = Uid::new(&member.uid).unwrap();
        self.reader.read(Reading::Card(Card::from_uid(uid)));
    }

    fn input(&mut self, name: &str) -> &mut SimulatedInput {
        self.devices.inputs.get_mut(name).unwrap()
    }

    /// The input is active for a moment.
    async fn touches(&mut self, name: &str) {
        self.input(name).set(true).await;
        self.input(name).set(false).await;
    }

    /// The relay's next change is this.
    async fn relay_is(&mut self, on: bool) -> Duration {
        let switched = soon(self.relay.recv()).await.unwrap();
        assert_eq!(switched.on, on);
        switched.at
    }

    async fn next(&mut self) -> Notice {
        soon(self.notices.recv()).await.unwrap()
    }

    /// What was decided next.
    async fn decides(&mut self) -> Outcome {
        match self.next().await {
            Notice::Decided { decision, .. } => decision.outcome,
            other => panic!("{other:?}"),
        }
    }

    /// Nothing happens for so long.
    async fn is_quiet_for(&mut self, span: Duration) {
        if let Ok(notice) = timeout(span, self.notices.recv()).await {
            panic!("{notice:?}");
        }
    }

    async fn waits_for_visits(&self, customers: &[i64]) {
        soon(async {
            while self.studio.check_ins().len() < customers.len() {
                sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
        let came: Vec<i64> = self
            .studio
            .check_ins()
            .iter()
            .map(|visit| visit.customer_id)
            .collect();
        assert_eq!(came, customers);
    }
}

fn who(story: Story) -> impl Iterator<Item = SimulatedMember> {
    members(1, MEMBERS).filter(move |member| member.story == story)
}

async fn soon<T>(what: impl Future<Output = T>) -> T {
    timeout(LIMIT, what).await.expect("waited in vain")
}

fn settings(folder: &Path, studio: &str, entry: &str, tables: &str) -> config::Settings {
    let key = folder.join("api-key");
    std::fs::write(&key, SimulatorSettings::default().api_key).unwrap();
    let text = format!(
        "[gateway]
data_dir = {data:?}
clock = \"trusted\"
[studio]
base_url = \"{studio}\"
time_zone = \"Europe/Berlin\"
api_key = {{ file = {key:?} }}
[decisions]
repeat_window = \"200ms\"
[[reader]]
name = \"reader\"
kind = \"simulated\"
[[relay]]
name = \"relay\"
kind = \"simulated\"
[[lane]]
name = \"main\"
fire_contact = \"fire\"
{lane}[lane.entry]
reader = \"reader\"
relay = \"relay\"
pulse = \"200ms\"
passage_time = \"1s\"
{entry}
[[input]]
name = \"fire\"
kind = \"simulated\"
{tables}
",
        data = folder.join("data"),
        lane = if tables.contains("[[zone]]") {
            "zone = \"gym\"\n"
        } else {
            ""
        },
    );
    config::parse(&text, Path::new("lane.toml"))
        .unwrap_or_else(|problems| panic!("{}", problems.render(false)))
}
