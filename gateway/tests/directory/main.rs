//! Member records in memory, on disk and from the studio: over real HTTP with a simulated studio, on real files.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests stop at the first surprise"
)]

mod roster;
mod tiers;

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use turnstile_gateway::budget::Budget;
use turnstile_gateway::directory::{Directory, DirectorySettings, Store};
use turnstile_gateway::domain::{Answer, CardNumber, Credential, MemberRecord, Recollection};
use turnstile_gateway::simulator::{Faults, SimulatedMember, Simulator, SimulatorSettings, Story, members};
use turnstile_gateway::studio::{ApiKey, StudioClient, StudioSettings};

/// As long as a busy machine may take for anything.
const LIMIT: Duration = Duration::from_secs(60);

/// A simulated studio, and a folder for what the gateway keeps.
struct Rig {
    simulator: Simulator,
    members: u32,
    folder: TempDir,
    budget: Budget,
}

impl Rig {
    async fn start(members: u32) -> Self {
        // Another test of this process may have installed it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let settings = SimulatorSettings {
            members,
            ..SimulatorSettings::default()
        };
        Self {
            simulator: Simulator::start(settings).await.unwrap(),
            members,
            folder: tempfile::tempdir().unwrap(),
            budget: Budget::new(60_000),
        }
    }

    /// A directory over this folder. Settings leave all that is fetched in advance switched off.
    fn directory(&self) -> Directory {
        self.directory_with(quiet())
    }

    fn directory_with(&self, settings: DirectorySettings) -> Directory {
        let store = Store::open(self.folder.path());
        Directory::new(store, self.studio(), self.budget.clone(), settings)
    }

    /// The front desk's own way to the studio.
    fn studio(&self) -> StudioClient {
        let url = self.simulator.url().parse().unwrap();
        StudioClient::new(StudioSettings::new(url, ApiKey::new("simulator", "a test"))).unwrap()
    }

    fn who(&self, story: Story) -> impl Iterator<Item = SimulatedMember> + use<> {
        members(1, self.members).filter(move |member| member.story == story)
    }

    fn requests(&self, operation: &str) -> u64 {
        self.simulator.requests(operation)
    }

    /// These faults, by operation.
    fn faults(&self, faults: Value) {
        let faults = serde_json::from_value(faults).unwrap();
        self.simulator.set_faults(Faults::new(faults).unwrap());
    }

    fn studio_is_down(&self) {
        self.faults(json!({"*": {"down": true}}));
    }

    fn studio_is_well(&self) {
        self.faults(json!({}));
    }
}

/// Nothing in advance.
fn quiet() -> DirectorySettings {
    DirectorySettings {
        roster: false,
        access_codes: false,
        look_ahead: Duration::from_millis(50),
        ..DirectorySettings::default()
    }
}

fn roster() -> DirectorySettings {
    DirectorySettings {
        roster: true,
        ..quiet()
    }
}

fn card(member: &SimulatedMember) -> Credential {
    Credential::Card(CardNumber::from_uid(&member.uid).unwrap())
}

fn benefits(keys: &[&str]) -> BTreeSet<String> {
    keys.iter().map(|key| (*key).to_owned()).collect()
}

/// What memory and disk hold.
async fn recall(directory: &Directory, credential: &Credential) -> Recollection {
    match directory.memory(credential).await {
        Recollection::Nothing => directory.disk(credential).await,
        held => held,
    }
}

async fn recalled(directory: &Directory, credential: &Credential) -> Option<Arc<MemberRecord>> {
    match recall(directory, credential).await {
        Recollection::Member(record) => Some(record),
        Recollection::Unknown { .. } | Recollection::Nothing => None,
    }
}

async fn known(directory: &Directory, credential: &Credential, keys: &[&str]) -> Arc<MemberRecord> {
    match directory.ask(credential, &benefits(keys)).await {
        Answer::Known(record) => record,
        other => panic!("{other:?}"),
    }
}

/// Looks at `probe` until it gives something.
async fn wait_for<T, F: Future<Output = Option<T>>>(what: &str, mut probe: impl FnMut() -> F) -> T {
    let end = hal::clock::monotonic() + LIMIT;
    loop {
        if let Some(found) = probe().await {
            return found;
        }
        assert!(hal::clock::monotonic() < end, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Waits until the disk tier has a record of this credential's holder that satisfies `wanted`.
async fn wait_for_disk(
    rig: &Rig,
    credential: &Credential,
    wanted: impl Fn(&MemberRecord) -> bool,
) -> Arc<MemberRecord> {
    let wanted = &wanted;
    wait_for("a record on disk", || async move {
        // A directory with an empty memory.
        recalled(&rig.directory(), credential)
            .await
            .filter(|record| wanted(record))
    })
    .await
}
