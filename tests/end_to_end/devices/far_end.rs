//! Devices that say something by themselves or answer what they are asked, at the far end of a line.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::rig::Pty;

/// A device that is plugged in and works until this value is dropped.
pub(super) struct FarEnd {
    pulled: Arc<AtomicBool>,
    working: Option<JoinHandle<Pty>>,
}

impl FarEnd {
    /// A device that takes what has come in one turn of its main loop and gives what it sends.
    pub(super) fn play(mut line: Pty, mut turn: impl FnMut(&[u8]) -> Vec<u8> + Send + 'static) -> Self {
        let pulled = Arc::new(AtomicBool::new(false));
        let end = Arc::clone(&pulled);
        let working = std::thread::spawn(move || {
            let mut taken = 0;
            while !end.load(Ordering::Relaxed) {
                let received = line.received();
                let new: Vec<u8> = received[taken..].iter().map(|(_, byte)| *byte).collect();
                taken = received.len();
                let said = turn(&new);
                if !said.is_empty() {
                    line.send(&said);
                }
                std::thread::sleep(Duration::from_millis(2));
            }
            line
        });
        Self {
            pulled,
            working: Some(working),
        }
    }

    /// Pulls the plug and gives the line, for a device to come.
    pub(super) fn unplug(mut self) -> Pty {
        self.pulled.store(true, Ordering::Relaxed);
        let mut line = self.working.take().unwrap().join().unwrap();
        line.unplug();
        line
    }
}

impl Drop for FarEnd {
    fn drop(&mut self) {
        self.pulled.store(true, Ordering::Relaxed);
        if let Some(working) = self.working.take() {
            let _ = working.join();
        }
    }
}
