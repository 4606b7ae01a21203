//! The demo's stage: a simulated studio on a free loopback port, the gateway with one simulated lane in a temporary
//! folder, people who walk through it, and everything that happens there as one stream of events.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, anyhow};
use firmware_protocol::{Card, Reading, Text, Uid};
use hal::simulated::{SimulatedInput, SimulatedReader, Switched};
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::runtime::{Notice, TaskEnded};
use crate::simulator::{ACCESS_BENEFIT, SimulatedMember, Simulator, SimulatorSettings, Visit, members};
use crate::wiring;

/// Members of the demo's studio.
const MEMBERS: u32 = 200;
const SEED: u64 = 1;

/// How often the studio is looked at for visits that have arrived.
const LOOK: Duration = Duration::from_millis(20);

/// How long a person takes from the open lane to the passage sensor.
const WALK: Duration = Duration::from_secs(1);

/// Something that can be seen.
pub(super) enum Event {
    /// The gateway's own word.
    Gateway(Notice),
    /// The relay's.
    Relay(Switched),
    /// The studio's: a visit has arrived there.
    Arrived(Visit),
}

pub(super) struct Stage {
    pub(super) simulator: Arc<Simulator>,
    reader: SimulatedReader,
    /// Whether the next person who is let in turns back.
    stays: Arc<AtomicBool>,
    events: mpsc::Receiver<Event>,
    stop: oneshot::Sender<()>,
    gateway: JoinHandle<Result<(), TaskEnded>>,
    /// Removed with the stage.
    _folder: tempfile::TempDir,
}

impl Stage {
    pub(super) async fn set() -> anyhow::Result<Self> {
        let simulator = Simulator::start(SimulatorSettings {
            members: MEMBERS,
            seed: SEED,
            ..SimulatorSettings::default()
        })
        .await
        .context("cannot start the simulated studio")?;
        let simulator = Arc::new(simulator);
        let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
        let settings = settings(folder.path(), &simulator.url())?;
        let mut gateway = wiring::start(&settings).await?;
        let mut reader = gateway
            .simulated
            .readers
            .remove("reader")
            .context("the demo has no reader")?;
        let relay = gateway
            .simulated
            .relays
            .remove("relay")
            .context("the demo has no relay")?;
        let sensor = gateway
            .simulated
            .inputs
            .remove("sensor")
            .context("the demo has no passage sensor")?;
        let stays = Arc::new(AtomicBool::new(false));
        tokio::spawn(walk_through(
            gateway.notices.subscribe(),
            sensor,
            Arc::clone(&stays),
        ));
        let (sender, events) = mpsc::channel(256);
        forward(gateway.notices.subscribe(), sender.clone(), Event::Gateway);
        forward(relay.changes(), sender.clone(), Event::Relay);
        tokio::spawn(watch_studio(Arc::clone(&simulator), sender));
        let (stop, stopped) = oneshot::channel();
        let working = gateway.work_until(async move {
            // The relay stays plugged in as long as its control handle lives.
            let _relay = relay;
            let _ = stopped.await;
        });
        let gateway = tokio::spawn(working);
        reader.plug_in().await;
        Ok(Self {
            simulator,
            reader,
            stays,
            events,
            stop,
            gateway,
            _folder: folder,
        })
    }

    /// Ends the gateway.
    pub(super) async fn strike(self) {
        let _ = self.stop.send(());
        let _ = self.gateway.await;
    }

    /// Holds a card to the reader.
    pub(super) fn present(&mut self, uid: &[u8]) -> anyhow::Result<()> {
        let uid = Uid::new(uid).map_err(|reject| anyhow!("{reject}"))?;
        self.reader.read(Reading::Card(Card::from_uid(uid)));
        Ok(())
    }

    /// Holds a QR code or barcode to the reader.
    pub(super) fn scan(&mut self, text: &str) -> anyhow::Result<()> {
        let text = Text::new(text.as_bytes()).map_err(|reject| anyhow!("{reject}"))?;
        self.reader.read(Reading::Text(text));
        Ok(())
    }

    /// The next person who is let in turns back.
    pub(super) fn next_one_stays(&self) {
        self.stays.store(true, Ordering::Relaxed);
    }

    /// The next event, waiting for it at most so long.
    pub(super) async fn event(&mut self, limit: Duration) -> Option<Event> {
        timeout(limit, self.events.recv()).await.ok().flatten()
    }

    pub(super) fn members(&self) -> impl Iterator<Item = SimulatedMember> + use<> {
        members(SEED, MEMBERS)
    }
}

fn settings(folder: &Path, studio: &str) -> anyhow::Result<config::Settings> {
    let key = folder.join("api-key");
    std::fs::write(&key, SimulatorSettings::default().api_key).context("cannot write the demo's key")?;
    let text = format!(
        "[gateway]
device = \"demo\"
data_dir = {data:?}
[studio]
base_url = \"{studio}\"
time_zone = \"{zone}\"
api_key = {{ file = {key:?} }}
[decisions]
repeat_window = \"500ms\"
[[reader]]
name = \"reader\"
kind = \"simulated\"
[[relay]]
name = \"relay\"
kind = \"simulated\"
[[input]]
name = \"sensor\"
kind = \"simulated\"
[[lane]]
name = \"main\"
[lane.entry]
reader = \"reader\"
relay = \"relay\"
pulse = \"400ms\"
passage_time = \"3s\"
passage_sensor = \"sensor\"
check_in = \"on-passage\"
required_benefits = {{ all = [\"{ACCESS_BENEFIT}\"] }}
",
        data = folder.join("data"),
        zone = jiff::tz::TimeZone::system().iana_name().unwrap_or("UTC"),
    );
    config::parse(&text, Path::new("demo.toml")).map_err(|problems| anyhow!("{}", problems.render(false)))
}

fn forward<T: Clone + Send + 'static>(
    mut from: broadcast::Receiver<T>,
    to: mpsc::Sender<Event>,
    event: impl Fn(T) -> Event + Send + 'static,
) {
    tokio::spawn(async move {
        loop {
            match from.recv().await {
                Ok(value) => {
                    if to.send(event(value)).await.is_err() {
                        return;
                    }
                }
                Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => return,
            }
        }
    });
}

/// Whoever is let in walks through, one after the other.
async fn walk_through(
    mut notices: broadcast::Receiver<Notice>,
    mut sensor: SimulatedInput,
    stays: Arc<AtomicBool>,
) {
    sensor.plug_in().await;
    loop {
        match notices.recv().await {
            Ok(Notice::Decided {
                opened: Some(Ok(_)), ..
            }) if !stays.swap(false, Ordering::Relaxed) => {
                sleep(WALK).await;
                sensor.set(true).await;
                sensor.set(false).await;
            }
            Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
            Err(broadcast::error::RecvError::Closed) => return,
        }
    }
}

async fn watch_studio(simulator: Arc<Simulator>, to: mpsc::Sender<Event>) {
    let mut seen = 0;
    loop {
        for visit in simulator.check_ins().into_iter().skip(seen) {
            seen += 1;
            if to.send(Event::Arrived(visit)).await.is_err() {
                return;
            }
        }
        sleep(LOOK).await;
    }
}
