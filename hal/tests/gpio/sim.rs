//! GPIO chips of the kernel's simulator, gpio-sim, and a hand on their lines from outside.

use std::fs::{File, OpenOptions, create_dir, read_to_string, remove_dir, write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use hal::clock::monotonic;

const CONFIG: &str = "/sys/kernel/config/gpio-sim";

/// Whether this kernel has the simulator.
pub(crate) fn available() -> bool {
    Path::new(CONFIG).exists()
}

/// A chip whose lines are called GPIO0, GPIO1 and so on.
pub(crate) struct Sim {
    config: PathBuf,
    lines: u32,
    /// The chip's name, `gpiochip0`.
    pub(crate) chip: String,
    /// By line: what pulls it up or down from outside.
    pulls: Vec<File>,
    folder: PathBuf,
}

impl Sim {
    pub(crate) fn new(label: &str, lines: u32) -> Self {
        let config = Path::new(CONFIG).join("rig");
        let bank = config.join("bank");
        create_dir(&config).unwrap();
        create_dir(&bank).unwrap();
        write(bank.join("label"), label).unwrap();
        write(bank.join("num_lines"), lines.to_string()).unwrap();
        for line in 0..lines {
            let folder = bank.join(format!("line{line}"));
            create_dir(&folder).unwrap();
            write(folder.join("name"), format!("GPIO{line}")).unwrap();
        }
        write(config.join("live"), "1").unwrap();
        let read = |path: PathBuf| read_to_string(path).unwrap().trim().to_owned();
        let chip = read(bank.join("chip_name"));
        let folder = Path::new("/sys/devices/platform")
            .join(read(config.join("dev_name")))
            .join(&chip);
        let pull = |line| {
            OpenOptions::new()
                .write(true)
                .open(folder.join(format!("sim_gpio{line}/pull")))
        };
        let pulls = (0..lines).map(|line| pull(line).unwrap()).collect();
        while !Path::new("/dev").join(&chip).exists() {
            sleep(Duration::from_millis(1));
        }
        Self {
            config,
            lines,
            chip,
            pulls,
            folder,
        }
    }

    /// Pulls a line up or down from outside.
    pub(crate) fn pull(&self, line: usize, up: bool) {
        let pull: &[u8] = if up { b"pull-up" } else { b"pull-down" };
        self.pulls[line].write_at(pull, 0).unwrap();
    }

    /// The level of a line, as seen from outside.
    pub(crate) fn is_high(&self, line: usize) -> bool {
        read_to_string(self.folder.join(format!("sim_gpio{line}/value")))
            .unwrap()
            .trim()
            == "1"
    }

    /// Sends bits as a reader does: pulses of `width` on D0 (line 0) or D1 (line 1), at least `interval` apart.
    pub(crate) fn send(&self, bits: &str, width: Duration, interval: Duration) {
        for bit in bits.bytes() {
            let line = usize::from(bit == b'1');
            self.pull(line, false);
            // Taken after the edge: whatever holds this program up makes intervals longer and never shorter.
            let edge = monotonic();
            spin_until(edge + width);
            self.pull(line, true);
            spin_until(edge + interval);
        }
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        write(self.config.join("live"), "0").unwrap();
        for line in 0..self.lines {
            remove_dir(self.config.join(format!("bank/line{line}"))).unwrap();
        }
        remove_dir(self.config.join("bank")).unwrap();
        remove_dir(&self.config).unwrap();
    }
}

/// Shorter than any sleep would be.
fn spin_until(due: Duration) {
    while monotonic() < due {
        std::hint::spin_loop();
    }
}
