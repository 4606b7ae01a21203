//! What is answered to each request.

use std::io;
use std::time::Duration;

use tokio::sync::{broadcast, oneshot};
use tokio::time::timeout;

use super::check_ins;
use super::happening::happening;
use super::message::{
    Board, CheckInCounts, Lane, Members, Presented, Reader, Relay, Request, Response, Status, Studio,
};
use super::server::{Client, Control};
use super::{LONGEST_WAIT_FOR_READ, PATIENCE};
use crate::clock;
use crate::domain::CustomerId;
use crate::runtime::Command;

impl Control {
    /// Answers one request.
    pub(super) async fn answer(&self, request: Request, client: &mut Client) -> io::Result<()> {
        let answer = match request {
            Request::Status => match self.status().await {
                Some(status) => Response::Status(Box::new(status)),
                None => busy(),
            },
            Request::SetMode { lane, mode } => {
                let name = lane.clone();
                let mode = mode.into();
                match self
                    .command(|answer| Command::SetMode { lane, mode, answer })
                    .await
                {
                    Some(true) => Response::Done,
                    Some(false) => Response::Failed(format!("there is no lane \"{name}\"")),
                    None => busy(),
                }
            }
            Request::Forgive { customer } => {
                let customer = customer.map(CustomerId);
                match self.command(|answer| Command::Forgive { customer, answer }).await {
                    Some(()) => Response::Done,
                    None => busy(),
                }
            }
            Request::Refresh { customer } => {
                match self.directory.refresh_member(CustomerId(customer)).await {
                    Ok(true) => Response::Done,
                    Ok(false) => Response::Failed(format!("the studio has no customer {customer}")),
                    Err(error) => Response::Failed(error.to_string()),
                }
            }
            Request::Resync => {
                self.directory.resync();
                Response::Done
            }
            Request::Explain {
                credential,
                access_point,
                at,
            } => self.explain(credential, access_point, at).await,
            Request::CheckIns(request) => {
                for answer in check_ins::answer(request, &self.journal).await {
                    client.say(&answer).await?;
                }
                return Ok(());
            }
            Request::NextRead { reader, seconds } => self.next_read(reader, seconds).await,
            Request::Watch => return self.watch(client).await,
        };
        client.say(&answer).await
    }

    async fn status(&self) -> Option<Status> {
        let seen = self.command(|answer| Command::Look { answer }).await?;
        let now = clock::now();
        let studio = self.directory.studio_seen();
        let (in_memory, on_disk) = self.directory.counts().await;
        let counts = self.journal.counts();
        let relay = |relay: &hal::relay::Relay| {
            let trouble = relay.trouble();
            Relay {
                name: relay.name().to_owned(),
                connected: trouble.is_none(),
                trouble: trouble.map(|trouble| trouble.to_string()),
            }
        };
        Some(Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            device: self.core.device.clone(),
            started: self.started,
            now: now.wall,
            clock_set: now.wall_set,
            studio: Studio {
                answered: studio.answered,
                silent_since: studio.silent_since,
                failed: studio.failed,
            },
            readers: seen
                .readers
                .into_iter()
                .map(|reader| Reader {
                    name: reader.name,
                    connected: reader.trouble.is_none(),
                    trouble: reader.trouble,
                    reads: reader.reads,
                    rejected: reader.rejected,
                    last_read: reader.last_read,
                })
                .collect(),
            relays: self.relays.iter().map(relay).collect(),
            boards: seen
                .boards
                .into_iter()
                .map(|board| Board {
                    name: board.name,
                    working: board.trouble.is_none(),
                    trouble: board.trouble,
                })
                .collect(),
            lanes: seen
                .lanes
                .into_iter()
                .map(|lane| Lane {
                    name: lane.name,
                    mode: lane.mode.into(),
                    inside: lane.inside,
                    fire: lane.fire,
                })
                .collect(),
            members: Members {
                in_memory,
                on_disk,
                roster: self.directory.roster_as_of().await,
            },
            check_ins: CheckInCounts {
                waiting: counts.waiting,
                sent: counts.sent,
                parked: counts.parked,
                delivered: counts.delivered,
                unwritten: counts.unwritten,
                oldest: counts.oldest,
            },
        })
    }

    async fn next_read(&self, reader: String, seconds: u64) -> Response {
        let limit = Duration::from_secs(seconds.min(LONGEST_WAIT_FOR_READ));
        let (answer, awaited) = oneshot::channel();
        let name = reader.clone();
        if self
            .commands
            .send(Command::NextRead { reader, answer })
            .await
            .is_err()
        {
            return busy();
        }
        match timeout(limit, awaited).await {
            Ok(Ok(credential)) => Response::Read(Presented::from(&credential)),
            Ok(Err(_dropped)) => Response::Failed(format!(
                "there is no reader \"{name}\", or somebody else has asked for its next read since"
            )),
            Err(_elapsed) => Response::Failed(format!(
                "nothing was read at \"{name}\" within {} seconds",
                limit.as_secs()
            )),
        }
    }

    async fn watch(&self, client: &mut Client) -> io::Result<()> {
        let mut notices = self.notices.subscribe();
        client.say(&Response::Done).await?;
        loop {
            let response = match notices.recv().await {
                Ok(notice) => Response::Happened(happening(&notice, clock::wall())),
                Err(broadcast::error::RecvError::Lagged(count)) => Response::Missed(count),
                Err(broadcast::error::RecvError::Closed) => return Ok(()),
            };
            client.say(&response).await?;
        }
    }

    /// The controller's answer; none when it does not answer in time, which is the gateway ending.
    pub(super) async fn command<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Option<T> {
        let (answer, answered) = oneshot::channel();
        let asked = async {
            self.commands.send(command(answer)).await.ok()?;
            answered.await.ok()
        };
        timeout(PATIENCE, asked).await.ok().flatten()
    }
}

pub(super) fn busy() -> Response {
    Response::Failed("the lanes do not answer: the gateway is ending or overloaded, try again".to_owned())
}
