//! From the settings to the running gateway: the only place that turns names of the configuration file into devices
//! and tasks.

mod devices;
mod rules;

pub(crate) use rules::core_settings;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use config::{SecretError, Settings};
use hal::simulated::{SimulatedReader, SimulatedRelay};
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::sync::{broadcast, mpsc};
use tracing::{error, info};

use crate::clock;
use crate::control::{self, Control};
use crate::delivery::{self, Delivery, DeliverySettings};
use crate::directory::{Directory, Store};
use crate::domain::Core;
use crate::journal::{self, Journal, JournalError, JournalSettings};
use crate::runtime::{
    COMMANDS, Controller, Notice, READER_EVENTS, Stop, Stopper, Supervisor, TaskEnded, Watchdog, stop,
};
use crate::studio::{ApiKey, StudioClient, StudioError, StudioSettings};

/// How long the tasks may take to end: the relays are off long before.
const GRACE: Duration = Duration::from_millis(1_200);

/// Check-ins sent in a minute at the most; the studio's own limit is 1,000 per operation.
const REQUESTS_PER_MINUTE: u32 = 600;

/// Notices that a slow observer may lag behind before it loses the oldest.
const NOTICES: usize = 256;

/// Why the gateway cannot start. Nothing that a network or a disk can do is among it.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The API key cannot be read.
    #[error(transparent)]
    ApiKey(#[from] SecretError),
    /// The studio client cannot be built.
    #[error(transparent)]
    Studio(#[from] StudioError),
    /// The folder for what must survive a restart cannot be made.
    #[error("cannot make the data folder {}: {source}. Change data_dir, or let the service user write there", path.display())]
    DataFolder {
        /// The folder.
        path: PathBuf,
        /// What the file system says.
        source: std::io::Error,
    },
    /// The journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// The running gateway.
pub struct Gateway {
    supervisor: Supervisor,
    stopper: Stopper,
    journal: Journal,
    /// The control handles of simulated devices, by their names in the settings.
    pub simulated: Simulated,
    /// What happens at the lanes, for whoever wants to see it.
    pub notices: broadcast::Sender<Notice>,
}

/// Control handles of simulated devices, by name.
#[derive(Debug, Default)]
pub struct Simulated {
    /// Readers.
    pub readers: BTreeMap<String, SimulatedReader>,
    /// Relays.
    pub relays: BTreeMap<String, SimulatedRelay>,
}

/// Starts everything that the settings name.
///
/// # Errors
/// When the gateway cannot start at all.
pub async fn start(settings: &Settings) -> Result<Gateway, StartError> {
    let data = &settings.gateway.data_dir;
    std::fs::create_dir_all(data).map_err(|source| StartError::DataFolder {
        path: data.clone(),
        source,
    })?;
    let studio = StudioClient::new(studio_settings(settings)?)?;
    let (journal, opened) = journal::open(journal_settings(settings))?;
    let directory = Directory::new(Store::open(data), studio.clone());
    let core = Core::new(core_settings(settings, opened.boot));

    let mut supervisor = Supervisor::default();
    let (stopper, stop) = stop();
    let (events, reader_events) = mpsc::channel(READER_EVENTS);
    let (notices, _) = broadcast::channel(NOTICES);
    let mut simulated = Simulated::default();
    let relays = devices::relays(settings, &stop, &mut supervisor, &mut simulated);
    let readers = devices::readers(settings, &stop, &events, &mut supervisor, &mut simulated);
    let (commands, for_controller) = mpsc::channel(COMMANDS);
    let control = Control {
        core: core.settings().clone(),
        started: clock::wall(),
        commands,
        directory: directory.clone(),
        journal: journal.handle(),
        relays: relays.values().cloned().collect(),
        notices: notices.clone(),
    };
    let controller = Controller::new(
        core,
        directory,
        journal.handle(),
        rules::relays_by_access_point(settings, &relays),
        readers,
        notices.clone(),
    );
    let watchdog = Watchdog::start();
    supervisor.spawn(
        "controller",
        controller.run(reader_events, for_controller, stop.clone(), watchdog),
    );
    supervisor.spawn("key check", check_key(studio.clone(), stop.clone()));
    let delivery = Delivery::new(
        journal.handle(),
        studio,
        DeliverySettings {
            per_minute: REQUESTS_PER_MINUTE,
            time_zone: settings.studio.time_zone.clone(),
        },
        StdRng::from_rng(&mut rand::rng()),
        clock::now().monotonic,
    );
    supervisor.spawn_until(&stop, "delivery", delivery.run());
    supervisor.spawn_until(&stop, "backlog", delivery::warn_of_backlog(journal.handle()));
    supervisor.spawn_until(
        &stop,
        "control",
        control::serve(control::socket_path(data), control),
    );
    info!(
        lanes = settings.lanes.len(),
        readers = settings.readers.len(),
        start = opened.boot,
        check_ins_waiting = opened.recovered,
        "ready"
    );
    Ok(Gateway {
        supervisor,
        stopper,
        journal,
        simulated,
        notices,
    })
}

impl Gateway {
    /// Works until `end`, or until a task ends that should not, then stops: relays off, visits on disk.
    ///
    /// # Errors
    /// The task that ended.
    pub async fn work_until(self, end: impl Future<Output = ()>) -> Result<(), TaskEnded> {
        let Self {
            mut supervisor,
            stopper,
            journal,
            ..
        } = self;
        let outcome = tokio::select! {
            () = end => Ok(()),
            ended = supervisor.task_ended() => {
                error!(task = ended.name, panicked = ended.panicked, "a task has ended: stopping, to be started again");
                Err(ended)
            }
        };
        stopper.stop();
        supervisor.finish(GRACE).await;
        // A disk that hangs keeps nobody: what it has not taken by then is in its own log.
        let closed = tokio::task::spawn_blocking(|| journal.close());
        let _ = tokio::time::timeout(GRACE, closed).await;
        outcome
    }
}

/// A wrong key is said at the start, not at the first swipe.
async fn check_key(studio: StudioClient, mut stop: Stop) {
    let checked = tokio::select! {
        checked = studio.check_key() => checked,
        () = stop.requested() => return,
    };
    match checked {
        Ok(()) => info!("the studio accepts the API key"),
        Err(error @ StudioError::Unauthorised { .. }) => error!(%error, "the studio refuses the API key"),
        Err(error) => info!(%error, "the studio could not be asked about the API key"),
    }
    stop.requested().await;
}

fn studio_settings(settings: &Settings) -> Result<StudioSettings, StartError> {
    let studio = &settings.studio;
    let secret = studio.api_key.read()?;
    let key = ApiKey::new(secret.expose(), studio.api_key.to_string());
    Ok(StudioSettings {
        card_number_format: rules::card_number_format(studio.card_number_format),
        check_in_path: studio.check_in_path.clone(),
        timeout: studio.timeout,
        language: studio.language.clone(),
        ..StudioSettings::new(studio.base_url.clone(), key)
    })
}

/// How the journal of these settings is kept.
pub(crate) fn journal_settings(settings: &Settings) -> JournalSettings {
    // Linux names every run of the machine; without that name a restart of the machine is taken for granted.
    let machine_boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    JournalSettings {
        path: settings.gateway.data_dir.join("journal.db"),
        device: settings.gateway.device.clone(),
        machine_boot: machine_boot.trim().to_owned(),
        most_visits: 100_000,
        keep_delivered: Duration::from_secs(30 * 24 * 3600),
    }
}

type ReaderName = Arc<str>;
