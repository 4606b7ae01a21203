//! A studio to try the gateway against and to test it with: an HTTP server that answers the studio API as the
//! vendor's description says, for invented members with known stories, and that fails on demand.
//!
//! It is not a mock of the gateway's client and shares no code with it, and it keeps nothing when it ends.

mod access;
mod card;
mod check_ins;
mod connection;
mod control;
mod customer;
mod customers;
mod device;
mod error;
mod exchange;
mod faults;
mod files;
mod media;
mod members;
mod records;
mod server;
mod sign_up;
mod studio;
mod welcome;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub use card::CardNumberFormat;
pub use faults::{EVERY_OPERATION, Fault, Faults, FaultsError, OPERATIONS};
pub use members::{
    ACCESS_BENEFIT, FIRST_ID, SAUNA_BENEFIT, SimulatedMember, Story, VISIT_PASS_BENEFIT, members,
};
pub use records::{Via, Visit};

use connection::{CuttableListener, Switch};
use customer::{AccessCode, Restriction, Status};
use studio::Studio;

/// How a simulated studio is set up.
#[derive(Clone)]
pub struct SimulatorSettings {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// How many members the studio has.
    pub members: u32,
    /// Who they are, and how faults are drawn.
    pub seed: u64,
    /// The `x-api-key` that requests must carry.
    pub api_key: String,
    /// The studio's name.
    pub studio_name: String,
    /// The studio's id.
    pub studio_id: i64,
    /// How many may be inside; none means any number.
    pub capacity: Option<u32>,
    /// The studio's time zone: where its days begin.
    pub zone: TimeZone,
}

impl Default for SimulatorSettings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            members: 1000,
            seed: 1,
            api_key: "simulator".to_owned(),
            studio_name: "Simulated studio".to_owned(),
            studio_id: 100,
            capacity: None,
            zone: TimeZone::system(),
        }
    }
}

/// Runs a simulated studio until `until` is ready. Prints its address and how to use it on standard output.
///
/// # Errors
/// When the address cannot be bound.
pub async fn run(settings: SimulatorSettings, until: impl Future<Output = ()>) -> io::Result<()> {
    let simulator = Simulator::start(settings).await?;
    welcome::print(simulator.addr(), &simulator.studio.settings);
    until.await;
    simulator.stop().await;
    Ok(())
}

/// A simulated studio that runs beside the caller. It ends when it is stopped or dropped.
pub struct Simulator {
    addr: SocketAddr,
    studio: Arc<Studio>,
    server: Option<(oneshot::Sender<()>, JoinHandle<io::Result<()>>)>,
}

impl Simulator {
    /// Binds the address and begins to answer.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn start(settings: SimulatorSettings) -> io::Result<Self> {
        let listener = TcpListener::bind(settings.listen).await?;
        let addr = listener.local_addr()?;
        let studio = Arc::new(Studio::new(settings));
        let service = server::router(&studio).into_make_service_with_connect_info::<Switch>();
        let (stop, stopped) = oneshot::channel();
        let serve = axum::serve(CuttableListener(listener), service).with_graceful_shutdown(async {
            // The simulator that was dropped is a simulator that was stopped.
            let _ = stopped.await;
        });
        let server = Some((stop, tokio::spawn(serve.into_future())));
        Ok(Self { addr, studio, server })
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The base URL of its API.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// The visits it has been told of, in order of arrival.
    #[must_use]
    pub fn check_ins(&self) -> Vec<Visit> {
        self.studio.records().visits().to_vec()
    }

    /// How often an operation (one of [`OPERATIONS`]) was asked for.
    #[must_use]
    pub fn requests(&self, operation: &str) -> u64 {
        self.studio.requests().get(operation).copied().unwrap_or_default()
    }

    /// Lets these go wrong from now on, and nothing else.
    pub fn set_faults(&self, faults: Faults) {
        self.studio.faults.set(faults);
    }

    /// Blocks a member until it is lifted, in the place of all restrictions before; with `None` lifts all.
    ///
    /// Whether there is such a member.
    pub fn set_restriction(&self, id: i64, reason: Option<&str>) -> bool {
        let restriction = |reason: &str| Restriction {
            reason: reason.to_owned(),
            days: None,
            by_integration: false,
        };
        let restrictions = reason.into_iter().map(restriction).collect();
        self.studio.restrict(id, restrictions).is_ok()
    }

    /// Ends a member's contract: from then on the list of members is without them.
    ///
    /// Whether there is such a member.
    pub fn end_contract(&self, id: i64) -> bool {
        let ended = self.studio.change(id, |customer| {
            customer.status = Status::FormerMember;
            Ok(())
        });
        ended.is_ok()
    }

    /// Gives a member's app another access code.
    ///
    /// Whether there is such a member.
    pub fn set_access_code(&self, id: i64, content: &str, expires_at: Timestamp) -> bool {
        let changed = self.studio.change(id, |customer| {
            customer.access_code = AccessCode {
                content: content.to_owned(),
                expires_at,
            };
            Ok(())
        });
        changed.is_ok()
    }

    /// Finishes the requests under way, those that hang as well, and ends.
    pub async fn stop(mut self) {
        self.studio.faults.set(Faults::default());
        if let Some((stop, server)) = self.server.take() {
            drop(stop);
            // A server that has ended by itself has nothing more to say here.
            let _ = server.await;
        }
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.studio.faults.set(Faults::default());
    }
}
