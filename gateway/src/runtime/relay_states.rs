//! Whether the relay of a side can be switched: while it cannot, the side is out of service and says so, instead of
//! sending people against a shut lane.

use std::future::pending;

use hal::relay::Relay;
use tokio::sync::mpsc;

use crate::domain::AccessPointId;

/// A side's relay has come or gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RelayEvent {
    /// The side.
    pub access_point: AccessPointId,
    /// Whether it can be switched now.
    pub working: bool,
}

/// Tells whether the relay works, as soon as that is known and whenever it changes.
pub async fn watch_relay(mut relay: Relay, access_point: AccessPointId, events: mpsc::Sender<RelayEvent>) {
    let mut worked = None;
    while relay.changed().await {
        let working = relay.trouble().is_none();
        if worked.replace(working) == Some(working) {
            // It is away for another reason now.
            continue;
        }
        let event = RelayEvent {
            access_point,
            working,
        };
        if events.send(event).await.is_err() {
            break;
        }
    }
    // The gateway is stopping.
    pending().await
}
