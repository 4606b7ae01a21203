//! Keyboards that the kernel makes on request, under a stable name.

use std::os::unix::fs::symlink;
use std::path::Path;

use evdev::uinput::VirtualDevice;
use evdev::{AttributeSet, EventType, InputEvent, KeyCode};

const KEYS: [KeyCode; 5] = [
    KeyCode::KEY_4,
    KeyCode::KEY_7,
    KeyCode::KEY_1,
    KeyCode::KEY_KP1,
    KeyCode::KEY_ENTER,
];

/// A keyboard. Dropping it unplugs it.
pub(crate) struct Keyboard(VirtualDevice);

impl Keyboard {
    /// A new one under this name; none where the kernel makes none.
    pub(crate) fn plug(name: &Path) -> Option<Self> {
        let keys: AttributeSet<KeyCode> = KEYS.into_iter().collect();
        let made =
            VirtualDevice::builder().and_then(|builder| builder.name("reader").with_keys(&keys)?.build());
        let mut keyboard = match made {
            Ok(keyboard) => keyboard,
            Err(error) => {
                println!("skipped: no /dev/uinput here ({error})");
                return None;
            }
        };
        let node = keyboard
            .enumerate_dev_nodes_blocking()
            .unwrap()
            .next()
            .unwrap()
            .unwrap();
        let _ = std::fs::remove_file(name);
        symlink(node, name).unwrap();
        Some(Self(keyboard))
    }

    /// Types `4711` and Enter.
    pub(crate) fn types_4711(&mut self) {
        for key in KEYS {
            for value in [1, 0] {
                self.0
                    .emit(&[InputEvent::new(EventType::KEY.0, key.code(), value)])
                    .unwrap();
            }
        }
    }
}
