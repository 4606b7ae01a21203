//! News from the studio: a notification names a customer, and the studio is asked for that customer. Nothing that a
//! notification says is believed, so that one that is old, repeated or made up can do no harm beyond one request. A
//! gateway that cannot be reached from outside loses nothing but time: the roster comes anyway.

mod connections;
mod inbox;
mod notification;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};
use tracing::{error, info, warn};

use self::inbox::{Inbox, Taken};
use self::notification::changed;
use crate::budget::{Budget, Rank};
use crate::directory::Directory;
use crate::studio::StudioError;

/// The longest notification, in bytes.
const LONGEST: usize = 64 * 1024;

/// How long a notification may take to arrive. The studio wants its answer within five seconds.
const PATIENCE: Duration = Duration::from_secs(4);

/// Pause after the studio could not be asked.
const PAUSE: Duration = Duration::from_secs(10);

/// Takes notifications and refreshes whom they name, until it is dropped. Where it cannot listen the gateway works
/// without it.
pub(crate) async fn serve(listen: SocketAddr, key: &str, directory: Directory, budget: Budget) {
    let door = Arc::new(Door {
        key: Sha256::digest(key).into(),
        refusing: AtomicBool::new(false),
        inbox: Inbox::default(),
        directory: directory.clone(),
    });
    let router = Router::new().fallback(receive).with_state(Arc::clone(&door));
    match TcpListener::bind(listen).await {
        Ok(listener) => {
            info!(%listen, "listening for the studio's webhooks");
            tokio::join!(
                connections::serve(listener, router),
                refresh(&door.inbox, &directory, &budget)
            );
        }
        Err(error) => {
            error!(%listen, %error, "cannot listen for the studio's webhooks: going on without them");
            std::future::pending().await
        }
    }
}

/// Where notifications come in.
struct Door {
    /// The hash of the studio's key: compared in its place, so that not even its length can be timed.
    key: [u8; 32],
    /// Whether the last notification had a wrong key: that is logged once, not at every knock.
    refusing: AtomicBool,
    inbox: Inbox,
    directory: Directory,
}

type Answer = (StatusCode, &'static str);

async fn receive(State(door): State<Arc<Door>>, method: Method, headers: HeaderMap, body: Body) -> Answer {
    if !door.knows(&headers) {
        return (
            StatusCode::UNAUTHORIZED,
            "the x-api-key is not the one agreed on\n",
        );
    }
    if method != Method::POST {
        return (StatusCode::METHOD_NOT_ALLOWED, "notifications are posted\n");
    }
    let body = match timeout(PATIENCE, to_bytes(body, LONGEST)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => {
            return (
                StatusCode::PAYLOAD_TOO_LARGE,
                "this is too long for a notification\n",
            );
        }
        Err(_slow) => return (StatusCode::REQUEST_TIMEOUT, "the notification does not end\n"),
    };
    match changed(&body) {
        Ok(Some(customer)) => {
            if door.inbox.take(Sha256::digest(&body).into(), customer) == Taken::Full {
                warn!("the studio tells of more changes than can be looked up: fetching all member records");
                door.directory.resync();
            }
            (StatusCode::ACCEPTED, "")
        }
        Ok(None) => (StatusCode::OK, ""),
        Err(malformed) => {
            warn!(problem = %malformed, "a webhook of the studio cannot be read");
            (StatusCode::BAD_REQUEST, "this is no notification\n")
        }
    }
}

impl Door {
    fn knows(&self, headers: &HeaderMap) -> bool {
        let given = headers.get("x-api-key").map_or(&[][..], |value| value.as_bytes());
        let known: bool = Sha256::digest(given).ct_eq(&self.key).into();
        if !known && !self.refusing.swap(true, Ordering::Relaxed) {
            warn!("a webhook with a wrong key was refused: is it the key of [studio.webhooks]?");
        } else if known {
            self.refusing.store(false, Ordering::Relaxed);
        }
        known
    }
}

/// One after the other, within the request budget and behind everybody at the lanes.
async fn refresh(inbox: &Inbox, directory: &Directory, budget: &Budget) {
    loop {
        let customer = inbox.next().await;
        budget.take(Rank::Refresh, 1).await;
        let refreshed = directory.refresh_member(customer).await;
        budget.note(&refreshed);
        match refreshed {
            Ok(there) => info!(
                customer = customer.0,
                there, "a customer has changed at the studio"
            ),
            Err(error) if passes(&error) => {
                inbox.again(customer);
                sleep(PAUSE).await;
            }
            Err(error) => warn!(customer = customer.0, %error, "a change at the studio cannot be looked up"),
        }
    }
}

/// Whether it is worth asking again.
fn passes(error: &StudioError) -> bool {
    matches!(
        error,
        StudioError::NotSent { .. }
            | StudioError::Unanswered { .. }
            | StudioError::ServerError { .. }
            | StudioError::Overloaded { .. }
            | StudioError::RateLimited { .. }
    )
}
