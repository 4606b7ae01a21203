//! The tasks of the gateway by name. None of them ends while the gateway works: one that does takes the process
//! with it, relays off, and systemd starts it again.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::time::Duration;

use tokio::task::{Id, JoinSet};
use tokio::time::timeout;
use tracing::warn;

use super::stop::Stop;

/// The running tasks.
#[derive(Debug, Default)]
pub struct Supervisor {
    tasks: JoinSet<()>,
    names: BTreeMap<Id, String>,
}

/// A task that ended although it should not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskEnded {
    /// Its name.
    pub name: String,
    /// Whether it panicked; the panic itself is in the log.
    pub panicked: bool,
}

impl fmt::Display for TaskEnded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = if self.panicked { "panicked" } else { "ended" };
        write!(f, "the task \"{}\" {how}", self.name)
    }
}

impl std::error::Error for TaskEnded {}

impl Supervisor {
    /// Starts a task.
    pub fn spawn(&mut self, name: impl Into<String>, task: impl Future<Output = ()> + Send + 'static) {
        let handle = self.tasks.spawn(task);
        self.names.insert(handle.id(), name.into());
    }

    /// Starts a task that works for ever and can be cut off at any moment, which happens at `stop`.
    pub fn spawn_until(
        &mut self,
        stop: &Stop,
        name: impl Into<String>,
        task: impl Future<Output = ()> + Send + 'static,
    ) {
        let mut stop = stop.clone();
        self.spawn(name, async move {
            tokio::select! {
                () = task => {}
                () = stop.requested() => {}
            }
        });
    }

    /// Resolves when a task has ended.
    pub async fn task_ended(&mut self) -> TaskEnded {
        loop {
            let (id, panicked) = match self.tasks.join_next_with_id().await {
                Some(Ok((id, ()))) => (id, false),
                Some(Err(error)) => (error.id(), error.is_panic()),
                None => std::future::pending().await,
            };
            if let Some(name) = self.names.remove(&id) {
                return TaskEnded { name, panicked };
            }
        }
    }

    /// Waits for all tasks, which have been asked to stop, at most `grace`; what is left then is cut off.
    pub async fn finish(mut self, grace: Duration) {
        let all_ended = async {
            while let Some(ended) = self.tasks.join_next_with_id().await {
                let id = match ended {
                    Ok((id, ())) => id,
                    Err(error) => error.id(),
                };
                self.names.remove(&id);
            }
        };
        if timeout(grace, all_ended).await.is_err() {
            for name in self.names.values() {
                warn!(task = name, "did not stop in time and was cut off");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_task_that_ends_or_panics_is_named() {
        let mut supervisor = Supervisor::default();
        supervisor.spawn("for ever", std::future::pending());
        supervisor.spawn("short", async {});
        let ended = supervisor.task_ended().await;
        assert_eq!(ended.to_string(), "the task \"short\" ended");

        supervisor.spawn("unlucky", async { panic!("on purpose") });
        let ended = supervisor.task_ended().await;
        assert_eq!(ended.to_string(), "the task \"unlucky\" panicked");
    }
}
