//! A reader that types, made by the kernel on request (uinput). Where the kernel makes none, this says so and is skipped.

use std::os::unix::fs::symlink;
use std::path::Path;

use evdev::uinput::VirtualDevice;
use evdev::{AttributeSet, EventType, InputEvent, KeyCode};

use super::{MEMBERS, decimal, lanes, wait_for_visits, welcome};
use crate::rig::{Gateway, Studio};

const DIGITS: [KeyCode; 10] = [
    KeyCode::KEY_0,
    KeyCode::KEY_1,
    KeyCode::KEY_2,
    KeyCode::KEY_3,
    KeyCode::KEY_4,
    KeyCode::KEY_5,
    KeyCode::KEY_6,
    KeyCode::KEY_7,
    KeyCode::KEY_8,
    KeyCode::KEY_9,
];

/// A new keyboard under this name; none where the kernel makes none. Dropping it unplugs it.
fn plug(name: &Path) -> Option<VirtualDevice> {
    let keys: AttributeSet<KeyCode> = DIGITS.into_iter().chain([KeyCode::KEY_ENTER]).collect();
    let made = VirtualDevice::builder().and_then(|builder| builder.name("reader").with_keys(&keys)?.build());
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
    Some(keyboard)
}

fn types(keyboard: &mut VirtualDevice, digits: &str) {
    let keys = digits.bytes().map(|digit| DIGITS[usize::from(digit - b'0')]);
    for key in keys.chain([KeyCode::KEY_ENTER]) {
        for value in [1, 0] {
            let event = InputEvent::new(EventType::KEY.0, key.code(), value);
            keyboard.emit(&[event]).unwrap();
        }
    }
}

#[test]
fn a_reader_that_types_opens_its_lane_and_works_again_after_a_replug() {
    let folder = tempfile::tempdir().unwrap();
    let name = folder.path().join("reader-event-kbd");
    let Some(mut keyboard) = plug(&name) else {
        return;
    };
    let studio = Studio::start(MEMBERS);
    let table = "kind = \"keyboard\"\ndevice = \"{folder}/reader-event-kbd\"\ncontent = \"decimal\"";
    let readers = [("desk".to_owned(), table.to_owned())];
    let (config, relays) = lanes(folder.path(), &studio, &readers, "");
    let gateway = Gateway::start(&config);
    gateway.wait_for_log("reader connected", 1);
    gateway.wait_for_log("relay connected", 1);
    let members: Vec<_> = welcome(5).take(2).collect();
    types(&mut keyboard, &decimal(&members[0].uid));
    relays.wait_for_opening(0, 1, "the first who was typed");

    std::fs::remove_file(&name).unwrap();
    drop(keyboard);
    gateway.wait_for_log("reader disconnected", 1);
    let mut keyboard = plug(&name).unwrap();
    gateway.wait_for_log("reader connected", 2);
    types(&mut keyboard, &decimal(&members[1].uid));
    relays.wait_for_opening(0, 2, "the second who was typed");
    wait_for_visits(&studio, members.iter().map(|member| member.id).collect());
}
