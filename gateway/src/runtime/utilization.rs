//! Asks the studio how many people are in it, for zones whose capacity is the studio's.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::sleep;
use tracing::warn;

use super::command::Command;
use crate::budget::{Budget, Rank};
use crate::studio::StudioClient;

/// How often it is asked. People come and go by the minute.
const INTERVAL: Duration = Duration::from_secs(30);

/// Tells the controller what the studio says, for ever. While the studio cannot be asked, its last word stands.
pub async fn watch_utilization(studio: StudioClient, budget: Budget, commands: mpsc::Sender<Command>) {
    let mut failing = false;
    loop {
        budget.take(Rank::Refresh, 1).await;
        let answer = studio.utilization().await;
        budget.note(&answer);
        match answer {
            Ok(utilization) => {
                failing = false;
                let command = Command::Utilization {
                    count: utilization.inside,
                    capacity: utilization.capacity,
                };
                if commands.send(command).await.is_err() {
                    return;
                }
            }
            Err(error) if !failing => {
                failing = true;
                warn!(%error, "the studio does not say how full it is: its last word stands");
            }
            Err(_) => {}
        }
        sleep(INTERVAL).await;
    }
}
