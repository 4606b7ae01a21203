//! Whether the relay of a side can be switched: while it cannot, the side is out of service and says so, instead of
//! sending people against a shut lane.

use std::future::pending;

use hal::relay::Relay;
use tokio::sync::mpsc;
use tracing::{error, info};

use super::controller::Controller;
use crate::domain::{AccessPoint, AccessPointId};

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

impl Controller {
    pub(super) fn relay_event(&mut self, event: RelayEvent) {
        let side = self.core.settings().access_points.get(event.access_point.0);
        if let Some(AccessPoint { lane, direction, .. }) = side {
            let direction = direction.to_string();
            if event.working {
                info!(lane, direction, "the lane works: its relay can be switched");
            } else {
                error!(lane, direction, "the lane is out of service: its relay is away");
            }
        }
        self.service(event.access_point, event.working);
    }
}
