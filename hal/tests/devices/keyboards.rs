//! Keyboards made by the kernel on request (uinput). Where it makes none, only what needs none is tried; the way from
//! keys to text is tried in any case, beside its code.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use firmware_protocol::{Format, Reading};
use hal::keyboard::{Ending, KeyboardReader, keyboard_reader};
use hal::{DisconnectCause, ReaderEvent, ReaderEventKind};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::port::PATIENCE;
use crate::uinput::Keyboard;

fn listen(device: &Path) -> (mpsc::Receiver<ReaderEvent>, JoinHandle<()>) {
    let (sender, events) = mpsc::channel(16);
    let reader = KeyboardReader {
        name: Arc::from("desk"),
        device: device.to_owned(),
        profile: Format::Line.into(),
        ending: Ending::Enter,
    };
    let task = tokio::spawn(keyboard_reader(reader, sender));
    (events, task)
}

async fn next(events: &mut mpsc::Receiver<ReaderEvent>) -> ReaderEventKind {
    timeout(PATIENCE, events.recv())
        .await
        .expect("nothing came")
        .unwrap()
        .kind
}

async fn disconnected(events: &mut mpsc::Receiver<ReaderEvent>) -> DisconnectCause {
    match next(events).await {
        ReaderEventKind::Disconnected(reason) => reason.cause,
        other => panic!("{other:?}"),
    }
}

fn is_4711(kind: &ReaderEventKind) -> bool {
    matches!(kind, ReaderEventKind::Read(Reading::Text(text)) if text.as_str() == "4711")
}

#[tokio::test]
async fn a_keyboard_reads_alone_and_again_when_it_is_back_under_its_name() {
    let folder = TempDir::new().unwrap();
    let name = folder.path().join("reader-event-kbd");
    let Some(mut keyboard) = Keyboard::plug(&name) else {
        return;
    };
    let (mut events, _task) = listen(&name);
    assert_eq!(next(&mut events).await, ReaderEventKind::Connected);
    keyboard.types_4711();
    assert!(is_4711(&next(&mut events).await));

    let (mut second, second_task) = listen(&name);
    assert_eq!(disconnected(&mut second).await, DisconnectCause::InUse);
    // It would be the first at the keyboard that is back.
    second_task.abort();
    let mut onlooker = evdev::Device::open(&name).unwrap();
    onlooker.set_nonblocking(true).unwrap();
    keyboard.types_4711();
    assert!(is_4711(&next(&mut events).await));
    assert!(onlooker.fetch_events().is_err(), "somebody else hears the keys");
    drop(onlooker);

    std::fs::remove_file(&name).unwrap();
    drop(keyboard);
    assert_eq!(disconnected(&mut events).await, DisconnectCause::Unplugged);
    let mut keyboard = Keyboard::plug(&name).unwrap();
    assert_eq!(next(&mut events).await, ReaderEventKind::Connected);
    keyboard.types_4711();
    assert!(is_4711(&next(&mut events).await));
}

#[tokio::test]
async fn keys_that_the_kernel_has_dropped_cost_the_read_and_none_after_it() {
    let folder = TempDir::new().unwrap();
    let name = folder.path().join("reader-event-kbd");
    let Some(mut keyboard) = Keyboard::plug(&name) else {
        return;
    };
    let (mut events, _task) = listen(&name);
    assert_eq!(next(&mut events).await, ReaderEventKind::Connected);
    // More than the kernel keeps, and nobody reads meanwhile: this thread is the reader's too.
    for _ in 0..20 {
        keyboard.types_4711();
    }
    let said = next(&mut events).await;
    assert!(matches!(&said, ReaderEventKind::Rejected(_)), "{said:?}");
    sleep(Duration::from_secs(1)).await;
    assert!(
        events.try_recv().is_err(),
        "what is left of them was taken for a read"
    );
    keyboard.types_4711();
    assert!(is_4711(&next(&mut events).await));
}

#[tokio::test]
async fn a_keyboard_that_cannot_be_opened_says_why() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("notes.txt");
    std::fs::write(&file, "").unwrap();
    for (path, cause) in [
        (
            folder.path().join("reader-event-kbd"),
            DisconnectCause::NoSuchPort,
        ),
        (file, DisconnectCause::NotAKeyboard),
        ("/dev/null".into(), DisconnectCause::NotAKeyboard),
        (folder.path().to_owned(), DisconnectCause::NotAKeyboard),
    ] {
        let (mut events, _task) = listen(&path);
        assert_eq!(disconnected(&mut events).await, cause, "{}", path.display());
        sleep(Duration::from_millis(300)).await;
        assert!(events.try_recv().is_err(), "it is told once");
    }
}
