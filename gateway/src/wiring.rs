//! From the settings to the running gateway: the only place that turns names of the configuration file into devices
//! and tasks.

mod frames;
mod gpio;
mod inputs;
mod openers;
mod osdp;
mod readers;
mod rules;
mod services;
mod signals;

pub(crate) use rules::core_settings;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use config::{SecretError, Settings};
use firmware_protocol::wiegand::layout::LayoutError;
use hal::simulated::{
    SimulatedBoard, SimulatedDisplay, SimulatedIndicator, SimulatedInput, SimulatedReader, SimulatedRelay,
};
use tokio::sync::{broadcast, mpsc};
use tracing::{error, info};

use crate::budget::Budget;
use crate::clock;
use crate::control::{self, Control};
use crate::delivery;
use crate::directory::{Directory, Store};
use crate::domain::Core;
use crate::journal::{self, Journal, JournalError};
use crate::runtime::{
    COMMANDS, Controller, DeviceEvents, Devices, LANE_EVENTS, Notice, READER_EVENTS, Side, Stop, Stopper,
    Supervisor, TaskEnded, Watchdog, stop, time_sync, watch_utilization,
};
use crate::staff::{Staff, StaffKey};
use crate::studio::{StudioClient, StudioError};

#[cfg(feature = "osdp")]
pub(crate) use osdp::described as osdp_reader;
pub(crate) use services::{journal_settings, studio_settings};

/// How long the tasks may take to end: the relays are off long before.
const GRACE: Duration = Duration::from_millis(1_200);

/// Notices that a slow observer may lag behind before it loses the oldest.
const NOTICES: usize = 256;

/// Why the gateway cannot start. Nothing that a network or a disk can do is among it.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A key or token cannot be read.
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
    /// The certificates that are trusted besides the system's cannot be read.
    #[error("cannot read the certificates {}: {source}. Change extra_roots", path.display())]
    ExtraRoots {
        /// The file.
        path: PathBuf,
        /// What the file system says.
        source: std::io::Error,
    },
    /// The journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A layout of one's own does not fit together.
    #[error("reader {reader}: the layout of its frames does not work: {error}")]
    Layout {
        /// The reader.
        reader: String,
        /// What is wrong with it.
        error: LayoutError,
    },
    /// The key of an OSDP reader cannot be used.
    #[error("reader {reader}: {error}")]
    OsdpKey {
        /// The reader.
        reader: String,
        /// What is wrong with it. Never shows it.
        error: Box<dyn std::error::Error + Send + Sync>,
    },
    /// An OSDP reader, for a gateway that was built without OSDP.
    #[error(
        "reader {reader}: this gateway was built without OSDP. Install one that has it \
         (`cargo build --features osdp`), or connect the reader by Wiegand"
    )]
    NotBuiltIn {
        /// The reader.
        reader: String,
    },
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
    /// Boards.
    pub boards: BTreeMap<String, SimulatedBoard>,
    /// Inputs.
    pub inputs: BTreeMap<String, SimulatedInput>,
    /// Indicators.
    pub indicators: BTreeMap<String, SimulatedIndicator>,
    /// Displays.
    pub displays: BTreeMap<String, SimulatedDisplay>,
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
    let studio = StudioClient::new(services::studio_settings(settings)?)?;
    let (journal, opened) = journal::open(journal_settings(settings))?;
    let budget = Budget::new(settings.studio.requests_per_minute);
    let directory = Directory::new(
        Store::open(data),
        studio.clone(),
        budget.clone(),
        services::directory_settings(settings),
    );

    let mut supervisor = Supervisor::default();
    let (stopper, stop) = stop();
    let (reads, reader_events) = mpsc::channel(READER_EVENTS);
    let (board_events, boards_said) = mpsc::channel(LANE_EVENTS);
    let (input_events, inputs_said) = mpsc::channel(LANE_EVENTS);
    let mut simulated = Simulated::default();
    let relays = openers::relays(settings, &stop, &mut supervisor, &mut simulated);
    let boards = openers::boards(
        settings,
        &stop,
        &board_events,
        &reads,
        &mut supervisor,
        &mut simulated,
    )?;
    let openers = openers::by_side(settings, &relays, &boards);
    let relay_events = openers::watch(&openers, &stop, &mut supervisor);
    let mut lights = osdp::Lights::default();
    let signals = signals::start(
        settings,
        &openers,
        &stop,
        &mut supervisor,
        &mut lights,
        &mut simulated,
    );
    let devices = Devices {
        sides: openers
            .into_iter()
            .zip(signals)
            .map(|(opener, signals)| Side { opener, signals })
            .collect(),
        readers: readers::start(
            settings,
            &stop,
            &reads,
            &mut supervisor,
            &mut lights,
            &mut simulated,
        )?,
        boards: openers::sides_of_boards(settings),
        inputs: inputs::start(settings, &stop, &input_events, &mut supervisor, &mut simulated),
    };
    let events = DeviceEvents {
        readers: reader_events,
        boards: boards_said,
        inputs: inputs_said,
        relays: relay_events,
    };

    let core = Core::new(core_settings(settings, opened.boot));
    let (notices, _) = broadcast::channel(NOTICES);
    let (commands, for_controller) = mpsc::channel(COMMANDS);
    if settings
        .zones
        .iter()
        .any(|zone| zone.capacity == config::Capacity::Studio)
    {
        let watching = watch_utilization(studio.clone(), budget.clone(), commands.clone());
        supervisor.spawn_until(&stop, "utilization", watching);
    }
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
        directory.clone(),
        journal.handle(),
        devices,
        staff(data, settings),
        notices.clone(),
    );
    let deliverer = services::delivery(settings, journal.handle(), studio.clone(), budget.clone())?;
    let webhooks = services::webhooks(settings, &directory, &budget)?;
    let control = control::serve(control::socket_path(data), control);
    supervisor.spawn(
        "controller",
        controller.run(events, for_controller, stop.clone(), Watchdog::start()),
    );
    supervisor.spawn("key check", check_key(studio, stop.clone()));
    if settings.gateway.clock == config::Clock::Synchronised {
        let newest_visit = journal.handle().visits().iter().map(|visit| visit.at).max();
        supervisor.spawn_until(&stop, "time sync", time_sync(newest_visit));
    }
    supervisor.spawn_until(&stop, "delivery", deliverer.run());
    supervisor.spawn_until(&stop, "backlog", delivery::warn_of_backlog(journal.handle()));
    supervisor.spawn_until(&stop, "control", control);
    if let Some(webhooks) = webhooks {
        supervisor.spawn_until(&stop, "webhooks", webhooks);
    }
    supervisor.spawn_until(&stop, "roster", directory.keep_up());
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

/// Without the key of the hashes nobody's credential is staff's.
fn staff(data: &Path, settings: &Settings) -> Staff {
    let members = settings
        .staff
        .iter()
        .map(|staff| (staff.name.clone(), staff.credential));
    match StaffKey::open(data) {
        Ok(key) => Staff::new(key, members),
        Err(error) => {
            error!(%error, "staff credentials do not work");
            Staff::nobody()
        }
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
