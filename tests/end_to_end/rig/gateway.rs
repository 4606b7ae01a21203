//! The gateway as a process of its own, with its log.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::wait_for;

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_gateway-under-test");

/// The key that the simulator accepts and the gateway sends.
pub(crate) const KEY_VARIABLE: &str = "TURNSTILE_TEST_KEY";

/// As long as the gateway may take to log something on a busy machine.
const LIMIT: Duration = Duration::from_secs(20);

/// A running gateway. It is killed with this value.
pub(crate) struct Gateway {
    process: Child,
    log: PathBuf,
}

impl Gateway {
    /// Starts `run --config` and waits until the gateway says that it is ready.
    pub(crate) fn start(config: &Path) -> Self {
        Self::start_with_key(config, "simulator")
    }

    pub(crate) fn start_with_key(config: &Path, key: &str) -> Self {
        let log = config.with_extension("log");
        let file = File::options().create(true).append(true).open(&log).unwrap();
        let process = Command::new(PROGRAM)
            .arg("run")
            .arg("--config")
            .arg(config)
            .env(KEY_VARIABLE, key)
            .stderr(file)
            .spawn()
            .unwrap();
        let gateway = Self { process, log };
        gateway.wait_for_log("ready", 1);
        gateway
    }

    /// Everything it has logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits until `text` stands in `count` lines of the log.
    pub(crate) fn wait_for_log(&self, text: &str, count: usize) {
        let found = || (self.log().lines().filter(|line| line.contains(text)).count() >= count).then_some(());
        wait_for(&format!("{count} log lines with {text:?}"), LIMIT, found);
    }

    /// Waits until a line of the log holds all of these.
    pub(crate) fn wait_for_line(&self, parts: &[&str]) {
        let found = || {
            let log = self.log();
            log.lines()
                .any(|line| parts.iter().all(|part| line.contains(part)))
                .then_some(())
        };
        wait_for(&format!("a log line with {parts:?}"), LIMIT, found);
    }

    /// How many descriptors it has open.
    pub(crate) fn descriptors(&self) -> usize {
        let folder = format!("/proc/{}/fd", self.process.id());
        std::fs::read_dir(folder).unwrap().count()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.process.id().cast_signed()), signal).unwrap();
    }

    /// Waits for the end of the process.
    pub(crate) fn wait(&mut self, limit: Duration) -> ExitStatus {
        wait_for("the end of the gateway", limit, || {
            self.process.try_wait().unwrap()
        })
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- log of the gateway ---\n{}", self.log());
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
