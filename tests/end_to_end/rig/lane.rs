//! One lane with a reader and a USB relay on pseudo-terminals, a studio and a gateway: what most tests need.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::gateway::KEY_VARIABLE;
use super::{Gateway, Pty, Studio};

/// Relay 1 on, by the frame of LCUS boards.
pub(crate) const ON: [u8; 4] = [0xA0, 0x01, 0x01, 0xA2];
/// Relay 1 off.
pub(crate) const OFF: [u8; 4] = [0xA0, 0x01, 0x00, 0xA1];
/// The pulse of the test configuration.
pub(crate) const PULSE: Duration = Duration::from_millis(400);

/// The lane with everything around it.
pub(crate) struct Lane {
    pub(crate) gateway: Gateway,
    pub(crate) reader: Pty,
    pub(crate) relay: Pty,
    pub(crate) folder: tempfile::TempDir,
}

impl Lane {
    /// A lane whose reader sends `rdm6300` frames, at this studio.
    pub(crate) fn start(studio: &Studio) -> Self {
        Self::start_with(studio.address(), "format = \"rdm6300\"", "")
    }

    /// A lane with these lines in its `[[reader]]` table and `more` at the end of the configuration.
    pub(crate) fn start_with(studio: &str, reader_lines: &str, more: &str) -> Self {
        Self::start_with_key(studio, reader_lines, more, "simulator")
    }

    pub(crate) fn start_with_key(studio: &str, reader_lines: &str, more: &str, key: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let reader = Pty::new(folder.path(), "reader");
        let relay = Pty::new(folder.path(), "relay");
        let config = write_config(folder.path(), studio, reader_lines, more);
        let gateway = Gateway::start_with_key(&config, key);
        gateway.wait_for_log("reader connected", 1);
        // The gateway switches the relay off when it opens the port.
        relay.wait_for(&OFF, 1, Duration::from_secs(5));
        Self {
            gateway,
            reader,
            relay,
            folder,
        }
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.folder.path().join("gateway.toml")
    }
}

/// Writes `gateway.toml` into the folder: this lane, and `more`.
pub(crate) fn write_config(folder: &Path, studio: &str, reader_lines: &str, more: &str) -> PathBuf {
    let tables = format!(
        r#"
[[reader]]
name = "entry reader"
kind = "serial"
port = "{{folder}}/reader"
{reader_lines}

[[relay]]
name = "entry relay"
kind = "usb-relay"
port = "{{folder}}/relay"
channel = 1

[[lane]]
name = "main"
[lane.entry]
reader = "entry reader"
relay = "entry relay"
pulse = "400ms"

{more}
"#
    );
    write_tables(folder, studio, &tables)
}

/// Writes `gateway.toml` into the folder: gateway and studio, and these tables. `{folder}` in them is the folder.
pub(crate) fn write_tables(folder: &Path, studio: &str, tables: &str) -> PathBuf {
    let path = folder.join("gateway.toml");
    let folder = folder.display().to_string();
    let text = format!(
        r#"
[gateway]
device = "test"
data_dir = "{folder}/data"

[studio]
base_url = "http://{studio}"
time_zone = "Europe/Berlin"
api_key = {{ env = "{KEY_VARIABLE}" }}

{tables}
"#,
        tables = tables.replace("{folder}", &folder)
    );
    std::fs::write(&path, text).unwrap();
    path
}

/// The frame of an RDM6300 reader for a tag of five bytes: STX, ten hexadecimal digits, checksum, ETX.
pub(crate) fn rdm6300(uid: &[u8]) -> Vec<u8> {
    let mut digits = String::new();
    for byte in uid {
        write!(digits, "{byte:02X}").unwrap();
    }
    let checksum = uid.iter().fold(0, |sum, byte| sum ^ byte);
    write!(digits, "{checksum:02X}").unwrap();
    [&[0x02], digits.as_bytes(), &[0x03]].concat()
}
